/* The certificate and the refinement: written once, used by every variant. */
#ifndef EXK_CERTIFY_H
#define EXK_CERTIFY_H

#include "kernels/exact/bulk.h"
#include "kernels/exact/filter.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { EXK_REFINE_ROWS = 8 };

/* What the refinement of a tile needs to know, and what it counts. */
typedef struct exk_refine {
    const exk_filter *filter;
    const exk_score_centroids *score_centroids;
    const float *centroids;   /* the true ones, k x d */
    const exk_points *points; /* the true ones */
    const exk_kernel *kernel;
    const exk_bulk *bulk;
    float *rows;                          /* EXK_REFINE_ROWS x d: points as the kernel sees them */
    float *lower;                         /* EXK_REFINE_ROWS x k */
    float *offset;                        /* exk_filter_offsets(k) */
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
 * A centroid can be nearest only if l_j <= min over i of l_i + 2 E_i. Those few are compared by direct differences
 * in double, and what that cannot tell apart by exact integers; equal distances mean the lowest index. */
void exk_refine_rows(exk_refine *refine, const exk_tile *tile, const float *norms, const int32_t *ambiguous,
                     int64_t count);

#ifdef __cplusplus
}
#endif

#endif
