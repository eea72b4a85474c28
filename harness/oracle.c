#include "harness/oracle.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* |v| = mantissa * 2^exponent. */
static uint64_t split(double v, int *exponent) {
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    int field = (int)(bits >> 52 & 0x7ff);
    uint64_t fraction = bits & 0xfffffffffffff;
    *exponent = (field ? field : 1) - 1075;
    return field ? fraction | 0x10000000000000 : fraction;
}

/* The same of a float; what the mantissa lacks are the low bits that a float does not have. */
static uint64_t split_float(float v, int *exponent) {
    uint64_t mantissa = split((double)v, exponent);
    *exponent += 53 - 24;
    return mantissa >> (53 - 24);
}

static void add_word(oracle_real *a, int at, uint64_t word) {
    for (; word && at < ORACLE_WORDS; at++) {
        a->word[at] += word;
        word = a->word[at] < word;
    }
}

static void subtract_word(oracle_real *a, int at, uint64_t word) {
    for (; word && at < ORACLE_WORDS; at++) {
        uint64_t before = a->word[at];
        a->word[at] -= word;
        word = before < word;
    }
}

/* a += or -= mantissa * 2^exponent. */
static void accumulate(oracle_real *a, uint64_t mantissa, int exponent, bool negative) {
    int position = exponent + ORACLE_FRACTION, at = position / 64, shift = position % 64;
    uint64_t low = mantissa << shift, high = shift ? mantissa >> (64 - shift) : 0;
    if (negative) {
        subtract_word(a, at, low);
        subtract_word(a, at + 1, high);
    } else {
        add_word(a, at, low);
        add_word(a, at + 1, high);
    }
}

oracle_real oracle_from_double(double v) {
    oracle_real real = {{0}};
    int exponent, zeros;
    assert(isfinite(v));
    uint64_t mantissa = split(v, &exponent);
    if (mantissa == 0)
        return real;
    zeros = __builtin_ctzll(mantissa);
    mantissa >>= zeros;
    exponent += zeros;
    assert(exponent >= -ORACLE_FRACTION);
    accumulate(&real, mantissa, exponent, v < 0);
    return real;
}

static bool is_negative(const oracle_real *v) {
    return v->word[ORACLE_WORDS - 1] >> 63;
}

static oracle_real magnitude(const oracle_real *v) {
    oracle_real zero = {{0}};
    if (!is_negative(v))
        return *v;
    oracle_subtract(&zero, v);
    return zero;
}

double oracle_to_double(const oracle_real *v) {
    oracle_real positive = magnitude(v);
    double value = 0;
    for (int i = 0; i < ORACLE_WORDS; i++)
        value += ldexp((double)positive.word[i], 64 * i - ORACLE_FRACTION);
    return is_negative(v) ? -value : value;
}

void oracle_add(oracle_real *a, const oracle_real *b) {
    for (int i = 0; i < ORACLE_WORDS; i++)
        add_word(a, i, b->word[i]);
}

void oracle_subtract(oracle_real *a, const oracle_real *b) {
    for (int i = 0; i < ORACLE_WORDS; i++)
        subtract_word(a, i, b->word[i]);
}

/* Modulo 2^(64 ORACLE_WORDS), so right for negative numbers too. */
void oracle_multiply(oracle_real *a, uint32_t factor) {
    uint64_t carry = 0;
    for (int i = 0; i < ORACLE_WORDS; i++) {
        uint64_t low = (a->word[i] & UINT32_MAX) * factor + carry;
        uint64_t high = (a->word[i] >> 32) * factor + (low >> 32);
        a->word[i] = high << 32 | (low & UINT32_MAX);
        carry = high >> 32;
    }
}

int oracle_compare(const oracle_real *a, const oracle_real *b) {
    if (is_negative(a) != is_negative(b))
        return is_negative(a) ? -1 : 1;
    for (int i = ORACLE_WORDS - 1; i >= 0; i--)
        if (a->word[i] != b->word[i])
            return a->word[i] < b->word[i] ? -1 : 1;
    return 0;
}

