#include "tuner/stats.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void stats_sort(double *values, int64_t n) {
    qsort(values, (size_t)n, sizeof *values, by_value);
}

/* A sorted copy; NULL if memory is short or there is nothing to sort. */
static double *sorted(const double *values, int64_t n) {
    double *copy = n > 0 ? malloc((size_t)n * sizeof *copy) : NULL;
    if (!copy)
        return NULL;
    memcpy(copy, values, (size_t)n * sizeof *copy);
    qsort(copy, (size_t)n, sizeof *copy, by_value);
    return copy;
}

static double middle(const double *in_order, int64_t n) {
    return n % 2 ? in_order[n / 2] : (in_order[n / 2 - 1] + in_order[n / 2]) / 2;
}

double stats_median(const double *values, int n) {
    double *copy = sorted(values, n);
    const double median = copy ? middle(copy, n) : NAN;
    free(copy);
    return median;
}

double stats_binomial(int n, int k) {
    double sum = 0;
    for (int i = 0; i <= k && i <= n; i++)
        sum += exp(lgamma(n + 1.0) - lgamma(i + 1.0) - lgamma(n - i + 1.0) - n * log(2.0));
    return sum < 1 ? sum : 1;
}

stats_interval stats_median_interval(const double *values, int n, double level) {
    double *copy = sorted(values, n);
    if (!copy)
        return (stats_interval){NAN, NAN, 0};
    int outside = 0; /* values left out at each end */
    while (2 * (outside + 1) < n && 1 - 2 * stats_binomial(n, outside + 1) >= level)
        outside++;
    const stats_interval interval = {copy[outside], copy[n - 1 - outside], 1 - 2 * stats_binomial(n, outside)};
    free(copy);
    return interval;
}

/* A value of one of two groups, and twice its rank among both: ties share the mean of theirs. */
typedef struct ranked {
    double value;
    bool is_second;
    int rank;
} ranked;

static int by_ranked_value(const void *a, const void *b) {
    return by_value(&((const ranked *)a)->value, &((const ranked *)b)->value);
}

/* Returns the sum of t^3 - t over all sets of t equal values. */
static double give_ranks(ranked *all, int count) {
    double ties = 0;
    for (int first = 0, last; first < count; first = last) {
        for (last = first + 1; last < count && all[last].value == all[first].value; last++) {
        }
        for (int i = first; i < last; i++)
            all[i].rank = first + last + 1;
        const double t = last - first;
        ties += t * t * t - t;
    }
    return ties;
}

static ranked *rank_both(const double *a, int n, const double *b, int m, double *ties) {
    const int count = n + m;
    ranked *all = n > 0 && m > 0 ? malloc((size_t)count * sizeof *all) : NULL;
    if (!all)
        return NULL;
    for (int i = 0; i < count; i++)
        all[i] = (ranked){.value = i < n ? a[i] : b[i - n], .is_second = i >= n};
    qsort(all, (size_t)count, sizeof *all, by_ranked_value);
    *ties = give_ranks(all, count);
    return all;
}

static int rank_sum(const ranked *all, int count) {
    int sum = 0;
    for (int i = 0; i < count; i++)
        sum += all[i].is_second ? all[i].rank : 0;
    return sum;
}

/* In how many ways m of the values have doubled ranks that add up to 0, 1, 2, ... count * (count + 1): rows of the
 * table are numbers of values, seen so far, from 0 to m. The caller frees the whole table; *last is its last row.
 */
static double *count_ways(const ranked *all, int count, int m, const double **last) {
    const int most = count * (count + 1);
    const size_t width = (size_t)most + 1;
    double *ways = calloc((size_t)(m + 1) * width, sizeof *ways);
    if (!ways)
        return NULL;
    ways[0] = 1;
    for (int i = 0; i < count; i++) {
        for (int size = i < m ? i + 1 : m; size > 0; size--) {
            double *with = ways + (size_t)size * width;
            const double *without = with - width;
            for (int total = most; total >= all[i].rank; total--)
                with[total] += without[total - all[i].rank];
        }
    }
    *last = ways + (size_t)m * width;
    return ways;
}

/* Of all ways to call m of the values the second group, the share whose ranks add up to at least `sum`. */
static double share_at_least(const ranked *all, int count, int m, int sum) {
    const double *last;
    double *ways = count_ways(all, count, m, &last);
    double reached = 0, possible = 0;
    for (int total = 0; ways && total <= count * (count + 1); total++) {
        possible += last[total];
        reached += total >= sum ? last[total] : 0;
    }
    free(ways);
    return ways ? reached / possible : NAN;
}

static double normal_above(double z) {
    return erfc(z / sqrt(2.0)) / 2;
}

/* The standard deviation of the rank sum, in ranks. */
static double rank_deviation(int n, int m, double ties) {
    const double count = (double)n + m;
    return sqrt((double)n * m / 12 * (count + 1 - ties / (count * (count - 1))));
}

static double approximate_at_least(int n, int m, int sum, double ties) {
    const double mean = m * ((double)n + m + 1) / 2, deviation = rank_deviation(n, m, ties);
    return deviation > 0 ? normal_above((sum / 2.0 - mean - 0.5) / deviation) : 1;
}

