/* naive: the textbook. Every point against every centroid by one dot product each, the whole matrix of scores of a
 * tile written to memory, then each row searched for its minimum. Its point tile is as large as the cap on the
 * matrix allows; nothing is reused from cache on purpose. */
#include "kernels/body/argmin.h"
#include "kernels/body/scores.h"

static exk_scratch scratch_bytes(const exk_shape *shape, const exk_plan *plan) {
    return (exk_scratch){.per_thread = (size_t)plan->point_tile * (size_t)shape->k * sizeof(float)};
}

static int64_t roundings(const exk_shape *shape, const exk_plan *plan) {
    (void)plan;
    return scores_roundings(shape->d);
}

static lane_argmin row_argmin(const float *lower, int64_t k) {
    lane_argmin state = argmin_start();
    int64_t j = 0;
    for (; j + VEC_LANES <= k; j += VEC_LANES)
        argmin_update(&state, vec_load(lower + j), (int32_t)(j / VEC_LANES));
    if (j < k) {
        float tail[VEC_LANES];
        for (int lane = 0; lane < VEC_LANES; lane++)
            tail[lane] = j + lane < k ? lower[j + lane] : INFINITY;
        argmin_update(&state, vec_load(tail), (int32_t)(j / VEC_LANES));
    }
    return state;
}

static int64_t assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                      const exk_tile *tile) {
    float *matrix = workspace->thread;
    row_scores(centroids, plan, workspace, tile, matrix);
    for (int64_t i = 0; i < tile->rows; i++) {
        const lane_argmin state = row_argmin(matrix + i * centroids->k, centroids->k);
        argmin_finish(&state, &tile->label[i], &tile->best[i], &tile->second[i]);
    }
    return tile->rows * centroids->k;
}

const exk_kernel EXK_KERNEL = {
    .scratch_rule = "threads * point_tile * k * 4",
    .scratch_bytes = scratch_bytes,
    .roundings = roundings,
    .assign = assign,
    .scores = row_scores,
};
