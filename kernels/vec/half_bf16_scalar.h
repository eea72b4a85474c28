/* bfloat16 without hardware for it: products are exact in float32, and so are sums but for a rounding each. See
 * half_f16_avx512fp16.h. */
#ifndef EXK_HALF_BF16_SCALAR_H
#define EXK_HALF_BF16_SCALAR_H

#define HALF_SPLIT 16
#include "kernels/vec/half_scalar.h"

#define HALF_ERROR 0x1p-23f
#define HALF_LOST  0x1p-120f

static inline vec_half half_add(vec_half a, vec_half b) {
    return a + b;
}
static inline vec_half half_mul_add(vec_half a, vec_half b, vec_half c) {
    return a * b + c;
}

#endif
