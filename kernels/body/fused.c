/* fused: no score ever reaches memory. The micro-kernel's dot products go straight from the registers into the
 * running argmin of their points, and the driver accumulates the tile's sums while its points are still in cache.
 */
#include "kernels/body/argmin.h"
#include "kernels/body/microkernel.h"
#include "kernels/body/panel_scores.h"

/* One running argmin a row, whole micro-tiles of rows. */
static size_t state_bytes(const exk_plan *plan) {
    return (size_t)(plan->point_tile + EXK_MR) * sizeof(lane_argmin);
}

static exk_scratch scratch_bytes(const exk_shape *shape, const exk_plan *plan) {
    return (exk_scratch){
        .shared = panels_bytes(shape->k, shape->d),
        .per_thread = state_bytes(plan) + EXK_MR * (size_t)shape->d * sizeof(float),
    };
}

/* The argmin of EXK_MR points over panels [first, last). */
static void sweep_panels(const float *x, int64_t stride, const exk_score_centroids *centroids, const float *panels,
                         const float *offset, int64_t first, int64_t last, int64_t depth_tile,
                         lane_argmin *state) {
    for (int64_t p = first; p < last; p++) {
        micro_tile tile;
        panel_dots(x, stride, panels + p * PANEL_COLUMNS * centroids->d, centroids->d, depth_tile, &tile);
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            const vec_f32 offsets = vec_load(offset + p * PANEL_COLUMNS + v * VEC_LANES);
            EXK_UNROLL for (int r = 0; r < EXK_MR; r++) {
                argmin_update(&state[r], vec_sub(offsets, tile.dot[r][v]), (int32_t)(p * EXK_NV + v));
            }
        }
    }
}

static void assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                   const exk_tile *tile) {
    const int64_t panels = panel_count(centroids->k), width = plan->centroid_tile / PANEL_COLUMNS;
    lane_argmin *state = workspace->thread;
    float *edge = (float *)(void *)((char *)workspace->thread + state_bytes(plan));
    for (int64_t i = 0; i < tile->rows + EXK_MR - 1; i++)
        state[i] = argmin_start();
    for (int64_t p = 0; p < panels; p += width) {
        for (int64_t i = 0; i < tile->rows; i += EXK_MR) {
            int64_t stride;
            const float *x = micro_rows(tile, i, centroids->d, edge, &stride);
            sweep_panels(x, stride, centroids, workspace->shared, tile->offset, p, min_i64(p + width, panels),
                         plan->depth_tile, state + i);
        }
    }
    for (int64_t i = 0; i < tile->rows; i++)
        argmin_finish(&state[i], &tile->label[i], &tile->best[i], &tile->second[i]);
}

const exk_kernel EXK_KERNEL = {
    .scratch_rule = "k * d * 4 + threads * (point_tile * state + mr * d * 4)",
    .scratch_bytes = scratch_bytes,
    .roundings = panels_roundings,
    .prepare = panels_prepare,
    .assign = assign,
    .scores = panel_scores,
};
