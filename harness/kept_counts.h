/* What the counters said of a tuned plan, kept in the cache folder for `exakt explain`: a file for each machine,
 * build, shape and number of threads. */
#ifndef EXK_KEPT_COUNTS_H
#define EXK_KEPT_COUNTS_H

#include "harness/counts.h"
#include "kernels/variant.h"
#include "tuner/fingerprint.h"
#include "tuner/record.h"

typedef struct kept_counts {
    exk_shape shape; /* that was tuned */
    int threads;
    char variant[64]; /* of the tuned plan */
    /* What was counted in its place: fewer points, maybe, and for a simulation the twin, on one thread. */
    int64_t points;
    exk_plan plan;
    char plan_variant[64];
    char counted[EXK_TIME_ROOM]; /* when */
    count_table table;
} kept_counts;

/* Replace what was kept for this shape and number of threads. */
exk_status kept_counts_save(const exk_fingerprint *machine, kept_counts *kept, exk_error *error);

/* What was kept, into *kept; *found is false if there is nothing. A damaged file, or one of another machine, is an
 * error. Free with kept_counts_free. */
exk_status kept_counts_load(const exk_fingerprint *machine, const exk_shape *shape, int threads, kept_counts *kept,
                            bool *found, exk_error *error);
void kept_counts_free(kept_counts *kept);

#endif
