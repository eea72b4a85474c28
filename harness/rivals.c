/* compare: other k-means libraries on the same points, from the same start, on the same cores. */
#include "harness/rivals.h"
#include "harness/interrupt.h"
#include "harness/json.h"
#include "harness/output.h"
#include "harness/progress.h"
#include "harness/report.h"
#include "harness/variants.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const double rivals_level = 0.95;

static exit_code check_outputs(const settings *s) {
    const named_file inputs[] = {{"the input", s->positional[0]},
                                 {"the file of --init", run_init(s) == EXK_INIT_GIVEN ? s->init : NULL}};
    const named_file outputs[] = {{"--json", s->json}, {"--csv", s->csv}};
    if (s->json && s->csv && output_is_stdout(s->json) && output_is_stdout(s->csv))
        return fail(CLI_USAGE, "--csv and --json: only one of them can go to stdout");
    exit_code code = json_check(s->json);
    if (code == CLI_OK && s->csv)
        code = output_check("--csv", s->csv);
    return code == CLI_OK ? outputs_distinct(outputs, 2, inputs, 2) : code;
}

static exit_code check_settings(const settings *s) {
    if (s->positionals == 0)
        return fail(CLI_USAGE, "an argument is missing; usage: exakt compare %s", command_compare.synopsis);
    if (s->k == 0)
        return fail(CLI_USAGE, "-k: missing; give the number of clusters, for example -k 100");
    exit_code code = rivals_check_names(s);
    if (code == CLI_OK && !s->variants)
        code = variant_check(s->variant);
    return code == CLI_OK ? check_outputs(s) : code;
}

