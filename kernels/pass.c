/* One pass over the points: tiles go to the variant, its answers through the certificate, the moved points into
 * the sums. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "kernels/bounds/order.h"
#include "kernels/run.h"

enum { PIECES = 4 };

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
        .shared = worker->shared,
        .thread = worker->scratch,
        .point = run->variant_point ? run->variant_point + (size_t)first * run->scratch.per_point : NULL,
    };
}

void exk_run_centre(const exk_run *run, exk_worker *worker, exk_tile *tile) {
    const int64_t d = run->points.d;
    if (!run->centred)
        return;
    for (int64_t i = 0; i < tile->rows; i++)
        run->bulk->centre(exk_tile_row(tile, i), run->shift, d, worker->centred + i * d);
    tile->x = worker->centred;
    tile->stride = d;
    tile->scattered = false;
}

/* Point i is that near to a centroid, the nearest one of this pass. */
static void approach(exk_run *run, int64_t i, int32_t label) {
    const int64_t d = run->points.d;
    const float *x = run->points.x + i * run->points.stride;
    const double distance = run->bulk->dist64(x, run->centroids + label * d, d);
    run->nearest[i] = distance < run->nearest[i] ? distance : run->nearest[i];
}

void exk_run_tell_settled(const exk_refine *refine, const exk_doubt *doubt, void *state) {
    const exk_settled found = {doubt->label, doubt->upper, doubt->others};
    exk_workspace workspace = refine->workspace;
    workspace.point = state;
    if (refine->kernel->settled && state)
        refine->kernel->settled(refine->score_centroids, refine->plan, &workspace, &found);
}

static void settle_doubt(exk_run *run, exk_worker *worker, const exk_doubt *doubt, exk_purpose purpose) {
    if (purpose == EXK_TO_APPROACH) {
        approach(run, doubt->point, doubt->label);
        return;
    }
    run->labels[doubt->point] = doubt->label;
    exk_run_tell_settled(&worker->refine, doubt, workspace_of(run, worker, doubt->point).point);
    if (purpose == EXK_TO_LABEL)
        return;
    worker->tally.moved += doubt->label != run->previous[doubt->point];
    if (worker->sum)
        exk_run_collect_point(run, worker, doubt->point);
}

/* The points in the queue get their labels, and the queue is empty. */
static void settle_doubts(exk_run *run, exk_worker *worker, exk_purpose purpose) {
    exk_refine *refine = &worker->refine;
    exk_refine_settle(refine);
    lap(worker, &worker->tally.parts.refine);
    for (int64_t i = 0; i < refine->queued; i++)
        settle_doubt(run, worker, &refine->doubt[i], purpose);
    refine->queued = 0;
    lap(worker, &worker->tally.parts.update);
}

/* The label of a row is not proven; by the variant it is `guess`. */
static void queue_doubt(exk_run *run, exk_worker *worker, const exk_tile *tile, int32_t row, int32_t guess,
                        exk_purpose purpose) {
    if (worker->refine.queued == worker->refine.capacity)
        settle_doubts(run, worker, purpose);
    exk_refine_queue(&worker->refine, tile, row, guess, tile->norm[row]);
    worker->tally.ambiguous++;
}

/* Points without a proven label wait in a queue until enough are there to make it cheap; meanwhile their label is
 * -1 and guess[] has what the variant thinks. */
static int64_t find_doubts(exk_run *run, exk_worker *worker, const exk_tile *tile, const exk_workspace *workspace,
                           float norm, double error) {
    const int64_t doubts = exk_certify(&run->filter, tile, norm, error, worker->rows);
    for (int64_t i = 0; i < doubts; i++) {
        int32_t *label = &tile->label[worker->rows[i]];
        if (run->kernel->doubt)
            run->kernel->doubt(&run->score_centroids, &run->plan, workspace, tile, worker->rows[i]);
        worker->guess[i] = *label;
        *label = -1;
    }
    lap(worker, &worker->tally.parts.refine);
    return doubts;
}

