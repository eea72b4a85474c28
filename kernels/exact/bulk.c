#include "kernels/exact/bulk.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include EXK_FIXED_HEADER
#include EXK_WIDE_HEADER

#define EXK_INLINE static inline __attribute__((always_inline))

EXK_INLINE wide plus_square(wide sum, wide v) {
    return wide_add(sum, wide_mul(v, v));
}

static double dist64(const float *x, const float *c, int64_t d) {
    wide sum = wide_set1(0.0);
    int64_t t = 0;
    for (; t + 8 <= d; t += 8)
        sum = plus_square(sum, wide_sub(wide_from_f32(x + t), wide_from_f32(c + t)));
    if (t < d)
        sum = plus_square(sum, wide_sub(wide_from_f32_part(x + t, d - t), wide_from_f32_part(c + t, d - t)));
    return wide_combine(sum);
}

EXK_INLINE wide from_mean(const float *x, const double *m, int64_t t, int64_t d) {
    return wide_sub(t + 8 <= d ? wide_from_f32(x + t) : wide_from_f32_part(x + t, d - t), wide_load(m + t));
}

static double along(const float *x, const double *m, const double *v, int64_t d) {
    wide even = wide_set1(0.0), odd = even;
    for (int64_t t = 0; t < d; t += 16) {
        even = wide_add(even, wide_mul(from_mean(x, m, t, d), wide_load(v + t)));
        if (t + 8 < d)
            odd = wide_add(odd, wide_mul(from_mean(x, m, t + 8, d), wide_load(v + t + 8)));
    }
    return wide_combine(wide_add(even, odd));
}

static void lean(const float *x, const double *m, double weight, int64_t d, double *sum) {
    const wide weights = wide_set1(weight);
    for (int64_t t = 0; t < d; t += 8)
        wide_store(sum + t, wide_add(wide_load(sum + t), wide_mul(weights, from_mean(x, m, t, d))));
}

/* fixed_add or fixed_sub. */
typedef fixed (*fixed_step)(fixed sum, fixed v);

/* sum +- `rows` points, rows and step being constants: each sum is loaded and stored once for all of them. */
EXK_INLINE void sum_few(const float *const *x, int rows, fixed_step step, const double *scale, int64_t d,
                        int64_t *sum) {
    int64_t t = 0;
    for (; t + FIXED_LANES <= d; t += FIXED_LANES) {
        fixed v = fixed_load(sum + t);
        for (int i = 0; i < rows; i++)
            v = step(v, fixed_nearest(x[i] + t, scale + t));
        fixed_store(sum + t, v);
    }
    if (t < d) {
        fixed v = fixed_load_part(sum + t, d - t);
        for (int i = 0; i < rows; i++)
            v = step(v, fixed_nearest_part(x[i] + t, scale + t, d - t));
        fixed_store_part(sum + t, v, d - t);
    }
}

EXK_INLINE void sum_rows(const float *x, int64_t stride, const int64_t *rows, int64_t count, fixed_step step,
                         const double *scale, int64_t d, int64_t *sum) {
    int64_t i = 0;
    for (; i + 4 <= count; i += 4) {
        const float *const four[4] = {x + rows[i] * stride, x + rows[i + 1] * stride, x + rows[i + 2] * stride,
                                      x + rows[i + 3] * stride};
        sum_few(four, 4, step, scale, d, sum);
    }
    for (; i < count; i++) {
        const float *const one = x + rows[i] * stride;
        sum_few(&one, 1, step, scale, d, sum);
    }
}

static void add_point(const float *x, const double *scale, int64_t d, int64_t *sum) {
    sum_few(&x, 1, fixed_add, scale, d, sum);
}

static void add_rows(const float *x, int64_t stride, const int64_t *rows, int64_t count, const double *scale,
                     int64_t d, int64_t *sum) {
    sum_rows(x, stride, rows, count, fixed_add, scale, d, sum);
}

static void take_rows(const float *x, int64_t stride, const int64_t *rows, int64_t count, const double *scale,
                      int64_t d, int64_t *sum) {
    sum_rows(x, stride, rows, count, fixed_sub, scale, d, sum);
}

static void move_point(const float *x, const double *scale, int64_t d, int64_t *from, int64_t *to) {
    int64_t t = 0;
    for (; t + FIXED_LANES <= d; t += FIXED_LANES) {
        const fixed v = fixed_nearest(x + t, scale + t);
        fixed_store(from + t, fixed_sub(fixed_load(from + t), v));
        fixed_store(to + t, fixed_add(fixed_load(to + t), v));
    }
    if (t < d) {
        const fixed v = fixed_nearest_part(x + t, scale + t, d - t);
        fixed_store_part(from + t, fixed_sub(fixed_load_part(from + t, d - t), v), d - t);
        fixed_store_part(to + t, fixed_add(fixed_load_part(to + t, d - t), v), d - t);
    }
}

static void drain(int64_t *from, int64_t d, int64_t *to) {
    for (int64_t t = 0; t < d; t++)
        to[t] += from[t];
    memset(from, 0, (size_t)d * sizeof *from);
}