static void remember_start(rivals *r) {
    const time_t now = time(NULL);
    struct tm utc;
    strftime(r->started, sizeof r->started, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
}

/* Where threads of ours and processes of others run: the CPUs that exk_topology_bind chooses, if it does. */
static void choose_cpus(rivals *r) {
    const run *p = &r->problem;
    sched_getaffinity(0, sizeof r->mask, &r->mask);
    r->threads = p->plan.threads;
    r->cpus = p->has_topology ? malloc((size_t)r->threads * sizeof *r->cpus) : NULL;
    cpu_set_t chosen;
    CPU_ZERO(&chosen);
    for (int i = 0; r->cpus && i < r->threads; i++) {
        r->cpus[i] = exk_topology_pu(&p->topology, i);
        if (r->cpus[i] < 0 || r->cpus[i] >= CPU_SETSIZE) {
            free(r->cpus);
            r->cpus = NULL;
            return;
        }
        CPU_SET(r->cpus[i], &chosen);
    }
    if (r->cpus && p->topology.this_system)
        r->mask = chosen;
}

static exit_code load(rivals *r) {
    const settings *s = r->s;
    run *p = &r->problem;
    exk_error error = {0};
    exit_code code = run_load(p, s);
    if (code != CLI_OK)
        return code;
    if (exk_points_check(&p->data->points, &error) != EXK_OK)
        return fail_with(&error);
    code = run_start(p);
    if (code == CLI_OK && p->has_topology)
        exk_fingerprint_take(&p->topology, &r->machine);
    return code;
}

static bool end_at_once(const exk_iteration *iteration, void *user) {
    (void)iteration;
    (void)user;
    return false;
}

/* The centroids that the labels of the first iteration belong to are those it started from. */
static exit_code find_start(rivals *r, float *start) {
    run *p = &r->problem;
    const settings *s = r->s;
    exk_error error = {0};
    const exit_code code = run_options(p);
    if (code != CLI_OK)
        return code;
    exk_options_set_init(p->options, run_init(s));
    exk_options_set_seed(p->options, s->seed);
    exk_options_set_progress(p->options, end_at_once, NULL);
    const exk_status status = exk_fit(&p->data->points, p->shape.k, p->options, &p->result, &error);
    if (interrupted())
        return fail(CLI_INTERRUPTED, "interrupted; nothing was measured");
    if (status != EXK_OK && status != EXK_STOPPED)
        return fail_with(&error);
    memcpy(start, exk_result_centroids(p->result), (size_t)(p->shape.k * p->shape.d) * sizeof *start);
    return CLI_OK;
}

static exit_code choose_start(rivals *r) {
    const run *p = &r->problem;
    const size_t values = (size_t)(p->shape.k * p->shape.d);
    exk_error error = {0};
    r->start = malloc(values * sizeof *r->start);
    if (!r->start)
        return fail(CLI_LIMIT, "out of memory");
    if (!p->given)
        return find_start(r, r->start);
    if (exk_points_check(&p->given->points, &error) != EXK_OK)
        return fail_with(&error);
    memcpy(r->start, p->given->points.x, values * sizeof *r->start);
    interrupt_arm();
    return CLI_OK;
}

static exit_code make_folder(rivals *r) {
    const char *parent = getenv("TMPDIR");
    if (!parent || !*parent)
        parent = "/tmp";
    if (snprintf(r->folder, sizeof r->folder, "%s/exakt-compare-XXXXXX", parent) >= (int)sizeof r->folder ||
        strpbrk(parent, "\t\n") || !mkdtemp(r->folder)) {
        *r->folder = 0;
        return fail(CLI_OUTPUT, "%s: no folder can be made there: %s; set TMPDIR to another one", parent,
                    strerror(errno));
    }
    return CLI_OK;
}

/* Row by row where they do not lie side by side. */
static exit_code write_points(const rivals *r) {
    const exk_points *p = &r->problem.data->points;
    const size_t row = (size_t)p->d * sizeof(float);
    exk_error error = {0};
    float *dense = p->stride == p->d ? NULL : malloc((size_t)p->n * row);
    if (p->stride != p->d && !dense)
        return fail(CLI_LIMIT, "out of memory");
    for (int64_t i = 0; dense && i < p->n; i++)
        memcpy(dense + i * p->d, p->x + i * p->stride, row);
    const exk_status status = exk_npy_write_f32(r->points_file, dense ? dense : p->x, p->n, p->d, &error);
    free(dense);
    return status == EXK_OK ? CLI_OK : fail_writing(&error);
}

/* An input that is a plain .npy of float32 serves as it is. */
static exit_code write_problem(rivals *r) {
    const run *p = &r->problem;
    exk_error error = {0};
    exit_code code = make_folder(r);
    if (code != CLI_OK)
        return code;
    snprintf(r->start_file, sizeof r->start_file, "%s/start.npy", r->folder);
    r->wrote_points =
        !p->data->mapped || !realpath(r->s->positional[0], r->points_file) || strpbrk(r->points_file, "\t\n");
    if (r->wrote_points) {
        snprintf(r->points_file, sizeof r->points_file, "%s/points.npy", r->folder);
        code = write_points(r);
    }
    if (code == CLI_OK && exk_npy_write_f32(r->start_file, r->start, p->shape.k, p->shape.d, &error) != EXK_OK)
        code = fail_writing(&error);
    return code;
}

static void remove_folder(const rivals *r) {
    if (!*r->folder)
        return;
    if (r->wrote_points)
        unlink(r->points_file);
    unlink(r->start_file);
    for (int i = 0; i < r->count; i++) {
        unlink(r->entries[i].labels);
        unlink(r->entries[i].centroids);
        unlink(r->entries[i].log);
    }
    rmdir(r->folder);
}

enum { WITHOUT_END = 1000000 };

static void warm_up(rivals *r) {
    r->iterations = r->s->converge ? WITHOUT_END : r->s->iterations;
    for (int i = 0; i < r->count && !interrupted(); i++) {
        progress_line(r->s, "first fit of %s", r->entries[i].name);
        rivals_warm_up(&r->entries[i]);
    }
    progress_line(r->s, "%s", "");
}

/* Two minutes, as far as the fewest samples allow. */
static const double usual_budget = 120, around_a_sample = 0.05;
enum { FEWEST_SAMPLES = 3, MOST_SAMPLES = 15 };

static void choose_samples(rivals *r) {
    double round = 0;
    int ready = 0;
    for (int i = 0; i < r->count; i++) {
        const bool takes_part = r->entries[i].state == ENTRY_READY;
        r->measure.candidates[i].dropped = !takes_part;
        round += takes_part ? r->entries[i].warm_wall + around_a_sample : 0;
        ready += takes_part;
    }
    const double fitting = round > 0 ? usual_budget / round : 0;
    r->samples = fitting < FEWEST_SAMPLES ? FEWEST_SAMPLES : fitting > MOST_SAMPLES ? MOST_SAMPLES : (int)fitting;
    if (r->s->samples > 0)
        r->samples = (int)r->s->samples;
    if (ready == 0)
        r->samples = 0;
    r->planned_seconds = round * r->samples;
}

/* Look at what the round brought; what turns out to be no solution was no sample either. */
static bool judge_entry(rival_entry *e, measure_candidate *c) {
    if (e->judged == c->count)
        return true;
    if (e->judged == e->room) {
        const int room = e->room ? 2 * e->room : 16;
        outcome *grown = realloc(e->outcomes, (size_t)room * sizeof *grown);
        if (!grown)
            return false;
        e->outcomes = grown;
        e->room = room;
    }
    if (rivals_judge(e, &e->outcomes[e->judged])) {
        e->judged++;
        return true;
    }
    c->count = e->judged;
    c->dropped = c->dropped || e->state == ENTRY_FAILED;
    return !interrupted();
}

static bool judge_round(rivals *r) {
    bool go_on = true;
    for (int i = 0; i < r->count; i++)
        go_on = judge_entry(&r->entries[i], &r->measure.candidates[i]) && go_on;
    return go_on;
}

static void show_sample(const measure *m, int candidate, void *user) {
    const rivals *r = user;
    const double left = r->planned_seconds * (r->samples - m->rounds) / r->samples;
    progress_line(r->s, "round %d of %d, about %.0f s left: %s", m->rounds + 1, r->samples, left,
                  r->entries[candidate].name);
}

static void measure_rounds(rivals *r) {
    bool go_on = true;
    while (go_on && r->measure.rounds < r->samples && !interrupted()) {
        go_on = measure_round(&r->measure);
        go_on = judge_round(r) && go_on;
        if (r->s->progress)
            fprintf(stderr, "round %d of %d\n", r->measure.rounds, r->samples);
    }
    progress_line(r->s, "%s", "");
    measure_judge(&r->measure);
}

/* Some rival failed, or nobody was there to compare with. */
static exit_code verdict(const rivals *r) {
    int ready = 0, failed = 0;
    for (int i = 0; i < r->count; i++) {
        ready += r->entries[i].state == ENTRY_READY;
        failed += r->entries[i].state == ENTRY_FAILED;
    }
    if (failed > 0)
        return fail(CLI_DIFFERS, "%d of %d rows failed", failed, r->count);
    return ready < 2 ? fail(CLI_DIFFERS, "no rival could run") : CLI_OK;
}

static exit_code conclude(rivals *r) {
    r->stopped = interrupted();
    if (!r->s->quiet)
        rivals_print_table(r);
    const exit_code written = rivals_write(r);
    if (r->stopped)
        return fail(CLI_INTERRUPTED, "interrupted; what was measured until then is kept");
    return written == CLI_OK ? verdict(r) : written;
}

static exit_code prepare(rivals *r) {
    remember_start(r);
    exit_code code = load(r);
    if (code != CLI_OK)
        return code;
    choose_cpus(r);
    rivals_find_python(r);
    code = choose_start(r);
    if (code == CLI_OK)
        code = write_problem(r);
    return code == CLI_OK ? rivals_lay_out(r) : code;
}

static exit_code compare(rivals *r) {
    exit_code code = prepare(r);
    if (code != CLI_OK)
        return code;
    r->measure.seed = r->s->seed;
    r->measure.stop = interrupt_flag();
    r->measure.progress = show_sample;
    r->measure.user = r;
    measure_begin(&r->measure);
    if (!r->s->quiet)
        rivals_print_head(r);
    warm_up(r);
    choose_samples(r);
    measure_rounds(r);
    return conclude(r);
}

static void end(rivals *r) {
    for (int i = 0; i < r->count && r->measure.candidates; i++)
        rivals_dismiss(&r->entries[i]);
    remove_folder(r);
    if (r->measure.candidates)
        measure_end(&r->measure);
    rivals_free_entries(r);
    run_end(&r->problem);
    free(r->start);
    free(r->cpus);
}

static bool takes_stdout(const char *path) {
    return path && output_is_stdout(path);
}

static exit_code compare_command(const settings *s) {
    exit_code code = s->setup ? rivals_setup(s) : CLI_OK;
    if (code != CLI_OK || (s->setup && s->positionals == 0))
        return code;
    code = check_settings(s);
    if (code != CLI_OK)
        return code;
    rivals *r = calloc(1, sizeof *r);
    if (!r)
        return fail(CLI_LIMIT, "out of memory");
    r->s = s;
    r->out = takes_stdout(s->json) || takes_stdout(s->csv) ? stderr : stdout;
    code = compare(r);
    end(r);
    free(r);
    return code;
}

const command command_compare = {
    .name = "compare",
    .bit = CMD_COMPARE,
    .synopsis = "INPUT -k K [options] | --setup",
    .summary = "Time other k-means libraries against exakt, on equal terms.",
    .text =
        "Everybody gets the same points, start, iterations, threads and CPUs. Libraries run in processes of "
        "their\n"
        "own, which are kept from round to round and stopped while others are measured; only their fit is timed, "
        "by\n"
        "their own clock, and their OpenBLAS is made to use what the CPU has. Of every solution the inertia is\n"
        "computed anew, and how many labels are not the nearest of its own centroids. docs/compare.md has the "
        "rules,\n"
        "and the protocol for programs of your own. A library that is missing is named; the rest go on. Ctrl-C "
        "keeps\n"
        "the finished rounds.\n"
        "\n"
        "examples:\n"
        "  exakt compare --setup\n"
        "  exakt compare gen:embed,n=20000,d=128 -k 256 --threads 2 --json compare.json\n"
        "  exakt compare points.npy -k 1000 --with faiss,sklearn-lloyd --converge\n"
        "  exakt compare points.npy -k 100 --with none --rival mine='python3 mine.py'\n",
    .most = 1,
    .run = compare_command,
};
