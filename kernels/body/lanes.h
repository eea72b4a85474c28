/* The running argmin of a tile whose points sit in the lanes of vectors: one lane_argmin for VEC_LANES points,
 * which takes the scores of one centroid after another. */
#ifndef EXK_LANES_H
#define EXK_LANES_H

#include "kernels/body/argmin.h"
#include "kernels/body/microkernel.h"

static inline size_t lanes_bytes(int64_t point_tile) {
    return (size_t)(round_up_to(point_tile, PANEL_POINTS) / VEC_LANES) * sizeof(lane_argmin);
}

static inline void lanes_start(const exk_tile *tile, lane_argmin *state) {
    for (int64_t i = 0; i < round_up_to(tile->rows, PANEL_POINTS); i += VEC_LANES)
        state[i / VEC_LANES] = argmin_start();
}

/* Feed the lower scores of centroids first, first+1, ...: scores[r * width + point], one panel of points. */
EXK_INLINE void lanes_update_rows(int rows, const float *scores, int64_t width, int32_t first,
                                  lane_argmin *state) {
    EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
        lane_argmin lanes = state[v];
        EXK_UNROLL for (int r = 0; r < rows; r++) {
            argmin_update(&lanes, vec_load(scores + r * width + v * VEC_LANES), first + r);
        }
        state[v] = lanes;
    }
}

EXK_INLINE void lanes_update(int rows, const float *scores, int64_t width, int32_t first, lane_argmin *state) {
    if (rows == EXK_MR)
        lanes_update_rows(EXK_MR, scores, width, first, state);
    else
        lanes_update_rows(rows, scores, width, first, state);
}

/* Hand the argmin of every point to the tile. */
static inline void lanes_finish(const exk_tile *tile, const lane_argmin *state) {
    int64_t i = 0;
    for (; i + VEC_LANES <= tile->rows; i += VEC_LANES) {
        const lane_argmin *lanes = &state[i / VEC_LANES];
        vec_store(tile->best + i, lanes->best);
        vec_store(tile->second + i, lanes->second);
        vec_store_i32(tile->label + i, lanes->index);
    }
    if (i == tile->rows)
        return;
    float best[VEC_LANES], second[VEC_LANES];
    int32_t index[VEC_LANES];
    const size_t left = (size_t)(tile->rows - i);
    vec_store(best, state[i / VEC_LANES].best);
    vec_store(second, state[i / VEC_LANES].second);
    vec_store_i32(index, state[i / VEC_LANES].index);
    memcpy(tile->best + i, best, left * sizeof *best);
    memcpy(tile->second + i, second, left * sizeof *second);
    memcpy(tile->label + i, index, left * sizeof *index);
}

#endif
