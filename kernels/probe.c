/* Would skipping pay? The variant that skips labels a few tiles with the centroids before the last update, and
 * once more with those after it, as the next two passes would. The clock says what each takes. */
#include <math.h>
#include <omp.h>

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

/* The tile's survivors, or all of it where nothing moved yet, go to assign; whatever it says is forgotten. */
static void label(exk_run *run, int64_t first, int64_t rows, char *states) {
    const exk_engine *engine = &run->engine[EXK_SKIPPING];
    exk_worker *worker = &run->worker[0];
    const exk_workspace workspace = {engine->shared, worker->scratch, states};
    exk_tile tile = exk_run_tile(run, worker, first, rows);
    tile.label = worker->label;
    for (int64_t i = 0; i < rows; i++)
        worker->label[i] = run->previous[first + i];
    if (run->score_centroids.movement)
        exk_run_keep_survivors(run, engine, worker, &workspace, &tile);
    exk_run_centre(run, worker, &tile);
    if (tile.rows == 0)
        return;
    tile.error =
        exk_round_up(exk_filter_fold(&run->filter, run->bulk->largest(tile.norm, tile.rows), worker->offset));
    engine->kernel->assign(&run->score_centroids, &engine->plan, &workspace, &tile);
}

static int tiles_of(const exk_run *run) {
    const int64_t most = run->points.n / PART / run->engine[EXK_SKIPPING].plan.point_tile;
    return most < 1 ? 1 : most < TILES_MOST ? (int)most : TILES_MOST;
}

int64_t exk_run_probed_points(const exk_run *run) {
    const int64_t rows = run->engine[EXK_SKIPPING].plan.point_tile;
    return tiles_of(run) * (rows < run->points.n ? rows : run->points.n);
}

exk_probe exk_run_probe(exk_run *run) {
    const exk_engine *engine = &run->engine[EXK_SKIPPING];
    const int64_t n = run->points.n, rows = engine->plan.point_tile;
    const int tiles = tiles_of(run);
    const int64_t roundings = run->filter.roundings;
    run->filter.roundings = engine->roundings;
    if (engine->kernel->ordered)
        exk_order_centroids(run->next, run->k, run->points.d, exk_variant_nr(engine->variant), run->order_memory,
                            run->order);
    double seconds[2];
    int64_t points = 0;
    for (int moved = 0; moved < 2; moved++) {
        prepare_for(run, moved ? run->centroids : run->next, moved ? run->movement : NULL);
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
