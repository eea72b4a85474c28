/* Products of a panel of points with a block of centroids, by vectors of points. */
#ifndef EXK_INT8_BLOCK_VECTORS_H
#define EXK_INT8_BLOCK_VECTORS_H

#include "kernels/int8/quantise.h"

enum { BLOCK = EXK_MR };

/* Where quad t of centroid j is: [block][quad][centroid]. */
static inline int64_t block_place(int64_t j, int64_t t, int64_t quads) {
    return j / BLOCK * BLOCK * quads + t * BLOCK + j % BLOCK;
}

/* DOT_TOGETHER quads of the micro-kernel. */
EXK_INLINE void byte_step(const int32_t *points, const int32_t *centroids, vec_i32 acc[EXK_MR][EXK_NV]) {
    vec_i32 point[EXK_NV][DOT_TOGETHER], centroid[DOT_TOGETHER];
    EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
        EXK_UNROLL for (int t = 0; t < DOT_TOGETHER; t++) {
            point[v][t] = vec_load_i32(points + t * PANEL_POINTS + v * VEC_LANES);
        }
    }
    EXK_UNROLL for (int r = 0; r < EXK_MR; r++) {
        EXK_UNROLL for (int t = 0; t < DOT_TOGETHER; t++) {
            centroid[t] = vec_set1_i32(centroids[t * EXK_MR + r]);
        }
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            acc[r][v] = dot_add(acc[r][v], point[v], centroid);
        }
    }
}

EXK_INLINE void byte_steps(const int32_t *points, const int32_t *centroids, int64_t quads, micro_fetch *fetch,
                           vec_i32 acc[EXK_MR][EXK_NV]) {
    const char *at = fetch->at;
    const int64_t step = at < fetch->end ? fetch->step : 0;
    for (int64_t t = 0; t < quads; t += 2) {
        __builtin_prefetch(at, 0, 2);
        at += step;
        EXK_UNROLL for (int u = 0; u < 2; u += DOT_TOGETHER) {
            byte_step(points + (t + u) * PANEL_POINTS, centroids + (t + u) * EXK_MR, acc);
        }
    }
    fetch->at = at;
}

/* Around all block_dots of a thread. */
static inline void blocks_begin(void) {}
static inline void blocks_end(void) {}

/* fetch_next for block_dots. */
static inline micro_fetch fetch_with_blocks(const exk_tile *tile, int64_t quads, int64_t k) {
    return fetch_next(tile, quads / 2, k);
}

/* dot[r][point] = q.p_r. Never inlined, like micro_scores; and its sums go through memory, or gcc 12 stores those
 * that it has no register for later with every quad. */
static __attribute__((noinline)) void block_dots(const int32_t *points, const int32_t *centroids, int64_t quads,
                                                 const int32_t *start, micro_fetch *fetch, int32_t *dot) {
    vec_i32 acc[EXK_MR][EXK_NV];
    EXK_UNROLL for (int r = 0; r < EXK_MR; r++) {
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            acc[r][v] = vec_set1_i32(start[r]);
        }
    }
    byte_steps(points, centroids, quads, fetch, acc);
    EXK_UNROLL for (int r = 0; r < EXK_MR; r++) {
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            vec_store_i32(dot + r * PANEL_POINTS + v * VEC_LANES, acc[r][v]);
        }
    }
}

#endif
