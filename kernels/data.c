/* What a run must know about its points before the first iteration: one look at them, a second one if they are to
 * be centred, and one more if the guess at their magnitudes was wrong. */
#include <float.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "kernels/exact/sums.h"
#include "kernels/run.h"

/* Rows looked at together: half a megabyte at most where rows are 8192 long. */
enum { SURVEY_ROWS = 16 };

static const float *row_of(const exk_points *points, int64_t i) {
    return points->x + i * points->stride;
}

exk_status exk_points_check(const exk_points *points, exk_error *error) {
    const exk_bulk *bulk = exk_bulk_here();
    int64_t first = points->n;
#pragma omp parallel for schedule(static) reduction(min : first)
    for (int64_t i = 0; i < points->n; i++) {
        if (i < first && !bulk->all_finite(row_of(points, i), points->d))
            first = i;
    }
    if (first == points->n)
        return EXK_OK;
    int64_t column = 0;
    while (isfinite(row_of(points, first)[column]))
        column++;
    const float value = row_of(points, first)[column];
    return exk_fail_at(error, EXK_ERR_NOT_FINITE, first, column,
                       "row %lld, column %lld (counted from 0) is %s; remove or impute it", (long long)first,
                       (long long)column, isnan(value) ? "NaN" : "infinite");
}

double exk_run_blocked_sum(exk_run *run, exk_block_fn block_sum) {
    const int64_t n = run->points.n, blocks = (n + EXK_BLOCK - 1) / EXK_BLOCK;
#pragma omp parallel for schedule(static) num_threads(run->plan.threads)
    for (int64_t b = 0; b < blocks; b++) {
        const int64_t last = (b + 1) * EXK_BLOCK < n ? (b + 1) * EXK_BLOCK : n;
        run->block[b] = block_sum(run, b * EXK_BLOCK, last);
    }
    double sum = 0.0;
    for (int64_t b = 0; b < blocks; b++)
        sum += run->block[b];
    return sum;
}

/* ||x - shift||^2; its root, rounded up by more than the rounding of x - shift to float32, is the point's norm. */
static double measure_point(exk_run *run, int64_t i) {
    const double square = run->bulk->dist64(row_of(&run->points, i), run->shift, run->points.d);
    run->norm[i] = exk_round_up(sqrt(square) * (1.0 + 0x1p-22));
    return square;
}

static double measure_block(exk_run *run, int64_t first, int64_t last) {
    double sum = 0.0;
    for (int64_t i = first; i < last && !exk_run_stopped(run); i++)
        sum += measure_point(run, i);
    return sum;
}

/* Of all threads into run->largest. */
static void gather_maxima(exk_run *run) {
    const int64_t d = run->points.d;
    memset(run->largest, 0, (size_t)d * sizeof *run->largest);
    for (int thread = 0; thread < run->plan.threads; thread++)
        run->bulk->column_max(run->column_max + thread * d, d, run->largest);
}

/* run->largest over up to SAMPLE points spread over all of them. */
static void sample_columns(exk_run *run) {
    enum { SAMPLE = 4096 };
    const int64_t n = run->points.n, d = run->points.d;
    const int count = n < SAMPLE ? (int)n : SAMPLE;
    memset(run->column_max, 0, (size_t)(run->plan.threads * d) * sizeof *run->column_max);
#pragma omp parallel for schedule(static) num_threads(run->plan.threads)
    for (int i = 0; i < count; i++)
        run->bulk->column_max(row_of(&run->points, exk_share(n, i, count)), d,
                              run->column_max + omp_get_thread_num() * d);
    gather_maxima(run);
}

/* The scale of the sums depends on the largest magnitude of each column, which nobody knows before all points were
 * seen. So they are summed up with two guesses: of the sample, and half as fine. */
static void guess_scales(exk_run *run) {
    const int64_t d = run->points.d;
    sample_columns(run);
    exk_sums_scale(run->points.n, d, run->largest, run->scale, run->unit);
    for (int64_t t = 0; t < d; t++) {
        run->guess[t] = run->scale[t];
        run->guess[d + t] = run->scale[t] / 2;
    }
}

/* Points [first, last), few enough to stay in cache, into the maxima and sums of this thread. */
static void survey_rows(exk_run *run, int64_t first, int64_t last) {
    const exk_points *points = &run->points;
    const int64_t d = points->d, thread = omp_get_thread_num();
    int64_t *sum = run->column_sum + 2 * thread * d, rows[SURVEY_ROWS];
    for (int64_t i = first; i < last; i++) {
        rows[i - first] = i;
        run->bulk->column_max(row_of(points, i), d, run->column_max + thread * d);
    }
    run->bulk->add_rows(points->x, points->stride, rows, last - first, run->guess, d, sum);
    run->bulk->add_rows(points->x, points->stride, rows, last - first, run->guess + d, d, sum + d);
}

