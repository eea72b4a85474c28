/* Counter-based random numbers: a pure function of (seed, step, index), so no result depends on threads or order.
 * Philox4x32-10 of Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011. */
#ifndef EXK_PHILOX_H
#define EXK_PHILOX_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

uint64_t exk_philox(uint64_t seed, uint64_t step, uint64_t index);

/* Uniform in [0, bound), bound > 0, by multiply-shift (bias below bound / 2^64). */
uint64_t exk_philox_below(uint64_t seed, uint64_t step, uint64_t index, uint64_t bound);

/* Uniform in [0, 1), 53 bits. */
double exk_philox_unit(uint64_t seed, uint64_t step, uint64_t index);

#ifdef __cplusplus
}
#endif

#endif
