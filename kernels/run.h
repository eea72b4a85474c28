/* The state of one fit or assign, shared by the files of the driver: api.c sets it up, data.c looks at the points,
 * init.c chooses the first centroids, pass.c labels the points, collect.c sums them up, update.c computes the next
 * centroids, empty.c fills empty clusters, lloyd.c iterates. */
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
    int64_t moved, survivors, evaluations, ambiguous, exactly_decided;
    exk_parts parts;
} exk_tally;

/* The memory of one thread; no two share a cache line. */
typedef struct exk_worker {
    _Alignas(EXK_ALIGN) float *centred; /* point_tile x d: the tile in hand, shift subtracted */
    float *offset;                      /* of the tile in hand */
    float *best, *second;
    int32_t *rows, *guess; /* of the tile in hand: those in doubt, and the labels they may have */
    int32_t *moved;        /* of the tile in hand: those that moved */
    /* For variants that skip, else NULL: the points of the tile in hand that bounds cannot settle. */
    int32_t *survivor, *label; /* which rows they are, and their labels */
    float *norm;               /* theirs */
    void *scratch;             /* the variant's */
    /* For sums per thread, NULL where they are sorted. */
    int64_t *sum;     /* k x d: what this thread's points changed since the last reduction */
    int64_t *count;   /* k, likewise */
    uint8_t *touched; /* k: whether they changed anything */
    /* For sorted sums, NULL where there are some per thread. */
    int64_t *bucket;      /* 2k: this thread's share of each bucket: size, then end */
    int64_t entries;      /* over the buckets that this thread counts */
    int64_t *edge;        /* d: of a cluster whose sum belongs to another thread */
    int64_t edge_cluster; /* which; -1: none */
    void *shared;         /* the variant's: the copy of this thread's node */
    exk_refine refine;
    exk_tally tally;
    double lap; /* when the thread began what it is doing */
    /* The units of points that are still to do in this thread's share; others may take some, too. */
    int64_t next_unit, last_unit;
} exk_worker;

/* What is out of date about a cluster. */
enum {
    EXK_STALE_MEAN = 1,    /* its sum or count changed since its centroid was computed */
    EXK_STALE_OVERLAP = 2, /* sum, count or centroid changed since its part of the inertia was computed */
    EXK_STALE_NEXT = 4     /* run->next does not hold the bits of run->centroids */
};

/* A point that counts for an empty cluster while the centroids are updated. */
typedef struct exk_fill {
    int64_t point;
    int32_t cluster;
} exk_fill;

/* A variant that may make the passes of a run; kernel NULL: there is none. */
typedef struct exk_engine {
    const exk_variant *variant;
    const exk_kernel *kernel;
    exk_plan plan; /* of its own are the tiles */
    exk_scratch scratch;
    int64_t roundings;
    char *shared; /* plan.nodes copies, exk_arena_pages(scratch.shared) apart */
} exk_engine;

/* What the engines of a run are for. */
enum {
    EXK_PLAIN,    /* all passes but those of others: the first centroids', and where nothing is kept */
    EXK_KEEPING,  /* those of a fit that goes by what it keeps of each point, all centroids every time */
    EXK_SKIPPING, /* those in which bounds leave little to do */
    EXK_ENGINES
};

/* How the engines did so far. */
typedef struct exk_trial {
    double plain_seconds; /* of each thread, labelling in the last pass that skipped nothing */
    int passes;           /* by the engine in use, since it is */
    int slow;             /* passes that skipped in vain */
    int probes;
    int failures, wait;      /* probes in vain; plain passes until the next one */
    double passing, probing; /* seconds that iterations, and probes, took so far */
} exk_trial;

