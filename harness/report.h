/* Lines for people: errors, warnings, sizes; and the way from a status of the library to an exit code. */
#ifndef EXK_REPORT_H
#define EXK_REPORT_H

#include "harness/cli.h"
#include "include/exakt.h"

#include <stddef.h>

/* The name that errors and warnings start with: "exakt fit". */
void report_command(const char *name);

/* One line on stderr, "exakt fit: ..."; returns code, so that `return fail(...)` reads well. */
exit_code fail(exit_code code, const char *format, ...) __attribute__((format(printf, 2, 3)));
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What the library reported, as an error line and an exit code. */
exit_code fail_with(const exk_error *error);

/* The same for an error that came from writing a file. */
exit_code fail_writing(const exk_error *error);

/* "1.5 MB" (powers of 1000 would hide tile sizes: 1024). Returns text. */
char *format_bytes(int64_t bytes, char *text, size_t size);

/* The candidate nearest to word by edit distance, or NULL if none is near. */
typedef struct nearest {
    const char *word;
    const char *best;
    int distance;
} nearest;
nearest nearest_to(const char *word);
void nearest_offer(nearest *n, const char *candidate);

/* Monotonic time in seconds. */
double seconds_now(void);

#endif