EXK_INLINE wide mean_of(wide sum, wide unit, wide count) {
    return wide_div(wide_mul(sum, unit), count);
}

static void mean(const int64_t *sum, const double *unit, int64_t count, int64_t d, float *out) {
    const wide divisor = wide_set1((double)count);
    int64_t t = 0;
    for (; t + 8 <= d; t += 8)
        wide_to_f32(out + t, mean_of(wide_from_i64(sum + t), wide_load(unit + t), divisor));
    if (t < d)
        wide_to_f32_part(
            out + t, mean_of(wide_from_i64_part(sum + t, d - t), wide_load_part(unit + t, d - t), divisor), d - t);
    for (t = 0; t < d; t++)
        out[t] += 0.0f;
}

/* One step of overlap: *dot and *square grow by c'.S and ||c'||^2 over eight dimensions. */
EXK_INLINE void overlap_step(wide c, wide m, wide sum, wide unit, wide count, wide *dot, wide *square) {
    const wide centred = wide_sub(c, m);
    const wide centred_sum = wide_sub(wide_mul(sum, unit), wide_mul(count, m));
    *dot = wide_add(*dot, wide_mul(centred, centred_sum));
    *square = plus_square(*square, centred);
}

static double overlap(const float *c, const float *m, const int64_t *sum, const double *unit, int64_t count,
                      int64_t d) {
    const wide counts = wide_set1((double)count);
    wide dot = wide_set1(0.0), square = wide_set1(0.0);
    int64_t t = 0;
    for (; t + 8 <= d; t += 8)
        overlap_step(wide_from_f32(c + t), wide_from_f32(m + t), wide_from_i64(sum + t), wide_load(unit + t),
                     counts, &dot, &square);
    if (t < d)
        overlap_step(wide_from_f32_part(c + t, d - t), wide_from_f32_part(m + t, d - t),
                     wide_from_i64_part(sum + t, d - t), wide_load_part(unit + t, d - t), counts, &dot, &square);
    return 2.0 * wide_combine(dot) - (double)count * wide_combine(square);
}

/* Sums of scale_row under way. */
typedef struct scaled_sums {
    wide square, scaled, lost;
} scaled_sums;

/* Eight dimensions of scale_row: returns what `out` is rounded from. */
EXK_INLINE wide scale_step(wide c, wide m, wide scale, scaled_sums *sums) {
    const wide difference = wide_sub(c, m);
    const wide product = wide_mul(difference, scale), rounded = wide_rounded(product);
    sums->square = wide_add(sums->square, wide_mul(difference, product));
    sums->scaled = plus_square(sums->scaled, rounded);
    sums->lost = plus_square(sums->lost, wide_sub(product, rounded));
    return product;
}

static exk_scaled scale_row(const float *c, const float *m, double scale, int64_t d, float *out) {
    const wide scales = wide_set1(scale);
    scaled_sums sums = {wide_set1(0.0), wide_set1(0.0), wide_set1(0.0)};
    int64_t t = 0;
    for (; t + 8 <= d; t += 8)
        wide_to_f32(out + t, scale_step(wide_from_f32(c + t), wide_from_f32(m + t), scales, &sums));
    if (t < d)
        wide_to_f32_part(
            out + t, scale_step(wide_from_f32_part(c + t, d - t), wide_from_f32_part(m + t, d - t), scales, &sums),
            d - t);
    return (exk_scaled){wide_combine(sums.square), wide_combine(sums.scaled), wide_combine(sums.lost)};
}

EXK_INLINE wide fold_step(wide h, wide slope, wide base, wide norm, wide outwards, wide *largest) {
    const wide error = wide_mul(wide_add(wide_mul(slope, norm), base), outwards);
    *largest = wide_max(wide_min(error, wide_set1(INFINITY)), *largest);
    /* Of the largest finite double no h_j is left; but an infinite one is. */
    return wide_sub(h, wide_min(error, wide_set1(DBL_MAX)));
}

static double fold(const double *h, const float *slope, const float *base, double norm, double outwards, int64_t k,
                   float *out) {
    const wide norms = wide_set1(norm), factor = wide_set1(outwards);
    wide largest = wide_set1(0.0);
    int64_t j = 0;
    for (; j + 8 <= k; j += 8)
        wide_to_f32_down(out + j, fold_step(wide_load(h + j), wide_from_f32(slope + j), wide_from_f32(base + j),
                                            norms, factor, &largest));
    if (j < k)
        wide_to_f32_down_part(out + j,
                              fold_step(wide_load_part(h + j, k - j), wide_from_f32_part(slope + j, k - j),
                                        wide_from_f32_part(base + j, k - j), norms, factor, &largest),
                              k - j);
    return wide_largest(largest);
}

/* Blocks where all is clear, most of them, are passed over without a branch for each element. */
static int64_t unclear(const float *best, const float *second, float margin, int64_t count, int32_t *list) {
    enum { BLOCK = 16 };
    int64_t found = 0;
    for (int64_t i = 0; i < count; i += BLOCK) {
        const int lanes = count - i < BLOCK ? (int)(count - i) : BLOCK;
        int clear = 0;
        if (lanes == BLOCK) {
            for (int lane = 0; lane < BLOCK; lane++)
                clear += second[i + lane] - best[i + lane] > margin;
        }
        for (int lane = 0; clear < BLOCK && lane < lanes; lane++) {
            list[found] = (int32_t)(i + lane);
            found += !(second[i + lane] - best[i + lane] > margin);
        }
    }
    return found;
}

