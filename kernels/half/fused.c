/* f16_fused and bf16_fused: scores in 16-bit floats discard all centroids but one or two for each point, and
 * float32 scores, with the certificate behind them, choose among those. Beside i8_fused, on whose candidates they
 * stand, they need no rotation: a float keeps its bits whatever the coordinates beside it.
 *
 * A point with too many candidates meets all centroids in float32, and so does a whole tile when its first panel
 * has many of those. */
#include <string.h>

#include "kernels/arena.h"
#include "kernels/body/panel_scores.h"
#include "kernels/half/blocks.h"

enum {
    FEW_CENTROIDS = 16, /* not worth the rounding */
    FEW_LEFT = 4        /* a panel may lose one point of so many before its tile is given up */
};

typedef struct shared_memory {
    float *blocks; /* as fused packs them; first, where panel_scores expects them */
    half_centroids halves;
    float *weight; /* find_weights */
} shared_memory;

typedef struct thread_memory {
    half_panel *panels;
    int32_t *words;    /* [panel][word][point] */
    int32_t *rows;     /* [point][word], of VEC_LANES points */
    float *minus_loss; /* k, padded */
} thread_memory;

typedef struct pass {
    contest c;
    const exk_plan *plan;
    shared_memory shared;
    thread_memory mine;
    int64_t d, k, words;
    micro_fetch fetch;
    float largest_offset; /* moderate_offset */
} pass;

/* The points of one of the panels. */
static int32_t *words_in(const pass *p, const half_panel *panel) {
    return p->mine.words + (panel - p->mine.panels) * PANEL_POINTS * p->words;
}

/* Panels that meet some centroids before all of them meet the next ones: one where all centroids stay in cache. */
static int64_t panels_together(const exk_plan *plan, int64_t k) {
    return plan->centroid_tile < k ? (plan->point_tile + PANEL_POINTS - 1) / PANEL_POINTS : 1;
}

static size_t lay_out_shared(void *memory, const exk_shape *shape, shared_memory *shared) {
    const size_t padded = (size_t)round_up_to(shape->k, BLOCK), words = (size_t)words_of(shape->d);
    exk_arena arena = {.base = memory};
    shared->blocks = exk_arena_take(&arena, centroid_blocks_bytes(shape), 1);
    shared->halves.blocks = exk_arena_take(&arena, padded * words, sizeof(int32_t));
    shared->halves.minus_beta = exk_arena_take(&arena, padded, sizeof(float));
    shared->halves.loss_q = exk_arena_take(&arena, padded, sizeof(float));
    shared->halves.loss_e = exk_arena_take(&arena, padded, sizeof(float));
    shared->halves.loss_w = exk_arena_take(&arena, padded, sizeof(float));
    shared->weight = exk_arena_take(&arena, words * HALF_TOGETHER, sizeof(float));
    return arena.used;
}

static size_t lay_out_thread(void *memory, const exk_shape *shape, const exk_plan *plan, thread_memory *mine) {
    const size_t panels = (size_t)panels_together(plan, shape->k), words = (size_t)words_of(shape->d);
    exk_arena arena = {.base = memory};
    mine->panels = exk_arena_take(&arena, panels, sizeof(half_panel));
    mine->words = exk_arena_take(&arena, panels * PANEL_POINTS * words, sizeof(int32_t));
    mine->rows = exk_arena_take(&arena, VEC_LANES * words, sizeof(int32_t));
    mine->minus_loss = exk_arena_take(&arena, (size_t)round_up_to(shape->k, BLOCK), sizeof(float));
    return arena.used;
}

static exk_scratch scratch_bytes(const exk_shape *shape, const exk_plan *plan) {
    shared_memory shared;
    thread_memory mine;
    const size_t halves = lay_out_thread(NULL, shape, plan, &mine), floats = sweep_bytes(shape, plan);
    return (exk_scratch){.shared = lay_out_shared(NULL, shape, &shared),
                         .per_thread = halves > floats ? halves : floats};
}

