/* i8_kept: i8_fused for a whole fit. A point is turned and rounded once; its bytes stay, a quarter of its row, and
 * later passes read them instead of the row. With them stays an upper bound of the distance to the point's label,
 * which follows the centroid by what bytes say of its movement (moves.h). A centroid whose bytes put it farther
 * than that is out, so most points have no candidate beside their label, and nothing of them is read in float32.
 *
 * The products are those of a dense block of points with a dense block of centroids, whatever the bounds are:
 * where the matrix unit is fast enough that beats skipping. */
#include <string.h>

#include "kernels/arena.h"
#include "kernels/body/panel_scores.h"
#include "kernels/body/sweep.h"
#include "kernels/int8/candidates.h"
#include "kernels/int8/hits.h"
#include "kernels/int8/moves.h"

enum {
    FEW_CENTROIDS = 16, /* not worth the bytes */
    MOVES_AHEAD = 4,    /* points whose centroids' movements are on their way */
    ROWS_AHEAD = 8,     /* points whose rows are; few of them are needed */
    MEETINGS = 2,       /* the last one, and the next one */
    FEW_LEFT = 4        /* a panel may lose one point of so many before its tile is given up */
};

/* What is kept of a point, in front of its bytes. */
typedef struct kept_point {
    double square; /* of the distance to its label, at most; infinity: not known */
    float factor;  /* 0: no bytes can stand for it; -1: they are not there yet */
    byte_point bytes;
} kept_point;

/* The second digit of each centroid: what its bytes lose, in bytes. */
typedef struct byte_rests {
    int8_t *rows; /* [centroid][byte], biased */
    float *loss;  /* beta times the norm of what these lose, widened; in loss_q's place */
} byte_rests;

typedef struct shared_memory {
    float *blocks; /* as fused packs them; first, where panel_scores expects them */
    float *before; /* k x d: the centroids of the last prepare */
    byte_groups groups;
    byte_rests rests;
    byte_moves moves;
    double *unscale; /* of each group, when `before` was written */
} shared_memory;

typedef struct thread_memory {
    byte_panel *panels;
    double *square;             /* of each point of the tile: of the distance to its label now, at most */
    uint8_t *looked;            /* of each point of the tile: best is the score of its former label */
    int32_t *dot;               /* MEETINGS x PANEL_POINTS x GROUP */
    float *turned, *difference; /* rows, */
    int8_t *bytes;              /* and bytes of one; PANEL_POINTS x state_bytes */
} thread_memory;

typedef struct pass {
    contest c;
    const exk_plan *plan;
    shared_memory shared;
    thread_memory mine;
    rotation turn;
    char *states; /* of the tile's points */
    int64_t state_bytes;
    int64_t d, k;
    float largest_offset; /* moderate_offset */
} pass;

static int64_t panels_of(int64_t rows) {
    return (rows + PANEL_POINTS - 1) / PANEL_POINTS;
}

/* An odd number of lines, so that the states of a panel do not share a few sets of the cache. */
static int64_t state_bytes_of(const rotation *turn) {
    return ((EXK_ALIGN + round_up_to(turn->bytes, EXK_ALIGN)) / EXK_ALIGN | 1) * EXK_ALIGN;
}

static size_t lay_out_shared(void *memory, const exk_shape *shape, const rotation *turn, shared_memory *shared) {
    exk_arena arena = {.base = memory};
    shared->blocks = exk_arena_take(&arena, centroid_blocks_bytes(shape), 1);
    shared->before = exk_arena_take(&arena, (size_t)shape->k * (size_t)shape->d, sizeof(float));
    lay_out_byte_groups(&arena, shape->k, turn, &shared->groups);
    shared->rests.rows = exk_arena_take(&arena, (size_t)shape->k * (size_t)turn->bytes + EXK_ALIGN, 1);
    shared->rests.loss = exk_arena_take(&arena, (size_t)shape->k, sizeof(float));
    lay_out_byte_moves(&arena, shape->k, turn, &shared->moves);
    shared->unscale = exk_arena_take(&arena, (size_t)groups_of(shape->k), sizeof(double));
    return arena.used;
}

