/* Points to measure plans with, and what a plan takes for them. */
#include "harness/interrupt.h"
#include "harness/measure.h"
#include "harness/report.h"
#include "harness/tune.h"
#include "harness/variants.h"
#include "harness/verify_run.h"
#include "kernels/status.h"
#include "tuner/stats.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

/* Points are as many as fill the window at this many operations a second and thread, each point costing some
 * operations beside its distances. Fewer, where they would take more memory: beyond every cache they are anyway.
 */
static const double rate_most = 2e11, point_operations = 60;
static const int64_t bytes_most = INT64_C(192) << 20;

/* Of each thread: a few panels. */
enum { POINTS_LEAST = 1024 };

/* What naive scalar code may do to prove labels. */
static const double proof_operations = 2e9;

/* A variant that skips is timed by the iterations of a short fit, beside which the first one counts little. What
 * they find is compared with what the plainest loop that is not slow finds. */
enum { FIT_ITERATIONS = 8 };
static const char proof_variant[] = "assign_f32_tiled__scalar";

/* Of a sample at least, so that one of them that was disturbed does not matter. */
enum { PASSES = 4 };

/* Of the fit that is counted. */
enum { COUNTED_ITERATIONS = 3 };

/* A first look takes this part of a sample. What surrounds the passes may take as long as they do, not more: a
 * sample ends then, too. */
enum { SCREENING_PART = 8, WALL_MOST = 2, REPEATS_MOST = 500 };

/* --- shapes --- */

bool tune_is_shape(const char *text) {
    return strspn(text, "0123456789kKmMgGx") == strlen(text) && strchr(text, 'x');
}

static bool parse_size(const char **text, int64_t most, int64_t *size) {
    char *end;
    const long long digits = strtoll(*text, &end, 10);
    const char *suffix = *end ? strchr("kmg", *end | 0x20) : NULL;
    const int64_t factor = !suffix ? 1 : *suffix == 'k' ? 1000 : *suffix == 'm' ? 1000000 : 1000000000;
    const bool good = end != *text && digits > 0 && digits <= most / factor;
    *size = good ? digits * factor : 0;
    *text = end + (suffix != NULL);
    return good;
}

exit_code tune_parse_shape(const char *text, exk_shape *shape) {
    const char *at = text;
    const bool good = parse_size(&at, INT64_C(1) << 40, &shape->n) && *at++ == 'x' &&
                      parse_size(&at, INT64_C(1) << 32, &shape->d) && *at++ == 'x' &&
                      parse_size(&at, INT32_MAX, &shape->k) && !*at;
    if (!good)
        return fail(CLI_USAGE, "%s: not a shape; write points x dimensions x clusters, e.g. 200000x768x1000",
                    text);
    if (shape->k > shape->n)
        return fail(CLI_USAGE, "%s: %lld clusters for %lld points; use at most as many", text, (long long)shape->k,
                    (long long)shape->n);
    return CLI_OK;
}

exit_code tune_look_at(const settings *s, const char *input, exk_shape *shape) {
    const exk_load_options options = {.columns = s->columns, .standardise = s->standardise};
    exk_dataset *data;
    exk_error error = {0};
    if (exk_dataset_load(input, &options, &data, &error) != EXK_OK)
        return fail_with(&error);
    shape->n = data->points.n;
    shape->d = data->points.d;
    exk_dataset_free(data);
    return CLI_OK;
}

/* --- preparation --- */

/* The place of the i-th of `count` things that are spread evenly over `all`. */
static int64_t spread(int64_t i, int64_t count, int64_t all) {
    return all / count * i + all % count * i / count;
}

static int64_t rows_wanted(const tune_case *c) {
    const exk_shape *s = &c->shape;
    const double each = 2.0 * (double)s->k * (double)s->d + point_operations;
    const double filling = c->window * c->threads * rate_most / each;
    const int64_t room = bytes_most / (s->d * (int64_t)sizeof(float)), least = POINTS_LEAST * (int64_t)c->threads;
    int64_t rows = filling < (double)room ? (int64_t)filling : room;
    rows = rows > least ? rows : least;
    rows = rows > s->k ? rows : s->k;
    return rows < s->n ? rows : s->n;
}

static exk_status generate(tune_case *c, exk_error *error) {
    char spec[96];
    snprintf(spec, sizeof spec, "gen:embed,n=%" PRId64 ",d=%" PRId64, rows_wanted(c), c->shape.d);
    const exk_status status = exk_dataset_load(spec, NULL, &c->data, error);
    if (status == EXK_OK)
        c->points = c->data->points;
    return status;
}

