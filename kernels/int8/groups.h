/* Lower scores of scattered points against groups of near centroids, by bytes: bounds/groups.h with a quarter of
 * the memory and a multiple of the speed. What bytes cannot tell from the best score so far is computed in
 * float32, so that every score is a lower one, and those not above the point's limit are float32's.
 *
 * The vectors run over centroids, so it is they who hold the biased bytes, and points the others (quantise.h, with
 * p of the point and q of the centroid; the bound is the same either way):
 *
 *     s_j >= offset_j - (beta_j (p.q_j) + Q beta_j ||f_j|| + E beta_j (||q_j|| + ||f_j||)) / r */
#ifndef EXK_INT8_GROUPS_H
#define EXK_INT8_GROUPS_H

#include "kernels/arena.h"
#include "kernels/bounds/groups.h"
#include "kernels/int8/quantise.h"

#ifdef EXK_DOT_TILES
#include "kernels/int8/group_tiles.h"
#else
#include "kernels/int8/group_vectors.h"
#endif

/* Written by prepare; by place in the order of the centroids, padded to whole groups. */
typedef struct byte_groups {
    int32_t *blocks;        /* [group][quad][GROUP] */
    float *beta;            /* 0: the centroid cannot be quantised */
    float *loss_q, *loss_e; /* beta ||f||, beta (||q|| + ||f||), widened */
} byte_groups;

/* What is kept with a point's bytes. */
typedef struct byte_point {
    float inverse;        /* 1 / r; 0: no bytes can stand for the point */
    float norm, residual; /* Q, E */
    int32_t start;        /* -DOT_BIAS * the sum of p */
} byte_point;

static inline void lay_out_byte_groups(exk_arena *arena, int64_t k, const rotation *turn, byte_groups *groups) {
    const size_t padded = (size_t)(groups_of(k) * GROUP);
    groups->blocks = exk_arena_take(arena, padded * (size_t)turn->bytes, 1);
    groups->beta = exk_arena_take(arena, padded, sizeof(float));
    groups->loss_q = exk_arena_take(arena, padded, sizeof(float));
    groups->loss_e = exk_arena_take(arena, padded, sizeof(float));
}

/* row[p]: the centroid at place g * GROUP + p. turned, bytes: for one row. */
static inline void pack_byte_group(const rotation *by, const float *const row[GROUP], int64_t g, float *turned,
                                   int8_t *bytes, const byte_groups *groups) {
    const int64_t quads = by->bytes / QUAD;
    for (int64_t p = 0; p < GROUP; p++) {
        const float largest = turn(by, row[p], row[p], turned);
        const quantised found = quantise(by, turned, largest, true, bytes);
        const byte_loss loss = byte_loss_of(by, &found);
        const int64_t at = g * GROUP + p;
        int32_t quad;
        for (int64_t t = 0; t < quads; t++) {
            memcpy(&quad, bytes + t * QUAD, sizeof quad);
            groups->blocks[(g * quads + t) * GROUP + p] = quad;
        }
        groups->beta[at] = loss.beta;
        groups->loss_q[at] = loss.q;
        groups->loss_e[at] = loss.e;
    }
}

/* The bytes of a point; row_bytes are written. */
static inline byte_point quantise_point(const rotation *by, const float *x, float *turned, int8_t *bytes) {
    const float largest = turn(by, x, x, turned);
    const quantised found = quantise(by, turned, largest, false, bytes);
    int32_t sum = 0;
    for (int64_t t = 0; t < by->bytes; t++)
        sum += bytes[t];
    return (byte_point){.inverse = found.factor > 0.0f ? 1.0f / found.factor : 0.0f,
                        .norm = found.norm,
                        .residual = wide_residual(found.norm, found.residual),
                        .start = -DOT_BIAS * sum};
}

/* Lower scores of one point, from the dot products of its bytes with those of the group; slack covers the
 * roundings of the offsets. */
static inline void byte_scores(const byte_groups *groups, const byte_point *point, float slack, int64_t g,
                               const float *offset, const int32_t *dot, float *scores) {
    const vec_f32 norm = vec_set1(point->norm), residual = vec_set1(point->residual);
    const vec_f32 minus_inverse = vec_set1(-point->inverse), slacks = vec_set1(slack), zero = vec_set1(0.0f);
    EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
        const int64_t at = g * GROUP + v * VEC_LANES;
        const vec_f32 lost = vec_mul_add(norm, vec_load(groups->loss_q + at),
                                         vec_mul_add(residual, vec_load(groups->loss_e + at), zero));
        const vec_f32 product =
            vec_mul_add(vec_load(groups->beta + at), vec_from_i32(vec_load_i32(dot + v * VEC_LANES)), lost);
        const vec_f32 fixed = vec_sub(vec_load(offset + v * VEC_LANES), slacks);
        vec_store(scores + v * VEC_LANES, vec_mul_add(product, minus_inverse, fixed));
    }
}

/* least[r] of the scores of row r, for rows up to a multiple of VEC_LANES. */
static inline void least_scores(const float *scores, int rows, float *least) {
    for (int first = 0; first < rows; first += VEC_LANES) {
        vec_f32 all = vec_set1(INFINITY);
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            vec_f32 square[VEC_LANES];
            EXK_UNROLL for (int i = 0; i < VEC_LANES; i++) {
                square[i] = vec_load(scores + (first + i) * GROUP + v * VEC_LANES);
            }
            vec_transpose(square);
            EXK_UNROLL for (int i = 0; i < VEC_LANES; i++) {
                all = vec_min(all, square[i]);
            }
        }
        vec_store(least + first, all);
    }
}

#endif
