/* evaluate: how far from the best the plans of model, profile and a fixed configuration are, over many shapes. */
#include "harness/evaluate.h"
#include "harness/interrupt.h"
#include "harness/json.h"
#include "harness/output.h"
#include "harness/report.h"
#include "harness/run.h"
#include "harness/variants.h"
#include "tuner/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const evaluate_way_name[EVALUATE_WAYS] = {"model", "profile", "fixed"};

/* From a few dimensions to embeddings, from a few clusters to thousands; the second half is never tuned, and each
 * of its shapes has a tuned one within a factor of two. */
static const exk_shape all_shapes[] = {
    {200000, 2, 16},    {200000, 2, 100},   {200000, 2, 1000},  {200000, 8, 64},     {200000, 8, 512},
    {200000, 16, 16},   {200000, 16, 256},  {200000, 32, 100},  {200000, 32, 1000},  {200000, 64, 32},
    {200000, 64, 256},  {200000, 128, 16},  {200000, 128, 256}, {200000, 128, 1000}, {200000, 256, 64},
    {200000, 256, 512}, {200000, 512, 256}, {200000, 768, 100}, {200000, 768, 1000}, {200000, 1536, 256},
    {200000, 3, 24},    {200000, 3, 128},   {200000, 2, 700},   {200000, 6, 80},     {200000, 10, 400},
    {200000, 12, 20},   {200000, 20, 200},  {200000, 24, 128},  {200000, 40, 800},   {200000, 48, 40},
    {200000, 80, 200},  {200000, 100, 20},  {200000, 96, 300},  {200000, 160, 900},  {200000, 200, 80},
    {200000, 300, 400}, {200000, 384, 256}, {200000, 600, 120}, {200000, 960, 700},  {200000, 1200, 200}};
enum { SHAPES = sizeof all_shapes / sizeof all_shapes[0], TUNED = 20 };

/* Neighbours on an axis of the grid differ by this factor. */
static const double grid_ratio = 2;

/* All plans once, so many in a round, beside some that are in every round; then twice the fastest eighth. */
enum { GRID_PIECE = 60, GRID_ANCHORS = 3, GRID_REPEATS = 2, GRID_PART = 8, GRID_FEWEST = 12 };

/* Of the grid's plans so many are compared once more with those of the three ways, in so many rounds. */
enum { COMPARED_BEST = 3, COMPARE_ROUNDS = 16, COMPARED_MOST = COMPARED_BEST + EVALUATE_WAYS };

/* --- one measured thing: a grid, a search, a comparison --- */

static void begin_run(evaluation *e, tune_run *r, const evaluate_shape *shape, const char *what) {
    tune_record *stamp = &e->log.stamp;
    *r = (tune_run){.s = e->s, .log = &e->log};
    r->points = (tune_case){.s = e->s,
                            .input = what,
                            .generated = true,
                            .shape = shape->shape,
                            .threads = e->threads,
                            .topology = &e->topology,
                            .window = e->window};
    stamp->shape = shape->shape;
    stamp->threads = e->threads;
    snprintf(stamp->input, sizeof stamp->input, "evaluate%s: %s", e->s->quick ? " --quick" : "", what);
    memcpy(stamp->session, e->session, sizeof stamp->session);
    tune_find_past(r, e->past, e->past_count, stamp);
    if (r->past_count > 0)
        memcpy(stamp->session, r->past[0].session, sizeof stamp->session);
}

static bool begin_search(evaluation *e, tune_run *r, double budget) {
    r->search = (exk_search){.arms = r->space.arms,
                             .arm_count = r->space.count,
                             .budget = budget,
                             .measure = tune_measure_round,
                             .user = r};
    (void)e;
    return exk_search_begin(&r->search);
}

static void end_run(tune_run *r) {
    exk_search_free(&r->search);
    tune_case_end(&r->points);
    tune_space_free(&r->space);
    free(r->checked);
    free(r->past);
    r->checked = NULL;
    r->past = NULL;
}

/* Points that one run has made serve the next one. */
static void pass_points_on(tune_run *from, tune_run *to) {
    const char *input = to->points.input;
    to->points = from->points;
    to->points.input = input;
    from->points.data = NULL;
    from->points.rows = from->points.centroids = NULL;
    from->points.labels = NULL;
}

