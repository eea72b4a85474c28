/* How every layer reports an error: one line into the caller's exk_error. */
#ifndef EXK_STATUS_H
#define EXK_STATUS_H

#include "exakt.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Fill error, which may be NULL. row and column are counted from 0; -1: not a place in the data. */
void exk_error_set(exk_error *error, exk_status status, int64_t row, int64_t column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Fill error and be the status: `return exk_fail(error, EXK_ERR_FILE, "...", ...);` A macro, so that analysers see
 * what is returned. */
#define exk_fail(error, status, ...) (exk_error_set((error), (status), -1, -1, __VA_ARGS__), (status))
#define exk_fail_at(error, status, row, column, ...)                                                              \
    (exk_error_set((error), (status), (row), (column), __VA_ARGS__), (status))

#ifdef __cplusplus
}
#endif

#endif
