/* tune: find the fastest plan for shapes on this machine, and keep it in the profile. */
#include "harness/tune.h"
#include "harness/interrupt.h"
#include "harness/report.h"
#include "harness/run.h"
#include "harness/variants.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Small, medium and large, where nobody says what to tune for. */
static const char *const usual_shapes[] = {"100000x2x100", "200000x32x256", "200000x128x1000", "100000x768x1000"};
enum { USUAL_SHAPES = sizeof usual_shapes / sizeof usual_shapes[0] };

static const double window_seconds = 0.05;

typedef struct tuning {
    const settings *s;
    exk_topology topology;
    exk_fingerprint machine;
    const exk_variant **variants;
    int variant_count;
    tune_log log;
    char session[TUNE_SESSION_ROOM];
    tune_record *past; /* of --resume */
    int past_count;
    exit_code code; /* the first thing that went wrong */
} tuning;

static void note(tuning *t, exit_code code) {
    if (t->code == CLI_OK)
        t->code = code;
}

static exit_code begin_log(tuning *t) {
    exk_error error = {0};
    int damaged = 0;
    if (tune_log_open(&t->machine, &t->log, &error) != EXK_OK)
        return fail_writing(&error);
    memcpy(t->session, t->log.stamp.session, sizeof t->session);
    if (t->log.busy)
        warn("another exakt tune runs on this machine just now: each disturbs what the other measures");
    if (!t->s->resume)
        return CLI_OK;
    if (tune_log_read(t->log.path, &t->past, &t->past_count, &damaged, &error) != EXK_OK)
        return fail_with(&error);
    if (damaged > 0)
        warn("%s: %d damaged line%s left out", t->log.path, damaged, damaged == 1 ? "" : "s");
    return CLI_OK;
}

static exit_code begin(tuning *t) {
    exk_error error = {0};
    if (!json_available())
        return fail(CLI_USAGE, "profiles need cJSON; install libcjson-dev and build again");
    t->variants = calloc((size_t)exk_variant_rows(), sizeof *t->variants);
    if (!t->variants)
        return fail(CLI_LIMIT, "out of memory");
    const exit_code code = variants_select(t->s->variants, t->variants, &t->variant_count);
    if (code != CLI_OK)
        return code;
    t->variant_count = tune_choose_variants(t->variants, t->variant_count);
    if (exk_topology_load(&t->topology, &error) != EXK_OK)
        return fail_with(&error);
    if (!t->topology.this_system)
        return fail(CLI_USAGE, "%s: another machine; only this one can be tuned (exakt explain shows its plan)",
                    t->topology.source);
    exk_fingerprint_take(&t->topology, &t->machine);
    tune_keep_memory();
    interrupt_arm();
    return begin_log(t);
}

static void end(tuning *t) {
    tune_log_close(&t->log);
    free(t->past);
    free(t->variants);
    exk_topology_free(&t->topology);
}

/* What the last search like this one measured; what is measured now belongs to it. */
static void find_past(tuning *t, tune_run *r) {
    tune_find_past(r, t->past, t->past_count, &t->log.stamp);
    if (r->past_count > 0)
        memcpy(t->log.stamp.session, r->past[0].session, sizeof t->log.stamp.session);
}

/* The plan that a profile of this machine and build has for the very shape: a trial of the search, or -1. */
static int add_kept(const tuning *t, tune_run *r) {
    exk_profile profile;
    exk_error error;
    char text[EXK_PROFILE_NOTE_ROOM];
    exk_choice choice;
    int trial = -1;
    if (exk_profile_load(&t->machine, &profile, text, &error) != EXK_OK)
        return -1;
    if (text[0])
        warn("%s", text);
    const exk_profile_entry *entry = exk_profile_exact(&profile, &r->points.shape, r->points.threads, NULL);
    if (entry) {
        const exk_plan plan = exk_profile_plan(entry, &r->points.shape, r->points.threads);
        if (tune_choice(&r->space, &plan, &choice))
            trial = exk_search_add(&r->search, &choice);
    }
    exk_profile_free(&profile);
    return trial;
}

exk_profile_entry tune_entry(const tune_run *r) {
    const exk_search *s = &r->search;
    const exk_trial *chosen = &s->trials[s->chosen];
    const exk_plan plan =
        tune_plan(&r->space, r->points.topology, s, &chosen->choice, &r->points.shape, r->points.threads);
    exk_profile_entry entry = {.shape = r->points.shape,
                               .threads = r->points.threads,
                               .point_tile = plan.point_tile,
                               .centroid_tile = plan.centroid_tile,
                               .depth_tile = plan.depth_tile,
                               .matrix_bytes = plan.matrix_bytes,
                               .seconds = chosen->level,
                               .low = chosen->low,
                               .high = chosen->high,
                               .ties = s->ties,
                               .budget = s->budget};
    snprintf(entry.variant, sizeof entry.variant, "%s", plan.variant);
    exk_profile_stamp(&entry);
    return entry;
}

