/* 16-bit floats without vectors and without hardware for them: rounded numbers held as floats, one to a word. What
 * the including file says of HALF_SPLIT makes the format: of the 24 bits of a float that many are rounded away.
 * See half_f16_avx512fp16.h. */
#ifndef EXK_HALF_SCALAR_H
#define EXK_HALF_SCALAR_H

#include "kernels/vec/vec_scalar.h"

enum { HALF_TOGETHER = 1, HALF_WORDS = 2 };

typedef float vec_half;

/* Veltkamp's: the upper 24 - bits bits of v, to nearest. */
static inline float half_rounded(float v, int bits) {
    const float wide = v * (float)((1 << bits) + 1);
    return wide - (wide - v);
}

static inline vec_f32 half_store(int32_t *row, int64_t at, vec_f32 v) {
    const float rounded = half_rounded(v, HALF_SPLIT);
    memcpy(row + at, &rounded, sizeof rounded);
    return rounded;
}
static inline vec_half half_set1(int32_t word) {
    float v;
    memcpy(&v, &word, sizeof v);
    return v;
}
static inline vec_half half_load(const int32_t *p) {
    return half_set1(*p);
}
static inline vec_f32 half_total(vec_half a) {
    return a;
}

#endif
