/* i8_projected: a few coordinates rule out nearly all centroids (heads.h), two digits of all of them nearly all of
 * the others (digits.h), and float32 settles what is left: a few points in a thousand.
 *
 * The first pass is i8_fused's, and labels the points. The second one finds the directions that matter from the
 * centroids that this made, and writes down what is kept of each point: its head and its products with the mean
 * tails, both digits of its bytes, and an upper bound of the distance to its label. From then on a pass reads the
 * heads, an eighth of the bytes, for every point, the digits where heads leave some candidate, and hardly any row.
 *
 * The bound follows the label by what heads say of its movement, and loosens by what they do not. Where it has
 * become too loose some centroid is within reach, digits are looked at, and it is tight again. */
#include <string.h>

#include "kernels/arena.h"
#include "kernels/int8/above.h"
#include "kernels/int8/dense.h"
#include "kernels/int8/digits.h"
#include "kernels/int8/heads.h"
#include "kernels/int8/hits.h"
#include "kernels/int8/moves.h"

enum {
    MOVES_AHEAD = 8,
    DIGITS_AHEAD = 3,
    CANDIDATES_MOST = 8 /* that heads leave to each point; a tile with more is given up */
};

/* Whether anything is known of the points; of each group, which all agree: no thread reads what another one
 * writes. */
enum { NOTHING, FINDING, FOUND };

/* What is kept of a point, in front of its head, its tails, and both digits. */
typedef struct point_state {
    double square; /* of the distance to its label, at most; infinity: not known */
    byte_point row;
    rest_point rest;
    head_point head;
} point_state;
_Static_assert(sizeof(point_state) <= EXK_ALIGN, "one line");

typedef struct shared_memory {
    dense_shared dense;
    int32_t *stage; /* of each group */
    byte_heads heads;
    head_moves moves;
    byte_digits digits;
} shared_memory;

/* Points on their way past all centroids. */
typedef struct head_panel {
    float upper[PANEL_POINTS];    /* of the score with the label, unscaled: (square - ||x||^2) / 2 */
    int32_t former[PANEL_POINTS]; /* the label's place; -1: none */
    int32_t count[PANEL_POINTS];  /* of candidates; -1: too many, or nothing is known */
    int32_t list[PANEL_POINTS][CANDIDATES];
    float tails[TAILS * PANEL_POINTS]; /* [tail][point]: x.m */
    float scale;                       /* s of all its points */
    float norm, lost, tail;            /* the largest of each, */
    float size;                        /* and of |upper| + |x.m|, at most */
} head_panel;

typedef struct thread_memory {
    float *next, *v, *rows, *along; /* of finding directions, and heads */
    head_panel *panel;
    int32_t *least; /* of each place: its part of the limit */
    float *offset;  /* of each place */
    float *y;       /* PANEL_POINTS x columns */
    int32_t *dot;   /* 2 x PANEL_POINTS x GROUP */
    int8_t *last;   /* rows of bytes of a panel that is not whole */
    float *turned;
    int8_t *bytes;
} thread_memory;

typedef struct pass {
    contest c;
    const exk_plan *plan;
    shared_memory shared;
    thread_memory mine;
    rotation turn;
    char *states; /* of the tile's points */
    int64_t state_bytes, d, k, length, groups;
    double half; /* unscale / 2 */
    bool finding;
} pass;

/* Where things are in a point's memory. */
static int64_t tails_at(int64_t length) {
    return EXK_ALIGN + length;
}
static int64_t digits_at(int64_t length) {
    return tails_at(length) + TAILS * (int64_t)sizeof(float);
}

/* An odd number of lines, so that the states of a panel do not share a few sets of the cache. */
static int64_t state_bytes_of(const rotation *turn) {
    const int64_t bytes = digits_at(head_length(turn->d)) + 2 * turn->bytes;
    return (round_up_to(bytes, EXK_ALIGN) / EXK_ALIGN | 1) * EXK_ALIGN;
}

static size_t lay_out_shared(void *memory, const exk_shape *shape, const rotation *turn, shared_memory *shared) {
    exk_arena arena = {.base = memory, .used = lay_out_dense_shared(memory, shape, turn, &shared->dense)};
    shared->stage = exk_arena_take(&arena, (size_t)groups_of(shape->k), sizeof(int32_t));
    lay_out_heads(&arena, shape->k, shape->d, turn, &shared->heads, &shared->moves);
    lay_out_digits(&arena, shape->k, turn, &shared->digits);
    return arena.used;
}

