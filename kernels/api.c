/* The public functions: options, checks, memory, results. */
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/bounds/order.h"
#include "kernels/run.h"

static const exk_options default_options = {.n_init = 1, .max_iter = 300, .tol = 1e-4};

exk_status exk_options_create(exk_options **options) {
    *options = malloc(sizeof **options);
    if (!*options)
        return EXK_ERR_MEMORY;
    **options = default_options;
    return EXK_OK;
}

void exk_options_free(exk_options *options) {
    free(options);
}

void exk_options_set_plan(exk_options *options, const exk_plan *plan) {
    options->plan = *plan;
}

void exk_options_set_init(exk_options *options, exk_init init) {
    options->init = init;
}

void exk_options_set_centroids(exk_options *options, const float *centroids) {
    options->centroids = centroids;
    options->init = EXK_INIT_GIVEN;
}

void exk_options_set_seed(exk_options *options, uint64_t seed) {
    options->seed = seed;
}

void exk_options_set_n_init(exk_options *options, int n_init) {
    options->n_init = n_init;
}

void exk_options_set_max_iter(exk_options *options, int64_t max_iter) {
    options->max_iter = max_iter;
}

void exk_options_set_tol(exk_options *options, double tol) {
    options->tol = tol;
}

void exk_options_set_empty(exk_options *options, exk_empty empty) {
    options->empty = empty;
}

void exk_options_set_max_memory(exk_options *options, int64_t bytes) {
    options->max_memory = bytes;
}

void exk_options_set_progress(exk_options *options, exk_progress_fn progress, void *user) {
    options->progress = progress;
    options->progress_user = user;
}

void exk_options_set_thread_start(exk_options *options, exk_thread_fn start, void *user) {
    options->thread_start = start;
    options->thread_user = user;
}

void exk_options_set_stop_flag(exk_options *options, const int *stop) {
    options->stop = stop;
}

static exk_status check_points(const exk_points *points, exk_error *error) {
    if (!points || !points->x)
        return exk_fail(error, EXK_ERR_ARGUMENT, "no points given");
    if (points->n < 1 || points->d < 1)
        return exk_fail(error, EXK_ERR_ARGUMENT, "%lld points of %lld dimensions; both must be at least 1",
                        (long long)points->n, (long long)points->d);
    int64_t bytes;
    if (points->stride < points->d || __builtin_mul_overflow(points->n, points->stride, &bytes) ||
        __builtin_mul_overflow(bytes, (int64_t)sizeof(float), &bytes))
        return exk_fail(error, EXK_ERR_ARGUMENT, "stride %lld does not fit %lld points of %lld dimensions",
                        (long long)points->stride, (long long)points->n, (long long)points->d);
    return EXK_OK;
}

static exk_status check_centroids(const float *centroids, int64_t k, int64_t d, exk_error *error) {
    if (!centroids)
        return exk_fail(error, EXK_ERR_ARGUMENT, "no centroids given");
    const exk_points as_points = {centroids, k, d, d};
    exk_error where;
    if (exk_points_check(&as_points, &where) == EXK_OK)
        return EXK_OK;
    return exk_fail_at(error, EXK_ERR_NOT_FINITE, where.row, where.column, "centroids: %s", where.message);
}

