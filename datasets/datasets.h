/* Point sets: readers, generators, the .npy writer. */
#ifndef EXK_DATASETS_H
#define EXK_DATASETS_H

#include "exakt.h"

/* A point set that owns its memory: mapped straight from a plain float32 .npy, allocated otherwise. */
typedef struct exk_dataset {
    exk_points points;
    bool mapped;
    char note[160];  /* what was done to the data on the way in ("float64 converted to float32"), or "" */
    void *storage;   /* what to unmap or free; private */
    size_t storage_bytes;
} exk_dataset;

typedef struct exk_load_options {
    const char *columns; /* text only: "0,2-5", counted from 0; NULL: all columns that are numeric in the first data row */
    bool standardise;    /* subtract each column's mean, divide by its standard deviation (constant columns: only subtract) */
} exk_load_options;

/* Load INPUT: a path (.npy, .fvecs, .bvecs, IDX, .csv/.txt and other text; each also with .gz) or "gen:NAME,key=value,...".
 * Fails with EXK_ERR_FILE, EXK_ERR_FORMAT, EXK_ERR_NOT_FINITE (row and column set), EXK_ERR_ARGUMENT, EXK_ERR_MEMORY and one
 * line that names the file, the place and the remedy. options may be NULL. The caller frees with exk_dataset_free. */
exk_status exk_dataset_load(const char *input, const exk_load_options *options, exk_dataset **dataset, exk_error *error);
void exk_dataset_free(exk_dataset *dataset);

/* Write a rows x cols matrix as .npy version 1.0, C order. Written to a temporary name beside `path`, synced, then renamed:
 * path is either the old file or the whole new one. cols == 0 writes a one-dimensional array. */
exk_status exk_npy_write_f32(const char *path, const float *data, int64_t rows, int64_t cols, exk_error *error);
exk_status exk_npy_write_i32(const char *path, const int32_t *data, int64_t rows, int64_t cols, exk_error *error);

/* Text that describes every generator and its keys with defaults, for --help. */
const char *exk_generators_help(void);

#endif
