/* Rows of bytes that stand for rows of floats, and what is lost by that.
 *
 * Rotation. A row whose coordinates differ much in size loses most of its small ones, so rows are first turned by
 * a Hadamard matrix: y = H x, whose blocks of `order` coordinates are sums and differences of coordinates that lay
 * far apart, or close together. H H' = order * I, hence x.c = y.z / order for y = H x and z = H c. Additions
 * alone, log2(order) <= 6 of them on each coordinate: the rounded y is off by at most 6.1 u ||y||, u = 2^-24.
 *
 * Quantisation. A point's bytes are q = the integers nearest to r y, for a factor r that brings the largest to
 * DOT_POINT; a centroid's are p, those nearest to z / b. With the residuals e = r y - q and f = z / b - p
 *
 *     r x.c = (b / order) (q.p + q.f + e.(p + f)),    |q.f + e.(p + f)| <= ||q|| ||f|| + ||e|| (||p|| + ||f||)
 *
 * by Cauchy-Schwarz. q.p is computed exactly in integers; the norms are the true ones of these rows, widened:
 *
 *     - sums of squares in float32 meet at most 2^15 roundings (the d_max of these rows), which makes 2^-9 of
 *       them and 2^-10 of their roots, less than 2^-8 together with the roundings of all later products;
 *     - a residual may be off by 127 u where a product is rounded before the sum, 2^-17 in each coordinate;
 *     - that y and z were rounded, that b is a rounded reciprocal, and what rounding adds where the score is put
 *       together in float32 comes to less than 2^-19 of (||q|| + ||e||) (||p|| + ||f||) all in all. */
#ifndef EXK_QUANTISE_H
#define EXK_QUANTISE_H

#include <math.h>

#include "kernels/body/microkernel.h"
#include EXK_DOT_HEADER

#ifdef EXK_DOT_TILES
enum { BYTES_AT_ONCE = TILE_BYTES };
#else
enum { BYTES_AT_ONCE = 8 };
#endif
enum { ORDER_MOST = 16, QUAD = 4, EIGHT = 8, REST_DIGIT = 2 * DOT_POINT };
#define EXK_INT8_WIDER (1.0f + 0x1p-8f)

#ifndef EXK_DOT_ADD_ALL
static inline vec_i32 dot_add_all(vec_i32 sum, const vec_i32 points[DOT_TOGETHER], const int32_t *centroid) {
    vec_i32 all[DOT_TOGETHER];
    for (int t = 0; t < DOT_TOGETHER; t++)
        all[t] = vec_set1_i32(centroid[t]);
    return dot_add(sum, points, all);
}
#endif

/* How rows of d coordinates are turned: coordinate b * width + i is at place b of block i, and where `lanes` is 4,
 * four neighbouring blocks are one. */
typedef struct rotation {
    int64_t d, order, width, lanes;
    int64_t stride; /* of the turned row, each `width` of it being whole vectors */
    int64_t bytes;  /* of the quantised row: at least order * width, what is beyond being 0 */
} rotation;

/* As high an order as wastes little on rows that are no multiple of order * VEC_LANES. */
static inline rotation rotation_of(int64_t d) {
    rotation turn = {.d = d, .lanes = 1};
    for (turn.order = ORDER_MOST;; turn.order /= 2) {
        const int64_t multiple = turn.order < EIGHT ? EIGHT / turn.order : 1;
        turn.width = round_up_to((d + turn.order - 1) / turn.order, multiple);
        turn.stride = round_up_to(turn.width, VEC_LANES);
        turn.bytes = round_up_to(turn.order * turn.width, BYTES_AT_ONCE);
        if (turn.order == 1 || turn.order * turn.stride <= d + d / 7)
            break;
    }
    if ((int)VEC_LANES >= (int)QUAD && turn.width % QUAD == 0)
        turn.lanes = QUAD;
    return turn;
}

/* H H' = this * I. */
static inline float rotation_square(const rotation *turn) {
    return (float)(turn->order * turn->lanes);
}

static inline size_t turned_floats(const rotation *turn) {
    return (size_t)(turn->order * turn->stride);
}

/* A quantised row's bytes may be written up to a vector beyond its end. */
static inline size_t row_bytes(const rotation *turn) {
    return (size_t)round_up_to(turn->bytes + VEC_LANES, EXK_ALIGN);
}

static inline void fetch_lines(const void *from, int64_t bytes) {
    for (int64_t t = 0; t < bytes; t += EXK_ALIGN)
        __builtin_prefetch((const char *)from + t);
}

EXK_INLINE void butterflies(int order, vec_f32 *y) {
    EXK_UNROLL for (int half = 1; half < order; half *= 2) {
        EXK_UNROLL for (int i = 0; i < order; i++) {
            if (i & half)
                continue;
            const vec_f32 a = y[i], b = y[i + half];
            y[i] = vec_add(a, b);
            y[i + half] = vec_sub(a, b);
        }
    }
}

static inline vec_f32 load_clipped(const float *x, int64_t at, int64_t count) {
    return count > 0 ? vec_load_part(x + at, count) : vec_set1(0.0f);
}