static exit_code failure_of(const tune_run *r) {
    if (interrupted())
        return CLI_INTERRUPTED;
    if (r->error.status != EXK_OK)
        return fail_with(&r->error);
    return fail(CLI_LIMIT, "out of memory");
}

/* --- the grid --- */

/* Every choice of every arm as a trial. */
static bool add_all(exk_search *s) {
    for (int arm = 0; arm < s->arm_count; arm++) {
        const exk_axis *axis = s->arms[arm].axis;
        int total = 1;
        for (int field = 0; field < EXK_FIELD_COUNT; field++)
            total *= axis[field].count > 0 ? axis[field].count : 1;
        for (int i = 0; i < total; i++) {
            exk_choice choice = {.arm = arm};
            for (int field = 0, rest = i; field < EXK_FIELD_COUNT; field++) {
                const int places = axis[field].count > 0 ? axis[field].count : 1;
                choice.at[field] = rest % places;
                rest /= places;
            }
            if (exk_search_add(s, &choice) < 0)
                return false;
        }
    }
    return true;
}

/* The fastest `keep` trials to list. */
static int fastest(const exk_search *s, int keep, int *list) {
    int count = 0;
    for (int i = 0; i < s->count; i++) {
        if (s->trials[i].failed || s->trials[i].count == 0)
            continue;
        int at = count < keep ? count++ : keep;
        for (; at > 0 && s->trials[list[at - 1]].level > s->trials[i].level; at--)
            if (at < keep)
                list[at] = list[at - 1];
        if (at < keep)
            list[at] = i;
    }
    return count;
}

/* Every plan once. The pieces are spread over the grid, and the first plans, the model's among them, are in all.
 */
static bool measure_pieces(exk_search *s) {
    const int pieces = (s->count + GRID_PIECE - 1) / GRID_PIECE, all = s->count;
    int list[GRID_PIECE + GRID_ANCHORS];
    for (int piece = 0; piece < pieces; piece++) {
        int count = 0;
        for (int i = 0; i < GRID_ANCHORS && i < all; i++)
            list[count++] = i;
        for (int i = piece; i < all; i += pieces)
            if (i >= GRID_ANCHORS)
                list[count++] = i;
        if (!exk_search_round(s, list, count))
            return false;
    }
    return true;
}

static bool measure_fastest(exk_search *s) {
    int list[GRID_PIECE];
    const int part = s->count / GRID_PART;
    const int keep = part < GRID_FEWEST ? GRID_FEWEST : part > GRID_PIECE ? GRID_PIECE : part;
    for (int round = 0; round < GRID_REPEATS; round++) {
        const int count = fastest(s, keep, list);
        if (!exk_search_round(s, list, count))
            return false;
    }
    return true;
}

/* The plans of these variants that tuning chooses from. */
static int count_fine(const evaluation *e, const exk_shape *shape) {
    tune_space space;
    int all = 0;
    if (tune_space_create(&space, &e->topology, e->grid_variants, e->grid_variant_count, shape, e->threads,
                          tune_axis_ratio) != CLI_OK)
        return 0;
    for (int arm = 0; arm < space.count; arm++) {
        int plans = 1;
        for (int field = 0; field < EXK_FIELD_COUNT; field++)
            plans *= space.arms[arm].axis[field].count > 0 ? space.arms[arm].axis[field].count : 1;
        all += plans;
    }
    tune_space_free(&space);
    return all;
}

static exit_code measure_grid(evaluation *e, evaluate_shape *shape) {
    tune_run *r = &shape->grid;
    begin_run(e, r, shape, "grid");
    const exit_code code = tune_space_create(&r->space, &e->topology, e->grid_variants, e->grid_variant_count,
                                             &shape->shape, e->threads, grid_ratio);
    if (code != CLI_OK)
        return code;
    if (!begin_search(e, r, INFINITY) || !add_all(&r->search))
        return failure_of(r);
    r->search.stage = EXK_STAGE_GRID;
    const bool good = measure_pieces(&r->search) && measure_fastest(&r->search);
    shape->grid_plans = r->search.count;
    shape->grid_seconds = r->search.spent;
    shape->fine_plans = count_fine(e, &shape->shape);
    for (int i = 0; i < r->search.count; i++)
        shape->grid_samples += r->search.trials[i].count;
    return good ? CLI_OK : failure_of(r);
}