static exk_status check_options(const exk_options *options, exk_error *error) {
    if (options->init < EXK_INIT_KMEANSPP || options->init > EXK_INIT_GIVEN)
        return exk_fail(error, EXK_ERR_ARGUMENT, "unknown init %d", (int)options->init);
    if (options->empty < EXK_EMPTY_FARTHEST || options->empty > EXK_EMPTY_SPLIT)
        return exk_fail(error, EXK_ERR_ARGUMENT, "unknown empty-cluster policy %d", (int)options->empty);
    if (options->n_init < 1)
        return exk_fail(error, EXK_ERR_ARGUMENT, "n_init is %d; it must be at least 1", options->n_init);
    if (options->max_iter < 1)
        return exk_fail(error, EXK_ERR_ARGUMENT, "max_iter is %lld; it must be at least 1",
                        (long long)options->max_iter);
    if (!(options->tol >= 0.0) || isinf(options->tol))
        return exk_fail(error, EXK_ERR_ARGUMENT, "tol is %g; it must be finite and not negative", options->tol);
    if (options->plan.update < EXK_UPDATE_AUTO || options->plan.update > EXK_UPDATE_SORTED)
        return exk_fail(error, EXK_ERR_ARGUMENT, "unknown update %d", (int)options->plan.update);
    if (options->plan.nodes < 0 || options->plan.nodes > 4096)
        return exk_fail(error, EXK_ERR_ARGUMENT, "%d nodes; it must be 0 (choose) to 4096", options->plan.nodes);
    if (options->plan.threads < 0 || options->plan.threads > 4096)
        return exk_fail(error, EXK_ERR_ARGUMENT, "%d threads; it must be 0 (choose) to 4096",
                        options->plan.threads);
    return EXK_OK;
}

static exk_status check_k(const exk_points *points, int64_t k, bool fits, exk_error *error) {
    int64_t size;
    if (k < 1 || k > INT32_MAX)
        return exk_fail(error, EXK_ERR_ARGUMENT, "k is %lld; it must be between 1 and %d", (long long)k,
                        INT32_MAX);
    if (fits && k > points->n)
        return exk_fail(error, EXK_ERR_ARGUMENT, "k is %lld but there are only %lld points; lower k", (long long)k,
                        (long long)points->n);
    if (__builtin_mul_overflow(k, points->d, &size) || size > INT64_MAX / 64)
        return exk_fail(error, EXK_ERR_MEMORY, "%lld centroids of %lld dimensions do not fit the address space",
                        (long long)k, (long long)points->d);
    return EXK_OK;
}

static void lay_out_worker(exk_run *run, exk_worker *worker) {
    exk_arena *arena = &run->arena;
    const size_t k = (size_t)run->k, d = (size_t)run->points.d, tile = (size_t)exk_run_point_tile(run);
    const size_t batch = (size_t)exk_refine_capacity(run->k);
    const size_t scratch = exk_run_scratch(run).per_thread;
    exk_arena_turn_page(arena);
    exk_worker laid_out = {
        .centred = exk_arena_take(arena, tile * d, sizeof(float)),
        .offset = exk_arena_take(arena, exk_filter_offsets(run->k), sizeof(float)),
        .best = exk_arena_take(arena, tile, sizeof(float)),
        .second = exk_arena_take(arena, tile, sizeof(float)),
        .rows = exk_arena_take(arena, tile, sizeof(int32_t)),
        .guess = exk_arena_take(arena, tile, sizeof(int32_t)),
        .moved = exk_arena_take(arena, tile, sizeof(int32_t)),
        .scratch = exk_arena_take(arena, scratch, 1),
        .refine = {.capacity = (int64_t)batch,
                   .doubt = exk_arena_take(arena, batch, sizeof(exk_doubt)),
                   .rows = exk_arena_take(arena, batch * d, sizeof(float)),
                   .lower = exk_arena_take(arena, batch * k, sizeof(float)),
                   .offset = exk_arena_take(arena, exk_filter_offsets(run->k), sizeof(float)),
                   .candidates = exk_arena_take(arena, k, sizeof(int32_t))},
    };
    if (exk_run_may_skip(run)) {
        laid_out.survivor = exk_arena_take(arena, tile, sizeof(int32_t));
        laid_out.label = exk_arena_take(arena, tile, sizeof(int32_t));
        laid_out.norm = exk_arena_take(arena, tile, sizeof(float));
    }
    if (run->fits && run->plan.update == EXK_UPDATE_SORTED) {
        laid_out.bucket = exk_arena_take(arena, 2 * k, sizeof(int64_t));
        laid_out.edge = exk_arena_take(arena, d, sizeof(int64_t));
    } else if (run->fits) {
        laid_out.sum = exk_arena_take(arena, k * d, sizeof(int64_t));
        laid_out.count = exk_arena_take(arena, k, sizeof(int64_t));
        laid_out.touched = exk_arena_take(arena, k, 1);
    }
    if (arena->base)
        *worker = laid_out;
}