static size_t lay_out_thread(void *memory, const exk_shape *shape, const exk_plan *plan, const rotation *turn,
                             thread_memory *mine) {
    const size_t rows = (size_t)plan->point_tile;
    exk_arena arena = {.base = memory};
    mine->panels = exk_arena_take(
        &arena, (size_t)(plan->centroid_tile < shape->k ? panels_of(plan->point_tile) : 1), sizeof(byte_panel));
    mine->square = exk_arena_take(&arena, rows, sizeof(double));
    mine->looked = exk_arena_take(&arena, rows, 1);
    mine->dot = exk_arena_take(&arena, MEETINGS * PANEL_POINTS * GROUP, sizeof(int32_t));
    mine->turned = exk_arena_take(&arena, turned_floats(turn), sizeof(float));
    mine->difference = exk_arena_take(&arena, (size_t)turn->d, sizeof(float));
    mine->bytes = exk_arena_take(&arena, PANEL_POINTS * (size_t)state_bytes_of(turn), 1);
    return arena.used;
}

static exk_scratch scratch_bytes(const exk_shape *shape, const exk_plan *plan) {
    const rotation turn = rotation_of(shape->d);
    shared_memory shared;
    thread_memory mine;
    const size_t bytes = lay_out_thread(NULL, shape, plan, &turn, &mine), floats = sweep_bytes(shape, plan);
    return (exk_scratch){.shared = lay_out_shared(NULL, shape, &turn, &shared),
                         .per_thread = bytes > floats ? bytes : floats,
                         .per_point = (size_t)state_bytes_of(&turn)};
}

/* Without a tile. */
static pass begin_pass(const exk_score_centroids *centroids, const exk_plan *plan,
                       const exk_workspace *workspace) {
    const exk_shape shape = {.d = centroids->d, .k = centroids->k};
    pass p = {
        .c = {.centroids = centroids}, .plan = plan, .turn = rotation_of(shape.d), .d = shape.d, .k = shape.k};
    p.state_bytes = state_bytes_of(&p.turn);
    lay_out_shared(workspace->shared, &shape, &p.turn, &p.shared);
    lay_out_thread(workspace->thread, &shape, plan, &p.turn, &p.mine);
    return p;
}

static void find_move(const pass *p, int64_t j, const float *now, double rescale) {
    float *before = p->shared.before + j * p->d;
    if (rescale > 0.0)
        quantise_move(&p->turn, before, 1, rescale, now, p->c.centroids->unscale, j, p->mine.difference,
                      p->mine.turned, p->mine.bytes, &p->shared.moves);
    else
        p->shared.moves.beta[j] = 0.0f;
    memcpy(before, now, (size_t)p->d * sizeof *before);
}

/* After the centroid's group was packed. */
static void find_rest(const pass *p, int64_t j, const float *row) {
    const float largest = turn(&p->turn, row, row, p->mine.turned);
    const float lost =
        quantise_rest(&p->turn, p->mine.turned, factor_for(largest, (float)DOT_POINT), true, p->mine.bytes);
    const float beta = p->shared.groups.beta[j];
    memcpy(p->shared.rests.rows + j * p->turn.bytes, p->mine.bytes, (size_t)p->turn.bytes);
    p->shared.rests.loss[j] = (beta * lost + 0x1p-18f * (p->shared.groups.loss_e[j] + beta)) * EXK_INT8_WIDER;
}