static exit_code keep_outcome(const tuning *t, const tune_run *r) {
    const exk_profile_entry entry = tune_entry(r);
    char text[EXK_PROFILE_NOTE_ROOM];
    exk_error error = {0};
    if (exk_profile_merge(&t->machine, &entry, 1, text, &error) != EXK_OK)
        return fail_writing(&error);
    if (text[0])
        warn("%s", text);
    return CLI_OK;
}

/* A kept plan stays unless another one is faster beyond doubt: whoever tunes twice need not get another plan. */
static void prefer_kept(exk_search *s, int kept) {
    const double most = 1.05;
    if (kept < 0 || s->best < 0)
        return;
    const exk_trial *old = &s->trials[kept], *best = &s->trials[s->best];
    if (old->tied || (old->low <= best->high && old->level <= most * best->level)) {
        s->chosen = kept;
        s->noise = fmax(s->noise, old->level / best->level - 1);
    }
}

static void warn_of_failures(tuning *t, const tune_run *r) {
    if (r->differing > 0) {
        warn("%d plans gave wrong labels and were not timed, the last one %s", r->differing, r->why);
        note(t, CLI_DIFFERS);
    } else if (r->unable > 0) {
        warn("%d plans could not be run, the last one %s", r->unable, r->why);
    }
}

static exit_code conclude(tuning *t, tune_run *r, exk_ending ending, int kept) {
    tune_show(t->s, "%s", "");
    if (r->error.status != EXK_OK && r->error.status != EXK_STOPPED && !interrupted() && !t->log.failed)
        return fail_with(&r->error);
    prefer_kept(&r->search, kept);
    warn_of_failures(t, r);
    tune_print_outcome(r, ending, kept);
    fflush(stdout);
    if (r->search.chosen < 0)
        return interrupted() || t->s->budget <= 0 ? CLI_OK : fail(CLI_VARIANT, "no plan could be measured");
    const exit_code code = keep_outcome(t, r);
    if (code != CLI_OK || r->search.trials[r->search.chosen].count == 0)
        return code;
    const exk_plan plan =
        tune_plan(&r->space, &t->topology, &r->search, &r->search.trials[r->search.chosen].choice,
                  &r->points.shape, r->points.threads);
    return tune_count_chosen(r, &plan, &t->machine);
}

/* Every second place of the axes of points and centroids, beside the chosen plan. */
static int list_grid(exk_search *s, int *list, int room) {
    const exk_choice chosen = s->trials[s->chosen].choice;
    const exk_axis *points = &s->arms[chosen.arm].axis[EXK_POINT_TILE],
                   *centroids = &s->arms[chosen.arm].axis[EXK_CENTROID_TILE];
    int count = 0;
    list[count++] = s->chosen;
    for (int i = points->seed % 2; i < points->count; i += 2) {
        for (int j = centroids->seed % 2; j < centroids->count && count < room; j += 2) {
            exk_choice choice = chosen;
            choice.at[EXK_POINT_TILE] = i;
            choice.at[EXK_CENTROID_TILE] = j;
            const int trial = exk_search_add(s, &choice);
            if (trial >= 0 && trial != s->chosen && !s->trials[trial].failed)
                list[count++] = trial;
        }
    }
    return count;
}

/* Twice: one sample may have been disturbed. */
static void measure_grid(exk_search *s) {
    int list[EXK_AXIS_MOST * EXK_AXIS_MOST / 4 + 1];
    if (s->chosen < 0)
        return;
    s->stage = EXK_STAGE_GRID;
    const int count = list_grid(s, list, (int)(sizeof list / sizeof *list));
    if (exk_search_round(s, list, count))
        exk_search_round(s, list, count);
}

static exit_code search_plan(tuning *t, tune_run *r) {
    r->search = (exk_search){.arms = r->space.arms,
                             .arm_count = r->space.count,
                             .budget = t->s->budget,
                             .measure = tune_measure_round,
                             .user = r};
    if (!exk_search_begin(&r->search))
        return fail(CLI_LIMIT, "out of memory");
    /* A search that goes on must ask what it asked before; what was kept since is among its trials anyway. */
    const bool goes_on = r->past_count > 0;
    int kept = goes_on ? -1 : add_kept(t, r);
    r->search.kept = kept;
    r->search.prior = tune_prior(&r->space, &r->points.shape);
    const exk_ending ending = exk_search_run(&r->search);
    if (t->s->grid && ending != EXK_ENDED_STOP)
        measure_grid(&r->search);
    if (goes_on)
        kept = add_kept(t, r);
    if (kept >= 0 && r->search.trials[kept].count == 0)
        kept = -1;
    const exit_code code = conclude(t, r, ending, kept);
    exk_search_free(&r->search);
    return code;
}

