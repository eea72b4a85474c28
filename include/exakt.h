/* exakt: exact k-means on real hardware. The public C API of libexakt.
 *
 * Every label is the true nearest centroid in real arithmetic (ties go to the lowest index), and labels,
 * centroids, counts, inertia and iteration count are the same bits for every variant, plan, thread count and
 * instruction set. The library keeps no global state, prints nothing and reads no files. Of the environment it
 * reads EXAKT_ISA, the strongest instruction set that it may use ("avx2", ...), and what OpenMP reads.
 *
 * Any number of threads may call it at once, also with the same points and options, as long as nobody changes
 * these meanwhile; each call starts its own team of OpenMP threads. A result may be read by several threads, and
 * freed once.
 *
 * Conventions: matrices are row-major; a stride counts elements, not bytes; functions return an exk_status and,
 * where they take an exk_error, fill it (it may be NULL). Pointers returned by exk_result_* live as long as the
 * result. */
#ifndef EXAKT_H
#define EXAKT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is declared here is all that the shared library exports. */
#pragma GCC visibility push(default)

/* Of this header. Before 1.0 a minor version may change the interface; the shared library's name says which. */
#define EXAKT_VERSION "0.1.0"

/* How a call ended. Never negative; EXK_STATUS_COUNT is their number and no status. */
typedef enum exk_status {
    EXK_OK = 0,
    EXK_STOPPED,        /* ended early by the caller; the result holds the last finished iteration */
    EXK_ERR_ARGUMENT,   /* a value outside its documented range */
    EXK_ERR_NOT_FINITE, /* NaN or infinity in points or centroids; row and column are set */
    EXK_ERR_MEMORY,     /* allocation failed, or the run needs more than exk_options_set_max_memory allows */
    EXK_ERR_VARIANT,    /* unknown variant, or one that this CPU, build or shape cannot run */
    EXK_ERR_FILE,       /* a file cannot be opened, read or written */
    EXK_ERR_FORMAT,     /* a file's content is not what its format demands */
    EXK_STATUS_COUNT
} exk_status;

/* What went wrong, in one line that names the place and the remedy. Owned by the caller. */
typedef struct exk_error {
    exk_status status;
    int64_t row, column; /* counted from 0; -1 where they do not apply */
    char message[480];
} exk_error;

/* A short English name of a status ("out of memory"). Never NULL. */
const char *exk_status_name(exk_status status);

/* n points of d float32 values; row i starts at x + i*stride. Not owned. If x is a mapped file that someone
 * truncates meanwhile, the process gets SIGBUS: the library cannot catch that for you. */
typedef struct exk_points {
    const float *x;
    int64_t n, d, stride;
} exk_points;

/* How the sums of the clusters are brought up to date. */
typedef enum exk_update {
    EXK_UPDATE_AUTO = 0,
    EXK_UPDATE_MOVED,   /* each thread has k x d sums and adds what moved while its tile is in cache */
    EXK_UPDATE_SCATTER, /* likewise, but all points anew in every iteration */
    EXK_UPDATE_SORTED   /* after the pass, by cluster: what moved, sorted, straight into the one set of sums */
} exk_update;

/* How a run is carried out. It changes speed and memory, never a bit of the result. Zero (or NULL) in any field
 * means: let the library choose. Tiles are rounded to what the variant can do. */
typedef struct exk_plan {
    const char *variant; /* a name from the registry, or NULL or "auto"; not owned */
    /* A variant that skips, which takes over in the course of exk_fit where it proves faster, if `variant` does
     * not skip itself. NULL: none, but with variant NULL or "auto" the library chooses one. "none": none. */
    const char *skipping;
    int threads;           /* OpenMP threads */
    int64_t point_tile;    /* points handed to a variant at a time */
    int64_t centroid_tile; /* centroids swept over a point tile before the next ones are touched */
    int64_t depth_tile;    /* dimensions accumulated in registers before the sum is folded */
    int64_t matrix_bytes;  /* cap, over all threads, on the score matrix that naive and blas materialise */
    exk_update update;     /* of the sums; a memory limit may turn auto to what needs less */
    int nodes;             /* groups of consecutive threads, each with its own copy of the packed centroids: of use
                              where each is a NUMA node; a memory limit may reduce it to 1 */
} exk_plan;