static size_t lay_out_thread(void *memory, const exk_shape *shape, const rotation *turn, thread_memory *mine) {
    const size_t d = (size_t)shape->d, length = (size_t)head_length(shape->d);
    const size_t padded = (size_t)(groups_of(shape->k) * GROUP);
    exk_arena arena = {.base = memory};
    mine->next = exk_arena_take(&arena, length * d, sizeof(float));
    mine->v = exk_arena_take(&arena, length * d, sizeof(float));
    mine->rows = exk_arena_take(&arena, BASIS_TOGETHER * d, sizeof(float));
    mine->along = exk_arena_take(&arena, (size_t)head_columns((int64_t)length) + GROUP * length, sizeof(float));
    mine->panel = exk_arena_take(&arena, 1, sizeof(head_panel));
    mine->least = exk_arena_take(&arena, padded, sizeof(int32_t));
    mine->offset = exk_arena_take(&arena, padded, sizeof(float));
    mine->y = exk_arena_take(&arena, PANEL_POINTS * (size_t)head_columns((int64_t)length), sizeof(float));
    mine->dot = exk_arena_take(&arena, 2 * PANEL_POINTS * GROUP, sizeof(int32_t));
    mine->last =
        exk_arena_take(&arena, PANEL_POINTS * ((size_t)turn->bytes > length ? (size_t)turn->bytes : length), 1);
    mine->turned = exk_arena_take(&arena, turned_floats(turn), sizeof(float));
    mine->bytes = exk_arena_take(&arena, row_bytes(turn) + length + EXK_ALIGN, 1);
    return arena.used;
}

static exk_scratch scratch_bytes(const exk_shape *shape, const exk_plan *plan) {
    const rotation turn = rotation_of(shape->d);
    shared_memory shared;
    thread_memory mine;
    const size_t bytes = lay_out_thread(NULL, shape, &turn, &mine), dense = dense_scratch(shape, plan).per_thread;
    return (exk_scratch){.shared = lay_out_shared(NULL, shape, &turn, &shared),
                         .per_thread = bytes > dense ? bytes : dense,
                         .per_point = (size_t)state_bytes_of(&turn)};
}

/* Without a tile. */
static pass begin_pass(const exk_score_centroids *centroids, const exk_plan *plan,
                       const exk_workspace *workspace) {
    const exk_shape shape = {.d = centroids->d, .k = centroids->k};
    pass p = {
        .c = {.centroids = centroids}, .plan = plan, .turn = rotation_of(shape.d), .d = shape.d, .k = shape.k};
    p.state_bytes = state_bytes_of(&p.turn);
    p.length = head_length(p.d);
    p.groups = groups_of(p.k);
    p.half = 0.5 * centroids->unscale;
    lay_out_shared(workspace->shared, &shape, &p.turn, &p.shared);
    lay_out_thread(workspace->thread, &shape, &p.turn, &p.mine);
    return p;
}

/* Tails in use, and the one of a group. */
static int64_t tails_of(const pass *p) {
    const int64_t each = groups_per_tail(p->groups);
    return (p->groups + each - 1) / each;
}
static int64_t tail_of(const pass *p, int64_t g) {
    return g / groups_per_tail(p->groups);
}

/* The first group, and the first place, of a tail, or behind the last one. */
static int64_t tail_group(const pass *p, int64_t tail) {
    return min_i64(tail * groups_per_tail(p->groups), p->groups);
}
static int64_t tail_place(const pass *p, int64_t tail) {
    return min_i64(tail_group(p, tail) * GROUP, p->k);
}

/* The largest magnitude of whole vectors, and of `largest`. */
static float largest_of(const float *y, int64_t length, float largest) {
    vec_f32 most = vec_set1(largest);
    for (int64_t a = 0; a < length; a += VEC_LANES)
        most = vec_max(most, vec_max(vec_load(y + a), vec_sub(vec_set1(0.0f), vec_load(y + a))));
    return -vec_least(vec_sub(vec_set1(0.0f), most));
}

/* The directions, as every thread finds them for itself. */
static basis find_directions(const pass *p) {
    const exk_score_centroids *centroids = p->c.centroids;
    const basis_room room = {p->mine.next, p->mine.rows};
    basis found = {.d = p->d, .count = p->length, .rows = p->mine.v};
    const int64_t whole = p->k * p->d / VEC_LANES * VEC_LANES;
    float largest = largest_of(centroids->c, whole, 0.0f);
    for (int64_t t = whole; t < p->k * p->d; t++)
        largest = max_f32(largest, fabsf(centroids->c[t]));
    find_basis(&found, centroids->c, p->k, factor_for(largest, 1.0f), &room);
    return found;
}

/* The places of the group. */
static void put_in_order(const pass *p, int64_t g) {
    const byte_heads *heads = &p->shared.heads;
    const int32_t *order = p->c.centroids->order;
    for (int64_t at = g * GROUP; at < (g + 1) * GROUP; at++) {
        const int64_t last = min_i64(at, p->k - 1);
        heads->order[at] = order ? order[last] : (int32_t)last;
        if (at < p->k)
            heads->place[heads->order[at]] = (int32_t)at;
    }
}

static void keep_directions(const pass *p, const basis *found) {
    const byte_heads *heads = &p->shared.heads;
    memcpy(heads->v, found->rows, (size_t)(p->length * p->d) * sizeof *heads->v);
    *heads->defect = found->defect;
    double squares = 0.0;
    for (int64_t a = 0; a < p->length; a++) {
        put_column(&heads->columns, &p->turn, a, found->rows + a * p->d, p->mine.turned, p->mine.bytes);
        squares += (double)heads->columns.beyond[a] * (double)heads->columns.beyond[a];
    }
    *heads->columns_lost = sqrt(squares) * wider + COLUMNS_LOSE;
    memset(p->mine.rows, 0, (size_t)p->d * sizeof *p->mine.rows);
    for (int64_t a = p->length + tails_of(p); a < head_columns(p->length); a++)
        put_column(&heads->columns, &p->turn, a, p->mine.rows, p->mine.turned, p->mine.bytes);
}

