/* Eight doubles in portable C. See wide_avx512.h for the meaning of each operation. */
#ifndef EXK_WIDE_SCALAR_H
#define EXK_WIDE_SCALAR_H

#include <stdint.h>
#include <string.h>

typedef struct wide {
    double lane[8];
} wide;

static inline wide wide_set1(double v) {
    return (wide){{v, v, v, v, v, v, v, v}};
}
static inline wide wide_from_f32(const float *p) {
    return (wide){{p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]}};
}
static inline wide wide_from_f32_part(const float *p, int64_t count) {
    wide v = wide_set1(0.0);
    for (int64_t i = 0; i < count; i++)
        v.lane[i] = (double)p[i];
    return v;
}
static inline wide wide_from_i64_part(const int64_t *p, int64_t count) {
    wide v = wide_set1(0.0);
    for (int64_t i = 0; i < count; i++)
        v.lane[i] = (double)p[i];
    return v;
}
static inline wide wide_from_i64(const int64_t *p) {
    return wide_from_i64_part(p, 8);
}
static inline wide wide_load(const double *p) {
    return (wide){{p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]}};
}
static inline void wide_store(double *p, wide v) {
    memcpy(p, v.lane, sizeof v.lane);
}
static inline wide wide_load_part(const double *p, int64_t count) {
    wide v = wide_set1(0.0);
    for (int64_t i = 0; i < count; i++)
        v.lane[i] = p[i];
    return v;
}
static inline void wide_to_f32_part(float *p, wide v, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        p[i] = (float)v.lane[i];
}
static inline void wide_to_f32(float *p, wide v) {
    wide_to_f32_part(p, v, 8);
}
/* Where rounding to nearest went up: one float back, which is one less for the bits of a positive float and one
 * more for those of a negative one; a double below 0 never rounds to +0. */
static inline float wide_f32_down(double v) {
    float f = (float)v;
    if ((double)f > v) {
        int32_t bits;
        memcpy(&bits, &f, sizeof bits);
        bits += bits < 0 ? 1 : -1;
        memcpy(&f, &bits, sizeof f);
    }
    return f;
}
static inline void wide_to_f32_down_part(float *p, wide v, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        p[i] = wide_f32_down(v.lane[i]);
}
static inline void wide_to_f32_down(float *p, wide v) {
    wide_to_f32_down_part(p, v, 8);
}
static inline wide wide_rounded(wide v) {
    for (int i = 0; i < 8; i++)
        v.lane[i] = (double)(float)v.lane[i];
    return v;
}
static inline wide wide_add(wide a, wide b) {
    for (int i = 0; i < 8; i++)
        a.lane[i] += b.lane[i];
    return a;
}
static inline wide wide_sub(wide a, wide b) {
    for (int i = 0; i < 8; i++)
        a.lane[i] -= b.lane[i];
    return a;
}
static inline wide wide_mul(wide a, wide b) {
    for (int i = 0; i < 8; i++)
        a.lane[i] *= b.lane[i];
    return a;
}
static inline wide wide_div(wide a, wide b) {
    for (int i = 0; i < 8; i++)
        a.lane[i] /= b.lane[i];
    return a;
}
static inline wide wide_min(wide a, wide b) {
    for (int i = 0; i < 8; i++)
        a.lane[i] = a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i];
    return a;
}
static inline wide wide_max(wide a, wide b) {
    for (int i = 0; i < 8; i++)
        a.lane[i] = a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i];
    return a;
}
static inline double wide_largest(wide v) {
    double largest = v.lane[0];
    for (int i = 1; i < 8; i++)
        largest = v.lane[i] > largest ? v.lane[i] : largest;
    return largest;
}
static inline double wide_combine(wide v) {
    const double *p = v.lane;
    return ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7]));
}

#endif
