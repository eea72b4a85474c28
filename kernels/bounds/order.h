/* An order of the centroids in which neighbours are near each other, for bounds that many centroids share. */
#ifndef EXK_ORDER_H
#define EXK_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/exact/bulk.h"

#ifdef __cplusplus
extern "C" {
#endif

/* order[0..k): a permutation of 0..k-1 whose groups of `group` consecutive entries (the last one may be smaller)
 * are near each other: halves are split, at a multiple of `group`, by where they lie along the direction in which
 * they spread most. A matter of speed alone: any permutation is as right. Deterministic. centroids: k x d; memory:
 * exk_order_bytes, garbage afterwards. */
void exk_order_centroids(const exk_bulk *bulk, const float *centroids, int64_t k, int64_t d, int64_t group,
                         void *memory, int32_t *order);

size_t exk_order_bytes(int64_t k, int64_t d);

#ifdef __cplusplus
}
#endif

#endif