/* Which points of the tile, all of its points, moved; into the sums with them while they are in cache, if there
 * are sums of this thread. `doubts` of them have no label yet. */
static void collect_tile(exk_run *run, exk_worker *worker, const exk_tile *tile, int64_t doubts) {
    const int64_t listed =
        run->bulk->differing(tile->label, run->previous + tile->first, tile->rows, worker->moved);
    worker->tally.moved += run->has_sums ? listed - doubts : listed;
    if (worker->sum)
        exk_run_collect_tile(run, worker, tile, listed);
    lap(worker, &worker->tally.parts.update);
}

/* The labels of the rows that assign saw go where those of the whole tile are. */
static void spread_labels(const exk_tile *seen, const exk_tile *whole) {
    for (int64_t i = 0; seen->row && i < seen->rows; i++)
        whole->label[seen->row[i]] = seen->label[i];
}

static void label_tile(exk_run *run, exk_worker *worker, const exk_tile *whole, const exk_tile *seen,
                       const exk_workspace *workspace, float norm, double error, exk_purpose purpose) {
    const int64_t doubts = find_doubts(run, worker, seen, workspace, norm, error);
    spread_labels(seen, whole);
    if (purpose == EXK_TO_COLLECT)
        collect_tile(run, worker, whole, doubts);
    for (int64_t i = 0; i < doubts; i++)
        queue_doubt(run, worker, seen, worker->rows[i], worker->guess[i], purpose);
}

/* Most points are so near to a centroid already that the lower scores prove all those of this pass farther. */
static void approach_tile(exk_run *run, exk_worker *worker, const exk_tile *tile, float norm) {
    const int64_t first = tile->first;
    const int64_t nearer = run->bulk->reachable(tile->best, run->norm + first, run->nearest + first,
                                                ldexp(1.0, 1 - run->filter.exponent), tile->rows, worker->rows);
    for (int64_t i = 0; i < nearer; i++) {
        const int32_t row = worker->rows[i], label = tile->label[row];
        if (exk_is_certified(&run->filter, tile, row, norm))
            approach(run, first + row, label);
        else
            queue_doubt(run, worker, tile, row, label, EXK_TO_APPROACH);
    }
    lap(worker, &worker->tally.parts.refine);
}

exk_tile exk_run_tile(exk_run *run, exk_worker *worker, int64_t first, int64_t rows) {
    return (exk_tile){
        .x = run->points.x + first * run->points.stride,
        .rows = rows,
        .stride = run->points.stride,
        .next = first + rows < run->points.n ? run->points.x + (first + rows) * run->points.stride : NULL,
        .first = first,
        .norm = run->norm + first,
        .offset = worker->offset,
        .label = run->labels + first,
        .best = worker->best,
        .second = worker->second,
    };
}

void exk_run_keep_survivors(exk_run *run, const exk_engine *engine, exk_worker *worker,
                            const exk_workspace *workspace, exk_tile *tile) {
    const int32_t *label = tile->label;
    const float *norm = tile->norm;
    tile->rows =
        engine->kernel->survivors(&run->score_centroids, &engine->plan, workspace, tile, worker->survivor);
    tile->row = worker->survivor;
    tile->scattered = true;
    tile->label = worker->label;
    tile->norm = worker->norm;
    for (int64_t i = 0; i < tile->rows; i++) {
        worker->label[i] = label[worker->survivor[i]];
        worker->norm[i] = norm[worker->survivor[i]];
    }
}

/* Labels of other centroids than those of the pass before tell nothing. */
static void recall_labels(const exk_run *run, const exk_tile *tile, exk_purpose purpose) {
    const size_t bytes = (size_t)tile->rows * sizeof *tile->label;
    if (purpose == EXK_TO_APPROACH || !run->fits)
        memset(tile->label, -1, bytes);
    else
        memcpy(tile->label, run->previous + tile->first, bytes);
}

