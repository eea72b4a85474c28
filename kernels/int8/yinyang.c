/* i8_fused_yinyang: fused_yinyang, whose groups are met in bytes. The bounds are a little looser, the work that
 * they leave is a quarter. */
#define EXK_EACH  0
#define EXK_BYTES 1
#include "kernels/bounds/grouped.h"

const exk_kernel EXK_KERNEL = {
    .scratch_rule = "k * d * 5 + n * (k / group + 1) * 4 + threads * point_tile * (d + k / group * 2 + 32)",
    .scratch_bytes = scratch_bytes,
    .roundings = groups_roundings,
    .prepare = prepare,
    .assign = assign,
    .scores = row_scores,
    .survivors = survivors,
    .doubt = doubt,
    .ordered = true,
    .selective = true,
};
