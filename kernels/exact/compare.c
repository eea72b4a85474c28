/* ||x - a||^2 - ||x - b||^2 = sum over t of a^2 - b^2 - 2xa + 2xb. Each product of two floats is an integer below
 * 2^48 times a power of two not below 2^-298; they are added into one fixed-point number that spans all of them.
 */
#include "kernels/exact/compare.h"

#include <math.h>
#include <string.h>

__extension__ typedef unsigned __int128 uint128;

enum {
    LIMB_BITS = 32,
    LOWEST_EXPONENT = -298, /* (2^-149)^2 */
    /* 2 * (2^128)^2 * 4d < 2^(259 + 62): 298 + 321 bits and a sign. */
    LIMBS = 20,
    /* A limb takes less than 2^32 from one product and holds 2^31 such; carrying far more often costs nothing and
     * is exercised by ordinary dimensions. */
    PRODUCTS_BETWEEN_CARRIES = 1 << 12
};

typedef struct fixed_point {
    int64_t limb[LIMBS]; /* limb i weighs 2^(LOWEST_EXPONENT + 32 i); not normalised between carries */
    int64_t pending;     /* products added since the last carry */
} fixed_point;

/* v = mantissa * 2^exponent, |mantissa| < 2^24, exponent >= -149. */
static int64_t split_float(float v, int *exponent) {
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    const int field = (int)(bits >> 23 & 0xff);
    const int64_t fraction = bits & 0x7fffff;
    *exponent = (field ? field : 1) - 150;
    const int64_t mantissa = field ? fraction | 0x800000 : fraction;
    return bits >> 31 ? -mantissa : mantissa;
}

/* Leaves every limb but the highest in [0, 2^32); the highest carries the sign. */
static void propagate_carries(fixed_point *sum) {
    for (int i = 0; i + 1 < LIMBS; i++) {
        const int64_t carry = sum->limb[i] >> LIMB_BITS;
        sum->limb[i + 1] += carry;
        sum->limb[i] -= carry * ((int64_t)1 << LIMB_BITS);
    }
    sum->pending = 0;
}

/* sum += p * q * 2^doubled, or -= where negative is set. */
static void add_product(fixed_point *sum, float p, float q, int doubled, int negative) {
    int exponent_p, exponent_q;
    const int64_t product = split_float(p, &exponent_p) * split_float(q, &exponent_q);
    const int64_t sign = (product < 0) != negative ? -1 : 1;
    const uint64_t magnitude = (uint64_t)(product < 0 ? -product : product);
    const int position = exponent_p + exponent_q + doubled - LOWEST_EXPONENT;
    uint128 shifted = (uint128)magnitude << (position % LIMB_BITS);
    for (int i = position / LIMB_BITS; shifted != 0; i++) {
        sum->limb[i] += sign * (int64_t)(uint32_t)shifted;
        shifted >>= LIMB_BITS;
    }
    if (++sum->pending == PRODUCTS_BETWEEN_CARRIES)
        propagate_carries(sum);
}

static int sign_of(fixed_point *sum) {
    propagate_carries(sum);
    if (sum->limb[LIMBS - 1] < 0)
        return -1;
    for (int i = 0; i < LIMBS; i++) {
        if (sum->limb[i] != 0)
            return 1;
    }
    return 0;
}

int exk_compare_distances(const float *x, const float *a, const float *b, int64_t d) {
    fixed_point sum = {{0}, 0};
    for (int64_t t = 0; t < d; t++) {
        if (a[t] == b[t])
            continue;
        add_product(&sum, a[t], a[t], 0, 0);
        add_product(&sum, b[t], b[t], 0, 1);
        add_product(&sum, x[t], a[t], 1, 1);
        add_product(&sum, x[t], b[t], 1, 0);
    }
    return sign_of(&sum);
}
