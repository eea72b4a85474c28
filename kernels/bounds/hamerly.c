/* fused_hamerly: one lower bound for each point, of all centroids but its label (Hamerly, Making k-means even
 * faster, SDM 2010). Points that it does not settle are gathered and swept past all centroids like those of fused:
 * 8 bytes a point, which pays in few dimensions. */
#include "kernels/arena.h"
#include "kernels/body/sweep.h"
#include "kernels/bounds/bounds.h"
#include "kernels/bounds/groups.h"

/* Of a point. */
typedef struct bounds {
    float upper; /* of the distance to its label */
    float lower; /* of the distance to all others, as it is kept */
} bounds;

/* Written by prepare: the packed centroids, and how far any centroid has moved at most. */
typedef struct drifts {
    double now;
    double before; /* > 0: bounds are to be renewed, which were kept under that */
} drifts;

typedef struct shared_memory {
    float *blocks;
    drifts *drift;
} shared_memory;

/* Of a thread: the points of the tile in hand that are still in question, without gaps. */
typedef struct thread_memory {
    void *sweep;
    float *x, *norm, *best, *second, *bound;
    int32_t *label, *from; /* from: rows of the tile */
} thread_memory;

static size_t lay_out_shared(void *memory, const exk_shape *shape, shared_memory *shared) {
    exk_arena arena = {.base = memory};
    shared->blocks = exk_arena_take(&arena, centroid_blocks_bytes(shape), 1);
    shared->drift = exk_arena_take(&arena, 1, sizeof(drifts));
    return arena.used;
}

static size_t lay_out_thread(void *memory, const exk_shape *shape, const exk_plan *plan, thread_memory *mine) {
    const size_t rows = (size_t)round_up_to(plan->point_tile, VEC_LANES);
    exk_arena arena = {.base = memory};
    mine->sweep = exk_arena_take(&arena, sweep_bytes(shape, plan), 1);
    mine->x = exk_arena_take(&arena, rows * (size_t)shape->d, sizeof(float));
    mine->norm = exk_arena_take(&arena, rows, sizeof(float));
    mine->best = exk_arena_take(&arena, rows, sizeof(float));
    mine->second = exk_arena_take(&arena, rows, sizeof(float));
    mine->bound = exk_arena_take(&arena, rows, sizeof(float));
    mine->label = exk_arena_take(&arena, rows, sizeof(int32_t));
    mine->from = exk_arena_take(&arena, rows, sizeof(int32_t));
    return arena.used;
}

static exk_scratch scratch_bytes(const exk_shape *shape, const exk_plan *plan) {
    shared_memory shared;
    thread_memory mine;
    return (exk_scratch){.shared = lay_out_shared(NULL, shape, &shared),
                         .per_thread = lay_out_thread(NULL, shape, plan, &mine),
                         .per_point = sizeof(bounds)};
}

static shared_memory shared_of(const exk_score_centroids *centroids, const exk_workspace *workspace) {
    const exk_shape shape = {1, centroids->d, centroids->k};
    shared_memory shared;
    lay_out_shared(workspace->shared, &shape, &shared);
    return shared;
}

static void prepare(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                    int part, int parts) {
    pack_centroids(centroids, plan, workspace, part, parts);
    if (part > 0)
        return;
    const shared_memory shared = shared_of(centroids, workspace);
    const float most = fastest_movement(centroids);
    const bool renews = centroids->movement && drift_is_stale(shared.drift->now, most);
    shared.drift->before = renews ? shared.drift->now : 0.0;
    shared.drift->now = centroids->movement ? add_drift(renews ? 0.0 : shared.drift->now, most) : 0.0;
}

static bounds *bounds_of(const exk_workspace *workspace, const exk_tile *tile, int64_t i) {
    return (bounds *)workspace->point + (tile->row ? tile->row[i] : i);
}

static int64_t survivors(const exk_score_centroids *centroids, const exk_plan *plan,
                         const exk_workspace *workspace, const exk_tile *tile, int32_t *rows) {
    (void)plan;
    const drifts drift = *shared_of(centroids, workspace).drift;
    const float above = drift_above(drift.now);
    bounds *b = workspace->point;
    int64_t count = 0;
    for (int64_t i = 0; i < tile->rows; i++) {
        if (drift.before > 0.0)
            b[i].lower = renewed_bound(b[i].lower, drift.before);
        b[i].upper = moved_bound(b[i].upper, centroids->movement[tile->label[i]]);
        rows[count] = (int32_t)i;
        count += !(b[i].upper + above < b[i].lower);
    }
    return count;
}

/* Whether a look at the former label alone, some 32 scores' worth, is likely to spare more than it costs. */
static bool tightening_pays(int64_t d, int64_t k) {
    return k * (d + 5) > 32 * (d + 32);
}

