/* The deterministic arithmetic that touches every point or every centroid: loops whose order of operations is
 * fixed by these definitions, so that every instruction set computes the same bits. Compiled once per ISA for
 * speed only.
 *
 * A sum "by eights" is eight interleaved double sums (dimension mod 8), each product rounded before it is added,
 * combined as ((0+4)+(2+6)) + ((1+5)+(3+7)). */
#ifndef EXK_BULK_H
#define EXK_BULK_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sums over the dimensions of a scaled centroid, by eights. */
typedef struct exk_scaled {
    double square; /* of (c - m)^2 * scale */
    double scaled; /* of out^2 */
    double lost;   /* of ((c - m) * scale - out)^2 */
} exk_scaled;

typedef struct exk_bulk {
    /* dist64(x, c) = ||x - c||^2 by eights. Relative error at most (d + 8) * 2^-53; no overflow or underflow for
     * floats. */
    double (*dist64)(const float *x, const float *c, int64_t d);

    /* The sum of (x_t - m_t) * v_t by eights, even and odd eights apart. m and v go on with zeros to a multiple of
     * 8. */
    double (*along)(const float *x, const double *m, const double *v, int64_t d);

    /* sum_t += weight (x_t - m_t), product and sum rounded. m and sum go on to a multiple of 8 with zeros. */
    void (*lean)(const float *x, const double *m, double weight, int64_t d, double *sum);

    /* sum[t] += v_t with v_t the int64 nearest to x_t * scale_t (ties to even). */
    void (*add_point)(const float *x, const double *scale, int64_t d, int64_t *sum);

    /* The same point leaves one cluster for another: from[t] -= v_t, to[t] += v_t. */
    void (*move_point)(const float *x, const double *scale, int64_t d, int64_t *from, int64_t *to);

    /* add_point of the listed rows of x, and its inverse. */
    void (*add_rows)(const float *x, int64_t stride, const int64_t *rows, int64_t count, const double *scale,
                     int64_t d, int64_t *sum);
    void (*take_rows)(const float *x, int64_t stride, const int64_t *rows, int64_t count, const double *scale,
                      int64_t d, int64_t *sum);

    /* to[t] += from[t]; from[t] = 0. */
    void (*drain)(int64_t *from, int64_t d, int64_t *to);

    /* out_t = (float)((sum_t * unit_t) / count), a cluster's mean; -0 becomes 0. unit_t = 1 / scale_t, a power of
     * two; count > 0. */
    void (*mean)(const int64_t *sum, const double *unit, int64_t count, int64_t d, float *out);

    /* 2 c'.S - count ||c'||^2 with c' = c - m and S_t = sum_t * unit_t - count m_t, both products by eights. */
    double (*overlap)(const float *c, const float *m, const int64_t *sum, const double *unit, int64_t count,
                      int64_t d);

    /* out_t = (float)((c_t - m_t) * scale), scale a power of two. */
    exk_scaled (*scale_row)(const float *c, const float *m, double scale, int64_t d, float *out);

    /* out_j = h_j - e_j rounded to float32 towards -infinity, with e_j = (slope_j * norm + base_j) * outwards,
     * infinite where that is not a number; +infinity where h_j is, whatever e_j. Returns the largest e_j. */
    double (*fold)(const double *h, const float *slope, const float *base, double norm, double outwards, int64_t k,
                   float *out);

    /* List the i < count without second[i] - best[i] > margin, the difference rounded to float32, in rising order;
     * returns how many. list: count entries. */
    int64_t (*unclear)(const float *best, const float *second, float margin, int64_t count, int32_t *list);

    /* List the i < count without v[i] > limit in rising order; returns how many. list: count entries. */
    int64_t (*within)(const float *v, float limit, int64_t count, int32_t *list);

    /* List the i < count of which not even `best`, a lower bound of all scores, proves that all centroids are
     * farther than nearest[i], a squared distance: those without lo_i^2 + best[i] * unscale > nearest[i], lo_i
     * being the least that ||x_i - m|| can be if norm[i] is that, rounded up to float32 by 2^-22 and half a last
     * place at most. The left side, scores unscaled, is a lower bound of ||x_i - c||^2, and the right side is
     * widened to cover the rounding of both. In rising order; returns how many. list: count entries. */
    int64_t (*reachable)(const float *best, const float *norm, const double *nearest, double unscale,
                         int64_t count, int32_t *list);

    /* max v[i], all of them >= 0 and none NaN; 0 if there is none. */
    float (*largest)(const float *v, int64_t count);

    /* A hash of the bits of c, and *magnitude = max |c_t|; c finite. */
    uint64_t (*digest)(const float *c, int64_t d, float *magnitude);

    /* out_t = x_t - m_t in float32, correctly rounded. */
    void (*centre)(const float *x, const float *m, int64_t d, float *out);

    bool (*all_finite)(const float *x, int64_t d);

    /* largest[t] = max(largest[t], |x_t|); what is not finite is largest of all, a NaN larger than infinity. */
    void (*column_max)(const float *x, int64_t d, float *largest);

    /* List the i < count with a[i] != b[i] in rising order; returns how many. list: count entries. */
    int64_t (*differing)(const int32_t *a, const int32_t *b, int64_t count, int32_t *list);
} exk_bulk;

/* The functions compiled for an ISA of isa.inc; those of scalar if it is not in this build. */
const exk_bulk *exk_bulk_for(const char *isa);

/* Those of the strongest ISA that may run here. */
const exk_bulk *exk_bulk_here(void);

#ifdef __cplusplus
}
#endif

#endif
