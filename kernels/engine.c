/* Which variant makes a pass. A plain one chooses the first centroids; the iterations begin with one that keeps
 * the points' bytes where that pays, else with the plain one. Then one that skips takes over: its first pass skips
 * nothing but finds the bounds, and those after it are held against the passes before, all by the clock. Where
 * skipping does not pay it is left again, and tried anew when far fewer points move. */
#include <string.h>

#include "kernels/run.h"

/* Passes that must be left for a probe, and that are expected to come at least; how many failed probes a failed
 * trial counts for, and one after which even passes with bounds at hand would not pay. */
enum { TRIAL_LEAST = 3, COME_LEAST = 8, TRIAL_WEIGHT = 4, VAIN_WEIGHT = 3, SLOW_MOST = 2 };
#define PROBING_MOST (1.0 / 16.0) /* of the time that iterations took: then probes must wait */
#define LATER        (4.0 / 3.0)  /* what a pass with bounds takes of one with fresh bounds */

/* No larger than leaves each thread several tiles: a tile has its memory, and who ends early should find work. */
static int64_t default_point_tile(const exk_plan *plan, const exk_variant *variant, const exk_shape *shape) {
    enum { TILES_PER_THREAD = 4 };
    exk_plan complete = *plan;
    exk_plan_complete(&complete, variant, shape);
    const int64_t most = shape->n / complete.threads / TILES_PER_THREAD + 1;
    return complete.point_tile < most ? complete.point_tile : most;
}

static exk_shape shape_of(const exk_run *run) {
    return (exk_shape){run->points.n, run->points.d, run->k};
}

static void make_engine(exk_run *run, const exk_variant *variant, exk_engine *engine) {
    const exk_shape shape = shape_of(run);
    engine->variant = variant;
    engine->kernel = exk_variant_kernel(variant);
    engine->plan = run->options->plan;
    if (engine->plan.point_tile == 0)
        engine->plan.point_tile = default_point_tile(&engine->plan, variant, &shape);
    exk_plan_complete(&engine->plan, variant, &shape);
    engine->scratch = engine->kernel->scratch_bytes(&shape, &engine->plan);
    engine->roundings = engine->kernel->roundings(&shape, &engine->plan);
}

static bool is_automatic(const char *name) {
    return !name || strcmp(name, "auto") == 0;
}

static exk_status find_variant(const exk_run *run, const char *name, const exk_variant **variant,
                               exk_error *error) {
    const exk_shape shape = shape_of(run);
    *variant = is_automatic(name) ? exk_variant_auto(&shape) : exk_variant_find(name);
    if (!*variant)
        return is_automatic(name)
                   ? exk_fail(error, EXK_ERR_VARIANT, "no variant can run here; check EXAKT_ISA")
                   : exk_fail(error, EXK_ERR_VARIANT, "unknown variant %s; `exakt list` names them", name);
    const char *obstacle = exk_variant_obstacle(*variant);
    if (obstacle)
        return exk_fail(error, EXK_ERR_VARIANT, "%s cannot run here: %s", (*variant)->name, obstacle);
    if (!exk_variant_fits(*variant, &shape) || run->points.stride > (*variant)->limits.d_max)
        return exk_fail(error, EXK_ERR_VARIANT, "%s does not take k = %lld, d = %lld; choose another variant",
                        (*variant)->name, (long long)run->k, (long long)run->points.d);
    return EXK_OK;
}

static bool has(const exk_run *run, int role) {
    return run->engine[role].kernel != NULL;
}

/* The engines of a fit beside the plain one. Its own bounds, if it has any, would not outlast the probes. */
static exk_status find_others(exk_run *run, exk_error *error) {
    const exk_plan *plan = &run->options->plan;
    const exk_shape shape = shape_of(run);
    const exk_variant *skipping = NULL, *keeping = NULL;
    if (!run->fits || (plan->skipping && strcmp(plan->skipping, "none") == 0))
        return EXK_OK;
    if (plan->skipping) {
        const exk_status status = find_variant(run, plan->skipping, &skipping, error);
        if (status != EXK_OK)
            return status;
        if (!exk_variant_kernel(skipping)->survivors)
            return exk_fail(error, EXK_ERR_VARIANT, "%s does not skip; `exakt list` names those that do",
                            skipping->name);
    } else if (is_automatic(plan->variant)) {
        skipping = exk_variant_skipping(&shape);
    }
    if (run->engine[EXK_PLAIN].kernel->survivors)
        return EXK_OK;
    if (skipping)
        keeping = exk_variant_keeping(run->engine[EXK_PLAIN].variant, &shape);
    if (keeping)
        make_engine(run, keeping, &run->engine[EXK_KEEPING]);
    if (skipping)
        make_engine(run, skipping, &run->engine[EXK_SKIPPING]);
    return EXK_OK;
}

/* The tiles, variant, kernel and roundings of the engine are the run's from now on. */
static void use(exk_run *run, int role) {
    const exk_engine *engine = &run->engine[role];
    if (run->variant != engine->variant)
        run->has_state = false;
    run->trial.passes = 0;
    run->variant = engine->variant;
    run->kernel = engine->kernel;
    run->scratch = engine->scratch;
    run->shared = engine->shared;
    run->filter.roundings = engine->roundings;
    run->plan.variant = engine->variant->name;
    run->plan.point_tile = engine->plan.point_tile;
    run->plan.centroid_tile = engine->plan.centroid_tile;
    run->plan.depth_tile = engine->plan.depth_tile;
    run->plan.matrix_bytes = engine->plan.matrix_bytes;
}

