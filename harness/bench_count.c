/* What the machine counts while rows run: in rounds of their own, so that timed samples are left alone. */
#include "harness/bench.h"
#include "harness/interrupt.h"
#include "harness/progress.h"
#include "harness/report.h"
#include "harness/simulate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Counts vary far less than times do. */
enum { COUNTED_ROUNDS = 2 };

static bool simulates(const bench *b) {
    return strcmp(counts_source(b->s->counters), "simulated") == 0;
}

exit_code bench_count_choose(bench *b) {
    const exk_counter_provider *providers[2];
    char why[EXK_COUNTER_WHY];
    const int count = exk_counter_providers(counts_source(b->s->counters), providers);
    if (!exk_counters_choose(&b->counters, providers, count, b->s->counter_groups, why, sizeof why))
        return fail(CLI_USAGE, "--counter-groups: %s", why);
    if (simulates(b))
        simulate_list(&b->counters);
    return CLI_OK;
}

void bench_count_end(bench *b) {
    exk_counters_end(&b->counters);
}

/* The first iteration is left out where there are more: it differs from the others, and what surrounds it counts
 * with it. */
static bool leaves_first_out(const bench_group *g) {
    return g->finished > 1;
}

void bench_count_iteration(const bench_group *g, int64_t iteration) {
    if (!g->bench->counting)
        return;
    if (iteration == 1 && leaves_first_out(g))
        exk_counting_mark(g->bench->counting);
    else
        exk_counting_take(g->bench->counting);
}

static double counted_iterations(const bench_group *g, const exk_result *result) {
    const double iterations = (double)exk_result_iterations(result);
    return leaves_first_out(g) ? iterations - 1 : fmax(iterations, 1);
}

static void count_row(bench_row *r, const char *counters_group) {
    bench_group *g = r->group;
    bench *b = g->bench;
    exk_count counts[EXK_COUNTERS_MOST] = {0};
    exk_result *result;
    exk_error error;
    b->counting = exk_counting_begin(&b->counters, counters_group, r->plan.threads);
    if (!b->counting)
        return;
    const exk_status status = bench_fit(g, &r->plan, &g->points, g->iterations, &result, &error);
    exk_counting_end(b->counting, counts);
    b->counting = NULL;
    if (status == EXK_OK)
        counts_add(&r->counts, counters_group, counts, counted_iterations(g, result));
    exk_result_free(result);
}

static void count_group(bench_group *g, const char *counters_group) {
    for (int i = 0; i < g->measure.count && !interrupted(); i++) {
        bench_row *r = &g->rows[i];
        if (r->state != BENCH_VERIFIED || !r->counts.list)
            continue;
        progress_line(g->bench->s, "counting %s: %s, %d thread%s", counters_group, r->variant->name,
                      r->plan.threads, r->plan.threads == 1 ? "" : "s");
        count_row(r, counters_group);
    }
}

/* Cachegrind knows one thread: the rows with the fewest threads stand for all. */
static void simulate_rows(bench_group *g) {
    const bench *b = g->bench;
    for (int i = 0; i < g->measure.count && !interrupted(); i++) {
        bench_row *r = &g->rows[i];
        if (r->state != BENCH_VERIFIED || !r->counts.list)
            continue;
        progress_line(b->s, "simulating %s", r->variant->name);
        simulated_case c;
        char why[EXK_COUNTER_WHY] = "only the rows with the fewest threads are simulated";
        if (r->plan.threads == g->rows[0].plan.threads &&
            simulate_choose(&g->shape, &r->plan, &c, why, sizeof why))
            simulate_counts(b->has_topology ? &b->topology : NULL, &c, &r->counts);
        else
            simulate_refuse(&r->counts, why);
    }
}

static void create_tables(bench_group *g) {
    for (int i = 0; i < g->measure.count; i++) {
        bench_row *r = &g->rows[i];
        if (r->state != BENCH_VERIFIED || !counts_create(&r->counts, &g->bench->counters))
            continue;
        if (simulates(g->bench))
            snprintf(r->counts.scope, sizeof r->counts.scope, "simulated by cachegrind");
        else if (leaves_first_out(g))
            snprintf(r->counts.scope, sizeof r->counts.scope, "an iteration, the mean of those after the first");
        else
            snprintf(r->counts.scope, sizeof r->counts.scope, "the only iteration, with the scan before it");
    }
}

