/* Which plans there are for a shape. */
#include "harness/report.h"
#include "harness/tune.h"
#include "harness/variants.h"
#include "tuner/integers.h"
#include "tuner/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double tune_axis_ratio = 1.4142135623730951;

/* Longer tiles than these never paid, and need memory. */
enum { POINTS_MOST = 2048, MATRIX_LEAST = 1 << 20, MATRIX_MOST = 256 << 20 };

/* Shorter slices than this never paid either. */
enum { DEPTH_LEAST = 64, DEPTH_STEP = 4 };

/* Tiles of points that each thread should have at least, so that the last one does not keep the others waiting. */
enum { TILES_LEAST = 2 };

/* A tile that cuts total into equal parts, no larger than value. */
static int64_t even_tile(int64_t total, int64_t value, int64_t multiple) {
    const int64_t pieces = ceil_div(total, multiple), each = max64(value / multiple, 1);
    return ceil_div(pieces, ceil_div(pieces, each)) * multiple;
}

/* The values of a tunable for a shape lie between these. */
typedef struct range {
    int64_t least, most, multiple;
    int64_t total; /* what tiles should divide evenly; 0: nothing */
    bool cut;      /* the last value is the total itself, else the multiple beyond it */
} range;

static range range_of(const exk_variant *v, const exk_tunable *t, const exk_shape *shape, int threads) {
    const int64_t multiple = exk_tunable_multiple(v, t);
    const int64_t share = shape->n / (TILES_LEAST * (int64_t)threads);
    range r = {max64(t->min, multiple), t->max, multiple, 0, multiple == 1};
    switch (t->field) {
    case EXK_POINT_TILE:
        r.most = min64(r.most, max64(min64(share, POINTS_MOST), multiple));
        break;
    case EXK_CENTROID_TILE:
        r.most = min64(r.most, shape->k + multiple - 1);
        r.total = shape->k;
        break;
    case EXK_DEPTH_TILE:
        r.multiple = shape->d > DEPTH_STEP ? DEPTH_STEP : 1;
        r.most = min64(r.most, shape->d + r.multiple - 1);
        r.least = min64(max64(r.least, DEPTH_LEAST), r.most);
        r.total = shape->d;
        break;
    default:
        r.least = max64(r.least, MATRIX_LEAST);
        r.most = max64(min64(r.most, MATRIX_MOST), r.least);
    }
    return r;
}

/* Insert a value where it belongs; each once. */
static void insert(exk_axis *axis, int64_t value) {
    int at = 0;
    while (at < axis->count && axis->value[at] < value)
        at++;
    if ((at < axis->count && axis->value[at] == value) || axis->count == EXK_AXIS_MOST)
        return;
    memmove(&axis->value[at + 1], &axis->value[at], (size_t)(axis->count - at) * sizeof axis->value[0]);
    axis->value[at] = value;
    axis->count++;
}

static void insert_rounded(exk_axis *axis, const range *r, double value) {
    const int64_t inside = (int64_t)fmin(fmax(value, (double)r->least), (double)r->most);
    const int64_t whole = max64(inside / r->multiple, 1) * r->multiple;
    const int64_t even = r->total > 0 ? even_tile(r->total, whole, r->multiple) : whole;
    insert(axis, r->total > 0 && r->cut ? min64(even, r->total) : even);
}

/* The model's own value, and others by powers of the ratio from it. */
static void fill_axis(exk_axis *axis, const range *r, int64_t seed, double ratio) {
    double value = (double)seed;
    while (value > (double)r->least) {
        insert_rounded(axis, r, value);
        value /= ratio;
    }
    value = (double)seed * ratio;
    while (value < (double)r->most) {
        insert_rounded(axis, r, value);
        value *= ratio;
    }
    insert_rounded(axis, r, (double)r->least);
    insert_rounded(axis, r, (double)r->most);
    insert(axis, seed);
    axis->seed = exk_axis_place(axis, seed);
}

static int64_t plan_value(const exk_plan *plan, exk_field field) {
    switch (field) {
    case EXK_POINT_TILE:
        return plan->point_tile;
    case EXK_CENTROID_TILE:
        return plan->centroid_tile;
    case EXK_DEPTH_TILE:
        return plan->depth_tile;
    default:
        return plan->matrix_bytes;
    }
}

