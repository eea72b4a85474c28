/* Chapter 5, exercise 1: four centroids at a time, so that each coordinate of the point is loaded once for four
 * multiply-adds instead of for one. Four sums stay in registers; nothing else is new. */
#include <math.h>

#include "kernels/body/scores.h"

enum { TOGETHER = 4 };

static exk_scratch scratch_bytes(const exk_shape *shape, const exk_plan *plan) {
    (void)shape;
    (void)plan;
    return (exk_scratch){0};
}

/* A product is rounded, then meets at most d additions; the offset is added last. */
static int64_t roundings(const exk_shape *shape, const exk_plan *plan) {
    (void)plan;
    return shape->d + 4;
}

/* dot[r] = x.c_(j + r); beyond the last centroid it is taken again. */
static void products(const float *x, const exk_score_centroids *centroids, int64_t j, float dot[TOGETHER]) {
    const float *row[TOGETHER];
    for (int r = 0; r < TOGETHER; r++) {
        row[r] = centroids->c + (j + r < centroids->k ? j + r : centroids->k - 1) * centroids->d;
        dot[r] = 0.0f;
    }
    for (int64_t t = 0; t < centroids->d; t++)
        for (int r = 0; r < TOGETHER; r++)
            dot[r] += x[t] * row[r][t];
}

/* The smallest and the second smallest lower score of row i so far. */
static void keep(const exk_tile *tile, int64_t i, float lower, int64_t j) {
    if (lower < tile->best[i]) {
        tile->second[i] = tile->best[i];
        tile->best[i] = lower;
        tile->label[i] = (int32_t)j;
    } else if (lower < tile->second[i]) {
        tile->second[i] = lower;
    }
}

static int64_t assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                      const exk_tile *tile) {
    (void)plan;
    (void)workspace;
    for (int64_t i = 0; i < tile->rows; i++) {
        tile->best[i] = tile->second[i] = INFINITY;
        for (int64_t j = 0; j < centroids->k; j += TOGETHER) {
            float dot[TOGETHER];
            products(exk_tile_row(tile, i), centroids, j, dot);
            for (int r = 0; r < TOGETHER && j + r < centroids->k; r++)
                keep(tile, i, tile->offset[j + r] - dot[r], j + r);
        }
    }
    return tile->rows * centroids->k;
}

const exk_kernel EXK_KERNEL = {
    .scratch_rule = "0",
    .scratch_bytes = scratch_bytes,
    .roundings = roundings,
    .assign = assign,
    .scores = row_scores,
};
