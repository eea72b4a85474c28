// exakt explain: the numbers it shows are those of the model, on this machine and on recorded ones.
#include "tests/cli/program.hpp"
#include "tests/topologies/recorded.hpp"
#include "tuner/plan.h"

#include <cstdio>
#include <sched.h>

using namespace program_test;

namespace {

const char *const machines[] = {"no-l3-a72.xml", "l1-48k-12way.xml", "hybrid-8p-8e.xml", "big-little.xml",
                                "epyc-64.xml",   "two-socket.xml",   "vm-l3-260mb.xml",  "no-caches.xml"};

outcome explain_on(const folder &f, const std::string &machine, arguments words) {
    const std::string path = std::string(EXAKT_TESTS_DIR "/topologies/") + machine;
    words.insert(words.begin(), "explain");
    return f.run(words, [&] { setenv("HWLOC_XMLFILE", path.c_str(), 1); });
}

} // namespace

TEST_CASE("recorded machines are explained with their own numbers", "[cli]") {
    if (!topology_replay_works())
        return;
    for (const char *machine : machines) {
        const folder f;
        INFO(machine);
        recorded_topology topology(machine);
        const exk_shape shape = {200000, 768, 1000};
        exk_plan plan = {};
        plan.variant = "assign_f32_fused__scalar";
        plan.threads = exk_topology_threads(topology.get());
        exk_plan_model(topology.get(), &shape, &plan);
        const outcome o = explain_on(f, machine, {"200000x768x1000", "--variant", "fused__scalar"});
        INFO(o.err << o.out);
        CHECK(o.code == 0);
        CHECK(o.err.empty());
        CHECK(contains(o.out, "not this system"));
        CHECK(contains(o.out, "model           point_tile " + std::to_string(plan.point_tile) +
                                  ", centroid_tile " + std::to_string(plan.centroid_tile) + ", depth_tile " +
                                  std::to_string(plan.depth_tile) + "\n"));
        CHECK(contains(o.out, std::to_string(plan.threads) + " thread"));
        CHECK(!contains(o.out, "Predicted and measured"));
        CHECK(!std::filesystem::exists(f.at("cache")));
    }
}

TEST_CASE("a plan's reasons are those it was made for", "[cli]") {
    if (!topology_replay_works())
        return;
    for (const char *machine : machines) {
        recorded_topology topology(machine);
        for (const char *name : {"assign_f32_fused__scalar", "assign_f32_tiled__scalar"}) {
            INFO(machine << " " << name);
            const exk_shape shape = {200000, 768, 1000};
            exk_plan plan = {};
            plan.variant = name;
            plan.threads = 2;
            const bool modelled = std::string(exk_plan_model(topology.get(), &shape, &plan)) == "model";
            const exk_plan_reason r = exk_plan_explain(topology.get(), &shape, &plan);
            CHECK(r.usable == modelled);
            if (!modelled)
                continue;
            CHECK(plan.depth_tile <= std::max<int64_t>(std::min(r.depth_fits, r.fold), 4));
            CHECK(plan.centroid_tile <= std::max(r.centroids_fit, r.mr));
            CHECK(plan.point_tile <= std::max(std::min(r.points_fit, r.points_most), r.unit));
            CHECK(plan.point_tile % r.unit == 0);
        }
    }
}

TEST_CASE("explain tells of work, machine, kernel, tiles and footprint", "[cli]") {
    const folder f;
    const outcome o = f.run({"explain", "100000x64x256", "--threads", "1"});
    INFO(o.err << o.out);
    CHECK(o.code == 0);
    for (const char *part : {"The work of one pass", "2 n d k = 3.277 billion", "The machine", "The kernel",
                             "The tiles, by the model", "a run takes     ", "Where everything lies during a pass",
                             "What a pass takes at least", "exakt tune 100000x64x256"})
        CHECK(contains(o.out, part));
    CHECK(contains(f.run({"explain", "100000x64x256", "--variant", "naive"}).out, "matrix_bytes    "));
    REQUIRE(f.run({"gen", "blobs,n=500,d=3", "p.npy"}).code == 0);
    const outcome file = f.run({"explain", "p.npy", "-k", "7"});
    CHECK(file.code == 0);
    CHECK(contains(file.out, "n = 500 points, d = 3 dimensions, k = 7 centroids"));
}

TEST_CASE("what was tuned is explained, and drawn", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    const outcome tuned =
        f.run({"tune", "3000x6x9", "--variants", "fused*", "--threads", "1", "--budget", "0.3", "--grid"});
    INFO(tuned.err << tuned.out);
    REQUIRE(tuned.code == 0);
    const outcome o = f.run({"explain", "3000x6x9", "--threads", "1"});
    INFO(o.out);
    CHECK(contains(o.out, "from the profile"));
    CHECK((contains(o.out, "The model was right") || contains(o.out, "The model was wrong by")));
    CHECK(contains(o.out, "Around the winner, one tile at a time:\n  point_tile"));
    const outcome json = f.run({"explain", "3000x6x9", "--threads", "1", "--json", "-"});
    check_parses(json.out);
    CHECK(contains(json.out, "\"is_chosen\":\ttrue"));
    CHECK(contains(json.out, "\"schema\":\t\"exakt explain 2\""));
    const outcome drawn = f.run({"explain", "3000x6x9", "--threads", "1", "--heat-map", "map.png"});
    CHECK(drawn.code == 0);
    const std::string table = content(f.at("map.csv"));
    CHECK(table.rfind("variant,n,d,k,threads,x,y,point_tile,centroid_tile,depth_tile,seconds,slower_percent,mark",
                      0) == 0);
    CHECK(contains(table, "winner\n"));
    CHECK(contains(drawn.out, "map.csv"));
    if (contains(drawn.out, "Picture:"))
        CHECK(content(f.at("map.png")).substr(1, 3) == "PNG");
}

