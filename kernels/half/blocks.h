/* Lower scores of a panel of points, a point to each lane, against a block of BLOCK centroids, in 16-bit floats,
 * and what they rule out: as int8/blocks.h does it, with
 *
 *     L_j = r offset_j - b (q.p_j) - F_j,    F_j = Q q_j + E e_j + W w_j    (half_loss). */
#ifndef EXK_HALF_BLOCKS_H
#define EXK_HALF_BLOCKS_H

#include "kernels/half/round.h"

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

/* Of the centroids in hand. */
typedef struct half_terms {
    const float *offset, *minus_loss; /* -F_j */
} half_terms;

/* lower[r][point] = L of centroids [j, j + STRIP), whose products are dot[r][point]; the least of each of the
 * VEC_LANES points. */
EXK_INLINE vec_f32 strip_lower(const half_centroids *centroids, int64_t j, const half_terms *terms,
                               const float *dot, vec_f32 factor, float *lower) {
    vec_f32 least = vec_set1(INFINITY);
    EXK_UNROLL for (int r = 0; r < STRIP; r++) {
        const vec_f32 fixed =
            vec_mul_add(vec_set1(terms->offset[j + r]), factor, vec_set1(terms->minus_loss[j + r]));
        const vec_f32 one =
            vec_mul_add(vec_set1(centroids->minus_beta[j + r]), vec_load(dot + r * PANEL_POINTS), fixed);
        vec_store(lower + r * PANEL_POINTS, one);
        least = vec_min(least, one);
    }
    return least;
}

/* Centroids [j, j + BLOCK). */
static inline void meet_block(byte_panel *panel, const int32_t *points, const half_centroids *centroids,
                              int64_t words, int64_t j, const half_terms *terms, micro_fetch *fetch) {
    float dot[BLOCK * PANEL_POINTS] __attribute__((aligned(EXK_ALIGN)));
    float lower[STRIP * PANEL_POINTS] __attribute__((aligned(EXK_ALIGN)));
    half_dots(points, centroids->blocks + j * words, words, fetch, dot);
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
