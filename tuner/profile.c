#include "tuner/profile.h"

#include "kernels/cpu.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What entries are compared with. */
static exk_profile_entry stamp_of_now(void) {
    exk_profile_entry now = {.threads = 0};
    exk_profile_stamp(&now);
    return now;
}

void exk_profile_stamp(exk_profile_entry *entry) {
    for (size_t i = 0; exk_isa_name(i); i++) {
        if (!exk_isa_obstacle(exk_isa_name(i)))
            snprintf(entry->isa, sizeof entry->isa, "%s", exk_isa_name(i));
    }
    exk_time_now(entry->tuned);
    exk_build_hash(entry->build);
    exk_registry_hash(entry->registry);
}

bool exk_profile_is_stale(const exk_profile_entry *entry) {
    const exk_profile_entry now = stamp_of_now();
    return strcmp(entry->build, now.build) != 0 || strcmp(entry->registry, now.registry) != 0;
}

static const char *obstacle(const exk_profile_entry *entry, const exk_shape *shape, const exk_profile_entry *now) {
    const exk_variant *variant = exk_variant_find(entry->variant);
    if (!variant)
        return "this build does not know its variant";
    if (exk_variant_obstacle(variant))
        return exk_variant_obstacle(variant);
    if (strcmp(entry->build, now->build) != 0)
        return "tuned with another build";
    if (strcmp(entry->registry, now->registry) != 0)
        return "tuned with other variants to choose from";
    if (strcmp(entry->isa, now->isa) != 0)
        return "tuned with other instruction sets to choose from";
    return exk_variant_fits(variant, shape) ? NULL : "its variant does not take this shape";
}

const char *exk_profile_obstacle(const exk_profile_entry *entry, const exk_shape *shape) {
    const exk_profile_entry now = stamp_of_now();
    return obstacle(entry, shape, &now);
}

/* How far an entry is from what is wanted; the smallest is the best. */
typedef struct distance {
    double shape, n, seconds;
} distance;

static bool is_closer(const distance *a, const distance *b) {
    if (a->shape != b->shape)
        return a->shape < b->shape;
    return a->n != b->n ? a->n < b->n : a->seconds < b->seconds;
}

static double octaves(int64_t a, int64_t b) {
    return fabs(log2((double)a / (double)b));
}

static bool is_same(const exk_shape *a, const exk_shape *b) {
    return a->n == b->n && a->d == b->d && a->k == b->k;
}

static bool is_near(const exk_shape *tuned, const exk_shape *shape) {
    return octaves(tuned->d, shape->d) <= 1 && octaves(tuned->k, shape->k) <= 1 && shape->n >= tuned->n / 2;
}

typedef bool (*shape_test)(const exk_shape *tuned, const exk_shape *shape);

static const exk_profile_entry *closest(const exk_profile *profile, shape_test passes, const exk_shape *shape,
                                        int threads, const char *variant) {
    const exk_profile_entry *best = NULL;
    distance least = {0, 0, 0};
    const exk_profile_entry now = stamp_of_now();
    for (int i = 0; i < profile->count; i++) {
        const exk_profile_entry *entry = &profile->entry[i];
        if (entry->threads != threads || (variant && strcmp(entry->variant, variant) != 0) ||
            !passes(&entry->shape, shape) || obstacle(entry, shape, &now))
            continue;
        const distance d = {hypot(octaves(entry->shape.d, shape->d), octaves(entry->shape.k, shape->k)),
                            octaves(entry->shape.n, shape->n), entry->seconds};
        if (!best || is_closer(&d, &least)) {
            best = entry;
            least = d;
        }
    }
    return best;
}

const exk_profile_entry *exk_profile_exact(const exk_profile *profile, const exk_shape *shape, int threads,
                                           const char *variant) {
    return closest(profile, is_same, shape, threads, variant);
}

const exk_profile_entry *exk_profile_near(const exk_profile *profile, const exk_shape *shape, int threads,
                                          const char *variant) {
    return closest(profile, is_near, shape, threads, variant);
}

/* So many rows of the new length take the bytes that `rows` of the tuned length took. */
static int64_t same_bytes(int64_t rows, int64_t tuned_d, int64_t d) {
    if (rows == 0 || tuned_d == d)
        return rows;
    const double scaled = (double)rows * (double)tuned_d / (double)d;
    return scaled >= 1 ? (int64_t)scaled : 1;
}

exk_plan exk_profile_plan(const exk_profile_entry *entry, const exk_shape *shape, int threads) {
    const exk_variant *variant = exk_variant_find(entry->variant);
    exk_plan plan = {.variant = variant->name,
                     .threads = threads,
                     .point_tile = same_bytes(entry->point_tile, entry->shape.d, shape->d),
                     .centroid_tile = same_bytes(entry->centroid_tile, entry->shape.d, shape->d),
                     .depth_tile = entry->depth_tile >= entry->shape.d ? shape->d : entry->depth_tile,
                     .matrix_bytes = entry->matrix_bytes};
    exk_plan_complete(&plan, variant, shape);
    return plan;
}
