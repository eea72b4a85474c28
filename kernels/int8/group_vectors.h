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

/* Sums of each point with a vector of centroids: where there are few, the next product waits for the last. */
enum { CHAINS = EXK_MR * EXK_NV <= 8 && VEC_LANES == 16 ? 2 : 1 };

/* Up to EXK_MR points. */
EXK_INLINE void group_dots_of(int rows, const int8_t *const *x, const int32_t *start, const int32_t *block,
                              int64_t quads, int32_t *dot) {
    vec_i32 acc[CHAINS][EXK_MR][EXK_NV];
    EXK_UNROLL for (int r = 0; r < rows; r++) {
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            acc[0][r][v] = vec_set1_i32(start[r]);
            acc[CHAINS - 1][r][v] = vec_set1_i32(CHAINS > 1 ? 0 : start[r]);
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
                    acc[u % CHAINS][r][v] = dot_add_all(acc[u % CHAINS][r][v], centroid, point);
                }
            }
        }
    }
    EXK_UNROLL for (int r = 0; r < rows; r++) {
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            int32_t *to = dot + r * GROUP + v * VEC_LANES, other[VEC_LANES];
            vec_store_i32(to, acc[0][r][v]);
            vec_store_i32(other, acc[CHAINS - 1][r][v]);
            for (int lane = 0; lane < (CHAINS > 1 ? VEC_LANES : 0); lane++)
                to[lane] += other[lane];
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

typedef void (*dot_meanwhile)(const void *work, int64_t part, int64_t parts);

/* The same of a panel of rows that lie `stride` bytes apart. As many bytes as a row has are fetched, and some
 * other work is done, in one part: it needs the units that products do. */
EXK_INLINE void panel_dots(const int8_t *rows, int64_t stride, const int32_t *start, const int32_t *block,
                           int64_t quads, const char *fetch, int32_t *dot, dot_meanwhile meanwhile,
                           const void *work) {
    meanwhile(work, 0, 1);
    fetch_lines(fetch, quads * QUAD);
    for (int first = 0; first < PANEL_POINTS; first += EXK_MR) {
        const int8_t *x[EXK_MR];
        const int count = (int)min_i64(EXK_MR, PANEL_POINTS - first);
        for (int r = 0; r < count; r++)
            x[r] = rows + (first + r) * stride;
        group_dots_few(count, x, start + first, block, quads, dot + first * GROUP);
    }
}

#endif
