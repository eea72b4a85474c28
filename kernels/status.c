#include <stdarg.h>
#include <stdio.h>

#include "kernels/status.h"

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

void exk_error_set(exk_error *error, exk_status status, int64_t row, int64_t column, const char *format, ...) {
    if (!error)
        return;
    *error = (exk_error){.status = status, .row = row, .column = column};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
}
