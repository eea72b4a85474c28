#include "harness/verify_kernel.h"
#include "harness/oracle.h"
#include "harness/verify_guard.h"
#include "kernels/exact/certify.h"
#include "kernels/exact/filter.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a kernel keeps something of each point there is a third pass, to the first centroids again: what the
 * second one kept was made from what it found. */
enum { ITERATIONS = 2, PASSES = 3 };

struct verify_truth {
    float *centroids[ITERATIONS];   /* k x d */
    float *movement;                /* k: upper bounds of the way between the two */
    oracle_real *score[ITERATIONS]; /* n x k: ||x - c||^2 - ||x||^2 */
    int32_t *nearest[ITERATIONS];
};

static const float *point(const verify_problem *p, int64_t i) {
    return p->points.x + i * p->points.stride;
}

/* Every second centroid goes an eighth of its way to the next one. */
static void move_centroids(const float *from, int64_t k, int64_t d, float *to) {
    for (int64_t j = 0; j < k; j++) {
        const float *here = from + j * d, *next = from + (j + 1) % k * d;
        for (int64_t t = 0; t < d; t++)
            to[j * d + t] = j % 2 ? here[t] : here[t] * 0.875f + next[t] * 0.125f + 0.0f;
    }
}

static void bound_movement(const float *from, const float *to, int64_t k, int64_t d, float *movement) {
    for (int64_t j = 0; j < k; j++) {
        double square = 0;
        for (int64_t t = j * d; t < (j + 1) * d; t++)
            square += ((double)to[t] - (double)from[t]) * ((double)to[t] - (double)from[t]);
        movement[j] = exk_round_up(sqrt(square) * (1 + 0x1p-30));
    }
}

static void score_all(const verify_problem *p, const float *centroids, oracle_real *score, int32_t *nearest) {
    int64_t k = p->k, d = p->points.d;
    for (int64_t j = 0; j < k; j++) {
        oracle_real square = oracle_square(centroids + j * d, d);
        for (int64_t i = 0; i < p->points.n; i++)
            score[i * k + j] = oracle_score(point(p, i), centroids + j * d, &square, d);
    }
    for (int64_t i = 0; i < p->points.n; i++) {
        nearest[i] = 0;
        for (int64_t j = 1; j < k; j++)
            if (oracle_compare(&score[i * k + j], &score[i * k + nearest[i]]) < 0)
                nearest[i] = (int32_t)j;
    }
}

static bool allocate_truth(verify_truth *truth, size_t n, size_t d, size_t k) {
    truth->movement = malloc(k * sizeof *truth->movement);
    bool have_room = truth->movement != NULL;
    for (int i = 0; i < ITERATIONS; i++) {
        truth->centroids[i] = calloc(k * d, sizeof *truth->centroids[i]);
        truth->score[i] = malloc(n * k * sizeof *truth->score[i]);
        truth->nearest[i] = malloc(n * sizeof *truth->nearest[i]);
        have_room = have_room && truth->centroids[i] && truth->score[i] && truth->nearest[i];
    }
    return have_room;
}

verify_truth *verify_truth_create(const verify_problem *p) {
    return verify_truth_between(p, NULL);
}

verify_truth *verify_truth_between(const verify_problem *p, const float *moved) {
    verify_truth *truth = calloc(1, sizeof *truth);
    if (!truth || !allocate_truth(truth, (size_t)p->points.n, (size_t)p->points.d, (size_t)p->k)) {
        verify_truth_free(truth);
        return NULL;
    }
    /* The filter wants no -0. */
    for (int64_t i = 0; i < p->k * p->points.d; i++) {
        truth->centroids[0][i] = p->centroids[i] + 0.0f;
        truth->centroids[1][i] = (moved ? moved : p->centroids)[i] + 0.0f;
    }
    if (!moved)
        move_centroids(truth->centroids[0], p->k, p->points.d, truth->centroids[1]);
    bound_movement(truth->centroids[0], truth->centroids[1], p->k, p->points.d, truth->movement);
    for (int i = 0; i < ITERATIONS; i++)
        score_all(p, truth->centroids[i], truth->score[i], truth->nearest[i]);
    return truth;
}

