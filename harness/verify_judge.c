#include "harness/verify_judge.h"
#include "harness/oracle.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
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

bool results_agree(const exk_result *expected, const exk_result *result, char *why, size_t size) {
    return same_labels(expected, result, why, size) && same_counts(expected, result, why, size) &&
           same_centroids(expected, result, why, size) && same_inertia(expected, result, why, size) &&
           same_course(expected, result, why, size);
}

static bool same_bits(const verify_problem *problem, const verify_reference *reference, const exk_result *result,
                      char *why, size_t size) {
    (void)problem;
    return results_agree(reference->result, result, why, size);
}

static const float *point(const verify_problem *p, int64_t i) {
    return p->points.x + i * p->points.stride;
}

/* Products that the oracle may take for the labels of one result: seconds. Beyond, it looks at every s-th point.
 */
static const int64_t oracle_products = (int64_t)1 << 26;

static int64_t oracle_step(const verify_problem *p) {
    double products = (double)p->points.n * (double)p->points.d * (double)p->k;
    return 1 + (int64_t)(products / (double)oracle_products);
}

static bool out_of_memory(char *why, size_t size) {
    snprintf(why, size, "out of memory for the check");
    return false;
}

static oracle_real *square_all(const float *centroids, int64_t k, int64_t d) {
    oracle_real *squares = malloc((size_t)k * sizeof *squares);
    for (int64_t j = 0; squares && j < k; j++)
        squares[j] = oracle_square(centroids + j * d, d);
    return squares;
}

static bool labels_hold(const verify_problem *p, const exk_result *result, char *why, size_t size) {
    const int32_t *labels = exk_result_labels(result);
    const float *centroids = exk_result_centroids(result);
    int64_t step = oracle_step(p), i = 0, nearest = 0;
    oracle_real *squares = square_all(centroids, p->k, p->points.d);
    if (!squares)
        return out_of_memory(why, size);
    for (; i < p->points.n; i += step) {
        nearest = oracle_nearest(point(p, i), centroids, squares, p->k, p->points.d);
        if (labels[i] != nearest)
            break;
    }
    if (i < p->points.n)
        snprintf(why, size, "point %" PRId64 " has label %d, but its nearest centroid is %" PRId64, i, labels[i],
                 nearest);
    free(squares);
    return i >= p->points.n;
}

static bool counts_hold(const verify_problem *p, const exk_result *result, char *why, size_t size) {
    const int32_t *labels = exk_result_labels(result);
    const int64_t *counts = exk_result_counts(result);
    int64_t *left = malloc((size_t)p->k * sizeof *left);
    if (!left)
        return out_of_memory(why, size);
    memcpy(left, counts, (size_t)p->k * sizeof *left);
    for (int64_t i = 0; i < p->points.n; i++)
        left[labels[i]]--;
    int64_t j = 0;
    while (j < p->k && left[j] == 0)
        j++;
    if (j < p->k)
        snprintf(why, size, "cluster %" PRId64 " has %" PRId64 " points, but a count of %" PRId64, j,
                 counts[j] - left[j], counts[j]);
    free(left);
    return j == p->k;
}

static bool inertia_holds(const verify_problem *p, const exk_result *result, char *why, size_t size) {
    const int32_t *labels = exk_result_labels(result);
    const float *centroids = exk_result_centroids(result);
    oracle_real exact = {{0}};
    for (int64_t i = 0; i < p->points.n; i++) {
        oracle_real distance = oracle_distance(point(p, i), centroids + labels[i] * p->points.d, p->points.d);
        oracle_add(&exact, &distance);
    }
    if (oracle_inertia_holds(&exact, exk_result_inertia(result), p->points.n, p->points.d))
        return true;
    snprintf(why, size, "inertia is %.17g, but the squared distances add up to %.17g", exk_result_inertia(result),
             oracle_to_double(&exact));
    return false;
}

static bool has_empty(const exk_result *result) {
    for (int64_t j = 0; j < exk_result_k(result); j++)
        if (exk_result_counts(result)[j] == 0)
            return true;
    return false;
}

/* Are the centroids the means of the very labels that were returned? Only where a fit ended because nothing
 * changed any more, and no empty cluster borrowed a point for the update. */
static bool has_means(const verify_problem *p, const exk_result *result) {
    int64_t iterations = exk_result_iterations(result);
    return p->kind == VERIFY_FIT && exk_result_converged(result) &&
           exk_result_iteration(result, iterations - 1)->shift == 0 &&
           (p->empty == EXK_EMPTY_KEEP || !has_empty(result));
}

/* sum[j] = the exact sum of column t over cluster j; returns the column's largest magnitude. */
static float sum_column(const verify_problem *p, const int32_t *labels, int64_t t, oracle_real *sum) {
    float largest = 0;
    memset(sum, 0, (size_t)p->k * sizeof *sum);
    for (int64_t i = 0; i < p->points.n; i++) {
        float x = point(p, i)[t];
        oracle_real term = oracle_from_double((double)x);
        oracle_add(&sum[labels[i]], &term);
        largest = fabsf(x) > largest ? fabsf(x) : largest;
    }
    return largest;
}

static bool column_means_hold(const verify_problem *p, const exk_result *result, int64_t t, oracle_real *sum,
                              char *why, size_t size) {
    float largest = sum_column(p, exk_result_labels(result), t, sum);
    for (int64_t j = 0; j < p->k; j++) {
        int64_t count = exk_result_counts(result)[j];
        float centroid = exk_result_centroids(result)[j * p->points.d + t];
        if (count == 0 || oracle_mean_holds(&sum[j], (uint32_t)count, centroid, p->points.n, largest))
            continue;
        snprintf(why, size, "centroid %" PRId64 " column %" PRId64 " is %a, but the mean of its points is %a", j,
                 t, (double)centroid, oracle_to_double(&sum[j]) / (double)count);
        return false;
    }
    return true;
}

static bool means_hold(const verify_problem *p, const exk_result *result, char *why, size_t size) {
    if (!has_means(p, result))
        return true;
    oracle_real *sum = malloc((size_t)p->k * sizeof *sum);
    if (!sum)
        return out_of_memory(why, size);
    bool hold = true;
    for (int64_t t = 0; t < p->points.d && hold; t++)
        hold = column_means_hold(p, result, t, sum, why, size);
    free(sum);
    return hold;
}

static bool oracle_accepts(const verify_problem *p, const exk_result *result, char *why, size_t size) {
    if (!labels_hold(p, result, why, size) || !counts_hold(p, result, why, size))
        return false;
    if ((double)p->points.n * (double)p->points.d > (double)oracle_products)
        return true;
    return inertia_holds(p, result, why, size) && means_hold(p, result, why, size);
}

void verify_judge_reference(const verify_problem *problem, verify_reference *reference) {
    reference->accepted = oracle_accepts(problem, reference->result, reference->why, sizeof reference->why);
}

/* The same bits have the same merits: only a result unlike the reference's is worked out again. */
static bool oracle_judges(const verify_problem *problem, const verify_reference *reference,
                          const exk_result *result, char *why, size_t size) {
    char difference[VERIFY_WHY];
    if (!same_bits(problem, reference, result, difference, sizeof difference))
        return oracle_accepts(problem, result, why, size);
    if (!reference->accepted)
        snprintf(why, size, "%s", reference->why);
    return reference->accepted;
}

const verify_judge verify_judges[] = {
    {"naive scalar code", same_bits},
    {"the oracle", oracle_judges},
    {NULL, NULL},
};
