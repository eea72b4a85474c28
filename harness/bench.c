/* bench: variants timed against each other, after each has shown that its result is right. */
#include "harness/bench.h"
#include "harness/interrupt.h"
#include "harness/output.h"
#include "harness/progress.h"
#include "harness/report.h"
#include "harness/resident.h"
#include "harness/run.h"
#include "harness/summary.h"
#include "harness/variants.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void bench_warn(bench *b, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (int i = 0; i < b->warning_count; i++)
        if (strcmp(b->warnings[i], text) == 0)
            return;
    char *kept = b->warning_count < BENCH_WARNINGS ? strdup(text) : NULL;
    if (kept)
        b->warnings[b->warning_count++] = kept;
}

static void note_failure(bench *b, exit_code code) {
    if (b->code == CLI_OK)
        b->code = code;
}

static void remember_start(bench *b) {
    const time_t now = time(NULL);
    struct tm utc;
    strftime(b->started, sizeof b->started, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
}

static bool takes_stdout(const char *path) {
    return path && output_is_stdout(path);
}

static exit_code check_outputs(const settings *s) {
    named_file inputs[POSITIONALS_MAX + 2];
    const named_file outputs[] = {{"--json", s->json}, {"--csv", s->csv}, {"--counters-csv", s->counters_csv}};
    int n_inputs = 0;
    for (; n_inputs < s->positionals; n_inputs++)
        inputs[n_inputs] = (named_file){"an input", s->positional[n_inputs]};
    inputs[n_inputs++] = (named_file){"the file of --vs", s->vs};
    inputs[n_inputs++] = (named_file){"the file of --measured", s->measured};
    if (takes_stdout(s->json) + takes_stdout(s->csv) + takes_stdout(s->counters_csv) > 1)
        return fail(CLI_USAGE, "--csv, --json and --counters-csv: only one of them can go to stdout");
    exit_code code = json_check(s->json);
    if (code == CLI_OK && s->csv)
        code = output_check("--csv", s->csv);
    if (code == CLI_OK && s->counters_csv)
        code = output_check("--counters-csv", s->counters_csv);
    return code == CLI_OK ? outputs_distinct(outputs, 3, inputs, n_inputs) : code;
}

static exit_code check_measured(const settings *s) {
    if (s->positionals > 0 || s->json || s->csv || s->counters_csv)
        return fail(CLI_USAGE, "--measured: measures nothing, so there is no INPUT, --json or --csv beside it");
    if (!s->vs)
        return fail(CLI_USAGE, "--measured: with what is it to be compared? Give --vs RESULTS");
    return CLI_OK;
}

static exit_code check_inputs(const settings *s) {
    if (s->positionals == 0)
        return fail(CLI_USAGE, "an argument is missing; usage: exakt bench %s", command_bench.synopsis);
    if (s->k_list.count == 0)
        return fail(CLI_USAGE, "-k: missing; give the numbers of clusters, for example -k 100,256");
    return check_outputs(s);
}

static exit_code check_settings(const settings *s) {
    const exit_code code = s->measured ? check_measured(s) : check_inputs(s);
    if (code == CLI_OK && s->vs && !json_available())
        return fail(CLI_USAGE, "--vs: built without cJSON; install libcjson-dev and build again, or leave it out");
    return code;
}

static exit_code select_variants(bench *b) {
    b->variants = calloc((size_t)exk_variant_rows(), sizeof *b->variants);
    if (!b->variants)
        return fail(CLI_LIMIT, "out of memory");
    return variants_select(b->s->variants ? b->s->variants : "*", b->variants, &b->variant_count);
}

static int by_count(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* 1 and all, or what was given; in order, each once. */
static void choose_threads(bench *b) {
    const int all = b->has_topology ? exk_topology_threads(&b->topology) : (int)sysconf(_SC_NPROCESSORS_ONLN);
    b->threads = b->s->thread_list;
    if (b->threads.count == 0)
        b->threads = (count_list){{1, all}, 2};
    qsort(b->threads.value, (size_t)b->threads.count, sizeof b->threads.value[0], by_count);
    int kept = 1;
    for (int i = 1; i < b->threads.count; i++)
        if (b->threads.value[i] != b->threads.value[kept - 1])
            b->threads.value[kept++] = b->threads.value[i];
    b->threads.count = kept;
}

static exit_code begin(bench *b) {
    remember_start(b);
    exit_code code = select_variants(b);
    if (code == CLI_OK)
        code = bench_count_choose(b);
    if (code != CLI_OK)
        return code;
    b->has_topology = topology_or_warning(&b->topology);
    if (b->has_topology)
        exk_fingerprint_take(&b->topology, &b->machine);
    choose_threads(b);
    b->group_room = b->s->positionals * b->s->k_list.count;
    b->groups = calloc((size_t)b->group_room, sizeof *b->groups);
    if (!b->groups)
        return fail(CLI_LIMIT, "out of memory");
    interrupt_arm();
    bench_warn_of_machine(b);
    b->read_bandwidth = bench_read_bandwidth(b);
    return CLI_OK;
}

static void show_sample(const measure *m, int candidate, void *user) {
    const bench_group *g = user;
    const bench_row *r = &g->rows[candidate];
    const double left = g->planned_seconds * (g->samples - m->rounds) / g->samples;
    progress_line(g->bench->s, "round %d of %d, about %.0f s left: %s, %d thread%s", m->rounds + 1, g->samples,
                  left, r->variant->name, r->plan.threads, r->plan.threads == 1 ? "" : "s");
}

static void show_round(const bench_group *g) {
    if (g->bench->s->progress)
        fprintf(stderr, "%s, k = %lld: round %d of %d\n", g->input, (long long)g->shape.k, g->measure.rounds,
                g->samples);
}

/* What a row did before it went wrong is worth nothing. */
static void forget_wrong_samples(bench_group *g) {
    for (int i = 0; i < g->measure.count; i++)
        if (g->rows[i].state != BENCH_VERIFIED)
            g->measure.candidates[i].count = 0;
}

static void measure_rounds(bench_group *g) {
    bench_measure_fed(g);
    while (g->measure.rounds < g->samples && measure_round(&g->measure))
        show_round(g);
    progress_line(g->bench->s, "%s", "");
    forget_wrong_samples(g);
    measure_judge(&g->measure);
}

/* What is resident of the points and the program, without what earlier runs left. */
static void note_base(bench_group *g) {
    int64_t left = 0;
    for (int i = 0; i < g->bench->group_count; i++)
        for (int j = 0; j < g->bench->groups[i].measure.count; j++)
            left += g->bench->groups[i].rows[j].left_bytes;
    g->base_bytes = resident_now() - left;
}

static exit_code prepare(bench_group *g) {
    exit_code code = bench_lay_out(g);
    if (code == CLI_OK)
        code = bench_choose_start(g);
    if (code != CLI_OK)
        return code;
    note_base(g);
    measure_begin(&g->measure);
    code = bench_try(g);
    if (code != CLI_OK)
        return code;
    bench_choose_iterations(g);
    bench_leave_out(g);
    if (!g->bench->s->quiet)
        bench_print_head(g);
    code = bench_verify(g);
    progress_line(g->bench->s, "%s", "");
    if (code == CLI_OK)
        bench_choose_samples(g);
    return code;
}

/* What the rows that were not timed mean for the exit code. */
static void judge_rows(bench_group *g) {
    for (int i = 0; i < g->measure.count; i++) {
        if (g->rows[i].state == BENCH_DIFFERS)
            note_failure(g->bench, CLI_DIFFERS);
        if (g->rows[i].state == BENCH_FAILED)
            note_failure(g->bench, g->rows[i].failure == EXK_ERR_MEMORY ? CLI_LIMIT : CLI_VARIANT);
    }
}

/* Points and centroids are not needed any more, the samples are. */
static void let_go(bench_group *g) {
    exk_result_free(g->standard);
    free(g->start);
    g->standard = NULL;
    g->start = NULL;
    g->points.x = NULL;
}

static exit_code run_group(bench *b, const char *input, const exk_dataset *data, int64_t k) {
    bench_group *g = &b->groups[b->group_count++];
    *g = (bench_group){.bench = b, .input = input, .points = data->points};
    g->shape = (exk_shape){data->points.n, data->points.d, k};
    g->measure = (measure){.seed = b->s->seed, .stop = interrupt_flag(), .progress = show_sample, .user = g};
    memcpy(g->note, data->note, sizeof g->note);
    if (k > g->shape.n)
        return fail(CLI_USAGE, "-k: %lld clusters for %lld points in %s; use at most %lld", (long long)k,
                    (long long)g->shape.n, input, (long long)g->shape.n);
    const exit_code code = prepare(g);
    if (code == CLI_OK) {
        if (!b->s->quiet)
            bench_print_plan(g);
        measure_rounds(g);
        bench_count(g);
        bench_warn_of_noise(g);
        judge_rows(g);
        if (!b->s->quiet)
            bench_print_group(g);
    }
    let_go(g);
    return code;
}

static exit_code run_input(bench *b, const char *input) {
    const exk_load_options options = {.columns = b->s->columns, .standardise = b->s->standardise};
    exk_dataset *data;
    exk_error error = {0};
    if (exk_dataset_load(input, &options, &data, &error) != EXK_OK)
        return fail_with(&error);
    exit_code code = exk_points_check(&data->points, &error) == EXK_OK ? CLI_OK : fail_with(&error);
    for (int i = 0; i < b->s->k_list.count && code == CLI_OK; i++)
        code = run_group(b, input, data, b->s->k_list.value[i]);
    exk_dataset_free(data);
    return code;
}

static void free_group(bench_group *g) {
    if (g->measure.candidates)
        measure_end(&g->measure);
    for (int i = 0; i < g->measure.count; i++) {
        free(g->rows[i].cpus);
        counts_free(&g->rows[i].counts);
    }
    free(g->rows);
    free(g->ceilings);
    free(g->measure.candidates);
    free(g->measure.gauges);
}

static void end(bench *b) {
    for (int i = 0; i < b->group_count; i++)
        free_group(&b->groups[i]);
    for (int i = 0; i < b->warning_count; i++)
        free(b->warnings[i]);
    free(b->groups);
    free(b->variants);
    bench_count_end(b);
    if (b->has_topology)
        exk_topology_free(&b->topology);
}

/* An input that cannot be measured does not cost the others. */
static void run_inputs(bench *b) {
    for (int i = 0; i < b->s->positionals && !interrupted(); i++) {
        const exit_code code = run_input(b, b->s->positional[i]);
        if (code != CLI_INTERRUPTED)
            note_failure(b, code);
    }
}

static exit_code conclude(bench *b) {
    b->stopped = interrupted();
    note_failure(b, bench_vs(b));
    if (!b->s->quiet)
        bench_print_end(b);
    note_failure(b, bench_write(b));
    if (b->stopped)
        return fail(CLI_INTERRUPTED, "interrupted; what was measured until then is kept");
    return b->code;
}

static exit_code bench_inputs(bench *b) {
    const exit_code code = begin(b);
    if (code != CLI_OK)
        return code;
    run_inputs(b);
    return conclude(b);
}

static exit_code bench_command(const settings *s) {
    bench b = {.s = s, .read_bandwidth = NAN};
    b.out = takes_stdout(s->json) || takes_stdout(s->csv) || takes_stdout(s->counters_csv) ? stderr : stdout;
    exit_code code = check_settings(s);
    if (code == CLI_OK)
        code = bench_vs_read(&b);
    if (code == CLI_OK)
        code = s->measured ? bench_vs_measured(&b) : bench_inputs(&b);
    bench_vs_end(&b);
    end(&b);
    return code;
}

const command command_bench = {
    .name = "bench",
    .bit = CMD_BENCH,
    .synopsis = "INPUT... -k K [options] | --measured RESULTS --vs RESULTS",
    .summary = "Time variants against each other, each after its result was found right.",
    .text =
        "Every sample is Lloyd's algorithm from the same centroids, threads pinned, without reading the input "
        "and\n"
        "choosing the start. Rounds measure every row once, in an order drawn anew; beside each sample the\n"
        "multiply-adds that this machine does just then are measured, as the ceiling (in brackets: what is left\n"
        "of it where a factor of every two is loaded from L1, as kernels must). Medians come with a\n"
        "distribution-free 95 % interval. A row whose result is not the same to the bit is not timed: exit code "
        "1.\n"
        "Ctrl-C keeps the finished samples.\n"
        "When all samples are taken, further fits are counted: hardware events by PAPI or perf_event where the\n"
        "machine has them, else what the kernel counts; what is unknown is NA, with the reason.\n"
        "\n"
        "examples:\n"
        "  exakt bench gen:embed,n=20000,d=256 -k 256\n"
        "  exakt bench points.npy more.npy -k 100,1000 --variants 'fused,*blas*' --threads 2 --json new.json\n"
        "  exakt bench gen:embed,n=20000,d=256 -k 256 --vs old.json\n"
        "  exakt bench --measured new.json --vs old.json\n",
    .most = POSITIONALS_MAX,
    .run = bench_command,
};