/* Rows from all over the points, as many as are wanted. */
static exk_status sample_rows(tune_case *c, exk_error *error) {
    const exk_points *all = &c->data->points;
    const int64_t rows = rows_wanted(c), d = all->d;
    c->points = *all;
    if (rows == all->n)
        return EXK_OK;
    c->rows = malloc((size_t)(rows * d) * sizeof *c->rows);
    if (!c->rows)
        return exk_fail(error, EXK_ERR_MEMORY, "out of memory");
    for (int64_t i = 0; i < rows; i++)
        memcpy(c->rows + i * d, all->x + spread(i, rows, all->n) * all->stride, (size_t)d * sizeof *c->rows);
    c->points = (exk_points){c->rows, rows, d, d};
    return EXK_OK;
}

static exk_status load(tune_case *c, exk_error *error) {
    const exk_load_options options = {.columns = c->s->columns, .standardise = c->s->standardise};
    exk_status status = exk_dataset_load(c->input, &options, &c->data, error);
    if (status == EXK_OK)
        status = exk_points_check(&c->data->points, error);
    return status == EXK_OK ? sample_rows(c, error) : status;
}

static exk_options *make_options(const tune_case *c, const exk_plan *plan, int64_t iterations) {
    exk_options *options;
    if (exk_options_create(&options) != EXK_OK)
        return NULL;
    exk_options_set_plan(options, plan);
    exk_options_set_max_iter(options, iterations);
    exk_options_set_tol(options, 0);
    exk_options_set_stop_flag(options, interrupt_flag());
    exk_options_set_thread_start(options, exk_topology_bind, (void *)c->topology);
    return options;
}

static exk_status assign(const tune_case *c, const exk_plan *plan, int64_t n, exk_result **result,
                         exk_error *error) {
    exk_points points = c->points;
    points.n = n;
    exk_options *options = make_options(c, plan, 1);
    *result = NULL;
    if (!options)
        return exk_fail(error, EXK_ERR_MEMORY, "out of memory");
    const exk_status status = exk_assign(&points, c->centroids, c->shape.k, options, result, error);
    exk_options_free(options);
    return status;
}

/* Points from all over the data, moved once to the means of their clusters, where centroids usually are. */
static exk_status choose_centroids(tune_case *c, exk_error *error) {
    const int64_t k = c->shape.k, d = c->shape.d;
    c->centroids = malloc((size_t)(k * d) * sizeof *c->centroids);
    const exk_plan plan = {.threads = c->threads};
    exk_options *options = c->centroids ? make_options(c, &plan, 1) : NULL;
    if (!options)
        return exk_fail(error, EXK_ERR_MEMORY, "out of memory");
    for (int64_t j = 0; j < k; j++)
        memcpy(c->centroids + j * d, c->points.x + spread(j, k, c->points.n) * c->points.stride,
               (size_t)d * sizeof *c->centroids);
    exk_options_set_centroids(options, c->centroids);
    exk_result *result;
    const exk_status status = exk_fit(&c->points, k, options, &result, error);
    if (status == EXK_OK)
        memcpy(c->centroids, exk_result_centroids(result), (size_t)(k * d) * sizeof *c->centroids);
    exk_result_free(result);
    exk_options_free(options);
    return status;
}

static int64_t proven_rows(const tune_case *c) {
    const double rows = proof_operations / (2.0 * (double)c->shape.k * (double)c->shape.d) + 1;
    return rows < (double)c->points.n ? (int64_t)rows : c->points.n;
}

static double pass_seconds(const exk_result *result) {
    const exk_totals totals = exk_result_totals(result);
    return totals.iterate_seconds - totals.parts.prepare;
}

/* The labels of a variant are taken if naive scalar code finds the same for the first points. */
static exk_status try_standard(tune_case *c, const exk_result *proof, const exk_plan *plan, exk_error *error) {
    exk_result *result;
    exk_status status = assign(c, plan, c->points.n, &result, error);
    if (status != EXK_OK)
        return status;
    if (memcmp(exk_result_labels(result), exk_result_labels(proof), (size_t)c->proven * sizeof *c->labels) != 0) {
        status = exk_fail(error, EXK_ERR_VARIANT, "%s differs from %s; exakt verify shows where", plan->variant,
                          verify_reference_variant);
    } else {
        memcpy(c->labels, exk_result_labels(result), (size_t)c->points.n * sizeof *c->labels);
        const double filling = (double)c->points.n * c->window / PASSES / pass_seconds(result);
        c->usual_points = filling < (double)c->points.n ? (int64_t)filling + 1 : c->points.n;
    }
    exk_result_free(result);
    return status;
}

