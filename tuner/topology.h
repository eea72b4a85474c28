/* What the machine looks like: caches, cores, who shares what. From hwloc where it is in the build, else a stated
 * guess. */
#ifndef EXK_TOPOLOGY_H
#define EXK_TOPOLOGY_H

#include "exakt.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct exk_cache {
    int64_t size; /* bytes; 0: the level does not exist, or its size is unknown */
    int64_t
        share;   /* bytes of it that one of our cores may count on (size / cores sharing, absurd values clamped) */
    int line;    /* bytes; 0: unknown */
    int ways;    /* 0: unknown, -1: fully associative */
    int sharing; /* allowed processing units that share one instance */
} exk_cache;

enum { EXK_TOPOLOGY_LEVELS = 3, EXK_TOPOLOGY_KINDS = 8 };

typedef struct exk_topology {
    exk_cache level[EXK_TOPOLOGY_LEVELS]; /* L1d, L2, L3, of the strongest core kind */
    int pus, cores, packages, numa_nodes; /* allowed ones only */
    int quota_cpus;                       /* CPUs a cgroup quota leaves us, rounded up; 0: no quota */
    int kinds;                            /* cpukinds (hybrid cores); 1 if all alike or their order is unknown */
    int kind_pus[EXK_TOPOLOGY_KINDS];     /* allowed PUs of each kind, weakest first */
    bool this_system; /* false for a recorded or synthetic topology: nothing may be bound to it */
    char source[64];  /* "hwloc 2.9.0", "hwloc XML file ...", "assumed (built without hwloc)" */
    char note[160];   /* what was clamped or missing, or "" */
    void *handle;     /* hwloc_topology_t, for binding; NULL without hwloc */
} exk_topology;

/* Honours HWLOC_XMLFILE, HWLOC_SYNTHETIC (in that order), cpusets, the affinity mask of the process and cgroup CPU
 * limits. On failure the topology is empty. Free with exk_topology_free. */
exk_status exk_topology_load(exk_topology *topology, exk_error *error);
void exk_topology_free(exk_topology *topology);

/* How many threads to use when the user does not say: one per allowed physical core of all kinds, no more than a
 * cgroup quota feeds. */
int exk_topology_threads(const exk_topology *topology);

/* Bind the calling thread to the thread-th core (strongest kind first, one PU per core before second PUs; beyond
 * the last PU it starts again). An exk_thread_fn with user = const exk_topology *. Does nothing if the topology is
 * not this system or binding fails. */
void exk_topology_bind(int thread, void *user);

/* The os index of the PU that exk_topology_bind chooses, whatever system the topology describes; -1 if unknown. */
int exk_topology_pu(const exk_topology *topology, int thread);

/* Release the calling thread again to every allowed PU. */
void exk_topology_unbind(const exk_topology *topology);

/* Everything above in words. */
void exk_topology_print(const exk_topology *topology, FILE *out);

#ifdef __cplusplus
}
#endif
#endif