static void prepare(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                    int part, int parts) {
    const pass p = begin_pass(centroids, plan, workspace);
    const int64_t groups = groups_of(p.k);
    pack_centroids(centroids, plan, workspace, part, parts);
    for (int64_t g = groups * part / parts; g < groups * (part + 1) / parts; g++) {
        const float *row[GROUP];
        for (int64_t at = 0; at < GROUP; at++)
            row[at] = centroids->c + min_i64(g * GROUP + at, p.k - 1) * p.d;
        const double rescale = centroids->movement ? rescaling(p.shared.unscale[g], centroids->unscale) : 0.0;
        for (int64_t j = g * GROUP; j < min_i64((g + 1) * GROUP, p.k); j++)
            find_move(&p, j, row[j - g * GROUP], rescale);
        p.shared.unscale[g] = centroids->unscale;
        pack_byte_group(&p.turn, row, g, p.mine.turned, p.mine.bytes, &p.shared.groups);
        for (int64_t j = g * GROUP; j < min_i64((g + 1) * GROUP, p.k); j++)
            find_rest(&p, j, row[j - g * GROUP]);
    }
}

static kept_point *kept(const pass *p, int64_t i) {
    return (kept_point *)(void *)(p->states + i * p->state_bytes);
}

static int8_t *kept_bytes(const pass *p, int64_t i) {
    return (int8_t *)p->states + i * p->state_bytes + EXK_ALIGN;
}

/* The point meets its label in float32: its upper bound is as tight as can be. */
static void look(pass *p, int64_t i) {
    const exk_tile *tile = p->c.tile;
    const int32_t label = tile->label[i];
    const float *x = exk_tile_row(tile, i), *c = p->c.centroids->c + label * p->d;
    const double unscale = p->c.centroids->unscale;
    const exk_look found = look_at(x, c, p->d, tile->offset[label], (float)(0.5 * unscale), x, c);
    const double upper = looked_bound(&found, p->d, tile->norm[i], tile->error, unscale);
    p->mine.square[i] = upper * upper;
    tile->best[i] = found.score;
    tile->second[i] = INFINITY;
    p->mine.looked[i] = 1;
    p->c.evaluations++;
}

/* The upper bound follows the label, or, where that cannot be, the point is looked at. */
static void follow_label(pass *p, int64_t i) {
    const kept_point *point = kept(p, i);
    const int32_t label = p->c.tile->label[i];
    p->mine.square[i] = point->square;
    if (!(point->square < INFINITY) || !is_tightened(&p->shared.moves, label, &point->bytes))
        look(p, i);
    else if (p->c.centroids->movement[label] > 0.0f)
        p->mine.square[i] = tightened_square(&p->turn, &p->shared.moves, label, &point->bytes, kept_bytes(p, i),
                                             p->c.centroids->unscale, point->square) *
                                (1.0 + 0x1p-40) +
                            EXK_TINY;
}

/* The point's bytes, and a limit if it had a label. */
static void begin_point(pass *p, byte_panel *panel, int64_t slot, int64_t i) {
    const exk_tile *tile = p->c.tile;
    kept_point *point = kept(p, i);
    const bool known = p->c.centroids->movement && point->factor >= 0.0f;
    if (!known) {
        /* Not in place: row_bytes are written, and the next point's state begins behind the row. */
        point->bytes = quantise_point(&p->turn, exk_tile_row(tile, i), p->mine.turned, p->mine.bytes);
        memcpy(kept_bytes(p, i), p->mine.bytes, (size_t)p->turn.bytes);
        point->factor = point->bytes.inverse > 0.0f ? 1.0f / point->bytes.inverse : 0.0f;
        point->square = INFINITY;
    }
    if (!is_moderate(point->factor, tile->error, p->largest_offset)) {
        leave_out(panel, slot, -1);
        return;
    }
    enter(panel, slot, point->factor, tile->error, p->largest_offset);
    panel->largest_norm = max_f32(panel->largest_norm, point->bytes.norm);
    panel->largest_residual = max_f32(panel->largest_residual, point->bytes.residual);
    p->mine.looked[i] = 0;
    if (tile->label[i] < 0 || isinf(tile->offset[tile->label[i]]))
        return;
    if (known)
        follow_label(p, i);
    else
        look(p, i);
    panel->limit[slot] = upper_of_float(
        panel, slot,
        p->mine.looked[i] ? tile->best[i]
                          : score_at_most(p->mine.square[i], tile->norm[i], p->c.centroids->unscale));
}

