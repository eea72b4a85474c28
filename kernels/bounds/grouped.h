/* What fused_yinyang and fused_elkan share: bounds of groups of near centroids, and with EXK_EACH bounds of each
 * centroid behind them. With EXK_BYTES groups are met in bytes (int8/groups.h), and what these leave in float32.
 *
 * A pass over a tile first lists, for each group, the points whose bounds do not rule the group out; then each
 * group meets its list, EXK_MR points at a time, at the speed of dense work. A group's bound never counts the
 * point's own label: that one has the upper bound. The bounds of each centroid are asked where the group's does
 * not suffice; there the label has one like all others, which is passed over.
 *
 * A point's state: its upper bound, a lower one for each group, and with EXK_EACH a lower one for each place in
 * the order, 16 bits wide. */
#ifndef EXK_GROUPED_H
#define EXK_GROUPED_H

#include <string.h>

#include "kernels/arena.h"
#include "kernels/bounds/bounds.h"
#include "kernels/bounds/groups.h"
#if EXK_BYTES
#include "kernels/int8/groups.h"
#endif

/* Written by prepare. */
typedef struct shared_memory {
    float *blocks;                  /* [group][dimension][GROUP], negated */
    double *drift;                  /* of each group */
    float *above;                   /* drift_above(drift) */
    double *each_drift;             /* EXK_EACH: of each place in the order */
    float *each_above, *each_below; /* likewise, rounded */
    int32_t *place;                 /* k: where a centroid is in the order */
#if EXK_BYTES
    byte_groups bytes;
#endif
} shared_memory;

/* Of a thread, for the tile in hand. */
typedef struct thread_memory {
    float *offset;  /* by place; +infinity behind k */
    uint8_t *blind; /* of each group: holds a duplicate, whose score is unknown, or bounds do not apply */
    int32_t *count; /* of each group: points on its list */
    uint16_t *list; /* [group][point] */
    float *own;     /* of each point: smallest score in the label's group beside the label */
    float *former;  /* of each point: the score of its former label */
    int32_t *at;    /* of each point: place of its former label, -1: none */
    float *scores;  /* ROWS_TOGETHER x GROUP */
#if EXK_BYTES
    byte_rows rows;
#endif
} thread_memory;

typedef struct pass {
    const exk_score_centroids *centroids;
    const exk_plan *plan;
    const exk_workspace *workspace;
    const exk_tile *tile;
    shared_memory shared;
    thread_memory mine;
    int64_t d, groups;
    int64_t evaluations;
#if EXK_BYTES
    rotation turn;
#endif
} pass;

/* Where the pieces of shared memory are, and how many bytes they take; memory may be NULL for that. */
static size_t lay_out_shared(void *memory, int64_t k, int64_t d, shared_memory *shared) {
    const size_t groups = (size_t)groups_of(k);
    exk_arena arena = {.base = memory};
    shared->blocks = exk_arena_take(&arena, groups * GROUP * (size_t)d, sizeof(float));
    shared->drift = exk_arena_take(&arena, groups, sizeof(double));
    shared->above = exk_arena_take(&arena, groups, sizeof(float));
    shared->place = exk_arena_take(&arena, (size_t)k, sizeof(int32_t));
    shared->each_drift = exk_arena_take(&arena, EXK_EACH * groups * GROUP, sizeof(double));
    shared->each_above = exk_arena_take(&arena, EXK_EACH * groups * GROUP, sizeof(float));
    shared->each_below = exk_arena_take(&arena, EXK_EACH * groups * GROUP, sizeof(float));
#if EXK_BYTES
    const rotation turn = rotation_of(d);
    lay_out_byte_groups(&arena, k, &turn, &shared->bytes);
#endif
    return arena.used;
}