static void lay_out_filter(exk_run *run) {
    exk_arena *arena = &run->arena;
    const size_t k = (size_t)run->k, d = (size_t)run->points.d;
    exk_filter *filter = &run->filter;
    filter->k = run->k;
    filter->d = run->points.d;
    filter->shift = run->shift;
    filter->c = exk_arena_take(arena, k * d, sizeof(float));
    filter->h = exk_arena_take(arena, k, sizeof(double));
    filter->slope = exk_arena_take(arena, k, sizeof(float));
    filter->base = exk_arena_take(arena, k, sizeof(float));
    filter->hash = exk_arena_take(arena, k, sizeof(uint64_t));
    filter->largest = exk_arena_take(arena, k, sizeof(float));
    filter->table = exk_arena_take(arena, exk_filter_table(run->k), sizeof(int32_t));
    filter->bulk = run->bulk;
    run->score_centroids = (exk_score_centroids){.c = filter->c, .k = run->k, .d = run->points.d};
}

/* Only what fit needs beyond assign. */
static void lay_out_update(exk_run *run) {
    exk_arena *arena = &run->arena;
    const size_t k = (size_t)run->k, d = (size_t)run->points.d;
    run->next = exk_arena_take(arena, k * d, sizeof(float));
    run->sum = exk_arena_take(arena, k * d, sizeof(int64_t));
    run->count = exk_arena_take(arena, k, sizeof(int64_t));
    run->stale = exk_arena_take(arena, k, 1);
    run->split_size = exk_arena_take(arena, k, sizeof(int64_t));
    run->split_first = exk_arena_take(arena, k, sizeof(int64_t));
    run->centroid_shift = exk_arena_take(arena, k, sizeof(double));
    run->centroid_inertia = exk_arena_take(arena, k, sizeof(double));
    run->movement = exk_arena_take(arena, k, sizeof(float));
    run->order = run->first_order = run->order_memory = NULL;
    if (exk_run_wants_order(run)) {
        run->order = exk_arena_take(arena, k, sizeof(int32_t));
        run->first_order = exk_arena_take(arena, k, sizeof(int32_t));
        run->order_memory = exk_arena_take(arena, exk_order_bytes(run->k, run->points.d), 1);
    }
    run->fill = exk_arena_take(arena, k, sizeof(exk_fill));
    run->far = exk_arena_take(arena, exk_run_far_bytes(run->points.n, run->k, run->plan.threads), 1);
}

/* kmeans++'s distances and, once the first centroids are chosen, the points in the order of their clusters: the
 * same memory. */
static void lay_out_choices(exk_run *run) {
    const bool distances = run->fits && run->options->init == EXK_INIT_KMEANSPP;
    const bool entries = run->fits && run->plan.update == EXK_UPDATE_SORTED;
    void *memory = NULL;
    if (distances || entries)
        memory = exk_arena_take(&run->arena, (size_t)run->points.n, sizeof(double));
    run->nearest = distances ? memory : NULL;
    run->entry = entries ? memory : NULL;
}

/* What is kept of the points belongs to one engine at a time, what is shared to each: a probe must not disturb who
 * makes the passes. */
