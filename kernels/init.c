/* The first centroids. Every choice is a pure function of the data, the seed and the repeat. */
#include <math.h>
#include <string.h>

#include "kernels/philox.h"
#include "kernels/run.h"

/* Random streams: one for each repeat and each centroid. */
static uint64_t stream_of(int repeat, int64_t centroid) {
    return (uint64_t)repeat << 40 | (uint64_t)centroid;
}

/* Centroid j becomes point i. Adding 0 turns -0 into 0, so that equal centroids have equal bits. */
static void take_point(exk_run *run, int64_t j, int64_t i) {
    const float *x = run->points.x + i * run->points.stride;
    float *c = run->centroids + j * run->points.d;
    for (int64_t t = 0; t < run->points.d; t++)
        c[t] = x[t] + 0.0f;
}

/* Where no more can be drawn by weight: every point coincides with a centroid, so any point is as good; or the
 * caller stopped the run, which then ends with defined centroids. */
static void take_any(exk_run *run, int repeat, int64_t first) {
    for (int64_t j = first; j < run->k; j++)
        take_point(run, j,
                   (int64_t)exk_philox_below(run->options->seed, stream_of(repeat, j), UINT64_MAX,
                                             (uint64_t)run->points.n));
}

static void init_given(exk_run *run) {
    for (int64_t i = 0; i < run->k * run->points.d; i++)
        run->centroids[i] = run->options->centroids[i] + 0.0f;
}

static void init_first(exk_run *run) {
    for (int64_t j = 0; j < run->k; j++)
        take_point(run, j, j);
}

/* k distinct points, by drawing again what was drawn before. */
static void init_random(exk_run *run, int repeat) {
    int32_t *taken = run->labels;
    memset(taken, 0, (size_t)run->points.n * sizeof *taken);
    for (int64_t j = 0; j < run->k; j++) {
        if (exk_run_stopped(run)) {
            take_any(run, repeat, j);
            return;
        }
        int64_t i;
        uint64_t draw = 0;
        do {
            i = (int64_t)exk_philox_below(run->options->seed, stream_of(repeat, j), draw++,
                                          (uint64_t)run->points.n);
        } while (taken[i]);
        taken[i] = 1;
        take_point(run, j, i);
    }
}

/* run->nearest of a block, taken up to date with run->fresh few centroids by direct differences; their sum. */
static double approach_few(exk_run *run, int64_t first, int64_t last) {
    const int64_t d = run->points.d;
    double sum = 0.0;
    for (int64_t i = first; i < last && !exk_run_stopped(run); i++) {
        const float *x = run->points.x + i * run->points.stride, *best = run->fresh;
        double distance = run->bulk->dist64(x, best, d);
        for (int64_t j = 1; j < run->fresh_count; j++) {
            const float *c = run->fresh + j * d;
            const double other = run->bulk->dist64(x, c, d);
            bool exactly;
            if (exk_is_nearer(x, c, other, best, distance, d, &exactly)) {
                best = c;
                distance = other;
            }
        }
        run->nearest[i] = distance < run->nearest[i] ? distance : run->nearest[i];
        sum += run->nearest[i];
    }
    return sum;
}

static double sum_nearest(exk_run *run, int64_t first, int64_t last) {
    double sum = 0.0;
    for (int64_t i = first; i < last; i++)
        sum += run->nearest[i];
    return sum;
}

/* An ordinary pass over centroids [first, first + count) alone. */
static bool approach_many(exk_run *run, int64_t first, int64_t count) {
    const int64_t k = run->k;
    float *centroids = run->centroids;
    run->k = run->filter.k = run->score_centroids.k = count;
    run->centroids = centroids + first * run->points.d;
    run->digested = false;
    exk_tally tally;
    const bool finished = exk_run_pass(run, EXK_TO_APPROACH, &tally);
    run->k = run->filter.k = run->score_centroids.k = k;
    run->centroids = centroids;
    return finished;
}

/* Bring run->nearest and the sums of its blocks up to date with new centroids; *total = the sum over all points.
 */
