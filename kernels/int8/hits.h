/* Which centroids of a group a limit does not rule out, for each point of a panel. */
#ifndef EXK_INT8_HITS_H
#define EXK_INT8_HITS_H

#include "kernels/int8/groups.h"

_Static_assert(GROUP <= 32, "hits of a group are bits of 32");
static const uint32_t ALL_PLACES = (uint32_t)((UINT64_C(1) << GROUP) - 1);

/* hits[slot]: those that are not in above[slot], bar former[slot], the point's label: it needs no listing. `first`
 * is the number of the group's first centroid, counted like the former ones. Bit `slot` of the outcome: there are
 * any. */
static inline uint64_t find_hits(const uint32_t above[PANEL_POINTS], const int32_t former[PANEL_POINTS],
                                 int32_t first, uint32_t hits[PANEL_POINTS]) {
    const vec_f32 zero = vec_set1(0.0f);
    uint64_t found = 0;
    for (int slot = 0; slot < PANEL_POINTS; slot++) {
        const uint32_t place = (uint32_t)(former[slot] - first);
        hits[slot] = ~above[slot] & ALL_PLACES & ~(place < GROUP ? UINT32_C(1) << place : 0);
    }
    for (int slot = 0; slot < PANEL_POINTS; slot += VEC_LANES) {
        const vec_f32 some = vec_from_i32(vec_load_i32((const int32_t *)hits + slot));
        found |= (uint64_t)(vec_bits(vec_less(some, zero)) | vec_bits(vec_less(zero, some))) << slot;
    }
    return found;
}

#endif
