/* Topologies recorded, synthetic and real. */
#include "tests/catch.hpp"
#include "tests/topologies/recorded.hpp"

#include <cstdio>
#include <cstdlib>
#include <sched.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace {

struct affinity {
    cpu_set_t mask;
    affinity() {
        CPU_ZERO(&mask);
        sched_getaffinity(0, sizeof mask, &mask);
    }
    ~affinity() {
        sched_setaffinity(0, sizeof mask, &mask);
    }
    bool unchanged() const {
        affinity now;
        return CPU_EQUAL(&mask, &now.mask);
    }
    int last() const {
        int cpu = CPU_SETSIZE - 1;
        while (cpu > 0 && !CPU_ISSET(cpu, &mask))
            --cpu;
        return cpu;
    }
};

std::string printed(const exk_topology &topology) {
    char *text = nullptr;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    exk_topology_print(&topology, out);
    fclose(out);
    std::string result(text, size);
    free(text);
    return result;
}

struct level_facts {
    int64_t size_kib, share_kib;
    int ways, sharing;
};

struct expected_machine {
    const char *file;
    level_facts level[3];
    int pus, cores, packages, numa_nodes, kinds;
};

const expected_machine machines[] = {
    {"no-l3-a72.xml", {{32, 32, 2, 1}, {1024, 256, 16, 4}, {0, 0, 0, 0}}, 4, 4, 1, 1, 1},
    {"l1-48k-12way.xml", {{48, 48, 12, 2}, {2048, 2048, 16, 2}, {30720, 3840, 15, 16}}, 16, 8, 1, 1, 1},
    {"hybrid-8p-8e.xml", {{48, 48, 12, 2}, {1280, 1280, 10, 2}, {30720, 1920, 12, 24}}, 24, 16, 1, 1, 2},
    {"big-little.xml", {{64, 64, 4, 1}, {512, 512, 8, 1}, {2048, 256, 16, 8}}, 8, 8, 1, 1, 2},
    {"epyc-64.xml", {{32, 32, 8, 1}, {512, 512, 8, 1}, {32768, 4096, 16, 8}}, 64, 64, 1, 1, 1},
    {"two-socket.xml", {{32, 32, 8, 1}, {1024, 1024, 16, 1}, {11264, 1408, 11, 8}}, 16, 16, 2, 2, 1},
    {"vm-l3-260mb.xml", {{48, 48, 12, 1}, {2048, 2048, 16, 1}, {266240, 4096, 20, 2}}, 2, 2, 1, 1, 1},
    {"one-core-unknown-ways.xml", {{32, 32, 0, 1}, {256, 256, 0, 1}, {8192, 4096, 0, 1}}, 1, 1, 1, 1, 1},
    {"fully-associative.xml", {{32, 32, -1, 1}, {512, 512, -1, 1}, {4096, 2048, -1, 2}}, 2, 2, 1, 1, 1},
    {"no-l2.xml", {{32, 32, 8, 1}, {0, 0, 0, 0}, {8192, 2048, 16, 4}}, 4, 4, 1, 1, 1},
    {"unknown-sizes.xml", {{0, 0, 0, 1}, {512, 512, 8, 1}, {0, 0, 0, 2}}, 2, 2, 1, 1, 1},
    {"no-caches.xml", {{0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}}, 3, 3, 1, 1, 1},
    {"cpuset-2-of-8.xml", {{32, 32, 8, 1}, {512, 512, 8, 1}, {16384, 2048, 16, 2}}, 2, 2, 1, 1, 1},
};

} // namespace

