/* The smallest variant there is: three nested loops, no workspace. */
#include <math.h>

#include "kernels/body/scores.h"

static exk_scratch scratch_bytes(const exk_shape *shape, const exk_plan *plan) {
    (void)shape;
    (void)plan;
    return (exk_scratch){0};
}

static int64_t roundings(const exk_shape *shape, const exk_plan *plan) {
    (void)plan;
    return shape->d + 4;
}

static int64_t assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                      const exk_tile *tile) {
    (void)plan;
    (void)workspace;
    for (int64_t i = 0; i < tile->rows; i++) {
        tile->best[i] = tile->second[i] = INFINITY;
        for (int64_t j = 0; j < centroids->k; j++) {
            float dot = 0.0f;
            for (int64_t t = 0; t < centroids->d; t++)
                dot += tile->x[i * tile->stride + t] * centroids->c[j * centroids->d + t];
            const float lower = tile->offset[j] - dot;
            if (lower < tile->best[i]) {
                tile->second[i] = tile->best[i];
                tile->best[i] = lower;
                tile->label[i] = (int32_t)j;
            } else if (lower < tile->second[i]) {
                tile->second[i] = lower;
            }
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
