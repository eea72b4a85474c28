/* The table of variants: rows.inc (generated) includes every rows file, built.inc and isas.inc (generated) name
 * what this build compiled. */
#include <string.h>

#include "kernels/cpu.h"
#include "kernels/exact/bulk.h"
#include "kernels/peak.h"
#include "kernels/variant.h"

/* What rows may say about their tunables and limits. */
/* clang-format off */
#define EXK_TUNES_MATRIX {{EXK_POINT_TILE, 1, INT64_C(1) << 30, 1}, \
                          {EXK_MATRIX_BYTES, INT64_C(1) << 12, INT64_C(1) << 40, 1}}
#define EXK_TUNES_TILES {{EXK_POINT_TILE, 1, INT64_C(1) << 20, EXK_OF_NR}, \
                         {EXK_CENTROID_TILE, 1, INT64_C(1) << 31, EXK_OF_MR}, \
                         {EXK_DEPTH_TILE, 8, INT64_C(1) << 20, 1}}
#define EXK_TUNES_GROUPS {{EXK_POINT_TILE, 1, INT64_C(1) << 15, 16}, {EXK_DEPTH_TILE, 8, INT64_C(1) << 20, 1}}
#define EXK_ANY_SHAPE {.d_max = INT64_C(1) << 40, .k_max = INT32_MAX}
/* Bytes are added up in int32. */
#define EXK_INT8_SHAPE {.d_max = INT64_C(1) << 15, .k_max = INT32_MAX, .kd_pays = INT64_C(1) << 14}
/* Products of bytes take so long that what is kept saves little: `auto` has no use for it. */
#define EXK_INT8_KEPT_SHAPE {.d_max = INT64_C(1) << 15, .k_max = INT32_MAX, .kd_pays = INT64_MAX}
/* Of whole rows it takes few products, of heads too many where dimensions are few. */
#define EXK_INT8_HEADS_SHAPE {.d_max = INT64_C(1) << 15, .k_max = INT32_MAX, .kd_pays = INT64_C(1) << 18}
/* Bytes are faster wherever there is hardware for 16-bit floats. */
#define EXK_HALF_SHAPE {.d_max = INT64_C(1) << 15, .k_max = INT32_MAX, .kd_pays = INT64_MAX}
#define EXK_INT8_GROUPS_SHAPE {.d_max = INT64_C(1) << 15, .k_max = INT32_MAX, .kd_pays = INT64_C(1) << 16}
#define EXK_BLAS_SHAPE {.d_max = INT32_MAX, .k_max = INT32_MAX} /* OpenBLAS takes its sizes as int */
/* clang-format on */

/* A row's braces hold commas, so the last fields arrive as __VA_ARGS__: numbers, tunables, limits. */
#define EXK_VARIANT(name, strategy, isa, source, mr, nv, ...)                                                     \
    {#name, #strategy, #isa, #source, mr, nv, __VA_ARGS__},
static const exk_variant rows[] = {
#include "rows.inc"
};
#undef EXK_VARIANT

enum { ROWS = sizeof rows / sizeof rows[0] };

#define EXK_BUILT(name) extern const exk_kernel name;
#include "built.inc"
#undef EXK_BUILT

typedef struct built_row {
    const char *name;
    const exk_kernel *kernel;
} built_row;

#define EXK_BUILT(name) {#name, &name},
static const built_row built[] = {
#include "built.inc"
};
#undef EXK_BUILT

#define EXK_ISA_BUILT(isa, bulk, peak)                                                                            \
    extern const exk_bulk bulk;                                                                                   \
    extern const exk_peak peak;
#include "isas.inc"
#undef EXK_ISA_BUILT

/* What is compiled once per ISA. */
typedef struct isa_code {
    const char *isa;
    const exk_bulk *bulk;
    const exk_peak *peak;
} isa_code;

#define EXK_ISA_BUILT(isa, bulk, peak) {#isa, &bulk, &peak},
static const isa_code isa_codes[] = {
#include "isas.inc"
};
#undef EXK_ISA_BUILT

int exk_variant_rows(void) {
    return ROWS;
}

const exk_variant *exk_variant_row(int index) {
    return index >= 0 && index < ROWS ? &rows[index] : NULL;
}

const exk_variant *exk_variant_find(const char *name) {
    for (int i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    }
    return NULL;
}

const exk_kernel *exk_variant_kernel(const exk_variant *variant) {
    for (size_t i = 0; i < sizeof built / sizeof built[0]; i++) {
        if (strcmp(built[i].name, variant->name) == 0)
            return built[i].kernel;
    }
    return NULL;
}

static const isa_code *code_for(const char *isa) {
    for (size_t i = 0; i < sizeof isa_codes / sizeof isa_codes[0]; i++) {
        if (strcmp(isa_codes[i].isa, exk_isa_base(isa)) == 0)
            return &isa_codes[i];
    }
    return NULL;
}

const exk_bulk *exk_bulk_for(const char *isa) {
    const isa_code *code = code_for(isa);
    return code ? code->bulk : code_for("scalar")->bulk;
}

const exk_peak *exk_peak_for(const char *isa) {
    const isa_code *code = code_for(isa);
    return code && strcmp(isa, code->isa) == 0 ? code->peak : NULL;
}

const exk_bulk *exk_bulk_here(void) {
    const exk_bulk *strongest = NULL;
    for (size_t i = 0; exk_isa_name(i); i++) {
        if (!strongest || !exk_isa_obstacle(exk_isa_name(i)))
            strongest = exk_bulk_for(exk_isa_name(i));
    }
    return strongest;
}

const char *exk_variant_obstacle(const exk_variant *variant) {
    const char *obstacle = exk_isa_obstacle(variant->isa);
    if (obstacle)
        return obstacle;
    if (!exk_variant_kernel(variant))
        return strcmp(variant->strategy, "blas") == 0 ? "built without OpenBLAS" : "not in this build";
    return NULL;
}

int64_t exk_variant_nr(const exk_variant *variant) {
    return (int64_t)variant->nv * exk_isa_lanes(variant->isa);
}

bool exk_variant_fits(const exk_variant *variant, const exk_shape *shape) {
    return shape->d <= variant->limits.d_max && shape->k <= variant->limits.k_max;
}

static bool is_usable(const exk_variant *variant, const exk_shape *shape) {
    return !exk_variant_obstacle(variant) && exk_variant_fits(variant, shape);
}

static bool pays(const exk_variant *variant, const exk_shape *shape) {
    return shape->k >= variant->limits.kd_pays / shape->d;
}

const exk_variant *exk_variant_auto(const exk_shape *shape) {
    for (int i = ROWS - 1; i >= 0; i--) {
        if (is_usable(&rows[i], shape) && pays(&rows[i], shape))
            return &rows[i];
    }
    return NULL;
}

static const exk_variant *usable_of(const char *strategy, const char *isa, const exk_shape *shape) {
    for (int i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].strategy, strategy) == 0 && strcmp(rows[i].isa, isa) == 0 && is_usable(&rows[i], shape))
            return &rows[i];
    }
    return NULL;
}

