/* The state of one fit or assign, shared by the files of the driver: api.c sets it up, data.c looks at the points,
 * init.c chooses the first centroids, pass.c labels the points, empty.c fills empty clusters, lloyd.c iterates. */
#ifndef EXK_RUN_H
#define EXK_RUN_H

#include "kernels/arena.h"
#include "kernels/exact/bulk.h"
#include "kernels/exact/certify.h"
#include "kernels/exact/filter.h"
#include "kernels/status.h"
#include "kernels/variant.h"

enum {
    EXK_BLOCK = 1024
}; /* points whose doubles are added before blocks are; part of the definition of inertia */

struct exk_options {
    exk_plan plan;
    exk_init init;
    const float *centroids;
    uint64_t seed;
    int n_init;
    int64_t max_iter;
    double tol;
    exk_empty empty;
    int64_t max_memory;
    exk_progress_fn progress;
    void *progress_user;
    exk_thread_fn thread_start;
    void *thread_user;
    const int *stop;
};

struct exk_result {
    int64_t n, d, k;
    int32_t *labels;
    float *centroids;
    int64_t *counts;
    double inertia;
    int64_t iterations;
    bool converged;
    exk_iteration *trace;
    int64_t trace_capacity;
    exk_totals totals;
    exk_plan plan;
};

/* What a thread counts during a pass. */
typedef struct exk_tally {
    int64_t moved, evaluations, ambiguous, exactly_decided;
    exk_parts parts;
} exk_tally;

/* The memory of one thread. */
typedef struct exk_worker {
    float *centred; /* point_tile x d: the tile in hand, shift subtracted */
    float *offset;  /* of the tile in hand */
    float *best, *second;
    int32_t *ambiguous;
    int64_t *sum;   /* k x d: what this thread's points changed, since the last reduction */
    int64_t *count; /* k, likewise */
    void *scratch;  /* the variant's */
    exk_refine refine;
    exk_tally tally;
    double lap; /* when the thread began what it is doing */
} exk_worker;

/* A point that counts for an empty cluster while the centroids are updated. */
typedef struct exk_fill {
    int64_t point;
    int32_t cluster;
} exk_fill;

typedef struct exk_run {
    exk_points points;
    int64_t k;
    const exk_options *options;
    bool fits; /* fit, or assign only */
    exk_plan plan;
    const exk_variant *variant;
    const exk_kernel *kernel;
    const exk_bulk *bulk;
    exk_scratch scratch;
    exk_arena arena;
    int stop_seen;

    /* About the points; fixed for the whole run. */
    float *norm;         /* n: ||x - shift||, as rounded by the filter, rounded up */
    float *largest;      /* d: max |x_t| */
    double *scale;       /* d: of the order-free sums */
    float *shift;        /* d: the column means, or 0 if the points are not centred */
    bool centred;        /* tiles are copied, shift subtracted, before a variant sees them */
    float *column_max;   /* threads x d: while scanning */
    int64_t *column_sum; /* threads x d: while scanning */
    double *block;       /* one double a block of EXK_BLOCK points */
    double square_sum;   /* sum of ||x - shift||^2 */
    double tolerance;    /* tol * mean variance of the columns */

    /* The current iteration. */
    float *centroids, *next;    /* k x d: in use; the update */
    int32_t *labels, *previous; /* n: being written; of the pass before, -1 before the first */
    double *nearest;            /* n: kmeans++'s squared distances; NULL for other inits */
    int64_t *sum, *count;       /* k x d, k: of the clusters of `labels` */
    double *centroid_shift;     /* k: squared movement */
    double *centroid_inertia;   /* k: what is subtracted from square_sum */
    float *movement;            /* k: upper bounds of the movement */
    exk_fill *fill;             /* k: points lent to empty clusters */
    int64_t filled;
    void *far;                         /* exk_run_far_bytes: candidates for empty clusters */
    int64_t *split_size, *split_first; /* k: sizes and first points of clusters while splitting */
    bool has_moved;                    /* movement is valid: not the first prepare */
    exk_filter filter;
    exk_score_centroids score_centroids;
    void *variant_shared;
    char *variant_point;
    exk_worker *worker; /* plan.threads */
} exk_run;

/* Whether the caller wants the run to end; once true it stays so. */
bool exk_run_stopped(exk_run *run);

/* data.c: norms, column maxima, sums' scale, means, tolerance. Refuses NaN and infinity. Nothing of it is valid if
 * the run was stopped meanwhile. */
exk_status exk_run_scan(exk_run *run, exk_error *error);

/* The sum over all points, blocks of EXK_BLOCK added in index order. */
typedef double (*exk_block_fn)(const exk_run *run, int64_t first, int64_t last);
double exk_run_blocked_sum(exk_run *run, exk_block_fn block_sum);

/* init.c: fill run->centroids for run number `repeat` of n_init. */
void exk_run_init(exk_run *run, int repeat);

/* pass.c: label every point by run->centroids into run->labels, count into *tally; with `accumulate` also bring
 * sum and count up to date. Returns false, with labels and sums undefined, if the caller stopped it. */
bool exk_run_pass(exk_run *run, bool accumulate, exk_tally *tally);

/* sum += weight * parts. */
void exk_parts_add(exk_parts *sum, const exk_parts *parts, double weight);

/* empty.c: lend each empty cluster, in rising order, the point farthest from its centroid: in sum and count only,
 * the labels stay true. Returns how many were filled; exk_run_undo_fill takes all of them back. */
int64_t exk_run_fill_empty(exk_run *run);
void exk_run_undo_fill(exk_run *run);

/* empty.c: bytes of run->far. */
size_t exk_run_far_bytes(int64_t n, int64_t k, int threads);

/* empty.c: centroids of empty clusters in run->next by splitting the largest ones. Returns how many. */
int64_t exk_run_split_largest(exk_run *run);

/* lloyd.c: one run from init to convergence; the outcome is in run->labels, centroids, and in *result. */
exk_status exk_run_lloyd(exk_run *run, int repeat, exk_result *result);

/* Seconds on the monotonic clock. */
double exk_now(void);

#endif