static int64_t within(const float *v, float limit, int64_t count, int32_t *list) {
    enum { BLOCK = 16 };
    int64_t found = 0;
    for (int64_t i = 0; i < count; i += BLOCK) {
        const int lanes = count - i < BLOCK ? (int)(count - i) : BLOCK;
        int beyond = 0;
        if (lanes == BLOCK) {
            for (int lane = 0; lane < BLOCK; lane++)
                beyond += v[i + lane] > limit;
        }
        for (int lane = 0; beyond < BLOCK && lane < lanes; lane++) {
            list[found] = (int32_t)(i + lane);
            found += !(v[i + lane] > limit);
        }
    }
    return found;
}

/* Infinite norms say nothing. */
EXK_INLINE bool is_beyond(float best, float norm, double nearest, double unscale) {
    const double rounded = (double)norm * (1.0 - 0x1p-20) - 0x1p-148, least = rounded > 0.0 ? rounded : 0.0;
    const double square = least * least, score = (double)best * unscale;
    return norm <= FLT_MAX && (square + score) - (square + fabs(score)) * 0x1p-50 > nearest * (1.0 + 0x1p-20);
}

static int64_t reachable(const float *best, const float *norm, const double *nearest, double unscale,
                         int64_t count, int32_t *list) {
    int64_t found = 0;
    for (int64_t i = 0; i < count; i++) {
        list[found] = (int32_t)i;
        found += !is_beyond(best[i], norm[i], nearest[i], unscale);
    }
    return found;
}

static uint32_t bits_of(float v) {
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits) {
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* Floats from 0 up are in the order of their bits. */
static float largest(const float *v, int64_t count) {
    uint32_t bits = 0;
    for (int64_t i = 0; i < count; i++)
        bits = bits_of(v[i]) > bits ? bits_of(v[i]) : bits;
    return float_of(bits);
}

/* Every dimension is mixed by itself, with its position, and the results are added: no chain, any order. */
static uint64_t digest(const float *c, int64_t d, float *magnitude) {
    uint64_t hash = 0;
    uint32_t highest = 0;
    for (int64_t t = 0; t < d; t++) {
        const uint32_t bits = bits_of(c[t]);
        uint32_t mixed = bits + (uint32_t)t * 0x9E3779B9u;
        mixed = (mixed ^ mixed >> 15) * 0x85EBCA6Bu;
        mixed ^= mixed >> 13;
        hash += (uint64_t)mixed * (mixed ^ 0xC2B2AE35u);
        highest = (bits & 0x7fffffffu) > highest ? bits & 0x7fffffffu : highest;
    }
    *magnitude = float_of(highest);
    return hash;
}

static void centre(const float *x, const float *m, int64_t d, float *out) {
    for (int64_t t = 0; t < d; t++)
        out[t] = x[t] - m[t];
}

static bool all_finite(const float *x, int64_t d) {
    uint32_t largest = 0;
    for (int64_t t = 0; t < d; t++) {
        const uint32_t magnitude = bits_of(x[t]) & 0x7fffffffu;
        largest = magnitude > largest ? magnitude : largest;
    }
    return largest < 0x7f800000u;
}

static void column_max(const float *x, int64_t d, float *largest) {
    for (int64_t t = 0; t < d; t++) {
        const uint32_t magnitude = bits_of(x[t]) & 0x7fffffffu, before = bits_of(largest[t]);
        largest[t] = float_of(magnitude > before ? magnitude : before);
    }
}

/* Blocks without a difference, most of them, are passed over without a branch for each element. */
static int64_t differing(const int32_t *a, const int32_t *b, int64_t count, int32_t *list) {
    enum { BLOCK = 16 };
    int64_t found = 0, i = 0;
    for (; i + BLOCK <= count; i += BLOCK) {
        int32_t difference = 0;
        for (int lane = 0; lane < BLOCK; lane++)
            difference |= a[i + lane] ^ b[i + lane];
        for (int lane = 0; difference && lane < BLOCK; lane++) {
            list[found] = (int32_t)(i + lane);
            found += a[i + lane] != b[i + lane];
        }
    }
    for (; i < count; i++) {
        list[found] = (int32_t)i;
        found += a[i] != b[i];
    }
    return found;
}

const exk_bulk EXK_BULK = {
    .dist64 = dist64,
    .along = along,
    .lean = lean,
    .add_point = add_point,
    .move_point = move_point,
    .add_rows = add_rows,
    .take_rows = take_rows,
    .drain = drain,
    .mean = mean,
    .overlap = overlap,
    .scale_row = scale_row,
    .fold = fold,
    .unclear = unclear,
    .within = within,
    .reachable = reachable,
    .largest = largest,
    .digest = digest,
    .centre = centre,
    .all_finite = all_finite,
    .column_max = column_max,
    .differing = differing,
};