/* Iterations from the case's centroids, at most so many. */
static exk_status fit(const tune_case *c, const exk_plan *plan, exk_result **result, exk_error *error) {
    exk_options *options = make_options(c, plan, FIT_ITERATIONS);
    *result = NULL;
    if (!options)
        return exk_fail(error, EXK_ERR_MEMORY, "out of memory");
    exk_options_set_centroids(options, c->centroids);
    const exk_status status = exk_fit(&c->points, c->shape.k, options, result, error);
    exk_options_free(options);
    return status;
}

/* What a variant that skips must find after a few iterations: what one that does not skip finds. */
static exk_status find_fit_labels(tune_case *c, exk_error *error) {
    exk_result *result;
    const exk_plan naive = {.variant = proof_variant, .threads = c->threads};
    const exk_status status = fit(c, &naive, &result, error);
    if (status != EXK_OK)
        return status;
    c->fit_labels = malloc((size_t)c->points.n * sizeof *c->fit_labels);
    if (c->fit_labels)
        memcpy(c->fit_labels, exk_result_labels(result), (size_t)c->points.n * sizeof *c->fit_labels);
    exk_result_free(result);
    return c->fit_labels ? EXK_OK : exk_fail(error, EXK_ERR_MEMORY, "out of memory");
}

/* The strongest variant that naive scalar code agrees with says what the other labels are. */
static exk_status find_labels(tune_case *c, const tune_space *space, exk_error *error) {
    exk_result *proof;
    const exk_plan naive = {.variant = verify_reference_variant, .threads = c->threads};
    c->proven = proven_rows(c);
    c->labels = malloc((size_t)c->points.n * sizeof *c->labels);
    if (!c->labels)
        return exk_fail(error, EXK_ERR_MEMORY, "out of memory");
    exk_status status = assign(c, &naive, c->proven, &proof, error);
    if (status != EXK_OK)
        return status;
    status = EXK_ERR_VARIANT;
    for (int i = space->count - 1; i >= 0 && status == EXK_ERR_VARIANT; i--) {
        const exk_plan plan = {.variant = space->variants[i]->name, .threads = c->threads};
        status = try_standard(c, proof, &plan, error);
    }
    exk_result_free(proof);
    return status;
}

exk_status tune_case_prepare(tune_case *c, const tune_space *space, exk_error *error) {
    if (c->data)
        return EXK_OK;
    exk_status status = c->generated ? generate(c, error) : load(c, error);
    if (status == EXK_OK)
        status = choose_centroids(c, error);
    if (status == EXK_OK)
        status = find_labels(c, space, error);
    return status == EXK_OK && variant_skips(space->variants[0]) ? find_fit_labels(c, error) : status;
}

void tune_case_end(tune_case *c) {
    exk_dataset_free(c->data);
    free(c->rows);
    free(c->centroids);
    free(c->labels);
    free(c->fit_labels);
    c->data = NULL;
    c->rows = c->centroids = NULL;
    c->labels = c->fit_labels = NULL;
}

/* --- samples --- */

void tune_keep_memory(void) {
#ifdef __GLIBC__
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, -1);
#endif
}

/* Whole tiles for every thread, so that none waits for the last tile of another: with the points of the whole
 * shape that would hardly show. Where a sample has all of them they are taken as they are. */
static int64_t points_for(const tune_case *c, const exk_plan *plan, int64_t wanted) {
    const int64_t all = c->points.n, unit = plan->point_tile * plan->threads;
    if (variant_skips(exk_variant_find(plan->variant)))
        return all;
    if (all == c->shape.n && wanted >= all)
        return all;
    if (unit > all)
        return wanted < all ? wanted : all;
    const int64_t units = (wanted + unit / 2) / unit, most = all / unit;
    return (units < 1 ? 1 : units < most ? units : most) * unit;
}

/* Seconds of an iteration, without what must be prepared whatever the tiles are. */
static double iteration_seconds(const exk_result *result) {
    const exk_totals totals = exk_result_totals(result);
    const int64_t iterations = exk_result_iterations(result);
    return (totals.iterate_seconds - totals.parts.prepare) / (double)(iterations > 0 ? iterations : 1);
}

