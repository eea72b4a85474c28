/* fused_yinyang: one lower bound for each point and group of near centroids (Ding et al., Yinyang k-means, ICML
 * 2015). Where a bound does not rule its group out the whole group is met: dense work, and little memory for
 * bounds. */
#define EXK_EACH 0
#include "kernels/bounds/grouped_floats.h"

const exk_kernel EXK_KERNEL = {
    .scratch_rule = "k * d * 4 + n * (k / group + 1) * 4 + threads * point_tile * (k / group * 2 + 12)",
    .scratch_bytes = scratch_bytes,
    .roundings = groups_roundings,
    .prepare = prepare,
    .assign = assign,
    .scores = scores,
    .survivors = survivors,
    .doubt = doubt,
    .settled = settled,
    .ordered = true,
};
