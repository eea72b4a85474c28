/* fused: no score ever leaves the L1 cache. The micro-kernel's lower scores go straight into the running argmin of
 * their points, and the driver accumulates the tile's sums while its points are still in cache. */
#include "kernels/body/lanes.h"
#include "kernels/body/microkernel.h"
#include "kernels/body/panel_scores.h"

enum {
    NARROW = 8,     /* dimensions */
    FETCH_MOST = 12 /* lines at a time */
};

static exk_scratch scratch_bytes(const exk_shape *shape, const exk_plan *plan) {
    return (exk_scratch){
        .shared = centroid_blocks_bytes(shape),
        .per_thread = lanes_bytes(plan->point_tile) + point_panels_floats(shape, plan) * sizeof(float),
    };
}

/* The next tile's points are fetched while this one is compared, spread evenly over the chunks of it. With few
 * centroids that would be so many lines at a time that the hardware's own prefetching does better. */
static micro_fetch fetch_of(const exk_tile *tile, int64_t d, int64_t k) {
    const int64_t panels = (tile->rows + PANEL_POINTS - 1) / PANEL_POINTS, blocks = (k + EXK_MR - 1) / EXK_MR;
    const int64_t chunks = panels * blocks * ((d + DEPTH_CHUNK - 1) / DEPTH_CHUNK);
    const int64_t lines = tile->rows * tile->stride * (int64_t)sizeof(float) / EXK_ALIGN;
    const int64_t each = (lines + chunks - 1) / chunks;
    return (micro_fetch){(const char *)tile->next, tile->next && each <= FETCH_MOST ? each : 0};
}

/* A panel of points on its way past centroids [first, last), first being a multiple of EXK_MR. */
typedef struct sweep {
    const float *points, *blocks, *offset;
    int64_t d, first, last, depth_tile;
} sweep;

static void sweep_wide(const sweep *s, micro_fetch *ahead, lane_argmin *state) {
    float scores[EXK_MR * PANEL_POINTS] __attribute__((aligned(EXK_ALIGN)));
    for (int64_t j = s->first; j < s->last; j += EXK_MR) {
        const int rows = (int)min_i64(EXK_MR, s->last - j);
        block_scores(rows, s->points, s->blocks + j * s->d, s->d, s->depth_tile, s->offset + j, ahead, scores);
        lanes_update(rows, scores, PANEL_POINTS, (int32_t)j, state);
    }
}

/* With so few dimensions that the points stay in registers, and the argmin with them: a score costs its d
 * multiply-adds and the five operations of the argmin. */
EXK_INLINE void sweep_narrow(int d, const sweep *s, lane_argmin *state) {
    vec_f32 point[NARROW][EXK_NV];
    lane_argmin lanes[EXK_NV];
    EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
        lanes[v] = state[v];
        EXK_UNROLL for (int t = 0; t < d; t++) {
            point[t][v] = vec_load(s->points + t * PANEL_POINTS + v * VEC_LANES);
        }
    }
    for (int64_t j = s->first; j < s->last; j++) {
        const float *centroid = s->blocks + j / EXK_MR * EXK_MR * d + j % EXK_MR;
        const vec_f32 offset = vec_set1(s->offset[j]);
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            vec_f32 lower = offset;
            EXK_UNROLL for (int t = 0; t < d; t++) {
                lower = vec_mul_add(vec_set1(centroid[t * EXK_MR]), point[t][v], lower);
            }
            argmin_update(&lanes[v], lower, (int32_t)j);
        }
    }
    EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
        state[v] = lanes[v];
    }
}

/* The argmin of a panel of points. */
static void sweep_centroids(const sweep *s, micro_fetch *ahead, lane_argmin *state) {
    switch (s->d) {
    case 1:
        sweep_narrow(1, s, state);
        break;
    case 2:
        sweep_narrow(2, s, state);
        break;
    case 3:
        sweep_narrow(3, s, state);
        break;
    case 4:
        sweep_narrow(4, s, state);
        break;
    case 5:
        sweep_narrow(5, s, state);
        break;
    case 6:
        sweep_narrow(6, s, state);
        break;
    case 7:
        sweep_narrow(7, s, state);
        break;
    case NARROW:
        sweep_narrow(NARROW, s, state);
        break;
    default:
        sweep_wide(s, ahead, state);
    }
}

static void assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                   const exk_tile *tile) {
    const int64_t d = centroids->d, k = centroids->k;
    lane_argmin *state = workspace->thread;
    float *panels = (float *)(void *)((char *)workspace->thread + lanes_bytes(plan->point_tile));
    micro_fetch ahead = fetch_of(tile, d, k);
    lanes_start(tile, state);
    for (int64_t i = 0; i < tile->rows; i += PANEL_POINTS)
        pack_points(tile, i, d, panels + i * d);
    for (int64_t j = 0; j < k; j += plan->centroid_tile) {
        sweep s = {.blocks = workspace->shared, .offset = tile->offset, .d = d, .depth_tile = plan->depth_tile};
        s.first = j;
        s.last = min_i64(j + plan->centroid_tile, k);
        for (int64_t i = 0; i < tile->rows; i += PANEL_POINTS) {
            s.points = panels + i * d;
            sweep_centroids(&s, &ahead, state + i / VEC_LANES);
        }
    }
    lanes_finish(tile, state);
}

const exk_kernel EXK_KERNEL = {
    .scratch_rule = "k * d * 4 + threads * point_tile * (d * 4 + state)",
    .scratch_bytes = scratch_bytes,
    .roundings = panels_roundings,
    .prepare = pack_centroids,
    .assign = assign,
    .scores = panel_scores,
};
