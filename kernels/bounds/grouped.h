/* What fused_yinyang and fused_elkan (grouped_floats.h) share: bounds of groups of near centroids, and with
 * EXK_EACH bounds of each centroid behind them. i8_fused_yinyang (int8/yinyang.c) is made of the same and meets
 * groups in bytes.
 *
 * A pass over a tile first lists, for each group, the points whose bounds do not rule the group out; then each
 * group meets its list, EXK_MR points at a time, at the speed of dense work. A group's bound never counts the
 * point's own label: that one has the upper bound. The bounds of each centroid are asked where the group's does
 * not suffice; there the label has one like all others, which is passed over.
 *
 * A point's state: its upper bound, a lower one for each group, and with EXK_EACH a lower one for each place in
 * the order, 16 bits wide. Who includes this may keep more behind it. */
#ifndef EXK_GROUPED_H
#define EXK_GROUPED_H

#include <string.h>

#include "kernels/arena.h"
#include "kernels/bounds/bounds.h"
#include "kernels/bounds/groups.h"

/* Written by prepare. */
typedef struct shared_memory {
    float *blocks;                  /* [group][dimension][GROUP], negated */
    double *drift;                  /* of each group */
    double *stale_drift;            /* > 0: the group's bounds are to be renewed, which were kept under that */
    float *above;                   /* drift_above(drift) */
    double *each_drift;             /* EXK_EACH: of each place in the order */
    float *each_above, *each_below; /* likewise, rounded */
    int32_t *place;                 /* k: where a centroid is in the order */
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
} thread_memory;

/* The states of a tile's points. */
typedef struct point_states {
    char *first;
    size_t bytes; /* of each */
    const int32_t *row;
} point_states;

typedef struct pass {
    const exk_score_centroids *centroids;
    const exk_plan *plan;
    const exk_tile *tile;
    shared_memory shared;
    thread_memory mine;
    point_states states;
    int64_t d, groups;
    int64_t evaluations;
} pass;

/* Where the pieces of shared memory are. */
static void lay_out_shared(exk_arena *arena, int64_t k, int64_t d, shared_memory *shared) {
    const size_t groups = (size_t)groups_of(k);
    shared->blocks = exk_arena_take(arena, groups * GROUP * (size_t)d, sizeof(float));
    shared->drift = exk_arena_take(arena, groups, sizeof(double));
    shared->stale_drift = exk_arena_take(arena, groups, sizeof(double));
    shared->above = exk_arena_take(arena, groups, sizeof(float));
    shared->place = exk_arena_take(arena, (size_t)k, sizeof(int32_t));
    shared->each_drift = exk_arena_take(arena, EXK_EACH * groups * GROUP, sizeof(double));
    shared->each_above = exk_arena_take(arena, EXK_EACH * groups * GROUP, sizeof(float));
    shared->each_below = exk_arena_take(arena, EXK_EACH * groups * GROUP, sizeof(float));
}

static void lay_out_thread(exk_arena *arena, int64_t k, int64_t points, thread_memory *mine) {
    const size_t groups = (size_t)groups_of(k), rows = (size_t)points;
    mine->scores = exk_arena_take(arena, ROWS_TOGETHER * GROUP, sizeof(float));
    mine->offset = exk_arena_take(arena, groups * GROUP, sizeof(float));
    mine->blind = exk_arena_take(arena, groups, 1);
    mine->count = exk_arena_take(arena, groups, sizeof(int32_t));
    mine->list = exk_arena_take(arena, groups * rows, sizeof(uint16_t));
    mine->own = exk_arena_take(arena, rows, sizeof(float));
    mine->former = exk_arena_take(arena, rows, sizeof(float));
    mine->at = exk_arena_take(arena, rows, sizeof(int32_t));
}

static size_t bounds_bytes(int64_t k) {
    const size_t groups = (size_t)groups_of(k);
    return (1 + groups) * sizeof(float) + EXK_EACH * groups * GROUP * sizeof(uint16_t);
}

static point_states states_of(const exk_workspace *workspace, const exk_tile *tile, size_t bytes) {
    return (point_states){workspace->point, bytes, tile->row};
}

static float *state_of(const point_states *states, int64_t i) {
    const size_t row = (size_t)(states->row ? states->row[i] : i);
    return (float *)(void *)(states->first + row * states->bytes);
}

