#define EXK_MR         4
#define EXK_NV         4
#define EXK_VEC_HEADER "kernels/vec/vec_scalar.h"
#define EXK_DOT_HEADER "kernels/vec/dot_scalar.h"
#define EXK_KERNEL     exk_projected_probe_kernel
#include "tests/bounds/projected_probe.h"

#include <stdlib.h>

#include "kernels/int8/projected.c" /* NOLINT(bugprone-suspicious-include): what is static there */

enum { D_MOST = 1024, ROOM = 2 * D_MOST };
_Static_assert((int)PROJECTED_LENGTH == (int)HEAD_MANY && (int)PROJECTED_TAILS == (int)TAILS &&
                   (int)PROJECTED_PANEL == (int)PANEL_POINTS && (int)PROJECTED_LIST == (int)CANDIDATES,
               "the probe shows all of it");

double projected_basis(const float *c, int64_t k, int64_t d, int64_t count, float scale, float *rows) {
    float *room = malloc((size_t)((count + BASIS_TOGETHER) * d) * sizeof *room);
    if (!room)
        return NAN;
    basis found = {.d = d, .count = count, .rows = rows};
    find_basis(&found, c, k, scale, &(basis_room){room, room + count * d});
    free(room);
    return found.defect;
}

projected_heads projected_heads_of(const exk_score_centroids *centroids, const exk_plan *plan,
                                   const exk_workspace *workspace) {
    const pass p = begin_pass(centroids, plan, workspace);
    const byte_heads *heads = &p.shared.heads;
    return (projected_heads){.length = p.length,
                             .places = p.groups * GROUP,
                             .group = GROUP,
                             .tails = tails_of(&p),
                             .groups_per_tail = groups_per_tail(p.groups),
                             .v = heads->v,
                             .defect = *heads->defect,
                             .middle = heads->middle,
                             .order = heads->order,
                             .head = heads->head,
                             .scale = heads->scale,
                             .loss_y = heads->loss_y,
                             .loss_e = heads->loss_e,
                             .loss_z = heads->loss_z};
}

void projected_head(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                    int64_t place, int8_t *bytes) {
    const pass p = begin_pass(centroids, plan, workspace);
    const int64_t quads = p.length / QUAD;
    const int32_t *block = p.shared.heads.blocks + place / GROUP * GROUP * quads + place % GROUP;
    for (int64_t t = 0; t < quads; t++)
        memcpy(bytes + t * QUAD, block + t * GROUP, QUAD);
    for (int64_t t = 0; t < p.length; t++)
        bytes[t] = (int8_t)((int)(uint8_t)bytes[t] - (int)DOT_BIAS);
}

projected_moved projected_move(const exk_score_centroids *centroids, const exk_plan *plan,
                               const exk_workspace *workspace, int64_t j, int8_t *bytes) {
    const pass p = begin_pass(centroids, plan, workspace);
    const head_move *move = &p.shared.moves.of[j];
    for (int64_t t = 0; t < p.length; t++)
        bytes[t] = (int8_t)(biased_byte(p.shared.moves.rows + j * p.length, t) - ROW_BIAS);
    return (projected_moved){move->change, move->length, move->beta, move->loss_y, move->loss_e, move->loss_z};
}

projected_point projected_point_of(const exk_score_centroids *centroids, const exk_workspace *workspace,
                                   int64_t i) {
    const rotation turn = rotation_of(centroids->d);
    const pass p = {
        .states = workspace->point, .state_bytes = state_bytes_of(&turn), .length = head_length(turn.d)};
    const point_state *state = state_of(&p, i);
    projected_point point = {.square = state->square,
                             .scale = state->head.scale,
                             .norm = state->head.norm,
                             .lost = state->head.lost,
                             .tail = state->head.tail};
    memcpy(point.tails, tails(&p, i), sizeof point.tails);
    memcpy(point.bytes, head_bytes(&p, i), (size_t)p.length);
    return point;
}

void projected_meet(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                    const exk_tile *tile, int64_t first, int32_t *threshold, projected_meeting *met) {
    pass p = begin_pass(centroids, plan, workspace);
    p.c.tile = tile;
    p.states = workspace->point;
    p.finding = p.shared.stage[0] == FINDING;
    for (int64_t at = 0; at < p.groups * GROUP; at++)
        p.mine.offset[at] = at < p.k ? tile->offset[p.shared.heads.order[at]] : INFINITY;
    head_panel *panel = p.mine.panel;
    group_limits limits;
    begin_panel(&p, panel, first);
    for (int64_t g = 0; g < p.groups; g++) {
        find_limits(&p, panel, g, &limits);
        for (int64_t slot = 0; slot < PANEL_POINTS; slot++) {
            for (int64_t at = 0; at < GROUP; at++)
                threshold[slot * p.groups * GROUP + g * GROUP + at] = limits.least[at] + limits.reach[slot];
        }
    }
    meet_groups(&p, panel, first);
    for (int64_t slot = 0; slot < PANEL_POINTS; slot++) {
        met[slot].count = panel->count[slot];
        memcpy(met[slot].list, panel->list[slot], sizeof met[slot].list);
    }
}

projected_range projected_digits(const float *x, const float *c, int64_t d, float offset, float error) {
    const rotation by = rotation_of(d);
    float turned[ROOM] = {0};
    int8_t bytes[ROOM] = {0}, first[ROOM] = {0}, second[ROOM] = {0}, digit[ROOM] = {0}, more[ROOM] = {0};
    digit_terms terms;
    const byte_digits digits = {digit, more, &terms};
    rest_point rest;
    find_digits(&by, c, 0, turned, bytes, &digits);
    const byte_point point = digits_of_point(&by, x, turned, bytes, first, second, &rest);
    const score_range range = score_by_digits(&digits, 0, by.bytes, &point, &rest, first, second, offset, error);
    return (projected_range){range.least, range.most};
}
