/* 8 floats on AVX2 and FMA. See vec_avx512.h for the meaning of each operation. */
#ifndef EXK_VEC_AVX2_H
#define EXK_VEC_AVX2_H

#include <immintrin.h>
#include <stdint.h>

enum { VEC_LANES = 8 };
typedef __m256 vec_f32;
typedef __m256i vec_i32;
typedef __m256 vec_mask;

static inline vec_f32 vec_set1(float v) {
    return _mm256_set1_ps(v);
}
static inline vec_f32 vec_load(const float *p) {
    return _mm256_loadu_ps(p);
}
static inline vec_f32 vec_load_part(const float *p, int64_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i limit = _mm256_set1_epi32(count >= 8 ? 8 : (int32_t)count);
    return _mm256_maskload_ps(p, _mm256_cmpgt_epi32(limit, lane));
}
static inline void vec_store(float *p, vec_f32 v) {
    _mm256_storeu_ps(p, v);
}
static inline vec_f32 vec_add(vec_f32 a, vec_f32 b) {
    return _mm256_add_ps(a, b);
}
static inline vec_f32 vec_sub(vec_f32 a, vec_f32 b) {
    return _mm256_sub_ps(a, b);
}
static inline vec_f32 vec_mul_add(vec_f32 a, vec_f32 b, vec_f32 c) {
    return _mm256_fmadd_ps(a, b, c);
}
static inline vec_f32 vec_min(vec_f32 a, vec_f32 b) {
    return _mm256_min_ps(a, b);
}
static inline vec_f32 vec_max(vec_f32 a, vec_f32 b) {
    return _mm256_max_ps(a, b);
}
static inline float vec_sum(vec_f32 a) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
static inline vec_mask vec_less(vec_f32 a, vec_f32 b) {
    return _mm256_cmp_ps(a, b, _CMP_LT_OQ);
}
static inline uint32_t vec_bits(vec_mask m) {
    return (uint32_t)_mm256_movemask_ps(m);
}
static inline uint32_t vec_bits_pair(vec_mask low, vec_mask high) {
    return vec_bits(low) | vec_bits(high) << VEC_LANES;
}
static inline vec_f32 vec_sqrt(vec_f32 a) {
    return _mm256_sqrt_ps(a);
}
static inline float vec_least(vec_f32 a) {
    __m128 s = _mm_min_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    s = _mm_min_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_min_ss(s, _mm_movehdup_ps(s)));
}
static inline vec_f32 vec_load_half(const uint16_t *p) {
    return _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)), 16));
}
static inline void vec_store_half(uint16_t *p, vec_f32 v) {
    const __m256i high = _mm256_srli_epi32(_mm256_castps_si256(v), 16);
    const __m128i packed = _mm_packus_epi32(_mm256_castsi256_si128(high), _mm256_extracti128_si256(high, 1));
    _mm_storeu_si128((__m128i *)(void *)p, packed);
}
static inline vec_f32 vec_round(vec_f32 a) {
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
static inline __m128i vec_words(vec_f32 v) {
    const __m256i wide = _mm256_cvtps_epi32(v);
    return _mm_packs_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
}
static inline void vec_store_i8(int8_t *p, vec_f32 v) {
    _mm_storel_epi64((__m128i *)(void *)p, _mm_packs_epi16(vec_words(v), vec_words(v)));
}
static inline void vec_store_u8(int8_t *p, vec_f32 v) {
    _mm_storel_epi64((__m128i *)(void *)p, _mm_packus_epi16(vec_words(v), vec_words(v)));
}
static inline vec_f32 vec_swap(vec_f32 a) {
    return _mm256_permute_ps(a, 0xb1);
}
static inline vec_f32 vec_swap_pairs(vec_f32 a) {
    return _mm256_permute_ps(a, 0x4e);
}
static inline vec_f32 vec_from_i32(vec_i32 v) {
    return _mm256_cvtepi32_ps(v);
}
static inline vec_i32 vec_to_i32(vec_f32 a) {
    return _mm256_cvtps_epi32(a);
}
static inline vec_i32 vec_add_i32(vec_i32 a, vec_i32 b) {
    return _mm256_add_epi32(a, b);
}
static inline vec_i32 vec_sub_i32(vec_i32 a, vec_i32 b) {
    return _mm256_sub_epi32(a, b);
}
static inline vec_mask vec_less_i32(vec_i32 a, vec_i32 b) {
    return (vec_mask)_mm256_castsi256_ps(_mm256_cmpgt_epi32(b, a));
}
static inline int32_t vec_sum_i32(vec_i32 a) {
    const __m128i half = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    const __m128i pair = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(pair, _mm_shuffle_epi32(pair, 0xb1)));
}
static inline vec_i32 vec_set1_i32(int32_t v) {
    return _mm256_set1_epi32(v);
}
static inline vec_i32 vec_load_i32(const int32_t *p) {
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}
static inline void vec_store_i32(int32_t *p, vec_i32 v) {
    _mm256_storeu_si256((__m256i *)(void *)p, v);
}
static inline vec_i32 vec_select_i32(vec_mask m, vec_i32 yes, vec_i32 no) {
    return _mm256_blendv_epi8(no, yes, _mm256_castps_si256(m));
}
static inline void vec_store_where_i32(vec_i32 *p, vec_mask m, vec_i32 v) {
    *p = vec_select_i32(m, v, *p);
}

/* Pairs of rows are interleaved twice, which transposes 4 x 4 blocks; then the halves change places. */
static inline void vec_transpose(vec_f32 row[VEC_LANES]) {
    __m256 pair[8], quad[8];
    for (int i = 0; i < 8; i += 2) {
        pair[i] = _mm256_unpacklo_ps(row[i], row[i + 1]);
        pair[i + 1] = _mm256_unpackhi_ps(row[i], row[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        for (int half = 0; half < 2; half++) {
            const __m256d a = _mm256_castps_pd(pair[i + half]), b = _mm256_castps_pd(pair[i + half + 2]);
            quad[i + 2 * half] = _mm256_castpd_ps(_mm256_unpacklo_pd(a, b));
            quad[i + 2 * half + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(a, b));
        }
    }
    for (int i = 0; i < 4; i++) {
        row[i] = _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x20);
        row[i + 4] = _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x31);
    }
}

#endif
