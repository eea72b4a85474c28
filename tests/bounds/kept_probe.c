#define EXK_MR         4
#define EXK_NV         4
#define EXK_VEC_HEADER "kernels/vec/vec_scalar.h"
#define EXK_DOT_HEADER "kernels/vec/dot_scalar.h"
#define EXK_KERNEL     exk_kept_probe_kernel
#include "tests/bounds/kept_probe.h"

#include "kernels/variant.h"

extern const exk_kernel EXK_KERNEL;
#include "kernels/int8/kept.c" /* NOLINT(bugprone-suspicious-include): what is static there */

enum { D_MOST = 1024, ROOM = 2 * D_MOST };

kept_scores kept_probe(const float *x, const float *c, int64_t d, float offset) {
    const rotation by = rotation_of(d);
    float turned[ROOM] = {0}, beta[GROUP], loss_q[GROUP], loss_e[GROUP], rest_loss[1];
    int8_t point_bytes[ROOM] = {0}, bytes[ROOM] = {0}, rests[ROOM] = {0};
    static int32_t blocks[GROUP * ROOM / QUAD];
    pass p = {.turn = by, .d = d, .k = 1};
    p.shared.groups = (byte_groups){blocks, beta, loss_q, loss_e};
    p.shared.rests = (byte_rests){rests, rest_loss};
    p.mine.turned = turned;
    p.mine.bytes = bytes;
    const float *row[GROUP];
    for (int at = 0; at < GROUP; at++)
        row[at] = c;
    pack_byte_group(&by, row, 0, turned, bytes, &p.shared.groups);
    find_rest(&p, 0, c);
    const byte_point point = quantise_point(&by, x, turned, point_bytes);
    if (!(point.inverse > 0.0f && beta[0] > 0.0f))
        return (kept_scores){0};
    const kept_point kept = {0.0, 1.0f / point.inverse, point};
    byte_panel panel = {.largest_norm = point.norm, .largest_residual = point.residual};
    int32_t start[PANEL_POINTS] = {point.start}, dot[PANEL_POINTS * GROUP];
    const int8_t *x_bytes[1] = {point_bytes};
    group_dots(1, x_bytes, start, blocks, by.bytes / QUAD, NULL, dot);
    const float loss = panel.largest_norm * loss_q[0] + panel.largest_residual * loss_e[0];
    const candidate one = {0, kept.factor * offset - beta[0] * (float)dot[0] - loss};
    return (kept_scores){.factor = kept.factor,
                         .lower = one.lower,
                         .sharper = sharper_lower(&p, &panel, &kept, point_bytes, &one),
                         .loss = loss,
                         .left = point.residual * loss_e[0]};
}