static size_t lay_out_thread(void *memory, const exk_shape *shape, int64_t points, thread_memory *mine) {
    const size_t groups = (size_t)groups_of(shape->k), rows = (size_t)points;
    exk_arena arena = {.base = memory};
    mine->scores = exk_arena_take(&arena, ROWS_TOGETHER * GROUP, sizeof(float));
    mine->offset = exk_arena_take(&arena, groups * GROUP, sizeof(float));
    mine->blind = exk_arena_take(&arena, groups, 1);
    mine->count = exk_arena_take(&arena, groups, sizeof(int32_t));
    mine->list = exk_arena_take(&arena, groups * rows, sizeof(uint16_t));
    mine->own = exk_arena_take(&arena, rows, sizeof(float));
    mine->former = exk_arena_take(&arena, rows, sizeof(float));
    mine->at = exk_arena_take(&arena, rows, sizeof(int32_t));
#if EXK_BYTES
    const rotation turn = rotation_of(shape->d);
    lay_out_byte_rows(&arena, points, &turn, &mine->rows);
#endif
    return arena.used;
}

static size_t state_bytes(int64_t groups) {
    return (size_t)(1 + groups) * sizeof(float) + EXK_EACH * (size_t)groups * GROUP * sizeof(uint16_t);
}

static exk_scratch scratch_bytes(const exk_shape *shape, const exk_plan *plan) {
    shared_memory shared;
    thread_memory mine;
    return (exk_scratch){
        .shared = lay_out_shared(NULL, shape->k, shape->d, &shared),
        .per_thread = lay_out_thread(NULL, shape, plan->point_tile, &mine),
        .per_point = state_bytes(groups_of(shape->k)),
    };
}

static float *state_of(const exk_workspace *workspace, const exk_tile *tile, int64_t groups, int64_t i) {
    const size_t row = (size_t)(tile->row ? tile->row[i] : i);
    return (float *)(void *)((char *)workspace->point + row * state_bytes(groups));
}

/* With EXK_EACH: the bounds of the centroids of a group. */
static uint16_t *each_of(float *state, int64_t groups, int64_t g) {
    return (uint16_t *)(void *)(state + 1 + groups) + g * GROUP;
}

static void pack_group(const exk_score_centroids *centroids, int64_t g, shared_memory *shared,
                       thread_memory *mine) {
    const int64_t d = centroids->d, k = centroids->k;
    float *block = shared->blocks + g * GROUP * d;
    const float *row[GROUP];
    for (int64_t p = 0; p < GROUP; p++) {
        const int64_t at = min_i64(g * GROUP + p, k - 1), j = centroids->order ? centroids->order[at] : at;
        shared->place[j] = (int32_t)at;
        row[p] = centroids->c + j * d;
    }
    for (int64_t t = 0; t < d; t++) {
        for (int64_t p = 0; p < GROUP; p++)
            block[t * GROUP + p] = -row[p][t];
    }
#if EXK_BYTES
    const rotation turn = rotation_of(d);
    pack_byte_group(&turn, row, g, &mine->rows, &shared->bytes);
#else
    (void)mine;
#endif
}

static float movement_at(const exk_score_centroids *centroids, int64_t at) {
    if (!centroids->movement || at >= centroids->k)
        return 0.0f;
    return centroids->movement[centroids->order ? centroids->order[at] : at];
}

static double drifted(const exk_score_centroids *centroids, double drift, float movement) {
    return centroids->movement ? add_drift(drift, movement) : 0.0;
}

static void drift_group(const exk_score_centroids *centroids, int64_t g, shared_memory *shared) {
    float most = 0.0f;
    for (int64_t at = g * GROUP; at < (g + 1) * GROUP; at++) {
        const float moved = movement_at(centroids, at);
        most = moved > most ? moved : most;
        if (EXK_EACH) {
            shared->each_drift[at] = drifted(centroids, shared->each_drift[at], moved);
            shared->each_above[at] = drift_above(shared->each_drift[at]);
            shared->each_below[at] = drift_below(shared->each_drift[at]);
        }
    }
    shared->drift[g] = drifted(centroids, shared->drift[g], most);
    shared->above[g] = drift_above(shared->drift[g]);
}

static void prepare(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                    int part, int parts) {
    const exk_shape shape = {.d = centroids->d, .k = centroids->k};
    shared_memory shared;
    thread_memory mine;
    lay_out_shared(workspace->shared, centroids->k, centroids->d, &shared);
    lay_out_thread(workspace->thread, &shape, plan->point_tile, &mine);
    const int64_t groups = groups_of(centroids->k);
    for (int64_t g = groups * part / parts; g < groups * (part + 1) / parts; g++) {
        pack_group(centroids, g, &shared, &mine);
        drift_group(centroids, g, &shared);
    }
}

