#include "harness/bench.h"
#include "harness/manifest.h"
#include "harness/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

exit_code bench_vs_read(bench *b) {
    exk_error error = {0};
    if (!b->s->vs || results_read(b->s->vs, &b->old, &error) == EXK_OK)
        return CLI_OK;
    return fail_with(&error);
}

static bool fill_row(results_row *to, const bench_row *r) {
    const bench_group *g = r->group;
    const measure_candidate *c = bench_row_samples(r);
    *to = (results_row){.threads = r->plan.threads,
                        .n = g->shape.n,
                        .d = g->shape.d,
                        .k = g->shape.k,
                        .verified = r->state == BENCH_VERIFIED,
                        .iterations = r->iterations,
                        .has_ceiling = true};
    snprintf(to->input, sizeof to->input, "%s", g->input);
    snprintf(to->variant, sizeof to->variant, "%s", r->variant->name);
    snprintf(to->labels_hash, sizeof to->labels_hash, "%s", g->labels_hash);
    snprintf(to->ceiling_isa, sizeof to->ceiling_isa, "%s", g->ceilings[c->gauge].isa);
    if (!results_row_allocate(to, c->count))
        return false;
    for (int i = 0; i < c->count; i++) {
        to->seconds[i] = c->samples[i].seconds;
        to->ceiling[i] = c->samples[i].gauge * 1e-9;
        to->disturbed += c->samples[i].flags != 0;
        to->has_ceiling = to->has_ceiling && c->samples[i].gauge > 0;
    }
    return true;
}

static int count_tried(const bench *b) {
    int count = 0;
    for (int i = 0; i < b->group_count; i++)
        for (int j = 0; j < b->groups[i].measure.count; j++)
            count += b->groups[i].rows[j].state > BENCH_UNCHECKED;
    return count;
}

/* The same as reading back what --json would write. */
static bool fill_results(bench *b) {
    results *now = &b->now;
    const int count = count_tried(b);
    snprintf(now->machine, sizeof now->machine, "%s", b->machine.hash);
    now->rows = calloc((size_t)(count > 0 ? count : 1), sizeof *now->rows);
    for (int i = 0; now->rows && i < b->group_count; i++)
        for (int j = 0; j < b->groups[i].measure.count; j++)
            if (b->groups[i].rows[j].state > BENCH_UNCHECKED &&
                !fill_row(&now->rows[now->count++], &b->groups[i].rows[j]))
                return false;
    return now->rows != NULL;
}

static double median_ms(const results_row *r) {
    return 1e3 * stats_median(r->seconds, r->count) / (double)(r->iterations > 0 ? r->iterations : 1);
}

static void print_row(const compare_row *row, FILE *out) {
    const results_row *now = row->now;
    fprintf(out, "%-28s %7d ", now->variant, now->threads);
    if (row->verdict == COMPARE_REFUSED) {
        fprintf(out, "%s: %s\n", compare_verdict_name(row->verdict), row->reason);
        return;
    }
    fprintf(out, "%10.4g %10.4g %7.3f   %.3f - %.3f %9.2g  %s\n", median_ms(row->old), median_ms(now), row->ratio,
            row->interval.low, row->interval.high, row->p, compare_verdict_name(row->verdict));
}

static bool is_of_another_group(const results_row *a, const results_row *b) {
    return strcmp(a->input, b->input) != 0 || a->k != b->k;
}

static void print_rows(const comparison *c, FILE *out) {
    for (int i = 0; i < c->count; i++) {
        const results_row *now = c->rows[i].now;
        if (i == 0 || is_of_another_group(now, c->rows[i - 1].now))
            fprintf(out, "\n%s, k = %" PRId64 "\n%-28s %7s %10s %10s %7s %15s %9s  %s\n", now->input, now->k, "",
                    "threads", "then ms/it", "now ms/it", "ratio", "95 % interval", "p", "verdict");
        print_row(&c->rows[i], out);
    }
}

static void print_comparison(const bench *b) {
    const comparison *c = &b->comparison;
    FILE *out = b->out;
    fprintf(out, "\nagainst   %s: commit %s, %s\n", b->old.name, b->old.commit, b->old.started);
    print_rows(c, out);
    fprintf(
        out,
        "\n%d slower, %d faster, %d equal, %d not comparable; %d row%s of %s not measured now\n"
        "The ratio is of times in multiply-adds: each sample is multiplied by the rate of them that was measured "
        "in\n"
        "its round, since the clock differs from run to run. Slower and faster mean that Mann and Whitney's test\n"
        "rejects a difference of at most %.0f %%, with Holm's correction: one wrong verdict or more among all "
        "rows\n"
        "with a chance of at most %.0f %%.\n",
        c->slower, c->faster, c->equal, c->refused, c->unmatched, c->unmatched == 1 ? "" : "s", b->old.name,
        100 * compare_effect, 100 * compare_alpha);
}

static exit_code conclude(bench *b) {
    if (!compare_results(&b->old, &b->now, &b->comparison))
        return fail(CLI_LIMIT, "out of memory");
    if (!b->s->quiet)
        print_comparison(b);
    return b->comparison.slower > 0 ? CLI_DIFFERS : CLI_OK;
}

exit_code bench_vs(bench *b) {
    if (!b->s->vs)
        return CLI_OK;
    return fill_results(b) ? conclude(b) : fail(CLI_LIMIT, "out of memory");
}

exit_code bench_vs_measured(bench *b) {
    exk_error error = {0};
    if (results_read(b->s->measured, &b->now, &error) != EXK_OK)
        return fail_with(&error);
    return conclude(b);
}

void bench_vs_end(bench *b) {
    comparison_free(&b->comparison);
    results_free(&b->old);
    results_free(&b->now);
}
