/* Products of scattered points with a group of centroids, by vectors of centroids. */
#ifndef EXK_INT8_GROUP_VECTORS_H
#define EXK_INT8_GROUP_VECTORS_H

#include "kernels/int8/quantise.h"

/* Around all group_dots of a thread. */
static inline void groups_begin(void) {}
static inline void groups_end(void) {}

/* Bytes that group_dots needs to work in. */
static inline size_t gathered_bytes(const rotation *turn) {
    (void)turn;
    return 0;
}

/* Up to EXK_MR points. Two sums for each, or the next product waits for the last. */
EXK_INLINE void group_dots_of(int rows, const int8_t *const *x, const int32_t *start, const int32_t *block,
                              int64_t quads, int32_t *dot) {
    enum { CHAINS = 2 };
    vec_i32 acc[CHAINS][EXK_MR][EXK_NV];
    EXK_UNROLL for (int r = 0; r < rows; r++) {
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            acc[0][r][v] = vec_set1_i32(start[r]);
            acc[1][r][v] = vec_set1_i32(0);
        }
    }
    for (int64_t t = 0; t < quads; t += 2) {
        EXK_UNROLL for (int u = 0; u < 2; u += DOT_TOGETHER) {
            EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
                vec_i32 centroid[DOT_TOGETHER];
                EXK_UNROLL for (int w = 0; w < DOT_TOGETHER; w++) {
                    centroid[w] = vec_load_i32(block + (t + u + w) * GROUP + v * VEC_LANES);
                }
                EXK_UNROLL for (int r = 0; r < rows; r++) {
                    const int32_t *point = (const int32_t *)(const void *)(x[r] + (t + u) * QUAD);
                    acc[u][r][v] = dot_add_all(acc[u][r][v], centroid, point);
                }
            }
        }
    }
    EXK_UNROLL for (int r = 0; r < rows; r++) {
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            int32_t sum[CHAINS][VEC_LANES];
            vec_store_i32(sum[0], acc[0][r][v]);
            vec_store_i32(sum[1], acc[1][r][v]);
            for (int lane = 0; lane < VEC_LANES; lane++)
                dot[r * GROUP + v * VEC_LANES + lane] = sum[0][lane] + sum[1][lane];
        }
    }
}

static __attribute__((noinline)) void group_dots_few(int rows, const int8_t *const *x, const int32_t *start,
                                                     const int32_t *block, int64_t quads, int32_t *dot) {
#define EXK_BODY(count) group_dots_of(count, x, start, block, quads, dot)
    EXK_WITH_ROWS(rows, EXK_BODY);
#undef EXK_BODY
}

/* dot[r][centroid] = p_r.q of up to ROWS_TOGETHER points, x[r] being the bytes of each. */
static inline void group_dots(int rows, const int8_t *const *x, const int32_t *start, const int32_t *block,
                              int64_t quads, int8_t *gathered, int32_t *dot) {
    (void)gathered;
    for (int first = 0; first < rows; first += EXK_MR)
        group_dots_few((int)min_i64(EXK_MR, rows - first), x + first, start + first, block, quads,
                       dot + first * GROUP);
}

#endif
