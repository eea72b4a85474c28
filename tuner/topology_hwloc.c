#include "tuner/topology_source.h"

#ifdef EXAKT_HAVE_HWLOC

#include "kernels/status.h"

#include <errno.h>
#include <hwloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static exk_status set_source(hwloc_topology_t handle, exk_topology *topology, exk_error *error) {
    const char *xml = getenv("HWLOC_XMLFILE");
    const char *synthetic = getenv("HWLOC_SYNTHETIC");
    /* Left to itself, hwloc describes this machine when it cannot read what the variables name. */
    if (xml && *xml) {
        if (hwloc_topology_set_xml(handle, xml) != 0)
            return exk_fail(error, EXK_ERR_FILE, "HWLOC_XMLFILE=%s: %s", xml, strerror(errno));
        const char *slash = strrchr(xml, '/');
        snprintf(topology->source, sizeof topology->source, "hwloc XML file %s", slash ? slash + 1 : xml);
    } else if (synthetic && *synthetic) {
        if (hwloc_topology_set_synthetic(handle, synthetic) != 0)
            return exk_fail(error, EXK_ERR_FORMAT, "HWLOC_SYNTHETIC=%s: not a topology", synthetic);
        snprintf(topology->source, sizeof topology->source, "hwloc synthetic %s", synthetic);
    }
    return EXK_OK;
}

/* hwloc knows cpusets, but not the mask that taskset or a batch system gave this process. */
static void restrict_to_affinity(hwloc_topology_t handle) {
    hwloc_bitmap_t mask = hwloc_bitmap_alloc();
    if (mask && hwloc_get_cpubind(handle, mask, HWLOC_CPUBIND_PROCESS) == 0 &&
        hwloc_bitmap_intersects(mask, hwloc_topology_get_topology_cpuset(handle)))
        hwloc_topology_restrict(handle, mask, HWLOC_RESTRICT_FLAG_REMOVE_CPULESS);
    hwloc_bitmap_free(mask);
}

/* Old or virtual machines may show PUs without cores. */
static hwloc_obj_type_t core_type(hwloc_topology_t handle) {
    return hwloc_get_nbobjs_by_type(handle, HWLOC_OBJ_CORE) > 0 ? HWLOC_OBJ_CORE : HWLOC_OBJ_PU;
}

static int count(hwloc_topology_t handle, hwloc_obj_type_t type) {
    int number = hwloc_get_nbobjs_by_type(handle, type);
    return number > 0 ? number : 1;
}

/* Kinds whose order hwloc does not know are no help in choosing the strongest. */
static int ordered_kinds(hwloc_topology_t handle) {
    int kinds = hwloc_cpukinds_get_nr(handle, 0);
    int efficiency = -1;
    if (kinds > 1)
        hwloc_cpukinds_get_info(handle, (unsigned)kinds - 1, NULL, &efficiency, NULL, NULL, 0);
    return efficiency >= 0 ? kinds : 1;
}

/* The PUs of a kind, 0 the weakest; NULL without memory. A PU that no kind claims belongs to the weakest, as do
 * the kinds below the EXK_TOPOLOGY_KINDS strongest. */
static hwloc_bitmap_t kind_cpuset(hwloc_topology_t handle, int kinds, int kind) {
    int all = ordered_kinds(handle);
    hwloc_bitmap_t other = hwloc_bitmap_alloc();
    hwloc_bitmap_t cpuset = hwloc_bitmap_dup(hwloc_topology_get_topology_cpuset(handle));
    if (!other || !cpuset) {
        hwloc_bitmap_free(other);
        hwloc_bitmap_free(cpuset);
        return NULL;
    }
    if (kind > 0)
        hwloc_cpukinds_get_info(handle, (unsigned)(all - kinds + kind), cpuset, NULL, NULL, NULL, 0);
    for (int above = kind + 1; above < kinds && kind == 0; ++above)
        if (hwloc_cpukinds_get_info(handle, (unsigned)(all - kinds + above), other, NULL, NULL, NULL, 0) == 0)
            hwloc_bitmap_andnot(cpuset, cpuset, other);
    hwloc_bitmap_and(cpuset, cpuset, hwloc_topology_get_topology_cpuset(handle));
    hwloc_bitmap_free(other);
    return cpuset;
}

static void find_kinds(hwloc_topology_t handle, exk_topology *topology) {
    int kinds = ordered_kinds(handle);
    topology->kinds = kinds < EXK_TOPOLOGY_KINDS ? kinds : EXK_TOPOLOGY_KINDS;
    for (int kind = 0; kind < topology->kinds; ++kind) {
        hwloc_bitmap_t cpuset = kind_cpuset(handle, topology->kinds, kind);
        topology->kind_pus[kind] = cpuset ? hwloc_bitmap_weight(cpuset) : 0;
        hwloc_bitmap_free(cpuset);
    }
}

static int strongest_kind(const exk_topology *topology) {
    int kind = topology->kinds - 1;
    while (kind > 0 && topology->kind_pus[kind] == 0)
        --kind;
    return kind;
}

/* Cores outside our cpuset use a shared cache too, but only their PUs are still known. */
static int cores_sharing(hwloc_topology_t handle, const struct hwloc_obj *cache) {
    int cores = hwloc_get_nbobjs_inside_cpuset_by_type(handle, cache->cpuset, core_type(handle));
    int pus = hwloc_bitmap_weight(cache->cpuset);
    int all_pus = hwloc_bitmap_weight(cache->complete_cpuset);
    return cores > 0 && all_pus > pus ? cores * all_pus / pus : cores;
}

