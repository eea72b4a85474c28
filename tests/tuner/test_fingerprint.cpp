/* Fingerprints: of this machine, of recorded ones, of Arm's files. */
#include "tests/test_datasets.hpp"
#include "tests/topologies/recorded.hpp"
#include "tuner/fingerprint.h"

#include <filesystem>
#include <set>
#include <string>

using datasets_test::TempDir;

namespace {

exk_fingerprint taken(const exk_topology *topology) {
    exk_fingerprint fingerprint;
    exk_fingerprint_take(topology, &fingerprint);
    return fingerprint;
}

bool contains(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

std::string cpu_under(const TempDir &root) {
    char text[256];
    exk_cpu_from_files(root.path().c_str(), text, sizeof text);
    return text;
}

void write_under(const TempDir &root, const std::string &name, const std::string &text) {
    std::filesystem::create_directories(std::filesystem::path(root / name).parent_path());
    root.write(name, text);
}

std::string core(const std::string &part, const std::string &variant, const std::string &revision) {
    return "processor\t: 0\nBogoMIPS\t: 50.00\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: " +
           variant + "\nCPU part\t: " + part + "\nCPU revision\t: " + revision + "\n\n";
}

} // namespace

TEST_CASE("a fingerprint is the same every time, whatever EXAKT_ISA hides", "[fingerprint]") {
    loaded_topology topology;
    REQUIRE(topology.status == EXK_OK);
    const exk_fingerprint first = taken(topology.get());
    CHECK(exk_is_hash(first.hash));
    CHECK(contains(first.text, "cpu="));
    CHECK(contains(first.text, "; isas=scalar"));
    CHECK(contains(first.text, std::string("; caches=") + first.geometry));
    CHECK(contains(first.text, "; pus=" + std::to_string(topology->pus)));
    environment masked("EXAKT_ISA", "scalar");
    const exk_fingerprint second = taken(topology.get());
    CHECK(std::string(second.text) == first.text);
    CHECK(std::string(second.hash) == first.hash);
}

TEST_CASE("machines with other caches, cores or kinds have other fingerprints", "[fingerprint]") {
    if (!topology_replay_works())
        return;
    std::set<std::string> hashes;
    for (const char *file : {"l1-48k-12way.xml", "hybrid-8p-8e.xml", "big-little.xml", "epyc-64.xml",
                             "two-socket.xml", "vm-l3-260mb.xml", "no-caches.xml"})
        hashes.insert(taken(recorded_topology(file).get()).hash);
    CHECK(hashes.size() == 7);
    const exk_fingerprint hybrid = taken(recorded_topology("hybrid-8p-8e.xml").get());
    CHECK(std::string(hybrid.geometry) == "L1d 48K/12/64/2, L2 1280K/10/64/2, L3 30720K/12/64/24");
    CHECK(contains(hybrid.text, "; pus=24; cores=16; kinds=8+16"));
    CHECK(std::string(taken(recorded_topology("no-caches.xml").get()).geometry) == "unknown");
}

TEST_CASE("what hwloc does not tell is unknown, not assumed", "[fingerprint]") {
    exk_topology topology = {};
    topology.pus = topology.cores = topology.kinds = 1;
    topology.level[0].size = 32 << 10;
    const exk_fingerprint fingerprint = taken(&topology);
    CHECK(std::string(fingerprint.geometry) == "unknown");
    CHECK(contains(fingerprint.text, "; caches=unknown; pus=1; cores=unknown; kinds=unknown"));
}

TEST_CASE("an Arm CPU is known by its kinds of core, each once, in order", "[fingerprint]") {
    const TempDir root;
    CHECK(cpu_under(root) == "unknown");
    write_under(root, "sys/devices/system/cpu/cpu0/regs/identification/midr_el1", "0x00000000410fd0c1\n");
    CHECK(cpu_under(root) == "MIDR 0x00000000410fd0c1");
    write_under(root, "proc/cpuinfo", "processor : 0\nvendor_id : Other\nCPU part : 0x1\n");
    CHECK(cpu_under(root) == "MIDR 0x00000000410fd0c1");
    const std::string little = core("0xd05", "0x1", "0"), big = core("0xd0a", "0x1", "1");
    write_under(root, "proc/cpuinfo", big + little + big + little);
    CHECK(cpu_under(root) == "0x41/0xd05/0x1/0+0x41/0xd0a/0x1/1");
    write_under(root, "proc/cpuinfo", little + little + big + big);
    CHECK(cpu_under(root) == "0x41/0xd05/0x1/0+0x41/0xd0a/0x1/1");
}

TEST_CASE("absurd files make no absurd fingerprint", "[fingerprint]") {
    const TempDir root;
    std::string many;
    for (int i = 0; i < 300; i++)
        many += core("0x" + std::to_string(i), "0x1", std::string(400, '9'));
    write_under(root, "proc/cpuinfo", many + std::string(100000, ':'));
    CHECK(cpu_under(root).size() < 256);
    char little[8];
    exk_cpu_from_files(root.path().c_str(), little, sizeof little);
    CHECK(std::string(little).size() == 7);
    CHECK(cpu_under(root).substr(0, 7) == little);
}

TEST_CASE("hashes are sixteen lower-case hexadecimal digits", "[fingerprint]") {
    char build[EXK_HASH_ROOM], registry[EXK_HASH_ROOM];
    exk_build_hash(build);
    exk_registry_hash(registry);
    CHECK(exk_is_hash(build));
    CHECK(exk_is_hash(registry));
    CHECK(std::string(build) != registry);
    for (const char *bad : {"", "0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF", "0123456789abcdeg"})
        CHECK_FALSE(exk_is_hash(bad));
}