typedef enum exk_init {
    EXK_INIT_KMEANSPP = 0, /* D^2 sampling: Arthur & Vassilvitskii, k-means++, SODA 2007 */
    EXK_INIT_RANDOM,       /* k distinct points, uniformly */
    EXK_INIT_FIRST,        /* the first k points */
    EXK_INIT_GIVEN         /* exk_options_set_centroids */
} exk_init;

/* What happens to a cluster that no point chose. With fewer distinct points than clusters some stay empty whatever
 * the policy: they keep their centroid and a count of 0. */
typedef enum exk_empty {
    EXK_EMPTY_FARTHEST = 0, /* it takes the point farthest from its own centroid (ties: lowest point index) */
    EXK_EMPTY_KEEP,         /* its centroid stays where it was */
    EXK_EMPTY_SPLIT         /* the largest cluster is split in two by a tiny symmetric nudge */
} exk_empty;

/* Where the time went, in seconds: wall time where one thread works, the mean over the threads where all do. What
 * is missing to the whole is waiting for each other. */
typedef struct exk_parts {
    double prepare; /* error bounds of the centroids, and their packing */
    double assign;  /* in the variant */
    double refine;  /* certificate and refinement */
    double update;  /* sums, centroids, empty clusters, movement */
} exk_parts;

/* One pass over the points, as reported to a progress callback and kept in the result. */
typedef struct exk_iteration {
    int run;                        /* which of n_init, from 0 */
    int64_t iteration;              /* from 1 */
    int64_t moved;                  /* points whose label changed */
    double inertia;                 /* from the exact sums; deterministic, good to about 1e-9 relative */
    double shift;                   /* sum of squared centroid movements */
    double seconds;                 /* wall time of this iteration */
    const char *variant;            /* which made the pass */
    exk_parts parts;                /* of it */
    int64_t distance_evaluations;   /* scores computed, refinement included */
    int64_t survivors;              /* points that bounds did not settle: all of them where there are none */
    int64_t ambiguous_points;       /* points the filter could not certify */
    int64_t exactly_decided_points; /* points that needed integer arithmetic */
} exk_iteration;

/* Called after every iteration from the thread that called exk_fit. Return false to stop: the result then holds
 * what was finished, and exk_fit returns EXK_STOPPED. */
typedef bool (*exk_progress_fn)(const exk_iteration *iteration, void *user);

/* Called once by each worker thread of a run before it works (thread from 0), for pinning; by all at once. */
typedef void (*exk_thread_fn)(int thread, void *user);

/* How to run; made by exk_options_create, changed by setters. */
typedef struct exk_options exk_options;
/* What a run found; made by exk_fit and exk_assign, read by exk_result_*. */
typedef struct exk_result exk_result;

/* Defaults: plan all zero, kmeans++, seed 0, n_init 1, max_iter 300, tol 1e-4, farthest. Free with
 * exk_options_free. EXK_OK or EXK_ERR_MEMORY.
 *
 * Setters take any value: a bad one makes exk_fit or exk_assign fail with EXK_ERR_ARGUMENT. Pointers handed to
 * them are kept, not copied, except the plan itself, and must stay valid until the last run with these options has
 * ended. */
exk_status exk_options_create(exk_options **options);
void exk_options_free(exk_options *options); /* NULL is fine */
/* Copied; but the names in it are not. */
void exk_options_set_plan(exk_options *options, const exk_plan *plan);
/* Where the first centroids come from; EXK_INIT_GIVEN needs exk_options_set_centroids. Of exk_fit only. */
void exk_options_set_init(exk_options *options, exk_init init);
/* k x d, row-major, dense. Implies EXK_INIT_GIVEN. */
void exk_options_set_centroids(exk_options *options, const float *centroids);
/* Of kmeans++ and random: the same seed gives the same centroids whatever the number of threads. */
void exk_options_set_seed(exk_options *options, uint64_t seed);
/* Runs from n_init seeds, keeps the lowest inertia (ties: the earlier run). Needs kmeans++ or random. */
void exk_options_set_n_init(exk_options *options, int n_init);
/* Passes at most, 1 or more. */
void exk_options_set_max_iter(exk_options *options, int64_t max_iter);
/* Stop when sum ||movement||^2 <= tol * mean variance of the columns (scikit-learn's meaning). 0: run until no
 * label changes. */
