/* Where distances are computed: the register-blocked micro-kernel that tiled and fused share.
 *
 *                      nr = EXK_NV vectors of points
 *                     +----------------+
 *    EXK_MR centroids | acc[MR][NV]    |   acc[r][v] = start[r] - sum over t of centroid[t][r] * point[t][v]
 *                     +----------------+
 *
 * The vectors run over points, so that each lane keeps the argmin of its own point and nothing is ever reduced
 * across lanes. Points are packed into panels of nr columns, [dimension][point], and centroids into blocks of MR
 * rows, [dimension][centroid]: one step over a dimension reads nr + MR consecutive floats for MR * NV
 * multiply-adds, and no stride of the input reaches the inner loop. A ragged d needs no masks, a ragged k a block
 * of fewer rows, and only the last panel of a tile holds unused lanes. Centroids are packed negated: a product is
 * then added, which every ISA has an instruction for, and rounds to the same bits.
 *
 * Compiled once per row of variants.inc, which defines EXK_VEC_HEADER, EXK_MR and EXK_NV. */
#ifndef EXK_MICROKERNEL_H
#define EXK_MICROKERNEL_H

#include <string.h>

#include "kernels/body/scores.h"
#include "kernels/variant.h"
#include EXK_VEC_HEADER

#if defined(__clang__)
#define EXK_UNROLL   _Pragma("clang loop unroll(full)")
#define EXK_UNROLL_4 _Pragma("clang loop unroll_count(4)")
#else
#define EXK_UNROLL   _Pragma("GCC unroll 16")
#define EXK_UNROLL_4 _Pragma("GCC unroll 4")
#endif
#define EXK_INLINE static inline __attribute__((always_inline))

/* BODY(count) for count = rows, 1 to EXK_MR, a constant in it. A case beyond EXK_MR never comes up: it gets a
 * label of its own and a body that compiles. */
#define EXK_ROWS_LABEL(count) (EXK_MR > (count) ? (count) : -(count))
#define EXK_ROWS_CASE(count, BODY)                                                                                \
    case EXK_ROWS_LABEL(count):                                                                                   \
        BODY((EXK_MR > (count) ? (count) : 1));                                                                   \
        break;
#define EXK_WITH_ROWS(rows, BODY)                                                                                 \
    switch (rows) {                                                                                               \
    case EXK_MR:                                                                                                  \
        BODY(EXK_MR);                                                                                             \
        break;                                                                                                    \
        EXK_ROWS_CASE(1, BODY)                                                                                    \
        EXK_ROWS_CASE(2, BODY)                                                                                    \
        EXK_ROWS_CASE(3, BODY)                                                                                    \
        EXK_ROWS_CASE(4, BODY)                                                                                    \
        EXK_ROWS_CASE(5, BODY)                                                                                    \
        EXK_ROWS_CASE(6, BODY)                                                                                    \
        EXK_ROWS_CASE(7, BODY)                                                                                    \
    default:                                                                                                      \
        break;                                                                                                    \
    }
_Static_assert(EXK_MR <= 8, "EXK_WITH_ROWS lists fewer than 8 rows");

enum { PANEL_POINTS = EXK_NV * VEC_LANES, PACK_SINGLY = 4 };

/* fmaxf is a call, because of NaN. */
EXK_INLINE float max_f32(float a, float b) {
    return a > b ? a : b;
}
EXK_INLINE int64_t min_i64(int64_t a, int64_t b) {
    return a < b ? a : b;
}

EXK_INLINE int64_t round_up_to(int64_t v, int64_t multiple) {
    return (v + multiple - 1) / multiple * multiple;
}

/* One dimension of the micro-kernel. */
EXK_INLINE void micro_step(int rows, const float *points, const float *centroids, vec_f32 acc[EXK_MR][EXK_NV]) {
    vec_f32 point[EXK_NV];
    EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
        point[v] = vec_load(points + v * VEC_LANES);
    }
    EXK_UNROLL for (int r = 0; r < rows; r++) {
        const vec_f32 centroid = vec_set1(centroids[r]);
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            acc[r][v] = vec_mul_add(centroid, point[v], acc[r][v]);
        }
    }
}

/* Memory wanted in L2 soon, a little of it with every dimension of a micro-kernel and every square of points
 * packed: lines that are asked for at once keep the panel's own waiting. `at` must be readable. */
typedef struct micro_fetch {
    const char *at, *end;
    int64_t step;    /* bytes for each dimension, at most a line */
    int64_t packing; /* lines for each square */
} micro_fetch;

/* Nothing is wanted. */
EXK_INLINE micro_fetch fetch_nothing(const void *readable) {
    return (micro_fetch){readable, readable, 0, 0};
}

