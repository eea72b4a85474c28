/* How much to measure: so much that medians are worth something, so little that people wait for it. */
#include "harness/bench.h"
#include "harness/blas_core.h"
#include "harness/report.h"
#include "harness/run.h"
#include "kernels/cpu.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Below 50 ms, what surrounds a sample shows; beyond half a second, more samples tell more than longer ones.
 * Repeats that make short samples longer stop at a second of the slowest row. */
static const double shortest_sample = 0.05, longest_sample = 0.5;
static const double most_repeated = 1;
enum { MOST_REPEATS = 1000 };

/* A minute for all groups together, as far as the fewest samples allow. Of seven, the smallest and the largest
 * enclose the median with a confidence of 98 %. */
static const double usual_budget = 60, least_budget = 10;
enum { FEWEST_SAMPLES = 7, MOST_SAMPLES = 25 };

/* A variant whose samples would take longer is left out unless it was asked for. */
static const double absurd_seconds = 40;

/* What a sample costs beside its run: two readings of the ceiling, and the counters. */
static const double reading_seconds = 0.03;

/* The cores that the wide units of OpenBLAS are named after; its own ISA, not that of the argmin behind it, is
 * what a blas variant can reach. */
static const char *blas_isa(const char *own) {
    static const struct {
        const char *core, *isa;
    } cores[] = {{"SkylakeX", "avx512"}, {"Cooperlake", "avx512"}, {"SapphireRapids", "avx512"},
                 {"Haswell", "avx2"},    {"Zen", "avx2"},          {"NEOVERSE", "neon"},
                 {"ARMV8", "neon"},      {"CORTEX", "neon"}};
    const char *core = blas_core_text();
    for (size_t i = 0; core && i < sizeof cores / sizeof *cores; i++)
        if (strncasecmp(core, cores[i].core, strlen(cores[i].core)) == 0)
            return cores[i].isa;
    return own;
}

static const char *ceiling_isa(const exk_variant *variant) {
    return strcmp(variant->strategy, "blas") == 0 ? blas_isa(variant->isa) : exk_isa_base(variant->isa);
}

static int find_ceiling(bench_group *g, const char *isa, int threads) {
    for (int i = 0; i < g->measure.gauge_count; i++)
        if (g->ceilings[i].threads == threads && strcmp(g->ceilings[i].isa, isa) == 0)
            return i;
    const int index = g->measure.gauge_count++;
    g->ceilings[index] = (bench_ceiling){g->bench, isa, threads, NAN};
    g->measure.gauges[index] = (measure_gauge){bench_read_ceiling, &g->ceilings[index]};
    return index;
}

static void plan_row(bench_row *r, int threads) {
    const bench *b = r->group->bench;
    r->plan = plan_given(b->s, threads);
    r->plan_source = plan_for(b->has_topology ? &b->topology : NULL, r->variant, &r->group->shape, &r->plan);
    if (plan_is_given(b->s))
        r->plan_source = "command line";
}

/* The PUs that the threads of a row are bound to, for their stolen time. */
static void find_cpus(bench_row *r) {
    const bench *b = r->group->bench;
    r->cpus = malloc((size_t)r->plan.threads * sizeof *r->cpus);
    for (int i = 0; r->cpus && i < r->plan.threads; i++) {
        r->cpus[i] = b->has_topology ? exk_topology_pu(&b->topology, i) : -1;
        if (r->cpus[i] < 0) {
            free(r->cpus);
            r->cpus = NULL;
        }
    }
}

static void add_row(bench_group *g, const exk_variant *variant, int threads) {
    const int index = g->measure.count++;
    bench_row *r = &g->rows[index];
    *r = (bench_row){.group = g, .variant = variant, .state = BENCH_UNCHECKED, .peak_bytes = -1};
    plan_row(r, threads);
    find_cpus(r);
    g->measure.candidates[index] = (measure_candidate){.run = bench_sample,
                                                       .user = r,
                                                       .gauge = find_ceiling(g, ceiling_isa(variant), threads),
                                                       .threads = threads,
                                                       .cpus = r->cpus,
                                                       .cpu_count = threads};
}

exit_code bench_lay_out(bench_group *g) {
    const bench *b = g->bench;
    const size_t room = (size_t)b->variant_count * (size_t)b->threads.count;
    g->rows = calloc(room, sizeof *g->rows);
    g->ceilings = calloc(room, sizeof *g->ceilings);
    g->measure.candidates = calloc(room, sizeof *g->measure.candidates);
    g->measure.gauges = calloc(room, sizeof *g->measure.gauges);
    if (!g->rows || !g->ceilings || !g->measure.candidates || !g->measure.gauges)
        return fail(CLI_LIMIT, "out of memory");
    for (int t = 0; t < b->threads.count; t++)
        for (int i = 0; i < b->variant_count; i++)
            if (exk_variant_fits(b->variants[i], &g->shape))
                add_row(g, b->variants[i], (int)b->threads.value[t]);
    if (g->measure.count == 0)
        return fail(CLI_VARIANT,
                    "%s, k = %lld: none of the variants takes this shape; exakt list shows the limits", g->input,
                    (long long)g->shape.k);
    return CLI_OK;
}