static void keep_tail(const pass *p, const basis *found, int64_t tail) {
    const byte_heads *heads = &p->shared.heads;
    float *middle = heads->middle + tail * p->d, *head = p->mine.along;
    for (int64_t g = tail_group(p, tail); g < tail_group(p, tail + 1); g++)
        put_in_order(p, g);
    find_middle(heads, found->rows, p->c.centroids, tail_place(p, tail), tail_place(p, tail + 1), p->mine.rows,
                head, middle);
    put_column(&heads->columns, &p->turn, p->length + tail, middle, p->mine.turned, p->mine.bytes);
    const double norm = root_above(square_of(middle, p->d) * (1.0 + dot_error(p->d)));
    head_of(found->rows, p->length, middle, p->d, head);
    heads->middle_norm[tail] = norm + (double)heads->columns.beyond[p->length + tail] / COLUMNS_LOSE;
    heads->middle_leak[tail] =
        root_above(square_of(head, p->length) * (1.0 + dot_error(p->length))) + head_error(p->d, p->length) * norm;
}

/* A centroid's digits, of which the first ones are what dense passes take. */
static void prepare_bytes(const pass *p, int64_t j) {
    const quantised found =
        find_digits(&p->turn, p->c.centroids->c + j * p->d, j, p->mine.turned, p->mine.bytes, &p->shared.digits);
    leave_unbiased(p->shared.digits.first + j * p->turn.bytes, p->turn.bytes, p->mine.bytes);
    keep_centroid(&p->turn, &found, p->mine.bytes, j, &p->shared.dense.bytes);
}

/* The centroid at a place is `row` now, and this its head. */
static void prepare_one(const pass *p, int64_t at, const float *row, const float *head, double defect,
                        bool moved) {
    const byte_heads *heads = &p->shared.heads;
    const int64_t j = heads->order[at];
    float *before = heads->before + at * p->d;
    if (at < p->k) {
        p->shared.moves.of[j].beta = 0.0f;
        if (moved)
            find_head_move(&p->shared.moves, j, defect, before, row, p->d, heads->head + at * p->length, head,
                           p->mine.next, p->mine.bytes);
        prepare_bytes(p, j);
    }
    memcpy(before, row, (size_t)p->d * sizeof *before);
}

/* A group's centroids now: their heads, what they lose, how they moved, and their digits. */
static void prepare_group(const pass *p, int64_t g, const float *v, double defect, bool moved) {
    const byte_heads *heads = &p->shared.heads;
    const rotation by = head_rotation(p->length);
    const int64_t tail = tail_of(p, g);
    float *fresh = p->mine.along + head_columns(p->length);
    for (int64_t at = 0; at < GROUP; at += BASIS_TOGETHER) {
        for (int64_t r = 0; r < BASIS_TOGETHER; r++)
            sampled_row(p->c.centroids->c, heads->order[g * GROUP + at + r], (float)p->half, p->d,
                        p->mine.rows + r * p->d);
        heads_of(v, p->length, p->mine.rows, p->d, fresh + at * p->length);
        for (int64_t r = 0; r < BASIS_TOGETHER; r++)
            prepare_one(p, g * GROUP + at + r, p->mine.rows + r * p->d, fresh + (at + r) * p->length, defect,
                        moved);
    }
    const float largest = largest_of(fresh, GROUP * p->length, 0.0f);
    memcpy(heads->head + g * GROUP * p->length, fresh, (size_t)(GROUP * p->length) * sizeof *fresh);
    heads->scale[g] = 0.0f;
    for (int64_t at = g * GROUP; at < (g + 1) * GROUP; at++) {
        const quantised found = quantise(&by, heads->head + at * p->length, largest, true, p->mine.bytes);
        heads->scale[g] = found.factor > 0.0f ? 1.0f / found.factor : 0.0f;
        for (int64_t t = 0; t < p->length / QUAD; t++)
            memcpy(&heads->blocks[(g * (p->length / QUAD) + t) * GROUP + at - g * GROUP], p->mine.bytes + t * QUAD,
                   QUAD);
        find_head_losses(heads, at, tail, defect, heads->before + at * p->d, heads->middle + tail * p->d, p->d,
                         &found, heads->scale[g]);
    }
}

/* Of tails [first, last). In the second pass every part finds the directions, and the mean tails of its own. */
static void prepare_tails(const pass *p, int64_t first, int64_t last, bool finding) {
    const byte_heads *heads = &p->shared.heads;
    basis found = {.rows = heads->v};
    if (finding) {
        found = find_directions(p);
        if (first == 0)
            keep_directions(p, &found);
        for (int64_t tail = first; tail < last; tail++)
            keep_tail(p, &found, tail);
    } else {
        found.defect = *heads->defect;
    }
    for (int64_t g = tail_group(p, first); g < tail_group(p, last); g++)
        prepare_group(p, g, found.rows, found.defect, !finding);
    for (int64_t j = p->k; first == 0 && j < round_up_to(p->k, BLOCK); j++)
        quantise_centroid(&p->turn, p->c.centroids->c + (p->k - 1) * p->d, p->mine.turned, p->mine.bytes, j,
                          &p->shared.dense.bytes);
}

