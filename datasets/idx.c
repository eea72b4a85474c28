/* IDX, the format of MNIST: 0 0 type dimensions, one big-endian int32 per dimension, then the values. */
#include "datasets/item.h"

static const struct {
    uint8_t code;
    const char *descr;
} types[] = {{0x08, "|u1"}, {0x09, "|i1"}, {0x0B, ">i2"}, {0x0C, ">i4"}, {0x0D, ">f4"}, {0x0E, ">f8"}};

enum { TYPES = sizeof types / sizeof *types };

static const exk_item *item_of(uint8_t code) {
    for (int i = 0; i < TYPES; i++) {
        if (types[i].code == code) {
            return exk_item_find(types[i].descr);
        }
    }
    return NULL;
}

bool exk_idx_matches(const uint8_t *head, size_t bytes) {
    return bytes >= 4 && head[0] == 0 && head[1] == 0 && item_of(head[2]) && head[3] > 0;
}

/* The first dimension counts the rows, the others together the columns. */
static exk_status read_shape(exk_input *input, int dimensions, int64_t *n, int64_t *d, exk_error *error) {
    *n = *d = 1;
    for (int i = 0; i < dimensions; i++) {
        uint8_t b[4];
        size_t got;
        const exk_status status = exk_input_read(input, b, sizeof b, &got);
        if (status != EXK_OK) {
            return status;
        }
        if (got < sizeof b) {
            return exk_file_error(error, EXK_ERR_FORMAT, exk_input_path(input),
                                  "header: ends within the %d dimensions; it is truncated, copy it again",
                                  dimensions);
        }
        const int64_t size = (int64_t)b[0] << 24 | (int64_t)b[1] << 16 | (int64_t)b[2] << 8 | b[3];
        if (__builtin_mul_overflow(i == 0 ? *n : *d, size, i == 0 ? n : d)) {
            return exk_file_error(
                error, EXK_ERR_FORMAT, exk_input_path(input),
                "header: the dimensions multiply to more than any machine holds; the header is damaged");
        }
    }
    return EXK_OK;
}

exk_status exk_idx_read(exk_input *input, const exk_load_options *options, exk_dataset *dataset,
                        exk_error *error) {
    (void)options;
    uint8_t magic[4];
    size_t got;
    exk_status status = exk_input_read(input, magic, sizeof magic, &got);
    if (status == EXK_OK && !exk_idx_matches(magic, got)) {
        status = exk_file_error(
            error, EXK_ERR_FORMAT, exk_input_path(input),
            "header: no IDX magic (0, 0, type 8, 9, 11, 12, 13 or 14, dimensions); is it really IDX?");
    }
    int64_t n = 0, d = 0;
    if (status == EXK_OK) {
        status = read_shape(input, magic[3], &n, &d, error);
    }
    return status == EXK_OK ? exk_item_read_matrix(input, item_of(magic[2]), n, d, dataset, error) : status;
}
