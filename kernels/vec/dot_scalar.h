/* Dot products of bytes without vectors. See dot_avx512vnni.h. */
#ifndef EXK_DOT_SCALAR_H
#define EXK_DOT_SCALAR_H

#include <string.h>

#include "kernels/vec/vec_scalar.h"

enum { DOT_BIAS = 128, DOT_POINT = 127, DOT_CENTROID = 127, DOT_TOGETHER = 1 };

static inline void dot_store_point(int8_t *p, vec_f32 q) {
    vec_store_u8(p, vec_add(q, vec_set1((float)DOT_BIAS)));
}
static inline vec_i32 dot_add(vec_i32 sum, const vec_i32 points[DOT_TOGETHER],
                              const vec_i32 centroid[DOT_TOGETHER]) {
    uint8_t point[4];
    int8_t coordinate[4];
    memcpy(point, points, sizeof point);
    memcpy(coordinate, centroid, sizeof coordinate);
    for (int i = 0; i < 4; i++)
        sum += point[i] * coordinate[i];
    return sum;
}

#endif