static void lay_out_engines(exk_run *run) {
    exk_arena *arena = &run->arena;
    const exk_engine *skipping = &run->engine[EXK_SKIPPING];
    const size_t per_point = exk_run_scratch(run).per_point;
    for (int role = 0; role < EXK_ENGINES; role++) {
        exk_engine *engine = &run->engine[role];
        if (engine->kernel)
            engine->shared =
                exk_arena_take(arena, (size_t)run->plan.nodes, exk_arena_pages(engine->scratch.shared));
    }
    run->variant_point = per_point ? exk_arena_take(arena, (size_t)run->points.n, per_point) : NULL;
    run->probe_point = NULL;
    if (skipping->kernel)
        run->probe_point = exk_arena_take(arena, (size_t)exk_run_probed_points(run), skipping->scratch.per_point);
}

/* Everything a run needs, in one order for measuring and for real. */
static void lay_out(exk_run *run) {
    exk_arena *arena = &run->arena;
    const size_t n = (size_t)run->points.n, k = (size_t)run->k, d = (size_t)run->points.d;
    const size_t threads = (size_t)run->plan.threads;
    run->norm = exk_arena_take(arena, n, sizeof(float));
    run->largest = exk_arena_take(arena, d, sizeof(float));
    run->scale = exk_arena_take(arena, d, sizeof(double));
    run->unit = exk_arena_take(arena, d, sizeof(double));
    run->shift = exk_arena_take(arena, d, sizeof(float));
    run->column_max = exk_arena_take(arena, threads * d, sizeof(float));
    run->column_sum = exk_arena_take(arena, 2 * threads * d, sizeof(int64_t));
    run->guess = exk_arena_take(arena, 2 * d, sizeof(double));
    run->block = exk_arena_take(arena, n / EXK_BLOCK + 1, sizeof(double));
    run->labels = exk_arena_take(arena, n, sizeof(int32_t));
    run->previous = exk_arena_take(arena, n, sizeof(int32_t));
    lay_out_choices(run);
    run->centroids = exk_arena_take(arena, k * d, sizeof(float));
    exk_arena_turn_page(arena);
    lay_out_engines(run);
    lay_out_filter(run);
    if (run->fits)
        lay_out_update(run);
    run->worker = exk_arena_take(arena, threads, sizeof(exk_worker));
    for (size_t thread = 0; thread < threads; thread++)
        lay_out_worker(run, arena->base ? &run->worker[thread] : NULL);
}

static size_t result_bytes(const exk_run *run, int64_t trace_capacity) {
    const size_t n = (size_t)run->points.n, k = (size_t)run->k, d = (size_t)run->points.d;
    /* Two traces: of the best run so far and of the one under way. */
    return sizeof(exk_result) + n * sizeof(int32_t) + k * d * sizeof(float) + k * sizeof(int64_t) +
           2 * (size_t)trace_capacity * sizeof(exk_iteration);
}

static exk_status out_of_memory(const exk_run *run, size_t bytes, exk_error *error) {
    if (run->arena.overflow)
        return exk_fail(error, EXK_ERR_MEMORY, "this shape needs more memory than can be addressed");
    return exk_fail(error, EXK_ERR_MEMORY,
                    "%zu bytes are needed beside the points and cannot be had; lower k, the threads or the tiles",
                    bytes);
}

/* Bytes beside the points if the run is carried out so. */
static size_t measure(exk_run *run, exk_update update, int nodes, int64_t trace_capacity) {
    run->arena = (exk_arena){0};
    run->plan.update = update;
    run->plan.nodes = nodes;
    lay_out(run);
    return run->arena.overflow ? SIZE_MAX : run->arena.used + result_bytes(run, trace_capacity);
}

