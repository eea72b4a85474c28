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

/* Written by prepare; by place in the order of the centroids, padded to whole groups. */
typedef struct byte_groups {
    int32_t *blocks;        /* [group][quad][GROUP] */
    float *beta;            /* 0: the centroid cannot be quantised */
    float *loss_q, *loss_e; /* beta ||f||, beta (||q|| + ||f||), widened */
} byte_groups;

/* Of a thread, for the points of the tile in hand. */
typedef struct byte_rows {
    int8_t *bytes;          /* quantised rows */
    int32_t *start;         /* of each: -DOT_BIAS * the sum of p */
    float *inverse;         /* 1 / r */
    float *norm, *residual; /* Q, E */
    float *limit;           /* an upper bound of its score with some centroid */
    float *turned;          /* a row */
    bool apply;             /* bytes can stand for this tile */
    float slack;            /* of the roundings of offset_j */
} byte_rows;

static inline void lay_out_byte_groups(exk_arena *arena, int64_t k, const rotation *turn, byte_groups *groups) {
    const size_t padded = (size_t)(groups_of(k) * GROUP);
    groups->blocks = exk_arena_take(arena, padded * (size_t)turn->bytes, 1);
    groups->beta = exk_arena_take(arena, padded, sizeof(float));
    groups->loss_q = exk_arena_take(arena, padded, sizeof(float));
    groups->loss_e = exk_arena_take(arena, padded, sizeof(float));
}

static inline void lay_out_byte_rows(exk_arena *arena, int64_t points, const rotation *turn, byte_rows *rows) {
    const size_t count = (size_t)points;
    rows->bytes = exk_arena_take(arena, (count > GROUP ? count : GROUP) * row_bytes(turn), 1);
    rows->turned = exk_arena_take(arena, turned_floats(turn), sizeof(float));
    rows->start = exk_arena_take(arena, count, sizeof(int32_t));
    rows->inverse = exk_arena_take(arena, count, sizeof(float));
    rows->norm = exk_arena_take(arena, count, sizeof(float));
    rows->residual = exk_arena_take(arena, count, sizeof(float));
    rows->limit = exk_arena_take(arena, count, sizeof(float));
}

/* row[p]: the centroid at place g * GROUP + p. */
static inline void pack_byte_group(const rotation *by, const float *const row[GROUP], int64_t g, byte_rows *work,
                                   byte_groups *groups) {
    const int64_t quads = by->bytes / QUAD;
    for (int64_t p = 0; p < GROUP; p++) {
        const float largest = turn(by, row[p], row[p], work->turned);
        const quantised found = quantise(by, work->turned, largest, true, work->bytes);
        const byte_loss loss = byte_loss_of(by, &found);
        const int64_t at = g * GROUP + p;
        int32_t quad;
        for (int64_t t = 0; t < quads; t++) {
            memcpy(&quad, work->bytes + t * QUAD, sizeof quad);
            groups->blocks[(g * quads + t) * GROUP + p] = quad;
        }
        groups->beta[at] = loss.beta;
        groups->loss_q[at] = loss.q;
        groups->loss_e[at] = loss.e;
    }
}

/* The bytes of point i of the tile, as long as they apply. */
static inline void quantise_point(const rotation *by, const float *x, int64_t i, byte_rows *rows) {
    if (!rows->apply)
        return;
    int8_t *bytes = rows->bytes + (size_t)i * row_bytes(by);
    const float largest = turn(by, x, x, rows->turned);
    const quantised found = quantise(by, rows->turned, largest, false, bytes);
    int32_t sum = 0;
    for (int64_t t = 0; t < by->bytes; t++)
        sum += bytes[t];
    rows->apply = found.factor > 0.0f;
    rows->start[i] = -DOT_BIAS * sum;
    rows->inverse[i] = 1.0f / found.factor;
    rows->norm[i] = found.norm;
    rows->residual[i] = wide_residual(found.norm, found.residual);
}

