#include "datasets/datasets.h"
#include "harness/interrupt.h"
#include "harness/report.h"
#include "harness/summary.h"
#include "harness/variants.h"
#include "harness/verify_judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char reference_variant[] = "assign_f32_naive__scalar";

/* Threads and tiles to run with: the library's own choice, then tiles that divide nothing. */
typedef struct setup {
    const char *name;
    exk_plan plan;
    bool quick;
} setup;

// clang-format off
static const setup setups[] = {
    {"chosen",      {.threads = 1}, true},
    {"odd",         {.threads = 2, .point_tile = 5, .centroid_tile = 7, .depth_tile = 3, .matrix_bytes = 4096}, true},
    {"wide",        {.threads = 3, .point_tile = 96, .centroid_tile = 33, .depth_tile = 17, .matrix_bytes = 65536},
     true},
    {"chosen",      {.threads = 2}, false},
    {"chosen",      {.threads = 3}, false},
    {"one by one",  {.threads = 1, .point_tile = 1, .centroid_tile = 1, .depth_tile = 1, .matrix_bytes = 1}, false},
    {"odd",         {.threads = 3, .point_tile = 37, .centroid_tile = 11, .depth_tile = 64, .matrix_bytes = 999},
     false},
};
// clang-format on

enum { SETUPS = sizeof setups / sizeof setups[0], REPORTED = 5 };

typedef struct tally {
    const exk_variant *variant;
    int cases, runs, failures;
    int64_t ambiguous, exact;
    double seconds;
} tally;

typedef struct verifier {
    const settings *s;
    FILE *out;
    tally *tallies;
    int count, cases, references_failed;
    json *failures; /* NULL without --json */
} verifier;

static exk_options *make_options(const verify_problem *p, const exk_plan *plan) {
    exk_options *options;
    if (exk_options_create(&options) != EXK_OK)
        return NULL;
    exk_options_set_plan(options, plan);
    exk_options_set_init(options, p->init);
    exk_options_set_empty(options, p->empty);
    exk_options_set_seed(options, p->seed);
    exk_options_set_max_iter(options, p->max_iter);
    exk_options_set_tol(options, 0);
    exk_options_set_stop_flag(options, interrupt_flag());
    return options;
}

static exk_status solve(const verify_problem *p, const char *variant, const exk_plan *tiles, exk_result **result,
                        exk_error *error) {
    exk_plan plan = *tiles;
    plan.variant = variant;
    *result = NULL;
    exk_options *options = make_options(p, &plan);
    if (!options) {
        *error = (exk_error){.status = EXK_ERR_MEMORY, .message = "out of memory"};
        return EXK_ERR_MEMORY;
    }
    exk_status status = exk_fit(&p->points, p->k, options, result, error);
    exk_options_free(options);
    return status;
}

static bool judged(const verify_problem *p, const exk_result *reference, const exk_result *result, char *why,
                   size_t size) {
    for (const verify_judge *judge = verify_judges; judge->name; judge++)
        if (!judge->accepts(p, reference, result, why, size))
            return false;
    return true;
}

/* How to see this failure again. */
static void repeat_command(const verifier *v, const verify_problem *p, const char *variant, char *text,
                           size_t size) {
    if (p->number > 0)
        snprintf(text, size, "exakt verify --case %d --seed %" PRIu64 " --variants %s", p->number, p->seed,
                 variant);
    else
        snprintf(text, size, "exakt verify %s -k %" PRId64 " --seed %" PRIu64 " --variants %s",
                 v->s->positional[0], p->k, p->seed, variant);
}

static void add_failure(const verifier *v, const verify_problem *p, const char *variant, const setup *how,
                        const char *why) {
    if (!v->failures)
        return;
    json *node = json_add_object(v->failures, NULL);
    json_add_integer(node, "case", p->number);
    json_add_text(node, "name", p->name);
    json_add_text(node, "variant", variant);
    json_add_integer(node, "threads", how->plan.threads);
    json_add_text(node, "tiles", how->name);
    json_add_text(node, "what", why);
}

static void report_failure(verifier *v, const verify_problem *p, tally *t, const setup *how, const char *why) {
    add_failure(v, p, t->variant->name, how, why);
    if (t->failures++ >= REPORTED)
        return;
    char repeat[512];
    repeat_command(v, p, t->variant->name, repeat, sizeof repeat);
    fprintf(v->out, "FAIL  %s, case %d (%s), %d threads, %s tiles: %s\n      again: %s\n", t->variant->name,
            p->number, p->name, how->plan.threads, how->name, why, repeat);
}

