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

/* The rows that were timed on as many threads as r; groups[i] stays empty for the others. */
static void gather(const bench_row *r, stats_group *groups) {
    const bench_group *g = r->group;
    for (int i = 0; i < g->measure.count; i++) {
        const bench_row *other = &g->rows[i];
        const int count = g->measure.candidates[i].count;
        if (other->plan.threads == r->plan.threads && other->state == BENCH_VERIFIED && count > 0)
            groups[i] = (stats_group){steady_times(other), count};
        if (!groups[i].values)
            groups[i].count = 0;
    }
}

stats_standing bench_row_standing(const bench_row *r) {
    const bench_group *g = r->group;
    const size_t count = (size_t)g->measure.count;
    stats_standing standing = {.ratio = NAN};
    stats_group *groups = calloc(count, sizeof *groups);
    stats_standing *all = calloc(count, sizeof *all);
    if (groups && all) {
        gather(r, groups);
        stats_standings(groups, g->measure.count, bench_level, all);
        standing = all[r - g->rows];
    }
    for (size_t i = 0; groups && i < count; i++)
        free((void *)groups[i].values);
    free(groups);
    free(all);
    return standing;
}