void verify_truth_free(verify_truth *truth) {
    if (!truth)
        return;
    free(truth->movement);
    for (int i = 0; i < ITERATIONS; i++) {
        free(truth->centroids[i]);
        free(truth->score[i]);
        free(truth->nearest[i]);
    }
    free(truth);
}

/* The buffers that a variant sees. */
typedef enum buffer {
    POINTS,
    CENTROIDS,
    MOVEMENT,
    OFFSETS,
    LABELS,
    BEST,
    SECOND,
    LOWER,
    SHARED,
    PER_THREAD,
    PER_POINT,
    SURVIVORS,
    BUFFERS
} buffer;

static const char *const buffer_names[BUFFERS] = {"points",
                                                  "centroids",
                                                  "movement",
                                                  "offsets",
                                                  "labels",
                                                  "best scores",
                                                  "second best scores",
                                                  "lower scores",
                                                  "shared workspace",
                                                  "workspace per thread",
                                                  "workspace per point",
                                                  "survivors"};

typedef struct rig {
    const verify_problem *p;
    const verify_truth *truth;
    const exk_kernel *kernel;
    exk_plan plan;
    exk_scratch scratch;
    guard_side side;
    guard buffers[BUFFERS];
    float *norm;          /* n: upper bounds of ||x|| */
    float *tile_norm;     /* n: those of the tile in hand */
    float *zeros;         /* d: the filter's shift */
    int32_t *rows;        /* of a tile: those that are not certified */
    double largest_error; /* of a tile */
    exk_filter filter;
    exk_score_centroids score_centroids;
    int iteration; /* the pass, from 0 */
    int64_t ambiguous, skipped;
    char *why;
    size_t size;
} rig;

static size_t buffer_bytes(const rig *r, buffer which) {
    size_t n = (size_t)r->p->points.n, k = (size_t)r->p->k, d = (size_t)r->p->points.d;
    switch (which) {
    case POINTS:
        return n * (size_t)r->p->points.stride * sizeof(float);
    case CENTROIDS:
        return k * d * sizeof(float);
    case MOVEMENT:
        return k * sizeof(float);
    case OFFSETS:
        return exk_filter_offsets(r->p->k) * sizeof(float);
    case LOWER:
        return (size_t)exk_refine_capacity(r->p->k) * k * sizeof(float);
    case SHARED:
        return r->scratch.shared;
    case PER_THREAD:
        return r->scratch.per_thread;
    case PER_POINT:
        return n * r->scratch.per_point;
    default:
        return n * sizeof(float);
    }
}

/* What the contract promises beyond the alignment of the elements. */
static size_t buffer_alignment(buffer which) {
    return which == SHARED || which == PER_THREAD || which == PER_POINT ? EXK_ALIGN : 1;
}

static void *place(rig *r, buffer which, size_t bytes) {
    return guard_place(&r->buffers[which], bytes, buffer_alignment(which), r->side);
}

static void *place_whole(rig *r, buffer which) {
    return place(r, which, buffer_bytes(r, which));
}

static bool complain(rig *r, const char *what, int64_t row, int64_t centroid) {
    snprintf(r->why, r->size, "iteration %d, point %" PRId64 ", centroid %" PRId64 ": %s", r->iteration + 1, row,
             centroid, what);
    return false;
}

static bool buffers_intact(rig *r) {
    for (int i = 0; i < BUFFERS; i++) {
        if (!guard_is_intact(&r->buffers[i])) {
            snprintf(r->why, r->size, "iteration %d: wrote beside the %s", r->iteration + 1, buffer_names[i]);
            return false;
        }
    }
    return true;
}

/* A score as the kernels see it, 2^e (||c||^2 / 2 - x.c), in the oracle's units: ||c||^2 - 2 x.c. */
static oracle_real unscaled(const rig *r, double score) {
    return oracle_from_double(ldexp(score, 1 - r->filter.exponent));
}

