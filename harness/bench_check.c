/* Nothing is timed before its result is known to be right. */
#include "harness/bench.h"
#include "harness/interrupt.h"
#include "harness/progress.h"
#include "harness/report.h"
#include "harness/run.h"
#include "harness/summary.h"
#include "harness/verify_judge.h"
#include "harness/verify_run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Operations of an iteration of the first trial: plain scalar code does them in a few hundredths of a second. */
static const double trial_operations = 2e8;
enum { TRIAL_ITERATIONS = 3 };

/* What naive scalar code may take, by the trial's estimate: on all points; else on a part of them. */
static const double whole_seconds = 10, part_seconds = 3;

/* The first points, so many that an iteration takes that many operations; at least k if that is not far off, since
 * fewer points than clusters can only be labelled. */
static exk_points part_of(const bench_group *g, double operations) {
    exk_points part = g->points;
    const double each = 2.0 * (double)g->shape.k * (double)g->shape.d, count = operations / each;
    part.n = count < 1 ? 1 : count < (double)part.n ? (int64_t)count : part.n;
    if (part.n < g->shape.k && (double)g->shape.k < 8 * count)
        part.n = g->shape.k;
    return part;
}

static double fastest_iteration(const exk_result *result) {
    double fastest = exk_result_totals(result).iterate_seconds;
    const exk_iteration *it;
    for (int64_t i = 0; (it = exk_result_iteration(result, i)); i++)
        fastest = it->seconds < fastest ? it->seconds : fastest;
    return fastest;
}

/* The plan of naive scalar code on the most threads, and what it takes for an iteration. */
typedef struct reference {
    exk_plan plan;
    double estimate;
} reference;

static double scale(const bench_group *g, const exk_points *part) {
    return (double)g->points.n / (double)part->n;
}

static exk_status try_reference(bench_group *g, const exk_points *part, reference *ref, exk_error *error) {
    exk_result *result;
    const bench *b = g->bench;
    ref->plan = (exk_plan){.threads = (int)b->threads.value[b->threads.count - 1]};
    plan_for(b->has_topology ? &b->topology : NULL, exk_variant_find(verify_reference_variant), &g->shape,
             &ref->plan);
    const exk_status status = bench_fit(g, &ref->plan, part, TRIAL_ITERATIONS, &result, error);
    if (status == EXK_OK)
        ref->estimate = fastest_iteration(result) * scale(g, part);
    exk_result_free(result);
    return status;
}

exit_code bench_try(bench_group *g) {
    const exk_points part = part_of(g, trial_operations);
    for (int i = 0; i < g->measure.count && !interrupted(); i++) {
        exk_result *result;
        bench_row *r = &g->rows[i];
        if (!bench_run_row(r, &part, TRIAL_ITERATIONS, &result))
            continue;
        r->estimate = fastest_iteration(result) * scale(g, &part);
        exk_result_free(result);
    }
    return interrupted() ? CLI_INTERRUPTED : CLI_OK;
}

static void show_check(const bench_row *r) {
    progress_line(r->group->bench->s, "checking %s, %d thread%s", r->variant->name, r->plan.threads,
                  r->plan.threads == 1 ? "" : "s");
}

/* Rows in BENCH_UNCHECKED against a result on the same points. */
static void hold_against(bench_group *g, const exk_result *expected, const exk_points *points,
                         int64_t iterations) {
    for (int i = 0; i < g->measure.count && !interrupted(); i++) {
        exk_result *result;
        bench_row *r = &g->rows[i];
        if (r->state != BENCH_UNCHECKED)
            continue;
        show_check(r);
        if (!bench_run_row(r, points, iterations, &result))
            continue;
        if (!results_agree(expected, result, r->why, sizeof r->why))
            r->state = BENCH_DIFFERS;
        exk_result_free(result);
    }
}

static exit_code verify_on_all(bench_group *g, const reference *ref) {
    exk_error error;
    if (bench_fit(g, &ref->plan, &g->points, g->iterations, &g->standard, &error) != EXK_OK)
        return fail_with(&error);
    hold_against(g, g->standard, &g->points, g->iterations);
    snprintf(g->reference, sizeof g->reference, "%s on all points", verify_reference_variant);
    return CLI_OK;
}