/* dot[r][centroid] = p_r.q of up to EXK_MR points. Two sums for each, or the next product waits for the last. */
EXK_INLINE void group_dots_of(int rows, const int8_t *const *x, const int32_t *start, const int32_t *block,
                              int64_t quads, int32_t *dot) {
    enum { CHAINS = 2 };
    vec_i32 acc[CHAINS][EXK_MR][EXK_NV];
    EXK_UNROLL for (int r = 0; r < rows; r++) {
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            acc[0][r][v] = vec_set1_i32(start[r]);
            acc[1][r][v] = vec_set1_i32(0);
        }
    }
    for (int64_t t = 0; t < quads; t += 2) {
        EXK_UNROLL for (int u = 0; u < 2; u += DOT_TOGETHER) {
            EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
                vec_i32 centroid[DOT_TOGETHER];
                EXK_UNROLL for (int w = 0; w < DOT_TOGETHER; w++) {
                    centroid[w] = vec_load_i32(block + (t + u + w) * GROUP + v * VEC_LANES);
                }
                EXK_UNROLL for (int r = 0; r < rows; r++) {
                    const int32_t *point = (const int32_t *)(const void *)(x[r] + (t + u) * QUAD);
                    acc[u][r][v] = dot_add_all(acc[u][r][v], centroid, point);
                }
            }
        }
    }
    EXK_UNROLL for (int r = 0; r < rows; r++) {
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            int32_t sum[CHAINS][VEC_LANES];
            vec_store_i32(sum[0], acc[0][r][v]);
            vec_store_i32(sum[1], acc[1][r][v]);
            for (int lane = 0; lane < VEC_LANES; lane++)
                dot[r * GROUP + v * VEC_LANES + lane] = sum[0][lane] + sum[1][lane];
        }
    }
}

static __attribute__((noinline)) void group_dots(int rows, const int8_t *const *x, const int32_t *start,
                                                 const int32_t *block, int64_t quads, int32_t *dot) {
    switch (rows) {
    case EXK_MR:
        group_dots_of(EXK_MR, x, start, block, quads, dot);
        break;
/* clang-format off */
#define EXK_ROWS(count)                                                                                           \
    case EXK_MR > (count) ? (count) : -(count):                                                                   \
        group_dots_of(EXK_MR > (count) ? (count) : 1, x, start, block, quads, dot);                               \
        break;
        /* clang-format on */
        EXK_ROWS(1)
        EXK_ROWS(2)
        EXK_ROWS(3)
        EXK_ROWS(4)
        EXK_ROWS(5)
        EXK_ROWS(6)
        EXK_ROWS(7)
#undef EXK_ROWS
    default:
        break;
    }
}

/* Lower scores of one point, from the dot products of its bytes with those of the group. */
static inline void byte_scores(const byte_groups *groups, const byte_rows *rows, int64_t i, int64_t g,
                               const float *offset, const int32_t *dot, float *scores) {
    const vec_f32 norm = vec_set1(rows->norm[i]), residual = vec_set1(rows->residual[i]);
    const vec_f32 inverse = vec_set1(-rows->inverse[i]), slack = vec_set1(rows->slack), zero = vec_set1(0.0f);
    EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
        const int64_t at = g * GROUP + v * VEC_LANES;
        const vec_f32 lost = vec_mul_add(norm, vec_load(groups->loss_q + at),
                                         vec_mul_add(residual, vec_load(groups->loss_e + at), zero));
        const vec_f32 product =
            vec_mul_add(vec_load(groups->beta + at), vec_from_i32(vec_load_i32(dot + v * VEC_LANES)), lost);
        const vec_f32 fixed = vec_sub(vec_load(offset + v * VEC_LANES), slack);
        vec_store(scores + v * VEC_LANES, vec_mul_add(product, inverse, fixed));
    }
}

#endif