static bool update_nearest(exk_run *run, int64_t first, int64_t count, double *total) {
    enum { FEW = 3 };
    run->fresh = run->centroids + first * run->points.d;
    run->fresh_count = count;
    if (count > FEW && !approach_many(run, first, count))
        return false;
    *total = exk_run_blocked_sum(run, count > FEW ? sum_nearest : approach_few);
    return !exk_run_stopped(run);
}

/* The point at which the running sum of run->nearest passes target; the last one of nonzero weight if rounding
 * keeps it from being passed. */
static int64_t find_weighted(const exk_run *run, double target) {
    const int64_t n = run->points.n, blocks = (n + EXK_BLOCK - 1) / EXK_BLOCK;
    double passed = 0.0;
    int64_t b = 0;
    while (b + 1 < blocks && passed + run->block[b] <= target)
        passed += run->block[b++];
    int64_t found = -1;
    for (int64_t i = b * EXK_BLOCK; i < n && (found < 0 || passed <= target); i++) {
        passed += run->nearest[i];
        if (run->nearest[i] > 0.0)
            found = i;
    }
    for (int64_t i = n - 1; found < 0; i--) {
        if (run->nearest[i] > 0.0)
            found = i;
    }
    return found;
}

/* The squared distance of point i to its nearest centroid, those of the batch [first, last) included. */
static double weight_now(const exk_run *run, int64_t i, int64_t first, int64_t last) {
    const int64_t d = run->points.d;
    double weight = run->nearest[i];
    for (int64_t j = first; j < last; j++) {
        const double distance =
            run->bulk->dist64(run->points.x + i * run->points.stride, run->centroids + j * d, d);
        weight = distance < weight ? distance : weight;
    }
    return weight;
}

/* Draw a batch of at most `most` centroids from `first` on; returns how many, at least one. Points are drawn by
 * the weights before the batch and kept with probability weight now / weight before: rejection sampling from
 * exactly the distribution that one-by-one drawing has, while the weights of all points are brought up to date
 * once a batch. */
static int64_t draw_batch(exk_run *run, int repeat, int64_t first, int64_t most, double total) {
    const uint64_t seed = run->options->seed, stream = stream_of(repeat, first);
    int64_t drawn = 0;
    for (uint64_t attempt = 0; drawn < most && attempt < 4 * (uint64_t)most; attempt++) {
        const int64_t i = find_weighted(run, exk_philox_unit(seed, stream, 2 * attempt) * total);
        const double weight = weight_now(run, i, first, first + drawn);
        if (exk_philox_unit(seed, stream, 2 * attempt + 1) * run->nearest[i] < weight)
            take_point(run, first + drawn++, i);
    }
    return drawn;
}

static void init_kmeanspp(exk_run *run, int repeat) {
    enum { BATCH_MAX = 512 };
    const int64_t n = run->points.n;
#pragma omp parallel for schedule(static) num_threads(run->plan.threads)
    for (int64_t i = 0; i < n; i++)
        run->nearest[i] = INFINITY;
    take_point(run, 0, (int64_t)exk_philox_below(run->options->seed, stream_of(repeat, 0), 0, (uint64_t)n));
    int64_t known = 0, chosen = 1; /* centroids [known, chosen) are not in run->nearest yet */
    while (chosen < run->k) {
        double total;
        if (!update_nearest(run, known, chosen - known, &total) || total == 0.0) {
            take_any(run, repeat, chosen);
            return;
        }
        known = chosen;
        /* Early on each centroid changes the weights much: small batches keep rejections rare. */
        int64_t most = chosen / 2 < BATCH_MAX ? chosen / 2 : BATCH_MAX;
        most = most < 1 ? 1 : most;
        most = most < run->k - chosen ? most : run->k - chosen;
        chosen += draw_batch(run, repeat, chosen, most, total);
    }
}

void exk_run_init(exk_run *run, int repeat) {
    switch (run->options->init) {
    case EXK_INIT_GIVEN:
        init_given(run);
        break;
    case EXK_INIT_FIRST:
        init_first(run);
        break;
    case EXK_INIT_RANDOM:
        init_random(run, repeat);
        break;
    case EXK_INIT_KMEANSPP:
        init_kmeanspp(run, repeat);
        break;
    }
}