/* One centroid's numbers, and its terms. */
static void round_centroid(const float *c, const exk_shape *shape, const float *weight, int32_t *row, int64_t j,
                           half_centroids *halves) {
    const int64_t words = words_of(shape->d);
    const half_row found = round_row(c, c, shape->d, words, weight, row);
    const half_loss loss = half_loss_of(shape->d, &found);
    for (int64_t t = 0; t < words; t++)
        halves->blocks[block_place(j, t, words)] = row[t];
    halves->minus_beta[j] = -loss.beta;
    halves->loss_q[j] = loss.q;
    halves->loss_e[j] = loss.e;
    halves->loss_w[j] = loss.w;
}

/* Each part needs the weights before all parts are done, and all find the same: in the memory of its thread. */
static void prepare(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                    int part, int parts) {
    const int64_t k = centroids->k, count = round_up_to(k, BLOCK) / BLOCK;
    const exk_shape shape = {.d = centroids->d, .k = k};
    shared_memory shared;
    thread_memory mine;
    lay_out_shared(workspace->shared, &shape, &shared);
    lay_out_thread(workspace->thread, &shape, plan, &mine);
    float *weight = (float *)(void *)mine.words;
    pack_centroids(centroids, plan, workspace, part, parts);
    find_weights(words_of(shape.d), weight);
    if (part == 0)
        find_weights(words_of(shape.d), shared.weight);
    for (int64_t j = count * part / parts * BLOCK; j < count * (part + 1) / parts * BLOCK; j++)
        round_centroid(centroids->c + min_i64(j, k - 1) * shape.d, &shape, weight, mine.rows, j, &shared.halves);
}

/* The point's numbers, its factor and what comes with it. */
static void begin_point(pass *p, half_panel *panel, int64_t slot, int64_t i, int32_t *row) {
    const exk_tile *tile = p->c.tile;
    const float *x = exk_tile_row(tile, i), *next = exk_tile_row(tile, min_i64(i + 1, tile->rows - 1));
    const half_row found = round_row(x, next, p->d, p->words, p->shared.weight, row);
    if (!is_moderate(found.factor, tile->error, p->largest_offset)) {
        leave_out(&panel->points, slot, -1);
        return;
    }
    enter(&panel->points, slot, found.factor, tile->error, p->largest_offset);
    panel->points.largest_norm = max_f32(panel->points.largest_norm, found.norm);
    panel->points.largest_residual = max_f32(panel->points.largest_residual, found.residual);
    panel->largest_weighted = max_f32(panel->largest_weighted, found.weighted);
}

/* Before any centroid is met: where the point had a label, what its score is at most. */
static void limit_by_former(pass *p, byte_panel *panel, int64_t slot, int64_t i) {
    const exk_tile *tile = p->c.tile;
    const int32_t former = tile->label[i];
    if (former < 0 || panel->count[slot] < 0 || isinf(tile->offset[former]))
        return;
    const float lower =
        tile->offset[former] - dot_one(exk_tile_row(tile, i), p->c.centroids->c + former * p->d, p->d);
    panel->limit[slot] = upper_of_float(panel, slot, lower);
    p->c.evaluations++;
}

/* VEC_LANES points from `slot` of the panel on, the tile's row i being the first. */
static void begin_lanes(pass *p, half_panel *panel, int64_t slot, int64_t i) {
    for (int64_t lane = 0; lane < VEC_LANES; lane++) {
        int32_t *row = p->mine.rows + lane * p->words;
        if (i + lane < p->c.tile->rows) {
            begin_point(p, panel, slot + lane, i + lane, row);
            limit_by_former(p, &panel->points, slot + lane, i + lane);
        } else {
            memset(row, 0, (size_t)p->words * sizeof *row);
            leave_out(&panel->points, slot + lane, 0);
        }
    }
    transpose_rows((const int8_t *)p->mine.rows, (size_t)p->words * sizeof(int32_t), p->words,
                   words_in(p, panel) + slot);
}