/* Bytes of cache for a unit of a value, for rows of d. */
static double weight_of(const exk_variant *v, exk_field field, int64_t d) {
    if (field == EXK_MATRIX_BYTES)
        return 1;
    const int64_t values = field == EXK_DEPTH_TILE ? v->mr + exk_variant_nr(v) : d;
    return (double)values * sizeof(float);
}

/* A variant that keeps scores takes as many points as its matrix has rows. */
static bool has_matrix(const exk_variant *v) {
    for (int i = 0; i < EXK_TUNABLES_MAX && v->tunables[i].max > 0; i++)
        if (v->tunables[i].field == EXK_MATRIX_BYTES)
            return true;
    return false;
}

static void fill_arm(exk_arm *arm, const exk_variant *v, const exk_topology *topology, const exk_shape *shape,
                     int threads, double ratio) {
    exk_plan seed = {.variant = v->name, .threads = threads};
    exk_plan_model(topology, shape, &seed);
    for (int i = 0; i < EXK_TUNABLES_MAX && v->tunables[i].max > 0; i++) {
        const exk_field field = v->tunables[i].field;
        if (field == EXK_POINT_TILE && has_matrix(v))
            continue;
        const range r = range_of(v, &v->tunables[i], shape, threads);
        fill_axis(&arm->axis[field], &r, plan_value(&seed, field), ratio);
        arm->axis[field].weight = weight_of(v, field, shape->d);
    }
}

int tune_choose_variants(const exk_variant **variants, int count) {
    int plain = 0;
    for (int i = 0; i < count; i++)
        plain += !variant_skips(variants[i]);
    if (plain == 0)
        return count;
    plain = 0;
    for (int i = 0; i < count; i++)
        if (!variant_skips(variants[i]))
            variants[plain++] = variants[i];
    return plain;
}

exit_code tune_space_create(tune_space *space, const exk_topology *topology, const exk_variant *const *variants,
                            int variant_count, const exk_shape *shape, int threads, double ratio) {
    *space = (tune_space){.variants = calloc((size_t)variant_count + 1, sizeof *space->variants),
                          .arms = calloc((size_t)variant_count + 1, sizeof *space->arms)};
    if (!space->variants || !space->arms)
        return fail(CLI_LIMIT, "out of memory");
    for (int i = 0; i < variant_count; i++) {
        if (!exk_variant_fits(variants[i], shape))
            continue;
        fill_arm(&space->arms[space->count], variants[i], topology, shape, threads, ratio);
        space->variants[space->count++] = variants[i];
    }
    return space->count > 0
               ? CLI_OK
               : fail(CLI_VARIANT, "none of the variants takes this shape; exakt list shows the limits");
}

int tune_prior(const tune_space *space, const exk_shape *shape) {
    const exk_variant *automatic = exk_variant_auto(shape);
    for (int i = 0; i < space->count; i++)
        if (space->variants[i] == automatic)
            return i;
    return -1;
}

void tune_space_free(tune_space *space) {
    free(space->variants);
    free(space->arms);
    *space = (tune_space){.count = 0};
}

exk_plan tune_plan(const tune_space *space, const exk_topology *topology, const exk_search *search,
                   const exk_choice *choice, const exk_shape *shape, int threads) {
    exk_plan plan = {.variant = space->variants[choice->arm]->name,
                     .threads = threads,
                     .point_tile = exk_choice_value(search, choice, EXK_POINT_TILE),
                     .centroid_tile = exk_choice_value(search, choice, EXK_CENTROID_TILE),
                     .depth_tile = exk_choice_value(search, choice, EXK_DEPTH_TILE),
                     .matrix_bytes = exk_choice_value(search, choice, EXK_MATRIX_BYTES)};
    exk_plan_model(topology, shape, &plan);
    return plan;
}

bool tune_choice(const tune_space *space, const exk_plan *plan, exk_choice *choice) {
    for (int i = 0; i < space->count; i++) {
        if (strcmp(space->variants[i]->name, plan->variant) != 0)
            continue;
        *choice = (exk_choice){.arm = i};
        for (int field = 0; field < EXK_FIELD_COUNT; field++)
            choice->at[field] = exk_axis_place(&space->arms[i].axis[field], plan_value(plan, (exk_field)field));
        return true;
    }
    return false;
}
