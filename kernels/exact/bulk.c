#include "kernels/exact/bulk.h"

#include <math.h>
#include <string.h>

#include EXK_FIXED_HEADER

static double combine(const double p[8]) {
    return ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7]));
}

static double dist64(const float *x, const float *c, int64_t d) {
    double part[8] = {0};
    int64_t t = 0;
    for (; t + 8 <= d; t += 8) {
        for (int lane = 0; lane < 8; lane++) {
            const double difference = (double)x[t + lane] - (double)c[t + lane];
            part[lane] += difference * difference;
        }
    }
    for (int lane = 0; t + lane < d; lane++) {
        const double difference = (double)x[t + lane] - (double)c[t + lane];
        part[lane] += difference * difference;
    }
    return combine(part);
}

static void add_point(const float *x, const double *scale, int64_t d, int64_t *sum) {
    int64_t t = 0;
    for (; t + FIXED_LANES <= d; t += FIXED_LANES)
        fixed_store(sum + t, fixed_add(fixed_load(sum + t), fixed_nearest(x + t, scale + t)));
    if (t < d) {
        const fixed v = fixed_nearest_part(x + t, scale + t, d - t);
        fixed_store_part(sum + t, fixed_add(fixed_load_part(sum + t, d - t), v), d - t);
    }
}

static void move_point(const float *x, const double *scale, int64_t d, int64_t *from, int64_t *to) {
    int64_t t = 0;
    for (; t + FIXED_LANES <= d; t += FIXED_LANES) {
        const fixed v = fixed_nearest(x + t, scale + t);
        fixed_store(from + t, fixed_sub(fixed_load(from + t), v));
        fixed_store(to + t, fixed_add(fixed_load(to + t), v));
    }
    if (t < d) {
        const fixed v = fixed_nearest_part(x + t, scale + t, d - t);
        fixed_store_part(from + t, fixed_sub(fixed_load_part(from + t, d - t), v), d - t);
        fixed_store_part(to + t, fixed_add(fixed_load_part(to + t, d - t), v), d - t);
    }
}

static void centre(const float *x, const float *m, int64_t d, float *out) {
    for (int64_t t = 0; t < d; t++)
        out[t] = x[t] - m[t];
}

static bool all_finite(const float *x, int64_t d) {
    uint32_t largest = 0;
    for (int64_t t = 0; t < d; t++) {
        uint32_t bits;
        memcpy(&bits, &x[t], sizeof bits);
        bits &= 0x7fffffffu;
        largest = bits > largest ? bits : largest;
    }
    return largest < 0x7f800000u;
}

static void column_max(const float *x, int64_t d, float *largest) {
    for (int64_t t = 0; t < d; t++) {
        const float magnitude = fabsf(x[t]);
        largest[t] = magnitude > largest[t] ? magnitude : largest[t];
    }
}

const exk_bulk EXK_BULK = {dist64, add_point, move_point, centre, all_finite, column_max};
