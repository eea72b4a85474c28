/* tiled: the same arithmetic cut to fit the caches. A tile of points meets a tile of centroids in slices of
 * depth_tile dimensions (a slice of a panel stays in L1 while the centroids pass); the scores of tile x tile stay
 * in L2 and are searched there before the next tile of centroids overwrites them. */
#include "kernels/body/lanes.h"
#include "kernels/body/microkernel.h"
#include "kernels/body/panel_scores.h"

/* Whole panels of points, whole blocks of centroids. */
static size_t buffer_floats(const exk_plan *plan) {
    return (size_t)round_up_to(plan->point_tile, PANEL_POINTS) * (size_t)round_up_to(plan->centroid_tile, EXK_MR);
}

static exk_scratch scratch_bytes(const exk_shape *shape, const exk_plan *plan) {
    const size_t floats = buffer_floats(plan) + point_panels_floats(shape, plan);
    return (exk_scratch){
        .shared = centroid_blocks_bytes(shape),
        .per_thread = lanes_bytes(plan->point_tile) + floats * sizeof(float),
    };
}

/* What slices all share: a panel of points, `count` centroids in blocks, and room for their scores. */
typedef struct meeting {
    const float *points, *blocks, *offset;
    float *scores; /* count x PANEL_POINTS */
    int64_t count, d;
    micro_fetch *fetch;
} meeting;

/* Subtract the products over dimensions [from, from + depth) from the scores, which start at the offsets. */
static void subtract_slice(const meeting *m, int64_t from, int64_t depth) {
    static const float zero[EXK_MR];
    for (int64_t j = 0; j < m->count; j += EXK_MR) {
        const int rows = (int)min_i64(EXK_MR, m->count - j);
        const float *block = m->blocks + j * m->d + from * EXK_MR;
        micro_scores(rows, m->points + from * PANEL_POINTS, block, depth, from == 0 ? m->offset + j : zero,
                     m->fetch, from > 0, m->scores + j * PANEL_POINTS);
    }
}

static int64_t assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                      const exk_tile *tile) {
    const int64_t d = centroids->d, k = centroids->k, width = plan->centroid_tile;
    lane_argmin *state = workspace->thread;
    float *buffer = (float *)(void *)((char *)workspace->thread + lanes_bytes(plan->point_tile));
    float *panels = buffer + buffer_floats(plan);
    lanes_start(tile, state);
    micro_fetch fetch = fetch_next(tile, d, k);
    for (int64_t i = 0; i < tile->rows; i += PANEL_POINTS)
        pack_points(tile, i, d, &fetch, panels + i * d);
    for (int64_t j = 0; j < k; j += width) {
        meeting m = {.blocks = (const float *)workspace->shared + j * d,
                     .offset = tile->offset + j,
                     .d = d,
                     .fetch = &fetch};
        m.count = min_i64(width, k - j);
        for (int64_t t = 0; t < d; t += plan->depth_tile) {
            for (int64_t i = 0; i < tile->rows; i += PANEL_POINTS) {
                m.points = panels + i * d;
                m.scores = buffer + i * width;
                subtract_slice(&m, t, min_i64(plan->depth_tile, d - t));
            }
        }
        for (int64_t i = 0; i < tile->rows; i += PANEL_POINTS)
            for (int64_t r = 0; r < m.count; r += EXK_MR)
                lanes_update((int)min_i64(EXK_MR, m.count - r), buffer + i * width + r * PANEL_POINTS,
                             PANEL_POINTS, (int32_t)(j + r), state + i / VEC_LANES);
    }
    lanes_finish(tile, state);
    return tile->rows * centroids->k;
}

const exk_kernel EXK_KERNEL = {
    .scratch_rule = "k * d * 4 + threads * point_tile * (d * 4 + centroid_tile * 4 + state)",
    .scratch_bytes = scratch_bytes,
    .roundings = panels_roundings,
    .prepare = pack_centroids,
    .assign = assign,
    .scores = panel_scores,
};