TEST_CASE("explain refuses what it does not understand", "[cli]") {
    const folder f;
    check_refused(f.run({"explain"}), 2, "an argument is missing");
    check_refused(f.run({"explain", "20x3"}), 2, "not a shape");
    check_refused(f.run({"explain", "gen:blobs,n=50,d=3"}), 2, "-k: missing");
    check_refused(f.run({"explain", "gen:blobs,n=50,d=3", "-k", "51"}), 2, "51 clusters for 50 points");
    check_refused(f.run({"explain", "20x3x4", "--variant", "fusedd"}), 6, "no such variant");
    check_refused(f.run({"explain", "20x3x4", "--json", "/no/such/folder/f"}), has_json() ? 7 : 2,
                  has_json() ? "cannot be written" : "cJSON");
    check_refused(f.run({"explain", "20x3x4", "--heat-map", "/no/such/folder/f.png"}), 7, "cannot be written");
}

TEST_CASE("one allowed processor means one thread", "[cli]") {
    const folder f;
    const outcome o = f.run({"explain", "3000x6x9"}, [] {
        cpu_set_t allowed, one;
        CPU_ZERO(&one);
        sched_getaffinity(0, sizeof allowed, &allowed);
        for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
            if (CPU_ISSET(cpu, &allowed))
                CPU_SET(cpu, &one);
        sched_setaffinity(0, sizeof one, &one);
    });
    CHECK(o.code == 0);
    CHECK(contains(o.out, "k = 9 centroids, 1 thread;"));
}

TEST_CASE("counters of the tuned plan are kept and explained", "[cli]") {
    const folder f;
    const outcome nothing = f.run({"explain", "3000x8x16", "--threads", "1"});
    CHECK(contains(nothing.out, "What was counted"));
    CHECK(contains(nothing.out, "NA: nothing was counted: exakt tune counts"));
    if (!has_json())
        return;
    const arguments tune = {"tune",     "3000x8x16", "--threads",  "1",
                            "--budget", "0.3",       "--variants", "fused__scalar"};
    REQUIRE(f.run(tune).code == 0);
    std::filesystem::path kept;
    for (const auto &entry : std::filesystem::directory_iterator(f.at("cache")))
        if (contains(entry.path().filename().string(), "counters-"))
            kept = entry.path();
    REQUIRE(contains(kept.filename().string(), "-3000x8x16-1.json"));
    const arguments words = {"explain", "3000x8x16", "--threads", "1", "--json", "-"};
    const outcome o = f.run({"explain", "3000x8x16", "--threads", "1"});
    INFO(o.out << o.err);
    CHECK(o.code == 0);
    CHECK(contains(o.out, "Of an iteration after the first, on 3000 points, 1 thread, 20"));
    CHECK(line_with(o.out, {"lines expected", "counted"}) != "");
    CHECK((contains(o.out, "task-clock") || contains(o.out, "software: ")));
    const outcome json = f.run(words);
    check_parses(json.out);
    CHECK(contains(json.out, "\"expected_lines\""));
    CHECK_FALSE(contains(f.run({"explain", "3000x8x16", "--threads", "1", "--counters", "none"}).out, "counted"));
    // Damage is told, and costs nothing else.
    std::ofstream(kept, std::ios::binary | std::ios::trunc) << "{\"schema\": \"exakt counters 1\"}";
    const outcome damaged = f.run({"explain", "3000x8x16", "--threads", "1"});
    INFO(damaged.err);
    CHECK(damaged.code == 0);
    CHECK(contains(damaged.err, "the counters are ignored"));
    CHECK(contains(damaged.out, "NA: nothing was counted"));
    // Tuned without counting: what was counted before stays away.
    arguments quiet = tune;
    quiet.insert(quiet.end(), {"--counters", "none"});
    std::filesystem::remove(kept);
    REQUIRE(f.run(quiet).code == 0);
    CHECK_FALSE(std::filesystem::exists(kept));
}

TEST_CASE("another machine's caches are simulated from its description", "[cli]") {
    if (!topology_replay_works() || !has_json())
        return;
    const folder f;
    std::filesystem::create_directory(f.at("bin"));
    // Says how it was called, and counts nothing.
    const std::string script =
        f.write("bin/valgrind", "#!/bin/sh\necho \"$*\" >> " + f.at("calls").string() + "\nexit 1\n");
    std::filesystem::permissions(script, std::filesystem::perms::all);
    const std::string machine = EXAKT_TESTS_DIR "/topologies/vm-l3-260mb.xml";
    const std::string path = f.at("bin").string() + ":" + getenv("PATH");
    const outcome o =
        f.run({"explain", "100000x8x16", "--variant", "fused__scalar", "--counters", "simulated"}, [&] {
            setenv("HWLOC_XMLFILE", machine.c_str(), 1);
            setenv("PATH", path.c_str(), 1);
        });
    INFO(o.out << o.err << f.read("calls"));
    CHECK(o.code == 0);
    CHECK(contains(f.read("calls"), "--tool=cachegrind"));
    CHECK(contains(o.out, "(rounded)"));
    CHECK(contains(o.out, "NA: cache: valgrind ended with exit code 1"));
}
