/* tiled: the same arithmetic cut to fit the caches. A tile of points meets a tile of centroids in slices of
 * depth_tile dimensions (a slice of a panel stays in L1 while the points pass); the scores of tile x tile stay in
 * L2 and are searched there before the next tile of centroids overwrites them. */
#include "kernels/body/argmin.h"
#include "kernels/body/microkernel.h"
#include "kernels/body/panel_scores.h"

/* Rows of the score buffer: whole micro-tiles. */
static int64_t buffer_rows(int64_t rows) {
    return (rows + EXK_MR - 1) / EXK_MR * EXK_MR;
}

static size_t buffer_floats(const exk_plan *plan) {
    return (size_t)buffer_rows(plan->point_tile) * (size_t)plan->centroid_tile;
}

static size_t state_bytes(const exk_plan *plan) {
    return (size_t)plan->point_tile * sizeof(lane_argmin);
}

static exk_scratch scratch_bytes(const exk_shape *shape, const exk_plan *plan) {
    return (exk_scratch){
        .shared = panels_bytes(shape->k, shape->d),
        .per_thread = state_bytes(plan) + (buffer_floats(plan) + EXK_MR * (size_t)shape->d) * sizeof(float),
    };
}

/* Add the dot products over one slice of one panel to column block `at` of the score buffer. */
static void add_slice(const exk_tile *tile, const float *panel, int64_t d, int64_t from, int64_t depth,
                      float *edge, float *at, int64_t width) {
    for (int64_t i = 0; i < tile->rows; i += EXK_MR) {
        int64_t stride;
        const float *x = micro_rows(tile, i, d, edge, &stride);
        micro_tile dots_here;
        micro_dots(x + from, stride, panel + from * PANEL_COLUMNS, depth, &dots_here);
        for (int r = 0; r < EXK_MR; r++) {
            for (int v = 0; v < EXK_NV; v++) {
                float *score = at + (i + r) * width + v * VEC_LANES;
                const vec_f32 before = from == 0 ? vec_set1(0.0f) : vec_load(score);
                vec_store(score, vec_add(before, dots_here.dot[r][v]));
            }
        }
    }
}

static void assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                   const exk_tile *tile) {
    const int64_t d = centroids->d, k = centroids->k, width = plan->centroid_tile;
    lane_argmin *state = workspace->thread;
    float *buffer = (float *)(void *)((char *)workspace->thread + state_bytes(plan));
    float *edge = buffer + buffer_floats(plan);
    for (int64_t i = 0; i < tile->rows; i++)
        state[i] = argmin_start();
    for (int64_t j0 = 0; j0 < k; j0 += width) {
        const int64_t count = min_i64(width, k - j0);
        for (int64_t t = 0; t < d; t += plan->depth_tile) {
            const int64_t depth = min_i64(plan->depth_tile, d - t);
            for (int64_t j = 0; j < count; j += PANEL_COLUMNS) {
                const float *panel = (const float *)workspace->shared + (j0 + j) * d;
                add_slice(tile, panel, d, t, depth, edge, buffer + j, width);
            }
        }
        for (int64_t i = 0; i < tile->rows; i++)
            argmin_feed(&state[i], buffer + i * width, tile->offset, j0, count);
    }
    for (int64_t i = 0; i < tile->rows; i++)
        argmin_finish(&state[i], &tile->label[i], &tile->best[i], &tile->second[i]);
}

const exk_kernel EXK_KERNEL = {
    .scratch_rule = "k * d * 4 + threads * (point_tile * (centroid_tile * 4 + state) + mr * d * 4)",
    .scratch_bytes = scratch_bytes,
    .roundings = panels_roundings,
    .prepare = panels_prepare,
    .assign = assign,
    .scores = panel_scores,
};
