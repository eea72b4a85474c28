#include "harness/summary.h"
#include "harness/blas_core.h"
#include "harness/hash.h"
#include "harness/report.h"
#include "harness/variants.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

static const char *const update_names[] = {"auto", "moved", "scatter", "sorted"};

double effective_gflops(const exk_shape *shape, double passes, double seconds) {
    double operations = 2.0 * (double)shape->n * (double)shape->k * (double)shape->d * passes;
    return seconds > 0 ? operations / seconds * 1e-9 : 0;
}

double iterations_seconds(const exk_result *result, int64_t *count) {
    double sum = 0;
    const exk_iteration *it;
    for (*count = 0; (it = exk_result_iteration(result, *count)); (*count)++)
        sum += it->seconds;
    return sum;
}

/* Stopped so early that no point has a label. */
static bool has_nothing(const run *r) {
    return r->stopped && exk_result_iterations(r->result) == 0;
}

/* A fit is timed over its iterations; an assignment is one pass and has none. */
static double gflops_of(const run *r) {
    if (has_nothing(r))
        return 0;
    int64_t iterations;
    double seconds = iterations_seconds(r->result, &iterations);
    if (iterations > 0)
        return effective_gflops(&r->shape, (double)iterations, seconds);
    return effective_gflops(&r->shape, 1, exk_result_totals(r->result).iterate_seconds);
}

static int64_t peak_rss(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (int64_t)usage.ru_maxrss * 1024;
}

static int64_t empty_clusters(const exk_result *result) {
    int64_t empty = 0;
    for (int64_t j = 0; j < exk_result_k(result); j++)
        empty += exk_result_counts(result)[j] == 0;
    return empty;
}

static char *labels_hash(const exk_result *result, char text[HASH_TEXT]) {
    return hash_text(exk_result_labels(result), (size_t)exk_result_n(result), text);
}

static char *centroids_hash(const exk_result *result, char text[HASH_TEXT]) {
    size_t count = (size_t)(exk_result_k(result) * exk_result_d(result));
    return hash_text(exk_result_centroids(result), count, text);
}

FILE *summary_stream(const settings *s) {
    return s->json && output_is_stdout(s->json) ? stderr : stdout;
}

static bool is_fit(const run *r) {
    return exk_result_iterations(r->result) > 0 || r->stopped;
}

static const char *how_it_ended(const run *r) {
    if (r->stopped)
        return "interrupted";
    return exk_result_converged(r->result) ? "converged" : "stopped at the iteration limit";
}

static void print_tiles(FILE *out, const run *r, const exk_plan *plan) {
    const int64_t values[EXK_FIELD_COUNT] = {plan->point_tile, plan->centroid_tile, plan->depth_tile,
                                             plan->matrix_bytes};
    fprintf(out, "plan      ");
    for (int i = 0; i < EXK_TUNABLES_MAX && r->variant->tunables[i].max; i++) {
        exk_field field = r->variant->tunables[i].field;
        fprintf(out, " %s %" PRId64 ",", plan_field_name(field), values[field]);
    }
    if (is_fit(r))
        fprintf(out, " update %s,", update_names[plan->update]);
    if (plan->nodes > 1)
        fprintf(out, " nodes %d,", plan->nodes);
    if (r->plan_source != r->plan_rest_source)
        fprintf(out, " from the %s, the rest", r->plan_source);
    fprintf(out, " from the %s\n", strcmp(r->plan_rest_source, "default") ? r->plan_rest_source : "defaults");
}

static void print_plan(FILE *out, const run *r) {
    exk_plan plan = exk_result_plan(r->result);
    fprintf(out, "variant    %s%s%s, %d thread%s\n", plan.variant, plan.skipping ? ", later " : "",
            plan.skipping ? plan.skipping : "", plan.threads, plan.threads == 1 ? "" : "s");
    if (r->variant->tunables[0].max)
        print_tiles(out, r, &plan);
    if (blas_core_text() && strcmp(r->variant->strategy, "blas") == 0)
        fprintf(out, "OpenBLAS   core %s\n", blas_core_text());
}

static void print_times(FILE *out, const run *r) {
    char memory[32], peak[32];
    exk_totals totals = exk_result_totals(r->result);
    fprintf(out, "time       load %.3f s, init %.3f s, iterations %.3f s; %.1f effective GFLOP/s\n",
            r->load_seconds, totals.init_seconds, totals.iterate_seconds, gflops_of(r));
    fprintf(out, "memory     %s beside the points, peak of the process %s\n",
            format_bytes(totals.scratch_bytes, memory, sizeof memory),
            format_bytes(peak_rss(), peak, sizeof peak));
}

static void print_exactness(FILE *out, const run *r) {
    exk_totals totals = exk_result_totals(r->result);
    fprintf(out,
            "exactness  %" PRId64 " distances, %" PRId64 " ambiguous points settled in double, %" PRId64
            " in exact integers\n",
            totals.distance_evaluations, totals.ambiguous_points, totals.exactly_decided_points);
}

void summary_print(FILE *out, const run *r) {
    char labels[HASH_TEXT], centroids[HASH_TEXT];
    fprintf(out, "input      %s: %" PRId64 " points x %" PRId64 " dimensions%s%s\n", r->s->positional[0],
            r->shape.n, r->shape.d, *r->data->note ? "; " : "", r->data->note);
    print_plan(out, r);
    if (is_fit(r))
        fprintf(out, "result     %s after %" PRId64 " iterations, ", how_it_ended(r),
                exk_result_iterations(r->result));
    else
        fprintf(out, "result     ");
    fprintf(out, "inertia %.17g, %" PRId64 " of %" PRId64 " clusters empty\n", exk_result_inertia(r->result),
            empty_clusters(r->result), r->shape.k);
    print_exactness(out, r);
    print_times(out, r);
    fprintf(out, "hashes     labels %s, centroids %s\n", labels_hash(r->result, labels),
            centroids_hash(r->result, centroids));
}

