#include "harness/bench.h"
#include "harness/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int count_state(const bench_group *g, bench_state state) {
    int count = 0;
    for (int i = 0; i < g->measure.count; i++)
        count += g->rows[i].state == state;
    return count;
}

static void print_left_out(const bench_group *g, FILE *out) {
    for (int i = 0; i < g->measure.count; i++) {
        const bench_row *r = &g->rows[i];
        if (r->state == BENCH_LEFT_OUT)
            fprintf(out, "left out  %s, %d thread%s: its samples would take about %.0f s\n", r->variant->name,
                    r->plan.threads, r->plan.threads == 1 ? "" : "s", r->wall);
    }
    if (count_state(g, BENCH_LEFT_OUT) > 0)
        fprintf(out, "          to have them timed all the same, name them: --variants '*'\n");
}

void bench_print_head(const bench_group *g) {
    FILE *out = g->bench->out;
    fprintf(out, "%s%s: %" PRId64 " points x %" PRId64 " dimensions, k = %" PRId64 "%s%s\n",
            g == g->bench->groups ? "" : "\n", g->input, g->shape.n, g->shape.d, g->shape.k, *g->note ? "; " : "",
            g->note);
    print_left_out(g, out);
    fprintf(out, "expected  about %.0f s to check and measure %d rows\n", bench_expected_seconds(g),
            count_state(g, BENCH_UNCHECKED));
    fflush(out);
}

void bench_print_plan(const bench_group *g) {
    FILE *out = g->bench->out;
    const int rows = count_state(g, BENCH_VERIFIED);
    fprintf(out, "verified  against %s\n", g->reference);
    fprintf(out, "plan      %" PRId64 " iteration%s", g->finished, g->finished == 1 ? "" : "s");
    if (g->repeats > 1)
        fprintf(out, ", %d times,", g->repeats);
    fprintf(out, " a sample; %d sample%s of %d row%s in shuffled rounds: about %.0f s\n", g->samples,
            g->samples == 1 ? "" : "s", rows, rows == 1 ? "" : "s", g->planned_seconds);
    fflush(out);
}

static void print_header(const bench_group *g, int threads, FILE *out) {
    char head[48];
    snprintf(head, sizeof head, "%d thread%s", threads, threads == 1 ? "" : "s");
    (void)g;
    fprintf(out, "\n%-28s %9s %19s %14s %9s %9s %10s  %s\n", head, "ms/iter", "95 % interval", "GFLOP/s (eff.)",
            "of peak", "ambiguous", "memory", "verdict");
}

/* "62 %", or "91 % mem" where memory is what binds. */
static const char *share_text(const bench_figures *f, char text[24]) {
    const double share = f->bandwidth_bound ? f->bandwidth_share : f->share;
    if (isnan(share))
        return "unknown";
    snprintf(text, 24, "%.0f %%%s", 100 * share, f->bandwidth_bound ? " mem" : "");
    return text;
}

static const char *verdict_text(const bench_row *r, char text[48]) {
    const stats_standing standing = bench_row_standing(r);
    if (standing.is_least)
        return "fastest";
    if (!standing.told_apart)
        snprintf(text, 48, "%.2fx, not told apart", standing.ratio);
    else
        snprintf(text, 48, "%.2fx", standing.ratio);
    return text;
}

static void print_timed(const bench_row *r, FILE *out) {
    char share[24], verdict[48], memory[32] = "unknown", interval[32], rate[32];
    const bench_figures f = bench_row_figures(r);
    const double ms = 1e3 / (double)r->iterations;
    const double points = (double)r->group->shape.n * (double)r->iterations;
    if (r->peak_bytes >= 0)
        format_bytes(r->peak_bytes, memory, sizeof memory);
    snprintf(interval, sizeof interval, "%.4g - %.4g", f.interval.low * ms, f.interval.high * ms);
    snprintf(rate, sizeof rate, "%.1f (%.1f)", f.executed * 1e-9, f.effective * 1e-9);
    fprintf(out, "%-28s %9.4g %19s %14s %9s %7.2f %% %10s  %s\n", r->variant->name, f.median * ms, interval, rate,
            share_text(&f, share), 100 * (double)r->ambiguous / points, memory, verdict_text(r, verdict));
}

