/* Would skipping pay? The variant that skips labels a few tiles with the centroids before the last update, and
 * once more with those after it, as the next two passes would. The clock says what each takes. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "kernels/bounds/order.h"
#include "kernels/run.h"

enum { TILES_MOST = 4, PART = 32 /* of the points at most */ };

/* What exk_run_pass does before the tiles, for the second engine. */
static void prepare_part(exk_run *run, const float *centroids, int part, int parts) {
    const exk_engine *engine = &run->engine[EXK_SKIPPING];
    const exk_workspace workspace = {engine->shared, run->worker[part].scratch, run->probe_point};
    const int64_t first = exk_share(run->k, part, parts), last = exk_share(run->k, part + 1, parts);
    exk_filter_digest(&run->filter, centroids, first, last);
#pragma omp barrier
#pragma omp single
    exk_filter_begin(&run->filter, centroids);
    exk_filter_fill(&run->filter, centroids, first, last);
#pragma omp barrier
#pragma omp single
    run->score_centroids.unscale = ldexp(1.0, 1 - run->filter.exponent);
    engine->kernel->prepare(&run->score_centroids, &engine->plan, &workspace, part, parts);
}

static void prepare_for(exk_run *run, const float *centroids, const float *movement) {
    run->score_centroids.movement = movement;
    run->score_centroids.order = run->engine[EXK_SKIPPING].kernel->ordered ? run->order : NULL;
#pragma omp parallel num_threads(run->plan.threads)
    prepare_part(run, centroids, omp_get_thread_num(), omp_get_num_threads());
}

/* What the refinement finds out about points in doubt goes into their states: of a tile that begins at `first`. */
static void settle_doubts(exk_run *run, exk_worker *worker, int64_t first, char *states) {
    const exk_engine *engine = &run->engine[EXK_SKIPPING];
    exk_refine *refine = &worker->refine;
    exk_refine_settle(refine);
    for (int64_t i = 0; i < refine->queued; i++) {
        const exk_doubt *doubt = &refine->doubt[i];
        exk_run_tell_settled(refine, doubt, states + (size_t)(doubt->point - first) * engine->scratch.per_point);
    }
    refine->queued = 0;
}

/* The certificate, as in a pass. */
static void refine_tile(exk_run *run, exk_worker *worker, const exk_tile *tile, float norm, double error,
                        char *states) {
    const exk_engine *engine = &run->engine[EXK_SKIPPING];
    const int64_t doubts = exk_certify(&run->filter, tile, norm, error, worker->rows);
    for (int64_t i = 0; i < doubts; i++) {
        const int32_t row = worker->rows[i];
        if (engine->kernel->doubt)
            engine->kernel->doubt(&run->score_centroids, &engine->plan, &worker->refine.workspace, tile, row);
        if (worker->refine.queued == worker->refine.capacity)
            settle_doubts(run, worker, tile->first, states);
        exk_refine_queue(&worker->refine, tile, row, tile->label[row], tile->norm[row]);
    }
    settle_doubts(run, worker, tile->first, states);
}

/* The tile's survivors, or all of it where nothing moved yet, get their labels; these are forgotten. */
static void label(exk_run *run, int64_t first, int64_t rows, char *states) {
    const exk_engine *engine = &run->engine[EXK_SKIPPING];
    exk_worker *worker = &run->worker[0];
    const exk_workspace workspace = {engine->shared, worker->scratch, states};
    worker->refine.workspace = workspace;
    exk_tile tile = exk_run_tile(run, worker, first, rows);
    tile.label = worker->label;
    for (int64_t i = 0; i < rows; i++)
        worker->label[i] = run->previous[first + i];
    if (run->score_centroids.movement)
        exk_run_keep_survivors(run, engine, worker, &workspace, &tile);
    exk_run_centre(run, worker, &tile);
    if (tile.rows == 0)
        return;
    const float norm = run->bulk->largest(tile.norm, tile.rows);
    const double error = exk_filter_fold(&run->filter, norm, worker->offset);
    tile.error = exk_round_up(error);
    engine->kernel->assign(&run->score_centroids, &engine->plan, &workspace, &tile);
    refine_tile(run, worker, &tile, norm, error, states);
}

static int tiles_of(const exk_run *run) {
    const int64_t most = run->points.n / PART / run->engine[EXK_SKIPPING].plan.point_tile;
    return most < 1 ? 1 : most < TILES_MOST ? (int)most : TILES_MOST;
}

int64_t exk_run_probed_points(const exk_run *run) {
    const int64_t rows = run->engine[EXK_SKIPPING].plan.point_tile;
    return tiles_of(run) * (rows < run->points.n ? rows : run->points.n);
}

/* Near centroids side by side, but near when? Where some clusters are tiny and others move, one group of what is
 * near now spoils the bounds of most points, and an order of long ago may do better, or the other way round:
 * probes try both in turn. */
static void choose_order(exk_run *run) {
    const size_t bytes = (size_t)run->k * sizeof *run->order;
    const int probe = run->trial.probes++;
    if (probe > 0 && probe % 2 == 0) {
        memcpy(run->order, run->first_order, bytes);
        return;
    }
    exk_order_centroids(run->bulk, run->next, run->k, run->points.d,
                        exk_variant_nr(run->engine[EXK_SKIPPING].variant), run->order_memory, run->order);
    if (probe == 0)
        memcpy(run->first_order, run->order, bytes);
}

exk_probe exk_run_probe(exk_run *run) {
    const exk_engine *engine = &run->engine[EXK_SKIPPING];
    const int64_t n = run->points.n, rows = engine->plan.point_tile;
    const int tiles = tiles_of(run);
    const int64_t roundings = run->filter.roundings;
    run->filter.roundings = engine->roundings;
    if (engine->kernel->ordered)
        choose_order(run);
    double seconds[2];
    int64_t points = 0;
    for (int moved = 0; moved < 2; moved++) {
        const float *centroids = moved ? run->centroids : run->next;
        prepare_for(run, centroids, moved ? run->movement : NULL);
        exk_run_start_refine(run, &run->worker[0], engine->kernel, &engine->plan, centroids);
        const double begun = exk_now();
        points = 0;
        for (int tile = 0; tile < tiles; tile++) {
            const int64_t first = exk_share(n, tile, tiles), count = n - first < rows ? n - first : rows;
            label(run, first, count, run->probe_point + (size_t)points * engine->scratch.per_point);
            points += count;
        }
        seconds[moved] = exk_now() - begun;
    }
    run->filter.roundings = roundings;
    const double share = (double)points / (double)n * (double)run->plan.threads;
    return (exk_probe){.finding = seconds[0] / share, .skipping = seconds[1] / share};
}