/* With EXK_EACH: the bounds of the centroids of a group. */
static uint16_t *each_of(float *state, int64_t groups, int64_t g) {
    return (uint16_t *)(void *)(state + 1 + groups) + g * GROUP;
}

/* Who is at a place of the order. */
static int64_t centroid_at(const exk_score_centroids *centroids, int64_t at) {
    return centroids->order ? centroids->order[at] : at;
}

/* The rows of a group's centroids; behind the last centroid, that one's. */
static void rows_of_group(const exk_score_centroids *centroids, int64_t g, const float *row[GROUP]) {
    for (int64_t p = 0; p < GROUP; p++) {
        const int64_t at = min_i64(g * GROUP + p, centroids->k - 1);
        row[p] = centroids->c + centroid_at(centroids, at) * centroids->d;
    }
}

static void pack_group(const exk_score_centroids *centroids, int64_t g, const float *const row[GROUP],
                       const shared_memory *shared) {
    const int64_t d = centroids->d;
    float *block = shared->blocks + g * GROUP * d;
    for (int64_t at = g * GROUP; at < min_i64((g + 1) * GROUP, centroids->k); at++)
        shared->place[centroid_at(centroids, at)] = (int32_t)at;
    for (int64_t t = 0; t < d; t++) {
        for (int64_t p = 0; p < GROUP; p++)
            block[t * GROUP + p] = -row[p][t];
    }
}

static float movement_at(const exk_score_centroids *centroids, int64_t at) {
    if (!centroids->movement || at >= centroids->k)
        return 0.0f;
    return centroids->movement[centroid_at(centroids, at)];
}

static double drifted(const exk_score_centroids *centroids, double drift, float movement) {
    return centroids->movement ? add_drift(drift, movement) : 0.0;
}

