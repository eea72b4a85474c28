/* The certificate and the refinement: written once, used by every variant. */
#ifndef EXK_CERTIFY_H
#define EXK_CERTIFY_H

#include "kernels/exact/bulk.h"
#include "kernels/exact/filter.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The points refined at a time: enough for a micro-kernel, while their lower scores stay in cache. */
int64_t exk_refine_batch(int64_t k);

/* What the refinement of a tile needs to know, and what it counts. */
typedef struct exk_refine {
    const exk_filter *filter;
    const exk_score_centroids *score_centroids;
    const float *centroids;   /* the true ones, k x d */
    const exk_points *points; /* the true ones */
    const exk_kernel *kernel;
    const exk_plan *plan;
    exk_workspace workspace; /* as after prepare */
    const exk_bulk *bulk;
    float *rows;                          /* exk_refine_batch(k) x d: points as the kernel sees them */
    float *lower;                         /* exk_refine_batch(k) x k */
    float *offset;                        /* exk_filter_offsets(k) */
    int32_t *candidates;                  /* k */
    int64_t evaluations, exactly_decided; /* added to */
} exk_refine;

/* List in `ambiguous` the rows of the tile whose label is not proven, and return how many. The tile's offsets must
 * have been folded with `norm`, which returned `largest_error`. ambiguous: tile->rows entries.
 *
 * Proof: the true score of the label b is at most best + 2 E_b, that of any other centroid at least its own lower
 * score, hence at least `second`. If second > best + 2 E_b, b is the one nearest centroid. */
int64_t exk_certify(const exk_filter *filter, const exk_tile *tile, float norm, double largest_error,
                    int32_t *ambiguous);

/* Give the listed rows their true labels. norms: an upper bound of ||x'|| for each row of the tile.
 *
 * With b the label they have, whatever it is, a centroid can be nearest only if l_j <= l_b + 2 E_b. Those few are
 * compared by direct differences in double, and what that cannot tell apart by exact integers; equal distances
 * mean the lowest index. */
void exk_refine_rows(exk_refine *refine, const exk_tile *tile, const float *norms, const int32_t *ambiguous,
                     int64_t count);

#ifdef __cplusplus
}
#endif

#endif
