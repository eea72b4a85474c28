#include "harness/bench.h"

#include <math.h>
#include <stdlib.h>

const double bench_level = 0.95;

const measure_candidate *bench_row_samples(const bench_row *r) {
    return &r->group->measure.candidates[r - r->group->rows];
}

static void count_time(const bench_row *r, bench_figures *f) {
    const measure_candidate *c = bench_row_samples(r);
    double *seconds = malloc((size_t)(c->count > 0 ? c->count : 1) * sizeof *seconds);
    for (int i = 0; seconds && i < c->count; i++) {
        seconds[i] = c->samples[i].seconds;
        f->disturbed += c->samples[i].flags != 0;
    }
    const int count = seconds ? c->count : 0;
    f->median = stats_median(seconds, count);
    f->interval = stats_median_interval(seconds, count, bench_level);
    free(seconds);
}

bench_figures bench_row_figures(const bench_row *r) {
    const bench_group *g = r->group;
    const exk_shape *shape = &g->shape;
    const double bandwidth = g->bench->read_bandwidth, d = (double)shape->d, passes = (double)r->iterations;
    bench_figures f = {.bytes = (double)shape->n * d * sizeof(float) * passes};
    count_time(r, &f);
    const double useful = 2.0 * (double)shape->n * (double)shape->k * d * passes;
    f.per_iteration = f.median / passes;
    f.executed = 2.0 * d * (double)r->evaluations / f.median;
    f.effective = useful / f.median;
    f.ceiling = measure_gauge_median(&g->measure, bench_row_samples(r)->gauge);
    f.share = f.executed / f.ceiling;
    f.bandwidth_share = f.bytes / f.median / bandwidth;
    f.bandwidth_bound = f.bytes / bandwidth > useful / f.ceiling;
    return f;
}

/* The times of a row as they would be had its ceiling been the same all the time. */
static double *steady_times(const bench_row *r) {
    const measure_candidate *c = bench_row_samples(r);
    const double usual = measure_gauge_median(&r->group->measure, c->gauge);
    double *seconds = malloc((size_t)(c->count > 0 ? c->count : 1) * sizeof *seconds);
    for (int i = 0; seconds && i < c->count; i++)
        seconds[i] = c->samples[i].seconds * (usual > 0 ? c->samples[i].gauge / usual : 1);
    return seconds;
}

static double steady_median(const bench_row *r) {
    double *seconds = steady_times(r);
    const double median = seconds ? stats_median(seconds, bench_row_samples(r)->count) : NAN;
    free(seconds);
    return median;
}

static bool is_timed(const bench_row *r) {
    return r->state == BENCH_VERIFIED && bench_row_samples(r)->count > 0;
}

/* The fastest row on as many threads, and how many rows there are; NULL if none was timed. */
static const bench_row *fastest_beside(const bench_row *r, int *rows) {
    const bench_group *g = r->group;
    const bench_row *fastest = NULL;
    double least = INFINITY;
    *rows = 0;
    for (int i = 0; i < g->measure.count; i++) {
        const bench_row *other = &g->rows[i];
        if (other->plan.threads != r->plan.threads || !is_timed(other))
            continue;
        const double median = steady_median(other);
        (*rows)++;
        if (median < least) {
            least = median;
            fastest = other;
        }
    }
    return fastest;
}

static double p_slower(const bench_row *than, const bench_row *r) {
    double *a = steady_times(than), *b = steady_times(r);
    const double p = a && b ? stats_p_larger(a, bench_row_samples(than)->count, b, bench_row_samples(r)->count)
                            : NAN;
    free(a);
    free(b);
    return p;
}

bench_standing bench_row_standing(const bench_row *r) {
    int rows;
    const bench_row *fastest = fastest_beside(r, &rows);
    if (!fastest || !is_timed(r))
        return (bench_standing){.ratio = NAN};
    const double pairs = rows * (rows - 1) / 2.0;
    return (bench_standing){.ratio = steady_median(r) / steady_median(fastest),
                            .told_apart = r != fastest && 2 * pairs * p_slower(fastest, r) <= 1 - bench_level,
                            .is_fastest = r == fastest};
}