/* Of this pass, or of the one before. */
static int32_t true_label(const rig *r, int pass, int64_t row) {
    return r->truth->nearest[pass % ITERATIONS][row];
}

static const oracle_real *true_score(const rig *r, int64_t row, int64_t j) {
    return &r->truth->score[r->iteration % ITERATIONS][row * r->p->k + j];
}

/* lower <= s_j */
static bool is_lower(const rig *r, float lower, int64_t row, int64_t j) {
    if (!isfinite(lower))
        return lower < 0;
    oracle_real claimed = unscaled(r, (double)lower);
    return oracle_compare(&claimed, true_score(r, row, j)) <= 0;
}

/* s_j <= lower + 2 E_j; an infinite error bound promises nothing. */
static bool is_upper(const rig *r, float lower, float norm, int64_t row, int64_t j) {
    double error = exk_filter_error(&r->filter, j, norm);
    if (!isfinite(error) || !isfinite(lower))
        return !isfinite(error);
    oracle_real claimed = unscaled(r, (double)lower), twice = unscaled(r, 2 * error);
    oracle_add(&claimed, &twice);
    return oracle_compare(true_score(r, row, j), &claimed) <= 0;
}

static bool is_duplicate(const rig *r, int64_t j) {
    return isinf(r->filter.h[j]);
}

/* Whether the variant may leave points out of this iteration. */
static bool skips(const rig *r) {
    return r->kernel->survivors && r->iteration > 0;
}

/* Whether it may leave centroids out. */
static bool selects(const rig *r) {
    return r->kernel->selective || skips(r);
}

/* What certify relies on: best <= s_label <= best + 2 E_label, and second <= s_j for every other j. */
static bool row_is_proof(rig *r, const exk_tile *tile, int64_t i, float norm) {
    int64_t row = exk_tile_point(tile, i), label = tile->label[i];
    if (label < 0 || label >= r->p->k)
        return complain(r, "is the label, but there is no such centroid", row, label);
    if (is_duplicate(r, label))
        return complain(r, "is the label, but a duplicate of a lower centroid", row, label);
    if (!is_lower(r, tile->best[i], row, label))
        return complain(r, "is the label, but best is no lower bound of its score", row, label);
    /* Where nothing is left to compare it with, a selective variant need not know the score that well. */
    bool alone = r->kernel->selective && isinf(tile->second[i]);
    if (!alone && !is_upper(r, tile->best[i], norm, row, label))
        return complain(r, "is the label, but best is too low for its score", row, label);
    /* Centroids that were left out have no part in second. */
    for (int64_t j = 0; j < r->p->k && !selects(r); j++)
        if (j != label && !is_duplicate(r, j) && !is_lower(r, tile->second[i], row, j))
            return complain(r, "its score is below second", row, j);
    return true;
}

static bool labels_are_proofs(rig *r, const exk_tile *tile, float norm) {
    for (int64_t i = 0; i < tile->rows; i++)
        if (!row_is_proof(r, tile, i, norm))
            return false;
    return true;
}

/* No certified label is wrong. */
static bool certificate_holds(rig *r, const exk_tile *tile, float norm) {
    int64_t count = exk_certify(&r->filter, tile, norm, r->largest_error, r->rows), next = 0;
    r->ambiguous += count;
    for (int64_t i = 0; i < tile->rows; i++) {
        int64_t row = exk_tile_point(tile, i);
        if (next < count && r->rows[next] == i)
            next++;
        else if (tile->label[i] != true_label(r, r->iteration, row))
            return complain(r, "is the label and certified, but not the nearest", row, tile->label[i]);
    }
    return true;
}

