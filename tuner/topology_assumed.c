#include "tuner/topology_source.h"

#ifndef EXAKT_HAVE_HWLOC

#include <sched.h>
#include <stdio.h>

/* The smallest caches that current processors for servers and desktops have; a tile that fits them fits all. */
static const exk_cache assumed[EXK_TOPOLOGY_LEVELS] = {
    {.size = 32 << 10, .line = 64, .ways = 8, .sharing = 1},
    {.size = 1 << 20, .line = 64, .ways = 0, .sharing = 1},
    {.size = 0},
};

static int allowed_pus(void) {
    cpu_set_t mask;
    return sched_getaffinity(0, sizeof mask, &mask) == 0 ? CPU_COUNT(&mask) : 1;
}

exk_status exk_topology_discover(exk_topology *topology, exk_topology_facts *facts, exk_error *error) {
    (void)error;
    for (int level = 0; level < EXK_TOPOLOGY_LEVELS; ++level) {
        topology->level[level] = assumed[level];
        facts->cores_sharing[level] = assumed[level].sharing;
    }
    topology->pus = topology->cores = allowed_pus();
    topology->packages = topology->numa_nodes = topology->kinds = 1;
    topology->kind_pus[0] = topology->pus;
    topology->this_system = true;
    snprintf(topology->source, sizeof topology->source, "assumed (built without hwloc)");
    return EXK_OK;
}

void exk_topology_release(exk_topology *topology) {
    (void)topology;
}

int exk_topology_pu(const exk_topology *topology, int thread) {
    (void)topology;
    (void)thread;
    return -1;
}

/* Which PUs are hyperthreads of one core is not known here, so a binding could only do harm. */
void exk_topology_bind(int thread, void *user) {
    (void)thread;
    (void)user;
}

void exk_topology_unbind(const exk_topology *topology) {
    (void)topology;
}

#endif
