/* Cache misses by simulation, where no hardware counts them: valgrind's cachegrind runs a small case of the same
 * dimensions and clusters with a variant and tiles, in a process of its own. Cachegrind knows two levels and one
 * thread, which gets one core's share of each cache, and neither AVX-512 nor prefetching: L2 and L3 are simulated
 * one after the other as the last level, and a variant it cannot run is represented by its twin for AVX2 or
 * without vectors. What surrounds the iterations is left out by running the case twice, with one iteration and
 * with more. */
#ifndef EXK_SIMULATE_H
#define EXK_SIMULATE_H

#include "harness/counts.h"
#include "kernels/variant.h"
#include "tuner/topology.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The events of a simulation, for counts_create. */
void simulate_list(exk_counters *counters);

/* A geometry that cachegrind takes: lines and sets are powers of two. */
typedef struct simulated_cache {
    int64_t size; /* 0: the level is not there, or unknown */
    int ways, line;
    bool rounded; /* it is not what the machine reports */
    bool shared;  /* only the part that one core may count on */
} simulated_cache;

/* The nearest legal one to what one core may count on, ways and line kept; unknown or infinite ways become 16, an
 * unknown line 64. */
simulated_cache simulate_cache(const exk_cache *cache);

/* What is simulated for a shape and a plan. */
typedef struct simulated_case {
    exk_shape shape;
    exk_plan plan; /* of the twin, for one thread */
} simulated_case;

/* False, and why, if no case is small enough, or cachegrind can run no variant of that strategy. */
bool simulate_choose(const exk_shape *shape, const exk_plan *plan, simulated_case *c, char *why, size_t size);

/* The values of the line "summary: ..." under the names of the line "events: ..." of cachegrind's file; false if
 * one of the wanted is not there. */
bool simulate_parse(const char *text, const char *const *wanted, int count, double *values);

/* Run it and fill a table that was made for simulate_list; its scope says what was simulated. What fails is
 * unknown with the reason. topology NULL: unknown. Takes seconds. */
void simulate_counts(const exk_topology *topology, const simulated_case *c, count_table *table);

/* All unknown, for this reason. */
void simulate_refuse(count_table *table, const char *why);

#ifdef __cplusplus
}
#endif

#endif