/* Bit i: bounds[i] does not prove its group farther than `upper`; `count` <= VEC_LANES groups. */
EXK_INLINE uint32_t near_groups(const float *bounds, const float *above, vec_f32 upper, int64_t count) {
    const vec_f32 reach = vec_add(upper, vec_load_part(above, count));
    const uint32_t proven = vec_bits(vec_less(reach, vec_load_part(bounds, count)));
    return ~proven & (uint32_t)((UINT64_C(1) << count) - 1);
}

static bool is_near(const float *state, const float *above, int64_t groups) {
    const vec_f32 upper = vec_set1(state[0]);
    uint32_t near = 0;
    for (int64_t g = 0; g < groups; g += VEC_LANES)
        near |= near_groups(state + 1 + g, above + g, upper, min_i64(VEC_LANES, groups - g));
    return near != 0;
}

static int64_t survivors(const exk_score_centroids *centroids, const exk_plan *plan,
                         const exk_workspace *workspace, const exk_tile *tile, int32_t *rows) {
    (void)plan;
    shared_memory shared;
    lay_out_shared(workspace->shared, centroids->k, centroids->d, &shared);
    const int64_t groups = groups_of(centroids->k);
    int64_t count = 0;
    for (int64_t i = 0; i < tile->rows; i++) {
        float *state = state_of(workspace, tile, groups, i);
        state[0] = moved_bound(state[0], centroids->movement[tile->label[i]]);
        rows[count] = (int32_t)i;
        count += is_near(state, shared.above, groups);
    }
    return count;
}

static void order_offsets(pass *p) {
    const int64_t k = p->centroids->k;
    for (int64_t g = 0; g < p->groups; g++) {
        float largest = -INFINITY;
        for (int64_t at = g * GROUP; at < (g + 1) * GROUP; at++) {
            const float offset =
                at < k ? p->tile->offset[p->centroids->order ? p->centroids->order[at] : at] : INFINITY;
            p->mine.offset[at] = offset;
            largest = at < k && offset > largest ? offset : largest;
        }
        p->mine.blind[g] = (isinf(largest) && largest > 0) || !exk_bounds_apply(p->centroids->unscale);
    }
}

#if EXK_BYTES
static void begin_bytes(pass *p) {
    const float largest = moderate_offset(p->mine.offset, p->shared.bytes.loss_e, p->centroids->k, p->tile->error);
    p->mine.rows.apply = !isinf(largest);
    p->mine.rows.slack = 0x1p-20f * largest;
}

/* What the point's score is at most, from one of its float32 scores. */
static float limit_from(const pass *p, float score) {
    return score + 2.0f * p->tile->error + 0x1p-20f * (fabsf(score) + p->tile->error);
}
#endif

static const float *row_of(const pass *p, int64_t i) {
    return exk_tile_row(p->tile, i);
}

static float *bounds_of(const pass *p, int64_t i) {
    return state_of(p->workspace, p->tile, p->groups, i);
}

static float lower_of(const pass *p, int64_t i, float score, int64_t g) {
    return p->mine.blind[g]
               ? 0.0f
               : lower_bound((double)p->tile->norm[i], (double)score, p->centroids->unscale, p->shared.drift[g]);
}

static float upper_of(const pass *p, int64_t i, float score) {
    return upper_bound((double)p->tile->norm[i], (double)score, (double)p->tile->error, p->centroids->unscale);
}

/* The group's bound anew, from those of its centroids beside the label; a difference of two of float32 errs by
 * 2^-24 of it at most. */
static float bound_from_each(const pass *p, float *state, int64_t g, int32_t label_at) {
    const uint16_t *each = each_of(state, p->groups, g);
    const float *above = p->shared.each_above + g * GROUP;
    float distance[GROUP];
    for (int v = 0; v < GROUP; v += VEC_LANES)
        vec_store(distance + v, vec_sub(vec_load_half(each + v), vec_load(above + v)));
    if (label_at / GROUP == g)
        distance[label_at % GROUP] = INFINITY;
    vec_f32 least = vec_load(distance);
    for (int v = VEC_LANES; v < GROUP; v += VEC_LANES)
        least = vec_min(least, vec_load(distance + v));
    const double nearest = (double)vec_least(least) * EXK_NARROW;
    return kept_bound(nearest > 0.0 ? nearest : 0.0, p->shared.drift[g]);
}

