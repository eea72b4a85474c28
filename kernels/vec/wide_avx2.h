/* Eight doubles on AVX2. See wide_avx512.h for the meaning of each operation. */
#ifndef EXK_WIDE_AVX2_H
#define EXK_WIDE_AVX2_H

#include <immintrin.h>
#include <stdint.h>

typedef struct wide {
    __m256d low, high; /* lanes 0-3, 4-7 */
} wide;

static inline __m256i wide_lanes(int64_t count, int64_t first) {
    const __m256i lane = _mm256_add_epi64(_mm256_setr_epi64x(0, 1, 2, 3), _mm256_set1_epi64x(first));
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(count), lane);
}
static inline __m256i wide_lanes_f32(int64_t count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int32_t)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
static inline wide wide_of_f32(__m256 v) {
    return (wide){_mm256_cvtps_pd(_mm256_castps256_ps128(v)), _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1))};
}
static inline __m256 wide_f32(wide v) {
    return _mm256_set_m128(_mm256_cvtpd_ps(v.high), _mm256_cvtpd_ps(v.low));
}

static inline wide wide_set1(double v) {
    return (wide){_mm256_set1_pd(v), _mm256_set1_pd(v)};
}
static inline wide wide_from_f32(const float *p) {
    return wide_of_f32(_mm256_loadu_ps(p));
}
static inline wide wide_from_f32_part(const float *p, int64_t count) {
    return wide_of_f32(_mm256_maskload_ps(p, wide_lanes_f32(count)));
}
/* There is no conversion from int64 in vectors. */
static inline wide wide_from_i64(const int64_t *p) {
    return (wide){_mm256_setr_pd((double)p[0], (double)p[1], (double)p[2], (double)p[3]),
                  _mm256_setr_pd((double)p[4], (double)p[5], (double)p[6], (double)p[7])};
}
static inline wide wide_from_i64_part(const int64_t *p, int64_t count) {
    int64_t padded[8] = {0};
    for (int64_t lane = 0; lane < count; lane++)
        padded[lane] = p[lane];
    return wide_from_i64(padded);
}
static inline wide wide_load(const double *p) {
    return (wide){_mm256_loadu_pd(p), _mm256_loadu_pd(p + 4)};
}
static inline void wide_store(double *p, wide v) {
    _mm256_storeu_pd(p, v.low);
    _mm256_storeu_pd(p + 4, v.high);
}
static inline wide wide_load_part(const double *p, int64_t count) {
    return (wide){_mm256_maskload_pd(p, wide_lanes(count, 0)), _mm256_maskload_pd(p + 4, wide_lanes(count, 4))};
}
static inline void wide_to_f32(float *p, wide v) {
    _mm256_storeu_ps(p, wide_f32(v));
}
static inline void wide_to_f32_part(float *p, wide v, int64_t count) {
    _mm256_maskstore_ps(p, wide_lanes_f32(count), wide_f32(v));
}
/* Where rounding to nearest went up: one float back. In the order of their bits as integers, negative ones
 * mirrored, floats are neighbours; a double below 0 never rounds to +0. */
static inline __m128 wide_f32_down(__m256d v) {
    const __m128 nearest = _mm256_cvtpd_ps(v);
    const __m256d above = _mm256_cmp_pd(_mm256_cvtps_pd(nearest), v, _CMP_GT_OQ);
    const __m128i step = _mm256_cvtpd_epi32(_mm256_and_pd(above, _mm256_set1_pd(1.0)));
    const __m128i bits = _mm_castps_si128(nearest);
    /* Down is one less for a positive float, one more for a negative one. */
    const __m128i direction = _mm_or_si128(_mm_srai_epi32(bits, 31), _mm_set1_epi32(1));
    return _mm_castsi128_ps(_mm_sub_epi32(bits, _mm_sign_epi32(step, direction)));
}
static inline __m256 wide_all_f32_down(wide v) {
    return _mm256_set_m128(wide_f32_down(v.high), wide_f32_down(v.low));
}
static inline void wide_to_f32_down(float *p, wide v) {
    _mm256_storeu_ps(p, wide_all_f32_down(v));
}
static inline void wide_to_f32_down_part(float *p, wide v, int64_t count) {
    _mm256_maskstore_ps(p, wide_lanes_f32(count), wide_all_f32_down(v));
}
static inline wide wide_rounded(wide v) {
    return wide_of_f32(wide_f32(v));
}
static inline wide wide_add(wide a, wide b) {
    return (wide){_mm256_add_pd(a.low, b.low), _mm256_add_pd(a.high, b.high)};
}
static inline wide wide_sub(wide a, wide b) {
    return (wide){_mm256_sub_pd(a.low, b.low), _mm256_sub_pd(a.high, b.high)};
}
static inline wide wide_mul(wide a, wide b) {
    return (wide){_mm256_mul_pd(a.low, b.low), _mm256_mul_pd(a.high, b.high)};
}
static inline wide wide_div(wide a, wide b) {
    return (wide){_mm256_div_pd(a.low, b.low), _mm256_div_pd(a.high, b.high)};
}
static inline wide wide_min(wide a, wide b) {
    return (wide){_mm256_min_pd(a.low, b.low), _mm256_min_pd(a.high, b.high)};
}
static inline wide wide_max(wide a, wide b) {
    return (wide){_mm256_max_pd(a.low, b.low), _mm256_max_pd(a.high, b.high)};
}
static inline double wide_largest(wide v) {
    const __m256d four = _mm256_max_pd(v.low, v.high);
    const __m128d two = _mm_max_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
    return _mm_cvtsd_f64(_mm_max_sd(two, _mm_unpackhi_pd(two, two)));
}
static inline double wide_combine(wide v) {
    const __m256d four = _mm256_add_pd(v.low, v.high);
    const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

#endif