/* What the plan leaves open: the first choice that keeps to the memory limit, else what needs least. */
static size_t choose_memory(exk_run *run, int64_t trace_capacity) {
    const exk_shape shape = {run->points.n, run->points.d, run->k};
    const exk_update given = run->plan.update;
    const exk_update faster = given == EXK_UPDATE_AUTO ? exk_plan_update(&shape) : given;
    const exk_update other = given != EXK_UPDATE_AUTO      ? given
                             : faster == EXK_UPDATE_SORTED ? EXK_UPDATE_MOVED
                                                           : EXK_UPDATE_SORTED;
    const int nodes = run->plan.nodes < 1                   ? 1
                      : run->plan.nodes < run->plan.threads ? run->plan.nodes
                                                            : run->plan.threads;
    const struct {
        exk_update update;
        int nodes;
    } choices[] = {{faster, nodes}, {other, nodes}, {faster, 1}, {other, 1}};
    const size_t limit = run->options->max_memory > 0 ? (size_t)run->options->max_memory : SIZE_MAX;
    size_t least_bytes;
    do {
        int least = 0;
        least_bytes = SIZE_MAX;
        for (int i = 0; i < 4; i++) {
            const size_t bytes = measure(run, choices[i].update, choices[i].nodes, trace_capacity);
            if (bytes <= limit)
                return bytes;
            least = bytes < least_bytes ? i : least;
            least_bytes = bytes < least_bytes ? bytes : least_bytes;
        }
        least_bytes = measure(run, choices[least].update, choices[least].nodes, trace_capacity);
    } while (exk_run_leaner(run));
    return least_bytes;
}

static exk_status allocate_run(exk_run *run, int64_t trace_capacity, exk_error *error) {
    const size_t bytes = choose_memory(run, trace_capacity);
    const int64_t limit = run->options->max_memory;
    if (!run->arena.overflow && limit > 0 && bytes > (size_t)limit)
        return exk_fail(
            error, EXK_ERR_MEMORY,
            "%zu bytes are needed beside the points, but the memory limit is %lld; raise it, or lower k, "
            "the threads or the tiles",
            bytes, (long long)limit);
    if (!exk_arena_allocate(&run->arena))
        return out_of_memory(run, bytes, error);
    lay_out(run);
    exk_run_start_engines(run);
    return EXK_OK;
}

static exk_result *create_result(const exk_run *run, int64_t trace_capacity) {
    const size_t n = (size_t)run->points.n, k = (size_t)run->k, d = (size_t)run->points.d;
    exk_result *result = calloc(1, sizeof *result);
    if (!result)
        return NULL;
    result->n = run->points.n;
    result->d = run->points.d;
    result->k = run->k;
    result->labels = malloc(n * sizeof *result->labels);
    result->centroids = malloc(k * d * sizeof *result->centroids);
    result->counts = malloc(k * sizeof *result->counts);
    result->trace_capacity = trace_capacity;
    result->trace = trace_capacity ? malloc((size_t)trace_capacity * sizeof *result->trace) : NULL;
    result->plan = run->plan;
    result->plan.skipping =
        exk_run_last_engine(run) == &run->engine[EXK_PLAIN] ? NULL : exk_run_last_engine(run)->variant->name;
    result->totals.scratch_bytes = (int64_t)(run->arena.used + result_bytes(run, trace_capacity));
    if (result->labels && result->centroids && result->counts && (result->trace || !trace_capacity))
        return result;
    exk_result_free(result);
    return NULL;
}

void exk_result_free(exk_result *result) {
    if (!result)
        return;
    free(result->labels);
    free(result->centroids);
    free(result->counts);
    free(result->trace);
    free(result);
}

/* Threads start once, and their memory becomes theirs by first touch. */
static void start_threads(exk_run *run) {
#pragma omp parallel num_threads(run->plan.threads)
    {
        const int thread = omp_get_thread_num();
        if (run->options->thread_start)
            run->options->thread_start(thread, run->options->thread_user);
#pragma omp for schedule(static, 1)
        for (int worker = 0; worker < run->plan.threads; worker++) {
            if (run->worker[worker].sum) {
                memset(run->worker[worker].sum, 0, (size_t)(run->k * run->points.d) * sizeof(int64_t));
                memset(run->worker[worker].count, 0, (size_t)run->k * sizeof(int64_t));
                memset(run->worker[worker].touched, 0, (size_t)run->k);
            }
        }
    }
}

