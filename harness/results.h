/* What an earlier `exakt bench` wrote, as far as another run can be compared with it. */
#ifndef EXK_RESULTS_H
#define EXK_RESULTS_H

#include "exakt.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { RESULTS_NAME = 4352, RESULTS_WORD = 96, RESULTS_ROWS = 10000, RESULTS_SAMPLES = 2000 };

/* What a record that is written now says it is; older versions are read, too. */
extern const char results_format[];

typedef struct results_row {
    char input[RESULTS_NAME], variant[RESULTS_WORD];
    int threads;
    int64_t n, d, k;
    bool verified;
    int64_t iterations;             /* of a fit */
    char labels_hash[RESULTS_WORD]; /* of its outcome: equal hashes, equal points and start */
    char ceiling_isa[RESULTS_WORD]; /* whose multiply-adds the ceiling is */
    bool has_ceiling;               /* of every sample */
    double *seconds, *ceiling;      /* of each sample: a fit's time, GFLOP/s beside it */
    int count, disturbed;           /* samples; those with flags */
} results_row;

typedef struct results {
    char name[RESULTS_NAME]; /* of the file; for messages */
    char machine[RESULTS_WORD], commit[RESULTS_WORD], started[RESULTS_WORD];
    int version;
    results_row *rows;
    int count;
} results;

/* Reads and checks all of it. On failure *results is empty and error names the file and the place. */
exk_status results_read(const char *path, results *r, exk_error *error);

/* The same from memory: text[length] is 0. name is the file's, for errors. */
exk_status results_parse(const char *text, size_t length, const char *name, results *r, exk_error *error);

/* Whether they are about the same input, k, variant and number of threads. */
bool results_same_row(const results_row *a, const results_row *b);

/* Room for so many samples; false: out of memory. */
bool results_row_allocate(results_row *row, int samples);

void results_free(results *r);

#ifdef __cplusplus
}
#endif

#endif