static void prepare(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                    int part, int parts) {
    const pass p = begin_pass(centroids, plan, workspace);
    const int64_t tails = tails_of(&p), first = tails * part / parts, last = tails * (part + 1) / parts;
    const int64_t begin = tail_group(&p, first), end = tail_group(&p, last);
    const bool knows = begin < end && centroids->movement && exk_bounds_apply(centroids->unscale);
    const bool finding = knows && p.shared.stage[begin] == NOTHING;
    for (int64_t g = begin; g < end; g++)
        p.shared.stage[g] = !knows ? NOTHING : finding ? FINDING : FOUND;
    if (!centroids->movement || !exk_bounds_apply(centroids->unscale)) {
        dense_prepare(centroids, plan, workspace, part, parts);
        return;
    }
    pack_centroids(centroids, plan, workspace, part, parts);
    if (knows)
        prepare_tails(&p, first, last, finding);
}

static point_state *state_of(const pass *p, int64_t i) {
    return (point_state *)(void *)(p->states + i * p->state_bytes);
}
static int8_t *head_bytes(const pass *p, int64_t i) {
    return (int8_t *)p->states + i * p->state_bytes + EXK_ALIGN;
}
static float *tails(const pass *p, int64_t i) {
    return (float *)(void *)(p->states + i * p->state_bytes + tails_at(p->length));
}
static int8_t *first_digits(const pass *p, int64_t i) {
    return (int8_t *)p->states + i * p->state_bytes + digits_at(p->length);
}
static int8_t *second_digits(const pass *p, int64_t i) {
    return first_digits(p, i) + p->turn.bytes;
}

static int64_t panel_count(const pass *p, int64_t first) {
    return min_i64(PANEL_POINTS, p->c.tile->rows - first);
}

/* The point meets its label in float32: its upper bound is as tight as can be. */
static void look(pass *p, int64_t i) {
    const exk_tile *tile = p->c.tile;
    const int32_t label = tile->label[i];
    const float *x = exk_tile_row(tile, i), *c = p->c.centroids->c + label * p->d;
    const double unscale = p->c.centroids->unscale;
    const exk_look found = look_at(x, c, p->d, tile->offset[label], (float)(0.5 * unscale), x, c);
    const double upper = looked_bound(&found, p->d, tile->norm[i], tile->error, unscale);
    state_of(p, i)->square = upper * upper;
    p->c.evaluations++;
}

/* Rows of bytes of a panel's points, `stride` apart: where they are kept, or copies if the panel is not whole, or
 * where `copied` demands it. */
static const int8_t *panel_rows(const pass *p, int64_t first, int64_t at, int64_t length, bool copied,
                                int64_t *stride) {
    const int64_t count = panel_count(p, first);
    const int8_t *rows = (const int8_t *)p->states + first * p->state_bytes + at;
    *stride = p->state_bytes;
    if (count == PANEL_POINTS && !copied)
        return rows;
    for (int64_t slot = 0; slot < count; slot++)
        memcpy(p->mine.last + slot * length, rows + slot * p->state_bytes, (size_t)length);
    *stride = length;
    return p->mine.last;
}

static void no_work(const void *work, int64_t part, int64_t parts) {
    (void)work;
    (void)part;
    (void)parts;
}

/* y += `times` the products of the panel's points, by one of their digits, with columns by one of theirs. */
static void add_products(const pass *p, int64_t first, int64_t at, const int32_t *start, const int32_t *blocks,
                         float times) {
    const int64_t columns = head_columns(p->length), quads = p->turn.bytes / QUAD;
    int64_t stride;
    const int8_t *rows = panel_rows(p, first, at, p->turn.bytes, false, &stride);
    const char *fetch = p->states + first * p->state_bytes;
    for (int64_t column = 0; column < columns; column += GROUP) {
        panel_dots(rows, stride, start, blocks + column * quads, quads, fetch, p->mine.dot, no_work, NULL);
        for (int64_t slot = 0; slot < panel_count(p, first); slot++) {
            float *y = p->mine.y + slot * columns + column;
            EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
                const vec_f32 dot = vec_from_i32(vec_load_i32(p->mine.dot + slot * GROUP + v * VEC_LANES));
                vec_store(y + v * VEC_LANES, vec_mul_add(dot, vec_set1(times), vec_load(y + v * VEC_LANES)));
            }
        }
    }
}

/* y and the products with tails of a panel's points, whose digits are there. */
static void find_columns(const pass *p, int64_t first) {
    const digit_columns *with = &p->shared.heads.columns;
    const int64_t columns = head_columns(p->length), at = digits_at(p->length), count = panel_count(p, first);
    const float digit = 1.0f / (float)REST_DIGIT;
    int32_t start[PANEL_POINTS], rest[PANEL_POINTS];
    for (int64_t slot = 0; slot < PANEL_POINTS; slot++) {
        const point_state *state = state_of(p, first + min_i64(slot, count - 1));
        start[slot] = state->row.start;
        rest[slot] = state->rest.start;
    }
    memset(p->mine.y, 0, (size_t)(count * columns) * sizeof *p->mine.y);
    add_products(p, first, at + p->turn.bytes, rest, with->second, digit * digit);
    add_products(p, first, at + p->turn.bytes, rest, with->first.blocks, digit);
    add_products(p, first, at, start, with->second, digit);
    add_products(p, first, at, start, with->first.blocks, 1.0f);
    for (int64_t slot = 0; slot < count; slot++) {
        const vec_f32 inverse = vec_set1(state_of(p, first + slot)->row.inverse), zero = vec_set1(0.0f);
        float *y = p->mine.y + slot * columns;
        for (int64_t a = 0; a < columns; a += VEC_LANES)
            vec_store(y + a, vec_mul_add(vec_mul_add(vec_load(y + a), vec_load(with->first.beta + a), zero),
                                         inverse, zero));
    }
}

