/* One pass over the points: tiles go to the variant, its answers through the certificate, the moved points into
 * the sums. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "kernels/run.h"

bool exk_run_stopped(exk_run *run) {
    if (run->options->stop && __atomic_load_n(run->options->stop, __ATOMIC_RELAXED))
        __atomic_store_n(&run->stop_seen, 1, __ATOMIC_RELAXED);
    return __atomic_load_n(&run->stop_seen, __ATOMIC_RELAXED);
}

int64_t exk_share(int64_t count, int part, int parts) {
    return count / parts * part + (count % parts) * part / parts;
}

/* What the worker did since its last lap counts for *part. */
static void lap(exk_worker *worker, double *part) {
    const double now = exk_now();
    *part += now - worker->lap;
    worker->lap = now;
}

static exk_workspace workspace_of(const exk_run *run, const exk_worker *worker, int64_t first) {
    return (exk_workspace){
        .shared = run->variant_shared,
        .thread = worker->scratch,
        .point = run->variant_point ? run->variant_point + (size_t)first * run->scratch.per_point : NULL,
    };
}

/* Subtract the shift from the rows of a tile; they are dense afterwards. */
static void centre_tile(const exk_run *run, exk_worker *worker, exk_tile *tile) {
    const int64_t d = run->points.d;
    for (int64_t i = 0; i < tile->rows; i++)
        run->bulk->centre(tile->x + i * tile->stride, run->shift, d, worker->centred + i * d);
    tile->x = worker->centred;
    tile->stride = d;
}

/* Which points moved; into the sums with them while they are in cache, if there are sums of this thread. */
static void count_moved(exk_run *run, exk_worker *worker, const exk_tile *tile) {
    const int64_t moved = run->bulk->differing(tile->label, run->previous + tile->first, tile->rows, worker->rows);
    worker->tally.moved += moved;
    if (worker->sum)
        exk_run_collect_tile(run, worker, tile, moved);
}

static void process_tile(exk_run *run, exk_worker *worker, int64_t first, bool collect) {
    const int64_t left = run->points.n - first;
    exk_tile tile = {
        .x = run->points.x + first * run->points.stride,
        .rows = left < run->plan.point_tile ? left : run->plan.point_tile,
        .stride = run->points.stride,
        .next = left > run->plan.point_tile ? run->points.x + (first + run->plan.point_tile) * run->points.stride
                                            : NULL,
        .first = first,
        .offset = worker->offset,
        .label = run->labels + first,
        .best = worker->best,
        .second = worker->second,
    };
    if (run->centred)
        centre_tile(run, worker, &tile);
    exk_parts *parts = &worker->tally.parts;
    const exk_workspace workspace = workspace_of(run, worker, first);
    const float norm = run->bulk->largest(run->norm + first, tile.rows);
    const double error = exk_filter_fold(&run->filter, norm, worker->offset);
    run->kernel->assign(&run->score_centroids, &run->plan, &workspace, &tile);
    lap(worker, &parts->assign);
    const int64_t ambiguous = exk_certify(&run->filter, &tile, norm, error, worker->rows);
    exk_refine_rows(&worker->refine, &tile, run->norm + first, worker->rows, ambiguous);
    lap(worker, &parts->refine);
    if (run->kernel->settle) {
        run->kernel->settle(&run->score_centroids, &run->plan, &workspace, &tile);
        lap(worker, &parts->assign);
    }
    worker->tally.ambiguous += ambiguous;
    worker->tally.evaluations += tile.rows * run->k;
    if (collect)
        count_moved(run, worker, &tile);
    lap(worker, &parts->update);
}

/* Before the tiles: c', errors and the variant's panels, each thread its share. */
static void prepare_part(exk_run *run, exk_worker *worker, int part, int parts) {
    const int64_t first = exk_share(run->k, part, parts), last = exk_share(run->k, part + 1, parts);
    if (!run->digested)
        exk_filter_digest(&run->filter, run->centroids, first, last);
#pragma omp barrier
#pragma omp single
    exk_filter_begin(&run->filter, run->centroids);
    exk_filter_fill(&run->filter, run->centroids, first, last);
#pragma omp barrier
    if (run->kernel->prepare) {
        const exk_workspace workspace = workspace_of(run, worker, 0);
        run->kernel->prepare(&run->score_centroids, &run->plan, &workspace, part, parts);
#pragma omp barrier
    }
}

static void start_worker(exk_run *run, exk_worker *worker, double now) {
    worker->tally = (exk_tally){0};
    worker->lap = now;
    worker->refine.evaluations = 0;
    worker->refine.exactly_decided = 0;
    worker->refine.filter = &run->filter;
    worker->refine.score_centroids = &run->score_centroids;
    worker->refine.centroids = run->centroids;
    worker->refine.points = &run->points;
    worker->refine.kernel = run->kernel;
    worker->refine.bulk = run->bulk;
}

void exk_parts_add(exk_parts *sum, const exk_parts *parts, double weight) {
    sum->prepare += weight * parts->prepare;
    sum->assign += weight * parts->assign;
    sum->refine += weight * parts->refine;
    sum->update += weight * parts->update;
}

static exk_tally total_tally(const exk_run *run) {
    exk_tally total = {0};
    for (int thread = 0; thread < run->plan.threads; thread++) {
        const exk_worker *worker = &run->worker[thread];
        total.moved += worker->tally.moved;
        total.ambiguous += worker->tally.ambiguous;
        total.evaluations += worker->tally.evaluations + worker->refine.evaluations;
        total.exactly_decided += worker->refine.exactly_decided;
        exk_parts_add(&total.parts, &worker->tally.parts, 1.0 / run->plan.threads);
    }
    return total;
}

static int64_t total_moved(const exk_run *run) {
    int64_t moved = 0;
    for (int thread = 0; thread < run->plan.threads; thread++)
        moved += run->worker[thread].tally.moved;
    return moved;
}

bool exk_run_pass(exk_run *run, bool collect, exk_tally *tally) {
    if (exk_run_stopped(run))
        return false;
    const double begun = exk_now();
    const int64_t tiles = (run->points.n + run->plan.point_tile - 1) / run->plan.point_tile;
    run->score_centroids.movement = run->has_moved ? run->movement : NULL;
    for (int thread = 0; thread < run->plan.threads; thread++)
        start_worker(run, &run->worker[thread], begun);
#pragma omp parallel num_threads(run->plan.threads)
    {
        const int part = omp_get_thread_num(), parts = omp_get_num_threads();
        exk_worker *worker = &run->worker[part];
        prepare_part(run, worker, part, parts);
        lap(worker, &worker->tally.parts.prepare);
#pragma omp for schedule(dynamic, 1)
        for (int64_t tile = 0; tile < tiles; tile++) {
            if (!exk_run_stopped(run))
                process_tile(run, worker, tile * run->plan.point_tile, collect);
        }
        if (collect) {
            worker->lap = exk_now();
            exk_run_collect(run, part, parts, total_moved(run));
            lap(worker, &worker->tally.parts.update);
        }
    }
    *tally = total_tally(run);
    run->has_sums = run->has_sums || collect;
    return !exk_run_stopped(run);
}
