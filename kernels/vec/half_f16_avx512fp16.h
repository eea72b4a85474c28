/* float16 on AVX-512 FP16: 32 numbers in a vector. All half_*.h offer the same:
 *
 * - vec_half: VEC_LANES words of 32 bits, HALF_TOGETHER numbers in each; a row's words are a multiple of
 * HALF_WORDS.
 * - HALF_ERROR, HALF_LOST: a sum s is off by at most HALF_ERROR |s| + HALF_LOST.
 * - half_store(row, at, v): v rounded to this format, to numbers [at, at + VEC_LANES) of the row; returns them.
 * - half_mul_add(a, b, c): a * b + c, one sum, number by number; half_add(a, b): a + b.
 * - half_total(a): the numbers of each word added up, one sum.
 *
 * With tiles, which HALF_TILES tells, half_tiles takes the place of the last three. */
#ifndef EXK_HALF_F16_AVX512FP16_H
#define EXK_HALF_F16_AVX512FP16_H

#include "kernels/vec/vec_avx512.h"

enum { HALF_TOGETHER = 2, HALF_WORDS = 8 };
#define HALF_ERROR 0x1p-11f
#define HALF_LOST  0x1p-25f

typedef __m512h vec_half;

static inline vec_f32 half_store(int32_t *row, int64_t at, vec_f32 v) {
    const __m256i rounded = _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    _mm256_storeu_si256((__m256i *)(void *)(row + at / HALF_TOGETHER), rounded);
    return _mm512_cvtph_ps(rounded);
}
static inline vec_half half_load(const int32_t *p) {
    return _mm512_castsi512_ph(_mm512_loadu_si512(p));
}
static inline vec_half half_set1(int32_t word) {
    return _mm512_castsi512_ph(_mm512_set1_epi32(word));
}
static inline vec_half half_mul_add(vec_half a, vec_half b, vec_half c) {
    return _mm512_fmadd_ph(a, b, c);
}
static inline vec_half half_add(vec_half a, vec_half b) {
    return _mm512_add_ph(a, b);
}

/* Both numbers of a word become their sum. The bits of a float16, moved to where those of a float are, are 2^-112
 * of its value, infinity aside: that takes fewer instructions than a conversion, which wants them side by side. */
static inline vec_f32 half_total(vec_half a) {
    const __m512i words = _mm512_castph_si512(a);
    const __m512i both = _mm512_castph_si512(half_add(a, _mm512_castsi512_ph(_mm512_rol_epi32(words, 16))));
    const __m512i bits = _mm512_and_si512(_mm512_srai_epi32(both, 3), _mm512_set1_epi32((int)0x8fffe000));
    return _mm512_mul_ps(_mm512_castsi512_ps(bits), _mm512_set1_ps(0x1p112f));
}

#endif