/* What y loses of a point. */
static double columns_lost(const pass *p, const point_state *state, float norm) {
    const double beyond = (double)state->rest.beyond * (double)state->row.inverse;
    return ((double)norm * *p->shared.heads.columns_lost + beyond / sqrt((double)rotation_square(&p->turn))) *
           wider;
}

/* The bytes of a panel's points. */
static void find_bytes(const pass *p, int64_t first) {
    for (int64_t i = first; i < first + panel_count(p, first); i++) {
        point_state *state = state_of(p, i);
        state->row = digits_of_point(&p->turn, exk_tile_row(p->c.tile, i), p->mine.turned, p->mine.bytes,
                                     first_digits(p, i), second_digits(p, i), &state->rest);
        state->square = INFINITY;
    }
}

/* What is kept of a panel's points, from their rows. */
static void find_points(const pass *p, int64_t first) {
    const int64_t count = panel_count(p, first), columns = head_columns(p->length);
    float largest = 0.0f;
    find_bytes(p, first);
    find_columns(p, first);
    for (int64_t slot = 0; slot < count; slot++)
        largest = largest_of(p->mine.y + slot * columns, p->length, largest);
    for (int64_t slot = 0; slot < count; slot++) {
        const int64_t i = first + slot;
        const float *y = p->mine.y + slot * columns, norm = p->c.tile->norm[i];
        point_state *state = state_of(p, i);
        state->head = quantise_head(y, p->d, largest, *p->shared.heads.defect, norm, columns_lost(p, state, norm),
                                    p->mine.bytes);
        memcpy(head_bytes(p, i), p->mine.bytes, (size_t)p->length);
        memcpy(tails(p, i), y + p->length, TAILS * sizeof(float));
    }
}

/* Whether what is kept of the panel's points is there, and in the same unit. */
static bool are_found(const pass *p, int64_t first) {
    const float scale = state_of(p, first)->head.scale;
    for (int64_t slot = 1; slot < panel_count(p, first); slot++) {
        if (state_of(p, first + slot)->head.scale != scale)
            return false;
    }
    return scale > 0.0f;
}

/* The upper bound of the distance to the label follows it, as in moves.h. */
static void follow_label(const pass *p, int64_t i, int32_t label) {
    const head_moves *moves = &p->shared.moves;
    const head_move *move = &moves->of[label];
    point_state *state = state_of(p, i);
    const head_point *head = &state->head;
    const int32_t dot = biased_dot(moves->rows + label * p->length, head_bytes(p, i), p->length, head->start);
    const double lost = (double)head->norm * (double)move->loss_y + (double)head->lost * (double)move->loss_e +
                        (double)head->tail * (double)move->loss_z;
    const double product = (double)head->scale * (double)move->beta * dot - lost;
    const double norm = (double)p->c.tile->norm[i], length = move->length;
    const double now = state->square + move->change - 2.0 * product + 0x1p-20 * (norm + length) * length;
    state->square = (now > 0.0 ? now : 0.0) * (1.0 + 0x1p-40) + EXK_TINY;
}

/* An upper bound for a point that had a label. */
static void begin_point(pass *p, head_panel *panel, int64_t slot, int64_t i) {
    const exk_tile *tile = p->c.tile;
    const int32_t label = tile->label[i];
    point_state *state = state_of(p, i);
    panel->norm = max_f32(panel->norm, state->head.norm);
    panel->lost = max_f32(panel->lost, state->head.lost);
    panel->tail = max_f32(panel->tail, state->head.tail);
    panel->count[slot] = -1;
    panel->former[slot] = -1;
    panel->upper[slot] = -INFINITY;
    if (label < 0 || isinf(tile->offset[label]) || !(state->row.inverse > 0.0f))
        return;
    if (!(state->square < INFINITY) || !(p->shared.moves.of[label].beta > 0.0f))
        look(p, i);
    else if (p->c.centroids->movement[label] > 0.0f)
        follow_label(p, i, label);
    const double norm = (double)tile->norm[i], least = norm * norm * (1.0 - 0x1p-20);
    const double upper = 0.5 * (state->square - least);
    if (!(fabs(upper) < 0x1p100))
        return;
    panel->upper[slot] = (float)(upper + fabs(upper) * 0x1p-22 + EXK_TINY);
    panel->size = max_f32(panel->size, fabsf(panel->upper[slot]));
    panel->former[slot] = p->shared.heads.place[label];
    panel->count[slot] = 0;
}

