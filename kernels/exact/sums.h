/* Order-free sums: every coordinate enters as an integer, so any order, split or history of additions gives the
 * same bits (scatter, per thread, moved points only, several machines). */
#ifndef EXK_SUMS_H
#define EXK_SUMS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* scale[t] = 2^q_t and unit[t] = 2^-q_t with q_t = 62 - ceil(log2 n) - ceil(log2 largest[t]), 1 for a column of
 * zeros: n values of magnitude up to largest[t], each taken as the int64 nearest to x * scale, cannot overflow. */
void exk_sums_scale(int64_t n, int64_t d, const float *largest, double *scale, double *unit);

#ifdef __cplusplus
}
#endif

#endif
