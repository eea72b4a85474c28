/* What a run must know about its points before the first iteration. Three passes over the data at memory speed. */
#include <float.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "kernels/exact/sums.h"
#include "kernels/run.h"

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

/* ||x - shift||^2, and its root rounded up by more than the rounding of x - shift to float32. */
static double square_block(exk_run *run, int64_t first, int64_t last) {
    double sum = 0.0;
    for (int64_t i = first; i < last; i++) {
        const double square = run->bulk->dist64(row_of(&run->points, i), run->shift, run->points.d);
        run->norm[i] = exk_round_up(sqrt(square) * (1.0 + 0x1p-22));
        sum += square;
    }
    return sum;
}

/* largest[t] over all points; each thread has its own row of `partial`. */
static void find_column_max(exk_run *run, float *partial) {
    const int64_t d = run->points.d;
    memset(partial, 0, (size_t)run->plan.threads * (size_t)d * sizeof *partial);
#pragma omp parallel for schedule(static) num_threads(run->plan.threads)
    for (int64_t i = 0; i < run->points.n; i++)
        run->bulk->column_max(row_of(&run->points, i), d, partial + omp_get_thread_num() * d);
    memset(run->largest, 0, (size_t)d * sizeof *run->largest);
    for (int thread = 0; thread < run->plan.threads; thread++)
        run->bulk->column_max(partial + thread * d, d, run->largest);
}

/* The exact sum of every column; each thread has its own row of `partial`, the total ends up in row 0. */
static void sum_columns(exk_run *run, int64_t *partial) {
    const int64_t d = run->points.d;
    memset(partial, 0, (size_t)run->plan.threads * (size_t)d * sizeof *partial);
#pragma omp parallel for schedule(static) num_threads(run->plan.threads)
    for (int64_t i = 0; i < run->points.n; i++)
        run->bulk->add_point(row_of(&run->points, i), run->scale, d, partial + omp_get_thread_num() * d);
    for (int thread = 1; thread < run->plan.threads; thread++) {
        for (int64_t t = 0; t < d; t++)
            partial[t] += partial[thread * d + t];
    }
}

/* The mean over columns of their variances. run->shift holds the means rounded to float32, run->square_sum the
 * squared distances from them. */
static double mean_variance(const exk_run *run) {
    const double n = (double)run->points.n, d = (double)run->points.d;
    double rounding = 0.0;
    for (int64_t t = 0; t < run->points.d; t++) {
        const double lost = (double)run->column_sum[t] * run->unit[t] / n - (double)run->shift[t];
        rounding += lost * lost;
    }
    const double variance = (run->square_sum / n - rounding) / d;
    return variance > 0.0 ? variance : 0.0;
}

/* Centring costs a copy of each tile and makes all errors smaller by ||x - m|| / ||x||. Worth it if the means are
 * not small beside the spread; impossible where x - m could overflow. */
static bool centring_pays(const exk_run *run) {
    double means = 0.0;
    for (int64_t t = 0; t < run->points.d; t++) {
        const double mean = (double)run->shift[t];
        means += mean * mean;
        if ((double)run->largest[t] + fabs(mean) > (double)FLT_MAX / 2)
            return false;
    }
    return means * (double)run->points.n > run->square_sum / 4;
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
    const exk_status status = exk_points_check(&run->points, error);
    if (status != EXK_OK)
        return status;
    const int64_t n = run->points.n, d = run->points.d;
    find_column_max(run, run->column_max);
    exk_sums_scale(n, d, run->largest, run->scale, run->unit);
    if (exk_run_stopped(run))
        return EXK_OK;
    sum_columns(run, run->column_sum);
    run->bulk->mean(run->column_sum, run->unit, n, d, run->shift);
    run->square_sum = exk_run_blocked_sum(run, square_block);
    if (exk_run_stopped(run))
        return EXK_OK;
    run->tolerance = run->options->tol > 0.0 ? run->options->tol * mean_variance(run) : 0.0;
    run->centred = centring_pays(run);
    if (!run->centred) {
        memset(run->shift, 0, (size_t)d * sizeof *run->shift);
        run->square_sum = exk_run_blocked_sum(run, square_block);
    }
    run->filter.largest_norm = largest_norm(run);
    return EXK_OK;
}
