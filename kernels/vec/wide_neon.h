/* Eight doubles on AArch64. See wide_avx512.h for the meaning of each operation. */
#ifndef EXK_WIDE_NEON_H
#define EXK_WIDE_NEON_H

#include <arm_neon.h>

typedef struct wide {
    float64x2_t pair[4]; /* lanes 0-1, 2-3, 4-5, 6-7 */
} wide;

static inline wide wide_set1(double v) {
    return (wide){{vdupq_n_f64(v), vdupq_n_f64(v), vdupq_n_f64(v), vdupq_n_f64(v)}};
}
static inline wide wide_from_f32(const float *p) {
    const float32x4_t low = vld1q_f32(p), high = vld1q_f32(p + 4);
    return (wide){{vcvt_f64_f32(vget_low_f32(low)), vcvt_high_f64_f32(low), vcvt_f64_f32(vget_low_f32(high)),
                   vcvt_high_f64_f32(high)}};
}
static inline wide wide_from_f32_part(const float *p, int64_t count) {
    float padded[8] = {0};
    for (int64_t lane = 0; lane < count; lane++)
        padded[lane] = p[lane];
    return wide_from_f32(padded);
}
static inline wide wide_from_i64(const int64_t *p) {
    wide v;
    for (int i = 0; i < 4; i++)
        v.pair[i] = vcvtq_f64_s64(vld1q_s64(p + 2 * i));
    return v;
}
static inline wide wide_from_i64_part(const int64_t *p, int64_t count) {
    int64_t padded[8] = {0};
    for (int64_t lane = 0; lane < count; lane++)
        padded[lane] = p[lane];
    return wide_from_i64(padded);
}
static inline wide wide_load(const double *p) {
    return (wide){{vld1q_f64(p), vld1q_f64(p + 2), vld1q_f64(p + 4), vld1q_f64(p + 6)}};
}
static inline void wide_store(double *p, wide v) {
    for (int i = 0; i < 4; i++)
        vst1q_f64(p + 2 * i, v.pair[i]);
}
static inline wide wide_load_part(const double *p, int64_t count) {
    double padded[8] = {0};
    for (int64_t lane = 0; lane < count; lane++)
        padded[lane] = p[lane];
    return wide_load(padded);
}
static inline void wide_to_f32(float *p, wide v) {
    vst1q_f32(p, vcvt_high_f32_f64(vcvt_f32_f64(v.pair[0]), v.pair[1]));
    vst1q_f32(p + 4, vcvt_high_f32_f64(vcvt_f32_f64(v.pair[2]), v.pair[3]));
}
static inline void wide_to_f32_part(float *p, wide v, int64_t count) {
    float all[8];
    wide_to_f32(all, v);
    for (int64_t lane = 0; lane < count; lane++)
        p[lane] = all[lane];
}
/* Where rounding to nearest went up: one float back, which is one less for the bits of a positive float and one
 * more for those of a negative one; a double below 0 never rounds to +0. */
static inline float32x2_t wide_f32_down(float64x2_t v) {
    const float32x2_t nearest = vcvt_f32_f64(v);
    const int32x2_t above = vreinterpret_s32_u32(vmovn_u64(vcgtq_f64(vcvt_f64_f32(nearest), v)));
    const int32x2_t bits = vreinterpret_s32_f32(nearest);
    /* above is -1 or 0. */
    const int32x2_t direction = vorr_s32(vshr_n_s32(bits, 31), vdup_n_s32(1));
    return vreinterpret_f32_s32(vmla_s32(bits, above, direction));
}
static inline void wide_to_f32_down(float *p, wide v) {
    for (int i = 0; i < 4; i++)
        vst1_f32(p + 2 * i, wide_f32_down(v.pair[i]));
}
static inline void wide_to_f32_down_part(float *p, wide v, int64_t count) {
    float all[8];
    wide_to_f32_down(all, v);
    for (int64_t lane = 0; lane < count; lane++)
        p[lane] = all[lane];
}
static inline wide wide_rounded(wide v) {
    for (int i = 0; i < 4; i++)
        v.pair[i] = vcvt_f64_f32(vcvt_f32_f64(v.pair[i]));
    return v;
}
static inline wide wide_add(wide a, wide b) {
    for (int i = 0; i < 4; i++)
        a.pair[i] = vaddq_f64(a.pair[i], b.pair[i]);
    return a;
}
static inline wide wide_sub(wide a, wide b) {
    for (int i = 0; i < 4; i++)
        a.pair[i] = vsubq_f64(a.pair[i], b.pair[i]);
    return a;
}
static inline wide wide_mul(wide a, wide b) {
    for (int i = 0; i < 4; i++)
        a.pair[i] = vmulq_f64(a.pair[i], b.pair[i]);
    return a;
}
static inline wide wide_div(wide a, wide b) {
    for (int i = 0; i < 4; i++)
        a.pair[i] = vdivq_f64(a.pair[i], b.pair[i]);
    return a;
}
static inline wide wide_min(wide a, wide b) {
    for (int i = 0; i < 4; i++)
        a.pair[i] = vbslq_f64(vcltq_f64(a.pair[i], b.pair[i]), a.pair[i], b.pair[i]);
    return a;
}
static inline wide wide_max(wide a, wide b) {
    for (int i = 0; i < 4; i++)
        a.pair[i] = vbslq_f64(vcgtq_f64(a.pair[i], b.pair[i]), a.pair[i], b.pair[i]);
    return a;
}
static inline double wide_largest(wide v) {
    return vmaxvq_f64(vmaxq_f64(vmaxq_f64(v.pair[0], v.pair[1]), vmaxq_f64(v.pair[2], v.pair[3])));
}
static inline double wide_combine(wide v) {
    const float64x2_t even = vaddq_f64(v.pair[0], v.pair[2]), odd = vaddq_f64(v.pair[1], v.pair[3]);
    return vpaddd_f64(vaddq_f64(even, odd));
}

#endif
