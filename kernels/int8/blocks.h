/* The micro-kernel on bytes: lower scores of a panel of points, a point to each lane, against a block of BLOCK
 * centroids, and what they rule out. */
#ifndef EXK_INT8_BLOCKS_H
#define EXK_INT8_BLOCKS_H

#include "kernels/int8/candidates.h"

#ifdef EXK_DOT_TILES
#include "kernels/int8/block_tiles.h"
#else
#include "kernels/int8/block_vectors.h"
#endif

typedef int32_t block_product;
static inline vec_f32 load_products(const block_product *dot) {
    return vec_from_i32(vec_load_i32(dot));
}
#include "kernels/int8/panels.h"

/* The centroids as the micro-kernel wants them; per centroid, padded to whole blocks. */
typedef struct byte_centroids {
    int32_t *blocks;        /* four bytes of a centroid in each: block_place */
    int8_t *rows;           /* [centroid][byte] */
    int32_t *start;         /* -DOT_BIAS * the sum of p */
    float *minus_beta;      /* 0: the centroid cannot be quantised */
    float *loss_q, *loss_e; /* beta ||f||, beta (||p|| + ||f||), widened */
} byte_centroids;

/* F_j */
EXK_INLINE float loss_of(const byte_panel *panel, const byte_centroids *centroids, int64_t j) {
    return panel->largest_norm * centroids->loss_q[j] + panel->largest_residual * centroids->loss_e[j];
}

/* Centroids [j, j + BLOCK). */
static inline void meet_block(byte_panel *panel, const int32_t *points, const byte_centroids *centroids,
                              int64_t quads, int64_t j, const block_terms *terms, micro_fetch *fetch) {
    block_product dot[BLOCK * PANEL_POINTS] __attribute__((aligned(EXK_ALIGN)));
    block_dots(points, centroids->blocks + j * quads, quads, centroids->start + j, fetch, dot);
    meet_products(panel, centroids->minus_beta, j, terms, dot);
}

#endif
