#include "datasets/item.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HOST_IS_LITTLE (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

#define LOADERS(bits, swap)                                                                                       \
    static uint##bits##_t little##bits(const uint8_t *p) {                                                        \
        uint##bits##_t v;                                                                                         \
        memcpy(&v, p, sizeof v);                                                                                  \
        return HOST_IS_LITTLE ? v : (uint##bits##_t)swap(v);                                                      \
    }                                                                                                             \
    static uint##bits##_t big##bits(const uint8_t *p) {                                                           \
        uint##bits##_t v;                                                                                         \
        memcpy(&v, p, sizeof v);                                                                                  \
        return HOST_IS_LITTLE ? (uint##bits##_t)swap(v) : v;                                                      \
    }

LOADERS(16, __builtin_bswap16)
LOADERS(32, __builtin_bswap32)
LOADERS(64, __builtin_bswap64)

static uint8_t byte8(const uint8_t *p) {
    return *p;
}

#define INTEGER_CONVERTER(name, type, load)                                                                       \
    static size_t name(const uint8_t *from, float *to, size_t count) {                                            \
        for (size_t i = 0; i < count; i++) {                                                                      \
            to[i] = (float)(type)load(from + i * sizeof(type));                                                   \
        }                                                                                                         \
        return count;                                                                                             \
    }

INTEGER_CONVERTER(from_u1, uint8_t, byte8)
INTEGER_CONVERTER(from_i1, int8_t, byte8)
INTEGER_CONVERTER(from_little_u2, uint16_t, little16)
INTEGER_CONVERTER(from_little_i2, int16_t, little16)
INTEGER_CONVERTER(from_little_u4, uint32_t, little32)
INTEGER_CONVERTER(from_little_i4, int32_t, little32)
INTEGER_CONVERTER(from_little_u8, uint64_t, little64)
INTEGER_CONVERTER(from_little_i8, int64_t, little64)
INTEGER_CONVERTER(from_big_u2, uint16_t, big16)
INTEGER_CONVERTER(from_big_i2, int16_t, big16)
INTEGER_CONVERTER(from_big_u4, uint32_t, big32)
INTEGER_CONVERTER(from_big_i4, int32_t, big32)
INTEGER_CONVERTER(from_big_u8, uint64_t, big64)
INTEGER_CONVERTER(from_big_i8, int64_t, big64)

static float float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE binary16, exactly: subnormal halves are normal floats. */
static float half_of_bits(uint16_t half) {
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = (half >> 10) & 0x1f, fraction = half & 0x3ff;
    if (exponent == 0) {
        const float size = (float)fraction * 0x1p-24f;
        return sign ? -size : size;
    }
    if (exponent == 0x1f) {
        return float_of_bits(sign | 0x7f800000 | fraction << 13);
    }
    return float_of_bits(sign | (exponent + 127 - 15) << 23 | fraction << 13);
}

#define FLOAT_CONVERTER(name, size, value_of_bits, load)                                                          \
    static size_t name(const uint8_t *from, float *to, size_t count) {                                            \
        for (size_t i = 0; i < count; i++) {                                                                      \
            to[i] = value_of_bits(load(from + i * size));                                                         \
        }                                                                                                         \
        return count;                                                                                             \
    }

FLOAT_CONVERTER(from_little_f2, 2, half_of_bits, little16)
FLOAT_CONVERTER(from_big_f2, 2, half_of_bits, big16)
FLOAT_CONVERTER(from_little_f4, 4, float_of_bits, little32)
FLOAT_CONVERTER(from_big_f4, 4, float_of_bits, big32)

static double double_of_bits(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#define DOUBLE_CONVERTER(name, load)                                                                              \
    static size_t name(const uint8_t *from, float *to, size_t count) {                                            \
        for (size_t i = 0; i < count; i++) {                                                                      \
            const double value = double_of_bits(load(from + i * sizeof(double)));                                 \
            to[i] = (float)value;                                                                                 \
            if (isinf(to[i]) && !isinf(value)) {                                                                  \
                return i;                                                                                         \
            }                                                                                                     \
        }                                                                                                         \
        return count;                                                                                             \
    }

DOUBLE_CONVERTER(from_little_f8, little64)
DOUBLE_CONVERTER(from_big_f8, big64)

static const exk_item items[] = {
    {"|u1", "uint8", 1, from_u1},          {"|b1", "bool", 1, from_u1},
    {"|i1", "int8", 1, from_i1},           {"<u2", "uint16", 2, from_little_u2},
    {"<i2", "int16", 2, from_little_i2},   {"<u4", "uint32", 4, from_little_u4},
    {"<i4", "int32", 4, from_little_i4},   {"<u8", "uint64", 8, from_little_u8},
    {"<i8", "int64", 8, from_little_i8},   {"<f2", "float16", 2, from_little_f2},
    {"<f4", "float32", 4, from_little_f4}, {"<f8", "float64", 8, from_little_f8},
    {">u2", "uint16", 2, from_big_u2},     {">i2", "int16", 2, from_big_i2},
    {">u4", "uint32", 4, from_big_u4},     {">i4", "int32", 4, from_big_i4},
    {">u8", "uint64", 8, from_big_u8},     {">i8", "int64", 8, from_big_i8},
    {">f2", "float16", 2, from_big_f2},    {">f4", "float32", 4, from_big_f4},
    {">f8", "float64", 8, from_big_f8},
};

const exk_item *exk_item_find(const char *descr) {
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        if (strcmp(items[i].descr, descr) == 0) {
            return &items[i];
        }
    }
    return NULL;
}