static exit_code verify_on_part(bench_group *g, const reference *ref) {
    exk_error error;
    exk_result *expected;
    const double operations = 2.0 * (double)g->shape.n * (double)g->shape.k * (double)g->shape.d;
    const exk_points part = part_of(g, part_seconds / TRIAL_ITERATIONS / ref->estimate * operations);
    if (bench_fit(g, &ref->plan, &part, TRIAL_ITERATIONS, &expected, &error) != EXK_OK)
        return fail_with(&error);
    hold_against(g, expected, &part, TRIAL_ITERATIONS);
    exk_result_free(expected);
    snprintf(g->reference, sizeof g->reference,
             "%s on the first %" PRId64 " points, the rows with each other on all points",
             verify_reference_variant, part.n);
    return CLI_OK;
}

/* Results that differ from each other, and which row has which. */
typedef struct ballot {
    exk_result **results;
    int *votes, *choice; /* of each result; of each row, -1: none */
    int count;
} ballot;

static void vote(ballot *b, int row, exk_result *result) {
    char why[BENCH_WHY];
    int i = 0;
    while (i < b->count && !results_agree(b->results[i], result, why, sizeof why))
        i++;
    if (i < b->count)
        exk_result_free(result);
    else
        b->results[b->count++] = result;
    b->votes[i]++;
    b->choice[row] = i;
}

/* What most rows found; of equally many, what the earlier, simpler rows found. */
static int winner(const ballot *b) {
    int best = 0;
    for (int i = 1; i < b->count; i++)
        best = b->votes[i] > b->votes[best] ? i : best;
    return best;
}

static void count_votes(bench_group *g, ballot *b) {
    const int best = winner(b);
    g->standard = b->results[best];
    for (int i = 0; i < g->measure.count; i++) {
        bench_row *r = &g->rows[i];
        if (b->choice[i] >= 0 && b->choice[i] != best) {
            results_agree(g->standard, b->results[b->choice[i]], r->why, sizeof r->why);
            r->state = BENCH_DIFFERS;
        }
    }
    for (int i = 0; i < b->count; i++)
        if (i != best)
            exk_result_free(b->results[i]);
}

static void hold_vote(bench_group *g, ballot *b) {
    for (int i = 0; i < g->measure.count; i++) {
        exk_result *result;
        b->choice[i] = -1;
        if (g->rows[i].state != BENCH_UNCHECKED || interrupted())
            continue;
        show_check(&g->rows[i]);
        if (bench_run_row(&g->rows[i], &g->points, g->iterations, &result))
            vote(b, i, result);
    }
    if (b->count > 0)
        count_votes(g, b);
}

/* No row can say who is right, but all can say whether they agree. */
static exit_code verify_among_themselves(bench_group *g) {
    const size_t rows = (size_t)g->measure.count;
    ballot b = {calloc(rows, sizeof(exk_result *)), calloc(rows, sizeof(int)), calloc(rows, sizeof(int)), 0};
    const bool has_room = b.results && b.votes && b.choice;
    if (has_room)
        hold_vote(g, &b);
    free(b.results);
    free(b.votes);
    free(b.choice);
    return has_room ? CLI_OK : fail(CLI_LIMIT, "out of memory");
}

static void accept_rest(bench_group *g) {
    for (int i = 0; i < g->measure.count; i++)
        if (g->rows[i].state == BENCH_UNCHECKED)
            g->rows[i].state = BENCH_VERIFIED;
}

static void keep_answer(bench_group *g) {
    const size_t values = (size_t)(g->shape.k * g->shape.d);
    hash_text(exk_result_labels(g->standard), (size_t)g->shape.n, g->labels_hash);
    hash_text(exk_result_centroids(g->standard), values, g->centroids_hash);
    g->inertia = exk_result_inertia(g->standard);
    g->finished = exk_result_iterations(g->standard);
}

exit_code bench_verify(bench_group *g) {
    reference ref;
    exk_error error;
    const exk_points part = part_of(g, trial_operations);
    if (try_reference(g, &part, &ref, &error) != EXK_OK)
        return fail_with(&error);
    exit_code code;
    if (ref.estimate * (double)g->iterations <= whole_seconds) {
        code = verify_on_all(g, &ref);
    } else {
        code = verify_on_part(g, &ref);
        if (code == CLI_OK && !interrupted())
            code = verify_among_themselves(g);
    }
    if (code == CLI_OK && interrupted())
        return CLI_INTERRUPTED;
    if (code != CLI_OK)
        return code;
    accept_rest(g);
    if (g->standard)
        keep_answer(g);
    return CLI_OK;
}