TEST_CASE("recorded machines are read as they are", "[topology]") {
    if (!topology_replay_works())
        return;
    for (const expected_machine &machine : machines) {
        INFO(machine.file);
        recorded_topology topology(machine.file);
        REQUIRE(topology.status == EXK_OK);
        for (int i = 0; i < EXK_TOPOLOGY_LEVELS; ++i) {
            INFO("L" << i + 1);
            CHECK(topology->level[i].size == machine.level[i].size_kib << 10);
            CHECK(topology->level[i].share == machine.level[i].share_kib << 10);
            CHECK(topology->level[i].ways == machine.level[i].ways);
            CHECK(topology->level[i].sharing == machine.level[i].sharing);
        }
        CHECK(topology->pus == machine.pus);
        CHECK(topology->cores == machine.cores);
        CHECK(topology->packages == machine.packages);
        CHECK(topology->numa_nodes == machine.numa_nodes);
        CHECK(topology->kinds == machine.kinds);
        CHECK_FALSE(topology->this_system);
        CHECK(exk_topology_threads(topology.get()) == machine.cores);
        CHECK(std::string(topology->source) == std::string("hwloc XML file ") + machine.file);
    }
}

TEST_CASE("what was clamped or missing is noted", "[topology]") {
    if (!topology_replay_works())
        return;
    CHECK(std::string(recorded_topology("vm-l3-260mb.xml")->note).find("4096 KiB each") != std::string::npos);
    CHECK(std::string(recorded_topology("no-caches.xml")->note) == "no cache sizes known");
    CHECK(std::string(recorded_topology("unknown-sizes.xml")->note) == "L1d size unknown");
    CHECK(std::string(recorded_topology("epyc-64.xml")->note).empty());
}

TEST_CASE("threads go to strong cores first, to one PU of a core before the second", "[topology]") {
    if (!topology_replay_works())
        return;
    recorded_topology hybrid("hybrid-8p-8e.xml");
    CHECK(hybrid->kind_pus[0] == 8);
    CHECK(hybrid->kind_pus[1] == 16);
    CHECK(exk_topology_pu(hybrid.get(), 0) == 0);
    CHECK(exk_topology_pu(hybrid.get(), 7) == 14);
    CHECK(exk_topology_pu(hybrid.get(), 8) == 16);
    CHECK(exk_topology_pu(hybrid.get(), 15) == 23);
    CHECK(exk_topology_pu(hybrid.get(), 16) == 1);
    CHECK(exk_topology_pu(hybrid.get(), 24) == 0);
    recorded_topology little("big-little.xml");
    CHECK(exk_topology_pu(little.get(), 0) == 4);
    CHECK(exk_topology_pu(little.get(), 4) == 0);
    recorded_topology cpuset("cpuset-2-of-8.xml");
    CHECK(exk_topology_pu(cpuset.get(), 0) == 2);
    CHECK(exk_topology_pu(cpuset.get(), 1) == 5);
    CHECK(exk_topology_pu(cpuset.get(), -1) == -1);
}

TEST_CASE("nothing is bound to a machine that is not this one", "[topology]") {
    if (!topology_replay_works())
        return;
    affinity before;
    for (const expected_machine &machine : machines) {
        INFO(machine.file);
        recorded_topology topology(machine.file);
        for (int thread = -1; thread < machine.pus + 1; ++thread)
            exk_topology_bind(thread, topology.get());
        exk_topology_unbind(topology.get());
        CHECK(before.unchanged());
    }
}

TEST_CASE("synthetic topologies", "[topology]") {
    if (!topology_replay_works())
        return;
    environment synthetic("HWLOC_SYNTHETIC",
                          "pack:2 l3:1(size=8388608) l2:4(size=524288) l1d:1(size=32768) core:1 pu:2");
    loaded_topology topology;
    REQUIRE(topology.status == EXK_OK);
    CHECK(topology->cores == 8);
    CHECK(topology->pus == 16);
    CHECK(topology->packages == 2);
    CHECK(topology->level[2].share == 2 << 20);
    CHECK(topology->level[0].ways == 0);
    CHECK_FALSE(topology->this_system);
}