/* Whether a centroid of the group may be as near as the label after all. */
static bool has_near(const pass *p, float *state, int64_t g, int32_t label_at) {
    const float bound = bound_from_each(p, state, g, label_at);
    state[1 + g] = bound > state[1 + g] ? bound : state[1 + g];
    return !(state[0] + p->shared.above[g] < state[1 + g]);
}

/* Whether it is on any then. */
static bool put_on_lists(pass *p, int64_t i, float *state) {
    const vec_f32 upper = vec_set1(state[0]);
    bool listed = false;
    for (int64_t first = 0; first < p->groups; first += VEC_LANES) {
        uint32_t near =
            near_groups(state + 1 + first, p->shared.above + first, upper, min_i64(VEC_LANES, p->groups - first));
        for (; near; near &= near - 1) {
            const int64_t g = first + __builtin_ctz(near);
            if (EXK_EACH && !has_near(p, state, g, p->mine.at[i]))
                continue;
            p->mine.list[g * p->plan->point_tile + p->mine.count[g]++] = (uint16_t)i;
            listed = true;
        }
    }
    return listed;
}

/* The point meets its former label before all others: an upper bound as tight as can be rules out most groups. */
static void meet_former(pass *p, int64_t i) {
    const int32_t label = p->tile->label[i], at = p->shared.place[label];
    float *state = bounds_of(p, i);
    const int64_t next = min_i64(i + 1, p->tile->rows - 1);
    const exk_look look = look_at(row_of(p, i), p->centroids->c + label * p->d, p->d, p->mine.offset[at],
                                  (float)(0.5 * p->centroids->unscale), row_of(p, next),
                                  p->centroids->c + p->tile->label[next] * p->d);
    const float upper = looked_bound(&look, p->d, p->tile->norm[i], p->tile->error, p->centroids->unscale);
    p->mine.at[i] = at;
    p->mine.former[i] = p->tile->best[i] = look.score;
    p->tile->second[i] = INFINITY;
    state[0] = upper < state[0] ? upper : state[0];
    p->evaluations++;
    const bool listed = put_on_lists(p, i, state);
#if EXK_BYTES
    p->mine.rows.limit[i] = limit_from(p, look.score);
    if (listed)
        quantise_point(&p->turn, row_of(p, i), i, &p->mine.rows);
#else
    (void)listed;
#endif
}

static void meet_all(pass *p, int64_t i) {
#if EXK_BYTES
    const int32_t former = p->tile->label[i];
    p->mine.rows.limit[i] = INFINITY;
    if (former >= 0) {
        const float *c = p->centroids->c + former * p->d;
        p->mine.rows.limit[i] = limit_from(p, p->tile->offset[former] - dot_one(row_of(p, i), c, p->d));
        p->evaluations++;
    }
    quantise_point(&p->turn, row_of(p, i), i, &p->mine.rows);
#endif
    p->mine.at[i] = -1;
    p->tile->best[i] = p->tile->second[i] = INFINITY;
    p->tile->label[i] = 0;
    for (int64_t g = 0; g < p->groups; g++)
        p->mine.list[g * p->plan->point_tile + p->mine.count[g]++] = (uint16_t)i;
}

static void score_rows(const pass *p, int64_t g, const uint16_t *list, int rows) {
    const float *x[ROWS_TOGETHER];
    for (int r = 0; r < rows; r++)
        x[r] = row_of(p, list[r]);
    group_scores(rows, x, p->shared.blocks + g * GROUP * p->d, p->d, p->plan->depth_tile,
                 p->mine.offset + g * GROUP, p->mine.scores);
}

