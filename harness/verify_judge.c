#include "harness/verify_judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool same_labels(const exk_result *a, const exk_result *b, char *why, size_t size) {
    const int32_t *labels_a = exk_result_labels(a), *labels_b = exk_result_labels(b);
    int64_t n = exk_result_n(a);
    if (memcmp(labels_a, labels_b, (size_t)n * sizeof *labels_a) == 0)
        return true;
    int64_t i = 0;
    while (labels_a[i] == labels_b[i])
        i++;
    snprintf(why, size, "labels differ, first at point %" PRId64 ": %d instead of %d", i, labels_b[i],
             labels_a[i]);
    return false;
}

static bool same_counts(const exk_result *a, const exk_result *b, char *why, size_t size) {
    size_t bytes = (size_t)exk_result_k(a) * sizeof(int64_t);
    if (memcmp(exk_result_counts(a), exk_result_counts(b), bytes) == 0)
        return true;
    snprintf(why, size, "counts differ");
    return false;
}

static bool same_centroids(const exk_result *a, const exk_result *b, char *why, size_t size) {
    const float *c_a = exk_result_centroids(a), *c_b = exk_result_centroids(b);
    int64_t d = exk_result_d(a), count = exk_result_k(a) * d;
    if (memcmp(c_a, c_b, (size_t)count * sizeof *c_a) == 0)
        return true;
    int64_t i = 0;
    while (memcmp(&c_a[i], &c_b[i], sizeof *c_a) == 0)
        i++;
    snprintf(why, size, "centroids differ, first at row %" PRId64 " column %" PRId64 ": %a instead of %a", i / d,
             i % d, (double)c_b[i], (double)c_a[i]);
    return false;
}

static bool same_course(const exk_result *a, const exk_result *b, char *why, size_t size) {
    int64_t iterations = exk_result_iterations(a);
    if (exk_result_iterations(b) != iterations || exk_result_converged(a) != exk_result_converged(b)) {
        snprintf(why, size, "%" PRId64 " iterations instead of %" PRId64, exk_result_iterations(b), iterations);
        return false;
    }
    for (int64_t i = 0; i < iterations; i++) {
        const exk_iteration *it_a = exk_result_iteration(a, i), *it_b = exk_result_iteration(b, i);
        if (it_a->moved != it_b->moved || memcmp(&it_a->inertia, &it_b->inertia, sizeof(double)) != 0 ||
            memcmp(&it_a->shift, &it_b->shift, sizeof(double)) != 0) {
            snprintf(why, size, "moved, inertia or shift differ in iteration %" PRId64, i + 1);
            return false;
        }
    }
    return true;
}

static bool same_inertia(const exk_result *a, const exk_result *b, char *why, size_t size) {
    double inertia_a = exk_result_inertia(a), inertia_b = exk_result_inertia(b);
    if (memcmp(&inertia_a, &inertia_b, sizeof inertia_a) == 0)
        return true;
    snprintf(why, size, "inertia is %.17g instead of %.17g", inertia_b, inertia_a);
    return false;
}

static bool same_bits(const verify_problem *problem, const exk_result *reference, const exk_result *result,
                      char *why, size_t size) {
    (void)problem;
    return same_labels(reference, result, why, size) && same_counts(reference, result, why, size) &&
           same_centroids(reference, result, why, size) && same_inertia(reference, result, why, size) &&
           same_course(reference, result, why, size);
}

const verify_judge verify_judges[] = {
    {"naive scalar code on one thread", same_bits},
    {NULL, NULL},
};
