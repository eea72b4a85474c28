/* The element types of binary files and their conversion to float32. Private to datasets/. */
#ifndef EXK_DATASETS_ITEM_H
#define EXK_DATASETS_ITEM_H

#include "datasets/reader.h"

typedef struct exk_item {
    const char *descr; /* numpy's: "<f4", "|u1" */
    const char *name;  /* "float32" */
    size_t bytes;
    /* Convert count items, rounding to nearest. Returns count, or the index of the first finite item that float32
     * cannot hold. */
    size_t (*convert)(const uint8_t *from, float *to, size_t count);
} exk_item;

/* NULL if there is no such type. */
const exk_item *exk_item_find(const char *descr);
bool exk_item_is_native_f32(const exk_item *item);

/* *bytes = n * d * item->bytes, refused if n or d is below 1 or the product, or that of the float32 copy,
 * overflows. */
exk_status exk_item_matrix_bytes(const exk_item *item, int64_t n, int64_t d, const char *file, int64_t *bytes,
                                 exk_error *error);

/* Read n x d items into the dataset's storage and make them its points. */
exk_status exk_item_read_matrix(exk_input *input, const exk_item *item, int64_t n, int64_t d, exk_dataset *dataset,
                                exk_error *error);

#endif
