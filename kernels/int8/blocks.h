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

/* The centroids as the micro-kernel wants them; per centroid, padded to whole blocks. */
typedef struct byte_centroids {
    int32_t *blocks;        /* four bytes of a centroid in each: block_place */
    int8_t *rows;           /* [centroid][byte] */
    int32_t *start;         /* -DOT_BIAS * the sum of p */
    float *minus_beta;      /* 0: the centroid cannot be quantised */
    float *loss_q, *loss_e; /* beta ||f||, beta (||p|| + ||f||), widened */
} byte_centroids;

/* Of the centroids in hand, from a whole block on. */
typedef struct byte_terms {
    const float *offset, *minus_loss; /* -F_j */
} byte_terms;

/* F_j */
EXK_INLINE float loss_of(const byte_panel *panel, const byte_centroids *centroids, int64_t j) {
    return panel->largest_norm * centroids->loss_q[j] + panel->largest_residual * centroids->loss_e[j];
}

/* What add_candidates looks at where the least of it is not above some limit. */
enum { STRIP = BLOCK < 8 ? BLOCK : 8 };
_Static_assert(BLOCK % STRIP == 0, "blocks are whole strips");

/* lower[r][point] of centroids [j, j + STRIP): some of them are not above the limits of their points, VEC_LANES
 * from `first` on. */
static __attribute__((noinline)) void add_candidates(byte_panel *panel, int64_t first, const float *lower,
                                                     int32_t j, const float *minus_loss) {
    for (int r = 0; r < STRIP; r++) {
        const float *row = lower + r * PANEL_POINTS;
        uint32_t hits = ~vec_bits(vec_less(vec_load(panel->limit + first), vec_load(row))) & ALL_LANES;
        for (; hits; hits &= hits - 1) {
            const int lane = __builtin_ctz(hits);
            add_candidate(panel, first + lane, j + r, row[lane], -minus_loss[r]);
        }
    }
}

/* lower[r][point] = L of centroids [j, j + STRIP), whose products are dot[r][point]; the least of each of the
 * VEC_LANES points. */
EXK_INLINE vec_f32 strip_lower(const byte_centroids *centroids, int64_t j, const byte_terms *terms,
                               const int32_t *dot, vec_f32 factor, float *lower) {
    vec_f32 least = vec_set1(INFINITY);
    EXK_UNROLL for (int r = 0; r < STRIP; r++) {
        const vec_f32 fixed =
            vec_mul_add(vec_set1(terms->offset[j + r]), factor, vec_set1(terms->minus_loss[j + r]));
        const vec_f32 product = vec_from_i32(vec_load_i32(dot + r * PANEL_POINTS));
        const vec_f32 one = vec_mul_add(vec_set1(centroids->minus_beta[j + r]), product, fixed);
        vec_store(lower + r * PANEL_POINTS, one);
        least = vec_min(least, one);
    }
    return least;
}

/* Centroids [j, j + BLOCK). */
static inline void meet_block(byte_panel *panel, const int32_t *points, const byte_centroids *centroids,
                              int64_t quads, int64_t j, const byte_terms *terms, micro_fetch *fetch) {
    int32_t dot[BLOCK * PANEL_POINTS] __attribute__((aligned(EXK_ALIGN)));
    float lower[STRIP * PANEL_POINTS] __attribute__((aligned(EXK_ALIGN)));
    block_dots(points, centroids->blocks + j * quads, quads, centroids->start + j, fetch, dot);
    EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
        const int64_t first = v * VEC_LANES;
        const vec_f32 factor = vec_load(panel->factor + first);
        for (int64_t at = j; at < j + BLOCK; at += STRIP) {
            const vec_f32 least =
                strip_lower(centroids, at, terms, dot + (at - j) * PANEL_POINTS + first, factor, lower + first);
            if (vec_bits(vec_less(vec_load(panel->limit + first), least)) != ALL_LANES)
                add_candidates(panel, first, lower + first, (int32_t)at, terms->minus_loss + at);
        }
    }
}

#endif