/* [tail][point] of what is kept as [point][tail]. */
static void collect_tails(const pass *p, head_panel *panel, int64_t first, int64_t count) {
    const vec_f32 zero = vec_set1(0.0f);
    vec_f32 minus_largest = zero;
    for (int64_t at = 0; at < PANEL_POINTS; at += VEC_LANES) {
        for (int64_t tail = 0; tail < tails_of(p); tail += VEC_LANES) {
            vec_f32 square[VEC_LANES];
            EXK_UNROLL for (int i = 0; i < VEC_LANES; i++) {
                square[i] = vec_load(tails(p, first + min_i64(at + i, count - 1)) + tail);
                minus_largest = vec_min(minus_largest, vec_min(square[i], vec_sub(zero, square[i])));
            }
            vec_transpose(square);
            EXK_UNROLL for (int i = 0; i < VEC_LANES; i++) {
                vec_store(panel->tails + (tail + i) * PANEL_POINTS + at, square[i]);
            }
        }
    }
    panel->size -= vec_least(minus_largest);
}

/* A part of a limit, v having room for what it may be off: beyond MOST_LIMIT it decides nothing. */
EXK_INLINE vec_i32 limit_of(vec_f32 v) {
    const vec_f32 most = vec_set1((float)MOST_LIMIT), minus_most = vec_set1(-(float)MOST_LIMIT);
    const vec_f32 clamped = vec_max(vec_min(v, most), minus_most);
    return vec_select_i32(vec_less(minus_most, clamped), vec_to_i32(clamped), vec_set1_i32(NEVER_ABOVE));
}

/* Of limits of numbers of some size in a unit: more than float32 arithmetic and rounding to integers take. */
EXK_INLINE float room_for(float size, float unit) {
    return 2.0f + size * unit * 0x1p-20f;
}

/* What the product of a point with unit s and a group with unit b is divided by; 0: they are of no use. */
static float unit_of(const pass *p, const head_panel *panel, int64_t g) {
    const float unit = panel->scale * p->shared.heads.scale[g];
    return unit > 0x1p-100f && unit < 0x1p100f ? 1.0f / unit : 0.0f;
}

/* least[place], for the panel's largest norms. Losses have room for their own roundings; there is one more. */
static void find_least(const pass *p, const head_panel *panel) {
    const byte_heads *heads = &p->shared.heads;
    const vec_f32 norm = vec_set1(-panel->norm), lost = vec_set1(-panel->lost), tail = vec_set1(-panel->tail);
    const vec_f32 half = vec_set1((float)p->half), zero = vec_set1(0.0f);
    for (int64_t g = 0; g < p->groups; g++) {
        const float unit = unit_of(p, panel, g);
        for (int64_t at = g * GROUP; at < (g + 1) * GROUP; at += VEC_LANES) {
            const vec_f32 loss = vec_mul_add(norm, vec_load(heads->loss_y + at),
                                             vec_mul_add(lost, vec_load(heads->loss_e + at),
                                                         vec_mul_add(tail, vec_load(heads->loss_z + at), zero)));
            const vec_f32 least = vec_mul_add(vec_load(p->mine.offset + at), half, loss);
            const vec_f32 scaled =
                vec_min(vec_mul_add(least, vec_set1(unit), zero), vec_set1(2.0f * (float)MOST_LIMIT));
            const vec_f32 size = vec_max(scaled, vec_sub(zero, scaled));
            const vec_f32 room = vec_mul_add(size, vec_set1(-0x1p-20f), vec_set1(-2.0f));
            vec_store_i32(p->mine.least + at,
                          unit > 0.0f ? limit_of(vec_add(scaled, room)) : vec_set1_i32(NEVER_ABOVE));
        }
    }
}

/* The points' parts of the limits: -(upper + x.m) in the group's unit. */
static void find_reach(const pass *p, const head_panel *panel, int64_t g, int32_t *reach) {
    const float unit = unit_of(p, panel, g);
    const float *tail = panel->tails + tail_of(p, g) * PANEL_POINTS;
    const vec_f32 minus = vec_set1(-unit), room = vec_set1(-room_for(panel->size, unit));
    for (int slot = 0; slot < PANEL_POINTS; slot += VEC_LANES) {
        const vec_f32 both = vec_add(vec_load(panel->upper + slot), vec_load(tail + slot));
        vec_store_i32(reach + slot, limit_of(vec_mul_add(both, minus, room)));
    }
}

static void find_limits(const pass *p, const head_panel *panel, int64_t g, group_limits *limits) {
    for (int v = 0; v < EXK_NV; v++)
        limits->least[v] = vec_load_i32(p->mine.least + g * GROUP + v * VEC_LANES);
    find_reach(p, panel, g, limits->reach);
}

/* Into L2: so many lines would wait for one another at L1. */
static void fetch_later(const void *from, int64_t bytes) {
    for (int64_t t = 0; t < bytes; t += EXK_ALIGN)
        __builtin_prefetch((const char *)from + t, 0, 2);
}