EXK_INLINE void micro_start(int rows, const float *start, vec_f32 acc[EXK_MR][EXK_NV]) {
    EXK_UNROLL for (int r = 0; r < rows; r++) {
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            acc[r][v] = vec_set1(start[r]);
        }
    }
}

/* Unrolled, the loop's own scalar instructions take fewer of the slots that the multiply-adds need. */
EXK_INLINE void micro_steps(int rows, const float *points, const float *centroids, int64_t depth,
                            micro_fetch *fetch, vec_f32 acc[EXK_MR][EXK_NV]) {
    const char *at = fetch->at;
    const int64_t step = at < fetch->end ? fetch->step : 0;
    EXK_UNROLL_4 for (int64_t t = 0; t < depth; t++) {
        __builtin_prefetch(at, 0, 2);
        at += step;
        micro_step(rows, points + t * PANEL_POINTS, centroids + t * EXK_MR, acc);
    }
    fetch->at = at;
}

EXK_INLINE void micro_add(int rows, const float *more, vec_f32 acc[EXK_MR][EXK_NV]) {
    EXK_UNROLL for (int r = 0; r < rows; r++) {
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            acc[r][v] = vec_add(acc[r][v], vec_load(more + r * PANEL_POINTS + v * VEC_LANES));
        }
    }
}

EXK_INLINE void micro_rows(int rows, const float *points, const float *centroids, int64_t depth,
                           const float *start, micro_fetch *fetch, bool add, float *out) {
    vec_f32 acc[EXK_MR][EXK_NV];
    micro_start(rows, start, acc);
    micro_steps(rows, points, centroids, depth, fetch, acc);
    if (add)
        micro_add(rows, out, acc);
    EXK_UNROLL for (int r = 0; r < rows; r++) {
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            vec_store(out + r * PANEL_POINTS + v * VEC_LANES, acc[r][v]);
        }
    }
}

/* out[r][point] = start[r] - dot product over `depth` dimensions, for `rows` <= EXK_MR centroids; out += that with
 * `add`. Never inlined: compilers given more to keep in registers around this loop spill its accumulators. */
static __attribute__((noinline)) void micro_scores(int rows, const float *points, const float *centroids,
                                                   int64_t depth, const float *start, micro_fetch *fetch, bool add,
                                                   float *out) {
#define EXK_BODY(count) micro_rows(count, points, centroids, depth, start, fetch, add, out)
    EXK_WITH_ROWS(rows, EXK_BODY);
#undef EXK_BODY
}

/* Lower scores of a panel of points against a block of `rows` centroids over all d dimensions, starting afresh
 * every depth_tile of them: no product then meets more than depth_tile + d/depth_tile roundings, which keeps the
 * error bound, and so the number of ambiguous points, small. */
EXK_INLINE void block_scores(int rows, const float *points, const float *centroids, int64_t d, int64_t depth_tile,
                             const float *offset, micro_fetch *fetch, float *out) {
    static const float zero[EXK_MR];
    micro_scores(rows, points, centroids, min_i64(d, depth_tile), offset, fetch, false, out);
    for (int64_t t = depth_tile; t < d; t += depth_tile) {
        micro_scores(rows, points + t * PANEL_POINTS, centroids + t * EXK_MR, min_i64(d - t, depth_tile), zero,
                     fetch, true, out);
    }
}

/* See exk_kernel.roundings: a multiplication and an addition each round on an ISA without fused multiply-add. */
EXK_INLINE int64_t panel_roundings(int64_t d, int64_t depth_tile) {
    return min_i64(d, depth_tile) + (d + depth_tile - 1) / depth_tile + 1;
}

/* exk_kernel.roundings of every variant on panels, whose scores may be row_scores. */
static inline int64_t panels_roundings(const exk_shape *shape, const exk_plan *plan) {
    const int64_t panel = panel_roundings(shape->d, plan->depth_tile), rows = scores_roundings(shape->d);
    return panel > rows ? panel : rows;
}

EXK_INLINE size_t centroid_blocks_bytes(const exk_shape *shape) {
    return (size_t)round_up_to(shape->k, EXK_MR) * (size_t)shape->d * sizeof(float);
}

/* exk_kernel.prepare of every variant on panels: blocks [part/parts) of the negated
 * centroids, [block][dimension][centroid], behind k the last one again. */
static inline void pack_centroids(const exk_score_centroids *centroids, const exk_plan *plan,
                                  const exk_workspace *workspace, int part, int parts) {
    (void)plan;
    const int64_t d = centroids->d, k = centroids->k, count = (k + EXK_MR - 1) / EXK_MR;
    for (int64_t b = count * part / parts; b < count * (part + 1) / parts; b++) {
        float *block = (float *)workspace->shared + b * EXK_MR * d;
        const float *row[EXK_MR];
        for (int r = 0; r < EXK_MR; r++)
            row[r] = centroids->c + min_i64(b * EXK_MR + r, k - 1) * d;
        for (int64_t t = 0; t < d; t++) {
            for (int r = 0; r < EXK_MR; r++)
                block[t * EXK_MR + r] = -row[r][t];
        }
    }
}

