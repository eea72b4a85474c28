#include <stdarg.h>
#include <stdio.h>

#include "kernels/run.h"

const char *exk_status_name(exk_status status) {
    static const char *const names[EXK_STATUS_COUNT] = {
        [EXK_OK] = "ok",
        [EXK_STOPPED] = "stopped",
        [EXK_ERR_ARGUMENT] = "invalid argument",
        [EXK_ERR_NOT_FINITE] = "NaN or infinity in the data",
        [EXK_ERR_MEMORY] = "out of memory",
        [EXK_ERR_VARIANT] = "variant unavailable",
        [EXK_ERR_FILE] = "file error",
        [EXK_ERR_FORMAT] = "malformed file",
    };
    return (unsigned)status < EXK_STATUS_COUNT ? names[status] : "unknown status";
}

static exk_status fail(exk_error *error, exk_status status, int64_t row, int64_t column, const char *format,
                       va_list arguments) {
    if (error) {
        *error = (exk_error){.status = status, .row = row, .column = column};
        vsnprintf(error->message, sizeof error->message, format, arguments);
    }
    return status;
}

exk_status exk_fail(exk_error *error, exk_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fail(error, status, -1, -1, format, arguments);
    va_end(arguments);
    return status;
}

exk_status exk_fail_at(exk_error *error, exk_status status, int64_t row, int64_t column, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fail(error, status, row, column, format, arguments);
    va_end(arguments);
    return status;
}
