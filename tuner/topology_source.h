/* Inside the tuner: where the facts of a topology come from. topology_hwloc.c implements this if hwloc is in the
 * build, topology_assumed.c if not; topology.c turns raw facts into what the other layers see. */
#ifndef EXK_TOPOLOGY_SOURCE_H
#define EXK_TOPOLOGY_SOURCE_H

#include "tuner/topology.h"

/* Facts that only matter while a topology is loaded. */
typedef struct exk_topology_facts {
    int cores_sharing[EXK_TOPOLOGY_LEVELS]; /* cores that share one instance, ours or not */
} exk_topology_facts;

/* Fill everything but share, quota_cpus and note of a zeroed topology. */
exk_status exk_topology_discover(exk_topology *topology, exk_topology_facts *facts, exk_error *error);
void exk_topology_release(exk_topology *topology);

#endif
