/* A pass in bytes that knows nothing of the points but their labels: what i8_fused always does and i8_projected
 * begins with. Scores of bytes discard all centroids but one or two for each point, and float32 scores, with the
 * certificate behind them, choose among those.
 *
 * A point with too many candidates meets all centroids in float32, and so does a whole tile when its first panel
 * has many of those: data whose points are too alike for bytes cost a tenth of a pass and no more. */
#ifndef EXK_INT8_DENSE_H
#define EXK_INT8_DENSE_H

#include <string.h>

#include "kernels/arena.h"
#include "kernels/body/panel_scores.h"
#include "kernels/int8/blocks.h"

enum {
    FEW_CENTROIDS = 16, /* not worth the bytes */
    FORMERS_AHEAD = 4,  /* points whose former centroid is on its way */
    FEW_LEFT = 4        /* a panel may lose one point of so many before its tile is given up */
};

typedef struct dense_shared {
    float *blocks; /* as fused packs them; first, where panel_scores expects them */
    byte_centroids bytes;
} dense_shared;

typedef struct dense_thread {
    byte_panel *panels;
    int32_t *quads;    /* [panel][quad][point] */
    float *minus_loss; /* k, padded */
    float *turned;     /* a row */
    int8_t *rows;      /* quantised, of a panel */
} dense_thread;

typedef struct dense_pass {
    contest c;
    const exk_plan *plan;
    dense_shared shared;
    dense_thread mine;
    rotation turn;
    int64_t d, k, quads;
    micro_fetch fetch;
    float largest_offset; /* moderate_offset */
} dense_pass;

/* The points of one of the panels. */
static int32_t *quads_of(const dense_pass *p, const byte_panel *panel) {
    return p->mine.quads + (panel - p->mine.panels) * PANEL_POINTS * p->quads;
}

static int64_t panels_of(int64_t rows) {
    return (rows + PANEL_POINTS - 1) / PANEL_POINTS;
}

static size_t lay_out_dense_shared(void *memory, const exk_shape *shape, const rotation *turn,
                                   dense_shared *shared) {
    const size_t padded = (size_t)round_up_to(shape->k, BLOCK);
    exk_arena arena = {.base = memory};
    shared->blocks = exk_arena_take(&arena, centroid_blocks_bytes(shape), 1);
    shared->bytes.blocks = exk_arena_take(&arena, padded * (size_t)turn->bytes, 1);
    shared->bytes.rows = exk_arena_take(&arena, padded * (size_t)turn->bytes, 1);
    shared->bytes.start = exk_arena_take(&arena, padded, sizeof(int32_t));
    shared->bytes.minus_beta = exk_arena_take(&arena, padded, sizeof(float));
    shared->bytes.loss_q = exk_arena_take(&arena, padded, sizeof(float));
    shared->bytes.loss_e = exk_arena_take(&arena, padded, sizeof(float));
    return arena.used;
}

static size_t lay_out_dense_thread(void *memory, const exk_shape *shape, const exk_plan *plan,
                                   const rotation *turn, dense_thread *mine) {
    const size_t panels = (size_t)(plan->centroid_tile < shape->k ? panels_of(plan->point_tile) : 1);
    exk_arena arena = {.base = memory};
    mine->panels = exk_arena_take(&arena, panels, sizeof(byte_panel));
    mine->quads = exk_arena_take(&arena, panels * PANEL_POINTS * (size_t)turn->bytes, 1);
    mine->minus_loss = exk_arena_take(&arena, (size_t)round_up_to(shape->k, BLOCK), sizeof(float));
    mine->turned = exk_arena_take(&arena, turned_floats(turn), sizeof(float));
    mine->rows = exk_arena_take(&arena, PANEL_POINTS * row_bytes(turn), 1);
    return arena.used;
}

static exk_scratch dense_scratch(const exk_shape *shape, const exk_plan *plan) {
    const rotation turn = rotation_of(shape->d);
    dense_shared shared;
    dense_thread mine;
    const size_t bytes = lay_out_dense_thread(NULL, shape, plan, &turn, &mine), floats = sweep_bytes(shape, plan);
    return (exk_scratch){.shared = lay_out_dense_shared(NULL, shape, &turn, &shared),
                         .per_thread = bytes > floats ? bytes : floats};
}

/* One centroid's bytes, and its terms. */
static void keep_centroid(const rotation *turn_by, const quantised *found, const int8_t *row, int64_t j,
                          const byte_centroids *bytes) {
    const byte_loss loss = byte_loss_of(turn_by, found);
    int32_t sum = 0, quad;
    for (int64_t t = 0; t < turn_by->bytes; t++)
        sum += row[t];
    for (int64_t t = 0; t < turn_by->bytes / QUAD; t++) {
        memcpy(&quad, row + t * QUAD, sizeof quad);
        bytes->blocks[block_place(j, t, turn_by->bytes / QUAD)] = quad;
    }
    memcpy(bytes->rows + j * turn_by->bytes, row, (size_t)turn_by->bytes);
    bytes->start[j] = -DOT_BIAS * sum;
    bytes->minus_beta[j] = -loss.beta;
    bytes->loss_q[j] = loss.q;
    bytes->loss_e[j] = loss.e;
}

