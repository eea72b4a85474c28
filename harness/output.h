/* Files that a run writes: checked before the run, replaced as a whole after it. "-" is stdout, and so is
 * /dev/stdout. A symbolic link keeps being one: what it points to is replaced. */
#ifndef EXK_OUTPUT_H
#define EXK_OUTPUT_H

#include "harness/cli.h"

#include <stddef.h>
#include <stdio.h>

bool output_is_stdout(const char *path);

/* Can path be written? Done before a long run; a file is really created beside it and removed again. */
exit_code output_check(const char *option, const char *path);

/* The same for a path that must become a regular file (.npy). NULL is fine. */
exit_code output_check_file(const char *option, const char *path);

/* A file and what it is to the user: an option or "the input". path may be NULL. */
typedef struct named_file {
    const char *what, *path;
} named_file;

/* Refuse an output that would replace an input or another output. */
exit_code outputs_distinct(const named_file *outputs, int n_outputs, const named_file *inputs, int n_inputs);

/* Write data and a newline, through a temporary name and rename: path holds the old or the new content. What is
 * not a regular file (a pipe, /dev/stdout) is written directly. */
exit_code output_write(const char *path, const char *data, size_t size);

/* The same with what `put` prints. */
exit_code output_print(const char *path, void (*put)(FILE *out, const void *user), const void *user);

#endif
