#include "harness/interrupt.h"
#include "harness/report.h"
#include "harness/summary.h"
#include "harness/variants.h"
#include "harness/verify_shrink.h"
#include "harness/verify_work.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    REPORTED = 2,    /* failing cases of a variant that are printed, of each kind; the others are counted */
    KINDS = 3,       /* of verify_kind */
    CRASHES_MAX = 3, /* then a variant is not run any more */
    CASE_PATIENCE = 60,
    SHRINK_SECONDS = 10 /* for each variant */
};

typedef struct tally {
    const exk_variant *variant;
    int cases, runs, failures, crashes;
    int reported[KINDS];          /* failing cases */
    int last_case, last_reported; /* number + 1; 0: none */
    int64_t ambiguous, exact;
    double seconds;
    verify_position smallest; /* failing run on the smallest problem */
    exk_shape smallest_shape;
    bool can_shrink;
} tally;

typedef struct verifier {
    verify_work work;
    FILE *out;
    tally *tallies;
    int cases, last_case, references_failed;
    verify_message last; /* heard from the child */
    bool running;        /* last is a run that has not ended */
    char fault[VERIFY_WHY];
    json *failures; /* NULL without --json */
    double started, shown;
} verifier;

/* How to see this failure again. */
static void repeat_command(const settings *s, int number, const char *variant, char *text, size_t size) {
    if (number > 0)
        snprintf(text, size, "exakt verify --case %d --seed %" PRIu64 " --variants %s", number, s->seed, variant);
    else
        snprintf(text, size, "exakt verify %s -k %" PRId64 " --seed %" PRIu64 " --variants %s", s->positional[0],
                 s->k, s->seed, variant);
}

static void clear_progress(const verifier *v) {
    if (v->shown > 0)
        fputs("\r\033[K", stderr);
}

/* One line, rewritten ten times a second, where stderr is a terminal. */
static void show_progress(verifier *v, const verify_message *m) {
    double now = seconds_now();
    if (!isatty(STDERR_FILENO) || now - v->shown < 0.1)
        return;
    int failures = v->references_failed;
    for (int i = 0; i < v->work.count; i++)
        failures += v->tallies[i].failures;
    fprintf(stderr, "\r\033[Kcase %d/%d  %s  %d failures  %.0f s", m->number,
            v->work.s->positionals ? 0 : verify_case_count(), m->name, failures, now - v->started);
    v->shown = now;
}

static void add_failure(const verifier *v, const verify_message *m, const char *variant, const char *why) {
    if (!v->failures)
        return;
    const verify_setup *setup = &verify_setups[m->setup];
    json *node = json_add_object(v->failures, NULL);
    json_add_integer(node, "case", m->number);
    json_add_text(node, "name", m->name);
    json_add_text(node, "variant", variant);
    json_add_integer(node, "threads", setup->plan.threads);
    json_add_text(node, "tiles", setup->name);
    json_add_text(node, "what", why);
}

static double size_of(const exk_shape *shape) {
    return ((double)shape->n + (double)shape->k) * (double)shape->d;
}

static void keep_smallest(tally *t, const verify_message *m) {
    if (t->can_shrink && size_of(&m->shape) >= size_of(&t->smallest_shape))
        return;
    t->can_shrink = true;
    t->smallest = (verify_position){m->number, m->variant, m->setup};
    t->smallest_shape = m->shape;
}

static void report_failure(verifier *v, const verify_message *m, const char *why) {
    tally *t = &v->tallies[m->variant];
    const verify_setup *setup = &verify_setups[m->setup];
    char repeat[512];
    add_failure(v, m, t->variant->name, why);
    t->failures++;
    if (t->last_reported == m->number + 1 || t->reported[m->kind] == REPORTED)
        return;
    t->last_reported = m->number + 1;
    t->reported[m->kind]++;
    repeat_command(v->work.s, m->number, t->variant->name, repeat, sizeof repeat);
    clear_progress(v);
    fprintf(v->out, "FAIL  %s, case %d (%s), %d threads, %s tiles: %s\n      again: %s\n", t->variant->name,
            m->number, m->name, setup->plan.threads, setup->name, why, repeat);
}

