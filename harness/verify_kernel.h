/* A variant's functions, called the way the driver calls them, but with every buffer against a guard page and
 * every answer held against the exact scores. */
#ifndef EXK_VERIFY_KERNEL_H
#define EXK_VERIFY_KERNEL_H

#include "harness/verify_truth.h"
#include "kernels/variant.h"

#include <stddef.h>

/* Two iterations over all tiles, and back to the first centroids where the kernel keeps something of each point:
 * once with each buffer ending and once with it beginning at a forbidden page. False, and why, if an answer is no
 * proof; an access outside the buffers ends the process. */
bool verify_kernel(const verify_problem *problem, const verify_truth *truth, const exk_variant *variant,
                   const exk_plan *plan, int64_t *ambiguous, char *why, size_t size);

#endif
