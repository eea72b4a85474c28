/* demo: one data set, every variant, one table, one picture, told in plain words. */
#include "harness/demo.h"
#include "harness/interrupt.h"
#include "harness/output.h"
#include "harness/progress.h"
#include "harness/report.h"
#include "harness/summary.h"
#include "harness/variants.h"
#include "tuner/stats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const demo_size full_size = {"gen:embed,n=20000,d=256", 256, 10, 3};
static const demo_size quick_size = {"gen:embed,n=10000,d=128", 128, 10, 3};

/* A variant that needs longer than this is timed once: its distance to the others is not in doubt. */
static const double patience = 3.0;

static exit_code load(demo_run *d) {
    exk_error error = {0};
    if (exk_dataset_load(d->size->input, NULL, &d->data, &error) != EXK_OK)
        return fail_with(&error);
    d->shape = (exk_shape){d->data->points.n, d->data->points.d, d->size->k};
    d->has_topology = topology_or_warning(&d->topology);
    d->threads = d->s->threads ? (int)d->s->threads : d->has_topology ? exk_topology_threads(&d->topology) : 1;
    return CLI_OK;
}

static exk_options *make_options(demo_run *d, const exk_plan *plan) {
    exk_options *options;
    if (exk_options_create(&options) != EXK_OK)
        return NULL;
    exk_options_set_plan(options, plan);
    exk_options_set_init(options, EXK_INIT_RANDOM);
    exk_options_set_max_iter(options, d->size->iterations);
    exk_options_set_tol(options, 0);
    exk_options_set_stop_flag(options, interrupt_flag());
    if (d->has_topology)
        exk_options_set_thread_start(options, exk_topology_bind, &d->topology);
    return options;
}

static exit_code solve(demo_run *d, const exk_variant *variant, exk_result **result) {
    exk_error error = {0};
    exk_plan plan = {.threads = d->threads};
    plan_for(d->has_topology ? &d->topology : NULL, variant, &d->shape, &plan);
    exk_options *options = make_options(d, &plan);
    if (!options)
        return fail(CLI_LIMIT, "out of memory");
    exk_status status = exk_fit(&d->data->points, d->size->k, options, result, &error);
    exk_options_free(options);
    return status == EXK_OK || status == EXK_STOPPED ? CLI_OK : fail_with(&error);
}

static bool same_bits(const exk_result *a, const exk_result *b) {
    size_t n = (size_t)exk_result_n(a), values = (size_t)(exk_result_k(a) * exk_result_d(a));
    double inertia_a = exk_result_inertia(a), inertia_b = exk_result_inertia(b);
    return exk_result_iterations(a) == exk_result_iterations(b) &&
           memcmp(exk_result_labels(a), exk_result_labels(b), n * sizeof(int32_t)) == 0 &&
           memcmp(exk_result_centroids(a), exk_result_centroids(b), values * sizeof(float)) == 0 &&
           memcmp(&inertia_a, &inertia_b, sizeof inertia_a) == 0;
}

static void record_sample(demo_run *d, demo_row *r, const exk_result *result) {
    r->samples[r->rounds++] = iterations_seconds(result, &r->iterations);
    r->seconds = stats_median(r->samples, r->rounds);
    r->scratch_bytes = exk_result_totals(result).scratch_bytes;
    bool same = same_bits(d->reference, result);
    r->identical = r->ran ? r->identical && same : same;
    r->ran = true;
}

/* The baseline's first result becomes the reference, so the baseline must run before the others. */
static exit_code time_once(demo_run *d, demo_row *r) {
    exk_result *result = NULL;
    exit_code code = solve(d, r->variant, &result);
    if (code == CLI_OK && !interrupted()) {
        bool first = !d->reference;
        if (first)
            d->reference = result;
        record_sample(d, r, result);
        result = first ? NULL : result;
    }
    exk_result_free(result);
    return code;
}

static exit_code time_round(demo_run *d, int round) {
    for (int i = 0; i < d->count && !interrupted(); i++) {
        demo_row *r = &d->rows[i];
        if (round > 0 && r->seconds > patience)
            continue;
        progress_line(d->s, "round %d of %d: %s", round + 1, d->size->rounds, r->variant->name);
        exit_code code = time_once(d, r);
        if (code != CLI_OK)
            return code;
    }
    return CLI_OK;
}

/* Rounds over all variants, not all samples of one after the other: a disturbance then hits them alike. */
static exit_code time_all(demo_run *d) {
    exit_code code = CLI_OK;
    for (int round = 0; round < d->size->rounds && code == CLI_OK; round++)
        code = time_round(d, round);
    progress_line(d->s, "%s", "");
    return code;
}

/* The baseline first, then what --variants selects. */
static exit_code choose_rows(demo_run *d, const exk_variant **selected) {
    int count;
    exit_code code = variants_select(d->s->variants, selected, &count);
    const exk_variant *baseline = exk_variant_find(demo_baseline);
    if (code == CLI_OK && !baseline)
        code = fail(CLI_VARIANT, "%s: not in this build, but the demo compares with it", demo_baseline);
    if (code != CLI_OK)
        return code;
    d->rows[d->count++].variant = baseline;
    for (int i = 0; i < count; i++)
        if (selected[i] != baseline && exk_variant_fits(selected[i], &d->shape))
            d->rows[d->count++].variant = selected[i];
    return CLI_OK;
}

static exit_code select_rows(demo_run *d) {
    size_t all = (size_t)exk_variant_rows();
    const exk_variant **selected = calloc(all, sizeof *selected);
    d->rows = calloc(all + 1, sizeof *d->rows);
    exit_code code = CLI_LIMIT;
    if (selected && d->rows)
        code = choose_rows(d, selected);
    else
        fail(code, "out of memory");
    free(selected);
    return code;
}

static exit_code check_out_folder(void) {
    if (mkdir("out", 0777) != 0 && errno != EEXIST)
        return fail(CLI_OUTPUT, "out: cannot be made: %s; run the demo in a folder you can write to",
                    strerror(errno));
    return output_check_file("the table", demo_csv);
}

static exit_code conclude(const demo_run *d) {
    if (!d->reference)
        return fail(CLI_INTERRUPTED, "interrupted before anything was measured");
    demo_tell(d);
    exit_code code = demo_write(d);
    if (demo_disagreements(d) > 0)
        return CLI_DIFFERS;
    return interrupted() ? CLI_INTERRUPTED : code;
}

static void demo_end(demo_run *d) {
    exk_result_free(d->reference);
    exk_dataset_free(d->data);
    if (d->has_topology)
        exk_topology_free(&d->topology);
    free(d->rows);
}

static exit_code demo(const settings *s) {
    demo_run d = {.s = s, .size = s->quick ? &quick_size : &full_size};
    exit_code code = check_out_folder();
    if (code == CLI_OK)
        code = load(&d);
    if (code == CLI_OK)
        code = select_rows(&d);
    if (code == CLI_OK) {
        demo_introduce(&d);
        fflush(stdout);
        interrupt_arm();
        code = time_all(&d);
    }
    if (code == CLI_OK)
        code = conclude(&d);
    demo_end(&d);
    return code;
}

const command command_demo = {
    .name = "demo",
    .bit = CMD_DEMO,
    .synopsis = "[--quick] [options]",
    .summary = "Run every variant on generated embeddings: a table, a picture, and what they mean.",
    .text = "Writes out/demo.csv and, with gnuplot, out/demo.png. Takes under two minutes on two cores.\n"
            "\n"
            "example:\n"
            "  exakt demo --quick\n",
    .run = demo,
};
