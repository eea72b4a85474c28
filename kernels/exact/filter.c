#include "kernels/exact/filter.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double u = 0x1p-24;

/* Wider than any rounding of the double arithmetic in this file. */
static const double outwards = 1.0 + 0x1p-20;

enum {
    PRODUCT_EXPONENT = 90,  /* |x.c'| and |h| stay below about 2^90: sums cannot overflow */
    CENTROID_EXPONENT = 110 /* |c'_t| stays below 2^110 */
};

float exk_round_up(double v) {
    const float f = (float)v;
    if ((double)f >= v || isnan(v))
        return f;
    int32_t bits;
    memcpy(&bits, &f, sizeof bits);
    /* A double above 0 never rounds to -0. */
    bits += bits >= 0 ? 1 : -1;
    float up;
    memcpy(&up, &bits, sizeof up);
    return up;
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
static int choose_exponent(const exk_filter *filter) {
    const double coordinate =
        largest_magnitude(filter->largest, filter->k) + largest_magnitude(filter->shift, filter->d);
    const double norm = coordinate * sqrt((double)filter->d);
    const double product = norm * (norm > filter->largest_norm ? norm : filter->largest_norm);
    if (product == 0.0)
        return 0;
    const int by_product = PRODUCT_EXPONENT - 1 - ilogb(product);
    const int by_centroid = CENTROID_EXPONENT - 1 - ilogb(coordinate);
    return by_product < by_centroid ? by_product : by_centroid;
}

void exk_filter_digest(exk_filter *filter, const float *centroids, int64_t first, int64_t last) {
    for (int64_t j = first; j < last; j++)
        filter->hash[j] = filter->bulk->digest(centroids + j * filter->d, filter->d, &filter->largest[j]);
}

size_t exk_filter_table(int64_t k) {
    size_t entries = 2;
    while (entries < 2 * (size_t)k)
        entries *= 2;
    return entries;
}

static bool same_centroid(const exk_filter *filter, const float *centroids, int64_t a, int64_t b) {
    const size_t d = (size_t)filter->d;
    return filter->hash[a] == filter->hash[b] &&
           memcmp(centroids + (size_t)a * d, centroids + (size_t)b * d, d * sizeof(float)) == 0;
}

/* Whether centroid j equals one that is in the table; if not, it is now. Linear probing from where the high bits
 * of the hash, times an odd constant, point. */
static bool is_known(exk_filter *filter, const float *centroids, int64_t j, size_t entries) {
    size_t at = (size_t)((filter->hash[j] * 0x9E3779B97F4A7C15u) >> 32) & (entries - 1);
    for (; filter->table[at] >= 0; at = (at + 1) & (entries - 1)) {
        if (same_centroid(filter, centroids, filter->table[at], j))
            return true;
    }
    filter->table[at] = (int32_t)j;
    return false;
}

/* h_j = +infinity for every centroid that equals one of lower index, 0 for the others. */
static void mark_duplicates(exk_filter *filter, const float *centroids) {
    const size_t entries = exk_filter_table(filter->k);
    memset(filter->table, -1, entries * sizeof *filter->table);
    for (int64_t j = 0; j < filter->k; j++)
        filter->h[j] = is_known(filter, centroids, j, entries) ? INFINITY : 0.0;
}

void exk_filter_begin(exk_filter *filter, const float *centroids) {
    filter->exponent = choose_exponent(filter);
    mark_duplicates(filter, centroids);
}

/* gamma_r / (1 - gamma_r), or infinity where the bound does not hold any more (nothing is certified then). */
static double gamma_of(double roundings) {
    const double product = roundings * u;
    return product < 0.25 ? product / (1.0 - 2.0 * product) : INFINITY;
}

static void fill_one(exk_filter *filter, const float *centroids, int64_t j) {
    const int64_t d = filter->d;
    const double scale = ldexp(1.0, filter->exponent);
    const exk_scaled sums = filter->bulk->scale_row(centroids + j * d, filter->shift, scale, d, filter->c + j * d);
    const double doubles = ((double)d + 8.0) * 0x1p-53;
    const double norm = sqrt(sums.scaled) * outwards;
    if (filter->h[j] == 0.0)
        filter->h[j] = 0.5 * sums.square;
    const double residual_norm = sqrt(sums.lost) * outwards + norm * 0x1p-51;
    const double gamma = gamma_of((double)filter->roundings + 4.0);
    const double slope = gamma * norm + residual_norm;
    const double base = (0.5 * gamma + doubles) * sums.square + ((double)d + 64.0) * 0x1p-149;
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

double exk_filter_fold(const exk_filter *filter, float norm, float *offset) {
    const double largest =
        filter->bulk->fold(filter->h, filter->slope, filter->base, (double)norm, outwards, filter->k, offset);
    const size_t padded = exk_filter_offsets(filter->k);
    for (size_t j = (size_t)filter->k; j < padded; j++)
        offset[j] = INFINITY;
    return largest;
}