static void quantise_centroid(const rotation *turn_by, const float *c, float *turned, int8_t *row, int64_t j,
                              const byte_centroids *bytes) {
    const float largest = turn(turn_by, c, c, turned);
    const quantised found = quantise(turn_by, turned, largest, false, row);
    keep_centroid(turn_by, &found, row, j, bytes);
}

static void dense_prepare(const exk_score_centroids *centroids, const exk_plan *plan,
                          const exk_workspace *workspace, int part, int parts) {
    const int64_t k = centroids->k, count = round_up_to(k, BLOCK) / BLOCK;
    const exk_shape shape = {.d = centroids->d, .k = k};
    const rotation by = rotation_of(centroids->d);
    dense_shared shared;
    dense_thread mine;
    lay_out_dense_shared(workspace->shared, &shape, &by, &shared);
    lay_out_dense_thread(workspace->thread, &shape, plan, &by, &mine);
    pack_centroids(centroids, plan, workspace, part, parts);
    for (int64_t j = count * part / parts * BLOCK; j < count * (part + 1) / parts * BLOCK; j++)
        quantise_centroid(&by, centroids->c + min_i64(j, k - 1) * centroids->d, mine.turned, mine.rows, j,
                          &shared.bytes);
}

/* The point's bytes, its factor and what comes with it. */
static void dense_begin_point(dense_pass *p, byte_panel *panel, int64_t slot, int64_t i, int8_t *row) {
    const exk_tile *tile = p->c.tile;
    const float *x = exk_tile_row(tile, i), *next = exk_tile_row(tile, min_i64(i + 1, tile->rows - 1));
    const float largest = turn(&p->turn, x, next, p->mine.turned);
    const quantised found = quantise(&p->turn, p->mine.turned, largest, true, row);
    if (!is_moderate(found.factor, tile->error, p->largest_offset)) {
        leave_out(panel, slot, -1);
        return;
    }
    enter(panel, slot, found.factor, tile->error, p->largest_offset);
    panel->largest_norm = max_f32(panel->largest_norm, found.norm);
    panel->largest_residual = max_f32(panel->largest_residual, found.residual);
}

static void fetch_former(const dense_pass *p, int32_t former) {
    const int64_t bytes = p->turn.bytes;
    if (former >= 0)
        fetch_lines(p->shared.bytes.rows + former * bytes, bytes);
}

/* Where the point had a label, what its score is at most. */
static void limit_by_former(const dense_pass *p, byte_panel *panel, int64_t slot, int32_t former,
                            const int8_t *row) {
    const byte_centroids *bytes = &p->shared.bytes;
    if (former < 0 || panel->count[slot] < 0 || isinf(p->c.tile->offset[former]))
        return;
    const int32_t dot = row_dot(row, bytes->rows + former * p->turn.bytes, p->turn.bytes, bytes->start[former]);
    const float loss = loss_of(panel, bytes, former);
    const float fixed = p->c.tile->offset[former] * panel->factor[slot] - loss;
    panel->limit[slot] = upper_score(panel, slot, fixed + bytes->minus_beta[former] * (float)dot, loss);
}

/* VEC_LANES points from `slot` of the panel on, the tile's row i being the first; their bytes go to `rows`. */
static void dense_begin_lanes(dense_pass *p, byte_panel *panel, int64_t slot, int64_t i, int8_t *rows) {
    const size_t stride = row_bytes(&p->turn);
    for (int64_t lane = 0; lane < VEC_LANES; lane++) {
        if (i + lane < p->c.tile->rows)
            dense_begin_point(p, panel, slot + lane, i + lane, rows + (size_t)lane * stride);
        else
            leave_out(panel, slot + lane, 0);
    }
    transpose_rows(rows, stride, p->quads, quads_of(p, panel) + slot);
}

static void dense_begin_panel(dense_pass *p, byte_panel *panel, int64_t first) {
    const size_t stride = row_bytes(&p->turn);
    int8_t *rows = p->mine.rows;
    panel->largest_norm = panel->largest_residual = 0.0f;
    for (int64_t slot = 0; slot < PANEL_POINTS; slot += VEC_LANES)
        dense_begin_lanes(p, panel, slot, first + slot, rows + (size_t)slot * stride);
    panel->largest_residual = wide_residual(panel->largest_norm, panel->largest_residual);
    const int64_t count = min_i64(PANEL_POINTS, p->c.tile->rows - first);
    for (int64_t slot = 0; slot < count; slot++) {
        fetch_former(p, p->c.tile->label[first + min_i64(slot + FORMERS_AHEAD, count - 1)]);
        limit_by_former(p, panel, slot, p->c.tile->label[first + slot], rows + (size_t)slot * stride);
    }
}

