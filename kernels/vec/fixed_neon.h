/* Fixed point on AArch64: 2 int64 lanes. See fixed_avx512.h for the meaning of each operation. */
#ifndef EXK_FIXED_NEON_H
#define EXK_FIXED_NEON_H

#include <arm_neon.h>

enum { FIXED_LANES = 2 };
typedef int64x2_t fixed;

static inline fixed fixed_nearest_of(float32x2_t x, float64x2_t scale) {
    return vcvtnq_s64_f64(vmulq_f64(vcvt_f64_f32(x), scale));
}
static inline fixed fixed_nearest(const float *x, const double *scale) {
    return fixed_nearest_of(vld1_f32(x), vld1q_f64(scale));
}
/* Part of 2 lanes is 1 lane. */
static inline fixed fixed_nearest_part(const float *x, const double *scale, int64_t count) {
    (void)count;
    return fixed_nearest_of(vld1_dup_f32(x), vld1q_dup_f64(scale));
}
static inline fixed fixed_load(const int64_t *p) {
    return vld1q_s64(p);
}
static inline fixed fixed_load_part(const int64_t *p, int64_t count) {
    (void)count;
    return vld1q_dup_s64(p);
}
static inline void fixed_store(int64_t *p, fixed v) {
    vst1q_s64(p, v);
}
static inline void fixed_store_part(int64_t *p, fixed v, int64_t count) {
    (void)count;
    vst1q_lane_s64(p, v, 0);
}
static inline fixed fixed_add(fixed a, fixed b) {
    return vaddq_s64(a, b);
}
static inline fixed fixed_sub(fixed a, fixed b) {
    return vsubq_s64(a, b);
}

#endif