static void begin_panel(pass *p, byte_panel *panel, int64_t first) {
    const int64_t count = min_i64(PANEL_POINTS, p->c.tile->rows - first);
    panel->largest_norm = panel->largest_residual = 0.0f;
    for (int64_t slot = 0; slot < count; slot++) {
        const int32_t next = p->c.tile->label[first + min_i64(slot + MOVES_AHEAD, count - 1)];
        panel->former[slot] = p->c.tile->label[first + slot];
        if (next >= 0)
            fetch_lines(p->shared.moves.rows + next * p->turn.bytes, p->turn.bytes);
        begin_point(p, panel, slot, first + slot);
    }
    for (int64_t slot = count; slot < PANEL_POINTS; slot++) {
        panel->former[slot] = -1;
        leave_out(panel, slot, 0);
    }
}

/* What the scores of a panel with a group are made of. */
typedef struct group_terms {
    vec_f32 offset[EXK_NV], minus_beta[EXK_NV], minus_loss[EXK_NV];
} group_terms;

/* A panel that met a group: of what that leaves of each point nothing is known yet. */
typedef struct meeting {
    byte_panel *panel; /* NULL: none */
    int64_t group;
    group_terms terms;
    int32_t *dot; /* PANEL_POINTS x GROUP */
} meeting;

typedef struct meetings {
    meeting of[MEETINGS];
    int last;
} meetings;

static meetings begin_meetings(const pass *p) {
    meetings all = {.last = 0};
    all.of[0].dot = p->mine.dot;
    all.of[1].dot = p->mine.dot + PANEL_POINTS * GROUP;
    return all;
}

EXK_INLINE void find_terms(const pass *p, const byte_panel *panel, int64_t g, group_terms *terms) {
    const byte_groups *groups = &p->shared.groups;
    const vec_f32 zero = vec_set1(0.0f);
    EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
        const int64_t at = g * GROUP + v * VEC_LANES;
        terms->offset[v] = vec_load(p->c.tile->offset + at);
        terms->minus_beta[v] = vec_sub(zero, vec_load(groups->beta + at));
        terms->minus_loss[v] =
            vec_mul_add(vec_set1(-panel->largest_norm), vec_load(groups->loss_q + at),
                        vec_mul_add(vec_set1(-panel->largest_residual), vec_load(groups->loss_e + at), zero));
    }
}

/* L of VEC_LANES centroids. */
EXK_INLINE vec_f32 lower_of(const group_terms *terms, int v, vec_f32 factor, const int32_t *dot) {
    const vec_f32 product = vec_from_i32(vec_load_i32(dot + v * VEC_LANES));
    return vec_mul_add(terms->minus_beta[v], product, vec_mul_add(terms->offset[v], factor, terms->minus_loss[v]));
}

/* above[slot]: which centroids of the group the point's limit rules out. */
typedef struct comparison {
    group_terms terms;
    const float *factor, *limit;
    const int32_t *dot;
    uint32_t *above;
    int64_t slots; /* PANEL_POINTS; 0: there is nothing to compare */
} comparison;

/* No branch depends on the outcome: one centroid in fifty is within the limit, and never the one that was
 * expected. */
EXK_INLINE void compare(const void *work, int64_t part, int64_t parts) {
    const comparison *c = work;
    const int64_t each = (PANEL_POINTS + parts - 1) / parts, end = min_i64((part + 1) * each, c->slots);
    for (int64_t slot = part * each; slot < end; slot++) {
        const vec_f32 factor = vec_set1(c->factor[slot]), limit = vec_set1(c->limit[slot]);
        uint32_t above = 0;
        EXK_UNROLL for (int v = 0; v < EXK_NV; v += 2) {
            const vec_f32 low = lower_of(&c->terms, v, factor, c->dot + slot * GROUP);
            const vec_f32 high = lower_of(&c->terms, v + 1, factor, c->dot + slot * GROUP);
            above |= vec_bits_pair(vec_less(limit, low), vec_less(limit, high)) << v * (int)VEC_LANES;
        }
        c->above[slot] = above;
    }
}

