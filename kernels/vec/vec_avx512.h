/* 16 floats: the thin vector layer on AVX-512 (F, DQ, BW, VL). All vec_*.h offer the same operations:
 *
 *   vec_set1 vec_load vec_store      unaligned memory
 *   vec_load_part                    only the first `count` lanes (0 to VEC_LANES and beyond), the others are 0;
 *                                    no byte behind them is touched
 *   vec_load_half vec_store_half     the upper 16 bits of each float, the lower ones 0: bfloat16 rounded towards 0
 *   vec_add vec_sub vec_mul_add      a*b+c with one rounding where the ISA has it, two on scalar
 *   vec_min vec_max                  no NaN is ever given to them
 *   vec_sum vec_least                horizontal; the sum log2(VEC_LANES) additions deep
 *   vec_less vec_bits                comparison; lane i in bit i
 *   vec_bits_pair                    of two comparisons, the first one's bits lowest
 *   vec_round                        to the nearest integer, ties to even
 *   vec_store_i8 vec_store_u8        integers of -127 to 127, and 0 to 255, as bytes
 *   vec_swap vec_swap_pairs          lanes 1 0 3 2 of every four, and 2 3 0 1; of a vector of one, itself
 *   vec_from_i32 vec_to_i32          rounded to float; to the nearest integer, of numbers that an int32 holds
 *   vec_add_i32 vec_sub_i32          sums and differences that an int32 holds
 *   vec_sum_i32                      likewise, horizontal
 *   vec_less_i32                     comparison
 *   vec_select_i32                   choice of indices
 *   vec_store_where_i32              the lanes of v where m holds, the others stay as they are in memory
 *   vec_transpose                    of VEC_LANES rows of VEC_LANES
 */
#ifndef EXK_VEC_AVX512_H
#define EXK_VEC_AVX512_H

#include <immintrin.h>
#include <stdint.h>

enum { VEC_LANES = 16 };
typedef __m512 vec_f32;
typedef __m512i vec_i32;
typedef __mmask16 vec_mask;