/* Right labels, as far as the sample goes; else why says which is wrong. */
static bool check_labels(const int32_t *labels, const int32_t *right, tune_sample *sample) {
    if (memcmp(labels, right, (size_t)sample->points * sizeof *labels) == 0)
        return true;
    int64_t row = 0;
    while (labels[row] == right[row])
        row++;
    sample->differs = true;
    snprintf(sample->why, sizeof sample->why, "label of point %" PRId64 ": %d, right is %d", row, labels[row],
             right[row]);
    return false;
}

static bool take_pass(const tune_case *c, const exk_plan *plan, tune_sample *sample, double *seconds) {
    exk_result *result;
    exk_error error = {.message = ""};
    const bool skips = variant_skips(exk_variant_find(plan->variant));
    const exk_status status =
        skips ? fit(c, plan, &result, &error) : assign(c, plan, sample->points, &result, &error);
    if (status != EXK_OK) {
        snprintf(sample->why, sizeof sample->why, "%.*s", (int)sizeof sample->why - 1,
                 interrupted() ? "" : error.message);
        return false;
    }
    const bool right = check_labels(exk_result_labels(result), skips ? c->fit_labels : c->labels, sample);
    *seconds = skips ? iteration_seconds(result) : pass_seconds(result);
    exk_result_free(result);
    return right;
}

bool tune_measure(const tune_case *c, const exk_plan *plan, bool screening, tune_sample *sample) {
    const double window = c->window / (screening ? SCREENING_PART : 1), begun = seconds_now();
    double passes[REPEATS_MOST], sum = 0;
    *sample = (tune_sample){.points = points_for(c, plan, c->usual_points / (screening ? SCREENING_PART : 1) + 1)};
    do {
        if (!take_pass(c, plan, sample, &passes[sample->repeats]))
            return false;
        sum += passes[sample->repeats++];
    } while (sum < window && seconds_now() - begun < WALL_MOST * window && sample->repeats < REPEATS_MOST);
    sample->seconds = stats_median(passes, sample->repeats) * (double)c->shape.n / (double)sample->points;
    return true;
}

/* --- counters --- */

/* After the first iteration counting begins anew; after each later one it may have been the last. */
static bool watch_iteration(const exk_iteration *iteration, void *counting) {
    if (iteration->iteration == 1)
        exk_counting_mark(counting);
    else
        exk_counting_take(counting);
    return true;
}

typedef struct counted_thread {
    const exk_topology *topology;
    exk_counting *counting;
} counted_thread;

static void start_counted(int thread, void *user) {
    const counted_thread *t = user;
    exk_topology_bind(thread, (void *)t->topology);
    exk_counting_thread(thread, t->counting);
}

/* Iterations that were counted; 0: none. */
static double count_fit(const tune_case *c, const exk_plan *plan, exk_counting *counting) {
    exk_result *result;
    exk_error error;
    counted_thread start = {c->topology, counting};
    exk_options *options = make_options(c, plan, COUNTED_ITERATIONS);
    if (!options)
        return 0;
    exk_options_set_centroids(options, c->centroids);
    exk_options_set_progress(options, watch_iteration, counting);
    exk_options_set_thread_start(options, start_counted, &start);
    const exk_status status = exk_fit(&c->points, c->shape.k, options, &result, &error);
    const double iterations = status == EXK_OK ? (double)exk_result_iterations(result) - 1 : 0;
    exk_result_free(result);
    exk_options_free(options);
    return iterations;
}

bool tune_count(const tune_case *c, const exk_plan *plan, const exk_counters *counters, count_table *table) {
    const char *group;
    snprintf(table->scope, sizeof table->scope, "an iteration after the first, on %" PRId64 " points, %d thread%s",
             c->points.n, plan->threads, plan->threads == 1 ? "" : "s");
    for (int i = 0; (group = exk_counter_group(i)) && !interrupted(); i++) {
        exk_count counts[EXK_COUNTERS_MOST] = {0};
        exk_counting *counting = exk_counters_usable_of(counters, group) > 0
                                     ? exk_counting_begin(counters, group, plan->threads)
                                     : NULL;
        if (!counting)
            continue;
        const double iterations = count_fit(c, plan, counting);
        exk_counting_end(counting, counts);
        counts_add(table, group, counts, iterations);
    }
    return !interrupted();
}
