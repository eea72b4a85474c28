/* The Lloyd iteration: pass, empty clusters, update, convergence. Knows no instruction set and no tuner. */
#include <string.h>
#include <time.h>

#include "kernels/run.h"

double exk_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void swap_centroids(exk_run *run) {
    float *now = run->centroids;
    run->centroids = run->next;
    run->next = now;
}

static void swap_labels(exk_run *run) {
    int32_t *now = run->labels;
    run->labels = run->previous;
    run->previous = now;
}

static void keep_iteration(exk_result *result, const exk_iteration *iteration) {
    result->iterations = iteration->iteration;
    result->totals.distance_evaluations += iteration->distance_evaluations;
    result->totals.ambiguous_points += iteration->ambiguous_points;
    result->totals.exactly_decided_points += iteration->exactly_decided_points;
    exk_parts_add(&result->totals.parts, &iteration->parts, 1.0);
    if (iteration->iteration <= result->trace_capacity)
        result->trace[iteration->iteration - 1] = *iteration;
}

static void add_totals(exk_totals *totals, const exk_tally *tally) {
    totals->distance_evaluations += tally->evaluations;
    totals->ambiguous_points += tally->ambiguous;
    totals->exactly_decided_points += tally->exactly_decided;
    exk_parts_add(&totals->parts, &tally->parts, 1.0);
}

static void start_lloyd(exk_run *run, exk_result *result) {
#pragma omp parallel for schedule(static) num_threads(run->plan.threads)
    for (int64_t i = 0; i < run->points.n; i++)
        run->previous[i] = -1;
    memset(run->stale, EXK_STALE_MEAN | EXK_STALE_OVERLAP | EXK_STALE_NEXT, (size_t)run->k);
    run->has_sums = false;
    run->has_moved = run->has_state = false;
    run->digested = false;
    result->iterations = 0;
    result->converged = false;
}

typedef enum outcome {
    GO_ON,
    LABELS_MATCH, /* ended; labels belong to run->centroids */
    RELABEL       /* ended; run->centroids are newer than the labels */
} outcome;

/* After a finished pass: empty clusters, update, verdict. *split, in and out: whether run->centroids came out of a
 * split. On GO_ON and RELABEL the updated centroids are in run->centroids and those of the labels in run->next. */
static outcome update_and_judge(exk_run *run, exk_iteration *iteration, bool *split) {
    const bool settled = iteration->moved == 0;
    const bool fills = run->options->empty == EXK_EMPTY_FARTHEST && exk_run_count_empty(run) > 0;
    /* Nearly always both are wanted: one look at each cluster. */
    const bool at_once = !settled && !fills;
    exk_run_update(run, EXK_UPDATE_OVERLAPS | (at_once ? EXK_UPDATE_CENTROIDS : 0));
    iteration->inertia = exk_run_inertia(run);
    const int64_t filled = fills ? exk_run_fill_empty(run) : 0;
    if (settled && filled == 0 && !*split)
        return LABELS_MATCH;
    if (!at_once)
        exk_run_update(run, EXK_UPDATE_CENTROIDS);
    if (filled > 0)
        exk_run_undo_fill(run);
    /* A split that changed no label is undone: its clusters go back to their means. */
    *split = !settled && run->options->empty == EXK_EMPTY_SPLIT && exk_run_split_largest(run) > 0;
    iteration->shift = exk_run_shift(run);
    run->has_moved = run->digested = true;
    swap_centroids(run);
    return (settled && filled == 0) || iteration->shift <= run->tolerance ? RELABEL : GO_ON;
}

/* One iteration: false if it was stopped before it was finished. */
static bool iterate_once(exk_run *run, exk_iteration *iteration, outcome *verdict, bool *split) {
    const double begun = exk_now();
    exk_tally tally;
    if (!exk_run_pass(run, EXK_TO_COLLECT, &tally))
        return false;
    iteration->moved = tally.moved;
    iteration->survivors = tally.survivors;
    iteration->variant = run->variant->name;
    iteration->distance_evaluations = tally.evaluations;
    iteration->ambiguous_points = tally.ambiguous;
    iteration->exactly_decided_points = tally.exactly_decided;
    iteration->parts = tally.parts;
    const double updating = exk_now();
    *verdict = update_and_judge(run, iteration, split);
    const double ended = exk_now();
    iteration->parts.update += ended - updating;
    iteration->seconds = ended - begun;
    if (*verdict != LABELS_MATCH)
        swap_labels(run);
    return true;
}

static bool iterate(exk_run *run, int repeat, exk_result *result, outcome *verdict) {
    bool split = false;
    for (int64_t i = 1; i <= run->options->max_iter && *verdict == GO_ON; i++) {
        exk_iteration iteration = {.run = repeat, .iteration = i};
        if (!iterate_once(run, &iteration, verdict, &split))
            return false;
        keep_iteration(result, &iteration);
        if (*verdict == GO_ON)
            exk_run_choose_engine(run, &iteration, run->options->max_iter - i);
        if (run->options->progress && !run->options->progress(&iteration, run->options->progress_user))
            return false;
    }
    return true;
}

/* Label once more by the updated centroids. */
static bool relabel(exk_run *run, exk_result *result) {
    exk_tally tally;
    if (!exk_run_pass(run, EXK_TO_LABEL, &tally))
        return false;
    add_totals(&result->totals, &tally);
    return true;
}

/* Stopped: the last finished labels are in run->previous, and run->next has the centroids they belong to. */
static void step_back(exk_run *run, const exk_result *result) {
    swap_labels(run);
    if (result->iterations > 0)
        swap_centroids(run);
}

exk_status exk_run_lloyd(exk_run *run, int repeat, exk_result *result) {
    const double started = exk_now();
    exk_run_start_engines(run);
    exk_run_init(run, repeat);
    result->totals.init_seconds += exk_now() - started;
    start_lloyd(run, result);
    exk_run_start_iterations(run);
    const double iterating = exk_now();
    outcome verdict = GO_ON;
    bool finished = !exk_run_stopped(run) && iterate(run, repeat, result, &verdict);
    if (finished && verdict != LABELS_MATCH)
        finished = relabel(run, result);
    if (!finished && verdict != LABELS_MATCH)
        step_back(run, result);
    result->converged = finished && verdict != GO_ON;
    result->totals.iterate_seconds += exk_now() - iterating;
    return finished ? EXK_OK : EXK_STOPPED;
}
