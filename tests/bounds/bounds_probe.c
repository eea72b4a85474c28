#define EXK_MR 4
#define EXK_NV 2
#include "tests/bounds/bounds_probe.h"

#include "kernels/bounds/groups.h"

static void lowers(const float *norm, const float *lower, float unscale, const float *below, float *out) {
    vec_store(out, lower_bounds(vec_load(norm), vec_load(lower), unscale, vec_load(below)));
}

static void uppers(const float *norm, const float *lower, const float *error, float unscale, float *out) {
    vec_store(out, upper_bounds(vec_load(norm), vec_load(lower), vec_load(error), unscale));
}

static float looked(const float *x, const float *c, int64_t d, float offset, float norm, float error,
                    double unscale) {
    const exk_look look = look_at(x, c, d, offset, (float)(0.5 * unscale), x, c);
    return looked_bound(&look, d, norm, error, unscale);
}

static void half(const float *v, float *out) {
    uint16_t narrow[VEC_LANES];
    vec_store_half(narrow, vec_load(v));
    vec_store(out, vec_load_half(narrow));
}

extern const bounds_probe EXK_BOUNDS_PROBE;
const bounds_probe EXK_BOUNDS_PROBE = {
    .lanes = VEC_LANES,
    .apply = exk_bounds_apply,
    .kept = kept_bound,
    .lower = lower_bound,
    .upper = upper_bound,
    .lowers = lowers,
    .uppers = uppers,
    .moved = moved_bound,
    .add_drift = add_drift,
    .stale = drift_is_stale,
    .renewed = renewed_bound,
    .above = drift_above,
    .below = drift_below,
    .looked = looked,
    .half = half,
};