/* The point meets its former label alone; whether that does not settle it. */
static bool tighten(const exk_score_centroids *centroids, const exk_tile *tile, int64_t i, float above,
                    bounds *b) {
    const int64_t d = centroids->d, next = min_i64(i + 1, tile->rows - 1);
    const int32_t label = tile->label[i];
    const exk_look look =
        look_at(exk_tile_row(tile, i), centroids->c + label * d, d, tile->offset[label],
                (float)(0.5 * centroids->unscale), exk_tile_row(tile, next), centroids->c + tile->label[next] * d);
    const float upper = looked_bound(&look, d, tile->norm[i], tile->error, centroids->unscale);
    b->upper = upper < b->upper ? upper : b->upper;
    tile->best[i] = look.score;
    tile->second[i] = INFINITY;
    return !(b->upper + above < b->lower);
}

/* Those still in question, without gaps. */
static exk_tile gather(const exk_score_centroids *centroids, const exk_workspace *workspace, const exk_tile *tile,
                       float above, thread_memory *mine) {
    const int64_t d = centroids->d;
    const bool tightens = centroids->movement && tightening_pays(d, centroids->k);
    exk_tile left = {.x = mine->x,
                     .stride = d,
                     .norm = mine->norm,
                     .offset = tile->offset,
                     .label = mine->label,
                     .best = mine->best,
                     .second = mine->second};
    for (int64_t i = 0; i < tile->rows; i++) {
        if (tightens && !tighten(centroids, tile, i, above, bounds_of(workspace, tile, i)))
            continue;
        memcpy(mine->x + left.rows * d, exk_tile_row(tile, i), (size_t)d * sizeof(float));
        mine->norm[left.rows] = tile->norm[i];
        mine->from[left.rows++] = (int32_t)i;
    }
    return left;
}

/* Whether some centroid's score is unknown, so that there is no bound of all others. */
static bool is_blind(const exk_score_centroids *centroids, const float *offset) {
    bool blind = !exk_bounds_apply(centroids->unscale);
    for (int64_t j = 0; j < centroids->k; j++)
        blind |= offset[j] == INFINITY;
    return blind;
}

/* Bounds of the rows that were swept; arrays of `left` are whole vectors long. */
static void keep_bounds(const exk_score_centroids *centroids, const exk_workspace *workspace, const exk_tile *tile,
                        const exk_tile *left, double drift, const thread_memory *mine) {
    const bool blind = is_blind(centroids, tile->offset);
    const float unscale = (float)centroids->unscale;
    const vec_f32 below = vec_set1(drift_below(drift)), error = vec_set1(tile->error);
    for (int64_t i = 0; i < left->rows; i += VEC_LANES) {
        const vec_f32 norm = vec_load(left->norm + i), best = vec_load(left->best + i);
        vec_store(mine->bound + i, lower_bounds(norm, vec_load(left->second + i), unscale, below));
        vec_store(mine->norm + i, upper_bounds(norm, best, error, unscale));
    }
    for (int64_t i = 0; i < left->rows; i++) {
        bounds *b = bounds_of(workspace, tile, mine->from[i]);
        b->lower = blind ? 0.0f : mine->bound[i];
        b->upper = blind ? INFINITY : mine->norm[i];
    }
}

static int64_t assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                      const exk_tile *tile) {
    const shared_memory shared = shared_of(centroids, workspace);
    const exk_shape shape = {1, centroids->d, centroids->k};
    thread_memory mine;
    lay_out_thread(workspace->thread, &shape, plan, &mine);
    const exk_tile left = gather(centroids, workspace, tile, drift_above(shared.drift->now), &mine);
    if (left.rows == 0)
        return tile->rows;
    sweep_tile(centroids, plan, shared.blocks, mine.sweep, &left);
    for (int64_t i = 0; i < left.rows; i++) {
        tile->label[mine.from[i]] = left.label[i];
        tile->best[mine.from[i]] = left.best[i];
        tile->second[mine.from[i]] = left.second[i];
    }
    keep_bounds(centroids, workspace, tile, &left, shared.drift->now, &mine);
    return left.rows * centroids->k;
}

static void doubt(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                  const exk_tile *tile, int64_t i) {
    (void)centroids;
    (void)plan;
    *bounds_of(workspace, tile, i) = (bounds){.upper = INFINITY, .lower = 0.0f};
}

static void settled(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                    const exk_settled *found) {
    const double drift = shared_of(centroids, workspace).drift->now;
    bounds *b = workspace->point;
    (void)plan;
    *b = (bounds){.upper = found->upper, .lower = kept_bound((double)found->others, drift)};
}

const exk_kernel EXK_KERNEL = {
    .scratch_rule = "k * d * 4 + n * 8 + threads * point_tile * (d * 8 + state)",
    .scratch_bytes = scratch_bytes,
    .roundings = groups_roundings,
    .prepare = prepare,
    .assign = assign,
    .scores = panel_scores,
    .survivors = survivors,
    .doubt = doubt,
    .settled = settled,
};