/* --- tuning --- */

static void keep_entry(evaluation *e, evaluate_shape *shape, const tune_run *r) {
    const exk_trial *chosen = &r->search.trials[r->search.chosen];
    const exk_plan plan =
        tune_plan(&r->space, &e->topology, &r->search, &chosen->choice, &shape->shape, e->threads);
    shape->entry = (exk_profile_entry){.shape = shape->shape,
                                       .threads = e->threads,
                                       .point_tile = plan.point_tile,
                                       .centroid_tile = plan.centroid_tile,
                                       .depth_tile = plan.depth_tile,
                                       .matrix_bytes = plan.matrix_bytes,
                                       .seconds = chosen->level,
                                       .low = chosen->low,
                                       .high = chosen->high,
                                       .ties = r->search.ties};
    snprintf(shape->entry.variant, sizeof shape->entry.variant, "%s", plan.variant);
    exk_profile_stamp(&shape->entry);
}

static exit_code tune_shape(evaluation *e, evaluate_shape *shape) {
    tune_run r;
    begin_run(e, &r, shape, "tune");
    pass_points_on(&shape->grid, &r);
    exit_code code = tune_space_create(&r.space, &e->topology, e->variants, e->variant_count, &shape->shape,
                                       e->threads, tune_axis_ratio);
    if (code == CLI_OK && begin_search(e, &r, e->budget)) {
        r.search.prior = tune_prior(&r.space, &shape->shape);
        const exk_ending ending = exk_search_run(&r.search);
        if (ending == EXK_ENDED_STOP || r.search.chosen < 0)
            code = failure_of(&r);
        else
            keep_entry(e, shape, &r);
        shape->tune_seconds = r.search.spent;
        shape->tune_plans = r.search.count;
        shape->tune_samples = r.samples;
    }
    pass_points_on(&r, &shape->grid);
    end_run(&r);
    return code;
}

/* --- the fixed configuration --- */

/* Tiles that every shape rounds to what it can use. */
static const int64_t fixed_points[] = {48, 96, 192, 384, 768}, fixed_centroids[] = {16, 64, 128, 256, 1024},
                     fixed_depths[] = {64, 128, 384, 2048};

/* The log of what a configuration takes on the grid of a shape, beside the fastest plan there. */
static double fixed_loss(const evaluation *e, const evaluate_shape *shape, const exk_plan *config) {
    const tune_run *r = &shape->grid;
    exk_choice choice;
    exk_plan plan = *config;
    exk_plan_complete(&plan, exk_variant_find(config->variant), &shape->shape);
    if (!tune_choice(&r->space, &plan, &choice))
        return INFINITY;
    (void)e;
    const double best = r->search.trials[r->search.best].level;
    for (int i = 0; i < r->search.count; i++)
        if (memcmp(&r->search.trials[i].choice, &choice, sizeof choice) == 0 && r->search.trials[i].count > 0)
            return fmax(log(r->search.trials[i].level / best), 0);
    return INFINITY;
}

/* With the least loss over all shapes: better than anyone could choose without having measured them all. */
static void choose_fixed(evaluation *e) {
    double least = INFINITY;
    for (int v = 0; v < e->grid_variant_count; v++)
        for (size_t i = 0; i < sizeof fixed_points / sizeof *fixed_points; i++)
            for (size_t j = 0; j < sizeof fixed_centroids / sizeof *fixed_centroids; j++)
                for (size_t k = 0; k < sizeof fixed_depths / sizeof *fixed_depths; k++) {
                    const exk_plan config = {.variant = e->grid_variants[v]->name,
                                             .threads = e->threads,
                                             .point_tile = fixed_points[i],
                                             .centroid_tile = fixed_centroids[j],
                                             .depth_tile = fixed_depths[k]};
                    double loss = 0;
                    for (int shape = 0; shape < e->count; shape++)
                        loss += fixed_loss(e, &e->shapes[shape], &config);
                    if (loss < least) {
                        least = loss;
                        e->fixed = config;
                    }
                }
}

/* --- the comparison --- */

