/* Bounds on distances that skip work, and the proof that they may (Elkan, Using the triangle inequality to
 * accelerate k-means, ICML 2003).
 *
 * With d_j = ||x - c_j|| the true distance to the centroid now and c_j having moved by at most m_j since the last
 * pass, d_j lies within m_j of what it was. A centroid j is skipped only where a lower bound of d_j is greater
 * than an upper bound of the distance to the point's label: then j is neither nearest nor tied. All bounds are
 * float32 and rounded outwards.
 *
 * From scores: d_j^2 = ||x - m||^2 + unscale s_j, and l_j <= s_j <= l_j + 2 E. ||x - m|| comes as a float32 that
 * is too large by at most 2^-21 of it, so its square is too large by at most 2^-19. The double arithmetic below
 * adds less than 2^-50 of the larger term, the result's rounding to float32 2^-24.
 *
 * Upper bounds are moved at every pass: u + m_label, widened by 2^-22, which covers that addition's rounding.
 *
 * Lower bounds stay as they were written. What they have lost since is a drift that all of them share: the sum D
 * of all movements so far of the centroid (or the largest of each pass, for many centroids). A bound l found when
 * the drift was D0 is kept as B <= (l + D0)(1 - 2^-20), and holds against u, proving l - (D - D0) > u, if fl(u +
 * D) < B: that sum is too small by less than 2^-23 of it. D is a double, each addition rounded up, and comes to
 * the comparison as a float32 rounded up.
 *
 * Those roundings are relative to the drift. Where it has become so large, in early passes, that movements now are
 * as nothing beside it, bounds would lose more by roundings than by movements: they are then written anew, as what
 * is left of them, and the drift begins again.
 *
 * In vectors, for hot loops, the same in float32, where unscale is a normal number of moderate size (elsewhere
 * nothing is skipped). The products and the sum err by at most 2^-23 of the larger term: where that is the norm's,
 * 2^-18 of its square covers it too, and where it is the score's it is the result's. What underflows is below
 * 2^-126 and moves a distance by less than 2^-60.
 *
 * Bounds that overflow are infinite upwards and FLT_MAX downwards, those that underflow lose 2^-120; a comparison
 * with NaN proves nothing. */
#ifndef EXK_BOUNDS_H
#define EXK_BOUNDS_H

#include <float.h>
#include <math.h>

#include "kernels/variant.h"

#define EXK_WIDEN  (1.0 + 0x1p-20)
#define EXK_NARROW (1.0 - 0x1p-20)
#define EXK_TINY   0x1p-120

/* A lower bound of a distance as it is kept while the drift is `drift`. */
static inline float kept_bound(double distance, double drift) {
    const double kept = (distance + drift) * EXK_NARROW - EXK_TINY;
    return (float)(kept < (double)FLT_MAX ? kept : (double)FLT_MAX);
}

/* The distance at least, likewise. `lower` is +infinity where there is no
 * centroid; a centroid left out as a duplicate of another has no lower score, and 0 is its bound. */
static inline float lower_bound(double norm, double lower, double unscale, double drift) {
    if (!(norm <= (double)FLT_MAX))
        return 0.0f;
    const double square = norm * norm * (1.0 - 0x1p-18) + unscale * lower;
    return kept_bound(square > 0.0 ? sqrt(square) : 0.0, drift);
}

/* The distance at most, from l_j and E_j. */
static inline float upper_bound(double norm, double lower, double error, double unscale) {
    const double square = norm * norm * (1.0 + 0x1p-48) + unscale * (lower + 2.0 * error);
    return (float)((square > 0.0 ? sqrt(square) : square * 0.0) * EXK_WIDEN + EXK_TINY);
}

/* An upper bound after its centroid moved. */
static inline float moved_bound(float upper, float movement) {
    return (upper + movement) * (float)EXK_WIDEN + (float)EXK_TINY;
}

/* Sum of movements, rounded up. */
static inline double add_drift(double drift, float movement) {
    return (drift + (double)movement) * (1.0 + 0x1p-52);
}

/* Whether bounds had better be written anew before centroids move, the fastest of all of them that far. */
static inline bool drift_is_stale(double drift, float fastest) {
    return drift > (double)fastest * 0x1p8;
}

static inline float fastest_movement(const exk_score_centroids *centroids) {
    float most = 0.0f;
    for (int64_t j = 0; centroids->movement && j < centroids->k; j++)
        most = centroids->movement[j] > most ? centroids->movement[j] : most;
    return most;
}

/* A bound kept while the drift was `drift` or less, as it is kept from a drift of 0 on. */
static inline float renewed_bound(float kept, double drift) {
    const double left = (double)kept - drift;
    return left > 0.0 ? kept_bound(left, 0.0) : 0.0f;
}

static inline float drift_above(double drift) {
    return (float)(drift * EXK_WIDEN + EXK_TINY);
}

#ifdef EXK_VEC_HEADER
#include EXK_VEC_HEADER /* variants alone have one */

/* Whether lower_bounds may be used. */
static inline bool exk_bounds_apply(double unscale) {
    return unscale > 0x1p-120 && unscale < 0x1p30;
}

static inline float drift_below(double drift) {
    return (float)(drift * EXK_NARROW);
}

/* lower_bound of a vector of scores, drift_below of their drifts. */
static inline vec_f32 lower_bounds(vec_f32 norm, vec_f32 lower, float unscale, vec_f32 drift) {
    const vec_f32 zero = vec_set1(0.0f), least = vec_set1((float)(1.0 - 0x1p-18));
    const vec_f32 finite = vec_min(lower, vec_set1(FLT_MAX));
    const vec_f32 square =
        vec_mul_add(vec_mul_add(norm, norm, zero), least, vec_mul_add(finite, vec_set1(unscale), zero));
    const vec_f32 distance = vec_add(vec_sqrt(vec_max(square, zero)), drift);
    return vec_mul_add(distance, vec_set1((float)EXK_NARROW), vec_set1(-0x1p-60f));
}

/* upper_bound of a vector of scores. vec_max in this order hands a NaN, of an infinite error, on. */
static inline vec_f32 upper_bounds(vec_f32 norm, vec_f32 lower, vec_f32 error, float unscale) {
    const vec_f32 zero = vec_set1(0.0f), most = vec_set1((float)(1.0 + 0x1p-19));
    const vec_f32 score = vec_mul_add(error, vec_set1(2.0f), lower);
    const vec_f32 square =
        vec_mul_add(vec_mul_add(norm, norm, zero), most, vec_mul_add(score, vec_set1(unscale), zero));
    return vec_mul_add(vec_sqrt(vec_max(zero, square)), vec_set1((float)EXK_WIDEN), vec_set1(0x1p-60f));
}
#endif

#endif