/* F_j of centroids [first, last), which begin and end with blocks. */
static void find_losses(dense_pass *p, const byte_panel *panel, int64_t first, int64_t last) {
    for (int64_t j = first; j < last; j++)
        p->mine.minus_loss[j] = -loss_of(panel, &p->shared.bytes, j);
}

static void meet_blocks(dense_pass *p, byte_panel *panel, int64_t first, int64_t last) {
    const block_terms terms = {p->c.tile->offset, p->mine.minus_loss};
    find_losses(p, panel, first, last);
    for (int64_t j = first; j < last; j += BLOCK)
        meet_block(panel, quads_of(p, panel), &p->shared.bytes, p->quads, j, &terms, &p->fetch);
}

/* The rows that the point's first two candidates will be compared by. */
static void fetch_candidates(const dense_pass *p, const byte_panel *panel, int64_t slot, int64_t i) {
    if (panel->count[slot] < 2)
        return;
    const int64_t bytes = p->d * (int64_t)sizeof(float);
    fetch_lines(exk_tile_row(p->c.tile, i), bytes);
    fetch_lines(p->c.centroids->c + panel->list[slot][0].centroid * p->d, bytes);
    fetch_lines(p->c.centroids->c + panel->list[slot][1].centroid * p->d, bytes);
}

static void dense_finish_panel(dense_pass *p, byte_panel *panel, int64_t first) {
    const int64_t count = min_i64(PANEL_POINTS, p->c.tile->rows - first);
    for (int64_t slot = 0; slot < count; slot++)
        panel->count[slot] = panel->count[slot] < 0 ? 0 : candidates_left(panel, slot);
    for (int64_t slot = 0; slot < count; slot++) {
        if (slot + 1 < count)
            fetch_candidates(p, panel, slot + 1, first + slot + 1);
        settle(&p->c, panel, slot, first + slot);
    }
}

/* All centroids at once: a panel is done when the next one begins. False if the tile is given up. */
static bool dense_panels(dense_pass *p) {
    const int64_t padded = round_up_to(p->k, BLOCK);
    for (int64_t first = 0; first < p->c.tile->rows; first += PANEL_POINTS) {
        byte_panel *panel = p->mine.panels;
        dense_begin_panel(p, panel, first);
        meet_blocks(p, panel, 0, padded);
        if (first == 0 && lost_points(panel) * FEW_LEFT > min_i64(PANEL_POINTS, p->c.tile->rows))
            return false;
        dense_finish_panel(p, panel, first);
    }
    return true;
}

/* Some centroids at a time, as many as stay in cache while all panels pass. */
static bool dense_tiles(dense_pass *p) {
    const int64_t padded = round_up_to(p->k, BLOCK), rows = p->c.tile->rows;
    for (int64_t first = 0; first < rows; first += PANEL_POINTS)
        dense_begin_panel(p, &p->mine.panels[first / PANEL_POINTS], first);
    const int64_t together = round_up_to(p->plan->centroid_tile, BLOCK);
    for (int64_t j = 0; j < padded; j += together) {
        for (int64_t first = 0; first < rows; first += PANEL_POINTS)
            meet_blocks(p, &p->mine.panels[first / PANEL_POINTS], j, min_i64(padded, j + together));
        if (lost_points(p->mine.panels) * FEW_LEFT > min_i64(PANEL_POINTS, rows))
            return false;
    }
    for (int64_t first = 0; first < rows; first += PANEL_POINTS)
        dense_finish_panel(p, &p->mine.panels[first / PANEL_POINTS], first);
    return true;
}

static int64_t dense_assign(const exk_score_centroids *centroids, const exk_plan *plan,
                            const exk_workspace *workspace, const exk_tile *tile) {
    const exk_shape shape = {.d = centroids->d, .k = centroids->k};
    dense_pass p = {.c = {centroids, tile, 0}, .plan = plan, .d = shape.d, .k = shape.k};
    p.turn = rotation_of(shape.d);
    p.quads = p.turn.bytes / QUAD;
    lay_out_dense_shared(workspace->shared, &shape, &p.turn, &p.shared);
    lay_out_dense_thread(workspace->thread, &shape, plan, &p.turn, &p.mine);
    p.fetch = fetch_with_blocks(tile, p.quads, shape.k);
    p.largest_offset = moderate_offset(tile->offset, p.shared.bytes.loss_e, p.k, tile->error);
    if (p.k < FEW_CENTROIDS || isinf(p.largest_offset))
        return meet_floats(&p.c, plan, workspace);
    blocks_begin();
    const bool done = plan->centroid_tile < p.k ? dense_tiles(&p) : dense_panels(&p);
    blocks_end();
    return done ? tile->rows * p.k + p.c.evaluations : meet_floats(&p.c, plan, workspace);
}

#endif
