/* Eight doubles on AVX-512. All wide_*.h offer the same operations, with 8 lanes whatever the ISA: sums over rows
 * are defined lane by lane, dimension mod 8.
 *
 *   wide_set1 wide_add wide_sub wide_mul wide_div    each correctly rounded, never fused
 *   wide_from_f32 wide_from_i64 wide_load            8 values from unaligned memory, int64 correctly rounded
 *   wide_store                                       8 doubles, unaligned
 *   wide_min wide_max                                b where a is NaN
 *   wide_to_f32                                      correctly rounded to float32
 *   wide_to_f32_down                                 rounded to float32 towards -infinity
 *   wide_rounded                                     to float32 and back
 *   wide_combine                                     ((0+4)+(2+6)) + ((1+5)+(3+7))
 *   wide_largest                                     of the lanes
 *   ..._part(..., count)                             the first 0 < count < 8 lanes; memory behind them is not
 *                                                    touched, and the lanes read as 0 */
#ifndef EXK_WIDE_AVX512_H
#define EXK_WIDE_AVX512_H

#include <immintrin.h>
#include <stdint.h>

typedef __m512d wide;

static inline __mmask8 wide_lanes(int64_t count) {
    return (__mmask8)((1u << count) - 1u);
}

static inline wide wide_set1(double v) {
    return _mm512_set1_pd(v);
}
static inline wide wide_from_f32(const float *p) {
    return _mm512_cvtps_pd(_mm256_loadu_ps(p));
}
static inline wide wide_from_f32_part(const float *p, int64_t count) {
    return _mm512_cvtps_pd(_mm256_maskz_loadu_ps(wide_lanes(count), p));
}
static inline wide wide_from_i64(const int64_t *p) {
    return _mm512_cvtepi64_pd(_mm512_loadu_si512(p));
}
static inline wide wide_from_i64_part(const int64_t *p, int64_t count) {
    return _mm512_cvtepi64_pd(_mm512_maskz_loadu_epi64(wide_lanes(count), p));
}
static inline wide wide_load(const double *p) {
    return _mm512_loadu_pd(p);
}
static inline void wide_store(double *p, wide v) {
    _mm512_storeu_pd(p, v);
}
static inline wide wide_load_part(const double *p, int64_t count) {
    return _mm512_maskz_loadu_pd(wide_lanes(count), p);
}
static inline void wide_to_f32(float *p, wide v) {
    _mm256_storeu_ps(p, _mm512_cvtpd_ps(v));
}
static inline void wide_to_f32_part(float *p, wide v, int64_t count) {
    _mm256_mask_storeu_ps(p, wide_lanes(count), _mm512_cvtpd_ps(v));
}
static inline __m256 wide_f32_down(wide v) {
    return _mm512_cvt_roundpd_ps(v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
static inline void wide_to_f32_down(float *p, wide v) {
    _mm256_storeu_ps(p, wide_f32_down(v));
}
static inline void wide_to_f32_down_part(float *p, wide v, int64_t count) {
    _mm256_mask_storeu_ps(p, wide_lanes(count), wide_f32_down(v));
}
static inline wide wide_rounded(wide v) {
    return _mm512_cvtps_pd(_mm512_cvtpd_ps(v));
}
static inline wide wide_add(wide a, wide b) {
    return _mm512_add_pd(a, b);
}
static inline wide wide_sub(wide a, wide b) {
    return _mm512_sub_pd(a, b);
}
static inline wide wide_mul(wide a, wide b) {
    return _mm512_mul_pd(a, b);
}
static inline wide wide_div(wide a, wide b) {
    return _mm512_div_pd(a, b);
}
static inline wide wide_min(wide a, wide b) {
    return _mm512_min_pd(a, b);
}
static inline wide wide_max(wide a, wide b) {
    return _mm512_max_pd(a, b);
}
static inline double wide_largest(wide v) {
    return _mm512_reduce_max_pd(v);
}
static inline double wide_combine(wide v) {
    const __m256d four = _mm256_add_pd(_mm512_castpd512_pd256(v), _mm512_extractf64x4_pd(v, 1));
    const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

#endif
