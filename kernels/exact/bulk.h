/* The deterministic arithmetic that touches every point: plain loops whose order of operations is fixed by these
 * definitions, so that every instruction set computes the same bits. Compiled once per ISA for speed only. */
#ifndef EXK_BULK_H
#define EXK_BULK_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct exk_bulk {
    /* dist64(x, c) = ||x - c||^2: eight interleaved double sums (dimension mod 8), multiply then add, combined as
     * ((0+4)+(2+6)) + ((1+5)+(3+7)). Relative error at most (d + 8) * 2^-53; no overflow or underflow for floats.
     */
    double (*dist64)(const float *x, const float *c, int64_t d);

    /* sum[t] += v_t with v_t the int64 nearest to x_t * scale_t (ties to even). */
    void (*add_point)(const float *x, const double *scale, int64_t d, int64_t *sum);

    /* The same point leaves one cluster for another: from[t] -= v_t, to[t] += v_t. */
    void (*move_point)(const float *x, const double *scale, int64_t d, int64_t *from, int64_t *to);

    /* out_t = x_t - m_t in float32, correctly rounded. */
    void (*centre)(const float *x, const float *m, int64_t d, float *out);

    bool (*all_finite)(const float *x, int64_t d);

    /* largest[t] = max(largest[t], |x_t|), x finite. */
    void (*column_max)(const float *x, int64_t d, float *largest);
} exk_bulk;

/* The functions compiled for an ISA of isa.inc; those of scalar if it is not in this build. */
const exk_bulk *exk_bulk_for(const char *isa);

/* Those of the strongest ISA that may run here. */
const exk_bulk *exk_bulk_here(void);

#ifdef __cplusplus
}
#endif

#endif
