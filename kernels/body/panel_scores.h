/* exk_kernel.scores of every variant on panels: the micro-kernel again, its lower scores written out instead of
 * searched. workspace->thread must have room for a panel of points. */
#ifndef EXK_PANEL_SCORES_H
#define EXK_PANEL_SCORES_H

#include "kernels/body/microkernel.h"

/* Whether so few rows are better served by row_scores: the micro-kernel does the work of a whole panel whatever
 * their number, a plain dot product has costs beside its d multiplications. */
EXK_INLINE bool too_few_rows(int64_t rows, int64_t d) {
    return rows * (d + 240) * 3 < 2 * PANEL_POINTS * d;
}

/* All lower scores of the points in one panel. */
static inline void store_panel_scores(const exk_score_centroids *centroids, const exk_plan *plan,
                                      const float *blocks, const float *offset, const float *points, int64_t rows,
                                      float *lower) {
    float scores[EXK_MR * PANEL_POINTS] __attribute__((aligned(EXK_ALIGN)));
    const int64_t d = centroids->d, k = centroids->k;
    micro_fetch nothing = fetch_nothing(points);
    for (int64_t j = 0; j < k; j += EXK_MR) {
        const int count = (int)min_i64(EXK_MR, k - j);
        block_scores(count, points, blocks + j * d, d, plan->depth_tile, offset + j, &nothing, scores);
        for (int64_t i = 0; i < rows; i++) {
            for (int r = 0; r < count; r++)
                lower[i * k + j + r] = scores[r * PANEL_POINTS + i];
        }
    }
}

static inline void panel_scores(const exk_score_centroids *centroids, const exk_plan *plan,
                                const exk_workspace *workspace, const exk_tile *tile, float *lower) {
    if (too_few_rows(tile->rows, centroids->d)) {
        row_scores(centroids, plan, workspace, tile, lower);
        return;
    }
    float *points = workspace->thread;
    micro_fetch nothing = fetch_nothing(tile->x);
    for (int64_t i = 0; i < tile->rows; i += PANEL_POINTS) {
        pack_points(tile, i, centroids->d, &nothing, points);
        store_panel_scores(centroids, plan, workspace->shared, tile->offset, points,
                           min_i64(PANEL_POINTS, tile->rows - i), lower + i * centroids->k);
    }
}

#endif