void bench_count(bench_group *g) {
    if (g->bench->counters.count == 0)
        return;
    create_tables(g);
    if (simulates(g->bench)) {
        simulate_rows(g);
    } else {
        const char *name;
        for (int round = 0; round < COUNTED_ROUNDS; round++)
            for (int i = 0; (name = exk_counter_group(i)); i++)
                if (exk_counters_usable_of(&g->bench->counters, name) > 0)
                    count_group(g, name);
    }
    progress_line(g->bench->s, "%s", "");
}

/* --- for people --- */

static const count_table *first_table(const bench_group *g) {
    for (int i = 0; i < g->measure.count; i++)
        if (g->rows[i].counts.count > 0)
            return &g->rows[i].counts;
    return NULL;
}

static bool is_shown(const bench_group *g, int event) {
    for (int i = 0; i < g->measure.count; i++) {
        const count_table *t = &g->rows[i].counts;
        if (event < t->count && t->list[event].status != EXK_COUNT_UNKNOWN)
            return true;
    }
    return false;
}

static void print_row(const bench_row *r, const char *counters_group, FILE *out) {
    char text[32], name[128], threads[16];
    snprintf(threads, sizeof threads, " x%d", r->plan.threads);
    snprintf(name, sizeof name, "%.48s%s", r->variant->name, r->counts.as[0] ? r->counts.as : threads);
    fprintf(out, "%-52s", name);
    for (int i = 0; i < r->counts.count; i++)
        if (strcmp(r->counts.list[i].group, counters_group) == 0 && is_shown(r->group, i))
            fprintf(out, " %22s", count_text(&r->counts.list[i], text));
    fputc('\n', out);
}

static void print_counters_group(const bench_group *g, const count_table *table, const char *name, FILE *out) {
    bool any = false;
    for (int i = 0; i < table->count; i++) {
        if (strcmp(table->list[i].group, name) != 0 || !is_shown(g, i))
            continue;
        if (!any)
            fprintf(out, "%-40.40s %11s", name, table->list[i].provider);
        fprintf(out, " %22.22s", table->list[i].event);
        any = true;
    }
    if (!any)
        return;
    fputc('\n', out);
    for (int i = 0; i < g->measure.count; i++)
        if (g->rows[i].counts.count > 0)
            print_row(&g->rows[i], name, out);
}

static bool is_any(const bench_group *g, exk_count_status status) {
    for (int i = 0; i < g->measure.count; i++)
        for (int j = 0; j < g->rows[i].counts.count; j++)
            if (g->rows[i].counts.list[j].status == status)
                return true;
    return false;
}

static void print_head(const bench_group *g, const char *scope) {
    FILE *out = g->bench->out;
    if (simulates(g->bench))
        fprintf(
            out,
            "\ncounters  of an iteration after the first of small cases, one thread, simulated by cachegrind\n");
    else
        fprintf(out,
                "\ncounters  of %s\n          (all threads together, in fits of their own, %d for each group)\n",
                scope, COUNTED_ROUNDS);
}

void bench_print_counts(const bench_group *g) {
    static const char indent[] = "          ";
    FILE *out = g->bench->out;
    const count_table *table = first_table(g);
    const char *name;
    if (!table)
        return;
    print_head(g, table->scope);
    for (int i = 0; (name = exk_counter_group(i)); i++)
        print_counters_group(g, table, name, out);
    if (is_any(g, EXK_COUNT_MULTIPLEXED))
        fprintf(out, "%s~ shared its counter with others: scaled from a part of the time\n", indent);
    counts_print_unknown(out, table, indent);
    if (!simulates(g->bench) && is_any(g, EXK_COUNT_UNKNOWN))
        fprintf(out, "%s--counters simulated has cachegrind simulate the caches on a small case\n", indent);
}
