/* Fixed point on AVX2: 4 int64 lanes. See fixed_avx512.h for the meaning of each operation. */
#ifndef EXK_FIXED_AVX2_H
#define EXK_FIXED_AVX2_H

#include <immintrin.h>
#include <stdint.h>

enum { FIXED_LANES = 4 };
typedef __m256i fixed;

static inline __m256i fixed_lanes(int64_t count) {
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(count), _mm256_setr_epi64x(0, 1, 2, 3));
}

/* There is no conversion to int64. Adding 1.5 * 2^52 rounds a double below 2^51 to an integer, ties to even, and
 * leaves it in the low bits. v = high * 2^32 + low with |low| <= 2^31 takes two such steps: high is v / 2^32
 * rounded, low is exact (a multiple of the last bit of v, and no larger than v), and high * 2^32 is even, so that
 * low's ties are v's. */
static inline fixed fixed_nearest_of(__m128 x, __m256d scale) {
    const __m256d magic = _mm256_set1_pd(0x1.8p52);
    const __m256d v = _mm256_mul_pd(_mm256_cvtps_pd(x), scale);
    const __m256d high_bits = _mm256_fmadd_pd(v, _mm256_set1_pd(0x1p-32), magic);
    const __m256d high = _mm256_sub_pd(high_bits, magic);
    const __m256d low = _mm256_fnmadd_pd(high, _mm256_set1_pd(0x1p32), v);
    const __m256i low_bits = _mm256_castpd_si256(_mm256_add_pd(low, magic));
    /* The 32 low bits of magic are 0: shifting leaves high alone. */
    return _mm256_add_epi64(_mm256_slli_epi64(_mm256_castpd_si256(high_bits), 32),
                            _mm256_sub_epi64(low_bits, _mm256_castpd_si256(magic)));
}
static inline fixed fixed_nearest(const float *x, const double *scale) {
    return fixed_nearest_of(_mm_loadu_ps(x), _mm256_loadu_pd(scale));
}
static inline fixed fixed_nearest_part(const float *x, const double *scale, int64_t count) {
    const __m128i narrow = _mm_cmpgt_epi32(_mm_set1_epi32((int32_t)count), _mm_setr_epi32(0, 1, 2, 3));
    return fixed_nearest_of(_mm_maskload_ps(x, narrow), _mm256_maskload_pd(scale, fixed_lanes(count)));
}
static inline fixed fixed_load(const int64_t *p) {
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}
static inline fixed fixed_load_part(const int64_t *p, int64_t count) {
    return _mm256_maskload_epi64((const long long *)p, fixed_lanes(count));
}
static inline void fixed_store(int64_t *p, fixed v) {
    _mm256_storeu_si256((__m256i *)(void *)p, v);
}
static inline void fixed_store_part(int64_t *p, fixed v, int64_t count) {
    _mm256_maskstore_epi64((long long *)p, fixed_lanes(count), v);
}
static inline fixed fixed_add(fixed a, fixed b) {
    return _mm256_add_epi64(a, b);
}
static inline fixed fixed_sub(fixed a, fixed b) {
    return _mm256_sub_epi64(a, b);
}

#endif
