/* Other programs that this one can use if they are there. */
#ifndef EXK_PROGRAM_H
#define EXK_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

/* Find an executable in PATH. */
bool program_find(const char *name, char *path, size_t size);

/* Run it and wait; the exit status, or -1 if it could not be started or was killed. */
int program_run(const char *path, char *const argv[]);

/* The same with all that it prints in a file, and the interrupt handed on to it: it may end by itself. */
int program_run_logged(const char *path, char *const argv[], const char *log);

#endif