static exk_plan plan_of_way(const evaluation *e, const evaluate_shape *shape, const exk_profile *profile,
                            evaluate_way way) {
    exk_plan plan = {.variant = exk_variant_auto(&shape->shape)->name, .threads = e->threads};
    const exk_profile_entry *entry = NULL;
    if (way == EVALUATE_PROFILE && shape->held_out)
        entry = exk_profile_near(profile, &shape->shape, e->threads, NULL);
    else if (way == EVALUATE_PROFILE)
        entry = &shape->entry;
    if (way == EVALUATE_FIXED)
        plan = e->fixed;
    if (entry)
        return exk_profile_plan(entry, &shape->shape, e->threads);
    if (way == EVALUATE_FIXED)
        exk_plan_complete(&plan, exk_variant_find(plan.variant), &shape->shape);
    else
        exk_plan_model(&e->topology, &shape->shape, &plan);
    return plan;
}

/* An arm for each plan, with one value on each axis. */
static int add_plan_arm(tune_space *space, const exk_plan *plan) {
    const exk_variant *variant = exk_variant_find(plan->variant);
    exk_arm arm = {.axis = {{.count = 0}}};
    const int64_t values[EXK_FIELD_COUNT] = {plan->point_tile, plan->centroid_tile, plan->depth_tile,
                                             plan->matrix_bytes};
    for (int i = 0; i < EXK_TUNABLES_MAX && variant->tunables[i].max > 0; i++) {
        exk_axis *axis = &arm.axis[variant->tunables[i].field];
        axis->count = 1;
        axis->value[0] = values[variant->tunables[i].field];
    }
    for (int i = 0; i < space->count; i++) {
        bool same = space->variants[i] == variant;
        for (int field = 0; field < EXK_FIELD_COUNT; field++)
            same = same && space->arms[i].axis[field].value[0] == arm.axis[field].value[0];
        if (same)
            return i;
    }
    space->variants[space->count] = variant;
    space->arms[space->count] = arm;
    return space->count++;
}

static bool plan_comparison(evaluation *e, evaluate_shape *shape, const exk_profile *profile, tune_space *space,
                            int arm[EVALUATE_WAYS]) {
    int best[COMPARED_BEST];
    *space = (tune_space){.variants = calloc(COMPARED_MOST, sizeof *space->variants),
                          .arms = calloc(COMPARED_MOST, sizeof *space->arms)};
    if (!space->variants || !space->arms)
        return false;
    for (int way = 0; way < EVALUATE_WAYS; way++) {
        evaluate_plan *p = &shape->way[way];
        p->plan = plan_of_way(e, shape, profile, (evaluate_way)way);
        p->variant = exk_variant_find(p->plan.variant);
        arm[way] = add_plan_arm(space, &p->plan);
    }
    const tune_run *grid = &shape->grid;
    const int count = fastest(&grid->search, COMPARED_BEST, best);
    for (int i = 0; i < count; i++) {
        const exk_plan plan = tune_plan(&grid->space, &e->topology, &grid->search,
                                        &grid->search.trials[best[i]].choice, &shape->shape, e->threads);
        add_plan_arm(space, &plan);
    }
    return true;
}

/* The median of how much longer a trial takes than another one, over the rounds of one half: every second one. */
static double half_ratio(const exk_search *s, int trial, int other, int half) {
    double ratio[COMPARE_ROUNDS];
    int count = 0;
    for (int round = half; round < COMPARE_ROUNDS; round += 2)
        ratio[count++] = s->trials[trial].seconds[round] / s->trials[other].seconds[round];
    return stats_median(ratio, count);
}

/* The trial that is the fastest in one half of the rounds. */
static int half_best(const exk_search *s, int half) {
    int best = 0;
    for (int i = 1; i < s->count; i++)
        if (half_ratio(s, i, 0, half) < half_ratio(s, best, 0, half))
            best = i;
    return best;
}

/* Which plan is the fastest is found in one half of the rounds, how far another one is from it in the other half,
 * and the other way round: to be called the best by luck gains nothing. Plans that are alike have gaps around 0.
 */
static double gap_of(const exk_search *s, int trial) {
    return (half_ratio(s, trial, half_best(s, 0), 1) + half_ratio(s, trial, half_best(s, 1), 0)) / 2 - 1;
}