/* Checks, plan, memory, scan; on EXK_OK the run and an empty result are ready. */
static exk_status begin(exk_run *run, int64_t trace_capacity, exk_result **result, exk_error *error) {
    exk_status status = check_points(&run->points, error);
    if (status == EXK_OK)
        status = check_k(&run->points, run->k, run->fits, error);
    if (status == EXK_OK)
        status = check_options(run->options, error);
    if (status == EXK_OK && (!run->fits || run->options->init == EXK_INIT_GIVEN))
        status = check_centroids(run->options->centroids, run->k, run->points.d, error);
    if (status == EXK_OK)
        status = exk_run_choose_variants(run, error);
    if (status == EXK_OK)
        status = allocate_run(run, trace_capacity, error);
    if (status != EXK_OK)
        return status;
    start_threads(run);
    const double scanning = exk_now();
    status = exk_run_scan(run, error);
    if (status != EXK_OK)
        return status;
    *result = create_result(run, trace_capacity);
    if (*result)
        (*result)->totals.scan_seconds = exk_now() - scanning;
    return *result ? EXK_OK : out_of_memory(run, result_bytes(run, trace_capacity), error);
}

static double inertia_block(exk_run *run, int64_t first, int64_t last) {
    const int64_t d = run->points.d;
    double sum = 0.0;
    for (int64_t i = first; i < last; i++)
        sum += run->bulk->dist64(run->points.x + i * run->points.stride, run->centroids + run->labels[i] * d, d);
    return sum;
}

/* Copy the outcome of a run into the result. Labels of -1 (stopped before the first pass ended) have no inertia.
 */
static void keep_outcome(exk_run *run, exk_result *result, double inertia) {
    const size_t n = (size_t)run->points.n, k = (size_t)run->k, d = (size_t)run->points.d;
    memcpy(result->labels, run->labels, n * sizeof *result->labels);
    memcpy(result->centroids, run->centroids, k * d * sizeof *result->centroids);
    memset(result->counts, 0, k * sizeof *result->counts);
    for (size_t i = 0; i < n; i++) {
        if (run->labels[i] >= 0)
            result->counts[run->labels[i]]++;
    }
    result->inertia = inertia;
}

static double outcome_inertia(exk_run *run) {
    return run->labels[0] < 0 ? INFINITY : exk_run_blocked_sum(run, inertia_block);
}

/* n_init runs into *result, the best one kept. */
static exk_status fit_repeatedly(exk_run *run, exk_result *best, exk_result *trial) {
    const exk_init init = run->options->init;
    const int repeats = init == EXK_INIT_KMEANSPP || init == EXK_INIT_RANDOM ? run->options->n_init : 1;
    exk_status status = EXK_OK;
    for (int repeat = 0; repeat < repeats && status == EXK_OK; repeat++) {
        status = exk_run_lloyd(run, repeat, trial);
        const double inertia = outcome_inertia(run);
        if (repeat > 0 && !(inertia < best->inertia))
            continue;
        keep_outcome(run, best, inertia);
        best->iterations = trial->iterations;
        best->converged = trial->converged;
        exk_iteration *trace = best->trace;
        best->trace = trial->trace;
        trial->trace = trace;
    }
    trial->totals.scratch_bytes = best->totals.scratch_bytes;
    trial->totals.scan_seconds = best->totals.scan_seconds;
    best->totals = trial->totals;
    return status;
}

