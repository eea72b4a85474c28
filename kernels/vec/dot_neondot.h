/* Dot products of bytes on NEON with its dot product extension. See dot_avx512vnni.h. */
#ifndef EXK_DOT_NEONDOT_H
#define EXK_DOT_NEONDOT_H

#include "kernels/vec/vec_neon.h"

enum { DOT_BIAS = 0, DOT_POINT = 127, DOT_CENTROID = 127, DOT_TOGETHER = 1 };

static inline void dot_store_point(int8_t *p, vec_f32 q) {
    vec_store_i8(p, q);
}
static inline vec_i32 dot_add(vec_i32 sum, const vec_i32 points[DOT_TOGETHER],
                              const vec_i32 centroid[DOT_TOGETHER]) {
    return vdotq_s32(sum, vreinterpretq_s8_s32(points[0]), vreinterpretq_s8_s32(centroid[0]));
}

#endif
