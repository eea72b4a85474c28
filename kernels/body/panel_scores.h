/* exk_kernel.scores of every variant on panels: the micro-kernel again, its dot products written out as lower
 * scores instead of searched. workspace->thread must have room for EXK_MR x d floats. */
#ifndef EXK_PANEL_SCORES_H
#define EXK_PANEL_SCORES_H

#include <string.h>

#include "kernels/body/microkernel.h"

/* Whether so few rows are better served by row_scores: the micro-kernel does the work of EXK_MR rows whatever
 * their number, a plain dot product has costs beside its d multiplications. */
EXK_INLINE bool too_few_rows(int64_t rows, int64_t d) {
    return rows * (d + 240) < 8 * d;
}

/* The first `columns` lower scores of panel p for each of the first `rows` points. */
EXK_INLINE void store_panel_scores(const micro_tile *tile, const float *offset, int64_t rows, int64_t columns,
                                   float *lower, int64_t k) {
    EXK_UNROLL for (int r = 0; r < EXK_MR; r++) {
        float row[PANEL_COLUMNS];
        float *at = r < rows && columns == PANEL_COLUMNS ? lower + r * k : row;
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            vec_store(at + v * VEC_LANES, vec_sub(vec_load(offset + v * VEC_LANES), tile->dot[r][v]));
        }
        if (r < rows && at == row)
            memcpy(lower + r * k, row, (size_t)columns * sizeof *row);
    }
}

static inline void panel_scores(const exk_score_centroids *centroids, const exk_plan *plan,
                                const exk_workspace *workspace, const exk_tile *tile, float *lower) {
    const int64_t d = centroids->d, k = centroids->k;
    if (too_few_rows(tile->rows, d)) {
        row_scores(centroids, plan, workspace, tile, lower);
        return;
    }
    const float *panels = workspace->shared;
    for (int64_t i = 0; i < tile->rows; i += EXK_MR) {
        int64_t stride;
        const float *x = micro_rows(tile, i, d, workspace->thread, &stride);
        for (int64_t p = 0; p < panel_count(k); p++) {
            micro_tile dots_here;
            panel_dots(x, stride, panels + p * PANEL_COLUMNS * d, d, plan->depth_tile, &dots_here);
            const int64_t first = p * PANEL_COLUMNS;
            store_panel_scores(&dots_here, tile->offset + first, tile->rows - i, min_i64(k - first, PANEL_COLUMNS),
                               lower + i * k + first, k);
        }
    }
}

#endif
