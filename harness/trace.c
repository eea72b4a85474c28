/* exakt trace: what each variant does in every iteration of the same fit: time, and how much it skips. */
#include "harness/json.h"
#include "harness/plot.h"
#include "harness/report.h"
#include "harness/run.h"
#include "harness/variants.h"
#include "tuner/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARMS_MOST = 64 };

/* A variant, or auto, and its fit. */
typedef struct arm {
    const char *name;
    exk_result *result;
} arm;

typedef struct trace {
    run r;
    const exk_variant **variants;
    arm arms[ARMS_MOST];
    int count;
} trace;

static exit_code check(const settings *s) {
    const named_file inputs[] = {{"the input", s->positional[0]}};
    const named_file outputs[] = {{"--csv", s->csv}, {"--json", s->json}, {"--plot", s->picture}};
    if (s->k == 0)
        return fail(CLI_USAGE, "-k: missing; give the number of clusters, for example -k 100");
    if (s->picture && (!s->csv || output_is_stdout(s->csv)))
        return fail(CLI_USAGE, "--plot: draws what --csv F holds; give --csv F, too");
    exit_code code = s->csv ? output_check("--csv", s->csv) : CLI_OK;
    if (code == CLI_OK && s->json)
        code = json_check(s->json);
    if (code == CLI_OK)
        code = output_check_file("--plot", s->picture);
    return code == CLI_OK ? outputs_distinct(outputs, 3, inputs, 1) : code;
}

/* The plain variant and those that skip, of the strongest instruction set, and those in bytes where auto begins
 * with bytes. */
static exit_code select_skipping(trace *t) {
    static const char *const strategies[] = {"fused",       "fused_hamerly", "fused_yinyang",
                                             "fused_elkan", "i8_fused",      "i8_fused_yinyang"};
    const exk_variant *plain = exk_variant_auto(&t->r.shape);
    const int count = plain && plain->numbers == EXK_I8 ? 6 : 4;
    exit_code code = CLI_OK;
    for (int i = 0; code == CLI_OK && i < count; i++) {
        const exk_variant *variant;
        code = variant_resolve(strategies[i], &t->r.shape, &variant);
        if (code == CLI_OK)
            t->arms[t->count++].name = variant->name;
    }
    return code;
}

static exit_code select_arms(trace *t) {
    int count;
    if (!t->r.s->variants) {
        const exit_code code = select_skipping(t);
        t->arms[t->count++].name = "auto";
        return code;
    }
    t->variants = malloc((size_t)exk_variant_rows() * sizeof *t->variants);
    if (!t->variants)
        return fail(CLI_LIMIT, "out of memory");
    const exit_code code = variants_select(t->r.s->variants, t->variants, &count);
    for (int i = 0; code == CLI_OK && i < count && t->count < ARMS_MOST - 1; i++)
        t->arms[t->count++].name = t->variants[i]->name;
    t->arms[t->count++].name = "auto";
    return code;
}

/* The same start for everybody. */
static exit_code fit_arm(trace *t, arm *a) {
    run *r = &t->r;
    settings with = *r->s;
    exk_error error = {0};
    with.variant = a->name;
    run own = *r;
    own.s = &with;
    exit_code code = run_plan(&own, with.k);
    if (code == CLI_OK)
        code = run_options(&own);
    if (code != CLI_OK)
        return code;
    exk_options_set_init(own.options, (exk_init)with.first);
    exk_options_set_seed(own.options, with.seed);
    exk_options_set_max_iter(own.options, with.max_iter);
    exk_options_set_tol(own.options, with.tol);
    const exk_status status = exk_fit(&r->data->points, r->shape.k, own.options, &a->result, &error);
    exk_options_free(own.options);
    if (own.has_topology)
        exk_topology_free(&own.topology);
    return status == EXK_OK ? CLI_OK : status == EXK_STOPPED ? CLI_INTERRUPTED : fail_with(&error);
}

/* Labels and centroids of all arms must be those of the first, to the bit. */
static bool agrees(const trace *t, const arm *a) {
    const exk_result *first = t->arms[0].result, *now = a->result;
    const size_t labels = (size_t)t->r.shape.n * sizeof(int32_t);
    const size_t centroids = (size_t)(t->r.shape.k * t->r.shape.d) * sizeof(float);
    return memcmp(exk_result_labels(first), exk_result_labels(now), labels) == 0 &&
           memcmp(exk_result_centroids(first), exk_result_centroids(now), centroids) == 0 &&
           exk_result_iterations(first) == exk_result_iterations(now);
}

static double share_of(const trace *t, const exk_iteration *it) {
    return (double)it->distance_evaluations / ((double)t->r.shape.n * (double)t->r.shape.k);
}

static void total(const trace *t, const exk_result *result, double *seconds, double *passes) {
    const exk_iteration *it;
    *seconds = *passes = 0;
    for (int64_t i = 0; (it = exk_result_iteration(result, i)); i++) {
        *seconds += it->seconds;
        *passes += share_of(t, it);
    }
}

static void print_table(const trace *t, FILE *out) {
    fprintf(out, "%-36s %10s %10s %10s %12s  %s\n", "variant", "iterations", "seconds", "passes", "memory",
            "same bits");
    for (int i = 0; i < t->count && t->arms[i].result; i++) {
        const exk_result *result = t->arms[i].result;
        double seconds, passes;
        char memory[32];
        total(t, result, &seconds, &passes);
        fprintf(out, "%-36s %10" PRId64 " %10.4f %10.2f %12s  %s\n", t->arms[i].name,
                exk_result_iterations(result), seconds, passes,
                format_bytes(exk_result_totals(result).scratch_bytes, memory, sizeof memory),
                agrees(t, &t->arms[i]) ? "yes" : "NO");
    }
    fprintf(out, "passes: distances that were computed, in units of all n * k of a pass that skips nothing.\n");
}

