#include "harness/bench.h"
#include "harness/manifest.h"
#include "harness/output.h"
#include "harness/report.h"
#include "harness/samples.h"
#include "harness/summary.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const init_names[] = {"kmeans++", "random", "first"};

static void add_plan(json *node, const bench_row *r) {
    json *plan = json_add_object(node, "plan");
    summary_add_plan(plan, &r->plan);
    json_add_text(plan, "source", r->plan_source);
}

/* Where the time of an iteration went: means, in seconds. */
static void add_parts(json *node, const bench_row *r) {
    const double iterations = (double)r->parts_iterations;
    const exk_parts mean = {r->parts.prepare / iterations, r->parts.assign / iterations,
                            r->parts.refine / iterations, r->parts.update / iterations};
    summary_add_parts(json_add_object(node, "parts"), &mean);
}

static void add_samples(json *node, const measure_candidate *c) {
    json *list = json_add_array(node, "samples");
    for (int i = 0; i < c->count; i++)
        sample_add(list, &c->samples[i]);
}

static void add_figures(json *node, const bench_row *r) {
    const bench_figures f = bench_row_figures(r);
    json_add_real(node, "median_seconds", f.median);
    json_add_real(node, "ci_low", f.interval.low);
    json_add_real(node, "ci_high", f.interval.high);
    json_add_real(node, "ci_level", f.interval.level);
    json_add_real(node, "seconds_per_iteration", f.per_iteration);
    json_add_real(node, "executed_gflops", f.executed * 1e-9);
    json_add_real(node, "effective_gflops", f.effective * 1e-9);
    json_add_real(node, "ceiling_gflops", f.ceiling * 1e-9);
    json_add_real(node, "ceiling_share", f.share);
    json_add_real(node, "bytes", f.bytes);
    json_add_real(node, "bandwidth_share", f.bandwidth_share);
    json_add_text(node, "bound", f.bandwidth_bound ? "bandwidth" : "compute");
}

static void add_row(json *list, const bench_row *r) {
    const bench_group *g = r->group;
    const stats_standing standing = bench_row_standing(r);
    json *node = json_add_object(list, NULL);
    json_add_text(node, "input", g->input);
    json_add_text(node, "variant", r->variant->name);
    json_add_integer(node, "threads", r->plan.threads);
    json_add_integer(node, "n", g->shape.n);
    json_add_integer(node, "d", g->shape.d);
    json_add_integer(node, "k", g->shape.k);
    json_add_bool(node, "verified", r->state == BENCH_VERIFIED);
    json_add_text(node, "reference", g->reference);
    json_add_text(node, "why", r->why);
    add_figures(node, r);
    json_add_text(node, "ceiling_isa", g->ceilings[bench_row_samples(r)->gauge].isa);
    sample_add_bytes(node, "peak_rss_bytes", r->peak_bytes);
    json_add_integer(node, "scratch_bytes", r->scratch_bytes);
    json_add_integer(node, "iterations", r->iterations);
    json_add_integer(node, "repeats", g->repeats);
    json_add_integer(node, "evaluations", r->evaluations);
    json_add_integer(node, "ambiguous_points", r->ambiguous);
    json_add_integer(node, "exactly_decided_points", r->exact);
    json_add_real(node, "times_the_fastest", standing.ratio);
    json_add_bool(node, "told_apart", standing.told_apart);
    json_add_text(node, "labels_hash", g->labels_hash);
    json_add_text(node, "centroids_hash", g->centroids_hash);
    json_add_real(node, "inertia", g->inertia);
    add_parts(node, r);
    add_plan(node, r);
    add_samples(node, bench_row_samples(r));
    counts_write(node, &r->counts);
}

/* Rows that were tried; those left out have a list of their own in the manifest. */
static void add_rows(json *root, const bench *b) {
    json *list = json_add_array(root, "rows");
    for (int i = 0; i < b->group_count; i++)
        for (int j = 0; j < b->groups[i].measure.count; j++)
            if (b->groups[i].rows[j].state > BENCH_UNCHECKED)
                add_row(list, &b->groups[i].rows[j]);
}

static void add_left_out(json *manifest, const bench *b) {
    json *list = json_add_array(manifest, "left_out");
    for (int i = 0; i < b->group_count; i++) {
        const bench_group *g = &b->groups[i];
        for (int j = 0; j < g->measure.count; j++) {
            if (g->rows[j].state != BENCH_LEFT_OUT)
                continue;
            json *node = json_add_object(list, NULL);
            json_add_text(node, "input", g->input);
            json_add_integer(node, "k", g->shape.k);
            json_add_text(node, "variant", g->rows[j].variant->name);
            json_add_integer(node, "threads", g->rows[j].plan.threads);
            json_add_real(node, "estimated_seconds", g->rows[j].wall);
        }
    }
}

static void add_ceilings(json *manifest, const bench *b) {
    json *list = json_add_array(manifest, "ceilings");
    for (int i = 0; i < b->group_count; i++) {
        const bench_group *g = &b->groups[i];
        for (int j = 0; j < g->measure.gauge_count; j++) {
            json *node = json_add_object(list, NULL);
            json_add_text(node, "input", g->input);
            json_add_integer(node, "k", g->shape.k);
            json_add_text(node, "isa", g->ceilings[j].isa);
            json_add_integer(node, "threads", g->ceilings[j].threads);
            json_add_real(node, "gflops", measure_gauge_median(&g->measure, j) * 1e-9);
            json_add_real(node, "fed_gflops",
                          g->ceilings[j].fed_share * measure_gauge_median(&g->measure, j) * 1e-9);
            json_add_real(node, "drift", measure_drift(&g->measure, j));
        }
    }
    json_add_real(manifest, "memory_read_gbs", b->read_bandwidth * 1e-9);
}

