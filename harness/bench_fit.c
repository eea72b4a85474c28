#include "harness/bench.h"
#include "harness/interrupt.h"
#include "harness/report.h"
#include "harness/resident.h"
#include "harness/summary.h"
#include "harness/verify_judge.h"
#include "tuner/ceilings.h"
#include "tuner/stats.h"

#include <malloc.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* Of a fit: after which iteration it ends, and who counts what it does. */
typedef struct watch {
    int64_t most;
    const bench_group *group;
} watch;

/* Once an iteration; the last one ends the fit, which otherwise would label all points once more. */
static bool go_on(const exk_iteration *iteration, void *user) {
    const watch *w = user;
    bench_count_iteration(w->group, iteration->iteration);
    return iteration->iteration < w->most;
}

/* An exk_thread_fn that sees whether the binding worked. */
static void bind_thread(int thread, bench *b) {
    cpu_set_t allowed;
    exk_topology_bind(thread, &b->topology);
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) != 1)
        __atomic_store_n(&b->unpinned, 1, __ATOMIC_RELAXED);
}

static void start_thread(int thread, void *user) {
    bench *b = user;
    if (b->has_topology)
        bind_thread(thread, b);
    if (b->counting)
        exk_counting_thread(thread, b->counting);
}

static exk_options *make_options(const bench_group *g, const exk_plan *plan, watch *w) {
    exk_options *options;
    if (exk_options_create(&options) != EXK_OK)
        return NULL;
    exk_options_set_plan(options, plan);
    exk_options_set_max_iter(options, w->most);
    exk_options_set_tol(options, 0);
    exk_options_set_max_memory(options, g->bench->s->max_memory);
    exk_options_set_progress(options, go_on, w);
    exk_options_set_stop_flag(options, interrupt_flag());
    exk_options_set_thread_start(options, start_thread, g->bench);
    return options;
}

/* Ended by go_on is as good as ended; ended by the user is not. */
static exk_status settle(exk_status status, exk_result **result) {
    if (status != EXK_STOPPED || (!interrupted() && *result))
        return status == EXK_STOPPED ? EXK_OK : status;
    exk_result_free(*result);
    *result = NULL;
    return status;
}

exk_status bench_fit(const bench_group *g, const exk_plan *plan, const exk_points *points, int64_t iterations,
                     exk_result **result, exk_error *error) {
    watch w = {iterations, g};
    exk_options *options = make_options(g, plan, &w);
    *result = NULL;
    *error = (exk_error){.status = EXK_ERR_MEMORY, .message = "out of memory"};
    if (!options)
        return EXK_ERR_MEMORY;
    exk_status status;
    if (points->n < g->shape.k) {
        status = exk_assign(points, g->start, g->shape.k, options, result, error);
    } else {
        exk_options_set_centroids(options, g->start);
        status = exk_fit(points, g->shape.k, options, result, error);
    }
    exk_options_free(options);
    return settle(status, result);
}

/* The centroids that the labels of the first iteration belong to are those it started from. */
exit_code bench_choose_start(bench_group *g) {
    const settings *s = g->bench->s;
    exk_plan plan = {.threads = (int)g->bench->threads.value[g->bench->threads.count - 1]};
    exk_error error = {0};
    exk_result *result = NULL;
    watch w = {1, g};
    const size_t values = (size_t)(g->shape.k * g->shape.d);
    g->start = malloc(values * sizeof *g->start);
    exk_options *options = g->start ? make_options(g, &plan, &w) : NULL;
    if (!options)
        return fail(CLI_LIMIT, "out of memory");
    exk_options_set_init(options, (exk_init)s->first);
    exk_options_set_seed(options, s->seed);
    const exk_status status = settle(exk_fit(&g->points, g->shape.k, options, &result, &error), &result);
    exk_options_free(options);
    if (status != EXK_OK)
        return fail_with(&error);
    memcpy(g->start, exk_result_centroids(result), values * sizeof *g->start);
    exk_result_free(result);
    return CLI_OK;
}

/* Memory that earlier runs with this strategy have not given back (OpenBLAS keeps its buffers): it belongs to the
 * next run's needs, unlike what other strategies left. */
static int64_t left_by(const bench *b, const char *strategy) {
    int64_t sum = 0;
    for (int i = 0; i < b->group_count; i++)
        for (int j = 0; j < b->groups[i].measure.count; j++)
            if (strcmp(b->groups[i].rows[j].variant->strategy, strategy) == 0)
                sum += b->groups[i].rows[j].left_bytes;
    return sum;
}

static void give_back_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

static int64_t result_bytes(const exk_result *result) {
    const int64_t values = exk_result_k(result) * exk_result_d(result);
    return exk_result_n(result) * (int64_t)sizeof(int32_t) + values * (int64_t)sizeof(float) +
           exk_result_k(result) * (int64_t)sizeof(int64_t);
}

