/* i8_fused: every pass in bytes, all over again. Nothing is kept of a point. */
#include "kernels/int8/dense.h"

const exk_kernel EXK_KERNEL = {
    .scratch_rule = "k * d * 6 + threads * point_tile * (d * 4 + state)",
    .scratch_bytes = dense_scratch,
    .roundings = panels_roundings,
    .prepare = dense_prepare,
    .assign = dense_assign,
    .scores = panel_scores,
    .selective = true,
};
