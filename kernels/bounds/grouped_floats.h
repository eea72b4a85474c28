/* The functions of fused_yinyang and fused_elkan, who define EXK_EACH: grouped.h in float32 alone. */
#ifndef EXK_GROUPED_FLOATS_H
#define EXK_GROUPED_FLOATS_H

#include "kernels/bounds/grouped.h"

static exk_scratch scratch_bytes(const exk_shape *shape, const exk_plan *plan) {
    exk_arena common = {0}, thread = {0};
    shared_memory shared;
    thread_memory mine;
    lay_out_shared(&common, shape->k, shape->d, &shared);
    lay_out_thread(&thread, shape->k, plan->point_tile, &mine);
    return (exk_scratch){.shared = common.used, .per_thread = thread.used, .per_point = bounds_bytes(shape->k)};
}

static shared_memory shared_of(const exk_score_centroids *centroids, const exk_workspace *workspace) {
    exk_arena arena = {.base = workspace->shared};
    shared_memory shared;
    lay_out_shared(&arena, centroids->k, centroids->d, &shared);
    return shared;
}

static void prepare(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                    int part, int parts) {
    const shared_memory shared = shared_of(centroids, workspace);
    const int64_t groups = groups_of(centroids->k);
    const float fastest = fastest_movement(centroids);
    (void)plan;
    for (int64_t g = groups * part / parts; g < groups * (part + 1) / parts; g++) {
        const float *row[GROUP];
        rows_of_group(centroids, g, row);
        pack_group(centroids, g, row, &shared);
        drift_group(centroids, g, fastest, &shared);
    }
}

static int64_t survivors(const exk_score_centroids *centroids, const exk_plan *plan,
                         const exk_workspace *workspace, const exk_tile *tile, int32_t *rows) {
    const shared_memory shared = shared_of(centroids, workspace);
    const point_states states = states_of(workspace, tile, bounds_bytes(centroids->k));
    const int64_t groups = groups_of(centroids->k);
    const bool renews = renews_bounds(&shared, groups);
    int64_t count = 0;
    (void)plan;
    for (int64_t i = 0; i < tile->rows; i++) {
        float *state = state_of(&states, i);
        if (renews)
            renew_bounds(&shared, groups, state);
        state[0] = moved_bound(state[0], centroids->movement[tile->label[i]]);
        rows[count] = (int32_t)i;
        count += is_near(state, shared.above, groups);
    }
    return count;
}

static void begin_point(pass *p, int64_t i) {
    if (!p->centroids->movement) {
        list_everywhere(p, i);
        return;
    }
    p->mine.at[i] = p->shared.place[p->tile->label[i]];
    p->tile->second[i] = INFINITY;
    look_at_former(p, i, min_i64(i + 1, p->tile->rows - 1));
    put_on_lists(p, i, bounds_of(p, i));
}

static void meet_groups(pass *p) {
    for (int64_t g = 0; g < p->groups; g++) {
        const uint16_t *list = p->mine.list + g * p->plan->point_tile;
        for (int32_t first = 0; first < p->mine.count[g]; first += ROWS_TOGETHER)
            meet_rows(p, g, list + first, (int)min_i64(ROWS_TOGETHER, p->mine.count[g] - first));
    }
}

static int64_t assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                      const exk_tile *tile) {
    exk_arena thread = {.base = workspace->thread};
    pass p = begin_pass(centroids, plan);
    p.tile = tile;
    p.shared = shared_of(centroids, workspace);
    p.states = states_of(workspace, tile, bounds_bytes(centroids->k));
    lay_out_thread(&thread, centroids->k, plan->point_tile, &p.mine);
    begin_lists(&p);
    for (int64_t i = 0; i < tile->rows; i++)
        begin_point(&p, i);
    meet_groups(&p);
    for (int64_t i = 0; i < tile->rows; i++)
        settle_bounds(&p, i);
    return p.evaluations + listed_scores(&p);
}

static void scores(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                   const exk_tile *tile, float *lower) {
    const shared_memory shared = shared_of(centroids, workspace);
    scores_by_group(&shared, centroids, plan, tile, lower);
}

static void doubt(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                  const exk_tile *tile, int64_t i) {
    const shared_memory shared = shared_of(centroids, workspace);
    const point_states states = states_of(workspace, tile, bounds_bytes(centroids->k));
    (void)plan;
    doubt_bounds(tile, &shared, &states, i);
}

static void settled(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                    const exk_settled *found) {
    const shared_memory shared = shared_of(centroids, workspace);
    (void)plan;
    settle_doubt(&shared, groups_of(centroids->k), found, workspace->point);
}

#endif
