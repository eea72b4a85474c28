#include "harness/verify_kernel.h"
#include "harness/verify_guard.h"
#include "harness/verify_witness.h"
#include "kernels/exact/certify.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a kernel keeps something of each point there is a third pass, to the first centroids again: what the
 * second one kept was made from what it found. */
enum { PASSES = VERIFY_ITERATIONS + 1 };

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
    const exk_kernel *kernel;
    verify_witness witness; /* its pass is the one in hand */
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
    int64_t ambiguous;
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

static bool buffers_intact(rig *r) {
    for (int i = 0; i < BUFFERS; i++) {
        if (!guard_is_intact(&r->buffers[i])) {
            snprintf(r->witness.why, r->witness.size, "iteration %d: wrote beside the %s", r->witness.pass + 1,
                     buffer_names[i]);
            return false;
        }
    }
    return true;
}

/* Rows first + list[i] (first + i without a list) with nothing behind the last one; NaN between them. */
static const float *place_points(rig *r, int64_t first, const int32_t *list, int64_t rows) {
    int64_t d = r->p->points.d, stride = r->p->points.stride;
    float *x = place(r, POINTS, (size_t)((rows - 1) * stride + d) * sizeof *x);
    for (int64_t i = 0; i < rows; i++)
        memcpy(x + i * stride, verify_point(r->p, first + (list ? list[i] : i)), (size_t)d * sizeof *x);
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
    return buffers_intact(r) && witness_scores_hold(&r->witness, lower, first, rows, norm);
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
    const int pass = r->witness.pass;
    for (int64_t i = 0; i < rows; i++)
        tile.label[i] = pass > 0 ? witness_label(&r->witness, pass - 1, exk_tile_point(&tile, i)) : -1;
    return tile;
}

/* What assign says of the tile is right; where it is not certified the variant is told so. */
static bool check_assign(rig *r, const exk_workspace *workspace, const exk_tile *tile) {
    float norm = 0;
    for (int64_t i = 0; i < tile->rows; i++)
        norm = tile->norm[i] > norm ? tile->norm[i] : norm;
    r->kernel->assign(&r->score_centroids, &r->plan, workspace, tile);
    if (!buffers_intact(r) || !witness_labels_hold(&r->witness, tile, norm))
        return false;
    int64_t count = exk_certify(&r->filter, tile, norm, r->largest_error, r->rows);
    r->ambiguous += count;
    if (!witness_certificate_holds(&r->witness, tile, r->rows, count))
        return false;
    for (int64_t i = 0; i < count && r->kernel->doubt; i++)
        r->kernel->doubt(&r->score_centroids, &r->plan, workspace, tile, r->rows[i]);
    return buffers_intact(r);
}

/* Only those that survive go to assign. */
static bool check_skipping_tile(rig *r, int64_t first, int64_t rows) {
    exk_tile whole = place_tile(r, first, NULL, rows);
    exk_workspace workspace = workspace_at(r, first);
    int32_t *survivor = place(r, SURVIVORS, (size_t)rows * sizeof *survivor);
    int64_t count = r->kernel->survivors(&r->score_centroids, &r->plan, &workspace, &whole, survivor);
    if (!buffers_intact(r) || !witness_survivors_hold(&r->witness, &whole, survivor, count))
        return false;
    if (count == 0)
        return true;
    exk_tile tile = place_tile(r, first, survivor, count);
    return check_assign(r, &workspace, &tile);
}

static bool check_tile(rig *r, int64_t first, int64_t rows) {
    if (witness_skips(&r->witness))
        return check_skipping_tile(r, first, rows);
    exk_tile tile = place_tile(r, first, NULL, rows);
    exk_workspace workspace = workspace_at(r, first);
    return check_assign(r, &workspace, &tile);
}

/* c', its error bounds and the movement of this iteration. */
static void place_centroids(rig *r) {
    const verify_truth *truth = r->witness.truth;
    const int pass = r->witness.pass;
    const float *centroids = truth->centroids[pass % VERIFY_ITERATIONS];
    r->filter.c = place_whole(r, CENTROIDS);
    exk_filter_digest(&r->filter, centroids, 0, r->p->k);
    exk_filter_begin(&r->filter, centroids);
    exk_filter_fill(&r->filter, centroids, 0, r->p->k);
    guard_freeze(&r->buffers[CENTROIDS]);
    float *movement = place_whole(r, MOVEMENT);
    memcpy(movement, truth->movement, (size_t)r->p->k * sizeof *movement);
    guard_freeze(&r->buffers[MOVEMENT]);
    r->score_centroids = (exk_score_centroids){.c = r->filter.c,
                                               .movement = pass > 0 ? movement : NULL,
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
    const int passes = r->scratch.per_point > 0 ? PASSES : VERIFY_ITERATIONS;
    for (r->witness.pass = 0; r->witness.pass < passes; r->witness.pass++)
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
            square += (double)verify_point(p, i)[t] * (double)verify_point(p, i)[t];
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
    rig r = {.p = p, .kernel = exk_variant_kernel(variant), .plan = *plan};
    r.witness = (verify_witness){
        .problem = p, .truth = truth, .kernel = r.kernel, .filter = &r.filter, .why = why, .size = size};
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