static void report_reference(verifier *v, const verify_message *m, const char *why) {
    v->references_failed++;
    add_failure(v, m, verify_reference_variant, why);
    clear_progress(v);
    fprintf(v->out, "FAIL  the reference, %s, case %d (%s): %s\n", verify_reference_variant, m->number, m->name,
            why);
}

static void begin_run(verifier *v, const verify_message *m) {
    tally *t = &v->tallies[m->variant];
    t->cases += t->last_case != m->number + 1;
    t->last_case = m->number + 1;
    t->runs++;
}

static void end_run(verifier *v, const verify_message *m) {
    tally *t = &v->tallies[m->variant];
    const verify_verdict *verdict = &m->verdict;
    t->ambiguous += verdict->ambiguous;
    t->exact += verdict->exact;
    t->seconds += verdict->seconds;
    if (!verdict->passed) {
        keep_smallest(t, m);
        report_failure(v, m, verdict->why);
    }
    if (v->work.s->case_number)
        fprintf(v->out, "%s  %-34s %d threads, %-10s tiles: %" PRId64 " ambiguous, %" PRId64 " decided exactly\n",
                verdict->passed ? "ok  " : "FAIL", t->variant->name, verify_setups[m->setup].plan.threads,
                verify_setups[m->setup].name, verdict->ambiguous, verdict->exact);
}

static void begin_case(verifier *v, const verify_message *m) {
    bool again = v->last_case == m->number + 1;
    show_progress(v, m);
    if (v->work.s->case_number && !again)
        fprintf(v->out, "case %d: %s\n", m->number, m->name);
}

static void end_standard(verifier *v, const verify_message *m) {
    if (v->last_case == m->number + 1)
        return;
    v->last_case = m->number + 1;
    v->cases += m->is_standard;
    if (!m->verdict.passed)
        report_reference(v, m, m->verdict.why);
}

static void take(verifier *v, const verify_message *m) {
    switch (m->event) {
    case VERIFY_CASE:
        begin_case(v, m);
        break;
    case VERIFY_STANDARD:
        end_standard(v, m);
        break;
    case VERIFY_STARTED:
        begin_run(v, m);
        break;
    case VERIFY_ENDED:
        end_run(v, m);
        break;
    case VERIFY_FAULT:
        memcpy(v->fault, m->verdict.why, sizeof v->fault);
        return;
    case VERIFY_DONE:
        break;
    }
    v->running = m->event == VERIFY_STARTED;
    v->last = *m;
}

/* The child died in the middle of a run: that variant's failure. The next child goes on behind it. */
static void blame_variant(verifier *v, const char *how, bool hangs) {
    char why[2 * VERIFY_WHY];
    tally *t = &v->tallies[v->last.variant];
    snprintf(why, sizeof why, "%s%s%s", how, *v->fault ? ", " : "", v->fault);
    if (!hangs)
        keep_smallest(t, &v->last);
    report_failure(v, &v->last, why);
    if (hangs || ++t->crashes == CRASHES_MAX) {
        v->work.dropped[v->last.variant] = true;
        fprintf(v->out, "      %s is not run any more\n", t->variant->name);
    }
    v->work.from = (verify_position){v->last.number, v->last.variant, v->last.setup + 1};
}

/* It died in the reference: the next child takes the next case. Without a case it died by itself. */
static exit_code blame_reference(verifier *v, const char *how) {
    if (v->last.event != VERIFY_CASE)
        return fail(CLI_LIMIT, "a child process %s", how);
    v->last_case = v->last.number + 1;
    report_reference(v, &v->last, how);
    v->work.from = (verify_position){.number = v->last.number + 1};
    return v->references_failed < CRASHES_MAX && !v->work.s->positionals ? CLI_OK : CLI_DIFFERS;
}