/* The tile without the points that keep the labels they had. */
static exk_tile surviving_tile(exk_run *run, exk_worker *worker, const exk_tile *whole,
                               const exk_workspace *workspace) {
    exk_tile seen = *whole;
    exk_run_keep_survivors(run, exk_run_last_engine(run), worker, workspace, &seen);
    return seen;
}

static void process_tile(exk_run *run, exk_worker *worker, int64_t first, int64_t rows, exk_purpose purpose) {
    const exk_tile whole = exk_run_tile(run, worker, first, rows);
    const exk_workspace workspace = workspace_of(run, worker, first);
    exk_tile seen = whole;
    recall_labels(run, &whole, purpose);
    if (run->pass_recalls && run->kernel->survivors)
        seen = surviving_tile(run, worker, &whole, &workspace);
    exk_run_centre(run, worker, &seen);
    worker->tally.survivors += seen.rows;
    const float norm = run->bulk->largest(seen.norm, seen.rows);
    const double error = exk_filter_fold(&run->filter, norm, worker->offset);
    seen.error = exk_round_up(error);
    if (seen.rows > 0)
        worker->tally.evaluations += run->kernel->assign(&run->score_centroids, &run->plan, &workspace, &seen);
    lap(worker, &worker->tally.parts.assign);
    if (purpose == EXK_TO_APPROACH)
        approach_tile(run, worker, &seen, norm);
    else
        label_tile(run, worker, &whole, &seen, &workspace, norm, error, purpose);
}

/* Take units of points, as many as the variant takes at a time, from a worker's share: a tile at a time, but what
 * is left for a last tile in pieces, so that those who are done can take some. Returns how many, the first of them
 * in *first. */
