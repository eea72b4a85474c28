/* i8_fused_yinyang: fused_yinyang, whose groups are met in bytes. The bounds are a little looser, the work that
 * they leave is a quarter, and of most points not even the row is read: their bytes are kept with their bounds,
 * and so are upper bounds as tight as bytes can make them (moves.h). A point's row is read where some centroid's
 * bytes cannot be told from those of its label. */
#define EXK_EACH 0
#include "kernels/bounds/grouped.h"
#include "kernels/int8/moves.h"

enum { AHEAD = 4, HEADER_LINES = 2 };

typedef struct byte_shared {
    byte_groups groups;
    byte_moves moves;
    double *unscale; /* of each group, in the pass before */
} byte_shared;

/* Of a thread. */
typedef struct byte_thread {
    float *turned, *difference; /* rows of centroids, */
    int8_t *bytes;              /* and their bytes */
    byte_point *point;          /* of each point of the tile */
    float *limit;               /* an upper bound of its score with some centroid */
    uint8_t *looked;            /* it has met its former label, or has none */
    float *least;               /* ROWS_TOGETHER */
    int32_t *dot;               /* ROWS_TOGETHER x GROUP */
    int8_t *gathered;
} byte_thread;

typedef struct byte_pass {
    pass p;
    byte_shared shared;
    byte_thread mine;
    rotation turn;
    bool apply;  /* bytes can stand for this tile */
    float slack; /* of the roundings of offset_j */
} byte_pass;

static void lay_out_all_shared(exk_arena *arena, int64_t k, int64_t d, const rotation *turn, shared_memory *common,
                               byte_shared *shared) {
    lay_out_shared(arena, k, d, common);
    lay_out_byte_groups(arena, k, turn, &shared->groups);
    lay_out_byte_moves(arena, k, turn, &shared->moves);
    shared->unscale = exk_arena_take(arena, (size_t)groups_of(k), sizeof(double));
}

static void lay_out_all_thread(exk_arena *arena, int64_t k, int64_t points, const rotation *turn,
                               thread_memory *common, byte_thread *mine) {
    const size_t count = (size_t)points;
    lay_out_thread(arena, k, points, common);
    mine->turned = exk_arena_take(arena, turned_floats(turn), sizeof(float));
    mine->difference = exk_arena_take(arena, (size_t)turn->d, sizeof(float));
    mine->bytes = exk_arena_take(arena, row_bytes(turn), 1);
    mine->point = exk_arena_take(arena, count, sizeof(byte_point));
    mine->limit = exk_arena_take(arena, count, sizeof(float));
    mine->looked = exk_arena_take(arena, count, 1);
    mine->least = exk_arena_take(arena, ROWS_TOGETHER, sizeof(float));
    mine->dot = exk_arena_take(arena, ROWS_TOGETHER * GROUP, sizeof(int32_t));
    mine->gathered = exk_arena_take(arena, gathered_bytes(turn), 1);
}

/* A point's state: its bounds, what is kept with its bytes, and these, from a whole line on. An odd number of
 * lines, so that the states of a tile do not share a few sets of the cache. */
static size_t bytes_at(int64_t k) {
    return (size_t)round_up_to((int64_t)(bounds_bytes(k) + sizeof(byte_point)), EXK_ALIGN);
}

static size_t state_bytes(int64_t k, const rotation *turn) {
    const size_t lines = (bytes_at(k) + row_bytes(turn)) / EXK_ALIGN;
    return (lines | 1) * EXK_ALIGN;
}

static byte_point *kept_point(float *state, int64_t groups) {
    return (byte_point *)(void *)(state + 1 + groups);
}

static int8_t *kept_bytes(float *state, int64_t k) {
    return (int8_t *)state + bytes_at(k);
}

static exk_scratch scratch_bytes(const exk_shape *shape, const exk_plan *plan) {
    const rotation turn = rotation_of(shape->d);
    exk_arena shared = {0}, thread = {0};
    byte_pass b;
    lay_out_all_shared(&shared, shape->k, shape->d, &turn, &b.p.shared, &b.shared);
    lay_out_all_thread(&thread, shape->k, plan->point_tile, &turn, &b.p.mine, &b.mine);
    return (exk_scratch){
        .shared = shared.used, .per_thread = thread.used, .per_point = state_bytes(shape->k, &turn)};
}

/* Without a tile. */
static byte_pass begin(const exk_score_centroids *centroids, const exk_plan *plan,
                       const exk_workspace *workspace) {
    exk_arena shared = {.base = workspace->shared}, thread = {.base = workspace->thread};
    byte_pass b = {.p = begin_pass(centroids, plan), .turn = rotation_of(centroids->d)};
    lay_out_all_shared(&shared, centroids->k, centroids->d, &b.turn, &b.p.shared, &b.shared);
    lay_out_all_thread(&thread, centroids->k, plan->point_tile, &b.turn, &b.p.mine, &b.mine);
    return b;
}

