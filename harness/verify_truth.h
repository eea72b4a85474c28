/* What the oracle says about a problem, for two iterations: the given centroids, then some of them moved. */
#ifndef EXK_VERIFY_TRUTH_H
#define EXK_VERIFY_TRUTH_H

#include "harness/oracle.h"
#include "harness/verify_cases.h"

#include <stddef.h>

enum { VERIFY_ITERATIONS = 2 };

typedef struct verify_truth {
    float *centroids[VERIFY_ITERATIONS];   /* k x d */
    float *movement;                       /* k: upper bounds of the way between the two */
    oracle_real *score[VERIFY_ITERATIONS]; /* n x k: ||x - c||^2 - ||x||^2 */
    int32_t *nearest[VERIFY_ITERATIONS];
} verify_truth;

verify_truth *verify_truth_create(const verify_problem *problem); /* NULL: out of memory */

/* The same; the second iteration's centroids are `moved` (k x d), or made up if that is NULL. */
verify_truth *verify_truth_between(const verify_problem *problem, const float *moved);

void verify_truth_free(verify_truth *truth);

static inline const float *verify_point(const verify_problem *p, int64_t i) {
    return p->points.x + i * p->points.stride;
}

#endif