static comparison comparison_of(const meeting *met, uint32_t above[PANEL_POINTS]) {
    if (!met->panel)
        return (comparison){.slots = 0};
    return (comparison){met->terms, met->panel->factor, met->panel->limit, met->dot, above, PANEL_POINTS};
}

static void add_hits(const pass *p, const meeting *met, int64_t slot, uint32_t hits) {
    byte_panel *panel = met->panel;
    const int32_t first = (int32_t)(met->group * GROUP);
    float lower[GROUP], minus_loss[GROUP];
    for (int v = 0; v < EXK_NV; v++) {
        vec_store(lower + v * VEC_LANES,
                  lower_of(&met->terms, v, vec_set1(panel->factor[slot]), met->dot + slot * GROUP));
        vec_store(minus_loss + v * VEC_LANES, met->terms.minus_loss[v]);
    }
    for (; hits; hits &= hits - 1) {
        const int at = __builtin_ctz(hits);
        if (lower[at] > panel->limit[slot])
            continue;
        fetch_lines(p->shared.rests.rows + (first + at) * p->turn.bytes, p->turn.bytes);
        add_candidate(panel, slot, first + at, lower[at], -minus_loss[at]);
    }
}

static void list_hits(const pass *p, const meeting *met, const uint32_t above[PANEL_POINTS]) {
    uint32_t hits[PANEL_POINTS];
    const int32_t first = (int32_t)(met->group * GROUP);
    for (uint64_t found = find_hits(above, met->panel->former, first, hits); found; found &= found - 1) {
        const int slot = __builtin_ctzll(found);
        add_hits(p, met, slot, hits[slot]);
    }
}

/* The products of a panel with a group, and meanwhile the comparisons of the last meeting. */
static __attribute__((noinline)) void multiply_and_compare(const int8_t *rows, int64_t stride,
                                                           const int32_t *start, const int32_t *block,
                                                           int64_t quads, const char *fetch, const meeting *last,
                                                           uint32_t *above, int32_t *dot) {
    const comparison work = comparison_of(last, above);
    panel_dots(rows, stride, start, block, quads, fetch, dot, compare, &work);
}

/* All meetings are over. */
static void end_meetings(const pass *p, meetings *all) {
    meeting *last = &all->of[all->last];
    uint32_t above[PANEL_POINTS];
    if (!last->panel)
        return;
    const comparison work = comparison_of(last, above);
    compare(&work, 0, 1);
    list_hits(p, last, above);
    last->panel = NULL;
}

/* The panel's points and groups [begin, end). What the last meeting leaves is known when the next one's products
 * are. */
static void meet_groups(pass *p, byte_panel *panel, int64_t first, int64_t begin, int64_t end, meetings *all) {
    const int64_t quads = p->turn.bytes / QUAD, count = min_i64(PANEL_POINTS, p->c.tile->rows - first);
    const int8_t *rows = kept_bytes(p, first);
    int32_t start[PANEL_POINTS];
    for (int64_t slot = 0; slot < PANEL_POINTS; slot++)
        start[slot] = kept(p, first + min_i64(slot, count - 1))->bytes.start;
    if (count < PANEL_POINTS) {
        memcpy(p->mine.bytes, rows, (size_t)((count - 1) * p->state_bytes + p->turn.bytes));
        rows = p->mine.bytes;
    }
    const char *fetch = p->states + (first + PANEL_POINTS) * p->state_bytes + begin * p->turn.bytes;
    for (int64_t g = begin; g < end; g++, fetch += p->turn.bytes) {
        const int32_t *block = p->shared.groups.blocks + g * quads * GROUP;
        const meeting *last = &all->of[all->last];
        meeting *next = &all->of[1 - all->last];
        uint32_t above[PANEL_POINTS];
        find_terms(p, panel, g, &next->terms);
        next->panel = panel;
        next->group = g;
        multiply_and_compare(rows, p->state_bytes, start, block, quads, fetch, last, above, next->dot);
        if (last->panel)
            list_hits(p, last, above);
        all->last = 1 - all->last;
    }
}

