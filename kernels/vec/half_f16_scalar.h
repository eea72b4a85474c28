/* float16 without hardware for it: 11 bits, and the exponents of a float. Sums are rounded to 11 bits as well, so
 * that what is proven of the hardware's sums is put to the test on every machine. See half_f16_avx512fp16.h. */
#ifndef EXK_HALF_F16_SCALAR_H
#define EXK_HALF_F16_SCALAR_H

#define HALF_SPLIT 13
#include "kernels/vec/half_scalar.h"

#define HALF_ERROR (0x1p-11f + 0x1p-22f) /* the sum of floats that is rounded was rounded before */
#define HALF_LOST  0x1p-25f

static inline vec_half half_add(vec_half a, vec_half b) {
    return half_rounded(a + b, HALF_SPLIT);
}
static inline vec_half half_mul_add(vec_half a, vec_half b, vec_half c) {
    return half_add(a * b, c); /* 22 bits: the product is exact */
}

#endif
