#include "tuner/planning.h"

#include "tuner/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More machines with the same caches than anyone has. */
enum { ALIKE_MOST = 64 };

typedef struct search {
    exk_profiles *profiles;
    const exk_fingerprint *machine;
} search;

static bool is_alike(const exk_fingerprint *a, const exk_fingerprint *b) {
    return strcmp(a->geometry, "unknown") != 0 && strcmp(a->geometry, b->geometry) == 0 &&
           strcmp(a->hash, b->hash) != 0;
}

/* Damage to other machines' files is of no interest here. */
static void keep_alike(const char *path, exk_status status, const exk_profile *profile, const exk_error *error,
                       void *user) {
    (void)path, (void)error;
    const search *s = user;
    exk_profiles *profiles = s->profiles;
    if (status != EXK_OK || !is_alike(s->machine, &profile->machine) || profiles->alikes == ALIKE_MOST)
        return;
    exk_profile copy = {.machine = profile->machine};
    if (exk_profile_add(&copy, profile->entry, profile->count))
        profiles->alike[profiles->alikes++] = copy;
}

void exk_profiles_load(const exk_topology *topology, exk_profiles *profiles, char *note) {
    exk_fingerprint machine;
    exk_error error;
    *profiles = (exk_profiles){.alikes = 0};
    note[0] = '\0';
    if (!topology->this_system)
        return;
    exk_fingerprint_take(topology, &machine);
    if (exk_profile_load(&machine, &profiles->own, note, &error) != EXK_OK)
        return;
    profiles->alike = calloc(ALIKE_MOST, sizeof *profiles->alike);
    search s = {profiles, &machine};
    if (profiles->alike)
        exk_profile_each(keep_alike, &s, NULL);
}

void exk_profiles_free(exk_profiles *profiles) {
    exk_profile_free(&profiles->own);
    for (int i = 0; i < profiles->alikes; i++)
        exk_profile_free(&profiles->alike[i]);
    free(profiles->alike);
    *profiles = (exk_profiles){.alikes = 0};
}

typedef const exk_profile_entry *(*find_fn)(const exk_profile *profile, const exk_shape *shape, int threads,
                                            const char *variant);

/* Of all machines alike, the fastest entry; nearness was looked after within each. */
static const exk_profile_entry *find_alike(const exk_profiles *profiles, find_fn find, const exk_shape *shape,
                                           int threads, const char *variant) {
    const exk_profile_entry *best = NULL;
    for (int i = 0; i < profiles->alikes; i++) {
        const exk_profile_entry *entry = find(&profiles->alike[i], shape, threads, variant);
        if (entry && (!best || entry->seconds < best->seconds))
            best = entry;
    }
    return best;
}

const exk_profile_entry *exk_profiles_find(const exk_profiles *profiles, const exk_shape *shape, int threads,
                                           const char *variant, const char **source) {
    const exk_profile_entry *entry = exk_profile_exact(&profiles->own, shape, threads, variant);
    *source = "profile";
    if (!entry) {
        entry = exk_profile_near(&profiles->own, shape, threads, variant);
        *source = "profile of a near shape";
    }
    if (!entry) {
        entry = find_alike(profiles, exk_profile_exact, shape, threads, variant);
        *source = "profile of a machine with the same caches";
    }
    if (!entry) {
        entry = find_alike(profiles, exk_profile_near, shape, threads, variant);
        *source = "profile of a near shape on a machine with the same caches";
    }
    return entry;
}

static bool has_tile(const exk_plan *plan) {
    return plan->point_tile > 0 || plan->centroid_tile > 0 || plan->depth_tile > 0 || plan->matrix_bytes > 0;
}

const char *exk_plan_choose(const exk_topology *topology, const exk_profiles *profiles, const exk_shape *shape,
                            exk_plan *plan) {
    const char *source;
    const exk_profile_entry *entry =
        has_tile(plan) ? NULL : exk_profiles_find(profiles, shape, plan->threads, plan->variant, &source);
    if (!entry)
        return exk_plan_model(topology, shape, plan);
    /* What was given beside tiles stays; what tuning does not choose comes from the model. */
    exk_plan tuned = exk_profile_plan(entry, shape, plan->threads);
    tuned.update = plan->update;
    tuned.nodes = plan->nodes;
    tuned.skipping = plan->skipping;
    exk_plan_model(topology, shape, &tuned);
    *plan = tuned;
    return source;
}
