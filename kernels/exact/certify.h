/* The certificate and the refinement: written once, used by every variant. */
#ifndef EXK_CERTIFY_H
#define EXK_CERTIFY_H

#include "kernels/exact/bulk.h"
#include "kernels/exact/filter.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A point without a proven label. */
typedef struct exk_doubt {
    int64_t point;
    int32_t label;       /* any centroid that is no duplicate; then the true one */
    float norm;          /* an upper bound of ||x'|| */
    float upper, others; /* then, for kernels that have settled: see exk_settled */
} exk_doubt;

/* What the refinement needs to know, its queue, and what it counts. */
typedef struct exk_refine {
    const exk_filter *filter;
    const exk_score_centroids *score_centroids;
    const float *centroids;   /* the true ones, k x d */
    const exk_points *points; /* the true ones */
    const exk_kernel *kernel;
    const exk_plan *plan;
    exk_workspace workspace; /* as after prepare */
    const exk_bulk *bulk;
    exk_doubt *doubt;                     /* capacity: the queue */
    float *rows;                          /* capacity x d: its points as the kernel sees them */
    int64_t queued, capacity;             /* exk_refine_capacity(k) */
    float *lower;                         /* capacity x k */
    float *offset;                        /* exk_filter_offsets(k) */
    int32_t *candidates;                  /* k */
    int64_t evaluations, exactly_decided; /* added to */
} exk_refine;

/* The points worth refining together: enough for a micro-kernel, while their lower scores stay in cache. */
int64_t exk_refine_capacity(int64_t k);

/* List in `ambiguous` the rows of the tile whose label is not proven, and return how many. The tile's offsets must
 * have been folded with `norm`, which returned `largest_error`. ambiguous: tile->rows entries.
 *
 * Proof: the true score of the label b is at most best + 2 E_b, that of any other centroid at least its own lower
 * score, hence at least `second`. If second > best + 2 E_b, b is the one nearest centroid. */
int64_t exk_certify(const exk_filter *filter, const exk_tile *tile, float norm, double largest_error,
                    int32_t *ambiguous);

/* Whether the label of one row is proven, likewise. */
bool exk_is_certified(const exk_filter *filter, const exk_tile *tile, int64_t row, float norm);

/* Whether x is nearer to a than to b in real arithmetic, given dist64 of both. *exactly is set if that took
 * integers.
 */
bool exk_is_nearer(const float *x, const float *a, double distance_a, const float *b, double distance_b, int64_t d,
                   bool *exactly);

/* Queue a row of the tile. There must be room. label: any that is no duplicate; norm: at least ||x'||. */
void exk_refine_queue(exk_refine *refine, const exk_tile *tile, int64_t row, int32_t label, float norm);

/* Give the queued points their true labels. They stay in doubt[0..queued) until the caller empties the queue.
 *
 * With b the label they have, a centroid can be nearest only if l_j <= l_b + 2 E_b. Those few are compared by
 * direct differences in double, and what that cannot tell apart by exact integers; equal distances mean the lowest
 * index. Where the kernel has settled, upper and others of the doubt are filled in for it. */
void exk_refine_settle(exk_refine *refine);

#ifdef __cplusplus
}
#endif

#endif