static void run_once(verifier *v, const verify_problem *p, const exk_result *reference, tally *t,
                     const setup *how) {
    exk_error error = {0};
    exk_result *result;
    char why[560] = "";
    exk_status status = solve(p, t->variant->name, &how->plan, &result, &error);
    if (interrupted()) {
        exk_result_free(result);
        return;
    }
    t->runs++;
    if (status != EXK_OK) {
        report_failure(v, p, t, how, error.message);
        exk_result_free(result);
        return;
    }
    exk_totals totals = exk_result_totals(result);
    t->ambiguous += totals.ambiguous_points;
    t->exact += totals.exactly_decided_points;
    bool good = judged(p, reference, result, why, sizeof why);
    if (!good)
        report_failure(v, p, t, how, why);
    if (v->s->case_number)
        fprintf(v->out, "%s  %-34s %d threads, %-10s tiles: %" PRId64 " ambiguous, %" PRId64 " decided exactly\n",
                good ? "ok  " : "FAIL", t->variant->name, how->plan.threads, how->name, totals.ambiguous_points,
                totals.exactly_decided_points);
    exk_result_free(result);
}

static void run_variant(verifier *v, const verify_problem *p, const exk_result *reference, tally *t) {
    exk_shape shape = {p->points.n, p->points.d, p->k};
    if (!exk_variant_fits(t->variant, &shape))
        return;
    double started = seconds_now();
    t->cases++;
    for (int i = 0; i < SETUPS && !interrupted(); i++)
        if (setups[i].quick || !v->s->quick)
            run_once(v, p, reference, t, &setups[i]);
    t->seconds += seconds_now() - started;
}

static void run_problem(verifier *v, const verify_problem *p) {
    exk_error error = {0};
    exk_result *reference;
    exk_status status = solve(p, reference_variant, &setups[0].plan, &reference, &error);
    if (status == EXK_OK) {
        v->cases++;
        for (int i = 0; i < v->count && !interrupted(); i++)
            run_variant(v, p, reference, &v->tallies[i]);
    } else if (!interrupted()) {
        v->references_failed++;
        fprintf(v->out, "FAIL  the reference, %s, case %d (%s): %s\n", reference_variant, p->number, p->name,
                error.message);
        add_failure(v, p, reference_variant, &setups[0], error.message);
    }
    exk_result_free(reference);
}

static exit_code run_case(verifier *v, int number) {
    verify_problem p;
    if (verify_case_build(number, v->s->seed, &p) != EXK_OK)
        return fail(CLI_LIMIT, "case %d: out of memory", number);
    if (v->s->case_number)
        fprintf(v->out, "case %d: %s\n", number, p.name);
    run_problem(v, &p);
    verify_problem_free(&p);
    return CLI_OK;
}

static exit_code run_cases(verifier *v) {
    int count = verify_case_count(), only = (int)v->s->case_number;
    if (v->s->case_number > count)
        return fail(CLI_USAGE, "--case: there are %d cases; use 1 to %d", count, count);
    for (int number = 1; number <= count && !interrupted(); number++) {
        if (only ? number != only : v->s->quick && !verify_case_is_quick(number))
            continue;
        exit_code code = run_case(v, number);
        if (code != CLI_OK)
            return code;
    }
    return CLI_OK;
}

enum { INPUT_ITERATIONS = 20 };

static exit_code run_input(verifier *v) {
    const settings *s = v->s;
    run r = {0};
    exit_code code = run_load(&r, s);
    if (code == CLI_OK && s->k > r.shape.n)
        code = fail(CLI_USAGE, "-k: %lld clusters for %lld points; use at most %lld", (long long)s->k,
                    (long long)r.shape.n, (long long)r.shape.n);
    if (code == CLI_OK) {
        verify_problem p = {.points = r.data->points,
                            .k = s->k,
                            .max_iter = INPUT_ITERATIONS,
                            .init = EXK_INIT_KMEANSPP,
                            .seed = s->seed};
        snprintf(p.name, sizeof p.name, "%s", s->positional[0]);
        run_problem(v, &p);
    }
    run_end(&r);
    return code;
}

static bool all_passed(const verifier *v) {
    bool passed = v->references_failed == 0;
    for (int i = 0; i < v->count; i++)
        passed = passed && v->tallies[i].failures == 0;
    return passed;
}