static void keep_totals(bench_row *r, const exk_result *result) {
    const exk_iteration *it;
    r->scratch_bytes = exk_result_totals(result).scratch_bytes;
    r->evaluations = r->ambiguous = r->exact = 0;
    for (int64_t i = 0; (it = exk_result_iteration(result, i)); i++) {
        r->evaluations += it->distance_evaluations;
        r->ambiguous += it->ambiguous_points;
        r->exact += it->exactly_decided_points;
    }
}

/* An interrupt is nobody's failure. */
static void note_failure(bench_row *r, exk_status status, const exk_error *error) {
    if (interrupted())
        return;
    r->state = BENCH_FAILED;
    r->failure = status;
    snprintf(r->why, sizeof r->why, "%.*s", BENCH_WHY - 1, error->message);
}

bool bench_run_row(bench_row *r, const exk_points *points, int64_t iterations, exk_result **result) {
    exk_error error;
    give_back_memory();
    const bool can_reset = resident_reset_peak();
    const int64_t before = resident_now(), left = left_by(r->group->bench, r->variant->strategy);
    const double started = seconds_now();
    const exk_status status = bench_fit(r->group, &r->plan, points, iterations, result, &error);
    r->wall = seconds_now() - started;
    const int64_t peak = resident_peak();
    give_back_memory();
    const int64_t after = resident_now() - (status == EXK_OK ? result_bytes(*result) : 0);
    r->left_bytes += after > before ? after - before : 0;
    r->peak_bytes = can_reset && before > 0 && peak > 0 ? r->group->base_bytes + left + peak - before : -1;
    if (status == EXK_OK) {
        r->seconds = iterations_seconds(*result, &r->iterations);
        keep_totals(r, *result);
    } else {
        note_failure(r, status, &error);
    }
    return status == EXK_OK;
}

static void add_parts(bench_row *r, const exk_result *result) {
    const exk_iteration *it;
    for (int64_t i = 0; (it = exk_result_iteration(result, i)); i++) {
        r->parts.prepare += it->parts.prepare;
        r->parts.assign += it->parts.assign;
        r->parts.refine += it->parts.refine;
        r->parts.update += it->parts.update;
        r->parts_iterations++;
    }
}

/* One fit of a sample: its iterations' time is added to *seconds. */
static bool sample_fit(bench_row *r, double *seconds) {
    bench_group *g = r->group;
    exk_result *result;
    exk_error error;
    const exk_status status = bench_fit(g, &r->plan, &g->points, g->iterations, &result, &error);
    if (status != EXK_OK) {
        note_failure(r, status, &error);
        return false;
    }
    int64_t iterations;
    *seconds += iterations_seconds(result, &iterations);
    add_parts(r, result);
    const bool agrees = results_agree(g->standard, result, r->why, sizeof r->why);
    if (!agrees)
        r->state = BENCH_DIFFERS;
    exk_result_free(result);
    return agrees;
}

bool bench_sample(void *user, double *seconds) {
    bench_row *r = user;
    *seconds = 0;
    for (int i = 0; i < r->group->repeats; i++)
        if (!sample_fit(r, seconds))
            return false;
    *seconds /= r->group->repeats;
    return true;
}

/* Long enough for the clock to settle, short beside a sample. */
static const double ceiling_seconds = 0.012, fed_seconds = 0.008, bandwidth_seconds = 0.2;

double bench_read_ceiling(void *user) {
    const bench_ceiling *c = user;
    double rate;
    exk_error error;
    const exk_status status = exk_ceiling_flops(c->bench->has_topology ? &c->bench->topology : NULL, c->isa,
                                                c->threads, ceiling_seconds, &rate, &error);
    return status == EXK_OK ? rate : NAN;
}

/* In pairs, since the clock drifts. */
static double fed_share(const bench_ceiling *c) {
    enum { PAIRS = 3 };
    const exk_topology *topology = c->bench->has_topology ? &c->bench->topology : NULL;
    double share[PAIRS];
    for (int i = 0; i < PAIRS; i++) {
        double plain, fed;
        exk_error error;
        if (exk_ceiling_flops(topology, c->isa, c->threads, fed_seconds, &plain, &error) != EXK_OK ||
            exk_ceiling_fed_flops(topology, c->isa, c->threads, fed_seconds, &fed, &error) != EXK_OK)
            return NAN;
        share[i] = fed / plain;
    }
    return stats_median(share, PAIRS);
}

void bench_measure_fed(bench_group *g) {
    for (int i = 0; i < g->measure.gauge_count; i++)
        g->ceilings[i].fed_share = fed_share(&g->ceilings[i]);
}

double bench_read_bandwidth(const bench *b) {
    enum { AREA = 256 << 20 };
    const int threads = (int)b->threads.value[b->threads.count - 1];
    exk_ceiling_area *area = NULL;
    exk_error error;
    double rate = NAN;
    if (exk_ceiling_area_create(b->has_topology ? &b->topology : NULL, threads, AREA / threads, &area, &error) ==
            EXK_OK &&
        exk_ceiling_read(area, AREA / threads, bandwidth_seconds, &rate, &error) != EXK_OK)
        rate = NAN;
    exk_ceiling_area_free(area);
    return rate;
}
