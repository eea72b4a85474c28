#include "kernels/exact/filter.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double u = 0x1p-24;

/* Wider than any rounding of the double arithmetic in this file. */
static const double outwards = 1.0 + 0x1p-20;

enum {
    PRODUCT_EXPONENT = 90,  /* |x.c'| and |h| stay below about 2^90: sums cannot overflow */
    CENTROID_EXPONENT = 110 /* |c'_t| stays below 2^110 */
};

static float next_float(float v, int towards_positive) {
    int32_t bits;
    memcpy(&bits, &v, sizeof bits);
    if (v == 0.0f)
        return towards_positive ? FLT_TRUE_MIN : -FLT_TRUE_MIN;
    bits += (bits >= 0) == (towards_positive != 0) ? 1 : -1;
    memcpy(&v, &bits, sizeof v);
    return v;
}

float exk_round_up(double v) {
    const float f = (float)v;
    return (double)f < v ? next_float(f, 1) : f;
}

static float round_down(double v) {
    const float f = (float)v;
    return (double)f > v ? next_float(f, 0) : f;
}

static double largest_magnitude(const float *v, int64_t count) {
    float largest = 0.0f;
    for (int64_t i = 0; i < count; i++) {
        const float magnitude = fabsf(v[i]);
        largest = magnitude > largest ? magnitude : largest;
    }
    return (double)largest;
}

/* The power of two that brings the largest product and the largest h_j to about 2^PRODUCT_EXPONENT, unless that
 * would make a c'_t too large. 0 if all centroids coincide with m. */
static int choose_exponent(const exk_filter *filter, const float *centroids) {
    const double coordinate =
        largest_magnitude(centroids, filter->k * filter->d) + largest_magnitude(filter->shift, filter->d);
    const double norm = coordinate * sqrt((double)filter->d);
    const double product = norm * (norm > filter->largest_norm ? norm : filter->largest_norm);
    if (product == 0.0)
        return 0;
    const int by_product = PRODUCT_EXPONENT - 1 - ilogb(product);
    const int by_centroid = CENTROID_EXPONENT - 1 - ilogb(coordinate);
    return by_product < by_centroid ? by_product : by_centroid;
}

static uint64_t hash_row(const float *row, int64_t d) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (int64_t t = 0; t < d; t++) {
        uint32_t bits;
        memcpy(&bits, &row[t], sizeof bits);
        hash = (hash ^ bits) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 29;
    }
    return hash;
}

static int by_hash_then_index(const void *a, const void *b) {
    const uint64_t *left = a, *right = b;
    if (left[0] != right[0])
        return left[0] < right[0] ? -1 : 1;
    return left[1] < right[1] ? -1 : left[1] > right[1];
}

/* h_j = +infinity for every centroid that equals one of lower index, 0 for the others. */
static void mark_duplicates(exk_filter *filter, const float *centroids) {
    uint64_t *order = filter->order;
    const int64_t k = filter->k, d = filter->d;
    for (int64_t j = 0; j < k; j++) {
        order[2 * j] = hash_row(centroids + j * d, d);
        order[2 * j + 1] = (uint64_t)j;
        filter->h[j] = 0.0;
    }
    qsort(order, (size_t)k, 2 * sizeof *order, by_hash_then_index);
    for (int64_t i = 1; i < k; i++) {
        const uint64_t j = order[2 * i + 1];
        for (int64_t before = i - 1; before >= 0 && order[2 * before] == order[2 * i]; before--) {
            const uint64_t lower = order[2 * before + 1];
            if (memcmp(centroids + j * d, centroids + lower * d, (size_t)d * sizeof(float)) == 0) {
                filter->h[j] = INFINITY;
                break;
            }
        }
    }
}

void exk_filter_begin(exk_filter *filter, const float *centroids) {
    filter->exponent = choose_exponent(filter, centroids);
    mark_duplicates(filter, centroids);
}

/* gamma_r / (1 - gamma_r), or infinity where the bound does not hold any more (nothing is certified then). */
static double gamma_of(double roundings) {
    const double product = roundings * u;
    return product < 0.25 ? product / (1.0 - 2.0 * product) : INFINITY;
}

static void fill_one(exk_filter *filter, const float *centroids, int64_t j) {
    const int64_t d = filter->d;
    const float *c = centroids + j * d;
    float *scaled = filter->c + j * d;
    const double scale = ldexp(1.0, filter->exponent);
    double square = 0.0, scaled_square = 0.0, lost = 0.0;
    for (int64_t t = 0; t < d; t++) {
        const double difference = (double)c[t] - (double)filter->shift[t];
        const double product = difference * scale;
        scaled[t] = (float)product;
        const double residual = product - (double)scaled[t];
        square += difference * product;
        scaled_square += (double)scaled[t] * (double)scaled[t];
        lost += residual * residual;
    }
    const double doubles = ((double)d + 8.0) * 0x1p-53;
    const double norm = sqrt(scaled_square) * outwards;
    if (filter->h[j] == 0.0)
        filter->h[j] = 0.5 * square;
    const double residual_norm = sqrt(lost) * outwards + norm * 0x1p-51;
    const double gamma = gamma_of((double)filter->roundings + 4.0);
    const double slope = gamma * norm + residual_norm;
    const double base = (0.5 * gamma + 4.0 * u + doubles) * square + ((double)d + 64.0) * 0x1p-149;
    filter->slope[j] = exk_round_up(slope * outwards + (double)FLT_TRUE_MIN);
    filter->base[j] = exk_round_up(base * outwards);
}

void exk_filter_fill(exk_filter *filter, const float *centroids, int64_t first, int64_t last) {
    for (int64_t j = first; j < last; j++)
        fill_one(filter, centroids, j);
}

double exk_filter_error(const exk_filter *filter, int64_t j, float norm) {
    return ((double)filter->slope[j] * (double)norm + (double)filter->base[j]) * outwards;
}

size_t exk_filter_offsets(int64_t k) {
    return ((size_t)k + EXK_OFFSET_PAD - 1) / EXK_OFFSET_PAD * EXK_OFFSET_PAD;
}

void exk_filter_fold(const exk_filter *filter, float norm, float *offset) {
    for (int64_t j = 0; j < filter->k; j++) {
        const double h = filter->h[j];
        offset[j] = isinf(h) ? INFINITY : round_down(h - exk_filter_error(filter, j, norm));
    }
    const size_t padded = exk_filter_offsets(filter->k);
    for (size_t j = (size_t)filter->k; j < padded; j++)
        offset[j] = INFINITY;
}
