/* Scores of scattered points against groups of near centroids: the dense work that is left when bounds have
 * skipped the rest.
 *
 *                     GROUP = EXK_NV vectors of centroids
 *                    +----------------+
 *    EXK_MR points   | acc[MR][NV]    |   acc[r][v] = start[v] + sum over t of x_r[t] * block[t][v]
 *                    +----------------+
 *
 * The vectors run over centroids, the other way round than in body/microkernel.h: a point is a pointer to its row,
 * nothing of it is packed, and so any few points of a tile can meet a group together. What they share is the
 * group, read from cache once for EXK_MR points. */
#ifndef EXK_GROUPS_H
#define EXK_GROUPS_H

#include "kernels/body/lanes.h"
#include "kernels/bounds/bounds.h"

/* Points that pass a slice of a group while it is in L1; a multiple of VEC_LANES. */
enum { GROUP = EXK_NV * VEC_LANES, ROWS_TOGETHER = 64, STEP = 16 };

EXK_INLINE int64_t groups_of(int64_t k) {
    return (k + GROUP - 1) / GROUP;
}

EXK_INLINE void group_step(int rows, const float *const *at, int64_t t, const float *block,
                           vec_f32 acc[EXK_MR][EXK_NV]) {
    vec_f32 centroid[EXK_NV];
    EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
        centroid[v] = vec_load(block + t * GROUP + v * VEC_LANES);
    }
    EXK_UNROLL for (int r = 0; r < rows; r++) {
        const vec_f32 value = vec_set1(at[r][t]);
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            acc[r][v] = vec_mul_add(value, centroid[v], acc[r][v]);
        }
    }
}

/* Every row's pointer moves on by itself, which the compiler must not undo: an operand at base + index costs the
 * front end two slots, one at base + constant is fused with its multiply-add. */
EXK_INLINE void group_rows(int rows, const float *const *x, const float *block, int64_t depth, const float *start,
                           bool add, float *out) {
    vec_f32 acc[EXK_MR][EXK_NV];
    const float *at[EXK_MR];
    EXK_UNROLL for (int r = 0; r < rows; r++) {
        at[r] = x[r];
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            acc[r][v] = vec_load(start + v * VEC_LANES);
        }
    }
    for (; depth >= STEP; depth -= STEP) {
        EXK_UNROLL for (int t = 0; t < STEP; t++) {
            group_step(rows, at, t, block, acc);
        }
        block += STEP * GROUP;
        EXK_UNROLL for (int r = 0; r < rows; r++) {
            at[r] += STEP;
            __asm__("" : "+r"(at[r]));
        }
    }
    for (int64_t t = 0; t < depth; t++)
        group_step(rows, at, t, block, acc);
    EXK_UNROLL for (int r = 0; r < rows; r++) {
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            float *to = out + r * GROUP + v * VEC_LANES;
            vec_store(to, add ? vec_add(acc[r][v], vec_load(to)) : acc[r][v]);
        }
    }
}

/* out[r][centroid] = start[centroid] + dot product over `depth` dimensions with the block, packed negated, for
 * `rows` <= EXK_MR points; out += that with `add`. */
static __attribute__((noinline)) void group_scores_slice(int rows, const float *const *x, const float *block,
                                                         int64_t depth, const float *start, bool add, float *out) {
#define EXK_BODY(count) group_rows(count, x, block, depth, start, add, out)
    EXK_WITH_ROWS(rows, EXK_BODY);
#undef EXK_BODY
}

/* Lower scores of `rows` <= ROWS_TOGETHER points against one group over all d dimensions, folded like
 * block_scores. */
static inline void group_scores(int rows, const float *const *x, const float *block, int64_t d, int64_t depth_tile,
                                const float *offset, float *out) {
    static const float zero[GROUP];
    for (int64_t t = 0; t < d; t += depth_tile) {
        for (int first = 0; first < rows; first += EXK_MR) {
            const float *slice[EXK_MR];
            const int count = (int)min_i64(EXK_MR, rows - first);
            for (int r = 0; r < count; r++)
                slice[r] = x[first + r] + t;
            group_scores_slice(count, slice, block + t * GROUP, min_i64(d - t, depth_tile), t ? zero : offset,
                               t > 0, out + first * GROUP);
        }
    }
}

/* Smallest, second smallest and place of the smallest lower score of each of up to ROWS_TOGETHER points. */
typedef struct group_argmin {
    float best[ROWS_TOGETHER], second[ROWS_TOGETHER];
    int32_t place[ROWS_TOGETHER];
} group_argmin;

