/* Fixed point on AVX-512DQ: 8 int64 lanes. All fixed_*.h offer the same operations:
 *
 *   fixed_nearest(x, scale)          the int64 nearest to x[lane] * scale[lane], ties to even, for products up to
 *                                    2^62 in magnitude (beyond, any value)
 *   fixed_load fixed_store           unaligned memory
 *   fixed_add fixed_sub              modulo 2^64
 *   ..._part(..., count)             the same on the first 0 < count < FIXED_LANES lanes; memory behind them is
 * not touched, and the lanes hold anything */
#ifndef EXK_FIXED_AVX512_H
#define EXK_FIXED_AVX512_H

#include <immintrin.h>
#include <stdint.h>

enum { FIXED_LANES = 8 };
typedef __m512i fixed;

static inline __mmask8 fixed_lanes(int64_t count) {
    return (__mmask8)((1u << count) - 1u);
}

static inline fixed fixed_nearest_of(__m256 x, __m512d scale) {
    return _mm512_cvtpd_epi64(_mm512_mul_pd(_mm512_cvtps_pd(x), scale));
}
static inline fixed fixed_nearest(const float *x, const double *scale) {
    return fixed_nearest_of(_mm256_loadu_ps(x), _mm512_loadu_pd(scale));
}
static inline fixed fixed_nearest_part(const float *x, const double *scale, int64_t count) {
    const __mmask8 lanes = fixed_lanes(count);
    return fixed_nearest_of(_mm256_maskz_loadu_ps(lanes, x), _mm512_maskz_loadu_pd(lanes, scale));
}
static inline fixed fixed_load(const int64_t *p) {
    return _mm512_loadu_si512(p);
}
static inline fixed fixed_load_part(const int64_t *p, int64_t count) {
    return _mm512_maskz_loadu_epi64(fixed_lanes(count), p);
}
static inline void fixed_store(int64_t *p, fixed v) {
    _mm512_storeu_si512(p, v);
}
static inline void fixed_store_part(int64_t *p, fixed v, int64_t count) {
    _mm512_mask_storeu_epi64(p, fixed_lanes(count), v);
}
static inline fixed fixed_add(fixed a, fixed b) {
    return _mm512_add_epi64(a, b);
}
static inline fixed fixed_sub(fixed a, fixed b) {
    return _mm512_sub_epi64(a, b);
}

#endif
