/* Lower scores of a panel of points, a point to each lane, against a block of BLOCK centroids, in 16-bit floats,
 * and what they rule out: as int8/blocks.h does it, with
 *
 *     L_j = r offset_j - b (q.p_j) - F_j,    F_j = Q q_j + E e_j + W w_j    (half_loss). */
#ifndef EXK_HALF_BLOCKS_H
#define EXK_HALF_BLOCKS_H

#include "kernels/half/round.h"

typedef float block_product;
static inline vec_f32 load_products(const block_product *dot) {
    return vec_load(dot);
}
#include "kernels/int8/panels.h"

/* largest_norm and largest_residual of `points` are Q and E. */
typedef struct half_panel {
    byte_panel points;
    float largest_weighted; /* W */
} half_panel;

/* The centroids as the micro-kernel wants them; per centroid, padded to whole blocks. */
typedef struct half_centroids {
    int32_t *blocks;                 /* a word in each: block_place */
    float *minus_beta;               /* 0: the centroid cannot be rounded */
    float *loss_q, *loss_e, *loss_w; /* half_loss */
} half_centroids;

/* F_j */
EXK_INLINE float loss_of(const half_panel *panel, const half_centroids *centroids, int64_t j) {
    return panel->points.largest_norm * centroids->loss_q[j] +
           panel->points.largest_residual * centroids->loss_e[j] + panel->largest_weighted * centroids->loss_w[j];
}

/* Centroids [j, j + BLOCK). */
static inline void meet_block(byte_panel *panel, const int32_t *points, const half_centroids *centroids,
                              int64_t words, int64_t j, const block_terms *terms, micro_fetch *fetch) {
    block_product dot[BLOCK * PANEL_POINTS] __attribute__((aligned(EXK_ALIGN)));
    half_dots(points, centroids->blocks + j * words, words, fetch, dot);
    meet_products(panel, centroids->minus_beta, j, terms, dot);
}

#endif