typedef struct exk_run {
    exk_points points;
    int64_t k;
    const exk_options *options;
    bool fits; /* fit, or assign only */
    exk_engine engine[EXK_ENGINES];
    exk_trial trial;
    /* Of the engine that makes the next pass. */
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
    double *unit;        /* d: 1 / scale */
    float *shift;        /* d: the column means, or 0 if the points are not centred */
    bool centred;        /* tiles are copied, shift subtracted, before a variant sees them */
    float *column_max;   /* threads x d: while scanning */
    int64_t *column_sum; /* threads x 2 x d: while scanning, with both guesses of the scale */
    double *guess;       /* 2 x d: while scanning */
    double *block;       /* one double a block of EXK_BLOCK points */
    double square_sum;   /* sum of ||x - shift||^2 */
    double tolerance;    /* tol * mean variance of the columns */

    /* The current iteration. */
    float *centroids, *next;    /* k x d: in use; the update */
    int32_t *labels, *previous; /* n: being written; of the pass before, -1 before the first */
    double *nearest;            /* n: kmeans++'s squared distances; NULL for other inits */
    const float *fresh;         /* kmeans++: the centroids that are not in `nearest` yet */
    int64_t fresh_count;
    int64_t *entry;           /* n: points in the order of their buckets, for sorted sums */
    bool has_sums;            /* sum and count belong to `previous`: not the first pass */
    int64_t *sum, *count;     /* k x d, k: of the clusters of `labels` */
    uint8_t *stale;           /* k: EXK_STALE_* */
    double *centroid_shift;   /* k: squared movement */
    double *centroid_inertia; /* k: what is subtracted from square_sum */
    float *movement;          /* k: upper bounds of the movement */
    int32_t *order;           /* k: near centroids side by side; NULL where nobody asks for it */
    int32_t *first_order;     /* k: as the first probe found it */
    void *order_memory;       /* exk_order_bytes */
    exk_fill *fill;           /* k: points lent to empty clusters */
    int64_t filled;
    void *far;                         /* exk_run_far_bytes: candidates for empty clusters */
    int64_t *split_size, *split_first; /* k: sizes and first points of clusters while splitting */
    bool has_moved;                    /* movement is valid: not the first prepare */
    bool has_state;                    /* what the variant keeps of each point belongs to `previous` */
    bool pass_recalls;                 /* the pass under way, or the last one, has that to go by */
    bool digested;                     /* filter.hash and largest belong to `centroids` */
    exk_filter filter;
    exk_score_centroids score_centroids;
    char *shared;        /* of the engine's variant */
    char *variant_point; /* what the engine keeps of each point */
    char *probe_point;   /* the same of the points of a probe */
    exk_worker *worker;  /* plan.threads */
} exk_run;

/* Whether the caller wants the run to end; once true it stays so. */
bool exk_run_stopped(exk_run *run);

/* data.c: norms, column maxima, sums' scale, means, tolerance. Refuses NaN and infinity. Nothing of it is valid if
 * the run was stopped meanwhile. */
exk_status exk_run_scan(exk_run *run, exk_error *error);

/* The sum over all points, blocks of EXK_BLOCK added in index order. */
typedef double (*exk_block_fn)(exk_run *run, int64_t first, int64_t last);
double exk_run_blocked_sum(exk_run *run, exk_block_fn block_sum);

/* init.c: fill run->centroids for run number `repeat` of n_init. */
void exk_run_init(exk_run *run, int repeat);

/* What a pass is for. */
typedef enum exk_purpose {
    EXK_TO_LABEL,   /* run->labels */
    EXK_TO_COLLECT, /* likewise, and sum and count brought up to date */
    EXK_TO_APPROACH /* run->nearest = the lesser of itself and the distance to the nearest centroid; labels are not
                       defined afterwards */
} exk_purpose;

/* pass.c: all points against run->centroids; counts into *tally. Returns false, with everything it writes
 * undefined, if the caller stopped it. */
bool exk_run_pass(exk_run *run, exk_purpose purpose, exk_tally *tally);

/* pass.c: `rows` points from `first` on, where they are; labels go to run->labels. */
exk_tile exk_run_tile(exk_run *run, exk_worker *worker, int64_t first, int64_t rows);

/* pass.c: of a tile, whose labels are those before, the points that the engine's bounds do not settle remain;
 * their labels are in worker->label. */
void exk_run_keep_survivors(exk_run *run, const exk_engine *engine, exk_worker *worker,
                            const exk_workspace *workspace, exk_tile *tile);

/* pass.c: an empty queue of doubts about points and these centroids. Its workspace is the caller's affair. */
void exk_run_start_refine(exk_run *run, exk_worker *worker, const exk_kernel *kernel, const exk_plan *plan,
                          const float *centroids);

/* pass.c: the variant learns what became of a point it was told to doubt. state: what is kept of that point, if
 * anything is. */