static byte_pass begin_tile(const exk_score_centroids *centroids, const exk_plan *plan,
                            const exk_workspace *workspace, const exk_tile *tile) {
    byte_pass b = begin(centroids, plan, workspace);
    b.p.tile = tile;
    b.p.states = states_of(workspace, tile, state_bytes(centroids->k, &b.turn));
    return b;
}

/* Before the group's block is overwritten by what its centroids are now. */
static void find_moves(const byte_pass *b, int64_t g, const float *const row[GROUP]) {
    const exk_score_centroids *centroids = b->p.centroids;
    const double unscale = centroids->unscale;
    const double rescale = centroids->movement ? rescaling(b->shared.unscale[g], unscale) : 0.0;
    b->shared.unscale[g] = unscale;
    for (int64_t at = g * GROUP; at < min_i64((g + 1) * GROUP, centroids->k); at++) {
        const int64_t j = centroid_at(centroids, at), p = at - g * GROUP;
        if (rescale > 0.0)
            quantise_move(&b->turn, b->p.shared.blocks + g * GROUP * b->p.d + p, GROUP, -rescale, row[p], unscale,
                          j, b->mine.difference, b->mine.turned, b->mine.bytes, &b->shared.moves);
        else
            b->shared.moves.beta[j] = 0.0f;
    }
}

static void prepare(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                    int part, int parts) {
    const byte_pass b = begin(centroids, plan, workspace);
    const float fastest = fastest_movement(centroids);
    for (int64_t g = b.p.groups * part / parts; g < b.p.groups * (part + 1) / parts; g++) {
        const float *row[GROUP];
        rows_of_group(centroids, g, row);
        find_moves(&b, g, row);
        pack_group(centroids, g, row, &b.p.shared);
        pack_byte_group(&b.turn, row, g, b.mine.turned, b.mine.bytes, &b.shared.groups);
        drift_group(centroids, g, fastest, &b.p.shared);
    }
}

/* The rows whose bounds, moved by the triangle inequality, do not prove their labels; only of the others are the
 * bounds moved. */
static int64_t list_near(const byte_pass *b, int32_t *rows) {
    const pass *p = &b->p;
    const bool renews = renews_bounds(&p->shared, p->groups);
    int64_t count = 0;
    for (int64_t i = 0; i < p->tile->rows; i++) {
        float *state = bounds_of(p, i);
        if (renews)
            renew_bounds(&p->shared, p->groups, state);
        fetch_lines(bounds_of(p, min_i64(i + AHEAD, p->tile->rows - 1)), HEADER_LINES * EXK_ALIGN);
        const float upper = state[0];
        state[0] = moved_bound(upper, p->centroids->movement[p->tile->label[i]]);
        if (is_near(state, p->shared.above, p->groups)) {
            state[0] = upper;
            rows[count++] = (int32_t)i;
        }
    }
    return count;
}

static bool is_near_after_all(const byte_pass *b, int64_t i) {
    const pass *p = &b->p;
    const int32_t label = p->tile->label[i];
    float *state = bounds_of(p, i);
    const byte_point *point = kept_point(state, p->groups);
    const float moved = moved_bound(state[0], p->centroids->movement[label]);
    float upper = moved;
    if (is_tightened(&b->shared.moves, label, point))
        upper = tightened(&b->turn, &b->shared.moves, label, point, kept_bytes(state, p->centroids->k),
                          p->centroids->unscale, state[0]);
    state[0] = upper < moved ? upper : moved;
    return !(upper < moved) || is_near(state, p->shared.above, p->groups);
}

static int64_t survivors(const exk_score_centroids *centroids, const exk_plan *plan,
                         const exk_workspace *workspace, const exk_tile *tile, int32_t *rows) {
    const byte_pass b = begin_tile(centroids, plan, workspace, tile);
    const int64_t near = list_near(&b, rows);
    int64_t count = 0;
    for (int64_t a = 0; a < near; a++) {
        const int32_t i = rows[a], next = rows[min_i64(a + AHEAD, near - 1)];
        fetch_lines(kept_bytes(bounds_of(&b.p, next), centroids->k), b.turn.bytes);
        rows[count] = i;
        count += is_near_after_all(&b, i);
    }
    return count;
}

/* What the point's score is at most, from one of its float32 scores. */
static float limit_from_score(const pass *p, float score) {
    return score + 2.0f * p->tile->error + 0x1p-20f * (fabsf(score) + p->tile->error);
}

