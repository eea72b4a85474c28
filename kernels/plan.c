/* Completing a plan: fixed defaults for what nobody chose, then everything rounded to what the variant can do. The
 * defaults are meant for a machine nobody described (48 KiB L1, 1 MiB L2); better ones come from outside. */
#include <omp.h>
#include <string.h>

#include "kernels/variant.h"

static const int64_t default_point_tile = 240, default_centroid_tile = 256, default_depth_tile = 128;
enum { SUMS_IN_CACHE = 1 << 18 };
static const int64_t default_matrix_bytes = INT64_C(64) << 20;

static const exk_tunable *tunable_of(const exk_variant *variant, exk_field field) {
    for (int i = 0; i < EXK_TUNABLES_MAX && variant->tunables[i].max > 0; i++) {
        if (variant->tunables[i].field == field)
            return &variant->tunables[i];
    }
    return NULL;
}

int64_t exk_tunable_multiple(const exk_variant *variant, const exk_tunable *tunable) {
    switch (tunable->multiple) {
    case EXK_OF_MR:
        return variant->mr;
    case EXK_OF_NR:
        return exk_variant_nr(variant);
    default:
        return tunable->multiple;
    }
}

int64_t exk_variant_points(const exk_variant *variant) {
    const exk_tunable *tunable = tunable_of(variant, EXK_POINT_TILE);
    return tunable ? exk_tunable_multiple(variant, tunable) : 1;
}

static int64_t clamp(int64_t v, int64_t low, int64_t high) {
    return v < low ? low : v > high ? high : v;
}

/* value, or `otherwise` if it is 0 or less, inside the tunable's range and no larger than needed to cover
 * `extent`; a multiple of what the variant demands. A field the variant does not react to becomes `extent`. */
static int64_t fit_field(const exk_variant *variant, exk_field field, int64_t value, int64_t otherwise,
                         int64_t extent) {
    const exk_tunable *tunable = tunable_of(variant, field);
    if (!tunable)
        return extent;
    const int64_t multiple = exk_tunable_multiple(variant, tunable);
    const int64_t chosen = clamp(value > 0 ? value : otherwise, tunable->min, tunable->max);
    const int64_t needed = chosen < extent ? chosen : extent;
    return (needed + multiple - 1) / multiple * multiple;
}

int64_t exk_plan_matrix_rows(const exk_plan *plan, const exk_shape *shape) {
    const int64_t row_bytes = (shape->k + shape->d) * (int64_t)sizeof(float);
    const int64_t rows_in_time = (INT64_C(1) << 31) / shape->k / shape->d;
    const int64_t rows = plan->matrix_bytes / plan->threads / row_bytes;
    return clamp(rows < rows_in_time ? rows : rows_in_time, 1, shape->n);
}

exk_update exk_plan_update(const exk_shape *shape) {
    return shape->k * shape->d <= SUMS_IN_CACHE ? EXK_UPDATE_MOVED : EXK_UPDATE_SORTED;
}

void exk_plan_complete(exk_plan *plan, const exk_variant *variant, const exk_shape *shape) {
    plan->variant = variant->name;
    if (plan->threads <= 0)
        plan->threads = omp_get_num_procs();
    int64_t point_tile = default_point_tile;
    if (tunable_of(variant, EXK_MATRIX_BYTES)) {
        const int64_t cap = plan->matrix_bytes > 0 ? plan->matrix_bytes : default_matrix_bytes;
        plan->matrix_bytes =
            clamp(cap, tunable_of(variant, EXK_MATRIX_BYTES)->min, tunable_of(variant, EXK_MATRIX_BYTES)->max);
        point_tile = exk_plan_matrix_rows(plan, shape);
        if (plan->point_tile > point_tile)
            plan->point_tile = point_tile;
    } else {
        plan->matrix_bytes = 0;
    }
    plan->point_tile = fit_field(variant, EXK_POINT_TILE, plan->point_tile, point_tile, shape->n);
    plan->centroid_tile =
        fit_field(variant, EXK_CENTROID_TILE, plan->centroid_tile, default_centroid_tile, shape->k);
    plan->depth_tile = fit_field(variant, EXK_DEPTH_TILE, plan->depth_tile, default_depth_tile, shape->d);
}