static void put_csv(FILE *out, const void *user) {
    const trace *t = user;
    fprintf(out, "row,variant,pass_by,iteration,seconds,share,survivors,moved,inertia");
    for (int i = 0; i < t->count && t->arms[i].result; i++) {
        const exk_iteration *it;
        for (int64_t j = 0; (it = exk_result_iteration(t->arms[i].result, j)); j++)
            fprintf(out, "\n%d,%s,%s,%" PRId64 ",%.9g,%.6g,%.6g,%" PRId64 ",%.17g", i, t->arms[i].name,
                    it->variant, it->iteration, it->seconds, share_of(t, it),
                    (double)it->survivors / (double)t->r.shape.n, it->moved, it->inertia);
    }
}

static exit_code write_json(const trace *t) {
    json *root = json_object();
    json_add_text(root, "format", "exakt trace 2");
    json_add_text(root, "command", "trace");
    json_add_text(root, "input", t->r.s->positional[0]);
    json_add_integer(root, "n", t->r.shape.n);
    json_add_integer(root, "d", t->r.shape.d);
    json_add_integer(root, "k", t->r.shape.k);
    json *rows = json_add_array(root, "rows");
    for (int i = 0; i < t->count && t->arms[i].result; i++) {
        const exk_iteration *it;
        json *row = json_add_object(rows, NULL);
        json_add_text(row, "variant", t->arms[i].name);
        json_add_bool(row, "same_bits", agrees(t, &t->arms[i]));
        json_add_integer(row, "scratch_bytes", exk_result_totals(t->arms[i].result).scratch_bytes);
        json *list = json_add_array(row, "per_iteration");
        for (int64_t j = 0; (it = exk_result_iteration(t->arms[i].result, j)); j++) {
            json *node = json_add_object(list, NULL);
            json_add_text(node, "variant", it->variant);
            json_add_real(node, "seconds", it->seconds);
            json_add_integer(node, "distance_evaluations", it->distance_evaluations);
            json_add_integer(node, "survivors", it->survivors);
            json_add_integer(node, "moved", it->moved);
        }
    }
    return json_write(root, t->r.s->json);
}

static void draw(const settings *s) {
    char why[512];
    if (plot_file("skipping", s->csv, s->picture, why, sizeof why))
        fprintf(stderr, "Picture: %s.\n", s->picture);
    else
        warn("no picture: %s", why);
}

static exit_code report(const trace *t) {
    const settings *s = t->r.s;
    const bool aside = (s->csv && output_is_stdout(s->csv)) || (s->json && output_is_stdout(s->json));
    if (!s->quiet)
        print_table(t, aside ? stderr : stdout);
    exit_code code = s->csv ? output_print(s->csv, put_csv, t) : CLI_OK;
    if (code == CLI_OK && s->json)
        code = write_json(t);
    if (code == CLI_OK && s->picture)
        draw(s);
    for (int i = 0; code == CLI_OK && i < t->count && t->arms[i].result; i++) {
        if (!agrees(t, &t->arms[i]))
            code = fail(CLI_DIFFERS, "%s gives other bits than %s: that is a defect; run exakt verify",
                        t->arms[i].name, t->arms[0].name);
    }
    return code;
}

static exit_code fit_all(trace *t) {
    for (int i = 0; i < t->count; i++) {
        if (!t->r.s->quiet)
            fprintf(stderr, "%s\n", t->arms[i].name);
        const exit_code code = fit_arm(t, &t->arms[i]);
        if (code != CLI_OK)
            return code;
    }
    return CLI_OK;
}

static exit_code trace_all(const settings *s) {
    trace t = {0};
    exit_code code = check(s);
    if (code == CLI_OK)
        code = run_load(&t.r, s);
    if (code == CLI_OK && s->k > t.r.shape.n)
        code = fail(CLI_USAGE, "-k: %lld clusters for %lld points in %s; use at most %lld", (long long)s->k,
                    (long long)t.r.shape.n, s->positional[0], (long long)t.r.shape.n);
    t.r.shape.k = s->k;
    if (code == CLI_OK)
        code = select_arms(&t);
    if (code == CLI_OK) {
        code = fit_all(&t);
        /* Interrupted: the fits that ended are reported. */
        if (code == CLI_OK || (code == CLI_INTERRUPTED && t.arms[0].result)) {
            const exit_code reported = report(&t);
            code = code == CLI_OK ? reported : code;
        }
    }
    for (int i = 0; i < t.count; i++)
        exk_result_free(t.arms[i].result);
    free(t.variants);
    run_end(&t.r);
    return code;
}

const command command_trace = {
    .name = "trace",
    .bit = CMD_TRACE,
    .synopsis = "INPUT -k K [options]",
    .summary = "Show what each variant does in every iteration of the same fit.",
    .text =
        "All variants and auto run the same fit from the same start; they must end with the same bits. The CSV "
        "has\n"
        "a row for each of them and iteration: which variant made the pass, its seconds, the share of all n * k\n"
        "distances that was computed, the share of points that bounds did not settle.\n"
        "\n"
        "example:\n"
        "  exakt trace gen:embed,n=20k,d=256 -k 256 --csv trace.csv --plot trace.png\n",
    .least = 1,
    .most = 1,
    .run = trace_all,
};
