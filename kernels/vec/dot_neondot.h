/* Dot products of bytes on NEON with its dot product extension. See dot_avx512vnni.h. */
#ifndef EXK_DOT_NEONDOT_H
#define EXK_DOT_NEONDOT_H

#include "kernels/vec/vec_neon.h"

enum { DOT_BIAS = 0, DOT_POINT = 127, DOT_CENTROID = 127 };

static inline void dot_store_point(int8_t *p, vec_f32 q) {
    vec_store_i8(p, q);
}
static inline vec_i32 dot_add(vec_i32 sum, const vec_i32 points[2], const vec_i32 centroid[2]) {
    for (int i = 0; i < 2; i++)
        sum = vdotq_s32(sum, vreinterpretq_s8_s32(points[i]), vreinterpretq_s8_s32(centroid[i]));
    return sum;
}

#endif