void exk_run_tell_settled(const exk_refine *refine, const exk_doubt *doubt, void *state);

/* pass.c: where points are to be centred the tile is a centred copy from now on. */
void exk_run_centre(const exk_run *run, exk_worker *worker, exk_tile *tile);

/* The part-th of `parts` equal shares of `count` things begins here. */
int64_t exk_share(int64_t count, int part, int parts);

/* collect.c: sum and count from the labels. Where there are sums per thread, exk_run_collect_tile takes a tile, of
 * which the `listed` rows in worker->moved may have moved, without its points of label -1; exk_run_collect_point
 * takes one point. exk_run_collect, by all threads after the last tile, finishes. `moved`: of all points. */
void exk_run_collect_tile(const exk_run *run, exk_worker *worker, const exk_tile *tile, int64_t listed);
void exk_run_collect_point(const exk_run *run, exk_worker *worker, int64_t i);
void exk_run_collect(exk_run *run, int part, int parts, int64_t moved);

/* update.c: for every cluster where they are stale, its part of the inertia; its next centroid, with movement and
 * digest. */
enum { EXK_UPDATE_OVERLAPS = 1, EXK_UPDATE_CENTROIDS = 2 };
void exk_run_update(exk_run *run, int what);

/* update.c: what the above adds up to: the inertia of labels and centroids; the sum of squared movements. */
double exk_run_inertia(const exk_run *run);
double exk_run_shift(const exk_run *run);

/* update.c: run->next of cluster j was changed by hand. */
void exk_run_displaced(exk_run *run, int64_t j);

/* sum += weight * parts. */
void exk_parts_add(exk_parts *sum, const exk_parts *parts, double weight);

/* empty.c: how many clusters have no point. */
int64_t exk_run_count_empty(const exk_run *run);

/* empty.c: lend each empty cluster, in rising order, the point farthest from its centroid: in sum and count only,
 * the labels stay true. Returns how many were filled; exk_run_undo_fill takes all of them back. */
int64_t exk_run_fill_empty(exk_run *run);
void exk_run_undo_fill(exk_run *run);

/* empty.c: bytes of run->far. */
size_t exk_run_far_bytes(int64_t n, int64_t k, int threads);

/* empty.c: centroids of empty clusters in run->next by splitting the largest ones. Returns how many. */
int64_t exk_run_split_largest(exk_run *run);

/* engine.c: the engines that the plan asks for. */
exk_status exk_run_choose_variants(exk_run *run, exk_error *error);

/* engine.c: engines that keep less of each point, or none that does; false if there was none. */
bool exk_run_leaner(exk_run *run);

/* engine.c: whether an engine skips, and wants the centroids in order. */
bool exk_run_may_skip(const exk_run *run);
bool exk_run_wants_order(const exk_run *run);

/* engine.c: the one that skips or, where none does, the last one. */
const exk_engine *exk_run_last_engine(const exk_run *run);

/* engine.c: before a run's first pass, and before its first iteration. */
void exk_run_start_engines(exk_run *run);
void exk_run_start_iterations(exk_run *run);

/* engine.c: after an iteration, with `left` more to come at most: who makes the next pass. No bit depends on it.
 */
void exk_run_choose_engine(exk_run *run, const exk_iteration *iteration, int64_t left);

/* What passes of the engine that skips would take, in seconds of each thread, by what a few points take. */
typedef struct exk_probe {
    double finding;  /* the first, which finds the bounds */
    double skipping; /* the next, with bounds as fresh as can be: most skip less */
} exk_probe;

/* probe.c: between passes: run->centroids are newer than the labels, those of the labels in run->next. */
exk_probe exk_run_probe(exk_run *run);

/* probe.c: points that a probe looks at, at most. */
int64_t exk_run_probed_points(const exk_run *run);

/* engine.c: the most of what the engines need. */
exk_scratch exk_run_scratch(const exk_run *run);
int64_t exk_run_point_tile(const exk_run *run);

/* lloyd.c: one run from init to convergence; the outcome is in run->labels, centroids, and in *result. */
exk_status exk_run_lloyd(exk_run *run, int repeat, exk_result *result);

/* Seconds on the monotonic clock. */
double exk_now(void);

#endif
