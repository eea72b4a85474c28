/* What filters share that take a panel of points, a point to each lane, past blocks of centroids: the panel's
 * layout, the lower scores that products with a block make, and float32 where the filter is no good. Who includes
 * this has defined BLOCK, block_product, the type of a product, and load_products, VEC_LANES of them as floats. */
#ifndef EXK_INT8_PANELS_H
#define EXK_INT8_PANELS_H

#include "kernels/body/sweep.h"
#include "kernels/int8/candidates.h"

/* Columns of four bytes each of VEC_LANES rows, `stride` bytes apart. */
static void transpose_rows(const int8_t *row, size_t stride, int64_t quads, int32_t *columns) {
    for (int64_t t = 0; t < quads; t += VEC_LANES) {
        vec_f32 lane[VEC_LANES];
        EXK_UNROLL for (int i = 0; i < VEC_LANES; i++) {
            const float *from = (const float *)(const void *)(row + (size_t)i * stride) + t;
            lane[i] = quads - t >= VEC_LANES ? vec_load(from) : vec_load_part(from, quads - t);
        }
        vec_transpose(lane);
        EXK_UNROLL for (int i = 0; i < VEC_LANES; i++) {
            if (t + i < quads)
                vec_store((float *)(void *)(columns + (t + i) * PANEL_POINTS), lane[i]);
        }
    }
}

/* Of the centroids in hand, from a whole block on. */
typedef struct block_terms {
    const float *offset, *minus_loss; /* -F_j */
} block_terms;

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
EXK_INLINE vec_f32 strip_lower(const float *minus_beta, int64_t j, const block_terms *terms,
                               const block_product *dot, vec_f32 factor, float *lower) {
    vec_f32 least = vec_set1(INFINITY);
    EXK_UNROLL for (int r = 0; r < STRIP; r++) {
        const vec_f32 fixed =
            vec_mul_add(vec_set1(terms->offset[j + r]), factor, vec_set1(terms->minus_loss[j + r]));
        const vec_f32 one = vec_mul_add(vec_set1(minus_beta[j + r]), load_products(dot + r * PANEL_POINTS), fixed);
        vec_store(lower + r * PANEL_POINTS, one);
        least = vec_min(least, one);
    }
    return least;
}

/* Centroids [j, j + BLOCK), whose products are dot[r][point]. */
static inline void meet_products(byte_panel *panel, const float *minus_beta, int64_t j, const block_terms *terms,
                                 const block_product *dot) {
    float lower[STRIP * PANEL_POINTS] __attribute__((aligned(EXK_ALIGN)));
    EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
        const int64_t first = v * VEC_LANES;
        const vec_f32 factor = vec_load(panel->factor + first);
        for (int64_t at = j; at < j + BLOCK; at += STRIP) {
            const vec_f32 least =
                strip_lower(minus_beta, at, terms, dot + (at - j) * PANEL_POINTS + first, factor, lower + first);
            if (vec_bits(vec_less(vec_load(panel->limit + first), least)) != ALL_LANES)
                add_candidates(panel, first, lower + first, (int32_t)at, terms->minus_loss + at);
        }
    }
}

/* A tile in float32. */
static int64_t meet_floats(contest *c, const exk_plan *plan, const exk_workspace *workspace) {
    if (c->tile->scattered) {
        c->evaluations = 0;
        for (int64_t i = 0; i < c->tile->rows; i++)
            meet_all(c, i);
        return c->evaluations;
    }
    sweep_tile(c->centroids, plan, workspace->shared, workspace->thread, c->tile);
    return c->tile->rows * c->centroids->k;
}

#endif