TEST_CASE("a topology that cannot be read is an error, not this machine", "[topology]") {
    if (!topology_replay_works())
        return;
    {
        environment xml("HWLOC_XMLFILE", "/nowhere/machine.xml");
        loaded_topology topology;
        CHECK(topology.status == EXK_ERR_FILE);
        CHECK(std::string(topology.error.message).find("/nowhere/machine.xml") != std::string::npos);
        CHECK(topology->pus == 0);
    }
    environment synthetic("HWLOC_SYNTHETIC", "core:many");
    loaded_topology topology;
    CHECK(topology.status == EXK_ERR_FORMAT);
    CHECK(topology.error.status == EXK_ERR_FORMAT);
}

TEST_CASE("this machine", "[topology]") {
    loaded_topology topology;
    REQUIRE(topology.status == EXK_OK);
    affinity allowed;
    CHECK(topology->this_system);
    CHECK(topology->pus == CPU_COUNT(&allowed.mask));
    CHECK(topology->cores >= 1);
    CHECK(topology->cores <= topology->pus);
    CHECK(exk_topology_threads(topology.get()) >= 1);
    CHECK(exk_topology_threads(topology.get()) <= topology->cores);
    CHECK(topology->source[0] != '\0');
    for (const exk_cache &cache : topology->level)
        CHECK(cache.share <= cache.size);
}

TEST_CASE("binding puts a thread on one PU, unbinding gives all of them back", "[topology]") {
    if (!topology_replay_works())
        return;
    affinity before;
    loaded_topology topology;
    for (int thread = 0; thread < topology->pus; ++thread) {
        exk_topology_bind(thread, topology.get());
        affinity bound;
        CHECK(CPU_COUNT(&bound.mask) == 1);
        CHECK(CPU_ISSET(exk_topology_pu(topology.get(), thread), &bound.mask));
    }
    exk_topology_unbind(topology.get());
    CHECK(before.unchanged());
}

/* In a child, which has one thread: the mask of a process is that of all its threads. */
TEST_CASE("the affinity mask of the process limits cores and threads", "[topology]") {
    affinity before;
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(before.last(), &one);
        bool right = sched_setaffinity(0, sizeof one, &one) == 0;
        exk_topology topology;
        right = right && exk_topology_load(&topology, nullptr) == EXK_OK;
        right = right && topology.pus == 1 && exk_topology_threads(&topology) == 1;
        int pu = right ? exk_topology_pu(&topology, 0) : -1;
        _exit(right && (pu == -1 || pu == before.last()) ? 0 : 1);
    }
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

TEST_CASE("a quota lowers the number of threads", "[topology]") {
    exk_topology topology = {};
    topology.cores = topology.pus = 8;
    CHECK(exk_topology_threads(&topology) == 8);
    topology.quota_cpus = 3;
    CHECK(exk_topology_threads(&topology) == 3);
    topology.quota_cpus = 99;
    CHECK(exk_topology_threads(&topology) == 8);
    topology.cores = 0;
    CHECK(exk_topology_threads(&topology) == 1);
}

TEST_CASE("a topology in words", "[topology]") {
    if (!topology_replay_works())
        return;
    std::string text = printed(*recorded_topology("hybrid-8p-8e.xml").get());
    CHECK(text.find("hybrid-8p-8e.xml (not this system)") != std::string::npos);
    CHECK(text.find("48 KiB, 12-way, line 64 B, shared by 2 PUs") != std::string::npos);
    CHECK(text.find("16, with 24 PUs") != std::string::npos);
    CHECK(text.find("2 (weakest first: 8 16 PUs)") != std::string::npos);
    CHECK(printed(*recorded_topology("no-l3-a72.xml").get()).find("L3        none") != std::string::npos);
    CHECK(printed(*recorded_topology("fully-associative.xml").get()).find("fully assoc") != std::string::npos);
    CHECK(printed(*recorded_topology("one-core-unknown-ways.xml").get()).find("unknown, sh") != std::string::npos);
}
