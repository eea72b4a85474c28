#include "kernels/exact/sums.h"

#include <math.h>

/* The smallest e with 2^e >= v, v > 0. */
static int ceil_log2(double v) {
    int exponent;
    const double fraction = frexp(v, &exponent);
    return fraction == 0.5 ? exponent - 1 : exponent;
}

void exk_sums_scale(int64_t n, int64_t d, const float *largest, double *scale, double *unit) {
    for (int64_t t = 0; t < d; t++) {
        const int q = largest[t] > 0.0f ? 62 - ceil_log2((double)n) - ceil_log2((double)largest[t]) : 0;
        scale[t] = ldexp(1.0, q);
        unit[t] = ldexp(1.0, -q);
    }
}
