/* Rows of 16-bit floats that stand for rows of floats, and what is lost by that.
 *
 * Rounding. A row is multiplied by the power of two, r for a point and 1 / b for a centroid, that brings its
 * largest coordinate to [2, 4), and rounded: q for a point, p for a centroid. With the residuals e = r x - q and
 * f = c / b - p
 *
 *     r x.c = b (q.p + q.f + e.(p + f)),    |q.f + e.(p + f)| <= ||q|| ||f|| + ||e|| (||p|| + ||f||)
 *
 * by Cauchy-Schwarz. A residual is exact, and so is a product with a power of two unless it is subnormal: it is
 * then off by 2^-150, where the row's largest coordinate is 2 or more.
 *
 * Sums. Say that the product of coordinate t meets at most w_t roundings on its way into the sum (half_roundings),
 * each of which changes a sum s by HALF_ERROR |s| + HALF_LOST at most. With w = max w_t and g = HALF_ERROR that
 * makes
 *
 *     |q.p computed - q.p| <= sum of ((1 + g)^w_t - 1) |q_t p_t|  +  HALF_LOST (1 + g)^w (the number of sums)
 *                          <= 17/16 (g ||q||_w ||p||_w  +  2 d HALF_LOST),    ||q||_w^2 = sum of w_t q_t^2,
 *
 * since (1 + g)^w_t - 1 <= w_t g / (1 - w g), w g < 1/17, and by Cauchy-Schwarz once more. There are fewer than 2
 * d sums that can lose anything. These norms, in which each coordinate counts for as many roundings as it meets,
 * rather than all for as many as the first one, halve what chains of roundings cost.
 *
 * Norms are widened: their sums of squares in float32 meet at most 2^15 roundings (the d_max of these rows), which
 * makes 2^-9 of them and 2^-10 of their roots, less than 2^-8 together with the roundings of later products. What
 * rounding adds where the score is put together in float32, and what subnormal numbers lose, comes to less than
 * 2^-19 of (||q|| + ||e||) (||p|| + ||f||) all in all, ||q|| being at least 2 unless all points are 0, and then
 * nothing is lost. */
#ifndef EXK_HALF_ROUND_H
#define EXK_HALF_ROUND_H

#include "kernels/int8/candidates.h"
#include EXK_HALF_HEADER

#ifdef HALF_TILES
#include "kernels/half/block_tiles.h"
#else
#include "kernels/half/block_chains.h"
#endif

#define HALF_SUMS_WIDER (1.0f + 0x1p-4f)

_Static_assert((int)HALF_TOGETHER *(int)HALF_WORDS % (int)VEC_LANES == 0, "rows are whole vectors of numbers");

static inline int64_t words_of(int64_t d) {
    return round_up_to((d + HALF_TOGETHER - 1) / HALF_TOGETHER, HALF_WORDS);
}

typedef struct half_row {
    float factor;   /* r, or 1 / b; 0: the row cannot be rounded */
    float norm;     /* ||q|| or ||p|| */
    float residual; /* ||e|| or ||f|| */
    float weighted; /* ||q||_w or ||p||_w; all at least that */
} half_row;

/* w_t of every number of a row. */
static inline void find_weights(int64_t words, float *weight) {
    for (int64_t t = 0; t < words * HALF_TOGETHER; t++)
        weight[t] = (float)half_roundings(t / HALF_TOGETHER, words);
}

/* The largest |x_t|. The row `next` is fetched meanwhile. */
static inline float largest_of(const float *x, const float *next, int64_t d) {
    const vec_f32 zero = vec_set1(0.0f);
    vec_f32 largest = zero;
    for (int64_t t = 0; t < d; t += VEC_LANES) {
        __builtin_prefetch(next + t);
        const vec_f32 value = load_clipped(x, t, d - t);
        largest = vec_max(largest, vec_max(value, vec_sub(zero, value)));
    }
    return -vec_least(vec_sub(zero, largest));
}

/* The power of two that brings the largest coordinate to [2, 4), where it and its products with other numbers of
 * moderate size neither overflow nor lose bits. */
static inline float power_for(float largest) {
    if (largest == 0.0f)
        return 1.0f;
    return largest > 0x1p-100f && largest < 0x1p110f ? ldexpf(2.0f, -ilogbf(largest)) : 0.0f;
}

/* Rounds a row of d floats to `words` words. */
static inline half_row round_row(const float *x, const float *next, int64_t d, int64_t words, const float *weight,
                                 int32_t *row) {
    const float factor = power_for(largest_of(x, next, d));
    const vec_f32 factors = vec_set1(factor), zero = vec_set1(0.0f);
    vec_f32 squares = zero, losses = zero, weighted = zero;
    for (int64_t t = 0; t < words * HALF_TOGETHER; t += VEC_LANES) {
        const vec_f32 value = vec_mul_add(load_clipped(x, t, d - t), factors, zero);
        const vec_f32 rounded = half_store(row, t, value), lost = vec_sub(value, rounded);
        squares = vec_mul_add(rounded, rounded, squares);
        losses = vec_mul_add(lost, lost, losses);
        weighted = vec_mul_add(vec_mul_add(vec_load(weight + t), rounded, zero), rounded, weighted);
    }
    return (half_row){factor, sqrtf(vec_sum(squares)) * EXK_INT8_WIDER, sqrtf(vec_sum(losses)) * EXK_INT8_WIDER,
                      sqrtf(vec_sum(weighted)) * EXK_INT8_WIDER};
}

/* What a centroid of these numbers brings into the bound, for any point: F = Q q + E e + W w, these being the
 * largest ||q||, ||e|| and ||q||_w of a panel. */
typedef struct half_loss {
    float beta;    /* b; 0: it cannot be rounded */
    float q, e, w; /* b (||f|| + d HALF_LOST), b (||p|| + ||f||), b HALF_ERROR ||p||_w, widened */
} half_loss;

static inline half_loss half_loss_of(int64_t d, const half_row *centroid) {
    const float beta = centroid->factor > 0.0f ? 1.0f / centroid->factor : 0.0f;
    const float both = (centroid->norm + centroid->residual + 0x1p-20f) * EXK_INT8_WIDER;
    const float underflow = (float)d * HALF_LOST * HALF_SUMS_WIDER; /* twice that, and Q is at least 2 */
    return (half_loss){beta, beta * (centroid->residual + underflow + 0x1p-18f * both) * EXK_INT8_WIDER,
                       beta * both * EXK_INT8_WIDER, beta * HALF_ERROR * HALF_SUMS_WIDER * centroid->weighted};
}

#endif