double stats_p_larger(const double *a, int n, const double *b, int m) {
    double ties;
    ranked *all = rank_both(a, n, b, m, &ties);
    if (!all)
        return NAN;
    const int sum = rank_sum(all, n + m);
    const double p =
        n + m <= STATS_EXACT_MOST ? share_at_least(all, n + m, m, sum) : approximate_at_least(n, m, sum, ties);
    free(all);
    return p;
}

static double *sorted_ratios(const double *a, int n, const double *b, int m) {
    const int64_t count = (int64_t)n * m;
    double *ratios = count > 0 ? malloc((size_t)count * sizeof *ratios) : NULL;
    for (int64_t i = 0; ratios && i < count; i++)
        ratios[i] = b[i % m] / a[i / m];
    if (ratios)
        stats_sort(ratios, count);
    return ratios;
}

double stats_ratio(const double *a, int n, const double *b, int m) {
    double *ratios = sorted_ratios(a, n, b, m);
    const double ratio = ratios ? middle(ratios, (int64_t)n * m) : NAN;
    free(ratios);
    return ratio;
}

/* How many of the n m ratios may be left out at each end, and the confidence that is left: U, the number of pairs
 * in order, is at most that with probability (1 - level) / 2. */
typedef struct trimming {
    int64_t outside;
    double level;
} trimming;

/* From the distribution itself: U of the smallest rank sum is 0, and every pair adds 1 to it, 2 to the doubled. */
static trimming trim_exactly(int n, int m, double level) {
    trimming t = {-1, 0};
    const double *last;
    ranked *all = malloc((size_t)(n + m) * sizeof *all);
    for (int i = 0; all && i < n + m; i++)
        all[i].rank = 2 * (i + 1);
    double *ways = all ? count_ways(all, n + m, m, &last) : NULL;
    const double possible = exp(lgamma(n + m + 1.0) - lgamma(n + 1.0) - lgamma(m + 1.0));
    double below = 0;
    for (int64_t u = 0; ways && 2 * u < (int64_t)n * m; u++) {
        below += last[m * (m + 1) + 2 * u] / possible;
        if (u > 0 && 1 - 2 * below < level)
            break;
        t = (trimming){u, 1 - 2 * below};
    }
    free(ways);
    free(all);
    return t;
}

static trimming trim_approximately(int n, int m, double level) {
    trimming t = {0, 1};
    int64_t most = ((int64_t)n * m - 1) / 2;
    while (t.outside < most) {
        const int64_t u = t.outside + (most - t.outside + 1) / 2;
        const double z = ((double)u + 0.5 - (double)n * m / 2) / rank_deviation(n, m, 0);
        const double reached = 1 - 2 * normal_above(-z);
        if (reached >= level)
            t = (trimming){u, reached};
        else
            most = u - 1;
    }
    return t;
}

stats_interval stats_ratio_interval(const double *a, int n, const double *b, int m, double level) {
    double *ratios = sorted_ratios(a, n, b, m);
    if (!ratios)
        return (stats_interval){NAN, NAN, 0};
    const trimming t = n + m <= STATS_EXACT_MOST ? trim_exactly(n, m, level) : trim_approximately(n, m, level);
    stats_interval interval = {NAN, NAN, 0};
    if (t.outside >= 0)
        interval = (stats_interval){ratios[t.outside], ratios[(int64_t)n * m - 1 - t.outside], t.level};
    free(ratios);
    return interval;
}

typedef struct hypothesis {
    double p;
    int index;
} hypothesis;

static int by_p(const void *a, const void *b) {
    return by_value(&((const hypothesis *)a)->p, &((const hypothesis *)b)->p);
}

void stats_holm(const double *p, int n, double *adjusted) {
    hypothesis *order = malloc((size_t)(n > 0 ? n : 1) * sizeof *order);
    int count = 0;
    for (int i = 0; i < n; i++) {
        adjusted[i] = NAN;
        if (order && !isnan(p[i]))
            order[count++] = (hypothesis){p[i], i};
    }
    if (count > 0)
        qsort(order, (size_t)count, sizeof *order, by_p);
    double worst = 0;
    for (int i = 0; i < count; i++) {
        const double scaled = order[i].p * (count - i);
        worst = scaled > worst ? scaled : worst;
        adjusted[order[i].index] = worst < 1 ? worst : 1;
    }
    free(order);
}

static int least_median(const stats_group *groups, int count, int *filled) {
    int least = -1;
    double smallest = INFINITY;
    *filled = 0;
    for (int i = 0; i < count; i++) {
        const double median = stats_median(groups[i].values, groups[i].count);
        *filled += groups[i].count > 0;
        if (median < smallest) {
            smallest = median;
            least = i;
        }
    }
    return least;
}

void stats_standings(const stats_group *groups, int count, double level, stats_standing *standings) {
    int filled;
    const int least = least_median(groups, count, &filled);
    const double pairs = filled * (filled - 1) / 2.0;
    for (int i = 0; i < count; i++) {
        const stats_group *g = &groups[i];
        standings[i] = (stats_standing){.ratio = NAN, .is_least = i == least};
        if (least < 0 || g->count == 0)
            continue;
        const stats_group *l = &groups[least];
        standings[i].ratio = stats_median(g->values, g->count) / stats_median(l->values, l->count);
        standings[i].told_apart =
            i != least && 2 * pairs * stats_p_larger(l->values, l->count, g->values, g->count) <= 1 - level;
    }
}
