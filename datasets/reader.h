/* What the readers share. Private to datasets/. */
#ifndef EXK_DATASETS_READER_H
#define EXK_DATASETS_READER_H

#include "datasets/datasets.h"
#include "datasets/input.h"

/* One file format: a row in the table of load.c. */
typedef struct exk_reader {
    const char *extensions;                             /* " .csv .txt ": each between blanks, in lower case */
    bool (*matches)(const uint8_t *head, size_t bytes); /* by content; NULL: nothing in the content tells */
    exk_status (*read)(exk_input *input, const exk_load_options *options, exk_dataset *dataset, exk_error *error);
} exk_reader;

bool exk_npy_matches(const uint8_t *head, size_t bytes);
bool exk_idx_matches(const uint8_t *head, size_t bytes);

/* Each sets points (n, d, stride), storage and note; load.c checks for NaN and infinity afterwards. */
exk_status exk_npy_read(exk_input *input, const exk_load_options *options, exk_dataset *dataset, exk_error *error);
exk_status exk_idx_read(exk_input *input, const exk_load_options *options, exk_dataset *dataset, exk_error *error);
exk_status exk_fvecs_read(exk_input *input, const exk_load_options *options, exk_dataset *dataset,
                          exk_error *error);
exk_status exk_bvecs_read(exk_input *input, const exk_load_options *options, exk_dataset *dataset,
                          exk_error *error);
exk_status exk_text_read(exk_input *input, const exk_load_options *options, exk_dataset *dataset,
                         exk_error *error);

/* "gen:NAME,key=value,..." */
exk_status exk_generate(const char *spec, exk_dataset *dataset, exk_error *error);

exk_status exk_standardise(const char *file, exk_dataset *dataset, exk_error *error);

/* Fill *error (may be NULL) with "FILE: ..." in one line and return status. */
__attribute__((format(printf, 4, 5))) exk_status exk_file_error(exk_error *error, exk_status status,
                                                                const char *file, const char *format, ...);
/* The same with row and column set, counted from 0. */
__attribute__((format(printf, 6, 7))) exk_status exk_file_error_at(exk_error *error, exk_status status,
                                                                   const char *file, int64_t row, int64_t column,
                                                                   const char *format, ...);

/* Whether the machine has as much memory and swap at all: the kernel may promise more than it can keep. */
bool exk_memory_holds(double bytes);
/* Grow the storage to at least `bytes`, keeping what is there; new bytes are zero. */
exk_status exk_dataset_reserve(const char *file, exk_dataset *dataset, size_t bytes, exk_error *error);
/* The same with room to spare, for data whose size is not known before its end. */
exk_status exk_dataset_grow(const char *file, exk_dataset *dataset, size_t bytes, exk_error *error);
/* Make the storage the matrix: n x d, dense; give back what is beyond it. */
void exk_dataset_finish(exk_dataset *dataset, int64_t n, int64_t d);
/* Append to the note, after "; ". */
__attribute__((format(printf, 2, 3))) void exk_dataset_note(exk_dataset *dataset, const char *format, ...);

#endif