static bool scores_hold(rig *r, const float *lower, int64_t first, int64_t rows, float norm) {
    int64_t k = r->p->k;
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < k; j++) {
            float l = lower[i * k + j];
            bool holds = is_duplicate(r, j) ? isinf(l) && l > 0
                                            : is_lower(r, l, first + i, j) && is_upper(r, l, norm, first + i, j);
            if (!holds)
                return complain(r, "scores gives no bound of the score", first + i, j);
        }
    }
    return true;
}

/* Rows first + list[i] (first + i without a list) with nothing behind the last one; NaN between them. */
static const float *place_points(rig *r, int64_t first, const int32_t *list, int64_t rows) {
    int64_t d = r->p->points.d, stride = r->p->points.stride;
    float *x = place(r, POINTS, (size_t)((rows - 1) * stride + d) * sizeof *x);
    for (int64_t i = 0; i < rows; i++)
        memcpy(x + i * stride, point(r->p, first + (list ? list[i] : i)), (size_t)d * sizeof *x);
    guard_freeze(&r->buffers[POINTS]);
    return x;
}

static const float *place_offsets(rig *r, float norm) {
    float *offset = place_whole(r, OFFSETS);
    r->largest_error = exk_filter_fold(&r->filter, norm, offset);
    guard_freeze(&r->buffers[OFFSETS]);
    return offset;
}

static float largest_norm(const rig *r, int64_t first, int64_t rows) {
    float norm = 0;
    for (int64_t i = first; i < first + rows; i++)
        norm = r->norm[i] > norm ? r->norm[i] : norm;
    return norm;
}

static exk_workspace workspace_at(rig *r, int64_t first) {
    return (exk_workspace){
        .shared = r->buffers[SHARED].data,
        .thread = place_whole(r, PER_THREAD),
        .point = r->scratch.per_point ? r->buffers[PER_POINT].data + (size_t)first * r->scratch.per_point : NULL};
}

static bool check_scores(rig *r, int64_t first, int64_t rows) {
    float norm = largest_norm(r, first, rows);
    exk_tile tile = {.x = place_points(r, first, NULL, rows), .rows = rows, .stride = r->p->points.stride};
    tile.offset = place_offsets(r, norm);
    float *lower = place(r, LOWER, (size_t)(rows * r->p->k) * sizeof *lower);
    exk_workspace workspace = workspace_at(r, 0);
    r->kernel->scores(&r->score_centroids, &r->plan, &workspace, &tile, lower);
    return buffers_intact(r) && scores_hold(r, lower, first, rows, norm);
}

/* Points first + list[i] (first + i without a list). */
static exk_tile place_tile(rig *r, int64_t first, const int32_t *list, int64_t rows) {
    float norm = 0;
    for (int64_t i = 0; i < rows; i++) {
        r->tile_norm[i] = r->norm[first + (list ? list[i] : i)];
        norm = r->tile_norm[i] > norm ? r->tile_norm[i] : norm;
    }
    exk_tile tile = {.x = place_points(r, first, list, rows),
                     .rows = rows,
                     .stride = r->p->points.stride,
                     .first = first,
                     .row = list,
                     .norm = r->tile_norm,
                     .offset = place_offsets(r, norm),
                     .label = place(r, LABELS, (size_t)rows * sizeof(int32_t)),
                     .best = place(r, BEST, (size_t)rows * sizeof(float)),
                     .second = place(r, SECOND, (size_t)rows * sizeof(float))};
    tile.error = exk_round_up(r->largest_error);
    for (int64_t i = 0; i < rows; i++)
        tile.label[i] = r->iteration > 0 ? true_label(r, r->iteration - 1, exk_tile_point(&tile, i)) : -1;
    return tile;
}

/* What assign says of the tile is right; where it is not certified the variant is told so. */
static bool check_assign(rig *r, const exk_workspace *workspace, const exk_tile *tile) {
    float norm = 0;
    for (int64_t i = 0; i < tile->rows; i++)
        norm = tile->norm[i] > norm ? tile->norm[i] : norm;
    r->kernel->assign(&r->score_centroids, &r->plan, workspace, tile);
    if (!buffers_intact(r) || !labels_are_proofs(r, tile, norm) || !certificate_holds(r, tile, norm))
        return false;
    int64_t count = exk_certify(&r->filter, tile, norm, r->largest_error, r->rows);
    for (int64_t i = 0; i < count && r->kernel->doubt; i++)
        r->kernel->doubt(&r->score_centroids, &r->plan, workspace, tile, r->rows[i]);
    return buffers_intact(r);
}

