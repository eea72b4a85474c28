/* Dot products of bytes on AVX-512 VNNI. All dot_*.h offer the same:
 *
 * - DOT_BIAS, DOT_POINT, DOT_CENTROID: a point's coordinate q, |q| <= DOT_POINT, is held as the byte
 *   q + DOT_BIAS, a centroid's p, |p| <= DOT_CENTROID, as it is: such that nothing saturates.
 * - dot_store_point(p, q): VEC_LANES coordinates of a point as such bytes.
 * - dot_add(sum, points, centroid): for every lane, sum += the products of its point's bytes, four of them in each
 *   of DOT_TOGETHER vectors, with those of the centroid. DOT_TOGETHER is 1 or 2.
 * - dot_add_all(sum, points, centroid): the same with centroid[0..DOT_TOGETHER) in every lane. Only here, which
 *   EXK_DOT_ADD_ALL tells; int8/quantise.h makes it of dot_add elsewhere. */
#ifndef EXK_DOT_AVX512VNNI_H
#define EXK_DOT_AVX512VNNI_H

#include "kernels/vec/vec_avx512.h"

enum { DOT_BIAS = 128, DOT_POINT = 127, DOT_CENTROID = 127, DOT_TOGETHER = 1 };

static inline void dot_store_point(int8_t *p, vec_f32 q) {
    vec_store_u8(p, vec_add(q, vec_set1((float)DOT_BIAS)));
}
static inline vec_i32 dot_add(vec_i32 sum, const vec_i32 points[DOT_TOGETHER],
                              const vec_i32 centroid[DOT_TOGETHER]) {
    /* As an intrinsic, its sums being of another type than __m512i, gcc 12 copies and spills accumulators. */
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(points[0]), "v"(centroid[0]));
    return sum;
}
/* The broadcast is part of the instruction. */
#define EXK_DOT_ADD_ALL 1
static inline vec_i32 dot_add_all(vec_i32 sum, const vec_i32 points[DOT_TOGETHER], const int32_t *centroid) {
    __asm__("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(points[0]), "m"(*centroid));
    return sum;
}

#endif
