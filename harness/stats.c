#include "harness/stats.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
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

/* Of all ways to call m of the values the second group, the share whose ranks add up to at least `sum`: ways[size]
 * [total] counts the subsets of the values seen so far. */
static double share_at_least(const ranked *all, int count, int m, int sum) {
    const int most = count * (count + 1); /* all doubled ranks together */
    const size_t width = (size_t)most + 1;
    double *ways = calloc((size_t)(m + 1) * width, sizeof *ways);
    if (!ways)
        return NAN;
    ways[0] = 1;
    for (int i = 0; i < count; i++)
        for (int size = i < m ? i + 1 : m; size > 0; size--)
            for (int total = most; total >= all[i].rank; total--)
                ways[(size_t)size * width + (size_t)total] +=
                    ways[(size_t)(size - 1) * width + (size_t)(total - all[i].rank)];
    double reached = 0, possible = 0;
    for (int total = 0; total <= most; total++) {
        const double w = ways[(size_t)m * width + (size_t)total];
        possible += w;
        reached += total >= sum ? w : 0;
    }
    free(ways);
    return reached / possible;
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
        qsort(ratios, (size_t)count, sizeof *ratios, by_value);
    return ratios;
}

double stats_ratio(const double *a, int n, const double *b, int m) {
    double *ratios = sorted_ratios(a, n, b, m);
    const double ratio = ratios ? middle(ratios, (int64_t)n * m) : NAN;
    free(ratios);
    return ratio;
}

/* P(U <= u) of the Mann-Whitney statistic without ties: the rank sum of m values is u + m (m + 1) / 2. */
static double mann_whitney_below(int n, int m, int64_t u) {
    ranked *all = malloc((size_t)(n + m) * sizeof *all);
    if (!all)
        return NAN;
    for (int i = 0; i < n + m; i++)
        all[i].rank = 2 * (i + 1);
    const int lowest = m * (m + 1);
    const double p = n + m <= STATS_EXACT_MOST ? 1 - share_at_least(all, n + m, m, lowest + 2 * ((int)u + 1))
                                               : 1 - approximate_at_least(n, m, lowest + 2 * ((int)u + 1), 0);
    free(all);
    return p;
}

stats_interval stats_ratio_interval(const double *a, int n, const double *b, int m, double level) {
    double *ratios = sorted_ratios(a, n, b, m);
    if (!ratios)
        return (stats_interval){NAN, NAN, 0};
    const int64_t count = (int64_t)n * m;
    int64_t outside = 0, most = (count - 1) / 2;
    /* The level falls with the number left out at each end; halve the range until the largest is found. */
    while (outside < most) {
        const int64_t tried = outside + (most - outside + 1) / 2;
        if (1 - 2 * mann_whitney_below(n, m, tried) >= level)
            outside = tried;
        else
            most = tried - 1;
    }
    const stats_interval interval = {ratios[outside], ratios[count - 1 - outside],
                                     1 - 2 * mann_whitney_below(n, m, outside)};
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
