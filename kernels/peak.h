/* Loops that do one thing as fast as a core can, for others to time: what they reach is the ceiling of every
 * kernel. Compiled once per ISA. */
#ifndef EXK_PEAK_H
#define EXK_PEAK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct exk_peak {
    int64_t flops; /* floating-point operations of one round of multiply_add or multiply_add_fed; a multiply-add is
                      two */

    /* `rounds` rounds of float32 multiply-adds in as many independent chains as hide their latency, all in
     * registers. A round adds 1e-4 to each chain, so the sum returned tells how many were run: flops/4 * 1e-4 for
     * each, until rounding swallows it. */
    float (*multiply_add)(int64_t rounds);

    /* The same, with a factor of every two multiply-adds loaded from L1: what a micro-kernel has to do at least.
     */
    float (*multiply_add_fed)(int64_t rounds);

    /* Load count floats from x, `passes` times over, and nothing else. Additions would bind: on a core that loads
     * two vectors of 64 bytes a cycle from L1, a third of the rate is lost to them. */
    void (*load)(const float *x, int64_t count, int64_t passes);

    /* The sum, in some order, of the floats that load loads in a pass: the same loop with additions, to see that
     * it leaves nothing out. */
    float (*sum)(const float *x, int64_t count);
} exk_peak;

/* The loops compiled for an ISA of isa.inc; NULL if it is not in this build. */
const exk_peak *exk_peak_for(const char *isa);

#ifdef __cplusplus
}
#endif

#endif