static void print_row(const bench_row *r, FILE *out) {
    switch (r->state) {
    case BENCH_LEFT_OUT:
        break;
    case BENCH_DIFFERS:
        fprintf(out, "%-28s WRONG, not timed: %s\n", r->variant->name, r->why);
        break;
    case BENCH_FAILED:
        fprintf(out, "%-28s failed: %s\n", r->variant->name, r->why);
        break;
    default:
        if (bench_row_samples(r)->count > 0)
            print_timed(r, out);
        else
            fprintf(out, "%-28s not timed: interrupted\n", r->variant->name);
    }
}

static void print_ceilings(const bench_group *g, FILE *out) {
    fprintf(out, "\nceilings  ");
    for (int i = 0; i < g->measure.gauge_count; i++) {
        const double rate = measure_gauge_median(&g->measure, i);
        if (rate > 0)
            fprintf(out, "%s x%d %.1f (%.1f), ", g->ceilings[i].isa, g->ceilings[i].threads, rate * 1e-9,
                    g->ceilings[i].fed_share * rate * 1e-9);
    }
    fprintf(out, "GFLOP/s of multiply-adds (fed from L1)");
    if (g->bench->read_bandwidth > 0)
        fprintf(out, "; memory %.1f GB/s", g->bench->read_bandwidth * 1e-9);
    fputc('\n', out);
}

static void print_disturbed(const bench_group *g, FILE *out) {
    int samples = 0, disturbed = 0, flagged[MEASURE_FLAGS] = {0};
    for (int i = 0; i < g->measure.count; i++) {
        const measure_candidate *c = &g->measure.candidates[i];
        samples += c->count;
        for (int s = 0; s < c->count; s++) {
            disturbed += c->samples[s].flags != 0;
            for (int f = 0; f < MEASURE_FLAGS; f++)
                flagged[f] += (c->samples[s].flags >> f) & 1;
        }
    }
    fprintf(out, "samples   %d, disturbed %d", samples, disturbed);
    for (int f = 0, first = 1; f < MEASURE_FLAGS; f++) {
        if (flagged[f] > 0) {
            fprintf(out, "%s%s %d", first ? ": " : ", ", measure_flag_name(f), flagged[f]);
            first = 0;
        }
    }
    fprintf(out, "%s\n", disturbed > 0 ? "; all are kept" : "");
}

/* With few samples the interval cannot reach the level in the header. */
static void print_level(const bench_group *g, FILE *out) {
    int fewest = 0;
    for (int i = 0; i < g->measure.count; i++) {
        const int count = g->measure.candidates[i].count;
        if (count > 0 && (fewest == 0 || count < fewest))
            fewest = count;
    }
    const double reached = 1 - 2 * stats_binomial(fewest, 0);
    if (fewest > 0 && reached < bench_level)
        fprintf(out, "intervals of %d sample%s reach %.0f %% only: from the smallest to the largest\n", fewest,
                fewest == 1 ? "" : "s", 100 * reached);
}

void bench_print_group(const bench_group *g) {
    FILE *out = g->bench->out;
    int threads = 0;
    for (int i = 0; i < g->measure.count; i++) {
        const bench_row *r = &g->rows[i];
        if (r->state != BENCH_LEFT_OUT && r->plan.threads != threads) {
            threads = r->plan.threads;
            print_header(g, threads, out);
        }
        print_row(r, out);
    }
    print_ceilings(g, out);
    print_disturbed(g, out);
    print_level(g, out);
    bench_print_counts(g);
    fflush(out);
}

void bench_print_end(const bench *b) {
    for (int i = 0; i < b->warning_count; i++)
        warn("%s", b->warnings[i]);
}