/* fastest: fastest_movement. */
static void drift_group(const exk_score_centroids *centroids, int64_t g, float fastest,
                        const shared_memory *shared) {
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
    /* Bounds of each centroid are never renewed, and one of a group that is made of them is of their age. */
    const bool renews = !EXK_EACH && centroids->movement && drift_is_stale(shared->drift[g], fastest);
    shared->stale_drift[g] = renews ? shared->drift[g] : 0.0;
    shared->drift[g] = drifted(centroids, renews ? 0.0 : shared->drift[g], most);
    shared->above[g] = drift_above(shared->drift[g]);
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

static bool renews_bounds(const shared_memory *shared, int64_t groups) {
    for (int64_t g = 0; g < groups; g++) {
        if (shared->stale_drift[g] > 0.0)
            return true;
    }
    return false;
}

/* Once for every point, before its bounds are looked at. */
static void renew_bounds(const shared_memory *shared, int64_t groups, float *state) {
    for (int64_t g = 0; g < groups; g++) {
        if (shared->stale_drift[g] > 0.0)
            state[1 + g] = renewed_bound(state[1 + g], shared->stale_drift[g]);
    }
}

static void order_offsets(pass *p) {
    const int64_t k = p->centroids->k;
    for (int64_t g = 0; g < p->groups; g++) {
        float largest = -INFINITY;
        for (int64_t at = g * GROUP; at < (g + 1) * GROUP; at++) {
            const float offset = at < k ? p->tile->offset[centroid_at(p->centroids, at)] : INFINITY;
            p->mine.offset[at] = offset;
            largest = at < k && offset > largest ? offset : largest;
        }
        p->mine.blind[g] = (isinf(largest) && largest > 0) || !exk_bounds_apply(p->centroids->unscale);
    }
}

static const float *row_of(const pass *p, int64_t i) {
    return exk_tile_row(p->tile, i);
}

static float *bounds_of(const pass *p, int64_t i) {
    return state_of(&p->states, i);
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

/* On the lists of the groups that its bounds do not rule out. */
static void put_on_lists(pass *p, int64_t i, float *state) {
    const vec_f32 upper = vec_set1(state[0]);
    for (int64_t first = 0; first < p->groups; first += VEC_LANES) {
        uint32_t near =
            near_groups(state + 1 + first, p->shared.above + first, upper, min_i64(VEC_LANES, p->groups - first));
        for (; near; near &= near - 1) {
            const int64_t g = first + __builtin_ctz(near);
            if (EXK_EACH && !has_near(p, state, g, p->mine.at[i]))
                continue;
            p->mine.list[g * p->plan->point_tile + p->mine.count[g]++] = (uint16_t)i;
        }
    }
}

/* The point meets its former label: an upper bound as tight as can be rules out most groups. Row `next` comes
 * soon.
 */
static void look_at_former(pass *p, int64_t i, int64_t next) {
    const int32_t label = p->tile->label[i];
    float *state = bounds_of(p, i);
    const exk_look look = look_at(row_of(p, i), p->centroids->c + label * p->d, p->d,
                                  p->mine.offset[p->mine.at[i]], (float)(0.5 * p->centroids->unscale),
                                  row_of(p, next), p->centroids->c + p->tile->label[next] * p->d);
    const float upper = looked_bound(&look, p->d, p->tile->norm[i], p->tile->error, p->centroids->unscale);
    p->mine.former[i] = p->tile->best[i] = look.score;
    state[0] = upper < state[0] ? upper : state[0];
    p->evaluations++;
}

/* On every list. */
static void list_everywhere(pass *p, int64_t i) {
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
        tile->label[i] = (int32_t)centroid_at(p->centroids, at);
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
    score_rows(p, g, list, rows);
    if (EXK_EACH)
        keep_each(p, g, list, rows);
    hide_labels(p, g, list, rows);
    search_group(p->mine.scores, rows, &found);
    keep_group(p, g, list, rows, found.best);
    for (int r = 0; r < rows; r++)
        take_found(p, list[r], g, found.best[r], found.second[r], found.place[r]);
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

/* Without tile, states and memory. */
static pass begin_pass(const exk_score_centroids *centroids, const exk_plan *plan) {
    pass p = {.centroids = centroids, .plan = plan, .d = centroids->d};
    p.groups = groups_of(centroids->k);
    return p;
}

static void begin_lists(pass *p) {
    order_offsets(p);
    memset(p->mine.count, 0, (size_t)p->groups * sizeof *p->mine.count);
}

static int64_t listed_scores(const pass *p) {
    int64_t scores = 0;
    for (int64_t g = 0; g < p->groups; g++)
        scores += p->mine.count[g] * min_i64(GROUP, p->centroids->k - g * GROUP);
    return scores;
}

/* exk_kernel.scores, a group at a time. */
static void scores_by_group(const shared_memory *shared, const exk_score_centroids *centroids,
                            const exk_plan *plan, const exk_tile *tile, float *lower) {
    const int64_t k = centroids->k, d = centroids->d;
    float score[ROWS_TOGETHER * GROUP], offset[GROUP];
    for (int64_t first = 0; first < tile->rows; first += ROWS_TOGETHER) {
        const float *x[ROWS_TOGETHER];
        const int rows = (int)min_i64(ROWS_TOGETHER, tile->rows - first);
        for (int r = 0; r < rows; r++)
            x[r] = exk_tile_row(tile, first + r);
        for (int64_t g = 0; g < groups_of(k); g++) {
            const int64_t count = min_i64(GROUP, k - g * GROUP);
            for (int64_t p = 0; p < GROUP; p++)
                offset[p] = p < count ? tile->offset[centroid_at(centroids, g * GROUP + p)] : INFINITY;
            group_scores(rows, x, shared->blocks + g * GROUP * d, d, plan->depth_tile, offset, score);
            for (int64_t p = 0; p < count; p++) {
                float *column = lower + first * k + centroid_at(centroids, g * GROUP + p);
                for (int r = 0; r < rows; r++)
                    column[r * k] = score[r * GROUP + p];
            }
        }
    }
}

/* Bounds that are not those of the label that row i is about to get. */
static void doubt_bounds(const exk_tile *tile, const shared_memory *shared, const point_states *states,
                         int64_t i) {
    float *state = state_of(states, i);
    state[0] = INFINITY;
    state[1 + shared->place[tile->label[i]] / GROUP] = 0.0f;
}

/* Of the point whose state this is. */
static void settle_doubt(const shared_memory *shared, int64_t groups, const exk_settled *found, float *state) {
    state[0] = found->upper;
    for (int64_t g = 0; g < groups; g++) {
        const float bound = kept_bound((double)found->others, shared->drift[g]);
        state[1 + g] = bound > state[1 + g] ? bound : state[1 + g];
    }
}

#endif