const exk_variant *exk_variant_strongest(const char *strategy, const exk_shape *shape) {
    for (int i = ROWS - 1; i >= 0; i--) {
        if (strcmp(rows[i].strategy, strategy) == 0 && is_usable(&rows[i], shape))
            return &rows[i];
    }
    return NULL;
}

const exk_variant *exk_variant_skipping(const exk_shape *shape) {
    enum { FEW_DIMENSIONS = 16, FEW_CENTROIDS = 48 };
    const exk_variant *plain = exk_variant_auto(shape);
    if (!plain)
        return NULL;
    if (shape->d <= FEW_DIMENSIONS || shape->k < FEW_CENTROIDS)
        return exk_variant_strongest("fused_hamerly", shape);
    const exk_variant *bytes = exk_variant_strongest("i8_fused_yinyang", shape);
    const bool rounds = plain->numbers == EXK_I8 && bytes && pays(bytes, shape);
    return rounds ? bytes : exk_variant_strongest("fused_yinyang", shape);
}

static const exk_variant *paying_of(const char *strategy, const char *isa, const exk_shape *shape) {
    const exk_variant *variant = usable_of(strategy, isa, shape);
    return variant && pays(variant, shape) ? variant : NULL;
}

/* Whether heads are worth the time that finding directions takes, which grows with the dimensions as passes do;
 * few dimensions have none to spare. */
static bool projecting_pays(const exk_shape *shape) {
    enum { MANY_DIMENSIONS = 128, MANY_SCORES = 22000000 };
    return shape->d >= MANY_DIMENSIONS && (double)shape->n * (double)shape->k >= MANY_SCORES;
}

const exk_variant *exk_variant_keeping(const exk_variant *plain, const exk_shape *shape) {
    if (strcmp(plain->strategy, "i8_fused") != 0)
        return NULL;
    const exk_variant *projected = projecting_pays(shape) ? paying_of("i8_projected", plain->isa, shape) : NULL;
    return projected ? projected : paying_of("i8_kept", plain->isa, shape);
}

const exk_variant *exk_variant_leaner(const exk_variant *variant, const exk_shape *shape) {
    if (strcmp(variant->strategy, "i8_projected") == 0)
        return paying_of("i8_kept", variant->isa, shape);
    if (strcmp(variant->strategy, "fused_elkan") == 0)
        return usable_of("fused_yinyang", variant->isa, shape);
    if (strcmp(variant->strategy, "i8_fused_yinyang") == 0)
        return usable_of("fused_yinyang", exk_isa_base(variant->isa), shape);
    if (strcmp(variant->strategy, "fused_yinyang") == 0)
        return usable_of("fused_hamerly", variant->isa, shape);
    return NULL;
}

int exk_variant_count(void) {
    return ROWS;
}

exk_status exk_variant_at(int index, exk_variant_info *info) {
    const exk_variant *variant = exk_variant_row(index);
    if (!variant || !info)
        return EXK_ERR_ARGUMENT;
    const char *obstacle = exk_variant_obstacle(variant);
    *info =
        (exk_variant_info){variant->name, variant->strategy, variant->isa, !obstacle, obstacle ? obstacle : ""};
    return EXK_OK;
}