static void begin_panel(pass *p, half_panel *panel, int64_t first) {
    byte_panel *points = &panel->points;
    points->largest_norm = points->largest_residual = panel->largest_weighted = 0.0f;
    for (int64_t slot = 0; slot < PANEL_POINTS; slot += VEC_LANES)
        begin_lanes(p, panel, slot, first + slot);
    points->largest_residual = wide_residual(points->largest_norm, points->largest_residual);
}

/* Centroids [first, last), which begin and end with blocks. */
static void meet_blocks(pass *p, half_panel *panel, int64_t first, int64_t last) {
    const block_terms terms = {p->c.tile->offset, p->mine.minus_loss};
    for (int64_t j = first; j < last; j++)
        p->mine.minus_loss[j] = -loss_of(panel, &p->shared.halves, j);
    for (int64_t j = first; j < last; j += BLOCK)
        meet_block(&panel->points, words_in(p, panel), &p->shared.halves, p->words, j, &terms, &p->fetch);
}

static void finish_panel(pass *p, byte_panel *panel, int64_t first) {
    const int64_t count = min_i64(PANEL_POINTS, p->c.tile->rows - first);
    for (int64_t slot = 0; slot < count; slot++) {
        panel->count[slot] = panel->count[slot] < 0 ? 0 : candidates_left(panel, slot);
        settle(&p->c, panel, slot, first + slot);
    }
}

/* Panels of rows [first, last), some centroids at a time, as many as stay in cache while these panels pass. False
 * if the tile is given up. */
static bool meet_together(pass *p, int64_t first, int64_t last) {
    const int64_t padded = round_up_to(p->k, BLOCK), together = round_up_to(p->plan->centroid_tile, BLOCK);
    half_panel *panels = p->mine.panels;
    for (int64_t i = first; i < last; i += PANEL_POINTS)
        begin_panel(p, &panels[(i - first) / PANEL_POINTS], i);
    for (int64_t j = 0; j < padded; j += together) {
        for (int64_t i = first; i < last; i += PANEL_POINTS)
            meet_blocks(p, &panels[(i - first) / PANEL_POINTS], j, min_i64(padded, j + together));
        if (first == 0 && lost_points(&panels->points) * FEW_LEFT > min_i64(PANEL_POINTS, last))
            return false;
    }
    for (int64_t i = first; i < last; i += PANEL_POINTS)
        finish_panel(p, &panels[(i - first) / PANEL_POINTS].points, i);
    return true;
}

static bool meet_panels(pass *p) {
    const int64_t rows = p->c.tile->rows, together = panels_together(p->plan, p->k) * PANEL_POINTS;
    for (int64_t first = 0; first < rows; first += together) {
        if (!meet_together(p, first, min_i64(rows, first + together)))
            return false;
    }
    return true;
}

static int64_t assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                      const exk_tile *tile) {
    const exk_shape shape = {.d = centroids->d, .k = centroids->k};
    pass p = {.c = {centroids, tile, 0}, .plan = plan, .d = shape.d, .k = shape.k, .words = words_of(shape.d)};
    lay_out_shared(workspace->shared, &shape, &p.shared);
    lay_out_thread(workspace->thread, &shape, plan, &p.mine);
    p.fetch = fetch_with_blocks(tile, p.words, shape.k);
    p.largest_offset = moderate_offset(tile->offset, p.shared.halves.loss_e, p.k, tile->error);
    if (p.k < FEW_CENTROIDS || isinf(p.largest_offset))
        return meet_floats(&p.c, plan, workspace);
    blocks_begin();
    const bool done = meet_panels(&p);
    blocks_end();
    return done ? tile->rows * p.k + p.c.evaluations : meet_floats(&p.c, plan, workspace);
}

const exk_kernel EXK_KERNEL = {
    .scratch_rule = "k * d * 6 + threads * point_tile * (d * 4 + state)",
    .scratch_bytes = scratch_bytes,
    .roundings = panels_roundings,
    .prepare = prepare,
    .assign = assign,
    .scores = panel_scores,
    .selective = true,
};
