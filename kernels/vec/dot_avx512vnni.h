/* Dot products of bytes on AVX-512 VNNI. All dot_*.h offer the same:
 *
 *   DOT_BIAS, DOT_POINT, DOT_CENTROID   a point's coordinate q, |q| <= DOT_POINT, is held as the byte q + DOT_BIAS, a
 *                                       centroid's p, |p| <= DOT_CENTROID, as it is: such that nothing saturates
 *   dot_store_point(p, q)               VEC_LANES coordinates of a point as such bytes
 *   dot_add(sum, points, centroid)      for every lane, sum += the products of two times four bytes of its point,
 *                                       points[0] and points[1], with the eight bytes of the centroid */
#ifndef EXK_DOT_AVX512VNNI_H
#define EXK_DOT_AVX512VNNI_H

#include "kernels/vec/vec_avx512.h"

enum { DOT_BIAS = 128, DOT_POINT = 127, DOT_CENTROID = 127 };

static inline void dot_store_point(int8_t *p, vec_f32 q) {
    vec_store_u8(p, vec_add(q, vec_set1((float)DOT_BIAS)));
}
static inline vec_i32 dot_add(vec_i32 sum, const vec_i32 points[2], const vec_i32 centroid[2]) {
    return _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(sum, points[0], centroid[0]), points[1], centroid[1]);
}

#endif
