/* Point sets: readers, generators, the .npy writer. */
#ifndef EXK_DATASETS_H
#define EXK_DATASETS_H

#include "exakt.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A point set that owns its memory: mapped straight from a plain float32 .npy, allocated otherwise. If a
 * mapped file is shortened while it is in use, the process gets SIGBUS, which a library cannot catch. */
typedef struct exk_dataset {
    exk_points points;
    bool mapped;
    char note[160]; /* what was done to the data on the way in ("float64 converted to float32"), or "" */
    void *storage;  /* what to unmap; private */
    size_t storage_bytes;
} exk_dataset;

typedef struct exk_load_options {
    /* Text only: "0,2-5" counted from 0, or names from the header line, in the order wanted; NULL: all columns
     * that are numeric in the first data row. Refused for everything that is not text. */
    const char *columns;
    /* Subtract each column's mean, divide by its (population) standard deviation; constant columns become 0. */
    bool standardise;
} exk_load_options;

/* Load INPUT: a path (.npy, .fvecs, .bvecs, IDX, .csv/.txt and other text; each also gzipped), told apart by
 * content first and by name second, or "gen:NAME,key=value,...". Numbers in text are rounded to float64 and then
 * to float32, as numpy does. Fails with EXK_ERR_FILE, EXK_ERR_FORMAT, EXK_ERR_NOT_FINITE (row and column set; also
 * for a finite value beyond float32; in text the column is that of the file), EXK_ERR_ARGUMENT, EXK_ERR_MEMORY and
 * one line that names the file, the place and the remedy. options and error may be NULL. The caller frees with
 * exk_dataset_free. */
exk_status exk_dataset_load(const char *input, const exk_load_options *options, exk_dataset **dataset,
                            exk_error *error);
void exk_dataset_free(exk_dataset *dataset);

/* Write a rows x cols matrix as .npy version 1.0, C order. path is either the old file or the whole new one, see
 * datasets/replace.h. cols == 0 writes a one-dimensional array. */
exk_status exk_npy_write_f32(const char *path, const float *data, int64_t rows, int64_t cols, exk_error *error);
exk_status exk_npy_write_i32(const char *path, const int32_t *data, int64_t rows, int64_t cols, exk_error *error);

/* Text that describes every generator and its keys with defaults, for --help. */
const char *exk_generators_help(void);

#ifdef __cplusplus
}
#endif
#endif