#if EXK_BYTES
/* The centroids whose lower scores are not above the limit, the most promising first, until none is left. */
static void settle_candidates(pass *p, int64_t i, int64_t g, float *scores) {
    const int32_t own = p->mine.at[i];
    uint32_t open = (uint32_t)((UINT64_C(1) << GROUP) - 1);
    if (own >= 0 && own / GROUP == g)
        open &= ~(UINT32_C(1) << own % GROUP);
    for (;;) {
        float least = p->mine.rows.limit[i];
        int best = -1;
        for (int v = 0; v < EXK_NV; v++) {
            const vec_mask above = vec_less(vec_set1(p->mine.rows.limit[i]), vec_load(scores + v * VEC_LANES));
            uint32_t near = ~(vec_bits(above) << v * VEC_LANES) & open &
                            (uint32_t)((UINT64_C(1) << VEC_LANES) - 1) << v * VEC_LANES;
            for (; near; near &= near - 1) {
                const int place = __builtin_ctz(near);
                if (scores[place] == INFINITY)
                    continue;
                best = best < 0 || scores[place] < least ? place : best;
                least = scores[best];
            }
        }
        if (best < 0)
            return;
        const int64_t at = g * GROUP + best, j = p->centroids->order ? p->centroids->order[at] : at;
        scores[best] = p->mine.offset[at] - dot_one(row_of(p, i), p->centroids->c + j * p->d, p->d);
        open &= ~(UINT32_C(1) << best);
        p->evaluations++;
        p->mine.rows.limit[i] = fminf(p->mine.rows.limit[i], limit_from(p, scores[best]));
    }
}

static void score_bytes(pass *p, int64_t g, const uint16_t *list, int rows) {
    const byte_rows *mine = &p->mine.rows;
    const int64_t quads = p->turn.bytes / QUAD;
    int32_t dot[EXK_MR * GROUP] __attribute__((aligned(EXK_ALIGN)));
    for (int first = 0; first < rows; first += EXK_MR) {
        const int count = (int)min_i64(EXK_MR, rows - first);
        const int8_t *x[EXK_MR];
        int32_t start[EXK_MR];
        for (int r = 0; r < count; r++) {
            x[r] = mine->bytes + (size_t)list[first + r] * row_bytes(&p->turn);
            start[r] = mine->start[list[first + r]];
        }
        group_dots(count, x, start, p->shared.bytes.blocks + g * quads * GROUP, quads, dot);
        for (int r = 0; r < count; r++) {
            float *scores = p->mine.scores + (first + r) * GROUP;
            byte_scores(&p->shared.bytes, mine, list[first + r], g, p->mine.offset + g * GROUP, dot + r * GROUP,
                        scores);
            settle_candidates(p, list[first + r], g, scores);
        }
    }
}
#endif

/* The labels' own scores take no part in the search. */
static void hide_labels(const pass *p, int64_t g, const uint16_t *list, int rows) {
    for (int r = 0; r < rows; r++) {
        const int32_t at = p->mine.at[list[r]];
        if (at >= 0 && at / GROUP == g)
            p->mine.scores[r * GROUP + at % GROUP] = INFINITY;
    }
}

/* The bounds of each centroid of the group. */
static void keep_each(const pass *p, int64_t g, const uint16_t *list, int rows) {
    const float unscale = (float)p->centroids->unscale;
    for (int r = 0; r < rows; r++) {
        uint16_t *each = each_of(bounds_of(p, list[r]), p->groups, g);
        const vec_f32 norm = vec_set1(p->tile->norm[list[r]]);
        for (int v = 0; v < EXK_NV; v++) {
            const vec_f32 lower = vec_load(p->mine.scores + r * GROUP + v * VEC_LANES);
            const vec_f32 below = vec_load(p->shared.each_below + g * GROUP + v * VEC_LANES);
            const vec_f32 bound = lower_bounds(norm, lower, unscale, below);
            vec_store_half(each + v * VEC_LANES, p->mine.blind[g] ? vec_set1(0.0f) : bound);
        }
    }
}

/* What the search of a group found for one point. */
static void take_found(const pass *p, int64_t i, int64_t g, float best, float second, int32_t place) {
    const exk_tile *tile = p->tile;
    if (best < tile->best[i]) {
        const int64_t at = g * GROUP + place;
        tile->second[i] = second < tile->best[i] ? second : tile->best[i];
        tile->best[i] = best;
        tile->label[i] = p->centroids->order ? p->centroids->order[at] : (int32_t)at;
        p->mine.own[i] = second;
    } else if (best < tile->second[i]) {
        tile->second[i] = best;
    }
}