/* One child, until it ends. *done: there is nothing left to do. */
static exit_code supervise(verifier *v, bool *done) {
    verify_child child;
    verify_message message;
    verify_heard heard;
    char how[VERIFY_WHY];
    /* Nobody knows how long a user's points take. */
    double patience = v->work.s->positionals ? 1e9 : CASE_PATIENCE;
    v->running = false;
    v->fault[0] = 0;
    v->last = (verify_message){.event = VERIFY_DONE, .code = CLI_OK};
    if (!verify_child_start(&child, verify_work_through, &v->work))
        return fail(CLI_LIMIT, "no process can be started");
    while ((heard = verify_child_hear(&child, patience, &message)) == VERIFY_HEARD)
        take(v, &message);
    bool well = verify_child_end(&child, heard == VERIFY_HANGS, how, sizeof how);
    *done = well || interrupted();
    if (*done)
        return v->last.event == VERIFY_DONE ? (exit_code)v->last.code : CLI_OK;
    if (!v->running)
        return blame_reference(v, how);
    blame_variant(v, how, heard == VERIFY_HANGS);
    return CLI_OK;
}

static exit_code supervise_all(verifier *v) {
    exit_code code = CLI_OK;
    for (bool done = false; !done && code == CLI_OK;)
        code = supervise(v, &done);
    clear_progress(v);
    return code;
}

static void shrink_failures(verifier *v) {
    for (int i = 0; i < v->work.count && !interrupted(); i++) {
        const tally *t = &v->tallies[i];
        if (!t->can_shrink)
            continue;
        char repeat[512];
        repeat_command(v->work.s, t->smallest.number, t->variant->name, repeat, sizeof repeat);
        fprintf(v->out, "shrinking case %d of %s\n", t->smallest.number, t->variant->name);
        verify_shrink(&v->work, &t->smallest, &t->smallest_shape, SHRINK_SECONDS, v->out);
        fprintf(v->out, "      again: %s\n", repeat);
    }
}

static bool all_passed(const verifier *v) {
    bool passed = v->references_failed == 0;
    for (int i = 0; i < v->work.count; i++)
        passed = passed && v->tallies[i].failures == 0;
    return passed;
}

static void print_tallies(const verifier *v) {
    fprintf(v->out, "%-34s %6s %6s %10s %16s %8s  %s\n", "variant", "cases", "runs", "ambiguous",
            "decided exactly", "seconds", "verdict");
    for (int i = 0; i < v->work.count; i++) {
        const tally *t = &v->tallies[i];
        const char *verdict = t->failures ? "FAIL" : t->runs ? "PASS" : "not run";
        fprintf(v->out, "%-34s %6d %6d %10" PRId64 " %16" PRId64 " %8.2f  %s\n", t->variant->name, t->cases,
                t->runs, t->ambiguous, t->exact, t->seconds, verdict);
    }
    fprintf(v->out, "%d cases, seed %" PRIu64 ", %.1f s: %s\n", v->cases, v->work.s->seed,
            seconds_now() - v->started,
            !all_passed(v)  ? "FAIL"
            : interrupted() ? "interrupted; no difference so far"
                            : "labels, counts, centroids, inertia and iterations are the same bits everywhere, "
                              "and what the oracle says");
}

static void add_tallies(json *root, const verifier *v) {
    json *list = json_add_array(root, "variants");
    for (int i = 0; i < v->work.count; i++) {
        const tally *t = &v->tallies[i];
        json *node = json_add_object(list, NULL);
        json_add_text(node, "variant", t->variant->name);
        json_add_integer(node, "cases", t->cases);
        json_add_integer(node, "runs", t->runs);
        json_add_integer(node, "failures", t->failures);
        json_add_integer(node, "crashes", t->crashes);
        json_add_integer(node, "ambiguous_points", t->ambiguous);
        json_add_integer(node, "exactly_decided_points", t->exact);
        json_add_real(node, "seconds", t->seconds);
    }
}