static void print_tallies(const verifier *v) {
    fprintf(v->out, "%-34s %6s %6s %10s %16s %8s  %s\n", "variant", "cases", "runs", "ambiguous",
            "decided exactly", "seconds", "verdict");
    for (int i = 0; i < v->count; i++) {
        const tally *t = &v->tallies[i];
        const char *verdict = t->failures ? "FAIL" : t->runs ? "PASS" : "not run";
        fprintf(v->out, "%-34s %6d %6d %10" PRId64 " %16" PRId64 " %8.2f  %s\n", t->variant->name, t->cases,
                t->runs, t->ambiguous, t->exact, t->seconds, verdict);
    }
    fprintf(v->out, "%d cases, seed %" PRIu64 ": %s\n", v->cases, v->s->seed,
            !all_passed(v)  ? "FAIL"
            : interrupted() ? "interrupted; no difference so far"
                            : "labels, counts, centroids, inertia and iterations are the same bits everywhere");
}

static void add_tallies(json *root, const verifier *v) {
    json *list = json_add_array(root, "variants");
    for (int i = 0; i < v->count; i++) {
        const tally *t = &v->tallies[i];
        json *node = json_add_object(list, NULL);
        json_add_text(node, "variant", t->variant->name);
        json_add_integer(node, "cases", t->cases);
        json_add_integer(node, "runs", t->runs);
        json_add_integer(node, "failures", t->failures);
        json_add_integer(node, "ambiguous_points", t->ambiguous);
        json_add_integer(node, "exactly_decided_points", t->exact);
        json_add_real(node, "seconds", t->seconds);
    }
}

static exit_code write_record(const verifier *v, json *root) {
    json_add_text(root, "version", EXAKT_VERSION);
    json_add_text(root, "command", "verify");
    json_add_text(root, "reference", reference_variant);
    json_add_unsigned(root, "seed", v->s->seed);
    json_add_bool(root, "quick", v->s->quick);
    json_add_integer(root, "cases", v->cases);
    json_add_bool(root, "stopped", interrupted());
    json_add_bool(root, "passed", all_passed(v));
    add_tallies(root, v);
    return json_write(root, v->s->json);
}

static exit_code check_settings(const settings *s) {
    if (s->positionals && !s->k)
        return fail(CLI_USAGE, "-k: missing; give the number of clusters, for example -k 100");
    if (!s->positionals && s->k)
        return fail(CLI_USAGE, "-k: goes with an INPUT; the built-in cases have their own");
    if (s->positionals && s->case_number)
        return fail(CLI_USAGE, "--case: is for the built-in cases; leave out INPUT");
    return json_check(s->json);
}

/* The rows that --variants selects, each with an empty tally. */
static exit_code select_variants(verifier *v) {
    int rows = exk_variant_rows();
    const exk_variant **selected = calloc((size_t)rows, sizeof *selected);
    v->tallies = calloc((size_t)rows, sizeof *v->tallies);
    exit_code code = selected && v->tallies ? variants_select(v->s->variants, selected, &v->count)
                                            : fail(CLI_LIMIT, "out of memory");
    for (int i = 0; i < v->count; i++)
        v->tallies[i].variant = selected[i];
    free(selected);
    return code;
}

static exit_code conclude(const verifier *v, json *root) {
    print_tallies(v);
    exit_code code = root ? write_record(v, root) : CLI_OK;
    if (!all_passed(v))
        return CLI_DIFFERS;
    if (interrupted())
        return CLI_INTERRUPTED;
    return code;
}

static exit_code verify(const settings *s) {
    verifier v = {.s = s, .out = summary_stream(s)};
    json *root = NULL;
    exit_code code = check_settings(s);
    if (code == CLI_OK)
        code = select_variants(&v);
    if (code == CLI_OK && s->json) {
        root = json_object();
        v.failures = json_add_array(root, "failures");
    }
    if (code == CLI_OK) {
        interrupt_arm();
        code = s->positionals ? run_input(&v) : run_cases(&v);
    }
    if (code == CLI_OK)
        code = conclude(&v, root);
    else
        json_free(root);
    free(v.tallies);
    return code;
}

const command command_verify = {
    .name = "verify",
    .bit = CMD_VERIFY,
    .synopsis = "[INPUT -k K] [options]",
    .summary = "Check that every variant finds the same bits as naive scalar code on one thread.",
    .text =
        "Without INPUT: generated shapes and adversarial cases (exact ties, duplicates, denormals, overflow).\n"
        "Each is solved by every variant with 1, 2 and 3 threads and several tile sizes. With INPUT: the first\n"
        "20 iterations on those points. Exit code 1 tells that some variant differs.\n"
        "\n"
        "examples:\n"
        "  exakt verify --quick\n"
        "  exakt verify points.npy -k 100 --variants avx2\n",
    .most = 1,
    .run = verify,
};
