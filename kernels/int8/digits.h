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

/* Rows that are biased, and products with them. */
#ifdef EXK_DOT_ROW_BIAS
enum { ROW_BIAS = EXK_DOT_ROW_BIAS };
static inline vec_i32 add_biased(vec_i32 sum, const vec_i32 *biased, const vec_i32 *other) {
    return dot_add_biased(sum, biased[0], other[0]);
}
#else
enum { ROW_BIAS = DOT_BIAS };
static inline vec_i32 add_biased(vec_i32 sum, const vec_i32 *biased, const vec_i32 *other) {
    return dot_add(sum, biased, other);
}
#endif

_Static_assert((int)DOT_POINT == (int)DOT_CENTROID, "biased or not, bytes are the same");

static inline void keep_biased(const int8_t *bytes, int64_t count, int8_t *row) {
    for (int64_t t = 0; t < count; t++)
        row[t] = (int8_t)(uint8_t)((uint8_t)bytes[t] + (uint8_t)ROW_BIAS);
}

static inline void leave_unbiased(const int8_t *row, int64_t count, int8_t *bytes) {
    for (int64_t t = 0; t < count; t++)
        bytes[t] = (int8_t)(uint8_t)((uint8_t)row[t] - (uint8_t)ROW_BIAS);
}

/* What such a row adds to a product with these bytes, negated. */
static inline int32_t bias_of(const int8_t *bytes, int64_t count) {
    int32_t sum = 0;
    for (int64_t t = 0; t < count; t++)
        sum += bytes[t];
    return -ROW_BIAS * sum;
}

static inline void load_bytes(const int8_t *from, vec_i32 to[DOT_TOGETHER]) {
    EXK_UNROLL for (int u = 0; u < DOT_TOGETHER; u++) {
        to[u] = vec_load_i32((const int32_t *)(const void *)(from + u * VEC_LANES * QUAD));
    }
}

static inline int32_t biased_byte(const int8_t *row, int64_t t) {
    return ROW_BIAS == 128 ? (int32_t)(uint8_t)row[t] : (int32_t)row[t];
}

/* The product of one row of bytes with a biased one. */
static inline int32_t biased_dot(const int8_t *biased, const int8_t *bytes, int64_t length, int32_t start) {
    enum { TOGETHER = DOT_TOGETHER * VEC_LANES * QUAD };
    vec_i32 sum = vec_set1_i32(0), row[DOT_TOGETHER], other[DOT_TOGETHER];
    int64_t t = 0;
    for (; t + TOGETHER <= length; t += TOGETHER) {
        load_bytes(biased + t, row);
        load_bytes(bytes + t, other);
        sum = add_biased(sum, row, other);
    }
    int32_t dot = start + vec_sum_i32(sum);
    for (; t < length; t++)
        dot += biased_byte(biased, t) * bytes[t];
    return dot;
}

/* Rows of two digits. */
typedef struct digit_rows {
    const int8_t *first, *second;
} digit_rows;

/* p.q, and p.q' + p'.q, but for the bias. */
static inline void digit_dots(const digit_rows *biased, const digit_rows *row, int64_t length, int32_t dot[2]) {
    enum { TOGETHER = DOT_TOGETHER * VEC_LANES * QUAD };
    vec_i32 whole = vec_set1_i32(0), part = whole, other_part = whole;
    int64_t t = 0;
    for (; t + TOGETHER <= length; t += TOGETHER) {
        vec_i32 q[DOT_TOGETHER], more[DOT_TOGETHER], p[DOT_TOGETHER], rest[DOT_TOGETHER];
        load_bytes(biased->first + t, q);
        load_bytes(biased->second + t, more);
        load_bytes(row->first + t, p);
        load_bytes(row->second + t, rest);
        whole = add_biased(whole, q, p);
        part = add_biased(part, more, p);
        other_part = add_biased(other_part, q, rest);
    }
    dot[0] = vec_sum_i32(whole);
    dot[1] = vec_sum_i32(vec_add_i32(part, other_part));
    for (; t < length; t++) {
        const int32_t q = biased_byte(biased->first, t);
        dot[0] += q * row->first[t];
        dot[1] += biased_byte(biased->second, t) * row->first[t] + q * row->second[t];
    }
}

/* What a centroid's digits stand for. */
typedef struct digit_terms {
    float beta;              /* 0: no bytes can stand for it */
    float all, rest, beyond; /* beta times ||q|| + ||f||, ||f||, ||q''||; widened */
} digit_terms;

/* Of each centroid. */
typedef struct byte_digits {
    int8_t *first, *second; /* [centroid][byte], biased */
    digit_terms *terms;
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
    digits->terms = exk_arena_take(arena, count, sizeof *digits->terms);
}

/* turned, bytes: for one row. Returns what the first digits are. */
static inline quantised find_digits(const rotation *by, const float *row, int64_t j, float *turned, int8_t *bytes,
                                    const byte_digits *digits) {
    const float largest = turn(by, row, row, turned);
    const quantised found = quantise(by, turned, largest, false, bytes);
    const byte_loss loss = byte_loss_of(by, &found);
    keep_biased(bytes, by->bytes, digits->first + j * by->bytes);
    const float beyond = quantise_rest(by, turned, factor_for(largest, (float)DOT_CENTROID), false, bytes);
    keep_biased(bytes, by->bytes, digits->second + j * by->bytes);
    digits->terms[j] = (digit_terms){.beta = loss.beta,
                                     .all = loss.e,
                                     .rest = loss.q,
                                     .beyond = loss.beta * (beyond + 0x1p-18f) * EXK_INT8_WIDER};
    return found;
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
    const digit_terms *terms = &digits->terms[j];
    if (!(terms->beta > 0.0f))
        return (score_range){-INFINITY, INFINITY};
    const digit_rows biased = {digits->first + j * bytes, digits->second + j * bytes}, row = {first, second};
    int32_t dot[2];
    digit_dots(&biased, &row, bytes, dot);
    const double whole = (double)(dot[0] + point->start);
    const double parts = (double)(dot[1] + point->start + rest->start);
    const double lost =
        (double)point->norm * (double)terms->beyond +
        ((double)rest->beyond + 0x1p-17 * ((double)point->norm + (double)point->residual)) * (double)terms->all +
        (double)point->residual * (double)terms->rest;
    const double product = (double)terms->beta * (whole + parts * (1.0 / (double)REST_DIGIT));
    const double inverse = (double)point->inverse;
    return (score_range){(double)offset - (product + lost) * inverse,
                         (double)offset + 2.0 * (double)error - (product - lost) * inverse};
}

#endif