static exit_code write_record(const verifier *v, json *root) {
    const settings *s = v->work.s;
    json_add_text(root, "version", EXAKT_VERSION);
    json_add_text(root, "command", "verify");
    json_add_text(root, "reference", verify_reference_variant);
    json_add_unsigned(root, "seed", s->seed);
    json_add_bool(root, "quick", s->quick);
    json_add_integer(root, "cases", v->cases);
    json_add_bool(root, "stopped", interrupted());
    json_add_bool(root, "passed", all_passed(v));
    add_tallies(root, v);
    return json_write(root, s->json);
}

static exit_code check_settings(const settings *s) {
    int count = verify_case_count();
    if (s->positionals && !s->k)
        return fail(CLI_USAGE, "-k: missing; give the number of clusters, for example -k 100");
    if (!s->positionals && s->k)
        return fail(CLI_USAGE, "-k: goes with an INPUT; the built-in cases have their own");
    if (s->positionals && s->case_number)
        return fail(CLI_USAGE, "--case: is for the built-in cases; leave out INPUT");
    if (s->case_number > count)
        return fail(CLI_USAGE, "--case: there are %d cases; use 1 to %d", count, count);
    return json_check(s->json);
}

/* The rows that --variants selects, each with an empty tally. */
static exit_code select_variants(verifier *v) {
    size_t rows = (size_t)exk_variant_rows();
    v->work.variants = calloc(rows, sizeof(const exk_variant *));
    v->work.dropped = calloc(rows, sizeof *v->work.dropped);
    v->tallies = calloc(rows, sizeof *v->tallies);
    if (!v->work.variants || !v->work.dropped || !v->tallies)
        return fail(CLI_LIMIT, "out of memory");
    exit_code code = variants_select(v->work.s->variants, v->work.variants, &v->work.count);
    for (int i = 0; i < v->work.count; i++)
        v->tallies[i].variant = v->work.variants[i];
    return code;
}

static exit_code conclude(const verifier *v, json *root) {
    print_tallies(v);
    exit_code code = root ? write_record(v, root) : CLI_OK;
    if (!all_passed(v))
        return CLI_DIFFERS;
    return interrupted() ? CLI_INTERRUPTED : code;
}

static exit_code verify_selected(verifier *v) {
    json *root = NULL;
    if (v->work.s->json) {
        root = json_object();
        v->failures = json_add_array(root, "failures");
    }
    interrupt_arm();
    exit_code code = supervise_all(v);
    if (code != CLI_OK && all_passed(v)) {
        json_free(root);
        return code;
    }
    shrink_failures(v);
    return conclude(v, root);
}

static exit_code verify(const settings *s) {
    verifier v = {.work = {.s = s, .from = {.number = 1}}, .out = summary_stream(s), .started = seconds_now()};
    exit_code code = check_settings(s);
    if (code == CLI_OK)
        code = select_variants(&v);
    if (code == CLI_OK)
        code = verify_selected(&v);
    free(v.work.variants);
    free(v.work.dropped);
    free(v.tallies);
    return code;
}

const command command_verify = {
    .name = "verify",
    .bit = CMD_VERIFY,
    .synopsis = "[INPUT -k K] [options]",
    .summary = "Check every variant against naive scalar code, exact arithmetic and guard pages.",
    .text =
        "Without INPUT: generated shapes and adversarial cases (exact ties, duplicates, denormals, overflow).\n"
        "Each is solved by every variant with 1, 2 and 3 threads and several tile sizes, and compared bit by\n"
        "bit with naive scalar code on one thread and by value with big-integer arithmetic; then each variant's\n"
        "functions run alone with forbidden pages around every buffer. A variant that crashes or hangs fails,\n"
        "the others go on. With INPUT: the first 20 iterations on those points. A failing case is shrunk.\n"
        "Exit code 1 tells that some variant is wrong.\n"
        "\n"
        "examples:\n"
        "  exakt verify --quick\n"
        "  exakt verify --case 7 --seed 42 --variants fused\n"
        "  exakt verify points.npy -k 100 --variants avx2\n",
    .most = 1,
    .run = verify,
};
