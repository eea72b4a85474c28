/* Where plans come from: tuned profiles first, then the cache model. */
#ifndef EXK_PLANNING_H
#define EXK_PLANNING_H

#include "tuner/profile.h"
#include "tuner/topology.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The profiles that may serve this machine. */
typedef struct exk_profiles {
    exk_profile own;
    exk_profile *alike; /* of machines with the same caches */
    int alikes;
} exk_profiles;

/* Load them. None for a topology that is not this system. note (EXK_PROFILE_NOTE_ROOM bytes): one line on what
 * could not be used, or "". */
void exk_profiles_load(const exk_topology *topology, exk_profiles *profiles, char *note);
void exk_profiles_free(exk_profiles *profiles);

/* The entry for a shape, of this variant or (NULL) of any: the exact one, else that of the nearest shape, else
 * either from a machine with the same caches; NULL if there is none. *source then says which in words. */
const exk_profile_entry *exk_profiles_find(const exk_profiles *profiles, const exk_shape *shape, int threads,
                                           const char *variant, const char **source);

/* Fill the zero fields of a plan (its variant and threads are given), as exk_plan_model does, but from a profile
 * if there is one and no tile is given (a tile tuned beside others is not tuned beside the given one). Returns the
 * source: "profile", "profile of a near shape", ..., or what exk_plan_model returns. */
const char *exk_plan_choose(const exk_topology *topology, const exk_profiles *profiles, const exk_shape *shape,
                            exk_plan *plan);

#ifdef __cplusplus
}
#endif
#endif