static void add_hits(const pass *p, head_panel *panel, int64_t slot, int64_t first, int64_t i, uint32_t hits) {
    if (panel->count[slot] < 0)
        return;
    if (panel->count[slot] == 0)
        fetch_later(first_digits(p, i), 2 * p->turn.bytes);
    for (; hits; hits &= hits - 1) {
        const int64_t at = first + __builtin_ctz(hits);
        if (at >= p->k || isinf(p->mine.offset[at]))
            continue;
        if (panel->count[slot] == CANDIDATES) {
            panel->count[slot] = -1;
            panel->upper[slot] = -INFINITY;
            return;
        }
        panel->list[slot][panel->count[slot]++] = p->shared.heads.order[at];
    }
}

static void list_hits(const pass *p, head_panel *panel, int64_t point, int64_t g,
                      const uint32_t above[PANEL_POINTS]) {
    uint32_t hits[PANEL_POINTS];
    const int64_t first = g * GROUP;
    for (uint64_t found = find_hits(above, panel->former, (int32_t)first, hits); found; found &= found - 1) {
        const int slot = __builtin_ctzll(found);
        add_hits(p, panel, slot, first, point + slot, hits[slot]);
    }
}

/* The panel that begins with point `first` of the tile, past all centroids. */
static void meet_groups(const pass *p, head_panel *panel, int64_t first) {
    const int64_t count = panel_count(p, first), block = p->length / QUAD * GROUP;
    int32_t start[PANEL_POINTS];
    uint32_t above[PANEL_POINTS];
    meeting_rows rows = {.quads = p->length / QUAD, .start = start, .dot = p->mine.dot};
    rows.bytes = panel_rows(p, first, EXK_ALIGN, p->length, ROWS_COPIED, &rows.stride);
    for (int64_t slot = 0; slot < PANEL_POINTS; slot++)
        start[slot] = state_of(p, first + min_i64(slot, count - 1))->head.start;
    for (int64_t g = 0; g < p->groups; g++) {
        const char *fetch = p->states + (first + PANEL_POINTS + g % PANEL_POINTS) * p->state_bytes;
        find_limits(p, panel, g, limits_of(&rows, g));
        fetch_lines(fetch + p->length, EXK_ALIGN + TAILS * (int64_t)sizeof(float));
        meet_group(&rows, g, p->shared.heads.blocks + g * block, fetch, above);
        if (g >= KNOWN_LATER)
            list_hits(p, panel, first, g - KNOWN_LATER, above);
    }
    if (KNOWN_LATER > 0) {
        meet_no_more(&rows, p->groups - 1, above);
        list_hits(p, panel, first, p->groups - 1, above);
    }
}

static score_range by_digits(const pass *p, int64_t i, int32_t j) {
    const point_state *state = state_of(p, i);
    return score_by_digits(&p->shared.digits, j, p->turn.bytes, &state->row, &state->rest, first_digits(p, i),
                           second_digits(p, i), p->c.tile->offset[j], p->c.tile->error);
}

/* The point is j's, whose score is at most that. */
static void give(const pass *p, int64_t i, int32_t j, double most) {
    const exk_tile *tile = p->c.tile;
    const double norm = (double)tile->norm[i],
                 square = norm * norm * (1.0 + 0x1p-48) + p->c.centroids->unscale * most;
    point_state *state = state_of(p, i);
    const double now = (square > 0.0 ? square : 0.0) * wider + EXK_TINY;
    state->square = j == tile->label[i] && state->square < now ? state->square : now;
    tile->label[i] = j;
}

/* Nothing else may be nearer than its label. */
static void leave(const pass *p, int64_t i) {
    p->c.tile->best[i] = -INFINITY;
    p->c.tile->second[i] = INFINITY;
}

/* All centroids, in float32. */
static void settle_by_all(pass *p, int64_t i) {
    meet_all(&p->c, i);
    state_of(p, i)->square = INFINITY;
}

/* The label and the candidates: those that digits leave, if they are several, meet the point in float32. */
static void settle_by_digits(pass *p, const head_panel *panel, int64_t slot, int64_t i) {
    const exk_tile *tile = p->c.tile;
    const int32_t former = tile->label[i], count = panel->count[slot];
    score_range range[CANDIDATES + 1];
    range[count] = by_digits(p, i, former);
    int32_t nearest = count, left = 0;
    for (int32_t a = 0; a < count; a++) {
        range[a] = by_digits(p, i, panel->list[slot][a]);
        nearest = range[a].most < range[nearest].most ? a : nearest;
    }
    const double limit = range[nearest].most;
    for (int32_t a = 0; a <= count; a++)
        left += range[a].least <= limit;
    if (left == 1) {
        give(p, i, nearest < count ? panel->list[slot][nearest] : former, limit);
        leave(p, i);
        return;
    }
    tile->best[i] = tile->second[i] = INFINITY;
    for (int32_t a = 0; a <= count; a++) {
        if (range[a].least <= limit)
            meet_one(&p->c, i, a < count ? panel->list[slot][a] : former);
    }
    if (tile->label[i] == former) {
        give(p, i, former, range[count].most);
        return;
    }
    for (int32_t a = 0; a < count; a++) {
        if (panel->list[slot][a] == tile->label[i]) {
            state_of(p, i)->square = INFINITY;
            give(p, i, tile->label[i], range[a].most);
        }
    }
}