static double fastest_estimate(const bench_group *g) {
    double fastest = 0;
    for (int i = 0; i < g->measure.count; i++) {
        const bench_row *r = &g->rows[i];
        if (r->state == BENCH_UNCHECKED && (fastest == 0 || r->estimate < fastest))
            fastest = r->estimate;
    }
    return fastest;
}

static int64_t clamp(double value, int64_t least, int64_t most) {
    return value < (double)least ? least : value > (double)most ? most : (int64_t)value;
}

/* Of the earlier run that this one is compared with; 0 if it has nothing like it. */
static int64_t iterations_before(const bench_group *g) {
    const results *old = &g->bench->old;
    for (int i = 0; i < old->count; i++)
        if (old->rows[i].k == g->shape.k && strcmp(old->rows[i].input, g->input) == 0)
            return old->rows[i].iterations;
    return 0;
}

/* Few choices, so that two runs hardly ever differ in it. */
static int64_t usual_iterations(double seconds_of_one) {
    static const int64_t choices[] = {10, 5, 3};
    int i = 0;
    while (i < 2 && seconds_of_one * (double)choices[i] > longest_sample)
        i++;
    return choices[i];
}

void bench_choose_iterations(bench_group *g) {
    g->iterations = g->bench->s->iterations;
    if (g->iterations == 0)
        g->iterations = iterations_before(g);
    if (g->iterations == 0)
        g->iterations = usual_iterations(fastest_estimate(g));
}

static double planned_samples(const bench_group *g) {
    const int64_t given = g->bench->s->samples;
    return given > 0 ? (double)given : FEWEST_SAMPLES;
}

void bench_leave_out(bench_group *g) {
    const bool all_were_asked_for = g->bench->s->variants != NULL;
    for (int i = 0; i < g->measure.count && !all_were_asked_for; i++) {
        bench_row *r = &g->rows[i];
        const double seconds = r->estimate * (double)g->iterations * planned_samples(g);
        if (r->state == BENCH_UNCHECKED && seconds > absurd_seconds && r->estimate > 4 * fastest_estimate(g)) {
            r->state = BENCH_LEFT_OUT;
            r->wall = seconds;
        }
    }
}

/* A fit that converges early, or on few points, is repeated to make a sample, as far as the slowest row allows. */
static void choose_repeats(bench_group *g) {
    double fastest = 0, slowest = 0;
    for (int i = 0; i < g->measure.count; i++) {
        const bench_row *r = &g->rows[i];
        if (r->state == BENCH_VERIFIED && (fastest == 0 || r->seconds < fastest))
            fastest = r->seconds;
        if (r->state == BENCH_VERIFIED && r->wall > slowest)
            slowest = r->wall;
    }
    g->repeats = 1;
    if (fastest > 0 && fastest < shortest_sample)
        g->repeats = (int)clamp(shortest_sample / fastest + 1, 1, clamp(most_repeated / slowest, 1, MOST_REPEATS));
}

static int samples_for(const bench *b, double round_seconds) {
    const int groups = b->s->positionals * b->s->k_list.count;
    const double share = usual_budget / groups, budget = share > least_budget ? share : least_budget;
    if (b->s->samples > 0)
        return (int)b->s->samples;
    return round_seconds > 0 ? (int)clamp(budget / round_seconds, FEWEST_SAMPLES, MOST_SAMPLES) : 0;
}

double bench_expected_seconds(const bench_group *g) {
    double round = 0;
    for (int i = 0; i < g->measure.count; i++)
        if (g->rows[i].state == BENCH_UNCHECKED)
            round += g->rows[i].estimate * (double)g->iterations + reading_seconds;
    return round * (samples_for(g->bench, round) + 1);
}

void bench_choose_samples(bench_group *g) {
    double round = 0;
    choose_repeats(g);
    for (int i = 0; i < g->measure.count; i++) {
        g->measure.candidates[i].dropped = g->rows[i].state != BENCH_VERIFIED;
        if (g->rows[i].state == BENCH_VERIFIED)
            round += g->repeats * g->rows[i].wall + reading_seconds;
    }
    g->samples = samples_for(g->bench, round);
    g->planned_seconds = round * g->samples;
}
