/* How every layer reports an error: one line into the caller's exk_error. */
#ifndef EXK_STATUS_H
#define EXK_STATUS_H

#include "exakt.h"

/* Fill error (which may be NULL) and return its status. */
exk_status exk_fail(exk_error *error, exk_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same for a place in the data; row and column are counted from 0. */
exk_status exk_fail_at(exk_error *error, exk_status status, int64_t row, int64_t column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
