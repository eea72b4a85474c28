/* fused_elkan: one lower bound for each point and centroid (Elkan, Using the triangle inequality to accelerate
 * k-means, ICML 2003), 16 bits wide, behind a bound for each group of near centroids. A group is met, as a whole,
 * where a bound of one of its centroids demands it: less than half as often as by the group's bound alone, for k *
 * 2 bytes a point. */
#define EXK_EACH 1
#include "kernels/bounds/grouped_floats.h"

const exk_kernel EXK_KERNEL = {
    .scratch_rule =
        "k * (d * 4 + 16) + n * (k * 2 + (k / group + 1) * 4) + threads * point_tile * (k / group * 2 + 12)",
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