/* The row `next` will be looked at soon. */
static void look(byte_pass *b, int64_t i, int64_t next) {
    pass *p = &b->p;
    look_at_former(p, i, next);
    b->mine.looked[i] = 1;
    b->mine.limit[i] = fminf(b->mine.limit[i], limit_from_score(p, p->tile->best[i]));
}

/* The point has a label and bounds. It is looked at if bytes alone told nothing new about its label. */
static void begin_bounded(byte_pass *b, int64_t i) {
    pass *p = &b->p;
    float *state = bounds_of(p, i);
    const int32_t label = p->tile->label[i];
    const byte_point *point = kept_point(state, p->groups);
    b->mine.point[i] = *point;
    b->mine.looked[i] = 0;
    b->mine.limit[i] = INFINITY;
    p->mine.at[i] = p->shared.place[label];
    p->tile->best[i] = -INFINITY;
    p->tile->second[i] = INFINITY;
    if (b->apply && is_tightened(&b->shared.moves, label, point) && !isinf(state[0]))
        b->mine.limit[i] =
            score_at_most((double)state[0] * (double)state[0], p->tile->norm[i], p->centroids->unscale);
    else
        look(b, i, min_i64(i + 1, p->tile->rows - 1));
    put_on_lists(p, i, state);
}

/* The point has no bounds, but may have had a label. */
static void begin_unbounded(byte_pass *b, int64_t i) {
    pass *p = &b->p;
    const int32_t former = p->tile->label[i];
    float *state = bounds_of(p, i);
    b->mine.limit[i] = INFINITY;
    b->mine.looked[i] = 1;
    if (former >= 0) {
        const float *c = p->centroids->c + former * p->d;
        b->mine.limit[i] = limit_from_score(p, p->tile->offset[former] - dot_one(row_of(p, i), c, p->d));
        p->evaluations++;
    }
    b->mine.point[i] = quantise_point(&b->turn, row_of(p, i), b->mine.turned, kept_bytes(state, p->centroids->k));
    *kept_point(state, p->groups) = b->mine.point[i];
    list_everywhere(p, i);
}

/* The centroid at a place of group g is so near to the point that its float32 score had to be computed. */
static bool take_score(pass *p, int64_t i, int64_t at, float score) {
    const exk_tile *tile = p->tile;
    if (!(score < tile->best[i])) {
        tile->second[i] = score < tile->second[i] ? score : tile->second[i];
        return false;
    }
    tile->second[i] = tile->best[i];
    tile->best[i] = score;
    tile->label[i] = (int32_t)centroid_at(p->centroids, at);
    return true;
}

/* The lowest of the scores that are not above the limit, among places `open`; -1: there is none. */
static int most_promising(const float *scores, uint32_t open, float limit) {
    int best = -1;
    for (; open; open &= open - 1) {
        const int place = __builtin_ctz(open);
        if (scores[place] <= limit && scores[place] < INFINITY && (best < 0 || scores[place] < scores[best]))
            best = place;
    }
    return best;
}

/* Places `open` of the group may be nearer than the label by their bytes: their scores in float32, the most
 * promising one's first, which rules out most of the others. `next` will be settled soon. */
static void settle(byte_pass *b, int64_t i, int64_t next, int64_t g, uint32_t open, float *scores) {
    pass *p = &b->p;
    int won = -1;
    if (!b->mine.looked[i])
        look(b, i, next);
    for (int place; (place = most_promising(scores, open, b->mine.limit[i])) >= 0;
         open &= ~(UINT32_C(1) << place)) {
        const int64_t at = g * GROUP + place, j = centroid_at(p->centroids, at);
        scores[place] = p->mine.offset[at] - dot_one(row_of(p, i), p->centroids->c + j * p->d, p->d);
        p->evaluations++;
        b->mine.limit[i] = fminf(b->mine.limit[i], limit_from_score(p, scores[place]));
        won = take_score(p, i, at, scores[place]) ? place : won;
    }
    if (won < 0)
        return;
    p->mine.own[i] = INFINITY;
    for (int place = 0; place < GROUP; place++) {
        if (place != won)
            p->mine.own[i] = fminf(p->mine.own[i], scores[place]);
    }
}

/* Places whose scores are not above the limit. */
EXK_INLINE uint32_t places_within(const float *scores, float limit) {
    uint32_t within = 0;
    EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
        const uint32_t above = vec_bits(vec_less(vec_set1(limit), vec_load(scores + v * VEC_LANES)));
        within |= (~above & (uint32_t)((UINT64_C(1) << VEC_LANES) - 1)) << v * VEC_LANES;
    }
    return within;
}

