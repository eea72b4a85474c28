/* The Lloyd iteration: pass, empty clusters, update, convergence. Knows no instruction set and no tuner. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "kernels/exact/sums.h"
#include "kernels/run.h"

double exk_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* What cluster j takes off the sum of ||x - m||^2 (m: run->shift) to leave its inertia: with c and the cluster's
 * sum S taken relative to m, 2 c.S - count ||c||^2. */
static double inertia_term(const exk_run *run, int64_t j) {
    const int64_t d = run->points.d;
    const float *c = run->centroids + j * d;
    const int64_t *sum = run->sum + j * d;
    const double count = (double)run->count[j];
    double dot = 0.0, square = 0.0;
    for (int64_t t = 0; t < d; t++) {
        const double m = (double)run->shift[t], centred = (double)c[t] - m;
        dot += centred * ((double)sum[t] / run->scale[t] - count * m);
        square += centred * centred;
    }
    return 2.0 * dot - count * square;
}

/* run->next from the sums; an empty cluster keeps its centroid. */
static void update_centroids(exk_run *run) {
    const int64_t d = run->points.d;
#pragma omp parallel for schedule(static) num_threads(run->plan.threads)
    for (int64_t j = 0; j < run->k; j++) {
        float *next = run->next + j * d;
        if (run->count[j] > 0)
            exk_sums_mean(run->sum + j * d, run->scale, run->count[j], d, next);
        else
            memcpy(next, run->centroids + j * d, (size_t)d * sizeof *next);
    }
}

/* How far the centroids move from run->centroids to run->next: the sum of squares, and each distance rounded up.
 */
static double measure_movement(exk_run *run) {
    const int64_t d = run->points.d;
#pragma omp parallel for schedule(static) num_threads(run->plan.threads)
    for (int64_t j = 0; j < run->k; j++) {
        const double square = run->bulk->dist64(run->centroids + j * d, run->next + j * d, d);
        run->centroid_shift[j] = square;
        run->movement[j] = exk_round_up(sqrt(square) * (1.0 + ((double)d + 16.0) * 0x1p-52));
    }
    double sum = 0.0;
    for (int64_t j = 0; j < run->k; j++)
        sum += run->centroid_shift[j];
    run->has_moved = true;
    return sum;
}

static double inertia_from_sums(exk_run *run) {
#pragma omp parallel for schedule(static) num_threads(run->plan.threads)
    for (int64_t j = 0; j < run->k; j++)
        run->centroid_inertia[j] = inertia_term(run, j);
    double off = 0.0;
    for (int64_t j = 0; j < run->k; j++)
        off += run->centroid_inertia[j];
    const double inertia = run->square_sum - off;
    return inertia > 0.0 ? inertia : 0.0;
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
    memset(run->sum, 0, (size_t)(run->k * run->points.d) * sizeof *run->sum);
    memset(run->count, 0, (size_t)run->k * sizeof *run->count);
    for (int64_t i = 0; i < run->points.n; i++)
        run->previous[i] = -1;
    run->has_moved = false;
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
    int64_t filled = 0;
    iteration->inertia = inertia_from_sums(run);
    if (run->options->empty == EXK_EMPTY_FARTHEST)
        filled = exk_run_fill_empty(run);
    if (settled && filled == 0 && !*split)
        return LABELS_MATCH;
    update_centroids(run);
    exk_run_undo_fill(run);
    /* A split that changed no label is undone: its clusters go back to their means. */
    *split = !settled && run->options->empty == EXK_EMPTY_SPLIT && exk_run_split_largest(run) > 0;
    iteration->shift = measure_movement(run);
    swap_centroids(run);
    return (settled && filled == 0) || iteration->shift <= run->tolerance ? RELABEL : GO_ON;
}

/* One iteration: false if it was stopped before it was finished. */
static bool iterate_once(exk_run *run, exk_iteration *iteration, outcome *verdict, bool *split) {
    const double begun = exk_now();
    exk_tally tally;
    if (!exk_run_pass(run, true, &tally))
        return false;
    iteration->moved = tally.moved;
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
        if (run->options->progress && !run->options->progress(&iteration, run->options->progress_user))
            return false;
    }
    return true;
}

/* Label once more by the updated centroids. */
static bool relabel(exk_run *run, exk_result *result) {
    exk_tally tally;
    if (!exk_run_pass(run, false, &tally))
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
    exk_run_init(run, repeat);
    result->totals.init_seconds += exk_now() - started;
    start_lloyd(run, result);
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
