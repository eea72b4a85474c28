/* How centroids moved, in bytes: what tightens the upper bound of a point without a look at the point's row.
 *
 * With c and c+ a centroid before and after, both relative to the origin of the tiles,
 *
 *     ||x - c+||^2 = ||x - c||^2 + ||c+||^2 - ||c||^2 - 2 x.(c+ - c),
 *
 * and the triangle inequality, which the movement alone allows, loses most of what is known about the product.
 * From bytes of x and of c+ - c it is known but for ||e|| ||c+ - c|| and the like (quantise.h): where the movement
 * is small so is the error, and an upper bound stays tight from pass to pass.
 *
 * x, c and c+ were rounded to float32 when they were shifted, each by 2^-24 of its length L or l, and their
 * difference once more: 2^-22 (L l + l^2), l being the longer of c and c+, bounds what that changes, and 2^-20 of
 * it is added. */
#ifndef EXK_INT8_MOVES_H
#define EXK_INT8_MOVES_H

#include "kernels/int8/groups.h"

/* Of each centroid, since the pass before. */
typedef struct byte_moves {
    int8_t *rows;                  /* [centroid][byte], biased */
    float *beta, *loss_q, *loss_e; /* byte_loss; beta 0: not known */
    double *change;                /* ||c+||^2 - ||c||^2 */
    double *length;                /* the longer one's */
} byte_moves;

static inline void lay_out_byte_moves(exk_arena *arena, int64_t k, const rotation *turn, byte_moves *moves) {
    const size_t count = (size_t)k;
    moves->rows = exk_arena_take(arena, count * (size_t)turn->bytes, 1);
    moves->beta = exk_arena_take(arena, count, sizeof(float));
    moves->loss_q = exk_arena_take(arena, count, sizeof(float));
    moves->loss_e = exk_arena_take(arena, count, sizeof(float));
    moves->change = exk_arena_take(arena, count, sizeof(double));
    moves->length = exk_arena_take(arena, count, sizeof(double));
}

/* What brings centroids scaled by 2 / before to the scale of now, exactly: a power of two. 0: they cannot be told
 * from each other so. */
static inline double rescaling(double before, double now) {
    const double ratio = before / now;
    return exk_bounds_apply(before) && exk_bounds_apply(now) && ratio >= 0x1p-8 && ratio <= 0x1p8 ? ratio : 0.0;
}

/* Centroid j moved from `before` times `rescale`, its coordinates `stride` apart, to `now`: both scaled by 2 /
 * unscale then. difference, turned, bytes: for one row. */
static inline void quantise_move(const rotation *by, const float *before, int64_t stride, double rescale,
                                 const float *now, double unscale, int64_t j, float *difference, float *turned,
                                 int8_t *bytes, const byte_moves *moves) {
    double change = 0.0, before_square = 0.0, now_square = 0.0;
    for (int64_t t = 0; t < by->d; t++) {
        const double from = rescale * (double)before[t * stride], after = (double)now[t];
        difference[t] = (float)(after - from);
        change += (after - from) * (after + from);
        before_square += from * from;
        now_square += after * after;
    }
    const float largest = turn(by, difference, difference, turned);
    const quantised found = quantise(by, turned, largest, true, bytes);
    const byte_loss loss = byte_loss_of(by, &found);
    memcpy(moves->rows + j * by->bytes, bytes, (size_t)by->bytes);
    moves->beta[j] = loss.beta;
    moves->loss_q[j] = loss.q;
    moves->loss_e[j] = loss.e;
    moves->change[j] = 0.25 * unscale * unscale * change;
    moves->length[j] = 0.5 * unscale * sqrt(now_square > before_square ? now_square : before_square);
}

/* Whether tightened knows anything. */
static inline bool is_tightened(const byte_moves *moves, int32_t j, const byte_point *point) {
    return moves->beta[j] > 0.0f && point->inverse > 0.0f;
}

/* An upper bound of the squared distance to centroid j, `square` being one before it moved. */
static inline double tightened_square(const rotation *by, const byte_moves *moves, int32_t j,
                                      const byte_point *point, const int8_t *bytes, double unscale,
                                      double square) {
    const int32_t dot = row_dot(moves->rows + j * by->bytes, bytes, by->bytes, point->start);
    const double lost =
        (double)point->norm * (double)moves->loss_q[j] + (double)point->residual * (double)moves->loss_e[j];
    const double product = ((double)moves->beta[j] * dot - lost) * (double)point->inverse;
    const double norm = ((double)point->norm + (double)point->residual) * (double)point->inverse;
    const double length = moves->length[j], rounded = 0x1p-20 * (norm + length) * length;
    const double now = square + moves->change[j] - unscale * product + rounded;
    return now > 0.0 ? now : 0.0;
}

/* The same of the distance. */
static inline float tightened(const rotation *by, const byte_moves *moves, int32_t j, const byte_point *point,
                              const int8_t *bytes, double unscale, float upper) {
    const double square = tightened_square(by, moves, j, point, bytes, unscale, (double)upper * (double)upper);
    return (float)(sqrt(square) * EXK_WIDEN + EXK_TINY);
}

/* What the score is at most where the squared distance is: ||x - c||^2 = ||x||^2 + unscale s. The norm is too
 * large by 2^-21 of it at most. */
static inline float score_at_most(double square, float norm, double unscale) {
    const double least = (double)norm * (double)norm * (1.0 - 0x1p-20);
    const double score = (square - least) * (1.0 / unscale);
    return (float)(score + fabs(score) * 0x1p-22 + EXK_TINY);
}

#endif