static inline vec_f32 vec_set1(float v) {
    return _mm512_set1_ps(v);
}
static inline vec_f32 vec_load(const float *p) {
    return _mm512_loadu_ps(p);
}
static inline vec_f32 vec_load_part(const float *p, int64_t count) {
    const __mmask16 lanes = (__mmask16)(count >= 16 ? 0xffff : (1u << count) - 1u);
    return _mm512_maskz_loadu_ps(lanes, p);
}
static inline void vec_store(float *p, vec_f32 v) {
    _mm512_storeu_ps(p, v);
}
static inline vec_f32 vec_add(vec_f32 a, vec_f32 b) {
    return _mm512_add_ps(a, b);
}
static inline vec_f32 vec_sub(vec_f32 a, vec_f32 b) {
    return _mm512_sub_ps(a, b);
}
static inline vec_f32 vec_mul_add(vec_f32 a, vec_f32 b, vec_f32 c) {
    return _mm512_fmadd_ps(a, b, c);
}
static inline vec_f32 vec_min(vec_f32 a, vec_f32 b) {
    return _mm512_min_ps(a, b);
}
static inline vec_f32 vec_max(vec_f32 a, vec_f32 b) {
    return _mm512_max_ps(a, b);
}
static inline float vec_sum(vec_f32 a) {
    return _mm512_reduce_add_ps(a);
}
static inline vec_mask vec_less(vec_f32 a, vec_f32 b) {
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}
static inline uint32_t vec_bits(vec_mask m) {
    return m;
}
static inline uint32_t vec_bits_pair(vec_mask low, vec_mask high) {
    return _mm512_kunpackw(high, low);
}
static inline vec_f32 vec_sqrt(vec_f32 a) {
    return _mm512_sqrt_ps(a);
}
static inline float vec_least(vec_f32 a) {
    return _mm512_reduce_min_ps(a);
}
static inline vec_f32 vec_load_half(const uint16_t *p) {
    return _mm512_castsi512_ps(
        _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)p)), 16));
}
static inline void vec_store_half(uint16_t *p, vec_f32 v) {
    _mm256_storeu_si256((__m256i *)(void *)p,
                        _mm512_cvtepi32_epi16(_mm512_srli_epi32(_mm512_castps_si512(v), 16)));
}
static inline vec_f32 vec_round(vec_f32 a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
static inline void vec_store_i8(int8_t *p, vec_f32 v) {
    _mm_storeu_si128((__m128i *)(void *)p, _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(v)));
}
static inline void vec_store_u8(int8_t *p, vec_f32 v) {
    vec_store_i8(p, v);
}
static inline vec_f32 vec_swap(vec_f32 a) {
    return _mm512_permute_ps(a, 0xb1);
}
static inline vec_f32 vec_swap_pairs(vec_f32 a) {
    return _mm512_permute_ps(a, 0x4e);
}
static inline vec_f32 vec_from_i32(vec_i32 v) {
    return _mm512_cvtepi32_ps(v);
}
static inline vec_i32 vec_to_i32(vec_f32 a) {
    return _mm512_cvtps_epi32(a);
}
static inline vec_i32 vec_add_i32(vec_i32 a, vec_i32 b) {
    return _mm512_add_epi32(a, b);
}
static inline vec_i32 vec_sub_i32(vec_i32 a, vec_i32 b) {
    return _mm512_sub_epi32(a, b);
}
static inline vec_mask vec_less_i32(vec_i32 a, vec_i32 b) {
    return _mm512_cmplt_epi32_mask(a, b);
}
static inline int32_t vec_sum_i32(vec_i32 a) {
    return _mm512_reduce_add_epi32(a);
}
static inline vec_i32 vec_set1_i32(int32_t v) {
    return _mm512_set1_epi32(v);
}
static inline vec_i32 vec_load_i32(const int32_t *p) {
    return _mm512_loadu_si512(p);
}
static inline void vec_store_i32(int32_t *p, vec_i32 v) {
    _mm512_storeu_si512(p, v);
}
static inline vec_i32 vec_select_i32(vec_mask m, vec_i32 yes, vec_i32 no) {
    return _mm512_mask_mov_epi32(no, m, yes);
}
static inline void vec_store_where_i32(vec_i32 *p, vec_mask m, vec_i32 v) {
    _mm512_mask_storeu_epi32(p, m, v);
}

/* Pairs of rows are interleaved twice, which transposes 4 x 4 blocks; then whole blocks change places, twice. */
static inline void vec_transpose(vec_f32 row[VEC_LANES]) {
    __m512 pair[16], quad[16];
    for (int i = 0; i < 16; i += 2) {
        pair[i] = _mm512_unpacklo_ps(row[i], row[i + 1]);
        pair[i + 1] = _mm512_unpackhi_ps(row[i], row[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        for (int half = 0; half < 2; half++) {
            const __m512d a = _mm512_castps_pd(pair[i + half]), b = _mm512_castps_pd(pair[i + half + 2]);
            quad[i + 2 * half] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
            quad[i + 2 * half + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
        }
    }
    for (int i = 0; i < 4; i++) {
        const __m512 low = _mm512_shuffle_f32x4(quad[i], quad[i + 4], 0x88);
        const __m512 low2 = _mm512_shuffle_f32x4(quad[i], quad[i + 4], 0xdd);
        const __m512 high = _mm512_shuffle_f32x4(quad[i + 8], quad[i + 12], 0x88);
        const __m512 high2 = _mm512_shuffle_f32x4(quad[i + 8], quad[i + 12], 0xdd);
        row[i] = _mm512_shuffle_f32x4(low, high, 0x88);
        row[i + 8] = _mm512_shuffle_f32x4(low, high, 0xdd);
        row[i + 4] = _mm512_shuffle_f32x4(low2, high2, 0x88);
        row[i + 12] = _mm512_shuffle_f32x4(low2, high2, 0xdd);
    }
}

#endif