/* measure_block as well, while the points are in cache. */
static double survey_block(exk_run *run, int64_t first, int64_t last) {
    double sum = 0.0;
    for (int64_t i = first; i < last && !exk_run_stopped(run); i += SURVEY_ROWS) {
        const int64_t end = i + SURVEY_ROWS < last ? i + SURVEY_ROWS : last;
        survey_rows(run, i, end);
        for (int64_t j = i; j < end; j++)
            sum += measure_point(run, j);
    }
    return sum;
}

/* Of all threads into the first one's. */
static void gather_sums(exk_run *run) {
    const int64_t d = run->points.d;
    for (int thread = 1; thread < run->plan.threads; thread++)
        run->bulk->drain(run->column_sum + 2 * thread * d, 2 * d, run->column_sum);
}

static double add_block(exk_run *run, int64_t first, int64_t last) {
    const int64_t d = run->points.d;
    for (int64_t i = first; i < last && !exk_run_stopped(run); i++)
        run->bulk->add_point(row_of(&run->points, i), run->scale, d,
                             run->column_sum + 2 * omp_get_thread_num() * d);
    return 0.0;
}

/* run->column_sum[0..d) in the scale that is right, now that it is known. */
static void settle_sums(exk_run *run) {
    const int64_t d = run->points.d;
    bool guessed = true;
    for (int64_t t = 0; t < d; t++) {
        guessed = guessed && (run->scale[t] == run->guess[t] || run->scale[t] == run->guess[d + t]);
        if (run->scale[t] == run->guess[d + t])
            run->column_sum[t] = run->column_sum[d + t];
    }
    if (guessed)
        return;
    memset(run->column_sum, 0, 2 * (size_t)(run->plan.threads * d) * sizeof *run->column_sum);
    exk_run_blocked_sum(run, add_block);
    gather_sums(run);
}

static bool all_finite(const exk_run *run) {
    return run->bulk->all_finite(run->largest, run->points.d);
}

/* Norms about the origin and their squares' sum; largest magnitudes; the sums of the columns and their scale. */
static void survey(exk_run *run) {
    const size_t d = (size_t)run->points.d, threads = (size_t)run->plan.threads;
    guess_scales(run);
    memset(run->shift, 0, d * sizeof *run->shift);
    memset(run->column_sum, 0, 2 * threads * d * sizeof *run->column_sum);
    run->square_sum = exk_run_blocked_sum(run, survey_block);
    gather_maxima(run);
    gather_sums(run);
    exk_sums_scale(run->points.n, run->points.d, run->largest, run->scale, run->unit);
}

/* The mean of column t less its shift. */
static double shifted_mean(const exk_run *run, int64_t t) {
    return (double)run->column_sum[t] * run->unit[t] / (double)run->points.n - (double)run->shift[t];
}

/* The sum over columns of their variances: about the shift, as run->square_sum is, less what the means add to
 * that. */
static double total_variance(const exk_run *run) {
    double means = 0.0;
    for (int64_t t = 0; t < run->points.d; t++)
        means += shifted_mean(run, t) * shifted_mean(run, t);
    const double variance = run->square_sum / (double)run->points.n - means;
    return variance > 0.0 ? variance : 0.0;
}

/* Centring costs a copy of each tile and makes all errors smaller by ||x - m|| / ||x||. Worth it if the means are
 * not small beside the spread. */
static bool centring_pays(const exk_run *run) {
    return run->square_sum / (double)run->points.n > 1.25 * total_variance(run);
}

/* x - m must not overflow. */
static bool can_be_centred(const exk_run *run) {
    for (int64_t t = 0; t < run->points.d; t++) {
        if ((double)run->largest[t] + fabs((double)run->shift[t]) > (double)FLT_MAX / 2)
            return false;
    }
    return true;
}

static double largest_norm(const exk_run *run) {
    /* Not the largest run->norm: that may have overflowed to infinity. */
    double square = 0.0;
    for (int64_t t = 0; t < run->points.d; t++) {
        const double reach = (double)run->largest[t] + fabs((double)run->shift[t]);
        square += reach * reach;
    }
    return sqrt(square) * (1.0 + 0x1p-20);
}

exk_status exk_run_scan(exk_run *run, exk_error *error) {
    const int64_t n = run->points.n, d = run->points.d;
    survey(run);
    if (exk_run_stopped(run))
        return EXK_OK;
    if (!all_finite(run))
        return exk_points_check(&run->points, error);
    settle_sums(run);
    run->centred = centring_pays(run);
    if (run->centred) {
        run->bulk->mean(run->column_sum, run->unit, n, d, run->shift);
        run->square_sum = exk_run_blocked_sum(run, measure_block);
    }
    run->tolerance = run->options->tol * total_variance(run) / (double)d;
    if (run->centred && !can_be_centred(run)) {
        run->centred = false;
        memset(run->shift, 0, (size_t)d * sizeof *run->shift);
        run->square_sum = exk_run_blocked_sum(run, measure_block);
    }
    run->filter.largest_norm = largest_norm(run);
    return EXK_OK;
}
