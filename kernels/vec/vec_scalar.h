/* One float at a time: the reference the other instruction sets are compared with. See vec_avx512.h for the
 * meaning of each operation. */
#ifndef EXK_VEC_SCALAR_H
#define EXK_VEC_SCALAR_H

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { VEC_LANES = 1 };
typedef float vec_f32;
typedef int32_t vec_i32;
typedef int vec_mask;

static inline vec_f32 vec_set1(float v) {
    return v;
}
static inline vec_f32 vec_load(const float *p) {
    return *p;
}
static inline vec_f32 vec_load_part(const float *p, int64_t count) {
    return count > 0 ? *p : 0.0f;
}
static inline void vec_store(float *p, vec_f32 v) {
    *p = v;
}
static inline vec_f32 vec_add(vec_f32 a, vec_f32 b) {
    return a + b;
}
static inline vec_f32 vec_sub(vec_f32 a, vec_f32 b) {
    return a - b;
}
static inline vec_f32 vec_mul_add(vec_f32 a, vec_f32 b, vec_f32 c) {
    return a * b + c;
}
static inline vec_f32 vec_min(vec_f32 a, vec_f32 b) {
    return a < b ? a : b;
}
static inline vec_f32 vec_max(vec_f32 a, vec_f32 b) {
    return a > b ? a : b;
}
static inline float vec_sum(vec_f32 a) {
    return a;
}
static inline vec_mask vec_less(vec_f32 a, vec_f32 b) {
    return a < b;
}
static inline uint32_t vec_bits(vec_mask m) {
    return (uint32_t)m;
}
static inline uint32_t vec_bits_pair(vec_mask low, vec_mask high) {
    return vec_bits(low) | vec_bits(high) << VEC_LANES;
}
static inline vec_f32 vec_sqrt(vec_f32 a) {
    return sqrtf(a);
}
static inline float vec_least(vec_f32 a) {
    return a;
}
static inline vec_f32 vec_load_half(const uint16_t *p) {
    const uint32_t bits = (uint32_t)*p << 16;
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}
static inline void vec_store_half(uint16_t *p, vec_f32 v) {
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    *p = (uint16_t)(bits >> 16);
}
static inline vec_f32 vec_round(vec_f32 a) {
    return rintf(a);
}
static inline void vec_store_i8(int8_t *p, vec_f32 v) {
    *p = (int8_t)lrintf(v);
}
static inline void vec_store_u8(int8_t *p, vec_f32 v) {
    const uint8_t byte = (uint8_t)lrintf(v);
    memcpy(p, &byte, 1);
}
static inline vec_f32 vec_swap(vec_f32 a) {
    return a;
}
static inline vec_f32 vec_swap_pairs(vec_f32 a) {
    return a;
}
static inline vec_f32 vec_from_i32(vec_i32 v) {
    return (float)v;
}
static inline vec_i32 vec_to_i32(vec_f32 a) {
    return (int32_t)nearbyintf(a);
}
static inline vec_i32 vec_add_i32(vec_i32 a, vec_i32 b) {
    return a + b;
}
static inline vec_i32 vec_sub_i32(vec_i32 a, vec_i32 b) {
    return a - b;
}
static inline vec_mask vec_less_i32(vec_i32 a, vec_i32 b) {
    return a < b;
}
static inline int32_t vec_sum_i32(vec_i32 a) {
    return a;
}
static inline vec_i32 vec_set1_i32(int32_t v) {
    return v;
}
static inline vec_i32 vec_load_i32(const int32_t *p) {
    return *p;
}
static inline void vec_store_i32(int32_t *p, vec_i32 v) {
    *p = v;
}
static inline vec_i32 vec_select_i32(vec_mask m, vec_i32 yes, vec_i32 no) {
    return m ? yes : no;
}
static inline void vec_store_where_i32(vec_i32 *p, vec_mask m, vec_i32 v) {
    *p = vec_select_i32(m, v, *p);
}

static inline void vec_transpose(vec_f32 row[VEC_LANES]) {
    (void)row;
}

#endif