/* The bounds of the group. */
static void keep_group(const pass *p, int64_t g, const uint16_t *list, int rows, const float *best) {
    float norm[ROWS_TOGETHER] = {0}, bound[ROWS_TOGETHER];
    for (int r = 0; r < rows; r++)
        norm[r] = p->tile->norm[list[r]];
    const vec_f32 below = vec_set1(drift_below(p->shared.drift[g]));
    for (int r = 0; r < rows; r += VEC_LANES)
        vec_store(bound + r,
                  lower_bounds(vec_load(norm + r), vec_load(best + r), (float)p->centroids->unscale, below));
    for (int r = 0; r < rows; r++)
        bounds_of(p, list[r])[1 + g] = p->mine.blind[g] ? 0.0f : bound[r];
}

/* Up to ROWS_TOGETHER points of a group's list. */
static void meet_rows(pass *p, int64_t g, const uint16_t *list, int rows) {
    group_argmin found;
#if EXK_BYTES
    if (p->mine.rows.apply)
        score_bytes(p, g, list, rows);
    else
        score_rows(p, g, list, rows);
#else
    score_rows(p, g, list, rows);
#endif
    if (EXK_EACH)
        keep_each(p, g, list, rows);
    hide_labels(p, g, list, rows);
    search_group(p->mine.scores, rows, &found);
    keep_group(p, g, list, rows, found.best);
    for (int r = 0; r < rows; r++)
        take_found(p, list[r], g, found.best[r], found.second[r], found.place[r]);
}

static void meet_groups(pass *p) {
    for (int64_t g = 0; g < p->groups; g++) {
        const uint16_t *list = p->mine.list + g * p->plan->point_tile;
        for (int32_t first = 0; first < p->mine.count[g]; first += ROWS_TOGETHER)
            meet_rows(p, g, list + first, (int)min_i64(ROWS_TOGETHER, p->mine.count[g] - first));
    }
}

/* A new label leaves the bound of its group, and the former one joins that of its own. */
static void settle_bounds(const pass *p, int64_t i) {
    const int32_t former = p->mine.at[i], now = p->shared.place[p->tile->label[i]];
    if (now == former)
        return;
    float *state = bounds_of(p, i);
    state[0] = upper_of(p, i, p->tile->best[i]);
    state[1 + now / GROUP] = lower_of(p, i, p->mine.own[i], now / GROUP);
    if (former >= 0) {
        const float bound = lower_of(p, i, p->mine.former[i], former / GROUP);
        float *kept = &state[1 + former / GROUP];
        *kept = bound < *kept ? bound : *kept;
    }
}

static int64_t assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                      const exk_tile *tile) {
    const exk_shape shape = {.d = centroids->d, .k = centroids->k};
    pass p = {.centroids = centroids, .plan = plan, .workspace = workspace, .tile = tile, .d = centroids->d};
    p.groups = groups_of(centroids->k);
    lay_out_shared(workspace->shared, centroids->k, centroids->d, &p.shared);
    lay_out_thread(workspace->thread, &shape, plan->point_tile, &p.mine);
    order_offsets(&p);
#if EXK_BYTES
    p.turn = rotation_of(shape.d);
    begin_bytes(&p);
#endif
    memset(p.mine.count, 0, (size_t)p.groups * sizeof *p.mine.count);
    for (int64_t i = 0; i < tile->rows; i++) {
        if (centroids->movement)
            meet_former(&p, i);
        else
            meet_all(&p, i);
    }
    meet_groups(&p);
    for (int64_t g = 0; g < p.groups; g++)
        p.evaluations += p.mine.count[g] * min_i64(GROUP, centroids->k - g * GROUP);
    for (int64_t i = 0; i < tile->rows; i++)
        settle_bounds(&p, i);
    return p.evaluations;
}

static void doubt(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                  const exk_tile *tile, int64_t i) {
    (void)plan;
    shared_memory shared;
    lay_out_shared(workspace->shared, centroids->k, centroids->d, &shared);
    float *state = state_of(workspace, tile, groups_of(centroids->k), i);
    state[0] = INFINITY;
    state[1 + shared.place[tile->label[i]] / GROUP] = 0.0f;
}

#endif
