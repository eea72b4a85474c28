/* The running argmin: per lane the smallest lower score, the second smallest, and where the smallest came from.
 * Lanes are centroids, to be compared with each other at the end, in naive and blas, which feed it from whole rows
 * of scores; they are points in tiled, which feeds it from a score buffer, and in fused, straight from the
 * registers. */
#ifndef EXK_ARGMIN_H
#define EXK_ARGMIN_H

#include <math.h>

#include "kernels/variant.h"
#include EXK_VEC_HEADER

typedef struct lane_argmin {
    vec_f32 best, second;
    vec_i32 index; /* of the centroid where lanes are points, else of the vector of centroids */
} lane_argmin;

static inline lane_argmin argmin_start(void) {
    return (lane_argmin){vec_set1(INFINITY), vec_set1(INFINITY), vec_set1_i32(0)};
}

static inline void argmin_update(lane_argmin *state, vec_f32 lower, int32_t index) {
    const vec_mask closer = vec_less(lower, state->best);
    state->second = vec_min(state->second, vec_max(state->best, lower));
    state->index = vec_select_i32(closer, vec_set1_i32(index), state->index);
    state->best = vec_min(state->best, lower);
}

/* The same with the index left in memory. Where stores have masks they spare a choice, which would need a port
 * that multiply-adds need too. */
static inline void argmin_update_stored(vec_f32 *best, vec_f32 *second, vec_i32 *stored, vec_f32 lower,
                                        int32_t index) {
    const vec_mask closer = vec_less(lower, *best);
    *second = vec_min(*second, vec_max(*best, lower));
    vec_store_where_i32(stored, closer, vec_set1_i32(index));
    *best = vec_min(*best, lower);
}

/* Where lanes are centroids: label, best and second of one point. */
static inline void argmin_finish(const lane_argmin *state, int32_t *label, float *best, float *second) {
    float lane_best[VEC_LANES], lane_second[VEC_LANES];
    int32_t vector[VEC_LANES];
    vec_store(lane_best, state->best);
    vec_store(lane_second, state->second);
    vec_store_i32(vector, state->index);
    int winner = 0;
    float runner_up = INFINITY;
    for (int lane = 1; lane < VEC_LANES; lane++) {
        const int loser = lane_best[lane] < lane_best[winner] ? winner : lane;
        winner = loser == winner ? lane : winner;
        runner_up = lane_best[loser] < runner_up ? lane_best[loser] : runner_up;
    }
    *label = vector[winner] * VEC_LANES + winner;
    *best = lane_best[winner];
    *second = lane_second[winner] < runner_up ? lane_second[winner] : runner_up;
}

/* Feed `count` dot products of centroids first, first+1, ... (first a multiple of VEC_LANES). Behind `count` the
 * missing products are 0 and must meet an offset of +infinity (exk_tile.offset is padded so). */
static inline void argmin_feed(lane_argmin *state, const float *dot, const float *offset, int64_t first,
                               int64_t count) {
    int64_t j = 0;
    for (; j + VEC_LANES <= count; j += VEC_LANES)
        argmin_update(state, vec_sub(vec_load(offset + first + j), vec_load(dot + j)),
                      (int32_t)((first + j) / VEC_LANES));
    if (j < count) {
        const vec_f32 lower = vec_sub(vec_load(offset + first + j), vec_load_part(dot + j, count - j));
        argmin_update(state, lower, (int32_t)((first + j) / VEC_LANES));
    }
}

#endif
