/* Which variant makes a pass. A plain one begins. Then one that skips takes over: its first pass skips nothing but
 * finds the bounds, and those after it are held against the plain pass, all by the clock. Where skipping does not
 * pay it is left again, and tried anew when far fewer points move. */
#include <string.h>

#include "kernels/run.h"

/* Iterations to come that are worth the pass that finds the bounds. */
enum { TRIAL_LEAST = 3, SLOW_MOST = 2 };

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

/* The second engine, if there is to be one. */
static exk_status find_skipping(exk_run *run, exk_error *error) {
    const exk_plan *plan = &run->options->plan;
    const exk_shape shape = shape_of(run);
    const exk_variant *variant = NULL;
    if (!run->fits || (plan->skipping && strcmp(plan->skipping, "none") == 0))
        return EXK_OK;
    if (plan->skipping) {
        const exk_status status = find_variant(run, plan->skipping, &variant, error);
        if (status != EXK_OK)
            return status;
        if (!exk_variant_kernel(variant)->survivors)
            return exk_fail(error, EXK_ERR_VARIANT, "%s does not skip; `exakt list` names those that do",
                            variant->name);
    } else if (is_automatic(plan->variant)) {
        variant = exk_variant_skipping(&shape);
    }
    /* The first engine's own bounds would not outlast the probes. */
    if (variant && !run->engine[0].kernel->survivors) {
        make_engine(run, variant, &run->engine[1]);
        run->engines = 2;
    }
    return EXK_OK;
}

exk_status exk_run_choose_variants(exk_run *run, exk_error *error) {
    const exk_variant *variant;
    const exk_status status = find_variant(run, run->options->plan.variant, &variant, error);
    if (status != EXK_OK)
        return status;
    make_engine(run, variant, &run->engine[0]);
    run->engines = 1;
    run->plan = run->engine[0].plan;
    run->bulk = exk_bulk_for(variant->isa);
    exk_run_use(run, 0);
    return find_skipping(run, error);
}

bool exk_run_leaner(exk_run *run) {
    const exk_shape shape = shape_of(run);
    if (run->engines < 2)
        return false;
    const exk_variant *leaner = exk_variant_leaner(run->engine[1].variant, &shape);
    if (leaner)
        make_engine(run, leaner, &run->engine[1]);
    else
        run->engines = 1;
    run->plan.skipping = NULL;
    return true;
}

bool exk_run_may_skip(const exk_run *run) {
    return run->engine[run->engines - 1].kernel->survivors != NULL;
}

bool exk_run_wants_order(const exk_run *run) {
    return run->engine[run->engines - 1].kernel->ordered;
}

void exk_run_use(exk_run *run, int i) {
    const exk_engine *engine = &run->engine[i];
    if (run->variant != engine->variant)
        run->has_bounds = false;
    run->variant = engine->variant;
    run->kernel = engine->kernel;
    run->scratch = engine->scratch;
    run->filter.roundings = engine->roundings;
    run->plan.variant = engine->variant->name;
    run->plan.point_tile = engine->plan.point_tile;
    run->plan.centroid_tile = engine->plan.centroid_tile;
    run->plan.depth_tile = engine->plan.depth_tile;
    run->plan.matrix_bytes = engine->plan.matrix_bytes;
}

void exk_run_start_engines(exk_run *run) {
    run->trial = (exk_trial){0};
    exk_run_use(run, 0);
}

/* A pass that skipped took that long. Once far too long, or twice too long, is enough. */
static bool gives_up(exk_trial *trial, double seconds) {
    if (seconds > trial->plain_seconds)
        trial->slow += seconds > 1.25 * trial->plain_seconds ? SLOW_MOST : 1;
    return trial->slow >= SLOW_MOST;
}

/* A plain pass is over. Bounds as fresh as the probe's skip most: on embeddings as on uniform points a second pass
 * with them takes up to twice as long as the first. Probes that find nothing become rarer. */
static void consider_skipping(exk_run *run, int64_t left) {
    exk_trial *trial = &run->trial;
    if (left < TRIAL_LEAST || trial->wait-- > 0)
        return;
    if (exk_run_probe(run) < 0.6 * trial->plain_seconds) {
        exk_run_use(run, 1);
        trial->slow = 0;
    } else {
        trial->wait = ++trial->failures / 2;
    }
}

void exk_run_choose_engine(exk_run *run, const exk_iteration *iteration, int64_t left) {
    if (run->engines < 2)
        return;
    const double seconds = iteration->parts.assign + iteration->parts.refine;
    if (run->variant == run->engine[0].variant) {
        run->trial.plain_seconds = seconds;
        consider_skipping(run, left);
    } else if (run->pass_skips && gives_up(&run->trial, seconds)) {
        run->trial.wait = ++run->trial.failures;
        exk_run_use(run, 0);
    }
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

exk_scratch exk_run_scratch(const exk_run *run) {
    exk_scratch most = run->engine[0].scratch;
    for (int i = 1; i < run->engines; i++) {
        const exk_scratch *other = &run->engine[i].scratch;
        most.shared = larger(most.shared, other->shared);
        most.per_thread = larger(most.per_thread, other->per_thread);
        most.per_point = larger(most.per_point, other->per_point);
    }
    return most;
}

int64_t exk_run_point_tile(const exk_run *run) {
    int64_t most = run->engine[0].plan.point_tile;
    for (int i = 1; i < run->engines; i++)
        most = run->engine[i].plan.point_tile > most ? run->engine[i].plan.point_tile : most;
    return most;
}
