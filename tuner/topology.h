/* What the machine looks like: caches, cores, who shares what. From hwloc where it is in the build, else a stated guess. */
#ifndef EXK_TOPOLOGY_H
#define EXK_TOPOLOGY_H

#include "exakt.h"

typedef struct exk_cache {
    int64_t size; /* bytes; 0: the level does not exist */
    int64_t share; /* bytes of it that one of our cores may count on (size / cores sharing, absurd values clamped) */
    int line;     /* bytes */
    int ways;     /* 0: unknown, -1: fully associative */
    int sharing;  /* allowed processing units that share one instance */
} exk_cache;

enum { EXK_TOPOLOGY_KINDS = 8 };

typedef struct exk_topology {
    exk_cache level[3]; /* L1d, L2, L3, of the strongest core kind */
    int pus, cores, packages, numa_nodes; /* allowed ones only */
    int kinds;                            /* cpukinds (hybrid cores); 1 if all alike or unknown */
    int kind_pus[EXK_TOPOLOGY_KINDS];     /* allowed PUs of each kind, weakest first */
    bool this_system;                     /* false for a recorded or synthetic topology: nothing may be bound to it */
    char source[64];                      /* "hwloc 2.9.0", "hwloc XML file ...", "assumed (built without hwloc)" */
    char note[160];                       /* what was clamped or missing, or "" */
    void *handle;                         /* hwloc_topology_t, for binding; NULL without hwloc */
} exk_topology;

/* Honours HWLOC_XMLFILE, HWLOC_SYNTHETIC, cpusets and cgroup CPU limits. Free with exk_topology_free. */
exk_status exk_topology_load(exk_topology *topology, exk_error *error);
void exk_topology_free(exk_topology *topology);

/* How many threads to use when the user does not say: one per allowed physical core of all kinds. */
int exk_topology_threads(const exk_topology *topology);

/* Bind the calling thread to the thread-th core (strongest kind first, one PU per core before second PUs). An exk_thread_fn
 * with user = const exk_topology *. Does nothing if the topology is not this system or binding fails. */
void exk_topology_bind(int thread, void *user);

/* Release the calling thread again to every allowed PU. */
void exk_topology_unbind(const exk_topology *topology);

#endif
