/* fused: no score ever leaves the L1 cache. The micro-kernel's lower scores go straight into the running argmin of
 * their points, and the driver accumulates the tile's sums while its points are still in cache. */
#include "kernels/body/sweep.h"

static exk_scratch scratch_bytes(const exk_shape *shape, const exk_plan *plan) {
    return (exk_scratch){.shared = centroid_blocks_bytes(shape), .per_thread = sweep_bytes(shape, plan)};
}

static int64_t assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                      const exk_tile *tile) {
    sweep_tile(centroids, plan, workspace->shared, workspace->thread, tile);
    return tile->rows * centroids->k;
}

const exk_kernel EXK_KERNEL = {
    .scratch_rule = "k * d * 4 + threads * point_tile * (d * 4 + state)",
    .scratch_bytes = scratch_bytes,
    .roundings = panels_roundings,
    .prepare = pack_centroids,
    .assign = assign,
    .scores = panel_scores,
};
