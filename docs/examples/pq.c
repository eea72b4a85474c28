/* Product quantisation (Jegou, Douze, Schmid, Product Quantization for Nearest Neighbor Search, 2011): rows are
 * cut into m parts, each part is clustered by itself with k = 256, and a row becomes m bytes, the numbers of its
 * nearest centroids.
 *
 * cc -O2 pq.c $(pkg-config --cflags --libs exakt) && ./a.out */
#include "points.h"

#include <exakt.h>

enum { D = 32, TRAINED = 3000, OTHERS = 1000, K = 256, PARTS_MOST = 16 };

/* A few factors and noise: coordinates depend on each other, as in embeddings. */
static float *make_points(int64_t n) {
    enum { FACTORS = 6 };
    uint64_t state = 1;
    float *x = allocate((size_t)(n * D), sizeof *x), mix[FACTORS][D];
    for (int f = 0; f < FACTORS; f++)
        for (int t = 0; t < D; t++)
            mix[f][t] = random_float(&state);
    for (int64_t i = 0; i < n; i++) {
        float factor[FACTORS];
        for (int f = 0; f < FACTORS; f++)
            factor[f] = random_float(&state);
        for (int t = 0; t < D; t++) {
            x[i * D + t] = 0.05f * random_float(&state);
            for (int f = 0; f < FACTORS; f++)
                x[i * D + t] += factor[f] * mix[f][t];
        }
    }
    return x;
}

static void must(exk_status status, const exk_error *error) {
    if (status == EXK_OK)
        return;
    fprintf(stderr, "%s\n", error->message);
    exit(1);
}

/* Coordinates [part * D/m, (part + 1) * D/m) of n rows: no copy, the stride says where the next row is. */
static exk_points sub_space(const float *x, int64_t n, int m, int part) {
    return (exk_points){.x = x + part * (D / m), .n = n, .d = D / m, .stride = D};
}

/* The mean squared error of the rows when each is replaced by what its m bytes stand for. Codebooks come from the
 * first TRAINED rows, the error from the others. */
static double error_with(const float *x, int m, const exk_options *options) {
    double sum = 0.0;
    for (int part = 0; part < m; part++) {
        const exk_points trained = sub_space(x, TRAINED, m, part);
        const exk_points others = sub_space(x + TRAINED * D, OTHERS, m, part);
        exk_result *codebook, *codes;
        exk_error error;
        must(exk_fit(&trained, K, options, &codebook, &error), &error);
        must(exk_assign(&others, exk_result_centroids(codebook), K, NULL, &codes, &error), &error);
        sum += exk_result_inertia(codes);
        exk_result_free(codes);
        exk_result_free(codebook);
    }
    return sum / OTHERS;
}

int main(void) {
    float *x = make_points(TRAINED + OTHERS);
    exk_options *options;
    double before = 1e300;
    int falls = 1;
    if (exk_options_create(&options) != EXK_OK)
        return 1;
    exk_options_set_max_iter(options, 15);
    printf("bytes a row  mean squared error\n");
    for (int m = 1; m <= PARTS_MOST; m *= 2) {
        const double error = error_with(x, m, options);
        printf("%11d  %.6f\n", m, error);
        falls = falls && error < before;
        before = error;
    }
    exk_options_free(options);
    free(x);
    if (!falls)
        fprintf(stderr, "more bytes made the error larger\n");
    return falls ? 0 : 1;
}