/* L_j from two digits of the centroid and the point's own norms. */
static float sharper_lower(const pass *p, const byte_panel *panel, const kept_point *point, const int8_t *bytes,
                           const candidate *c) {
    const byte_groups *groups = &p->shared.groups;
    const int32_t j = c->centroid;
    const int32_t dot =
        row_dot(p->shared.rests.rows + j * p->turn.bytes, bytes, p->turn.bytes, point->bytes.start);
    const float coarse = panel->largest_norm * groups->loss_q[j] + panel->largest_residual * groups->loss_e[j];
    const float fine = point->bytes.norm * p->shared.rests.loss[j] + point->bytes.residual * groups->loss_e[j];
    const float rest = groups->beta[j] * (float)dot / (float)REST_DIGIT;
    return c->lower + coarse - rest - fine - 0x1p-20f * (fabsf(c->lower) + coarse + fabsf(rest));
}

/* Keeps those candidates that two digits do not rule out either. */
static void sharpen(const pass *p, byte_panel *panel, int64_t slot, int64_t i) {
    candidate *list = panel->list[slot];
    int32_t count = 0;
    for (int32_t c = 0; c < panel->count[slot]; c++) {
        if (list[c].lower > panel->limit[slot])
            continue;
        const float lower = sharper_lower(p, panel, kept(p, i), kept_bytes(p, i), &list[c]);
        list[count].centroid = list[c].centroid;
        list[count].lower = lower > list[c].lower ? lower : list[c].lower;
        count += !(list[count].lower > panel->limit[slot]);
    }
    panel->count[slot] = count;
}

/* Its former label, and what may be nearer. */
static void finish_known(pass *p, const byte_panel *panel, int64_t slot, int64_t i) {
    const exk_tile *tile = p->c.tile;
    if (panel->count[slot] == 0 && !p->mine.looked[i]) {
        tile->best[i] = -INFINITY;
        tile->second[i] = INFINITY;
        return;
    }
    if (!p->mine.looked[i])
        look(p, i);
    meet_candidates(&p->c, panel, slot, i, 0);
}

static void finish_point(pass *p, const byte_panel *panel, int64_t slot, int64_t i) {
    const exk_tile *tile = p->c.tile;
    const int32_t former = tile->label[i];
    const bool known = former >= 0 && !isinf(tile->offset[former]) && panel->count[slot] >= 0;
    if (known)
        finish_known(p, panel, slot, i);
    else
        settle(&p->c, panel, slot, i);
    if (!known || tile->label[i] != former) {
        const float best = tile->best[i], second = tile->second[i];
        look(p, i);
        tile->best[i] = best;
        tile->second[i] = second;
    }
    kept(p, i)->square = p->mine.square[i];
}

/* The rows that decide about the point. */
static void fetch_rows(const pass *p, const byte_panel *panel, int64_t slot, int64_t i) {
    const int64_t bytes = p->d * (int64_t)sizeof(float);
    const int32_t label = p->c.tile->label[i];
    fetch_lines(exk_tile_row(p->c.tile, i), bytes);
    if (label >= 0)
        fetch_lines(p->c.centroids->c + label * p->d, bytes);
    if (panel->count[slot] > 0)
        fetch_lines(p->c.centroids->c + panel->list[slot][0].centroid * p->d, bytes);
}

static void finish_panel(pass *p, byte_panel *panel, int64_t first) {
    const int64_t count = min_i64(PANEL_POINTS, p->c.tile->rows - first);
    for (int64_t slot = 0; slot < count; slot++) {
        if (panel->count[slot] <= 0)
            continue;
        sharpen(p, panel, slot, first + slot);
        panel->count[slot] = candidates_left(panel, slot);
    }
    for (int64_t slot = -ROWS_AHEAD; slot < count; slot++) {
        if (slot + ROWS_AHEAD < count && panel->count[slot + ROWS_AHEAD] != 0)
            fetch_rows(p, panel, slot + ROWS_AHEAD, first + slot + ROWS_AHEAD);
        if (slot >= 0)
            finish_point(p, panel, slot, first + slot);
    }
}

