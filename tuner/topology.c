#include "tuner/topology.h"

#include "tuner/cgroup.h"
#include "tuner/topology_source.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

/* The most that one core may count on, per level. Processors without stacked cache give a core at most 128 KiB of
 * L1d, 3 MiB of a private L2 and 5 MiB of L3; virtual machines report the host's whole L3 (260 MB for two cores
 * has been seen) although every neighbour uses it. Where a core really has more, a smaller tile costs next to
 * nothing. */
static const int64_t share_cap[EXK_TOPOLOGY_LEVELS] = {256 << 10, 4 << 20, 4 << 20};

static void add_note(exk_topology *topology, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add_note(exk_topology *topology, const char *format, ...) {
    size_t used = strlen(topology->note);
    if (used > 0 && used + 2 < sizeof topology->note) {
        memcpy(topology->note + used, "; ", 3);
        used += 2;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(topology->note + used, sizeof topology->note - used, format, arguments);
    va_end(arguments);
}

static void set_share(exk_topology *topology, int level, int cores_sharing) {
    exk_cache *cache = &topology->level[level];
    int64_t share = cache->size / (cores_sharing > 0 ? cores_sharing : 1);
    cache->share = share < share_cap[level] ? share : share_cap[level];
    if (share > share_cap[level])
        add_note(topology, "L%d of %lld KiB for %d core%s: %lld KiB each assumed", level + 1,
                 (long long)(cache->size >> 10), cores_sharing, cores_sharing == 1 ? "" : "s",
                 (long long)(cache->share >> 10));
}

static void note_missing_caches(exk_topology *topology) {
    if (topology->level[0].size == 0 && topology->level[1].size == 0 && topology->level[2].size == 0)
        add_note(topology, "no cache sizes known");
    else if (topology->level[0].size == 0)
        add_note(topology, "L1d size unknown");
    else if (topology->level[1].size == 0)
        add_note(topology, "no L2, or its size is unknown");
}

/* A quota of 1.5 CPUs becomes 2 threads: one would leave a third of it unused. */
static void apply_quota(exk_topology *topology) {
    double cpus = exk_cgroup_cpus("");
    if (cpus <= 0 || cpus >= topology->cores)
        return;
    topology->quota_cpus = (int)ceil(cpus);
    add_note(topology, "cgroup quota: %.2f CPUs", cpus);
}

exk_status exk_topology_load(exk_topology *topology, exk_error *error) {
    exk_topology_facts facts = {{0}};
    memset(topology, 0, sizeof *topology);
    exk_status status = exk_topology_discover(topology, &facts, error);
    if (status != EXK_OK) {
        memset(topology, 0, sizeof *topology);
        return status;
    }
    for (int level = 0; level < EXK_TOPOLOGY_LEVELS; ++level)
        set_share(topology, level, facts.cores_sharing[level]);
    note_missing_caches(topology);
    if (topology->this_system)
        apply_quota(topology);
    return EXK_OK;
}

void exk_topology_free(exk_topology *topology) {
    exk_topology_release(topology);
    memset(topology, 0, sizeof *topology);
}

int exk_topology_threads(const exk_topology *topology) {
    int threads = topology->cores > 0 ? topology->cores : 1;
    return topology->quota_cpus > 0 && topology->quota_cpus < threads ? topology->quota_cpus : threads;
}

static void print_ways(const exk_cache *cache, FILE *out) {
    if (cache->ways > 0)
        fprintf(out, ", %d-way", cache->ways);
    else
        fprintf(out, ", %s", cache->ways == 0 ? "associativity unknown" : "fully associative");
}

static void print_cache(const char *name, const exk_cache *cache, FILE *out) {
    if (cache->size == 0) {
        fprintf(out, "%-9s none, or size unknown\n", name);
        return;
    }
    fprintf(out, "%-9s %lld KiB", name, (long long)(cache->size >> 10));
    print_ways(cache, out);
    if (cache->line > 0)
        fprintf(out, ", line %d B", cache->line);
    fprintf(out, ", shared by %d PU%s", cache->sharing, cache->sharing == 1 ? "" : "s");
    fprintf(out, ", %lld KiB assumed for one core\n", (long long)(cache->share >> 10));
}

static void print_kinds(const exk_topology *topology, FILE *out) {
    fprintf(out, "%-9s %d", "kinds", topology->kinds);
    if (topology->kinds > 1) {
        fprintf(out, " (weakest first:");
        for (int kind = 0; kind < topology->kinds; ++kind)
            fprintf(out, " %d", topology->kind_pus[kind]);
        fprintf(out, " PUs)");
    }
    fprintf(out, "\n");
}

void exk_topology_print(const exk_topology *topology, FILE *out) {
    static const char *const names[EXK_TOPOLOGY_LEVELS] = {"L1d", "L2", "L3"};
    fprintf(out, "%-9s %s%s\n", "source", topology->source, topology->this_system ? "" : " (not this system)");
    for (int level = 0; level < EXK_TOPOLOGY_LEVELS; ++level)
        print_cache(names[level], &topology->level[level], out);
    fprintf(out, "%-9s %d, with %d PU%s\n", "cores", topology->cores, topology->pus,
            topology->pus == 1 ? "" : "s");
    print_kinds(topology, out);
    fprintf(out, "%-9s %d\n%-9s %d\n", "packages", topology->packages, "NUMA", topology->numa_nodes);
    fprintf(out, "%-9s %d by default\n", "threads", exk_topology_threads(topology));
    if (topology->note[0])
        fprintf(out, "%-9s %s\n", "note", topology->note);
}