void summary_add_plan(json *node, const exk_plan *plan) {
    json_add_text(node, "variant", plan->variant);
    if (plan->skipping)
        json_add_text(node, "skipping", plan->skipping);
    json_add_integer(node, "threads", plan->threads);
    json_add_integer(node, "point_tile", plan->point_tile);
    json_add_integer(node, "centroid_tile", plan->centroid_tile);
    json_add_integer(node, "depth_tile", plan->depth_tile);
    json_add_integer(node, "matrix_bytes", plan->matrix_bytes);
    json_add_text(node, "update", update_names[plan->update]);
    json_add_integer(node, "nodes", plan->nodes);
}

static void add_plan(json *root, const run *r) {
    const exk_plan plan = exk_result_plan(r->result);
    json *node = json_add_object(root, "plan");
    summary_add_plan(node, &plan);
    json_add_text(node, "source", r->plan_source);
    json_add_text(node, "source_of_rest", r->plan_rest_source);
}

void summary_add_parts(json *node, const exk_parts *parts) {
    json_add_real(node, "prepare_seconds", parts->prepare);
    json_add_real(node, "assign_seconds", parts->assign);
    json_add_real(node, "refine_seconds", parts->refine);
    json_add_real(node, "update_seconds", parts->update);
}

static void add_seconds(json *root, const run *r) {
    exk_totals totals = exk_result_totals(r->result);
    json *node = json_add_object(root, "seconds");
    json_add_real(node, "load", r->load_seconds);
    json_add_real(node, "scan", totals.scan_seconds);
    json_add_real(node, "init", totals.init_seconds);
    json_add_real(node, "iterate", totals.iterate_seconds);
    summary_add_parts(json_add_object(node, "parts_of_iterate"), &totals.parts);
    json_add_real(node, "total", seconds_now() - r->started);
}

static void add_input(json *root, const run *r) {
    json_add_text(root, "input", r->s->positional[0]);
    json_add_text(root, "note", r->data->note);
    json_add_bool(root, "standardise", r->s->standardise);
    json_add_integer(root, "n", r->shape.n);
    json_add_integer(root, "d", r->shape.d);
    json_add_integer(root, "k", r->shape.k);
}

static void add_result(json *root, const run *r) {
    char text[HASH_TEXT];
    json_add_bool(root, "stopped", r->stopped);
    json_add_integer(root, "iterations", exk_result_iterations(r->result));
    json_add_bool(root, "converged", exk_result_converged(r->result));
    json_add_real(root, "inertia", exk_result_inertia(r->result));
    json_add_integer(root, "empty_clusters", empty_clusters(r->result));
    json_add_text(root, "hash", "fnv1a64");
    json_add_text(root, "labels_hash", labels_hash(r->result, text));
    json_add_text(root, "centroids_hash", centroids_hash(r->result, text));
}

static void add_effort(json *root, const run *r) {
    exk_totals totals = exk_result_totals(r->result);
    json_add_integer(root, "distance_evaluations", totals.distance_evaluations);
    json_add_integer(root, "ambiguous_points", totals.ambiguous_points);
    json_add_integer(root, "exactly_decided_points", totals.exactly_decided_points);
    json_add_real(root, "effective_gflops", gflops_of(r));
    json_add_integer(root, "scratch_bytes", totals.scratch_bytes);
    json_add_integer(root, "peak_rss_bytes", peak_rss());
}

json *summary_json(const run *r, const char *name) {
    json *root = json_object();
    exk_plan plan = exk_result_plan(r->result);
    json_add_text(root, "format", "exakt run 2");
    json_add_text(root, "version", EXAKT_VERSION);
    json_add_text(root, "command", name);
    add_input(root, r);
    json_add_text(root, "variant", plan.variant);
    json_add_text(root, "isa", r->variant->isa);
    json_add_integer(root, "threads", plan.threads);
    if (blas_core_text() && strcmp(r->variant->strategy, "blas") == 0)
        json_add_text(root, "openblas_core", blas_core_text());
    add_result(root, r);
    add_effort(root, r);
    add_seconds(root, r);
    add_plan(root, r);
    return root;
}

static exit_code write_arrays(const run *r) {
    const settings *s = r->s;
    if (has_nothing(r))
        return CLI_OK;
    exk_error error = {0};
    if (s->labels && exk_npy_write_i32(s->labels, exk_result_labels(r->result), r->shape.n, 0, &error) != EXK_OK)
        return fail_writing(&error);
    if (s->centroids &&
        exk_npy_write_f32(s->centroids, exk_result_centroids(r->result), r->shape.k, r->shape.d, &error) != EXK_OK)
        return fail_writing(&error);
    return CLI_OK;
}

/* Every output is tried, so that one that fails does not cost the others; the first failure decides the code. */
exit_code summary_finish(const run *r, json *root) {
    exit_code arrays = write_arrays(r);
    exit_code record = root ? json_write(root, r->s->json) : CLI_OK;
    if (!r->s->quiet && !has_nothing(r))
        summary_print(summary_stream(r->s), r);
    if (arrays != CLI_OK || record != CLI_OK)
        return arrays != CLI_OK ? arrays : record;
    if (has_nothing(r))
        return fail(CLI_INTERRUPTED,
                    "interrupted before the first iteration was finished: no labels, no centroids");
    if (r->stopped)
        return fail(CLI_INTERRUPTED, "interrupted; the results are those of iteration %" PRId64,
                    exk_result_iterations(r->result));
    return CLI_OK;
}