exk_status exk_run_choose_variants(exk_run *run, exk_error *error) {
    const exk_variant *variant;
    const exk_status status = find_variant(run, run->options->plan.variant, &variant, error);
    if (status != EXK_OK)
        return status;
    memset(run->engine, 0, sizeof run->engine);
    make_engine(run, variant, &run->engine[EXK_PLAIN]);
    run->plan = run->engine[EXK_PLAIN].plan;
    run->bulk = exk_bulk_for(variant->isa);
    use(run, EXK_PLAIN);
    return find_others(run, error);
}

/* What is kept of the bytes helps every pass, bounds only later ones: they go first, unless the others need less.
 */
bool exk_run_leaner(exk_run *run) {
    const exk_shape shape = shape_of(run);
    exk_engine *skipping = &run->engine[EXK_SKIPPING], *keeping = &run->engine[EXK_KEEPING];
    run->plan.skipping = NULL;
    if (keeping->kernel && skipping->kernel && skipping->scratch.per_point > keeping->scratch.per_point)
        skipping->kernel = NULL;
    else if (keeping->kernel) {
        const char *given = run->options->plan.skipping;
        const exk_variant *bounds = given ? exk_variant_find(given) : exk_variant_skipping(&shape);
        const exk_variant *leaner = exk_variant_leaner(keeping->variant, &shape);
        keeping->kernel = NULL;
        if (leaner)
            make_engine(run, leaner, keeping);
        else if (bounds)
            make_engine(run, bounds, skipping);
    } else if (skipping->kernel) {
        const exk_variant *leaner = exk_variant_leaner(skipping->variant, &shape);
        skipping->kernel = NULL;
        if (leaner)
            make_engine(run, leaner, skipping);
    } else
        return false;
    return true;
}

bool exk_run_may_skip(const exk_run *run) {
    return exk_run_last_engine(run)->kernel->survivors != NULL;
}

bool exk_run_wants_order(const exk_run *run) {
    for (int role = 0; role < EXK_ENGINES; role++) {
        if (has(run, role) && run->engine[role].kernel->ordered)
            return true;
    }
    return false;
}

const exk_engine *exk_run_last_engine(const exk_run *run) {
    int role = EXK_SKIPPING;
    while (!has(run, role))
        role--;
    return &run->engine[role];
}

void exk_run_start_engines(exk_run *run) {
    run->trial = (exk_trial){0};
    use(run, EXK_PLAIN);
}

static int role_without_bounds(const exk_run *run) {
    return has(run, EXK_KEEPING) ? EXK_KEEPING : EXK_PLAIN;
}

void exk_run_start_iterations(exk_run *run) {
    use(run, role_without_bounds(run));
}

/* A pass that skipped took that long. Once far too long, or twice too long, is enough. */
static bool gives_up(exk_trial *trial, double seconds) {
    if (seconds > trial->plain_seconds)
        trial->slow += seconds > 1.25 * trial->plain_seconds ? SLOW_MOST : 1;
    return trial->slow >= SLOW_MOST;
}

/* A pass that skipped nothing is over, and `left` may come. As many are expected as there were. Probes that find
 * nothing become rarer. */
static void consider_skipping(exk_run *run, int64_t done, int64_t left) {
    exk_trial *trial = &run->trial;
    if (left < TRIAL_LEAST || trial->wait-- > 0 || trial->probing > PROBING_MOST * trial->passing)
        return;
    const int64_t expected = done > COME_LEAST ? done : COME_LEAST;
    const double passes = (double)(expected < left ? expected : left);
    const double begun = exk_now();
    const exk_probe probe = exk_run_probe(run);
    trial->probing += exk_now() - begun;
    if (probe.finding + (passes - 1.0) * LATER * probe.skipping < passes * trial->plain_seconds) {
        use(run, EXK_SKIPPING);
        trial->slow = 0;
    } else {
        trial->failures += LATER * probe.skipping < trial->plain_seconds ? 1 : VAIN_WEIGHT;
        trial->wait = trial->failures / 2;
    }
}

void exk_run_choose_engine(exk_run *run, const exk_iteration *iteration, int64_t left) {
    if (!has(run, EXK_SKIPPING))
        return;
    const double seconds = iteration->parts.assign + iteration->parts.refine;
    const bool skips = run->variant == run->engine[EXK_SKIPPING].variant;
    run->trial.passes++;
    run->trial.passing += iteration->seconds;
    if (skips && run->pass_recalls && gives_up(&run->trial, seconds)) {
        run->trial.failures += TRIAL_WEIGHT;
        run->trial.wait = run->trial.failures;
        use(run, role_without_bounds(run));
    } else if (!skips && run->trial.passes > run->kernel->finding) {
        run->trial.plain_seconds = seconds;
        consider_skipping(run, iteration->iteration, left);
    }
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

exk_scratch exk_run_scratch(const exk_run *run) {
    exk_scratch most = {0};
    for (int role = 0; role < EXK_ENGINES; role++) {
        const exk_scratch *one = &run->engine[role].scratch;
        if (!has(run, role))
            continue;
        most.shared = larger(most.shared, one->shared);
        most.per_thread = larger(most.per_thread, one->per_thread);
        most.per_point = larger(most.per_point, one->per_point);
    }
    return most;
}

int64_t exk_run_point_tile(const exk_run *run) {
    int64_t most = 0;
    for (int role = 0; role < EXK_ENGINES; role++) {
        if (has(run, role) && run->engine[role].plan.point_tile > most)
            most = run->engine[role].plan.point_tile;
    }
    return most;
}