static exit_code tune_one(tuning *t, const char *input, const exk_shape *shape, bool generated, int threads) {
    tune_run r = {.s = t->s, .log = &t->log};
    r.points = (tune_case){.s = t->s,
                           .input = input,
                           .generated = generated,
                           .shape = *shape,
                           .threads = threads,
                           .topology = &t->topology,
                           .window = window_seconds};
    t->log.stamp.shape = *shape;
    t->log.stamp.threads = threads;
    snprintf(t->log.stamp.input, sizeof t->log.stamp.input, "%s", input);
    memcpy(t->log.stamp.session, t->session, sizeof t->session);
    find_past(t, &r);
    exit_code code =
        tune_space_create(&r.space, &t->topology, t->variants, t->variant_count, shape, threads, tune_axis_ratio);
    if (code == CLI_OK)
        code = search_plan(t, &r);
    tune_case_end(&r.points);
    tune_space_free(&r.space);
    free(r.checked);
    free(r.past);
    return code;
}

static void tune_threads(tuning *t, const char *input, const exk_shape *shape, bool generated) {
    const count_list *given = &t->s->thread_list;
    if (given->count == 0)
        note(t, tune_one(t, input, shape, generated, exk_topology_threads(&t->topology)));
    for (int i = 0; i < given->count && !interrupted(); i++)
        note(t, tune_one(t, input, shape, generated, (int)given->value[i]));
}

static void tune_file(tuning *t, const char *input) {
    exk_shape shape;
    const exit_code code = tune_look_at(t->s, input, &shape);
    note(t, code);
    for (int i = 0; code == CLI_OK && i < t->s->k_list.count && !interrupted(); i++) {
        shape.k = t->s->k_list.value[i];
        if (shape.k > shape.n)
            note(t, fail(CLI_USAGE, "-k: %lld clusters for %lld points in %s; use at most as many",
                         (long long)shape.k, (long long)shape.n, input));
        else
            tune_threads(t, input, &shape, false);
    }
}

static void tune_input(tuning *t, const char *input) {
    exk_shape shape;
    if (!tune_is_shape(input))
        tune_file(t, input);
    else if (tune_parse_shape(input, &shape) == CLI_OK)
        tune_threads(t, input, &shape, true);
}

/* Before anything is measured. */
static exit_code check_inputs(const settings *s) {
    for (int i = 0; i < s->positionals; i++) {
        exk_shape shape;
        const bool is_shape = tune_is_shape(s->positional[i]);
        const exit_code code = is_shape ? tune_parse_shape(s->positional[i], &shape) : CLI_OK;
        if (code != CLI_OK)
            return code;
        if (!is_shape && s->k_list.count == 0)
            return fail(CLI_USAGE, "-k: missing; %s needs numbers of clusters, for example -k 100,256",
                        s->positional[i]);
    }
    return CLI_OK;
}

static exit_code tune(const settings *s) {
    tuning t = {.s = s, .log = {.file = -1, .lock = -1}};
    exit_code code = check_inputs(s);
    if (code != CLI_OK)
        return code;
    code = begin(&t);
    if (code == CLI_OK) {
        for (int i = 0; i < s->positionals && !interrupted(); i++)
            tune_input(&t, s->positional[i]);
        for (int i = 0; i < USUAL_SHAPES && s->positionals == 0 && !interrupted(); i++)
            tune_input(&t, usual_shapes[i]);
        code = t.code;
        if (!s->quiet)
            printf("measurements: %s\n", t.log.path);
    }
    if (interrupted())
        code = fail(CLI_INTERRUPTED, "interrupted; what was measured is kept, --resume goes on from there");
    end(&t);
    return code;
}

const command command_tune = {
    .name = "tune",
    .bit = CMD_TUNE,
    .synopsis = "[INPUT|SHAPE...] [-k K] [options]",
    .summary = "Find the fastest variant and tiles for a shape on this machine, and keep them.",
    .text =
        "SHAPE is points x dimensions x clusters, as 200000x768x1000 (k, m: thousands, millions), with generated\n"
        "points; an INPUT needs -k. Without either a small set of shapes is tuned.\n"
        "\n"
        "The cache model gives the first plan of every variant. Slow variants leave; around the best plans\n"
        "neighbours contend in interleaved rounds, the slower half leaving after each; then the fastest few are\n"
        "measured until they can be told apart, or cannot. Of those that cannot the one with the smallest tiles\n"
        "goes into the profile (exakt profile show), which every later run uses. A sample is one or more passes\n"
        "over enough points to fill 50 ms; every label of every sample is compared with the right one.\n"
        "Micro-kernel, packing and prefetching are fixed when exakt is compiled: each variant is one choice. How\n"
        "much variants skip depends on the points: they are tuned, by short fits, only where --variants names no\n"
        "others.\n"
        "\n"
        "At last the chosen plan is counted, as far as the machine counts (--counters); exakt explain shows "
        "that.\n"
        "\n"
        "Every sample is appended to a file in the cache folder (the last line of the output names it); Ctrl-C\n"
        "keeps them, and --resume goes on from there.\n"
        "\n"
        "examples:\n"
        "  exakt tune 200000x768x1000 --budget 30\n"
        "  exakt tune points.npy -k 1000 --variants 'fused*' --threads 1,2\n",
    .most = POSITIONALS_MAX,
    .run = tune,
};
