/* Which of two centroids is nearer, decided in exact integer arithmetic. */
#ifndef EXK_COMPARE_H
#define EXK_COMPARE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The sign of ||x - a||^2 - ||x - b||^2 in real arithmetic: -1, 0 or 1. x, a, b: d finite floats. Slow (a few
 * nanoseconds per dimension and product) and meant to be rare. */
int exk_compare_distances(const float *x, const float *a, const float *b, int64_t d);

#ifdef __cplusplus
}
#endif

#endif
