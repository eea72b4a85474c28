/* Scores of two digits: a row's bytes, and what these lose in bytes again. With q + q' / D + q'' of a centroid and
 * p likewise of a point, D being REST_DIGIT (quantise.h: r and b as there),
 *
 *     (r / b) order x.c = p.q + (p.q' + p'.q) / D + p.q'' + p''.q + e.f,    e = p' / D + p'', f = q' / D + q'',
 *
 * the last three being less than ||p|| ||q''|| + ||p''|| ||q|| + ||e|| ||f||: a hundredth of what one digit loses.
 */
#ifndef EXK_INT8_DIGITS_H
#define EXK_INT8_DIGITS_H

#include "kernels/int8/groups.h"

/* Of each centroid. */
typedef struct byte_digits {
    int8_t *first, *second;     /* [centroid][byte], biased */
    float *beta;                /* 0: no bytes can stand for it */
    float *all, *rest, *beyond; /* beta times ||q|| + ||f||, ||f||, ||q''||; widened */
} byte_digits;

/* What is kept of a point beside its byte_point. */
typedef struct rest_point {
    float beyond;  /* ||p''|| */
    int32_t start; /* of p' */
} rest_point;

static inline void lay_out_digits(exk_arena *arena, int64_t k, const rotation *turn, byte_digits *digits) {
    const size_t count = (size_t)k, bytes = count * (size_t)turn->bytes;
    digits->first = exk_arena_take(arena, bytes + EXK_ALIGN, 1);
    digits->second = exk_arena_take(arena, bytes + EXK_ALIGN, 1);
    digits->beta = exk_arena_take(arena, count, sizeof(float));
    digits->all = exk_arena_take(arena, count, sizeof(float));
    digits->rest = exk_arena_take(arena, count, sizeof(float));
    digits->beyond = exk_arena_take(arena, count, sizeof(float));
}

/* turned, bytes: for one row. */
static inline void find_digits(const rotation *by, const float *row, int64_t j, float *turned, int8_t *bytes,
                               const byte_digits *digits) {
    const float largest = turn(by, row, row, turned);
    const quantised found = quantise(by, turned, largest, true, bytes);
    const byte_loss loss = byte_loss_of(by, &found);
    memcpy(digits->first + j * by->bytes, bytes, (size_t)by->bytes);
    const float beyond = quantise_rest(by, turned, factor_for(largest, (float)DOT_POINT), true, bytes);
    memcpy(digits->second + j * by->bytes, bytes, (size_t)by->bytes);
    digits->beta[j] = loss.beta;
    digits->all[j] = loss.e;
    digits->rest[j] = loss.q;
    digits->beyond[j] = loss.beta * (beyond + 0x1p-18f) * EXK_INT8_WIDER;
}

static inline int32_t bias_of(const int8_t *bytes, int64_t count) {
    int32_t sum = 0;
    for (int64_t t = 0; t < count; t++)
        sum += bytes[t];
    return -DOT_BIAS * sum;
}

/* Both digits of a point, by->bytes each; row_bytes are written in `bytes`. */
static inline byte_point digits_of_point(const rotation *by, const float *x, float *turned, int8_t *bytes,
                                         int8_t *first, int8_t *second, rest_point *rest) {
    const float largest = turn(by, x, x, turned);
    const quantised found = quantise(by, turned, largest, false, bytes);
    memcpy(first, bytes, (size_t)by->bytes);
    const float beyond = quantise_rest(by, turned, factor_for(largest, (float)DOT_CENTROID), false, bytes);
    memcpy(second, bytes, (size_t)by->bytes);
    *rest = (rest_point){.beyond = beyond, .start = bias_of(second, by->bytes)};
    return (byte_point){.inverse = found.factor > 0.0f ? 1.0f / found.factor : 0.0f,
                        .norm = found.norm,
                        .residual = wide_residual(found.norm, found.residual),
                        .start = bias_of(first, by->bytes)};
}

/* A score lies between. */
typedef struct score_range {
    double least, most;
} score_range;

/* offset_j and error as the tile has them. */
static inline score_range score_by_digits(const byte_digits *digits, int64_t j, int64_t bytes,
                                          const byte_point *point, const rest_point *rest, const int8_t *first,
                                          const int8_t *second, float offset, float error) {
    if (!(digits->beta[j] > 0.0f))
        return (score_range){-INFINITY, INFINITY};
    const int8_t *q = digits->first + j * bytes, *more = digits->second + j * bytes;
    const double whole = (double)row_dot(q, first, bytes, point->start);
    const double parts =
        (double)row_dot(more, first, bytes, point->start) + (double)row_dot(q, second, bytes, rest->start);
    const double lost = (double)point->norm * (double)digits->beyond[j] +
                        ((double)rest->beyond + 0x1p-17 * ((double)point->norm + (double)point->residual)) *
                            (double)digits->all[j] +
                        (double)point->residual * (double)digits->rest[j];
    const double product = (double)digits->beta[j] * (whole + parts / (double)REST_DIGIT);
    const double inverse = (double)point->inverse;
    return (score_range){(double)offset - (product + lost) * inverse,
                         (double)offset + 2.0 * (double)error - (product - lost) * inverse};
}

#endif