/* The survivors are listed in rising order, and whoever is not among them keeps its label rightly. */
static bool survivors_hold(rig *r, const exk_tile *whole, const int32_t *survivor, int64_t count) {
    int64_t next = 0;
    for (int64_t i = 0; i < whole->rows; i++) {
        int64_t row = whole->first + i;
        if (next < count && survivor[next] == i)
            next++;
        else if (whole->label[i] != true_label(r, r->iteration, row))
            return complain(r, "was proven to be the label still, but is not the nearest", row, whole->label[i]);
    }
    return next == count || complain(r, "survivors are not in rising order", whole->first, 0);
}

/* Only those that survive go to assign. */
static bool check_skipping_tile(rig *r, int64_t first, int64_t rows) {
    exk_tile whole = place_tile(r, first, NULL, rows);
    exk_workspace workspace = workspace_at(r, first);
    int32_t *survivor = place(r, SURVIVORS, (size_t)rows * sizeof *survivor);
    int64_t count = r->kernel->survivors(&r->score_centroids, &r->plan, &workspace, &whole, survivor);
    if (!buffers_intact(r) || !survivors_hold(r, &whole, survivor, count))
        return false;
    r->skipped += rows - count;
    if (count == 0)
        return true;
    exk_tile tile = place_tile(r, first, survivor, count);
    return check_assign(r, &workspace, &tile);
}

static bool check_tile(rig *r, int64_t first, int64_t rows) {
    if (skips(r))
        return check_skipping_tile(r, first, rows);
    exk_tile tile = place_tile(r, first, NULL, rows);
    exk_workspace workspace = workspace_at(r, first);
    return check_assign(r, &workspace, &tile);
}

/* c', its error bounds and the movement of this iteration. */
static void place_centroids(rig *r) {
    const float *centroids = r->truth->centroids[r->iteration % ITERATIONS];
    r->filter.c = place_whole(r, CENTROIDS);
    exk_filter_digest(&r->filter, centroids, 0, r->p->k);
    exk_filter_begin(&r->filter, centroids);
    exk_filter_fill(&r->filter, centroids, 0, r->p->k);
    guard_freeze(&r->buffers[CENTROIDS]);
    float *movement = place_whole(r, MOVEMENT);
    memcpy(movement, r->truth->movement, (size_t)r->p->k * sizeof *movement);
    guard_freeze(&r->buffers[MOVEMENT]);
    r->score_centroids = (exk_score_centroids){.c = r->filter.c,
                                               .movement = r->iteration ? movement : NULL,
                                               .unscale = ldexp(1.0, 1 - r->filter.exponent),
                                               .k = r->p->k,
                                               .d = r->p->points.d};
}

/* All parts, the last one first: none may rely on another. */
static bool prepare(rig *r) {
    place_centroids(r);
    exk_workspace workspace = workspace_at(r, 0);
    guard_thaw(&r->buffers[SHARED]);
    if (r->kernel->prepare)
        for (int part = r->plan.threads - 1; part >= 0; part--)
            r->kernel->prepare(&r->score_centroids, &r->plan, &workspace, part, r->plan.threads);
    guard_freeze(&r->buffers[SHARED]);
    return buffers_intact(r);
}

static bool check_iteration(rig *r) {
    if (!prepare(r))
        return false;
    int64_t n = r->p->points.n, rows;
    for (int64_t first = 0; first < n; first += rows) {
        rows = n - first < r->plan.point_tile ? n - first : r->plan.point_tile;
        if (!check_tile(r, first, rows))
            return false;
    }
    for (int64_t first = 0; first < n; first += rows) {
        /* Batches of all sizes. */
        rows = first % exk_refine_capacity(r->p->k) + 1;
        rows = n - first < rows ? n - first : rows;
        if (!check_scores(r, first, rows))
            return false;
    }
    return true;
}

