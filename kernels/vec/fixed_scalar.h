/* Fixed point one int64 at a time, in portable C. See fixed_avx512.h for the meaning of each operation; there is
 * no part of one lane. */
#ifndef EXK_FIXED_SCALAR_H
#define EXK_FIXED_SCALAR_H

#include <math.h>
#include <stdint.h>

enum { FIXED_LANES = 1 };
typedef int64_t fixed;

static inline fixed fixed_nearest(const float *x, const double *scale) {
    return llrint((double)*x * *scale);
}
static inline fixed fixed_nearest_part(const float *x, const double *scale, int64_t count) {
    (void)count;
    return fixed_nearest(x, scale);
}
static inline fixed fixed_load(const int64_t *p) {
    return *p;
}
static inline fixed fixed_load_part(const int64_t *p, int64_t count) {
    (void)count;
    return *p;
}
static inline void fixed_store(int64_t *p, fixed v) {
    *p = v;
}
static inline void fixed_store_part(int64_t *p, fixed v, int64_t count) {
    (void)count;
    *p = v;
}
static inline fixed fixed_add(fixed a, fixed b) {
    return (fixed)((uint64_t)a + (uint64_t)b);
}
static inline fixed fixed_sub(fixed a, fixed b) {
    return (fixed)((uint64_t)a - (uint64_t)b);
}

#endif
