/* A variant's functions, called the way the driver calls them, but with every buffer against a guard page and
 * every answer held against the exact scores. */
#ifndef EXK_VERIFY_KERNEL_H
#define EXK_VERIFY_KERNEL_H

#include "harness/verify_cases.h"
#include "kernels/variant.h"

#include <stddef.h>

/* What the oracle says about a problem, for two iterations: the given centroids, then some of them moved. */
typedef struct verify_truth verify_truth;
verify_truth *verify_truth_create(const verify_problem *problem); /* NULL: out of memory */
/* The same; the second iteration's centroids are `moved` (k x d), or made up if that is NULL. */
verify_truth *verify_truth_between(const verify_problem *problem, const float *moved);
void verify_truth_free(verify_truth *truth);

/* Two iterations over all tiles, and back to the first centroids where the kernel keeps something of each point:
 * once with each buffer ending and once with it beginning at a forbidden page. False, and why, if an answer is no
 * proof; an access outside the buffers ends the process. */
bool verify_kernel(const verify_problem *problem, const verify_truth *truth, const exk_variant *variant,
                   const exk_plan *plan, int64_t *ambiguous, char *why, size_t size);

#endif