static int64_t take_units(exk_worker *from, int64_t tile_units, int64_t *first) {
    int64_t next = __atomic_load_n(&from->next_unit, __ATOMIC_RELAXED), count;
    do {
        const int64_t left = from->last_unit - next, piece = (tile_units + PIECES - 1) / PIECES;
        count = left > tile_units ? tile_units : left < piece ? left : piece;
        if (count <= 0)
            return 0;
    } while (!__atomic_compare_exchange_n(&from->next_unit, &next, next + count, true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    *first = next;
    return count;
}

/* Each worker has its own contiguous share of the points, the same in every pass, so that they stay near it; when
 * it is done it helps the others. */
static void process_points(exk_run *run, int part, int parts, exk_purpose purpose) {
    const int64_t unit = exk_variant_points(run->variant), tile_units = (run->plan.point_tile + unit - 1) / unit;
    exk_worker *worker = &run->worker[part];
    for (int helped = 0; helped < parts; helped++) {
        exk_worker *from = &run->worker[(part + helped) % parts];
        int64_t first, units;
        while (!exk_run_stopped(run) && (units = take_units(from, tile_units, &first)) > 0) {
            const int64_t left = run->points.n - first * unit;
            process_tile(run, worker, first * unit, units * unit < left ? units * unit : left, purpose);
        }
    }
    if (!exk_run_stopped(run))
        settle_doubts(run, worker, purpose);
}

/* Packing is shared by the threads of a node, each node having its own copy. */
static void pack_centroids(exk_run *run, exk_worker *worker, int part, int parts) {
    const int nodes = run->plan.nodes < parts ? run->plan.nodes : parts;
    int node = 0;
    while (exk_share(parts, node + 1, nodes) <= part)
        node++;
    worker->shared = run->shared + (size_t)node * exk_arena_pages(run->scratch.shared);
    const int first = (int)exk_share(parts, node, nodes), last = (int)exk_share(parts, node + 1, nodes);
    const exk_workspace workspace = workspace_of(run, worker, 0);
    worker->refine.workspace = workspace;
    if (run->kernel->prepare)
        run->kernel->prepare(&run->score_centroids, &run->plan, &workspace, part - first, last - first);
}

/* Before the tiles: c', errors and the variant's panels, each thread its share. */
static void prepare_part(exk_run *run, exk_worker *worker, int part, int parts) {
    const int64_t units = (run->points.n - 1) / exk_variant_points(run->variant) + 1;
    worker->next_unit = exk_share(units, part, parts);
    worker->last_unit = exk_share(units, part + 1, parts);
    const int64_t first = exk_share(run->k, part, parts), last = exk_share(run->k, part + 1, parts);
    if (!run->digested) {
        exk_filter_digest(&run->filter, run->centroids, first, last);
#pragma omp barrier
    }
#pragma omp single
    {
        exk_filter_begin(&run->filter, run->centroids);
        run->score_centroids.unscale = ldexp(1.0, 1 - run->filter.exponent);
    }
    exk_filter_fill(&run->filter, run->centroids, first, last);
#pragma omp barrier
    pack_centroids(run, worker, part, parts);
#pragma omp barrier
}

void exk_run_start_refine(exk_run *run, exk_worker *worker, const exk_kernel *kernel, const exk_plan *plan,
                          const float *centroids) {
    exk_refine *refine = &worker->refine;
    refine->queued = 0;
    refine->evaluations = 0;
    refine->exactly_decided = 0;
    refine->filter = &run->filter;
    refine->score_centroids = &run->score_centroids;
    refine->centroids = centroids;
    refine->points = &run->points;
    refine->kernel = kernel;
    refine->plan = plan;
    refine->bulk = run->bulk;
}

static void start_worker(exk_run *run, exk_worker *worker, double now) {
    worker->tally = (exk_tally){0};
    worker->lap = now;
    exk_run_start_refine(run, worker, run->kernel, &run->plan, run->centroids);
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
        total.survivors += worker->tally.survivors;
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

/* What variants that keep something of each point want to know. Centroids are put in order where that begins; who
 * takes over finds them as the probe left them. */
static void prepare_recalling(exk_run *run, exk_purpose purpose) {
    const bool labels = purpose != EXK_TO_APPROACH;
    run->pass_recalls = labels && run->has_moved && run->has_state;
    const bool took_over = run->kernel->survivors && run->variant != run->engine[EXK_PLAIN].variant;
    if (labels && run->kernel->ordered && run->order && !run->pass_recalls && !took_over)
        exk_order_centroids(run->bulk, run->centroids, run->k, run->points.d, exk_variant_nr(run->variant),
                            run->order_memory, run->order);
    run->score_centroids.movement = run->pass_recalls ? run->movement : NULL;
    run->score_centroids.order = labels && run->kernel->ordered ? run->order : NULL;
    run->has_state = labels && run->scratch.per_point > 0;
}

bool exk_run_pass(exk_run *run, exk_purpose purpose, exk_tally *tally) {
    if (exk_run_stopped(run))
        return false;
    const double begun = exk_now();
    bool complete = true;
    prepare_recalling(run, purpose);
    for (int thread = 0; thread < run->plan.threads; thread++)
        start_worker(run, &run->worker[thread], begun);
#pragma omp parallel num_threads(run->plan.threads)
    {
        const int part = omp_get_thread_num(), parts = omp_get_num_threads();
        exk_worker *worker = &run->worker[part];
        prepare_part(run, worker, part, parts);
        lap(worker, &worker->tally.parts.prepare);
        process_points(run, part, parts, purpose);
        /* Points of a pass that was stopped may have no label; all threads must think the same of that. */
#pragma omp barrier
#pragma omp single
        complete = !exk_run_stopped(run);
        if (complete && purpose == EXK_TO_COLLECT) {
            worker->lap = exk_now();
            exk_run_collect(run, part, parts, total_moved(run));
            lap(worker, &worker->tally.parts.update);
        }
    }
    *tally = total_tally(run);
    run->has_sums = run->has_sums || purpose == EXK_TO_COLLECT;
    return !exk_run_stopped(run);
}
