/* .fvecs and .bvecs (the TEXMEX corpora): every row is an int32 dimension, then that many float32 or uint8, all
 * little-endian. */
#include "datasets/item.h"

#include <stdlib.h>

enum { LENGTH_BYTES = 4, LARGEST_DIMENSION = 1 << 24 };

static int64_t dimension_at(const uint8_t *p) {
    return (int32_t)((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
}

static exk_status first_dimension(exk_input *input, int64_t *d, exk_error *error) {
    const uint8_t *head;
    size_t have;
    const exk_status status = exk_input_peek(input, LENGTH_BYTES, &head, &have);
    if (status != EXK_OK) {
        return status;
    }
    *d = have >= LENGTH_BYTES ? dimension_at(head) : 0;
    if (*d < 1 || *d > LARGEST_DIMENSION) {
        return exk_file_error(error, EXK_ERR_FORMAT, exk_input_path(input),
                              "row 0: no dimension between 1 and %d at its start; is it really .fvecs or .bvecs?",
                              LARGEST_DIMENSION);
    }
    return EXK_OK;
}

static exk_status check_row(const exk_input *input, const uint8_t *row, size_t got, size_t bytes, int64_t number,
                            int64_t d, exk_error *error) {
    const char *file = exk_input_path(input);
    if (got >= LENGTH_BYTES && dimension_at(row) != d) {
        return exk_file_error(error, EXK_ERR_FORMAT, file,
                              "row %lld, counted from 0: has dimension %lld, row 0 has %lld; all must agree",
                              (long long)number, (long long)dimension_at(row), (long long)d);
    }
    if (got < bytes) {
        return exk_file_error(
            error, EXK_ERR_FORMAT, file,
            "row %lld, counted from 0: %zu bytes expected, the file holds %zu; it is truncated, copy it "
            "again",
            (long long)number, bytes, got);
    }
    return EXK_OK;
}

/* The bytes of a row. The memory grows with what the file really holds: its dimension is only a promise. */
typedef struct row_buffer {
    uint8_t *bytes;
    size_t capacity;
} row_buffer;

static exk_status no_memory(const exk_input *input, exk_error *error) {
    return exk_file_error(error, EXK_ERR_MEMORY, exk_input_path(input), "no memory for a row; free some memory");
}

static exk_status make_room(const exk_input *input, row_buffer *row, size_t bytes, exk_error *error) {
    if (bytes <= row->capacity) {
        return EXK_OK;
    }
    uint8_t *grown = realloc(row->bytes, bytes);
    if (!grown) {
        return no_memory(input, error);
    }
    row->bytes = grown;
    row->capacity = bytes;
    return EXK_OK;
}

/* *got < bytes only at the end of the content. */
static exk_status take_row(exk_input *input, size_t bytes, row_buffer *row, size_t *got, exk_error *error) {
    exk_status status = EXK_OK;
    bool ended = false;
    for (*got = 0; status == EXK_OK && !ended && *got < bytes;) {
        const size_t room = 2 * *got > row->capacity ? 2 * *got : row->capacity;
        const size_t wanted = (room < bytes ? room : bytes) - *got;
        size_t part = 0;
        status = make_room(input, row, *got + wanted, error);
        if (status == EXK_OK) {
            status = exk_input_read(input, row->bytes + *got, wanted, &part);
        }
        ended = part < wanted;
        *got += part;
    }
    return status;
}

/* Sets *ended instead of adding a row at the end of the file. */
static exk_status read_row(exk_input *input, const exk_item *item, int64_t number, int64_t d, row_buffer *row,
                           exk_dataset *dataset, bool *ended, exk_error *error) {
    const size_t bytes = LENGTH_BYTES + (size_t)d * item->bytes;
    size_t got;
    exk_status status = take_row(input, bytes, row, &got, error);
    *ended = got == 0;
    if (status != EXK_OK || *ended) {
        return status;
    }
    status = check_row(input, row->bytes, got, bytes, number, d, error);
    if (status == EXK_OK) {
        const size_t needed = (size_t)(number + 1) * (size_t)d * sizeof(float);
        status = exk_dataset_grow(exk_input_path(input), dataset, needed, error);
    }
    if (status == EXK_OK) {
        item->convert(row->bytes + LENGTH_BYTES, (float *)dataset->storage + number * d, (size_t)d);
    }
    return status;
}

/* What a whole file of known size will need; a ragged or truncated one is caught row by row. */
static exk_status reserve_all(exk_input *input, const exk_item *item, int64_t d, exk_dataset *dataset,
                              exk_error *error) {
    const int64_t row_bytes = LENGTH_BYTES + d * (int64_t)item->bytes;
    const int64_t rows = exk_input_left(input) / row_bytes;
    if (rows < 1) {
        return EXK_OK;
    }
    return exk_dataset_reserve(exk_input_path(input), dataset, (size_t)(rows * d) * sizeof(float), error);
}

static exk_status read_rows(exk_input *input, const exk_item *item, int64_t d, exk_dataset *dataset,
                            exk_error *error) {
    enum { FIRST_ROOM = 1 << 16 };
    row_buffer row = {.bytes = malloc(FIRST_ROOM), .capacity = FIRST_ROOM};
    if (!row.bytes) {
        return no_memory(input, error);
    }
    exk_status status = EXK_OK;
    int64_t n = 0;
    for (bool ended = false; status == EXK_OK && !ended; n += !ended) {
        status = read_row(input, item, n, d, &row, dataset, &ended, error);
    }
    free(row.bytes);
    if (status == EXK_OK) {
        exk_dataset_finish(dataset, n, d);
    }
    return status;
}

static exk_status read_vectors(exk_input *input, const char *descr, exk_dataset *dataset, exk_error *error) {
    const exk_item *item = exk_item_find(descr);
    int64_t d = 0;
    exk_status status = first_dimension(input, &d, error);
    if (status == EXK_OK) {
        status = reserve_all(input, item, d, dataset, error);
    }
    return status == EXK_OK ? read_rows(input, item, d, dataset, error) : status;
}

exk_status exk_fvecs_read(exk_input *input, const exk_load_options *options, exk_dataset *dataset,
                          exk_error *error) {
    (void)options;
    return read_vectors(input, "<f4", dataset, error);
}

exk_status exk_bvecs_read(exk_input *input, const exk_load_options *options, exk_dataset *dataset,
                          exk_error *error) {
    (void)options;
    const exk_status status = read_vectors(input, "|u1", dataset, error);
    exk_dataset_note(dataset, "uint8 converted to float32");
    return status;
}