static void keep_comparison(evaluation *e, evaluate_shape *shape, const tune_run *r,
                            const int arm[EVALUATE_WAYS]) {
    const exk_search *s = &r->search;
    const exk_trial *best = &s->trials[s->best];
    shape->best.variant = r->space.variants[best->choice.arm];
    shape->best.plan = tune_plan(&r->space, &e->topology, s, &best->choice, &shape->shape, e->threads);
    shape->best.seconds = best->level;
    for (int way = 0; way < EVALUATE_WAYS; way++) {
        shape->way[way].seconds = s->trials[arm[way]].level;
        shape->way[way].gap = gap_of(s, arm[way]);
    }
    shape->is_done = true;
}

static exit_code compare_shape(evaluation *e, evaluate_shape *shape, const exk_profile *profile) {
    tune_run r;
    int arm[EVALUATE_WAYS], list[COMPARED_MOST];
    begin_run(e, &r, shape, "compare");
    bool good = plan_comparison(e, shape, profile, &r.space, arm) && begin_search(e, &r, INFINITY);
    r.search.stage = EXK_STAGE_COMPARE;
    for (int i = 0; good && i < r.search.count; i++)
        list[i] = i;
    for (int round = 0; good && round < COMPARE_ROUNDS; round++)
        good = exk_search_round(&r.search, list, r.search.count);
    for (int i = 0; good && i < r.search.count; i++)
        good = r.search.trials[i].count == COMPARE_ROUNDS;
    const exit_code code = good ? CLI_OK : failure_of(&r);
    if (good)
        keep_comparison(e, shape, &r, arm);
    tune_show(e->s, "%s", "");
    end_run(&r);
    return code;
}

/* --- the whole --- */

/* The tile variants of the instruction set that "auto" takes. */
static exit_code choose_grid_variants(evaluation *e) {
    const exk_variant *automatic = exk_variant_auto(&all_shapes[0]);
    e->grid_variants = calloc((size_t)exk_variant_rows(), sizeof *e->grid_variants);
    if (!automatic || !e->grid_variants)
        return fail(CLI_LIMIT, "no variant, or no memory");
    for (int i = 0; i < e->variant_count; i++) {
        const exk_variant *v = e->variants[i];
        bool has_tiles = false;
        for (int j = 0; j < EXK_TUNABLES_MAX && v->tunables[j].max > 0; j++)
            has_tiles = has_tiles || v->tunables[j].field == EXK_CENTROID_TILE;
        if (has_tiles && !variant_skips(v) && strcmp(v->isa, automatic->isa) == 0)
            e->grid_variants[e->grid_variant_count++] = v;
    }
    return e->grid_variant_count > 0
               ? CLI_OK
               : fail(CLI_VARIANT, "--variants: none of them has tiles and the strongest instruction set");
}

static exit_code open_log(evaluation *e) {
    exk_error error = {0};
    int damaged = 0;
    if (tune_log_open(&e->machine, &e->log, &error) != EXK_OK)
        return fail_writing(&error);
    memcpy(e->session, e->log.stamp.session, sizeof e->session);
    if (e->log.busy)
        warn("another exakt tune runs on this machine just now: each disturbs what the other measures");
    if (e->s->resume && tune_log_read(e->log.path, &e->past, &e->past_count, &damaged, &error) != EXK_OK)
        return fail_with(&error);
    if (damaged > 0)
        warn("%s: %d damaged line%s left out", e->log.path, damaged, damaged == 1 ? "" : "s");
    return CLI_OK;
}

static exit_code choose_shapes(evaluation *e) {
    e->shapes = calloc(SHAPES, sizeof *e->shapes);
    if (!e->shapes)
        return fail(CLI_LIMIT, "out of memory");
    for (int i = 0; i < SHAPES; i++) {
        evaluate_shape shape = {.shape = all_shapes[i], .held_out = i >= TUNED, .tune_seconds = NAN};
        e->shapes[e->count++] = shape;
    }
    return CLI_OK;
}

