/* From sums to centroids. A cluster whose sum and count did not change keeps its centroid to the bit, so only the
 * others are computed. */
#include <math.h>
#include <string.h>

#include "kernels/run.h"

/* What cluster j takes off the sum of ||x - m||^2 (m: run->shift) to leave its inertia. */
static void update_overlap(exk_run *run, int64_t j) {
    const int64_t d = run->points.d;
    run->centroid_inertia[j] =
        run->bulk->overlap(run->centroids + j * d, run->shift, run->sum + j * d, run->unit, run->count[j], d);
    run->stale[j] &= (uint8_t)~EXK_STALE_OVERLAP;
}

/* How far run->next is from run->centroids, rounded up; and what the filter wants to know of it. */
static void measure_next(exk_run *run, int64_t j) {
    const int64_t d = run->points.d;
    const float *next = run->next + j * d;
    const double square = run->bulk->dist64(run->centroids + j * d, next, d);
    run->centroid_shift[j] = square;
    run->movement[j] = exk_round_up(sqrt(square) * (1.0 + ((double)d + 16.0) * 0x1p-52));
    exk_filter_digest(&run->filter, run->next, j, j + 1);
}

static void keep_centroid(exk_run *run, int64_t j) {
    const int64_t d = run->points.d;
    if (run->stale[j] & EXK_STALE_NEXT)
        memcpy(run->next + j * d, run->centroids + j * d, (size_t)d * sizeof *run->next);
    run->stale[j] &= (uint8_t)~EXK_STALE_NEXT;
    run->centroid_shift[j] = 0.0;
    run->movement[j] = 0.0f;
}

/* An empty cluster keeps its centroid. */
static void update_next(exk_run *run, int64_t j) {
    const int64_t d = run->points.d;
    if (!(run->stale[j] & EXK_STALE_MEAN) || run->count[j] == 0) {
        keep_centroid(run, j);
    } else {
        run->bulk->mean(run->sum + j * d, run->unit, run->count[j], d, run->next + j * d);
        measure_next(run, j);
        run->stale[j] |= EXK_STALE_NEXT | EXK_STALE_OVERLAP;
    }
    run->stale[j] &= (uint8_t)~EXK_STALE_MEAN;
}

void exk_run_displaced(exk_run *run, int64_t j) {
    measure_next(run, j);
    run->stale[j] = EXK_STALE_MEAN | EXK_STALE_OVERLAP | EXK_STALE_NEXT;
}

void exk_run_update(exk_run *run, int what) {
#pragma omp parallel for schedule(dynamic, run->k / (8 * run->plan.threads) + 1) num_threads(run->plan.threads)
    for (int64_t j = 0; j < run->k; j++) {
        if ((what & EXK_UPDATE_OVERLAPS) && (run->stale[j] & EXK_STALE_OVERLAP))
            update_overlap(run, j);
        if (what & EXK_UPDATE_CENTROIDS)
            update_next(run, j);
    }
}

static double sum_of(const double *v, int64_t count) {
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++)
        sum += v[i];
    return sum;
}

double exk_run_inertia(const exk_run *run) {
    const double inertia = run->square_sum - sum_of(run->centroid_inertia, run->k);
    return inertia > 0.0 ? inertia : 0.0;
}

double exk_run_shift(const exk_run *run) {
    return sum_of(run->centroid_shift, run->k);
}