/* Sums and differences within every four lanes. */
EXK_INLINE vec_f32 turn_lanes(vec_f32 y, vec_f32 signs, vec_f32 pair_signs) {
    const vec_f32 once = vec_mul_add(y, signs, vec_swap(y));
    return vec_mul_add(once, pair_signs, vec_swap_pairs(once));
}

/* y = H x; returns the largest |y_t|. `whole`: every vector is. The row `next` is fetched meanwhile. */
EXK_INLINE float turn_row(int order, bool whole, const rotation *turn, const float *x, const float *next,
                          float *y) {
    static const float sign[ORDER_MOST] = {1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1};
    static const float pair_sign[ORDER_MOST] = {1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1};
    const vec_f32 signs = vec_load(sign), pair_signs = vec_load(pair_sign);
    vec_f32 largest = vec_set1(0.0f);
    for (int64_t i = 0; i < turn->width; i += VEC_LANES) {
        vec_f32 column[ORDER_MOST];
        EXK_UNROLL for (int b = 0; b < order; b++) {
            const int64_t at = b * turn->width + i;
            __builtin_prefetch(next + at);
            column[b] = whole ? vec_load(x + at) : load_clipped(x, at, min_i64(turn->width - i, turn->d - at));
        }
        butterflies(order, column);
        EXK_UNROLL for (int b = 0; b < order; b++) {
            if (turn->lanes > 1)
                column[b] = turn_lanes(column[b], signs, pair_signs);
            largest = vec_max(largest, vec_max(column[b], vec_sub(vec_set1(0.0f), column[b])));
            vec_store(y + b * turn->stride + i, column[b]);
        }
    }
    return -vec_least(vec_sub(vec_set1(0.0f), largest));
}

EXK_INLINE float turn_by(int order, const rotation *turn, const float *x, const float *next, float *y) {
    return turn->width % VEC_LANES == 0 && turn->order * turn->width == turn->d
               ? turn_row(order, true, turn, x, next, y)
               : turn_row(order, false, turn, x, next, y);
}

/* next: the row that comes next, which is fetched. */
static inline float turn(const rotation *by, const float *x, const float *next, float *y) {
    switch (by->order) {
    case 1:
        return turn_by(1, by, x, next, y);
    case 2:
        return turn_by(2, by, x, next, y);
    case 4:
        return turn_by(4, by, x, next, y);
    case 8:
        return turn_by(8, by, x, next, y);
    default:
        return turn_by(ORDER_MOST, by, x, next, y);
    }
}

typedef struct quantised {
    float factor;   /* r, or 1 / b; 0: the row cannot be quantised */
    float norm;     /* ||q|| or ||p|| */
    float residual; /* ||e|| or ||f||, likewise at least */
} quantised;

/* Factors and their products with other numbers of moderate size neither overflow nor lose bits. */
static inline float factor_for(float largest, float target) {
    if (largest == 0.0f)
        return 1.0f;
    return largest > 0x1p-100f && largest < 0x1p110f ? target / largest : 0.0f;
}

/* The bytes of a turned row. */
EXK_INLINE quantised quantise(const rotation *turn, const float *y, float largest, bool is_point, int8_t *bytes) {
    const float factor = factor_for(largest, is_point ? (float)DOT_POINT : (float)DOT_CENTROID);
    const vec_f32 factors = vec_set1(factor), minus_one = vec_set1(-1.0f), zero = vec_set1(0.0f);
    const int64_t width = turn->width; /* the bytes written might be *turn, for all the compiler knows */
    const float *from = y, *const end = y + turn->order * turn->stride;
    const int64_t stride = turn->stride;
    vec_f32 squares = zero, losses = zero;
    for (; from < end; from += stride, bytes += width) {
        for (int64_t i = 0; i < width; i += VEC_LANES) {
            const vec_f32 value = vec_load(from + i);
            const vec_f32 whole = vec_round(vec_mul_add(value, factors, zero));
            const vec_f32 lost = vec_mul_add(value, factors, vec_mul_add(whole, minus_one, zero));
            squares = vec_mul_add(whole, whole, squares);
            losses = vec_mul_add(lost, lost, losses);
            if (is_point)
                dot_store_point(bytes + i, whole);
            else
                vec_store_i8(bytes + i, whole);
        }
    }
    memset(bytes, 0, (size_t)(turn->bytes - turn->order * width));
    const float doubt = sqrtf((float)turn->bytes) * 0x1p-16f;
    return (quantised){factor, sqrtf(vec_sum(squares)) * EXK_INT8_WIDER,
                       sqrtf(vec_sum(losses)) * EXK_INT8_WIDER + doubt};
}

/* What a centroid of these bytes brings into the bound, for any point. */
typedef struct byte_loss {
    float beta; /* b / order; 0: it cannot be quantised */
    float q, e; /* beta ||f||, beta (||p|| + ||f||), widened */
} byte_loss;

