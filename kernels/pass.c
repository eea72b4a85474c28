/* One pass over the points: tiles go to the variant, its answers through the certificate, the moved points into
 * the sums while their tile is still in cache. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "kernels/run.h"

bool exk_run_stopped(exk_run *run) {
    if (run->options->stop && __atomic_load_n(run->options->stop, __ATOMIC_RELAXED))
        __atomic_store_n(&run->stop_seen, 1, __ATOMIC_RELAXED);
    return __atomic_load_n(&run->stop_seen, __ATOMIC_RELAXED);
}

static int64_t share(int64_t count, int part, int parts) {
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

static float tile_norm(const exk_run *run, int64_t first, int64_t rows) {
    float norm = 0.0f;
    for (int64_t i = first; i < first + rows; i++)
        norm = run->norm[i] > norm ? run->norm[i] : norm;
    return norm;
}

static void accumulate_tile(const exk_run *run, exk_worker *worker, const exk_tile *tile) {
    const int64_t d = run->points.d;
    for (int64_t i = 0; i < tile->rows; i++) {
        const int32_t now = tile->label[i], before = run->previous[tile->first + i];
        if (now == before)
            continue;
        const float *x = run->points.x + (tile->first + i) * run->points.stride;
        worker->count[now]++;
        if (before < 0) {
            run->bulk->add_point(x, run->scale, d, worker->sum + now * d);
        } else {
            worker->count[before]--;
            run->bulk->move_point(x, run->scale, d, worker->sum + before * d, worker->sum + now * d);
        }
    }
}

static int64_t count_moved(const exk_run *run, const exk_tile *tile) {
    int64_t moved = 0;
    for (int64_t i = 0; i < tile->rows; i++)
        moved += tile->label[i] != run->previous[tile->first + i];
    return moved;
}

/* Subtract the shift from the rows of a tile; they are dense afterwards. */
static void centre_tile(const exk_run *run, exk_worker *worker, exk_tile *tile) {
    const int64_t d = run->points.d;
    for (int64_t i = 0; i < tile->rows; i++)
        run->bulk->centre(tile->x + i * tile->stride, run->shift, d, worker->centred + i * d);
    tile->x = worker->centred;
    tile->stride = d;
}

static void process_tile(exk_run *run, exk_worker *worker, int64_t first, bool accumulate) {
    const int64_t left = run->points.n - first;
    exk_tile tile = {
        .x = run->points.x + first * run->points.stride,
        .rows = left < run->plan.point_tile ? left : run->plan.point_tile,
        .stride = run->points.stride,
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
    const float norm = tile_norm(run, first, tile.rows);
    exk_filter_fold(&run->filter, norm, worker->offset);
    run->kernel->assign(&run->score_centroids, &run->plan, &workspace, &tile);
    lap(worker, &parts->assign);
    const int64_t ambiguous = exk_certify(&run->filter, &tile, norm, worker->ambiguous);
    exk_refine_rows(&worker->refine, &tile, run->norm + first, worker->ambiguous, ambiguous);
    lap(worker, &parts->refine);
    if (run->kernel->settle) {
        run->kernel->settle(&run->score_centroids, &run->plan, &workspace, &tile);
        lap(worker, &parts->assign);
    }
    worker->tally.moved += count_moved(run, &tile);
    worker->tally.ambiguous += ambiguous;
    worker->tally.evaluations += tile.rows * run->k;
    if (accumulate)
        accumulate_tile(run, worker, &tile);
    lap(worker, &parts->update);
}

/* Before the tiles: c', errors and the variant's panels, each thread its share. */
static void prepare_part(exk_run *run, exk_worker *worker, int part, int parts) {
    exk_filter_fill(&run->filter, run->centroids, share(run->k, part, parts), share(run->k, part + 1, parts));
#pragma omp barrier
    if (run->kernel->prepare) {
        const exk_workspace workspace = workspace_of(run, worker, 0);
        run->kernel->prepare(&run->score_centroids, &run->plan, &workspace, part, parts);
#pragma omp barrier
    }
}

/* sum += what the workers collected; theirs become 0 again. */
static void reduce_sums(exk_run *run, int part, int parts) {
    const int64_t d = run->points.d;
    for (int64_t j = share(run->k, part, parts); j < share(run->k, part + 1, parts); j++) {
        for (int thread = 0; thread < run->plan.threads; thread++) {
            int64_t *from = run->worker[thread].sum + j * d;
            for (int64_t t = 0; t < d; t++)
                run->sum[j * d + t] += from[t];
            memset(from, 0, (size_t)d * sizeof *from);
            run->count[j] += run->worker[thread].count[j];
            run->worker[thread].count[j] = 0;
        }
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

bool exk_run_pass(exk_run *run, bool accumulate, exk_tally *tally) {
    if (exk_run_stopped(run))
        return false;
    const double begun = exk_now();
    const int64_t tiles = (run->points.n + run->plan.point_tile - 1) / run->plan.point_tile;
    run->score_centroids.movement = run->has_moved ? run->movement : NULL;
    exk_filter_begin(&run->filter, run->centroids);
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
                process_tile(run, worker, tile * run->plan.point_tile, accumulate);
        }
        if (accumulate) {
            worker->lap = exk_now();
            reduce_sums(run, part, parts);
            lap(worker, &worker->tally.parts.update);
        }
    }
    *tally = total_tally(run);
    return !exk_run_stopped(run);
}
