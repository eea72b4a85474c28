/* Chapter 6, exercise 2: points for which float32 arithmetic names the wrong centroid.
 *
 * cc -O2 06-nearest.c $(pkg-config --cflags --libs exakt) && ./a.out */
#include <exakt.h>

#include <stdint.h>
#include <stdio.h>

enum { N = 2000, D = 3, K = 40 };
static const float away = 1000.0f;

static float random_float(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) * 0x1p-24f - 0.5f;
}

/* ||x||^2 - 2 x.c + ||c||^2, as libraries compute it: two large numbers are subtracted, and the error stays. */
static int by_products(const float *x, const float *c) {
    int best = -1;
    float least = 0.0f;
    for (int j = 0; j < K; j++) {
        float product = 0.0f, square = 0.0f;
        for (int t = 0; t < D; t++) {
            product += x[t] * c[j * D + t];
            square += c[j * D + t] * c[j * D + t];
        }
        const float score = square - 2.0f * product;
        if (best < 0 || score < least) {
            least = score;
            best = j;
        }
    }
    return best;
}

/* The truth: coordinates are multiples of 2^-14 below 2^11, so their differences squared fit 64 bits exactly. */
static int by_integers(const float *x, const float *c) {
    int best = -1;
    int64_t least = 0;
    for (int j = 0; j < K; j++) {
        int64_t sum = 0;
        for (int t = 0; t < D; t++) {
            const int64_t difference =
                (int64_t)((double)x[t] * 16384.0) - (int64_t)((double)c[j * D + t] * 16384.0);
            sum += difference * difference;
        }
        if (best < 0 || sum < least) {
            least = sum;
            best = j;
        }
    }
    return best;
}

int main(void) {
    static float x[N * D], c[K * D];
    uint32_t state = 1;
    for (int i = 0; i < N * D; i++)
        x[i] = away + random_float(&state);
    for (int i = 0; i < K * D; i++)
        c[i] = away + random_float(&state);
    const exk_points points = {.x = x, .n = N, .d = D, .stride = D};
    exk_result *result;
    exk_error error;
    if (exk_assign(&points, c, K, NULL, &result, &error) != EXK_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    int products_wrong = 0, exakt_wrong = 0;
    for (int i = 0; i < N; i++) {
        const int truth = by_integers(x + i * D, c);
        products_wrong += by_products(x + i * D, c) != truth;
        exakt_wrong += exk_result_labels(result)[i] != truth;
    }
    exk_result_free(result);
    printf("of %d points have a wrong label: %d by products in float32, %d by exakt\n", N, products_wrong,
           exakt_wrong);
    return products_wrong > 0 && exakt_wrong == 0 ? 0 : 1;
}