static void add_compared_row(json *list, const compare_row *row) {
    json *node = json_add_object(list, NULL);
    json_add_text(node, "input", row->now->input);
    json_add_integer(node, "k", row->now->k);
    json_add_text(node, "variant", row->now->variant);
    json_add_integer(node, "threads", row->now->threads);
    json_add_text(node, "verdict", compare_verdict_name(row->verdict));
    json_add_text(node, "reason", row->reason);
    json_add_real(node, "ratio", row->ratio);
    json_add_real(node, "ratio_low", row->interval.low);
    json_add_real(node, "ratio_high", row->interval.high);
    json_add_real(node, "p", row->p);
}

static void add_comparison(json *root, const bench *b) {
    const comparison *c = &b->comparison;
    json *node = json_add_object(root, "comparison");
    json_add_text(node, "with", b->old.name);
    json_add_text(node, "commit", b->old.commit);
    json_add_text(node, "started", b->old.started);
    json_add_text(node, "test", "Mann-Whitney on seconds times ceiling, Holm");
    json_add_real(node, "alpha", compare_alpha);
    json_add_real(node, "least_effect", compare_effect);
    json_add_integer(node, "unmatched", c->unmatched);
    json *list = json_add_array(node, "rows");
    for (int i = 0; i < c->count; i++)
        add_compared_row(list, &c->rows[i]);
}

static json *record(const bench *b) {
    json *root = json_object();
    json_add_text(root, "format", results_format);
    json *manifest = json_add_object(root, "manifest");
    manifest_add(manifest, b->has_topology ? &b->topology : NULL, &b->machine);
    json_add_text(manifest, "started", b->started);
    json_add_unsigned(manifest, "seed", b->s->seed);
    json_add_text(manifest, "init", init_names[b->s->first]);
    json_add_bool(manifest, "standardise", b->s->standardise);
    json_add_bool(manifest, "stopped", b->stopped);
    json_add_real(manifest, "level", bench_level);
    add_ceilings(manifest, b);
    add_left_out(manifest, b);
    json *warnings = json_add_array(manifest, "warnings");
    for (int i = 0; i < b->warning_count; i++)
        json_add_text(warnings, NULL, b->warnings[i]);
    add_rows(root, b);
    if (b->s->vs)
        add_comparison(root, b);
    return root;
}

static void put_sample(FILE *out, const bench_row *r, const measure_sample *s) {
    const exk_shape *shape = &r->group->shape;
    const double d = (double)shape->d;
    fputc('\n', out);
    csv_put_text(out, r->group->input);
    fprintf(out, ",%s,%d,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%d,%d,%d", r->variant->name,
            r->plan.threads, shape->n, shape->d, shape->k, r->iterations, r->group->repeats, s->round,
            s->position);
    csv_put_real(out, s->seconds);
    csv_put_real(out, 2e-9 * d * (double)r->evaluations / s->seconds);
    csv_put_real(out, 2e-9 * d * (double)shape->n * (double)shape->k * (double)r->iterations / s->seconds);
    csv_put_sample(out, s);
}

static void put_table(FILE *out, const void *user) {
    const bench *b = user;
    fprintf(out,
            "input,variant,threads,n,d,k,iterations,repeats,round,position,seconds,executed_gflops,"
            "effective_gflops,%s",
            sample_columns);
    for (int i = 0; i < b->group_count; i++) {
        for (int j = 0; j < b->groups[i].measure.count; j++) {
            const bench_row *r = &b->groups[i].rows[j];
            const measure_candidate *c = bench_row_samples(r);
            for (int s = 0; r->state == BENCH_VERIFIED && s < c->count; s++)
                put_sample(out, r, &c->samples[s]);
        }
    }
}

static void begin_counted(FILE *out, const void *user) {
    const bench_row *r = user;
    const exk_shape *shape = &r->group->shape;
    fputc('\n', out);
    csv_put_text(out, r->group->input);
    fprintf(out, ",%s,%d,%" PRId64 ",%" PRId64 ",%" PRId64, r->variant->name, r->plan.threads, shape->n, shape->d,
            shape->k);
}

static void put_counts(FILE *out, const void *user) {
    const bench *b = user;
    fprintf(out, "input,variant,threads,n,d,k,%s", counts_columns);
    for (int i = 0; i < b->group_count; i++)
        for (int j = 0; j < b->groups[i].measure.count; j++)
            counts_put(out, &b->groups[i].rows[j].counts, begin_counted, &b->groups[i].rows[j]);
}

exit_code bench_write(const bench *b) {
    exit_code csv = b->s->csv ? output_print(b->s->csv, put_table, b) : CLI_OK;
    if (csv == CLI_OK && b->s->counters_csv)
        csv = output_print(b->s->counters_csv, put_counts, b);
    const exit_code whole = b->s->json ? json_write(record(b), b->s->json) : CLI_OK;
    return csv != CLI_OK ? csv : whole;
}