static exit_code begin(evaluation *e) {
    exk_error error = {0};
    if (exk_topology_load(&e->topology, &error) != EXK_OK)
        return fail_with(&error);
    if (!e->topology.this_system)
        return fail(CLI_USAGE, "%s: another machine; only this one can be measured", e->topology.source);
    exk_fingerprint_take(&e->topology, &e->machine);
    const count_list *given = &e->s->thread_list;
    e->threads = given->count > 0 ? (int)given->value[0] : exk_topology_threads(&e->topology);
    e->window = e->s->quick ? 0.02 : 0.05;
    e->budget = e->s->quick ? 8 : 15;
    e->variants = calloc((size_t)exk_variant_rows(), sizeof *e->variants);
    if (!e->variants)
        return fail(CLI_LIMIT, "out of memory");
    exit_code code = variants_select(e->s->variants, e->variants, &e->variant_count);
    if (code != CLI_OK)
        return code;
    e->variant_count = tune_choose_variants(e->variants, e->variant_count);
    code = choose_grid_variants(e);
    if (code == CLI_OK)
        code = choose_shapes(e);
    return code == CLI_OK ? open_log(e) : code;
}

/* Grids first, and tuning where it is due. */
static exit_code measure_shapes(evaluation *e) {
    exit_code code = CLI_OK;
    for (int i = 0; i < e->count && code == CLI_OK; i++) {
        evaluate_shape *shape = &e->shapes[i];
        tune_show(e->s, "shape %d of %d", i + 1, e->count);
        code = measure_grid(e, shape);
        if (code == CLI_OK && !shape->held_out)
            code = tune_shape(e, shape);
        tune_case_end(&shape->grid.points);
    }
    return code;
}

static exit_code compare_shapes(evaluation *e) {
    exit_code code = CLI_OK;
    exk_profile profile = {.machine = e->machine};
    for (int i = 0; i < e->count; i++)
        if (!e->shapes[i].held_out && !exk_profile_add(&profile, &e->shapes[i].entry, 1))
            code = fail(CLI_LIMIT, "out of memory");
    choose_fixed(e);
    for (int i = 0; i < e->count && code == CLI_OK; i++) {
        code = compare_shape(e, &e->shapes[i], &profile);
        if (code == CLI_OK && !e->s->quiet)
            evaluate_print_shape(&e->shapes[i], i, e->count);
    }
    exk_profile_free(&profile);
    return code;
}

static void end(evaluation *e) {
    for (int i = 0; i < e->count; i++)
        end_run(&e->shapes[i].grid);
    free(e->shapes);
    free(e->past);
    free(e->variants);
    free(e->grid_variants);
    tune_log_close(&e->log);
    exk_topology_free(&e->topology);
}

static exit_code check_outputs(const settings *s) {
    exit_code code = json_check(s->json);
    if (code == CLI_OK && s->csv)
        code = output_check("--csv", s->csv);
    return code;
}

static exit_code evaluate(const settings *s) {
    evaluation e = {.s = s, .log = {.file = -1, .lock = -1}};
    exit_code code = check_outputs(s);
    if (code != CLI_OK)
        return code;
    code = begin(&e);
    if (code == CLI_OK) {
        tune_keep_memory();
        interrupt_arm();
        code = measure_shapes(&e);
    }
    if (code == CLI_OK)
        code = compare_shapes(&e);
    tune_show(s, "%s", "");
    if (code == CLI_OK) {
        evaluate_print(&e);
        code = evaluate_write(&e);
    }
    if (code == CLI_INTERRUPTED)
        fail(code, "interrupted; what was measured is kept, --resume goes on from there");
    end(&e);
    return code;
}

const command command_evaluate = {
    .name = "evaluate",
    .bit = CMD_EVALUATE,
    .synopsis = "[--quick] [--resume] [options]",
    .summary = "How far from the best the plans of model, profile and a fixed configuration are, over 40 shapes.",
    .text =
        "Of every shape all plans of a grid are measured: the tile variants of the strongest instruction set,\n"
        "every tile at powers of two from the model's own; all plans once, the fastest eighth of them twice "
        "more.\n"
        "20 of the shapes are tuned, the other 20 get the profile of the nearest tuned shape. At last the plans\n"
        "of model, profile and the one configuration that is best over all shapes are measured side by side with\n"
        "the three fastest of the grid, in 16 rounds; gaps are to the fastest of them all, which is found in one\n"
        "half of the rounds and compared with in the other, so that luck gains nothing. Nothing goes into the\n"
        "profile. Takes about an hour, --quick (shorter samples) about 15 minutes; Ctrl-C and --resume cut it "
        "into "
        "pieces.\n"
        "\n"
        "example:\n"
        "  exakt evaluate --quick --threads 1 --csv gaps.csv\n",
    .run = evaluate,
};