void exk_options_set_tol(exk_options *options, double tol);
/* What becomes of clusters without points. */
void exk_options_set_empty(exk_options *options, exk_empty empty);
/* Upper limit in bytes on what the library allocates beside the points; 0: none. */
void exk_options_set_max_memory(exk_options *options, int64_t bytes);
/* Callbacks, NULL for none; user is handed to them. */
void exk_options_set_progress(exk_options *options, exk_progress_fn progress, void *user);
void exk_options_set_thread_start(exk_options *options, exk_thread_fn start, void *user);
/* Read (relaxed, atomically) between tiles; nonzero stops within milliseconds. A signal handler may set it. */
void exk_options_set_stop_flag(exk_options *options, const int *stop);

/* Lloyd's algorithm (Lloyd 1982) to convergence, tol or max_iter. options may be NULL for the defaults.
 * Ends when no label changes, or tol is met, or max_iter passes were made; the returned labels always belong to
 * the returned centroids. Needs 1 <= k <= n, k < 2^31. On EXK_OK and EXK_STOPPED *result is set (free it with
 * exk_result_free), otherwise it is NULL. Other statuses: EXK_ERR_ARGUMENT, EXK_ERR_NOT_FINITE, EXK_ERR_MEMORY,
 * EXK_ERR_VARIANT. */
exk_status exk_fit(const exk_points *points, int64_t k, const exk_options *options, exk_result **result,
                   exk_error *error);

/* The nearest of k given centroids (k x d, dense) for every point; k may exceed n. The result has labels, counts,
 * inertia and the given centroids; iterations is 0. Statuses as of exk_fit; stopped before it was finished, it has
 * no result. */
exk_status exk_assign(const exk_points *points, const float *centroids, int64_t k, const exk_options *options,
                      exk_result **result, exk_error *error);

/* Sum of squared distances to the nearest of k given centroids, into *inertia on EXK_OK. Statuses as of
 * exk_assign. */
exk_status exk_score(const exk_points *points, const float *centroids, int64_t k, const exk_options *options,
                     double *inertia, exk_error *error);

/* The first NaN or infinity in row-major order: EXK_OK if there is none, else EXK_ERR_NOT_FINITE with its place.
 */
exk_status exk_points_check(const exk_points *points, exk_error *error);

void exk_result_free(exk_result *result); /* NULL is fine */
/* The shape of the run, and what it found. */
int64_t exk_result_k(const exk_result *result);
int64_t exk_result_n(const exk_result *result);
int64_t exk_result_d(const exk_result *result);
const int32_t *exk_result_labels(const exk_result *result);  /* n */
const float *exk_result_centroids(const exk_result *result); /* k x d */
const int64_t *exk_result_counts(const exk_result *result);  /* k: points of each cluster */
double exk_result_inertia(const exk_result *result);         /* sum of squared distances */
int64_t exk_result_iterations(const exk_result *result);     /* passes of the run that was kept */
bool exk_result_converged(const exk_result *result);         /* no label changed, or tol was met */
/* The iterations of the run that was kept, the first 100,000 of them; i < exk_result_iterations. NULL beyond. */
const exk_iteration *exk_result_iteration(const exk_result *result, int64_t i);

/* Totals over all runs of n_init, the final assignment included. */
typedef struct exk_totals {
    double scan_seconds; /* what a run must know about its points first */
    double init_seconds, iterate_seconds;
    exk_parts parts; /* of iterate_seconds */
    int64_t distance_evaluations, ambiguous_points, exactly_decided_points;
    int64_t scratch_bytes; /* what the library allocated beside the points, result included */
} exk_totals;
exk_totals exk_result_totals(const exk_result *result);
/* The plan as carried out: no zero fields, variant a static string. */
exk_plan exk_result_plan(const exk_result *result);

/* The variants this build knows, in a fixed order. */
typedef struct exk_variant_info {
    const char *name;     /* assign_f32_fused__avx512 */
    const char *strategy; /* fused */
    const char *isa;      /* avx512 */
    bool available;       /* built, and this CPU (after EXAKT_ISA) can run it */
    const char *reason;   /* why not; "" if available */
} exk_variant_info;
int exk_variant_count(void);
/* The index-th, from 0; strings are static. EXK_ERR_ARGUMENT for an index out of range. */
exk_status exk_variant_at(int index, exk_variant_info *info);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif
