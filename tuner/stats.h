/* Statistics of few samples, without assuming how they are distributed. Knows nothing of what was measured. */
#ifndef EXK_STATS_H
#define EXK_STATS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct stats_interval {
    double low, high;
    double level; /* the confidence really reached: at least what was asked for, or the most that so few samples
                     give */
} stats_interval;

/* Into rising order; no NaN. */
void stats_sort(double *values, int64_t n);

/* NAN for no values. None of these functions keeps or changes what it is given; NAN also if memory is short. */
double stats_median(const double *values, int n);

/* P(X <= k), X ~ Binomial(n, 1/2). */
double stats_binomial(int n, int k);

/* Between two order statistics that lie symmetrically, the narrowest such interval that covers the median of a
 * continuous distribution with at least probability `level` (David & Nagaraja, Order Statistics, 3rd ed., 7.1). */
stats_interval stats_median_interval(const double *values, int n, double level);

/* Mann-Whitney: the probability, if a and b come from one distribution, of ranks of b at least as high as these.
 * Small where b is larger than a. Exact, ties included, up to STATS_EXACT_MOST values together; beyond that the
 * normal approximation with correction for ties and continuity. */
enum { STATS_EXACT_MOST = 60 };
double stats_p_larger(const double *a, int n, const double *b, int m);

/* How far b is from a factor: Hodges and Lehmann's estimate, the median of all b_j / a_i (all positive), and the
 * interval that the Mann-Whitney test does not reject. */
double stats_ratio(const double *a, int n, const double *b, int m);
stats_interval stats_ratio_interval(const double *a, int n, const double *b, int m, double level);

/* Holm, 1979: adjusted[i] <= alpha rejects hypothesis i, and the chance of any wrong rejection among all n is at
 * most alpha. A NAN is no hypothesis and stays one. */
void stats_holm(const double *p, int n, double *adjusted);

typedef struct stats_group {
    const double *values;
    int count;
} stats_group;

/* How a group stands to the one with the smallest median. */
typedef struct stats_standing {
    double ratio;    /* of the medians; NAN without values */
    bool told_apart; /* larger, by Mann-Whitney's test */
    bool is_least;
} stats_standing;

/* The test of every group against the least counts all pairs of groups, by Bonferroni's inequality, so that to
 * have picked the least among equals does not matter: the chance to tell any two groups of one distribution apart
 * is at most 1 - level. */
void stats_standings(const stats_group *groups, int count, double level, stats_standing *standings);

#ifdef __cplusplus
}
#endif

#endif
