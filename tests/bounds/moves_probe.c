#define EXK_MR         4
#define EXK_NV         1
#define EXK_VEC_HEADER "kernels/vec/vec_scalar.h"
#define EXK_DOT_HEADER "kernels/vec/dot_scalar.h"
#include "tests/bounds/moves_probe.h"

#include "kernels/int8/moves.h"

enum { D_MOST = 1024, ROOM = 2 * D_MOST };

float moves_probe(const float *x, const float *before, const float *now, int64_t d, double unscale, float upper) {
    const rotation by = rotation_of(d);
    float minus_before[D_MOST] = {0}, difference[D_MOST] = {0}, turned[ROOM] = {0}, beta, loss_q, loss_e;
    int8_t bytes[ROOM] = {0}, rows[ROOM] = {0};
    double change, length;
    const byte_moves moves = {rows, &beta, &loss_q, &loss_e, &change, &length};
    for (int64_t t = 0; t < d; t++)
        minus_before[t] = -before[t];
    quantise_move(&by, minus_before, 1, -1.0, now, unscale, 0, difference, turned, bytes, &moves);
    const byte_point point = quantise_point(&by, x, turned, bytes);
    return is_tightened(&moves, 0, &point) ? tightened(&by, &moves, 0, &point, bytes, unscale, upper) : INFINITY;
}