static bool gives_up(const byte_panel *panel, int64_t rows) {
    return lost_points(panel) * FEW_LEFT > min_i64(PANEL_POINTS, rows);
}

/* All centroids at once: a panel is done when the next one begins. False if the tile is given up. */
static bool meet_panels(pass *p) {
    const int64_t rows = p->c.tile->rows, groups = groups_of(p->k);
    meetings all = begin_meetings(p);
    for (int64_t first = 0; first < rows; first += PANEL_POINTS) {
        byte_panel *panel = p->mine.panels;
        begin_panel(p, panel, first);
        meet_groups(p, panel, first, 0, groups, &all);
        end_meetings(p, &all);
        if (first == 0 && gives_up(panel, rows))
            return false;
        finish_panel(p, panel, first);
    }
    return true;
}

/* Some centroids at a time, as many as stay in cache while all panels pass. */
static bool meet_tiles(pass *p) {
    const int64_t rows = p->c.tile->rows, groups = groups_of(p->k), together = groups_of(p->plan->centroid_tile);
    meetings all = begin_meetings(p);
    for (int64_t first = 0; first < rows; first += PANEL_POINTS)
        begin_panel(p, &p->mine.panels[first / PANEL_POINTS], first);
    for (int64_t g = 0; g < groups; g += together) {
        for (int64_t first = 0; first < rows; first += PANEL_POINTS)
            meet_groups(p, &p->mine.panels[first / PANEL_POINTS], first, g, min_i64(groups, g + together), &all);
        end_meetings(p, &all);
        if (gives_up(p->mine.panels, rows))
            return false;
    }
    for (int64_t first = 0; first < rows; first += PANEL_POINTS)
        finish_panel(p, &p->mine.panels[first / PANEL_POINTS], first);
    return true;
}

/* Nothing is known of the tile's points afterwards. */
static int64_t meet_floats(const pass *p, const exk_workspace *workspace) {
    for (int64_t i = 0; i < p->c.tile->rows; i++)
        kept(p, i)->factor = -1.0f;
    sweep_tile(p->c.centroids, p->plan, workspace->shared, workspace->thread, p->c.tile);
    return p->c.tile->rows * p->k;
}

static int64_t assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                      const exk_tile *tile) {
    pass p = begin_pass(centroids, plan, workspace);
    p.c.tile = tile;
    p.states = workspace->point;
    p.largest_offset = moderate_offset(tile->offset, p.shared.groups.loss_e, p.k, tile->error);
    if (p.k < FEW_CENTROIDS || isinf(p.largest_offset))
        return meet_floats(&p, workspace);
    groups_begin();
    const bool done = plan->centroid_tile < p.k ? meet_tiles(&p) : meet_panels(&p);
    groups_end();
    return done ? tile->rows * p.k + p.c.evaluations : meet_floats(&p, workspace);
}

static void doubt(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                  const exk_tile *tile, int64_t i) {
    const rotation turn = rotation_of(centroids->d);
    (void)plan;
    (void)tile;
    kept_point *point = (kept_point *)(void *)((char *)workspace->point + i * state_bytes_of(&turn));
    point->square = INFINITY;
}

static void settled(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                    const exk_settled *found) {
    kept_point *point = workspace->point;
    (void)centroids;
    (void)plan;
    point->square = (double)found->upper * (double)found->upper;
}

/* Those of the panels, and of looks. */
static int64_t roundings(const exk_shape *shape, const exk_plan *plan) {
    const int64_t panels = panels_roundings(shape, plan), groups = groups_roundings(shape, plan);
    return panels > groups ? panels : groups;
}

const exk_kernel EXK_KERNEL = {
    .scratch_rule = "k * d * 11 + n * (d + 128) + threads * point_tile * (d * 4 + state)",
    .scratch_bytes = scratch_bytes,
    .roundings = roundings,
    .prepare = prepare,
    .assign = assign,
    .scores = panel_scores,
    .doubt = doubt,
    .settled = settled,
    .finding = 1,
    .selective = true,
};
