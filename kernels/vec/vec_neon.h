/* 4 floats on NEON (AArch64). See vec_avx512.h for the meaning of each operation. */
#ifndef EXK_VEC_NEON_H
#define EXK_VEC_NEON_H

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

enum { VEC_LANES = 4 };
typedef float32x4_t vec_f32;
typedef int32x4_t vec_i32;
typedef uint32x4_t vec_mask;

static inline vec_f32 vec_set1(float v) {
    return vdupq_n_f32(v);
}
static inline vec_f32 vec_load(const float *p) {
    return vld1q_f32(p);
}
static inline vec_f32 vec_load_part(const float *p, int64_t count) {
    if (count >= 4)
        return vld1q_f32(p);
    float lanes[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    for (int64_t i = 0; i < count; i++)
        lanes[i] = p[i];
    return vld1q_f32(lanes);
}
static inline void vec_store(float *p, vec_f32 v) {
    vst1q_f32(p, v);
}
static inline vec_f32 vec_add(vec_f32 a, vec_f32 b) {
    return vaddq_f32(a, b);
}
static inline vec_f32 vec_sub(vec_f32 a, vec_f32 b) {
    return vsubq_f32(a, b);
}
static inline vec_f32 vec_mul_add(vec_f32 a, vec_f32 b, vec_f32 c) {
    return vfmaq_f32(c, a, b);
}
static inline vec_f32 vec_min(vec_f32 a, vec_f32 b) {
    return vminq_f32(a, b);
}
static inline vec_f32 vec_max(vec_f32 a, vec_f32 b) {
    return vmaxq_f32(a, b);
}
static inline float vec_sum(vec_f32 a) {
    return vaddvq_f32(a);
}
static inline vec_mask vec_less(vec_f32 a, vec_f32 b) {
    return vcltq_f32(a, b);
}
static inline uint32_t vec_bits(vec_mask m) {
    static const uint32_t place[4] = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(m, vld1q_u32(place)));
}
static inline uint32_t vec_bits_pair(vec_mask low, vec_mask high) {
    return vec_bits(low) | vec_bits(high) << VEC_LANES;
}
static inline vec_f32 vec_sqrt(vec_f32 a) {
    return vsqrtq_f32(a);
}
static inline float vec_least(vec_f32 a) {
    return vminvq_f32(a);
}
static inline vec_f32 vec_load_half(const uint16_t *p) {
    return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p), 16));
}
static inline void vec_store_half(uint16_t *p, vec_f32 v) {
    vst1_u16(p, vshrn_n_u32(vreinterpretq_u32_f32(v), 16));
}
static inline vec_f32 vec_round(vec_f32 a) {
    return vrndnq_f32(a);
}
static inline void vec_store_i8(int8_t *p, vec_f32 v) {
    const int16x4_t words = vmovn_s32(vcvtnq_s32_f32(v));
    const int32_t bytes = vget_lane_s32(vreinterpret_s32_s8(vmovn_s16(vcombine_s16(words, words))), 0);
    memcpy(p, &bytes, sizeof bytes);
}
static inline void vec_store_u8(int8_t *p, vec_f32 v) {
    vec_store_i8(p, v); /* narrows without saturation */
}
static inline vec_f32 vec_swap(vec_f32 a) {
    return vrev64q_f32(a);
}
static inline vec_f32 vec_swap_pairs(vec_f32 a) {
    return vextq_f32(a, a, 2);
}
static inline vec_f32 vec_from_i32(vec_i32 v) {
    return vcvtq_f32_s32(v);
}
static inline vec_i32 vec_to_i32(vec_f32 a) {
    return vcvtnq_s32_f32(a);
}
static inline vec_i32 vec_add_i32(vec_i32 a, vec_i32 b) {
    return vaddq_s32(a, b);
}
static inline vec_i32 vec_sub_i32(vec_i32 a, vec_i32 b) {
    return vsubq_s32(a, b);
}
static inline vec_mask vec_less_i32(vec_i32 a, vec_i32 b) {
    return vcltq_s32(a, b);
}
static inline int32_t vec_sum_i32(vec_i32 a) {
    return vaddvq_s32(a);
}
static inline vec_i32 vec_set1_i32(int32_t v) {
    return vdupq_n_s32(v);
}
static inline vec_i32 vec_load_i32(const int32_t *p) {
    return vld1q_s32(p);
}
static inline void vec_store_i32(int32_t *p, vec_i32 v) {
    vst1q_s32(p, v);
}
static inline vec_i32 vec_select_i32(vec_mask m, vec_i32 yes, vec_i32 no) {
    return vbslq_s32(m, yes, no);
}
static inline void vec_store_where_i32(vec_i32 *p, vec_mask m, vec_i32 v) {
    *p = vec_select_i32(m, v, *p);
}

static inline void vec_transpose(vec_f32 row[VEC_LANES]) {
    const float32x4x2_t a = vtrnq_f32(row[0], row[1]), b = vtrnq_f32(row[2], row[3]);
    row[0] = vcombine_f32(vget_low_f32(a.val[0]), vget_low_f32(b.val[0]));
    row[1] = vcombine_f32(vget_low_f32(a.val[1]), vget_low_f32(b.val[1]));
    row[2] = vcombine_f32(vget_high_f32(a.val[0]), vget_high_f32(b.val[0]));
    row[3] = vcombine_f32(vget_high_f32(a.val[1]), vget_high_f32(b.val[1]));
}

#endif