/* sum += factor * a * b for a factor of 1 or -2. */
static void add_product(oracle_real *sum, float a, float b, int factor) {
    int exponent_a, exponent_b;
    uint64_t product = split_float(a, &exponent_a) * split_float(b, &exponent_b);
    bool negative = (a < 0) != (b < 0);
    if (product)
        accumulate(sum, product, exponent_a + exponent_b + (factor == -2), negative != (factor == -2));
}

oracle_real oracle_square(const float *c, int64_t d) {
    oracle_real square = {{0}};
    for (int64_t t = 0; t < d; t++)
        add_product(&square, c[t], c[t], 1);
    return square;
}

oracle_real oracle_score(const float *x, const float *c, const oracle_real *square, int64_t d) {
    oracle_real score = *square;
    for (int64_t t = 0; t < d; t++)
        add_product(&score, x[t], c[t], -2);
    return score;
}

oracle_real oracle_distance(const float *x, const float *c, int64_t d) {
    oracle_real square = oracle_square(c, d), distance = oracle_score(x, c, &square, d);
    for (int64_t t = 0; t < d; t++)
        add_product(&distance, x[t], x[t], 1);
    return distance;
}

int64_t oracle_nearest(const float *x, const float *centroids, const oracle_real *squares, int64_t k, int64_t d) {
    int64_t nearest = 0;
    oracle_real least = oracle_score(x, centroids, &squares[0], d);
    for (int64_t j = 1; j < k; j++) {
        oracle_real score = oracle_score(x, centroids + j * d, &squares[j], d);
        if (oracle_compare(&score, &least) < 0) {
            least = score;
            nearest = j;
        }
    }
    return nearest;
}

/* |a - b| <= bound */
static bool is_within(const oracle_real *a, const oracle_real *b, const oracle_real *bound) {
    oracle_real difference = *a;
    oracle_subtract(&difference, b);
    difference = magnitude(&difference);
    return oracle_compare(&difference, bound) <= 0;
}

static int ceil_log2(int64_t n) {
    int exponent = 0;
    while (((int64_t)1 << exponent) < n)
        exponent++;
    return exponent;
}

/* Half the distance between neighbours of v, the wider one at a power of two; a denormal's is 2^-150. */
static double half_ulp(float v) {
    int exponent;
    (void)frexp((double)v, &exponent);
    return ldexp(1.0, v == 0 || exponent < -125 ? -150 : exponent - 25);
}

bool oracle_mean_holds(const oracle_real *sum, uint32_t count, float centroid, int64_t n, float largest) {
    double error = ldexp((double)largest, ceil_log2(n) - 62) + half_ulp(centroid) +
                   ldexp(fabs((double)centroid), -50) + 0x1p-200;
    oracle_real claimed = oracle_from_double((double)centroid), bound = oracle_from_double(error);
    oracle_multiply(&claimed, count);
    oracle_multiply(&bound, count);
    return is_within(&claimed, sum, &bound);
}

/* The words below are lost: v becomes at most one unit of 2^-ORACLE_FRACTION too small. */
static void shift_down_a_word(oracle_real *v) {
    for (int i = 0; i + 1 < ORACLE_WORDS; i++)
        v->word[i] = v->word[i + 1];
    v->word[ORACLE_WORDS - 1] = 0;
}

bool oracle_inertia_holds(const oracle_real *exact, double reported, int64_t n, int64_t d) {
    if (!isfinite(reported))
        return false;
    oracle_real claimed = oracle_from_double(reported), bound = *exact;
    /* 2^-53 = 2^11 * 2^-64 */
    oracle_multiply(&bound, (uint32_t)(d + n / 1024 + 1040));
    oracle_multiply(&bound, 1 << 11);
    shift_down_a_word(&bound);
    return is_within(&claimed, exact, &bound);
}
