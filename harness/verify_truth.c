#include "harness/verify_truth.h"

#include "kernels/exact/filter.h"

#include <math.h>
#include <stdlib.h>

/* Every second centroid goes an eighth of its way to the next one. */
static void move_centroids(const float *from, int64_t k, int64_t d, float *to) {
    for (int64_t j = 0; j < k; j++) {
        const float *here = from + j * d, *next = from + (j + 1) % k * d;
        for (int64_t t = 0; t < d; t++)
            to[j * d + t] = j % 2 ? here[t] : here[t] * 0.875f + next[t] * 0.125f + 0.0f;
    }
}

static void bound_movement(const float *from, const float *to, int64_t k, int64_t d, float *movement) {
    for (int64_t j = 0; j < k; j++) {
        double square = 0;
        for (int64_t t = j * d; t < (j + 1) * d; t++)
            square += ((double)to[t] - (double)from[t]) * ((double)to[t] - (double)from[t]);
        movement[j] = exk_round_up(sqrt(square) * (1 + 0x1p-30));
    }
}

static void score_all(const verify_problem *p, const float *centroids, oracle_real *score, int32_t *nearest) {
    int64_t k = p->k, d = p->points.d;
    for (int64_t j = 0; j < k; j++) {
        oracle_real square = oracle_square(centroids + j * d, d);
        for (int64_t i = 0; i < p->points.n; i++)
            score[i * k + j] = oracle_score(verify_point(p, i), centroids + j * d, &square, d);
    }
    for (int64_t i = 0; i < p->points.n; i++) {
        nearest[i] = 0;
        for (int64_t j = 1; j < k; j++)
            if (oracle_compare(&score[i * k + j], &score[i * k + nearest[i]]) < 0)
                nearest[i] = (int32_t)j;
    }
}

static bool allocate_truth(verify_truth *truth, size_t n, size_t d, size_t k) {
    truth->movement = malloc(k * sizeof *truth->movement);
    bool have_room = truth->movement != NULL;
    for (int i = 0; i < VERIFY_ITERATIONS; i++) {
        truth->centroids[i] = calloc(k * d, sizeof *truth->centroids[i]);
        truth->score[i] = malloc(n * k * sizeof *truth->score[i]);
        truth->nearest[i] = malloc(n * sizeof *truth->nearest[i]);
        have_room = have_room && truth->centroids[i] && truth->score[i] && truth->nearest[i];
    }
    return have_room;
}

verify_truth *verify_truth_create(const verify_problem *p) {
    return verify_truth_between(p, NULL);
}

verify_truth *verify_truth_between(const verify_problem *p, const float *moved) {
    verify_truth *truth = calloc(1, sizeof *truth);
    if (!truth || !allocate_truth(truth, (size_t)p->points.n, (size_t)p->points.d, (size_t)p->k)) {
        verify_truth_free(truth);
        return NULL;
    }
    /* The filter wants no -0. */
    for (int64_t i = 0; i < p->k * p->points.d; i++) {
        truth->centroids[0][i] = p->centroids[i] + 0.0f;
        truth->centroids[1][i] = (moved ? moved : p->centroids)[i] + 0.0f;
    }
    if (!moved)
        move_centroids(truth->centroids[0], p->k, p->points.d, truth->centroids[1]);
    bound_movement(truth->centroids[0], truth->centroids[1], p->k, p->points.d, truth->movement);
    for (int i = 0; i < VERIFY_ITERATIONS; i++)
        score_all(p, truth->centroids[i], truth->score[i], truth->nearest[i]);
    return truth;
}

void verify_truth_free(verify_truth *truth) {
    if (!truth)
        return;
    free(truth->movement);
    for (int i = 0; i < VERIFY_ITERATIONS; i++) {
        free(truth->centroids[i]);
        free(truth->score[i]);
        free(truth->nearest[i]);
    }
    free(truth);
}