bool exk_item_is_native_f32(const exk_item *item) {
    return strcmp(item->descr, HOST_IS_LITTLE ? "<f4" : ">f4") == 0;
}

exk_status exk_item_matrix_bytes(const exk_item *item, int64_t n, int64_t d, const char *file, int64_t *bytes,
                                 exk_error *error) {
    int64_t count, copy_bytes;
    if (n < 1 || d < 1) {
        return exk_file_error(error, EXK_ERR_FORMAT, file,
                              "header: holds %lld x %lld values; give at least one row and one column",
                              (long long)n, (long long)d);
    }
    if (__builtin_mul_overflow(n, d, &count) || __builtin_mul_overflow(count, (int64_t)item->bytes, bytes) ||
        __builtin_mul_overflow(count, (int64_t)sizeof(float), &copy_bytes)) {
        return exk_file_error(error, EXK_ERR_FORMAT, file,
                              "header: %lld x %lld values are more than any machine holds; the header is damaged",
                              (long long)n, (long long)d);
    }
    return EXK_OK;
}

static exk_status data_missing(const exk_input *input, int64_t expected, int64_t actual, exk_error *error) {
    return exk_file_error(
        error, EXK_ERR_FORMAT, exk_input_path(input),
        "data: the header promises %lld bytes, the file holds %lld; it is truncated, copy it again",
        (long long)expected, (long long)actual);
}

static exk_status overflow_at(const exk_input *input, int64_t index, int64_t d, exk_error *error) {
    const int64_t row = index / d, column = index % d;
    return exk_file_error_at(
        error, EXK_ERR_NOT_FINITE, exk_input_path(input), row, column,
        "row %lld, column %lld, counted from 0: beyond float32's range of about 3.4e38; rescale the "
        "column",
        (long long)row, (long long)column);
}

/* Read and convert `count` items to item number `first`, through `packed`. */
static exk_status read_part(exk_input *input, const exk_item *item, int64_t first, size_t count, int64_t n,
                            int64_t d, uint8_t *packed, exk_dataset *dataset, exk_error *error) {
    size_t got;
    exk_status status = exk_input_read(input, packed, count * item->bytes, &got);
    if (status != EXK_OK) {
        return status;
    }
    if (got < count * item->bytes) {
        const int64_t done = first * (int64_t)item->bytes + (int64_t)got;
        return data_missing(input, n * d * (int64_t)item->bytes, done, error);
    }
    const size_t bytes = ((size_t)first + count) * sizeof(float);
    status = exk_dataset_grow(exk_input_path(input), dataset, bytes, error);
    if (status != EXK_OK) {
        return status;
    }
    const size_t converted = item->convert(packed, (float *)dataset->storage + first, count);
    return converted < count ? overflow_at(input, first + (int64_t)converted, d, error) : EXK_OK;
}

static exk_status read_parts(exk_input *input, const exk_item *item, int64_t n, int64_t d, exk_dataset *dataset,
                             exk_error *error) {
    enum { PART = 1 << 15 };
    uint8_t *packed = malloc(PART * item->bytes);
    if (!packed) {
        return exk_file_error(error, EXK_ERR_MEMORY, exk_input_path(input),
                              "no memory for a buffer; free some memory");
    }
    exk_status status = EXK_OK;
    for (int64_t first = 0; first < n * d && status == EXK_OK; first += PART) {
        const size_t count = n * d - first < PART ? (size_t)(n * d - first) : PART;
        status = read_part(input, item, first, count, n, d, packed, dataset, error);
    }
    free(packed);
    return status;
}

/* Also reads a gzip file to its very end, where its checksum is. */
static exk_status note_what_follows(exk_input *input, exk_dataset *dataset) {
    const uint8_t *bytes;
    size_t have;
    const exk_status status = exk_input_peek(input, 1, &bytes, &have);
    if (status == EXK_OK && have > 0) {
        exk_dataset_note(dataset, "bytes after the first array ignored");
    }
    return status;
}

exk_status exk_item_read_matrix(exk_input *input, const exk_item *item, int64_t n, int64_t d, exk_dataset *dataset,
                                exk_error *error) {
    const int64_t left = exk_input_left(input);
    int64_t bytes = 0;
    exk_status status = exk_item_matrix_bytes(item, n, d, exk_input_path(input), &bytes, error);
    if (status == EXK_OK && left >= 0 && left < bytes) {
        status = data_missing(input, bytes, left, error);
    }
    if (status == EXK_OK && left >= 0) {
        status = exk_dataset_reserve(exk_input_path(input), dataset, (size_t)(n * d) * sizeof(float), error);
    }
    if (status == EXK_OK) {
        status = read_parts(input, item, n, d, dataset, error);
    }
    if (status == EXK_OK) {
        exk_dataset_finish(dataset, n, d);
        if (strcmp(item->name, "float32") != 0) {
            exk_dataset_note(dataset, "%s converted to float32", item->name);
        }
        status = note_what_follows(input, dataset);
    }
    return status;
}
