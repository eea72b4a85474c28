/* Dot products of bytes on AVX2, by way of 16-bit sums of four products, which hold 4 * 126 * 63 = 31752. One bit
 * less of each side leaves room for that: it makes five instructions of what would be six. See dot_avx512vnni.h.
 */
#ifndef EXK_DOT_AVX2_H
#define EXK_DOT_AVX2_H

#include "kernels/vec/vec_avx2.h"

enum { DOT_BIAS = 63, DOT_POINT = 63, DOT_CENTROID = 63, DOT_TOGETHER = 2 };

static inline void dot_store_point(int8_t *p, vec_f32 q) {
    vec_store_i8(p, vec_add(q, vec_set1((float)DOT_BIAS)));
}
static inline vec_i32 dot_add(vec_i32 sum, const vec_i32 points[DOT_TOGETHER],
                              const vec_i32 centroid[DOT_TOGETHER]) {
    const __m256i pairs = _mm256_add_epi16(_mm256_maddubs_epi16(points[0], centroid[0]),
                                           _mm256_maddubs_epi16(points[1], centroid[1]));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

#endif