static void find_caches(hwloc_topology_t handle, exk_topology *topology, exk_topology_facts *facts) {
    hwloc_bitmap_t cpuset = kind_cpuset(handle, topology->kinds, strongest_kind(topology));
    hwloc_obj_t object =
        cpuset ? hwloc_get_pu_obj_by_os_index(handle, (unsigned)hwloc_bitmap_first(cpuset)) : NULL;
    hwloc_bitmap_free(cpuset);
    for (; object; object = object->parent) {
        if (!hwloc_obj_type_is_dcache(object->type) || object->attr->cache.depth > EXK_TOPOLOGY_LEVELS)
            continue;
        int level = (int)object->attr->cache.depth - 1;
        topology->level[level] = (exk_cache){.size = (int64_t)object->attr->cache.size,
                                             .line = (int)object->attr->cache.linesize,
                                             .ways = object->attr->cache.associativity,
                                             .sharing = hwloc_bitmap_weight(object->cpuset)};
        facts->cores_sharing[level] = cores_sharing(handle, object);
    }
}

static void find_all(hwloc_topology_t handle, exk_topology *topology, exk_topology_facts *facts) {
    topology->pus = count(handle, HWLOC_OBJ_PU);
    topology->cores = count(handle, core_type(handle));
    topology->packages = count(handle, HWLOC_OBJ_PACKAGE);
    topology->numa_nodes = count(handle, HWLOC_OBJ_NUMANODE);
    find_kinds(handle, topology);
    find_caches(handle, topology, facts);
    if (topology->source[0] == '\0') {
        const char *version = hwloc_obj_get_info_by_name(hwloc_get_root_obj(handle), "hwlocVersion");
        snprintf(topology->source, sizeof topology->source, "hwloc %s", version ? version : "2");
    }
}

exk_status exk_topology_discover(exk_topology *topology, exk_topology_facts *facts, exk_error *error) {
    hwloc_topology_t handle;
    if (hwloc_topology_init(&handle) != 0)
        return exk_fail(error, EXK_ERR_MEMORY, "hwloc cannot start: %s", strerror(errno));
    exk_status status = set_source(handle, topology, error);
    if (status == EXK_OK && hwloc_topology_load(handle) != 0)
        status = exk_fail(error, EXK_ERR_FORMAT, "%s: hwloc cannot load this topology",
                          topology->source[0] ? topology->source : "this machine");
    if (status != EXK_OK) {
        hwloc_topology_destroy(handle);
        return status;
    }
    topology->this_system = hwloc_topology_is_thissystem(handle) != 0;
    if (topology->this_system)
        restrict_to_affinity(handle);
    find_all(handle, topology, facts);
    topology->handle = handle;
    return EXK_OK;
}

void exk_topology_release(exk_topology *topology) {
    if (topology->handle)
        hwloc_topology_destroy(topology->handle);
}

/* The nth of the PUs in cpuset that are the rank-th of their core; what is left of nth if there are too few. */
static hwloc_obj_t nth_pu(hwloc_topology_t handle, hwloc_const_cpuset_t cpuset, unsigned rank, int *nth) {
    hwloc_obj_t core = NULL;
    while ((core = hwloc_get_next_obj_by_type(handle, core_type(handle), core)) != NULL) {
        hwloc_obj_t pu = hwloc_get_obj_inside_cpuset_by_type(handle, core->cpuset, HWLOC_OBJ_PU, rank);
        if (pu && hwloc_bitmap_isset(cpuset, pu->os_index) && (*nth)-- == 0)
            return pu;
    }
    return NULL;
}

static hwloc_obj_t thread_pu(const exk_topology *topology, int thread) {
    hwloc_obj_t pu = NULL;
    int nth = thread % topology->pus;
    for (unsigned rank = 0; !pu && rank < (unsigned)topology->pus; ++rank) {
        for (int kind = topology->kinds - 1; !pu && kind >= 0; --kind) {
            hwloc_bitmap_t cpuset = kind_cpuset(topology->handle, topology->kinds, kind);
            pu = cpuset ? nth_pu(topology->handle, cpuset, rank, &nth) : NULL;
            hwloc_bitmap_free(cpuset);
        }
    }
    return pu;
}

int exk_topology_pu(const exk_topology *topology, int thread) {
    hwloc_obj_t pu = topology->handle && thread >= 0 ? thread_pu(topology, thread) : NULL;
    return pu ? (int)pu->os_index : -1;
}

void exk_topology_bind(int thread, void *user) {
    const exk_topology *topology = user;
    if (!topology->handle || !topology->this_system || thread < 0)
        return;
    hwloc_obj_t pu = thread_pu(topology, thread);
    if (pu)
        hwloc_set_cpubind(topology->handle, pu->cpuset, HWLOC_CPUBIND_THREAD);
}

void exk_topology_unbind(const exk_topology *topology) {
    if (topology->handle && topology->this_system)
        hwloc_set_cpubind(topology->handle, hwloc_topology_get_topology_cpuset(topology->handle),
                          HWLOC_CPUBIND_THREAD);
}

#endif