static bool check_side(rig *r, guard_side side) {
    r->side = side;
    for (int i = 0; i < BUFFERS; i++)
        place_whole(r, (buffer)i);
    const int passes = r->scratch.per_point > 0 ? PASSES : ITERATIONS;
    for (r->iteration = 0; r->iteration < passes; r->iteration++)
        if (!check_iteration(r))
            return false;
    return true;
}

static void bound_norms(rig *r) {
    const verify_problem *p = r->p;
    double largest = 0;
    for (int64_t i = 0; i < p->points.n; i++) {
        double square = 0;
        for (int64_t t = 0; t < p->points.d; t++)
            square += (double)point(p, i)[t] * (double)point(p, i)[t];
        double norm = sqrt(square) * (1 + 0x1p-22);
        r->norm[i] = exk_round_up(norm);
        largest = norm > largest ? norm : largest;
    }
    r->filter.largest_norm = largest;
}

static bool allocate(rig *r) {
    size_t n = (size_t)r->p->points.n, k = (size_t)r->p->k, d = (size_t)r->p->points.d;
    r->norm = malloc(n * sizeof *r->norm);
    r->tile_norm = malloc(n * sizeof *r->tile_norm);
    r->zeros = calloc(d, sizeof *r->zeros);
    r->rows = malloc(n * sizeof *r->rows);
    r->filter.h = malloc(k * sizeof *r->filter.h);
    r->filter.slope = malloc(k * sizeof *r->filter.slope);
    r->filter.base = malloc(k * sizeof *r->filter.base);
    r->filter.hash = malloc(k * sizeof *r->filter.hash);
    r->filter.largest = malloc(k * sizeof *r->filter.largest);
    r->filter.table = malloc(exk_filter_table(r->p->k) * sizeof *r->filter.table);
    r->filter.bulk = exk_bulk_here();
    r->filter.shift = r->zeros;
    bool have_room = r->norm && r->tile_norm && r->zeros && r->rows && r->filter.h && r->filter.slope &&
                     r->filter.base && r->filter.hash && r->filter.largest && r->filter.table;
    for (int i = 0; i < BUFFERS; i++)
        have_room = guard_create(&r->buffers[i], buffer_names[i], buffer_bytes(r, (buffer)i)) && have_room;
    return have_room;
}

static void release(rig *r) {
    free(r->norm);
    free(r->tile_norm);
    free(r->zeros);
    free(r->rows);
    free(r->filter.h);
    free(r->filter.slope);
    free(r->filter.base);
    free(r->filter.hash);
    free(r->filter.largest);
    free(r->filter.table);
    for (int i = 0; i < BUFFERS; i++)
        guard_free(&r->buffers[i]);
}

bool verify_kernel(const verify_problem *p, const verify_truth *truth, const exk_variant *variant,
                   const exk_plan *plan, int64_t *ambiguous, char *why, size_t size) {
    exk_shape shape = {p->points.n, p->points.d, p->k};
    rig r = {.p = p, .truth = truth, .kernel = exk_variant_kernel(variant), .plan = *plan};
    r.why = why;
    r.size = size;
    exk_plan_complete(&r.plan, variant, &shape);
    r.scratch = r.kernel->scratch_bytes(&shape, &r.plan);
    r.filter.k = p->k;
    r.filter.d = p->points.d;
    r.filter.roundings = r.kernel->roundings(&shape, &r.plan);
    bool holds = allocate(&r);
    if (holds) {
        bound_norms(&r);
        holds = check_side(&r, GUARD_BEHIND) && check_side(&r, GUARD_BEFORE);
    } else {
        snprintf(why, size, "out of memory for the check");
    }
    *ambiguous = r.ambiguous;
    release(&r);
    return holds;
}
