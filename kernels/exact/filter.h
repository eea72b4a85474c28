/* The filter: what makes a float32 score a proof.
 *
 * The kernels see neither the points x nor the centroids c_j but
 *     x' = fl(x - m),   c'_j = fl(2^e (c_j - m)),   h_j = 2^e ||c_j - m||^2 / 2,   s_j = h_j - x'.c'_j,
 * with m the column means of the data where they are large beside its spread (smaller norms mean smaller errors),
 * 0 otherwise, and e chosen so that nothing can overflow and little can underflow. But for the roundings, s_j is
 * 2^e (||x - c_j||^2 - ||x - m||^2) / 2 and has the argmin we look for.
 *
 * With u = 2^-24, gamma_r = r u / (1 - r u) and at most r roundings on any product and on the offset
 * (exk_kernel.roundings), Cauchy-Schwarz and the standard model of rounding (Higham, Accuracy and Stability of
 * Numerical Algorithms, 2002) give for every point, s_j now being the exact score of the true x, c_j and m,
 *
 *     l_j <= s_j <= l_j + 2 E_j,    l_j = offset_j - fl(x'.c'_j),    offset_j = h_j - E_j rounded down,
 *     E_j = slope_j * ||x'|| + base_j,
 *     slope_j = g ||c'_j|| + ||c'_j - 2^e (c_j - m)||,
 *     base_j  = g h_j + (rounding of h_j in double) + (d + 64) 2^-149 for underflow,
 *     g = gamma_{r+4} / (1 - gamma_{r+4}).
 *
 * In r + 4 are the rounding of x', that of the final subtraction and that of the offset to float32, which goes
 * down and so counts for two. The offset is at most h_j + E_j in magnitude, so its roundings cost gamma (h_j +
 * E_j); solved for E_j that makes g of gamma. */
#ifndef EXK_FILTER_H
#define EXK_FILTER_H

#include "kernels/exact/bulk.h"
#include "kernels/variant.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct exk_filter {
    int64_t k, d;
    int64_t roundings;
    double largest_norm; /* an upper bound of ||x'|| over all points */
    const float *shift;  /* m, d */
    int exponent;        /* e */
    float *c;            /* c', k x d */
    double *h;           /* k; +infinity for a centroid equal to one of lower index */
    float *slope, *base; /* k, rounded up */
    uint64_t *hash;      /* k: what exk_filter_digest saw of each centroid */
    float *largest;      /* k: likewise, max |c_jt| */
    int32_t *table;      /* exk_filter_table(k): work space for finding equal centroids */
    const exk_bulk *bulk;
} exk_filter;

/* The three steps of an iteration. centroids: k x d, finite, no -0, the same in all of them.
 *
 * exk_filter_digest looks at centroids [first, last), any thread; what it saw stays valid as long as they do.
 * exk_filter_begin then chooses the scale and finds the duplicates, one thread, O(k) as long as hashes differ.
 * exk_filter_fill then fills c, h, slope and base of centroids [first, last), any thread. */
void exk_filter_digest(exk_filter *filter, const float *centroids, int64_t first, int64_t last);
void exk_filter_begin(exk_filter *filter, const float *centroids);
void exk_filter_fill(exk_filter *filter, const float *centroids, int64_t first, int64_t last);

/* offset[0..k) for points with ||x'|| <= norm, then +infinity to the next multiple of EXK_OFFSET_PAD. Returns the
 * largest E_j. */
double exk_filter_fold(const exk_filter *filter, float norm, float *offset);

/* E_j for points with ||x'|| <= norm, an upper bound. */
double exk_filter_error(const exk_filter *filter, int64_t j, float norm);

/* The number of floats exk_filter_fold writes. */
size_t exk_filter_offsets(int64_t k);

/* The number of entries of exk_filter.table: a power of two, at least 2k. */
size_t exk_filter_table(int64_t k);

/* v rounded to float32 towards +infinity. */
float exk_round_up(double v);

#ifdef __cplusplus
}
#endif

#endif
