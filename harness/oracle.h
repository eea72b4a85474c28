/* The oracle: k-means by exact arithmetic. It shares no code with the library and is small, obviously right, slow.
 *
 * Every finite float is an integer multiple of 2^-149 and a product of two one of 2^-298: sums of them fit a
 * fixed-point number that is wide enough, and nothing is ever rounded. */
#ifndef EXK_ORACLE_H
#define EXK_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { ORACLE_WORDS = 14, ORACLE_FRACTION = 480 };

/* A two's complement integer of ORACLE_WORDS words, least significant first, in units of 2^-ORACLE_FRACTION: all
 * multiples of 2^-480 below 2^415. */
typedef struct oracle_real {
    uint64_t word[ORACLE_WORDS];
} oracle_real;

/* v must be finite and a multiple of 2^-480. */
oracle_real oracle_from_double(double v);
/* Near enough for messages. */
double oracle_to_double(const oracle_real *v);

/* a += b, a -= b, a *= factor. */
void oracle_add(oracle_real *a, const oracle_real *b);
void oracle_subtract(oracle_real *a, const oracle_real *b);
void oracle_multiply(oracle_real *a, uint32_t factor);

/* -1, 0, 1 as a is less than, equal to or greater than b. */
int oracle_compare(const oracle_real *a, const oracle_real *b);

/* ||c||^2 */
oracle_real oracle_square(const float *c, int64_t d);

/* ||x - c||^2 - ||x||^2 = ||c||^2 - 2 x.c: what is left of the distance where only the order of the centroids
 * matters. */
oracle_real oracle_score(const float *x, const float *c, const oracle_real *square, int64_t d);

/* ||x - c||^2 = ||c||^2 - 2 x.c + ||x||^2 */
oracle_real oracle_distance(const float *x, const float *c, int64_t d);

/* The lowest index among the nearest of k centroids (k x d, dense), given their squares. */
int64_t oracle_nearest(const float *x, const float *centroids, const oracle_real *squares, int64_t k, int64_t d);

/* Whether a float32 centroid is as near to sum / count as the contract promises. The library takes every
 * coordinate as an integer multiple of a power of two that is below 2^-(62 - ceil(log2 n)) of the column's largest
 * magnitude, n being the number of all points; then come two roundings to double and one to float32. So
 *
 *     |centroid - sum/count| <= largest * 2^-(62 - ceil(log2 n)) + ulp(centroid)/2 + 2^-50 |centroid| + 2^-200,
 *
 * where 2^-50 covers both roundings to double and 2^-200 those of a mean that became 0. */
bool oracle_mean_holds(const oracle_real *sum, uint32_t count, float centroid, int64_t n, float largest);

/* Whether a reported inertia is as near to the exact one as its n terms allow, each a sum of d squares in double,
 * added in blocks of 1024: |reported - exact| <= (d + n / 1024 + 1040) * 2^-53 * exact. */
bool oracle_inertia_holds(const oracle_real *exact, double reported, int64_t n, int64_t d);

#ifdef __cplusplus
}
#endif

#endif
