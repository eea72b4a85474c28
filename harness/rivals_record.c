#include "harness/manifest.h"
#include "harness/report.h"
#include "harness/rivals.h"
#include "harness/samples.h"
#include "harness/summary.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char format[] = "exakt compare 1";

static const char *state_name(const rival_entry *e) {
    static const char *const names[] = {"interrupted", "timed", "missing", "failed"};
    return e->state == ENTRY_READY && rivals_samples(e)->count == 0 ? names[ENTRY_WAITING] : names[e->state];
}

static void add_samples(json *node, const rival_entry *e) {
    const measure_candidate *c = rivals_samples(e);
    json *list = json_add_array(node, "samples");
    for (int i = 0; i < c->count && i < e->judged; i++) {
        json *sample = sample_add(list, &c->samples[i]);
        json_add_integer(sample, "iterations", e->outcomes[i].iterations);
        json_add_real(sample, "inertia", e->outcomes[i].inertia);
        json_add_integer(sample, "labels_wrong", e->outcomes[i].wrong);
        json_add_integer(sample, "labels_tied", e->outcomes[i].tied);
    }
}

static void add_figures(json *node, const rival_entry *e) {
    const rival_figures f = rivals_figures(e);
    const exk_shape *shape = &e->all->problem.shape;
    json_add_real(node, "median_seconds", f.median);
    json_add_real(node, "ci_low", f.interval.low);
    json_add_real(node, "ci_high", f.interval.high);
    json_add_real(node, "ci_level", f.interval.level);
    json_add_real(node, "seconds_per_iteration", f.median / (double)f.iterations);
    json_add_real(node, "effective_gflops", effective_gflops(shape, (double)f.iterations, f.median));
    json_add_real(node, "ratio", f.ratio);
    json_add_real(node, "ratio_low", f.ratio_interval.low);
    json_add_real(node, "ratio_high", f.ratio_interval.high);
    json_add_real(node, "ratio_level", f.ratio_interval.level);
    json_add_integer(node, "iterations", f.iterations);
    json_add_real(node, "inertia", f.inertia);
    json_add_integer(node, "labels_wrong", f.wrong);
    json_add_integer(node, "labels_tied", f.tied);
}

static void add_nature(json *node, const rival_entry *e) {
    json_add_text(node, "variant", e->variant ? e->variant->name : "");
    json_add_text(node, "library", e->variant ? "exakt " EXAKT_VERSION : e->library);
    json_add_text(node, "blas_core", e->blas);
    json_add_text(node, "forced_core", e->forced_core ? e->forced_core : "");
    json_add_text(node, "note", e->note);
    if (e->variant) {
        json *plan = json_add_object(node, "plan");
        summary_add_plan(plan, &e->plan);
        json_add_text(plan, "source", e->plan_source);
    }
}

static void add_row(json *list, const rival_entry *e) {
    const rivals *r = e->all;
    json *node = json_add_object(list, NULL);
    json_add_text(node, "input", r->s->positional[0]);
    json_add_text(node, "name", e->name);
    json_add_text(node, "state", state_name(e));
    json_add_text(node, "why", e->why);
    add_nature(node, e);
    json_add_integer(node, "threads", r->threads);
    json_add_integer(node, "n", r->problem.shape.n);
    json_add_integer(node, "d", r->problem.shape.d);
    json_add_integer(node, "k", r->problem.shape.k);
    sample_add_bytes(node, "peak_rss_bytes", e->peak_bytes);
    sample_add_bytes(node, "beside_bytes", e->beside_bytes);
    if (rivals_samples(e)->count > 0)
        add_figures(node, e);
    add_samples(node, e);
}

static json *record(const rivals *r) {
    const run *p = &r->problem;
    json *root = json_object();
    json_add_text(root, "format", format);
    json *manifest = json_add_object(root, "manifest");
    manifest_add(manifest, p->has_topology ? &p->topology : NULL, &r->machine);
    json_add_text(manifest, "started", r->started);
    json_add_unsigned(manifest, "seed", r->s->seed);
    json_add_text(manifest, "init", r->s->init);
    json_add_bool(manifest, "standardise", r->s->standardise);
    json_add_bool(manifest, "converge", r->s->converge);
    json_add_integer(manifest, "most_iterations", r->iterations);
    json_add_text(manifest, "judge", r->judge->name);
    json_add_text(manifest, "python", r->python);
    json_add_bool(manifest, "stopped", r->stopped);
    json_add_real(manifest, "level", rivals_level);
    json_add_real(manifest, "ceiling_gflops", measure_gauge_median(&r->measure, 0) * 1e-9);
    json_add_real(manifest, "ceiling_drift", measure_drift(&r->measure, 0));
    json *rows = json_add_array(root, "rows");
    for (int i = 0; i < r->count; i++)
        add_row(rows, &r->entries[i]);
    return root;
}

static void put_sample(FILE *out, const rival_entry *e, int index) {
    const exk_shape *shape = &e->all->problem.shape;
    const measure_sample *s = &rivals_samples(e)->samples[index];
    const outcome *o = &e->outcomes[index];
    fputc('\n', out);
    csv_put_text(out, e->all->s->positional[0]);
    fprintf(out, ",%s,", e->name);
    csv_put_text(out, e->variant ? e->variant->name : e->library);
    fprintf(out, ",%d,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%d,%d", e->all->threads, shape->n, shape->d,
            shape->k, o->iterations, s->round, s->position);
    csv_put_real(out, s->seconds);
    fprintf(out, ",%.17g,%" PRId64 ",%" PRId64, o->inertia, o->wrong, o->tied);
    csv_put_sample(out, s);
}

static void put_table(FILE *out, const void *user) {
    const rivals *r = user;
    fprintf(
        out,
        "input,name,library,threads,n,d,k,iterations,round,position,seconds,inertia,labels_wrong,labels_tied,%s",
        sample_columns);
    for (int i = 0; i < r->count; i++)
        for (int s = 0; s < rivals_samples(&r->entries[i])->count && s < r->entries[i].judged; s++)
            put_sample(out, &r->entries[i], s);
}

exit_code rivals_write(const rivals *r) {
    const exit_code csv = r->s->csv ? output_print(r->s->csv, put_table, r) : CLI_OK;
    const exit_code whole = r->s->json ? json_write(record(r), r->s->json) : CLI_OK;
    return csv != CLI_OK ? csv : whole;
}
