/* All pairs of points nearer than a threshold, without comparing all pairs.
 *
 * Cluster first. If x is nearest to centroid a, y to b, and ||x - y|| <= t, then by the triangle inequality
 *
 *     ||x - b|| <= t + ||y - b|| <= t + ||y - a|| <= 2t + ||x - a||,
 *
 * so x need only be compared with members of clusters whose centroid is at most 2t farther than its own. The step
 * in the middle holds because b is the true nearest centroid of y: with labels that are only nearly right, pairs
 * would be lost.
 *
 * cc -O2 duplicates.c $(pkg-config --cflags --libs exakt) -lm && ./a.out */
#include "points.h"

#include <exakt.h>

#include <math.h>

enum { D = 6, POINTS = 3000, PLANTED = 300, N = POINTS + PLANTED, K = 150 };
static const double threshold = 0.08;

/* Uniform points, and behind them near copies of some. */
static float *make_points(void) {
    uint64_t state = 7;
    float *x = allocate((size_t)N * D, sizeof *x);
    for (int i = 0; i < POINTS * D; i++)
        x[i] = random_float(&state);
    for (int i = 0; i < PLANTED; i++)
        for (int t = 0; t < D; t++)
            x[(POINTS + i) * D + t] = x[i * (POINTS / PLANTED) * D + t] + 0.06f * random_float(&state);
    return x;
}

static double distance(const float *a, const float *b) {
    double sum = 0.0;
    for (int t = 0; t < D; t++)
        sum += ((double)a[t] - (double)b[t]) * ((double)a[t] - (double)b[t]);
    return sqrt(sum);
}

/* Members of cluster j: member[first[j]] to member[first[j + 1] - 1], rising. */
static void list_members(const exk_result *result, int *first, int *member) {
    const int32_t *label = exk_result_labels(result);
    const int64_t *count = exk_result_counts(result);
    int next[K];
    first[0] = 0;
    for (int j = 0; j < K; j++) {
        first[j + 1] = first[j] + (int)count[j];
        next[j] = first[j];
    }
    for (int i = 0; i < N; i++)
        member[next[label[i]]++] = i;
}

typedef struct found {
    int pairs, planted;
    int apart; /* pairs whose points are in different clusters */
    long compared;
} found;

static void compare(const float *x, const int32_t *label, int i, int other, found *f) {
    f->compared++;
    if (distance(x + i * D, x + other * D) > threshold)
        return;
    f->pairs++;
    f->planted += other >= POINTS && i == (other - POINTS) * (POINTS / PLANTED);
    f->apart += label[i] != label[other];
}

static found by_clusters(const float *x, const exk_result *result) {
    static int first[K + 1], member[N];
    const float *centroid = exk_result_centroids(result);
    const int32_t *label = exk_result_labels(result);
    found f = {0};
    list_members(result, first, member);
    for (int i = 0; i < N; i++) {
        const double own = distance(x + i * D, centroid + label[i] * D);
        for (int j = 0; j < K; j++) {
            /* A little more than 2t for the rounding of these two distances. */
            if (distance(x + i * D, centroid + j * D) > own + 2 * threshold + 1e-9)
                continue;
            for (int m = first[j]; m < first[j + 1]; m++)
                if (member[m] > i)
                    compare(x, label, i, member[m], &f);
        }
    }
    return f;
}

static found by_brute_force(const float *x, const int32_t *label) {
    found f = {0};
    for (int i = 0; i < N; i++)
        for (int other = i + 1; other < N; other++)
            compare(x, label, i, other, &f);
    return f;
}

int main(void) {
    float *x = make_points();
    const exk_points points = {.x = x, .n = N, .d = D, .stride = D};
    exk_result *result;
    exk_error error;
    if (exk_fit(&points, K, NULL, &result, &error) != EXK_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    const found clusters = by_clusters(x, result), all = by_brute_force(x, exk_result_labels(result));
    printf("by clusters:    %d pairs, %d of them planted, %d in different clusters; %ld comparisons, %d with "
           "centroids\n",
           clusters.pairs, clusters.planted, clusters.apart, clusters.compared, N * K);
    printf("by brute force: %d pairs, %d of them planted, %d in different clusters; %ld comparisons\n", all.pairs,
           all.planted, all.apart, all.compared);
    exk_result_free(result);
    free(x);
    return clusters.pairs == all.pairs && clusters.planted == PLANTED && clusters.compared < all.compared / 10 ? 0
                                                                                                               : 1;
}
