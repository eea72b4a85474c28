/* Dot products of bytes on NEON: 16-bit products, then sums of neighbours. Without the dot product extension there
 * is nothing better that every core has. See dot_avx512vnni.h. */
#ifndef EXK_DOT_NEON_H
#define EXK_DOT_NEON_H

#include "kernels/vec/vec_neon.h"

enum { DOT_BIAS = 0, DOT_POINT = 127, DOT_CENTROID = 127, DOT_TOGETHER = 1 };

static inline int32x4_t dot_quads(int8x16_t a, int8x16_t b) {
    const int16x8_t low = vmull_s8(vget_low_s8(a), vget_low_s8(b)), high = vmull_high_s8(a, b);
    return vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high));
}

static inline void dot_store_point(int8_t *p, vec_f32 q) {
    vec_store_i8(p, q);
}
static inline vec_i32 dot_add(vec_i32 sum, const vec_i32 points[DOT_TOGETHER],
                              const vec_i32 centroid[DOT_TOGETHER]) {
    return vaddq_s32(sum, dot_quads(vreinterpretq_s8_s32(points[0]), vreinterpretq_s8_s32(centroid[0])));
}

#endif