/* What the digits of a point are compared with. */
static void fetch_digits(const pass *p, const head_panel *panel, int64_t slot, int64_t i) {
    const byte_digits *digits = &p->shared.digits;
    const int64_t bytes = p->turn.bytes;
    for (int32_t a = -1; a < min_i64(panel->count[slot], 1); a++) {
        const int64_t j = a < 0 ? p->c.tile->label[i] : panel->list[slot][a];
        fetch_lines(digits->first + j * bytes, bytes);
        fetch_lines(digits->second + j * bytes, bytes);
    }
}

static void finish_panel(pass *p, const head_panel *panel, int64_t first) {
    const int64_t count = panel_count(p, first);
    for (int64_t slot = -DIGITS_AHEAD; slot < count; slot++) {
        if (slot + DIGITS_AHEAD < count && panel->count[slot + DIGITS_AHEAD] > 0)
            fetch_digits(p, panel, slot + DIGITS_AHEAD, first + slot + DIGITS_AHEAD);
        if (slot < 0)
            continue;
        if (panel->count[slot] < 0)
            settle_by_all(p, first + slot);
        else if (panel->count[slot] > 0)
            settle_by_digits(p, panel, slot, first + slot);
        else
            leave(p, first + slot);
    }
}

static void begin_panel(pass *p, head_panel *panel, int64_t first) {
    const int64_t count = panel_count(p, first);
    if (p->finding || !are_found(p, first))
        find_points(p, first);
    panel->norm = panel->lost = panel->tail = panel->size = 0.0f;
    panel->scale = state_of(p, first)->head.scale;
    for (int64_t slot = 0; slot < count; slot++) {
        const int32_t next = p->c.tile->label[first + min_i64(slot + MOVES_AHEAD, count - 1)];
        if (next >= 0)
            fetch_lines(p->shared.moves.rows + next * p->length, p->length);
        begin_point(p, panel, slot, first + slot);
    }
    for (int64_t slot = count; slot < PANEL_POINTS; slot++) {
        panel->former[slot] = panel->count[slot] = -1;
        panel->upper[slot] = -INFINITY;
    }
    collect_tails(p, panel, first, count);
    find_least(p, panel);
}

/* Heads tell too little of the first panel's points. */
static bool gives_up(const head_panel *panel, int64_t count) {
    int64_t lost = 0, candidates = 0;
    for (int64_t slot = 0; slot < count; slot++) {
        lost += panel->count[slot] < 0;
        candidates += panel->count[slot] > 0 ? panel->count[slot] : 0;
    }
    return lost * FEW_LEFT > count || candidates > count * CANDIDATES_MOST;
}

/* Nothing is known of the tile's points afterwards. */
static int64_t meet_without_heads(const pass *p, const exk_workspace *workspace) {
    for (int64_t i = 0; i < p->c.tile->rows; i++)
        state_of(p, i)->head.scale = 0.0f;
    return dense_assign(p->c.centroids, p->plan, workspace, p->c.tile);
}

static int64_t assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                      const exk_tile *tile) {
    pass p = begin_pass(centroids, plan, workspace);
    if (!centroids->movement)
        return dense_assign(centroids, plan, workspace, tile);
    p.c.tile = tile;
    p.states = workspace->point;
    if (p.k < FEW_CENTROIDS || p.shared.stage[0] == NOTHING)
        return meet_without_heads(&p, workspace);
    p.finding = p.shared.stage[0] == FINDING;
    for (int64_t at = 0; at < p.groups * GROUP; at++)
        p.mine.offset[at] = at < p.k ? tile->offset[p.shared.heads.order[at]] : INFINITY;
    head_panel *panel = p.mine.panel;
    bool given_up = false;
    groups_begin();
    for (int64_t first = 0; first < tile->rows && !given_up; first += PANEL_POINTS) {
        begin_panel(&p, panel, first);
        meet_groups(&p, panel, first);
        given_up = first == 0 && gives_up(panel, panel_count(&p, 0));
        if (!given_up)
            finish_panel(&p, panel, first);
    }
    groups_end();
    return given_up ? meet_without_heads(&p, workspace) : tile->rows * p.k + p.c.evaluations;
}

static void doubt(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                  const exk_tile *tile, int64_t i) {
    const rotation turn = rotation_of(centroids->d);
    (void)plan;
    (void)tile;
    point_state *state = (point_state *)(void *)((char *)workspace->point + i * state_bytes_of(&turn));
    state->square = INFINITY;
}

static void settled(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                    const exk_settled *found) {
    point_state *state = workspace->point;
    (void)centroids;
    (void)plan;
    state->square = (double)found->upper * (double)found->upper;
}

/* Those of the panels, and of looks. */
static int64_t roundings(const exk_shape *shape, const exk_plan *plan) {
    const int64_t panels = panels_roundings(shape, plan), groups = groups_roundings(shape, plan);
    return panels > groups ? panels : groups;
}

const exk_kernel EXK_KERNEL = {
    .scratch_rule =
        "k * d * 16 + d * 1000 + n * (2 * d + 400) + threads * (d * 1000 + point_tile * (d * 4 + state))",
    .scratch_bytes = scratch_bytes,
    .roundings = roundings,
    .prepare = prepare,
    .assign = assign,
    .scores = panel_scores,
    .doubt = doubt,
    .settled = settled,
    .finding = 2,
    .ordered = true,
    .selective = true,
};