static inline byte_loss byte_loss_of(const rotation *turn, const quantised *centroid) {
    const float beta = centroid->factor > 0.0f ? 1.0f / centroid->factor / rotation_square(turn) : 0.0f;
    const float both = (centroid->norm + centroid->residual) * EXK_INT8_WIDER;
    return (byte_loss){beta, beta * (centroid->residual + 0x1p-18f * (both + 1.0f)) * EXK_INT8_WIDER,
                       beta * both * EXK_INT8_WIDER};
}

/* What quantise lost of a turned row, |f_t| <= 1/2, in bytes of REST_DIGIT to 1: a second digit. Returns the norm
 * of what these lose, at least. */
EXK_INLINE float quantise_rest(const rotation *turn, const float *y, float factor, bool is_point, int8_t *bytes) {
    const vec_f32 factors = vec_set1(factor), minus_one = vec_set1(-1.0f), zero = vec_set1(0.0f);
    const vec_f32 digit = vec_set1((float)REST_DIGIT);
    const int64_t width = turn->width, stride = turn->stride;
    const float *from = y, *const end = y + turn->order * stride;
    vec_f32 losses = zero;
    for (; from < end; from += stride, bytes += width) {
        for (int64_t i = 0; i < width; i += VEC_LANES) {
            const vec_f32 value = vec_load(from + i);
            const vec_f32 whole = vec_round(vec_mul_add(value, factors, zero));
            const vec_f32 rest = vec_mul_add(value, factors, vec_mul_add(whole, minus_one, zero));
            const vec_f32 scaled = vec_mul_add(rest, digit, zero), second = vec_round(scaled);
            const vec_f32 lost = vec_mul_add(second, minus_one, scaled);
            losses = vec_mul_add(lost, lost, losses);
            if (is_point)
                dot_store_point(bytes + i, second);
            else
                vec_store_i8(bytes + i, second);
        }
    }
    memset(bytes, 0, (size_t)(turn->bytes - turn->order * width));
    const float doubt = sqrtf((float)turn->bytes) * 0x1p-16f;
    return sqrtf(vec_sum(losses)) * EXK_INT8_WIDER / (float)REST_DIGIT + doubt;
}

/* q.p of one row of bytes each. */
static inline int32_t row_dot(const int8_t *point, const int8_t *centroid, int64_t bytes, int32_t start) {
    enum { CHAINS = 4, VECTOR = VEC_LANES * QUAD, TOGETHER = DOT_TOGETHER * VECTOR };
    vec_i32 sum[CHAINS], x[DOT_TOGETHER], c[DOT_TOGETHER];
    int32_t lane[CHAINS * VEC_LANES];
    int64_t t = 0;
    EXK_UNROLL for (int i = 0; i < CHAINS; i++) {
        sum[i] = vec_set1_i32(0);
    }
    for (; t + CHAINS * TOGETHER <= bytes; t += CHAINS * TOGETHER) {
        EXK_UNROLL for (int i = 0; i < CHAINS; i++) {
            EXK_UNROLL for (int u = 0; u < DOT_TOGETHER; u++) {
                const int64_t at = t + i * TOGETHER + u * VECTOR;
                x[u] = vec_load_i32((const int32_t *)(const void *)(point + at));
                c[u] = vec_load_i32((const int32_t *)(const void *)(centroid + at));
            }
            sum[i] = dot_add(sum[i], x, c);
        }
    }
    for (; t + TOGETHER <= bytes; t += TOGETHER) {
        EXK_UNROLL for (int u = 0; u < DOT_TOGETHER; u++) {
            x[u] = vec_load_i32((const int32_t *)(const void *)(point + t + u * VECTOR));
            c[u] = vec_load_i32((const int32_t *)(const void *)(centroid + t + u * VECTOR));
        }
        sum[0] = dot_add(sum[0], x, c);
    }
    for (int i = 0; i < CHAINS; i++)
        vec_store_i32(lane + i * VEC_LANES, sum[i]);
    for (int i = 0; i < CHAINS * VEC_LANES; i++)
        start += lane[i];
    for (; t < bytes; t++)
        start += (DOT_BIAS == 128 ? (int32_t)(uint8_t)point[t] : (int32_t)point[t]) * centroid[t];
    return start;
}

/* ||e|| of points of up to these norms, widened by all that comes on top. */
static inline float wide_residual(float norm, float residual) {
    return residual * EXK_INT8_WIDER + 0x1p-20f * (norm + residual);
}

/* The largest of the error and the offsets in magnitude, where all numbers are such that bytes can stand for them,
 * else infinity. An infinite offset is that of no centroid. */
static inline float moderate_offset(const float *offset, const float *loss_e, int64_t k, float error) {
    float largest = error;
    for (int64_t j = 0; j < k; j++) {
        const float size = fabsf(offset[j]);
        if (offset[j] == INFINITY)
            continue;
        if (!(size < 0x1p110f && loss_e[j] > 0.0f && loss_e[j] < 0x1p100f))
            return INFINITY;
        largest = size > largest ? size : largest;
    }
    return largest < 0x1p110f ? largest : INFINITY;
}

#endif
