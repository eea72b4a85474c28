/* What an evaluation measures of a shape: the grid, a search as tuning makes it, and the ways side by side. */
#include "harness/evaluate.h"
#include "harness/interrupt.h"
#include "harness/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Neighbours on an axis of the grid differ by this factor. */
static const double grid_ratio = 2;

/* All plans once, so many in a round, beside some that are in every round; then twice the fastest eighth. */
enum { GRID_PIECE = 60, GRID_ANCHORS = 3, GRID_REPEATS = 2, GRID_PART = 8, GRID_FEWEST = 12 };

/* Of the grid's plans so many are compared once more with those of the three ways. */
enum { COMPARED_BEST = 3, COMPARED_MOST = COMPARED_BEST + EVALUATE_WAYS };

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

static bool begin_search(tune_run *r, double budget) {
    r->search = (exk_search){.arms = r->space.arms,
                             .arm_count = r->space.count,
                             .budget = budget,
                             .measure = tune_measure_round,
                             .user = r};
    return exk_search_begin(&r->search);
}

void evaluate_end_run(tune_run *r) {
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
        const int count = evaluate_fastest(s, keep, list);
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

exit_code evaluate_grid(evaluation *e, evaluate_shape *shape) {
    tune_run *r = &shape->grid;
    begin_run(e, r, shape, "grid");
    const exit_code code = tune_space_create(&r->space, &e->topology, e->grid_variants, e->grid_variant_count,
                                             &shape->shape, e->threads, grid_ratio);
    if (code != CLI_OK)
        return code;
    if (!begin_search(r, INFINITY) || !add_all(&r->search))
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

exit_code evaluate_tune(evaluation *e, evaluate_shape *shape) {
    tune_run r;
    begin_run(e, &r, shape, "tune");
    pass_points_on(&shape->grid, &r);
    exit_code code = tune_space_create(&r.space, &e->topology, e->variants, e->variant_count, &shape->shape,
                                       e->threads, tune_axis_ratio);
    if (code == CLI_OK && begin_search(&r, e->budget)) {
        r.search.prior = tune_prior(&r.space, &shape->shape);
        const exk_ending ending = exk_search_run(&r.search);
        if (ending == EXK_ENDED_STOP || r.search.chosen < 0)
            code = failure_of(&r);
        else
            shape->entry = tune_entry(&r);
        shape->tune_seconds = r.search.spent;
        shape->tune_plans = r.search.count;
        shape->tune_samples = r.samples;
    }
    pass_points_on(&r, &shape->grid);
    evaluate_end_run(&r);
    return code;
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
    const int count = evaluate_fastest(&grid->search, COMPARED_BEST, best);
    for (int i = 0; i < count; i++) {
        const exk_plan plan = tune_plan(&grid->space, &e->topology, &grid->search,
                                        &grid->search.trials[best[i]].choice, &shape->shape, e->threads);
        add_plan_arm(space, &plan);
    }
    return true;
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
        shape->way[way].gap = evaluate_gap(s, arm[way]);
    }
    shape->is_done = true;
}

exit_code evaluate_compare(evaluation *e, evaluate_shape *shape, const exk_profile *profile) {
    tune_run r;
    int arm[EVALUATE_WAYS], list[COMPARED_MOST];
    begin_run(e, &r, shape, "compare");
    bool good = plan_comparison(e, shape, profile, &r.space, arm) && begin_search(&r, INFINITY);
    r.search.stage = EXK_STAGE_COMPARE;
    for (int i = 0; good && i < r.search.count; i++)
        list[i] = i;
    for (int round = 0; good && round < EVALUATE_ROUNDS; round++)
        good = exk_search_round(&r.search, list, r.search.count);
    for (int i = 0; good && i < r.search.count; i++)
        good = r.search.trials[i].count == EVALUATE_ROUNDS;
    const exit_code code = good ? CLI_OK : failure_of(&r);
    if (good)
        keep_comparison(e, shape, &r, arm);
    tune_show(e->s, "%s", "");
    evaluate_end_run(&r);
    return code;
}