exk_status exk_fit(const exk_points *points, int64_t k, const exk_options *options, exk_result **result,
                   exk_error *error) {
    *result = NULL;
    exk_run run = {.k = k, .options = options ? options : &default_options, .fits = true};
    if (points)
        run.points = *points;
    enum { TRACE_MAX = 100000 };
    const int64_t max_iter = run.options->max_iter;
    const int64_t trace_capacity = max_iter < 1 ? 0 : max_iter < TRACE_MAX ? max_iter : TRACE_MAX;
    exk_status status = begin(&run, trace_capacity, result, error);
    if (status == EXK_OK) {
        exk_result trial = {.trace_capacity = trace_capacity};
        trial.trace = malloc((size_t)trace_capacity * sizeof *trial.trace);
        status = trial.trace ? fit_repeatedly(&run, *result, &trial)
                             : exk_fail(error, EXK_ERR_MEMORY, "out of memory for the trace; lower max_iter");
        free(trial.trace);
        if (status == EXK_STOPPED)
            exk_error_set(error, status, -1, -1,
                          "stopped before it converged; the result is that of the last finished iteration");
    }
    if (status != EXK_OK && status != EXK_STOPPED) {
        exk_result_free(*result);
        *result = NULL;
    }
    exk_arena_free(&run.arena);
    return status;
}

/* Label by the given centroids; -0 becomes 0 so that equal centroids have equal bits. */
static exk_status assign_once(exk_run *run, exk_result *result, exk_error *error) {
    for (int64_t i = 0; i < run->k * run->points.d; i++)
        run->centroids[i] = run->options->centroids[i] + 0.0f;
    const double started = exk_now();
    exk_tally tally;
    if (!exk_run_pass(run, EXK_TO_LABEL, &tally))
        return exk_fail(error, EXK_STOPPED, "stopped before all points were assigned");
    result->totals.iterate_seconds = exk_now() - started;
    result->totals.distance_evaluations = tally.evaluations;
    result->totals.ambiguous_points = tally.ambiguous;
    result->totals.exactly_decided_points = tally.exactly_decided;
    result->totals.parts = tally.parts;
    keep_outcome(run, result, outcome_inertia(run));
    return EXK_OK;
}

exk_status exk_assign(const exk_points *points, const float *centroids, int64_t k, const exk_options *options,
                      exk_result **result, exk_error *error) {
    *result = NULL;
    exk_options with_centroids = options ? *options : default_options;
    exk_options_set_centroids(&with_centroids, centroids);
    exk_run run = {.k = k, .options = &with_centroids};
    if (points)
        run.points = *points;
    exk_status status = begin(&run, 0, result, error);
    if (status == EXK_OK)
        status = assign_once(&run, *result, error);
    if (status != EXK_OK) {
        exk_result_free(*result);
        *result = NULL;
    }
    exk_arena_free(&run.arena);
    return status;
}

exk_status exk_score(const exk_points *points, const float *centroids, int64_t k, const exk_options *options,
                     double *inertia, exk_error *error) {
    exk_result *result;
    const exk_status status = exk_assign(points, centroids, k, options, &result, error);
    if (status == EXK_OK)
        *inertia = result->inertia;
    exk_result_free(result);
    return status;
}

int64_t exk_result_k(const exk_result *result) {
    return result->k;
}

int64_t exk_result_n(const exk_result *result) {
    return result->n;
}

int64_t exk_result_d(const exk_result *result) {
    return result->d;
}

const int32_t *exk_result_labels(const exk_result *result) {
    return result->labels;
}

const float *exk_result_centroids(const exk_result *result) {
    return result->centroids;
}

const int64_t *exk_result_counts(const exk_result *result) {
    return result->counts;
}

double exk_result_inertia(const exk_result *result) {
    return result->inertia;
}

int64_t exk_result_iterations(const exk_result *result) {
    return result->iterations;
}

bool exk_result_converged(const exk_result *result) {
    return result->converged;
}

const exk_iteration *exk_result_iteration(const exk_result *result, int64_t i) {
    return i >= 0 && i < result->iterations && i < result->trace_capacity ? &result->trace[i] : NULL;
}

exk_totals exk_result_totals(const exk_result *result) {
    return result->totals;
}

exk_plan exk_result_plan(const exk_result *result) {
    return result->plan;
}