/* VEC_LANES points: their scores are transposed, so that each lane searches those of its point. */
EXK_INLINE void search_lanes(const float *scores, float *best, float *second, int32_t *place) {
    lane_argmin lanes = argmin_start();
    EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
        vec_f32 square[VEC_LANES];
        EXK_UNROLL for (int i = 0; i < VEC_LANES; i++) {
            square[i] = vec_load(scores + i * GROUP + v * VEC_LANES);
        }
        vec_transpose(square);
        EXK_UNROLL for (int i = 0; i < VEC_LANES; i++) {
            argmin_update(&lanes, square[i], v * VEC_LANES + i);
        }
    }
    vec_store(best, lanes.best);
    vec_store(second, lanes.second);
    vec_store_i32(place, lanes.index);
}

static inline void search_group(const float *scores, int64_t rows, group_argmin *found) {
    for (int64_t i = 0; i < rows; i += VEC_LANES)
        search_lanes(scores + i * GROUP, found->best + i, found->second + i, found->place + i);
}

/* What a point and one centroid are to each other. */
typedef struct exk_look {
    float score;  /* offset - x.c' */
    float square; /* ||x - c'/2^e||^2, from the differences */
} exk_look;

enum { LOOK_CHAINS = 4, LOOK_STEP = LOOK_CHAINS * VEC_LANES, LOOK_LINE = EXK_ALIGN / (int)sizeof(float) };

EXK_INLINE void look_on(vec_f32 x, vec_f32 c, vec_f32 minus_unscale, vec_f32 *dot, vec_f32 *square) {
    const vec_f32 difference = vec_mul_add(c, minus_unscale, x);
    *dot = vec_mul_add(x, c, *dot);
    *square = vec_mul_add(difference, difference, *square);
}

/* unscale = 2^-e. Meanwhile the rows that come next are fetched. */
static inline exk_look look_at(const float *x, const float *c, int64_t d, float offset, float unscale,
                               const float *next_x, const float *next_c) {
    const vec_f32 minus = vec_set1(-unscale);
    vec_f32 dot[LOOK_CHAINS], square[LOOK_CHAINS];
    EXK_UNROLL for (int i = 0; i < LOOK_CHAINS; i++) {
        dot[i] = square[i] = vec_set1(0.0f);
    }
    int64_t t = 0;
    for (; t + LOOK_STEP <= d; t += LOOK_STEP) {
        EXK_UNROLL for (int i = 0; i < LOOK_CHAINS; i++) {
            look_on(vec_load(x + t + i * VEC_LANES), vec_load(c + t + i * VEC_LANES), minus, &dot[i], &square[i]);
        }
        EXK_UNROLL for (int i = 0; i < LOOK_STEP; i += LOOK_LINE) {
            __builtin_prefetch(next_x + t + i);
            __builtin_prefetch(next_c + t + i);
        }
    }
    for (; t < d; t += VEC_LANES)
        look_on(vec_load_part(x + t, d - t), vec_load_part(c + t, d - t), minus, &dot[0], &square[0]);
    return (exk_look){offset - vec_sum(vec_add(vec_add(dot[0], dot[1]), vec_add(dot[2], dot[3]))),
                      vec_sum(vec_add(vec_add(square[0], square[1]), vec_add(square[2], square[3])))};
}

/* The distance at most, by a look at the centroid. Its square is a sum of squares, so its error is relative: a
 * term meets at most 2 (d / LOOK_CHAINS + 8) roundings, of which a root leaves half. That x was rounded when it
 * was centred, and the centroid when it was shifted, moves them by 2^-24 of their lengths, the longer of which is
 * at most the norm's and the distance together. */
static inline float looked_bound(const exk_look *look, int64_t d, float norm, float error, double unscale) {
    if (!exk_bounds_apply(unscale))
        return upper_bound((double)norm, (double)look->score, (double)error, unscale);
    const double distance = sqrt((double)look->square) * (1.0 + ((double)d / LOOK_CHAINS + 16.0) * 0x1p-23);
    return (float)((distance + (double)norm * 0x1p-22) * EXK_WIDEN + 0x1p-60);
}

/* exk_kernel.roundings: those of the groups, of look_at (a chain is up to d/lanes/4 + 4 long, then two additions
 * and a horizontal sum) and of row_scores. */
static inline int64_t groups_roundings(const exk_shape *shape, const exk_plan *plan) {
    const int64_t rows = scores_roundings(shape->d) + 6, group = panel_roundings(shape->d, plan->depth_tile);
    return group > rows ? group : rows;
}

#endif
