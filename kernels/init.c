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

/* Squared distances to the nearest centroid chosen so far, once centroid j is among them. */
static double nearest_block(const exk_run *run, int64_t first, int64_t last, int64_t j) {
    const int64_t d = run->points.d;
    double sum = 0.0;
    for (int64_t i = first; i < last; i++) {
        const double distance =
            run->bulk->dist64(run->points.x + i * run->points.stride, run->centroids + j * d, d);
        if (distance < run->nearest[i])
            run->nearest[i] = distance;
        sum += run->nearest[i];
    }
    return sum;
}

static double update_nearest(exk_run *run, int64_t j) {
    const int64_t n = run->points.n, blocks = (n + EXK_BLOCK - 1) / EXK_BLOCK;
#pragma omp parallel for schedule(static) num_threads(run->plan.threads)
    for (int64_t b = 0; b < blocks; b++) {
        const int64_t last = (b + 1) * EXK_BLOCK < n ? (b + 1) * EXK_BLOCK : n;
        run->block[b] = nearest_block(run, b * EXK_BLOCK, last, j);
    }
    double sum = 0.0;
    for (int64_t b = 0; b < blocks; b++)
        sum += run->block[b];
    return sum;
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

static void init_kmeanspp(exk_run *run, int repeat) {
    const uint64_t seed = run->options->seed, n = (uint64_t)run->points.n;
    for (int64_t i = 0; i < run->points.n; i++)
        run->nearest[i] = INFINITY;
    take_point(run, 0, (int64_t)exk_philox_below(seed, stream_of(repeat, 0), 0, n));
    for (int64_t j = 1; j < run->k; j++) {
        if (exk_run_stopped(run)) {
            take_point(run, j, j); /* the run ends anyway, with defined centroids */
            continue;
        }
        const double total = update_nearest(run, j - 1);
        const double target = exk_philox_unit(seed, stream_of(repeat, j), 0) * total;
        /* total is 0 when every point coincides with a centroid: any point is as good. */
        const int64_t i =
            total > 0.0 ? find_weighted(run, target) : (int64_t)exk_philox_below(seed, stream_of(repeat, j), 1, n);
        take_point(run, j, i);
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
