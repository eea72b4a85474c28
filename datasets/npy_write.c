/* The .npy writer: version 1.0, C order. */
#include "datasets/reader.h"
#include "datasets/replace.h"

#include <stdio.h>
#include <string.h>

enum { NPY_ALIGNMENT = 64, NPY_START = 10, HEADER_ROOM = 256 };

/* Magic, version 1.0, length and dict, padded with blanks so that the values are aligned. Returns its size. */
static size_t format_header(char header[HEADER_ROOM], const char *type, int64_t rows, int64_t cols) {
    char shape[64];
    const char order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? '<' : '>';
    snprintf(shape, sizeof shape, cols == 0 ? "(%lld,)" : "(%lld, %lld)", (long long)rows, (long long)cols);
    const int text = snprintf(header + NPY_START, HEADER_ROOM - NPY_START,
                              "{'descr': '%c%s', 'fortran_order': False, 'shape': %s, }", order, type, shape);
    const size_t used = NPY_START + (size_t)text;
    const size_t total = (used + 1 + NPY_ALIGNMENT - 1) / NPY_ALIGNMENT * NPY_ALIGNMENT;
    memset(header + used, ' ', total - used - 1);
    header[total - 1] = '\n';
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = (char)((total - NPY_START) & 0xff);
    header[9] = (char)((total - NPY_START) >> 8);
    return total;
}

static exk_status write_npy(const char *path, const char *type, const void *data, int64_t rows, int64_t cols,
                            exk_error *error) {
    const int64_t value_bytes = 4;
    int64_t bytes;
    if (rows < 0 || cols < 0 || __builtin_mul_overflow(rows, cols > 0 ? cols : 1, &bytes) ||
        __builtin_mul_overflow(bytes, value_bytes, &bytes)) {
        return exk_file_error(error, EXK_ERR_ARGUMENT, path,
                              "%lld x %lld is no shape of an array; give counts from 0 up", (long long)rows,
                              (long long)cols);
    }
    char header[HEADER_ROOM];
    const size_t header_bytes = format_header(header, type, rows, cols);
    const exk_piece pieces[] = {{header, header_bytes}, {data, (size_t)bytes}};
    return exk_file_replace(path, pieces, 2, error);
}

exk_status exk_npy_write_f32(const char *path, const float *data, int64_t rows, int64_t cols, exk_error *error) {
    return write_npy(path, "f4", data, rows, cols, error);
}

exk_status exk_npy_write_i32(const char *path, const int32_t *data, int64_t rows, int64_t cols, exk_error *error) {
    return write_npy(path, "i4", data, rows, cols, error);
}
