/* Dot products of bytes on AVX-VNNI. See dot_avx512vnni.h. */
#ifndef EXK_DOT_AVXVNNI_H
#define EXK_DOT_AVXVNNI_H

#include "kernels/vec/vec_avx2.h"

enum { DOT_BIAS = 128, DOT_POINT = 127, DOT_CENTROID = 127, DOT_TOGETHER = 1 };

static inline void dot_store_point(int8_t *p, vec_f32 q) {
    vec_store_u8(p, vec_add(q, vec_set1((float)DOT_BIAS)));
}
static inline vec_i32 dot_add(vec_i32 sum, const vec_i32 points[DOT_TOGETHER],
                              const vec_i32 centroid[DOT_TOGETHER]) {
    /* No intrinsic: see dot_avx512vnni.h. */
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(points[0]), "x"(centroid[0]));
    return sum;
}

#endif
