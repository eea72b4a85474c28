/* fused's pass over a tile: panels of points past the packed centroids, the micro-kernel's lower scores going
 * straight into the running argmin of their points. */
#ifndef EXK_SWEEP_H
#define EXK_SWEEP_H

#include "kernels/body/lanes.h"
#include "kernels/body/microkernel.h"
#include "kernels/body/panel_scores.h"

enum { NARROW = 8 /* dimensions */ };

/* Of memory per thread. */
static inline size_t sweep_bytes(const exk_shape *shape, const exk_plan *plan) {
    return lanes_bytes(plan->point_tile) + point_panels_floats(shape, plan) * sizeof(float);
}

/* A panel of points on its way past centroids [first, last), first being a multiple of EXK_MR. */
typedef struct sweep {
    const float *points, *blocks, *offset;
    int64_t d, first, last, depth_tile;
} sweep;

/* The lower scores of a whole block, straight from the registers into the argmin: index[r] is that of its centroid
 * r. One vector of points after another, or compilers keep more than fits. Never inlined, like micro_scores. */
static __attribute__((noinline)) void block_argmin(const float *points, const float *centroids, int64_t d,
                                                   const float *offset, const int32_t *restrict index,
                                                   micro_fetch *fetch, lane_argmin *restrict state) {
    vec_f32 acc[EXK_MR][EXK_NV];
    micro_start(EXK_MR, offset, acc);
    micro_steps(EXK_MR, points, centroids, d, fetch, acc);
    EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
        vec_f32 best = state[v].best, second = state[v].second;
        EXK_UNROLL for (int r = 0; r < EXK_MR; r++) {
            argmin_update_stored(&best, &second, &state[v].index, acc[r][v], index[r]);
        }
        state[v].best = best;
        state[v].second = second;
    }
}

/* Blocks that are not whole, and sums that start afresh, go through a score buffer. */
static void block_argmin_buffered(const sweep *s, int64_t j, micro_fetch *fetch, lane_argmin *state) {
    float scores[EXK_MR * PANEL_POINTS] __attribute__((aligned(EXK_ALIGN)));
    const int rows = (int)min_i64(EXK_MR, s->last - j);
    block_scores(rows, s->points, s->blocks + j * s->d, s->d, s->depth_tile, s->offset + j, fetch, scores);
    lanes_update(rows, scores, PANEL_POINTS, (int32_t)j, state);
}

static void sweep_wide(const sweep *s, micro_fetch *fetch, lane_argmin *state) {
    const int64_t whole = s->d <= s->depth_tile ? s->first + (s->last - s->first) / EXK_MR * EXK_MR : s->first;
    int32_t index[EXK_MR];
    for (int r = 0; r < EXK_MR; r++)
        index[r] = (int32_t)s->first + r;
    for (int64_t j = s->first; j < whole; j += EXK_MR) {
        block_argmin(s->points, s->blocks + j * s->d, s->d, s->offset + j, index, fetch, state);
        for (int r = 0; r < EXK_MR; r++)
            index[r] += EXK_MR;
    }
    for (int64_t j = whole; j < s->last; j += EXK_MR)
        block_argmin_buffered(s, j, fetch, state);
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
static void sweep_centroids(const sweep *s, micro_fetch *fetch, lane_argmin *state) {
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
        sweep_wide(s, fetch, state);
    }
}

/* label, best and second of every row of the tile, which is not scattered. thread: sweep_bytes. */
static void sweep_tile(const exk_score_centroids *centroids, const exk_plan *plan, const float *blocks,
                       void *thread, const exk_tile *tile) {
    const int64_t d = centroids->d, k = centroids->k;
    lane_argmin *state = thread;
    float *panels = (float *)(void *)((char *)thread + lanes_bytes(plan->point_tile));
    micro_fetch fetch = fetch_next(tile, d, k);
    lanes_start(tile, state);
    for (int64_t j = 0; j < k; j += plan->centroid_tile) {
        sweep s = {.blocks = blocks, .offset = tile->offset, .d = d, .depth_tile = plan->depth_tile};
        s.first = j;
        s.last = min_i64(j + plan->centroid_tile, k);
        for (int64_t i = 0; i < tile->rows; i += PANEL_POINTS) {
            float *panel = panels + (k > plan->centroid_tile ? i * d : 0);
            if (j == 0)
                pack_points(tile, i, d, &fetch, panel);
            s.points = panel;
            sweep_centroids(&s, &fetch, state + i / VEC_LANES);
        }
    }
    lanes_finish(tile, state);
}

#endif
