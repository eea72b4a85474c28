/* Where distances are computed: the register-blocked micro-kernel that tiled and fused share.
 *
 *                  nr = EXK_NV vectors of centroids
 *                 +----------------+
 *    EXK_MR rows  | acc[MR][NV]    |   acc[r][v] = sum over t of x[r][t] * panel[t][v]
 *                 +----------------+
 *
 * Centroids are packed into panels of nr columns, [dimension][centroid], so that one step over a dimension reads
 * nr consecutive floats and broadcasts one float of each of MR points: MR*NV multiply-adds for MR+NV loads. The
 * vectors run over centroids: a ragged dimension needs no masks, and a ragged k is padded with zero columns.
 *
 * Compiled once per row of variants.inc, which defines EXK_VEC_HEADER, EXK_MR and EXK_NV. */
#ifndef EXK_MICROKERNEL_H
#define EXK_MICROKERNEL_H

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

enum { PANEL_COLUMNS = EXK_NV * VEC_LANES };

typedef struct micro_tile {
    vec_f32 dot[EXK_MR][EXK_NV];
} micro_tile;

EXK_INLINE int64_t min_i64(int64_t a, int64_t b) {
    return a < b ? a : b;
}

EXK_INLINE int64_t panel_count(int64_t k) {
    return (k + PANEL_COLUMNS - 1) / PANEL_COLUMNS;
}

EXK_INLINE size_t panels_bytes(int64_t k, int64_t d) {
    return (size_t)panel_count(k) * PANEL_COLUMNS * (size_t)d * sizeof(float);
}

/* Dot products of EXK_MR points with the columns of a panel over `depth` dimensions. */
EXK_INLINE void micro_dots(const float *x, int64_t stride, const float *panel, int64_t depth, micro_tile *tile) {
    micro_tile acc;
    EXK_UNROLL for (int r = 0; r < EXK_MR; r++) {
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            acc.dot[r][v] = vec_set1(0.0f);
        }
    }
    /* Unrolled, the loop's own scalar instructions take fewer of the slots that the multiply-adds need. */
    EXK_UNROLL_4 for (int64_t t = 0; t < depth; t++) {
        vec_f32 column[EXK_NV];
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            column[v] = vec_load(panel + t * PANEL_COLUMNS + v * VEC_LANES);
        }
        EXK_UNROLL for (int r = 0; r < EXK_MR; r++) {
            const vec_f32 point = vec_set1(x[r * stride + t]);
            EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
                acc.dot[r][v] = vec_mul_add(point, column[v], acc.dot[r][v]);
            }
        }
    }
    *tile = acc;
}

EXK_INLINE void micro_add(micro_tile *tile, const micro_tile *more) {
    EXK_UNROLL for (int r = 0; r < EXK_MR; r++) {
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            tile->dot[r][v] = vec_add(tile->dot[r][v], more->dot[r][v]);
        }
    }
}

/* The same over all d dimensions, starting afresh every depth_tile of them: no product then meets more than
 * depth_tile + d/depth_tile roundings, which keeps the error bound, and so the number of ambiguous points, small.
 */
EXK_INLINE void panel_dots(const float *x, int64_t stride, const float *panel, int64_t d, int64_t depth_tile,
                           micro_tile *tile) {
    micro_dots(x, stride, panel, min_i64(d, depth_tile), tile);
    for (int64_t t = depth_tile; t < d; t += depth_tile) {
        micro_tile slice;
        micro_dots(x + t, stride, panel + t * PANEL_COLUMNS, min_i64(d - t, depth_tile), &slice);
        micro_add(tile, &slice);
    }
}

/* See exk_kernel.roundings: a multiplication and an addition each round on an ISA without fused multiply-add. */
EXK_INLINE int64_t panel_roundings(int64_t d, int64_t depth_tile) {
    return min_i64(d, depth_tile) + (d + depth_tile - 1) / depth_tile + 1;
}

/* Pack panels [part/parts) of the k x d centroids: [panel][dimension][column], zero columns behind k. */
EXK_INLINE void pack_panels(const exk_score_centroids *centroids, float *panels, int part, int parts) {
    const int64_t d = centroids->d, k = centroids->k, count = panel_count(k);
    for (int64_t p = count * part / parts; p < count * (part + 1) / parts; p++) {
        float *panel = panels + p * PANEL_COLUMNS * d;
        for (int64_t column = 0; column < PANEL_COLUMNS; column++) {
            const int64_t j = p * PANEL_COLUMNS + column;
            for (int64_t t = 0; t < d; t++)
                panel[t * PANEL_COLUMNS + column] = j < k ? centroids->c[j * d + t] : 0.0f;
        }
    }
}

/* exk_kernel.prepare of every variant on panels. */
static inline void panels_prepare(const exk_score_centroids *centroids, const exk_plan *plan,
                                  const exk_workspace *workspace, int part, int parts) {
    (void)plan;
    pack_panels(centroids, workspace->shared, part, parts);
}

/* exk_kernel.roundings of every variant on panels, whose scores may be row_scores. */
static inline int64_t panels_roundings(const exk_shape *shape, const exk_plan *plan) {
    const int64_t panel = panel_roundings(shape->d, plan->depth_tile), rows = scores_roundings(shape->d);
    return panel > rows ? panel : rows;
}

/* The micro-kernel always reads EXK_MR rows. For the last rows of a tile: a copy in `edge` (EXK_MR x d floats),
 * the last row repeated. Returns where to read, and sets *stride accordingly. */
EXK_INLINE const float *micro_rows(const exk_tile *tile, int64_t row, int64_t d, float *edge, int64_t *stride) {
    const int64_t left = tile->rows - row;
    if (left >= EXK_MR) {
        *stride = tile->stride;
        return tile->x + row * tile->stride;
    }
    for (int64_t r = 0; r < EXK_MR; r++) {
        const float *from = tile->x + (row + min_i64(r, left - 1)) * tile->stride;
        for (int64_t t = 0; t < d; t++)
            edge[r * d + t] = from[t];
    }
    *stride = d;
    return edge;
}

#endif