EXK_INLINE size_t point_panels_floats(const exk_shape *shape, const exk_plan *plan) {
    return (size_t)round_up_to(plan->point_tile, PANEL_POINTS) * (size_t)shape->d;
}

/* Dimensions [t, t + count) of VEC_LANES points, transposed in registers. */
EXK_INLINE void pack_square(const float *x, int64_t stride, int64_t rows, int64_t t, int64_t count,
                            float *columns) {
    vec_f32 lane[VEC_LANES];
    x += t;
    EXK_UNROLL for (int i = 0; i < VEC_LANES; i++) {
        const float *from = rows == VEC_LANES ? x + i * stride : x + min_i64(i, rows - 1) * stride;
        lane[i] = count == VEC_LANES ? vec_load(from) : vec_load_part(from, count);
    }
    vec_transpose(lane);
    EXK_UNROLL for (int i = 0; i < VEC_LANES; i++) {
        if (i < count)
            vec_store(columns + (t + i) * PANEL_POINTS, lane[i]);
    }
}

/* Up to PACK_SINGLY dimensions of VEC_LANES points copied one by one: of 2-dimensional points it takes a third of
 * the time that the transposition takes. */
EXK_INLINE void pack_singly(const float *x, int64_t stride, int64_t rows, int64_t t, int64_t count,
                            float *columns) {
    for (int64_t i = 0; i < VEC_LANES; i++) {
        const float *from = x + min_i64(i, rows - 1) * stride + t;
        for (int64_t u = 0; u < count; u++)
            columns[(t + u) * PANEL_POINTS + i] = from[u];
    }
}

/* VEC_LANES points into one vector of columns of their panel; beyond `rows` the last point again. */
EXK_INLINE void pack_rows(const float *x, int64_t stride, int64_t rows, int64_t d, micro_fetch *fetch,
                          float *columns) {
    int64_t t = 0;
    for (; t + VEC_LANES <= d; t += VEC_LANES) {
        for (int64_t line = 0; line < fetch->packing; line++)
            __builtin_prefetch(fetch->at + line * EXK_ALIGN, 0, 2);
        fetch->at += fetch->packing * EXK_ALIGN;
        pack_square(x, stride, rows, t, VEC_LANES, columns);
    }
    if (d - t > PACK_SINGLY)
        pack_square(x, stride, rows, t, d - t, columns);
    else
        pack_singly(x, stride, rows, t, d - t, columns);
}

EXK_INLINE void pack_vector(const float *x, int64_t stride, int64_t rows, int64_t d, micro_fetch *fetch,
                            float *columns) {
    if (rows == VEC_LANES) /* known to the compiler, that saves 16 addresses */
        pack_rows(x, stride, VEC_LANES, d, fetch, columns);
    else
        pack_rows(x, stride, rows, d, fetch, columns);
}

/* Panel of the points from row `first` of the tile on, [dimension][point]. */
static inline void pack_points(const exk_tile *tile, int64_t first, int64_t d, micro_fetch *fetch, float *panel) {
    for (int v = 0; v < EXK_NV; v++) {
        const int64_t row = min_i64(first + v * VEC_LANES, tile->rows - 1);
        pack_vector(tile->x + row * tile->stride, tile->stride, min_i64(tile->rows - row, VEC_LANES), d, fetch,
                    panel + v * VEC_LANES);
    }
}

/* The points that the thread takes next are fetched while it compares `tile` with k centroids: as much as the
 * micro-kernels can, the rest while packing. */
static inline micro_fetch fetch_next(const exk_tile *tile, int64_t d, int64_t k) {
    const int64_t panels = (tile->rows + PANEL_POINTS - 1) / PANEL_POINTS, blocks = (k + EXK_MR - 1) / EXK_MR;
    const int64_t steps = panels * blocks * d, squares = panels * EXK_NV * (d / VEC_LANES);
    if (!tile->next)
        return fetch_nothing(tile->x);
    const int64_t bytes = tile->rows * tile->stride * (int64_t)sizeof(float);
    const int64_t step = min_i64((bytes + steps - 1) / steps, EXK_ALIGN), left = bytes - steps * step;
    const int64_t packing = left > 0 && squares > 0 ? (left / EXK_ALIGN + squares - 1) / squares : 0;
    const char *next = (const char *)tile->next;
    return (micro_fetch){next, next + bytes, step, packing};
}

#endif