static void settle_rows(byte_pass *b, int64_t g, const uint16_t *list, int rows) {
    uint32_t open[ROWS_TOGETHER];
    uint8_t row[ROWS_TOGETHER];
    int count = 0;
    for (int r = 0; r < rows; r++) {
        row[count] = (uint8_t)r;
        open[count] = places_within(b->p.mine.scores + r * GROUP, b->mine.limit[list[r]]);
        count += open[count] != 0;
    }
    for (int a = 0; a < count; a++)
        settle(b, list[row[a]], list[row[a + 1 < count ? a + 1 : a]], g, open[a],
               b->p.mine.scores + row[a] * GROUP);
}

/* Up to ROWS_TOGETHER points of a group's list, by their bytes. */
static void meet_bytes(byte_pass *b, int64_t g, const uint16_t *list, int rows) {
    pass *p = &b->p;
    const int64_t quads = b->turn.bytes / QUAD;
    const int8_t *x[ROWS_TOGETHER];
    int32_t start[ROWS_TOGETHER];
    for (int r = 0; r < rows; r++) {
        x[r] = kept_bytes(bounds_of(p, list[r]), p->centroids->k);
        start[r] = b->mine.point[list[r]].start;
    }
    group_dots(rows, x, start, b->shared.groups.blocks + g * quads * GROUP, quads, b->mine.gathered, b->mine.dot);
    for (int r = 0; r < rows; r++)
        byte_scores(&b->shared.groups, &b->mine.point[list[r]], b->slack, g, p->mine.offset + g * GROUP,
                    b->mine.dot + r * GROUP, p->mine.scores + r * GROUP);
    hide_labels(p, g, list, rows);
    settle_rows(b, g, list, rows);
    least_scores(p->mine.scores, rows, b->mine.least);
    keep_group(p, g, list, rows, b->mine.least);
}

static void meet_floats(byte_pass *b, int64_t g, const uint16_t *list, int rows) {
    for (int r = 0; r < rows; r++) {
        if (!b->mine.looked[list[r]])
            look(b, list[r], list[r]);
    }
    meet_rows(&b->p, g, list, rows);
}

static void meet_group(byte_pass *b, int64_t g) {
    const uint16_t *list = b->p.mine.list + g * b->p.plan->point_tile;
    const int32_t count = b->p.mine.count[g];
    for (int32_t first = 0; first < count; first += ROWS_TOGETHER) {
        const int rows = (int)min_i64(ROWS_TOGETHER, count - first);
        if (b->apply)
            meet_bytes(b, g, list + first, rows);
        else
            meet_floats(b, g, list + first, rows);
    }
}

static int64_t assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                      const exk_tile *tile) {
    byte_pass b = begin_tile(centroids, plan, workspace, tile);
    begin_lists(&b.p);
    const float largest = moderate_offset(b.p.mine.offset, b.shared.groups.loss_e, centroids->k, tile->error);
    b.apply = !isinf(largest);
    b.slack = 0x1p-20f * largest;
    for (int64_t i = 0; i < tile->rows; i++) {
        if (centroids->movement)
            begin_bounded(&b, i);
        else
            begin_unbounded(&b, i);
    }
    for (int64_t i = 0; i < tile->rows; i++)
        b.apply = b.apply && b.mine.point[i].inverse > 0.0f;
    groups_begin();
    for (int64_t g = 0; g < b.p.groups; g++)
        meet_group(&b, g);
    groups_end();
    for (int64_t i = 0; i < tile->rows; i++)
        settle_bounds(&b.p, i);
    return b.p.evaluations + listed_scores(&b.p);
}

static void scores(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                   const exk_tile *tile, float *lower) {
    const byte_pass b = begin(centroids, plan, workspace);
    scores_by_group(&b.p.shared, centroids, plan, tile, lower);
}

static void doubt(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                  const exk_tile *tile, int64_t i) {
    const byte_pass b = begin_tile(centroids, plan, workspace, tile);
    doubt_bounds(tile, &b.p.shared, &b.p.states, i);
}

static void settled(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                    const exk_settled *found) {
    const byte_pass b = begin(centroids, plan, workspace);
    settle_doubt(&b.p.shared, b.p.groups, found, workspace->point);
}

const exk_kernel EXK_KERNEL = {
    .scratch_rule = "k * d * 6 + n * (d + (k / group + 1) * 4 + 80) + threads * point_tile * (k / group * 2 + 40)",
    .scratch_bytes = scratch_bytes,
    .roundings = groups_roundings,
    .prepare = prepare,
    .assign = assign,
    .scores = scores,
    .survivors = survivors,
    .doubt = doubt,
    .settled = settled,
    .ordered = true,
    .selective = true,
};
