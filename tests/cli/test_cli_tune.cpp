// exakt tune: what it refuses, what it keeps, and what interruptions, damage and rivals do to it. Times are no
// matter.
#include "tests/cli/program.hpp"
#include "tests/topologies/recorded.hpp"

#include <csignal>

using namespace program_test;

namespace {

const char shape[] = "3000x6x9";

std::string file_of(const folder &f, const std::string &start, const std::string &end) {
    std::string found;
    if (std::filesystem::exists(f.at("cache")))
        for (const auto &entry : std::filesystem::directory_iterator(f.at("cache"))) {
            const std::string name = entry.path().filename();
            if (name.rfind(start, 0) == 0 && name.size() >= end.size() &&
                name.compare(name.size() - end.size(), end.size(), end) == 0)
                found = entry.path();
        }
    return found;
}

std::string log_of(const folder &f) {
    return file_of(f, "tune-", ".csv");
}

std::string profile_of(const folder &f) {
    return file_of(f, "profile-", ".json");
}

size_t lines_of(const std::string &path) {
    const std::string text = content(path);
    return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

arguments tune(const arguments &more = {}, const std::string &budget = "0.3") {
    arguments words = {"tune", shape, "--variants", "fused*,tiled*", "--threads", "1", "--budget", budget};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

void append(const std::string &path, const std::string &text) {
    std::ofstream(path, std::ios::binary | std::ios::app) << text;
}

} // namespace

TEST_CASE("a tuned plan is kept, and runs use it", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    const outcome o = f.run(tune());
    INFO(o.err << o.out);
    CHECK(o.code == 0);
    CHECK(o.err.empty());
    CHECK(contains(o.out, "3000x6x9: 3000 x 6, k = 9, 1 thread\n"));
    CHECK(contains(o.out, "  model "));
    CHECK(contains(o.out, "  fastest "));
    CHECK(contains(o.out, "measurements: "));
    CHECK(contains(f.run({"profile", "show"}).out, "1 entry"));
    CHECK(contains(f.run({"fit", "gen:embed,n=3000,d=6", "-k", "9", "--threads", "1"}).out, "from the profile\n"));
    const std::string log = content(log_of(f));
    CHECK(log.rfind("session,build,registry,isa,input,n,d,k,threads,round,stage,variant,point_tile,", 0) == 0);
    CHECK(contains(log, "\"3000x6x9\",3000,6,9,1,0,arms,assign_f32_"));
    // The second run knows the first one's plan.
    const outcome again = f.run(tune());
    CHECK(again.code == 0);
    CHECK(contains(again.out, "  kept "));
    CHECK(contains(f.run({"profile", "show"}).out, "1 entry"));
}

TEST_CASE("what was measured is not measured again", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    REQUIRE(f.run(tune({}, "0.1")).code == 0);
    REQUIRE(f.run({"profile", "forget"}).code == 0);
    const size_t lines = lines_of(log_of(f));
    const outcome o = f.run(tune({"--resume"}, "0.1"));
    INFO(o.err << o.out);
    CHECK(o.code == 0);
    CHECK(contains(o.out, " rounds from the file of measurements"));
    CHECK(lines_of(log_of(f)) == lines);
    CHECK(contains(f.run({"profile", "show"}).out, "1 entry"));
    // A larger budget goes on from there; another shape has nothing to go on from.
    CHECK(contains(f.run(tune({"--resume"}, "2")).out, " rounds from the file of measurements"));
    CHECK(lines_of(log_of(f)) > lines);
    const outcome other =
        f.run({"tune", "3000x6x10", "--variants", "fused*", "--threads", "1", "--budget", "0.1", "--resume"});
    CHECK(other.code == 0);
    CHECK(!contains(other.out, "from the file of measurements"));
}

TEST_CASE("Ctrl-C keeps what was measured", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    const pid_t child = f.start(tune({}, "600"));
    REQUIRE(wait_for([&] { return !log_of(f).empty() && lines_of(log_of(f)) > 20; }));
    kill(child, SIGINT);
    const outcome o = f.finish(child);
    INFO(o.err << o.out);
    CHECK((o.code == 130 || o.code == 0)); // it may just have finished
    if (o.code == 130)
        CHECK(contains(o.err, "--resume goes on from there"));
    CHECK(contains(o.out, "  fastest "));
    CHECK(contains(f.run({"profile", "show"}).out, "1 entry"));
    CHECK(contains(f.run(tune({"--resume"}, "0.1")).out, " rounds from the file of measurements"));
}

TEST_CASE("a damaged file of measurements costs its damaged lines", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    REQUIRE(f.run(tune()).code == 0);
    const std::string log = log_of(f);
    append(log, "20260101T000000Z-1,what,is,this\n\"\n\n,,,,,,,,,,,,,,,,,,,,\n");
    append(log, content(log).substr(400, 90)); // as if its writer had been killed
    const outcome o = f.run(tune({"--resume"}, "0.6"));
    INFO(o.err << o.out);
    CHECK(o.code == 0);
    CHECK(is_one_line(o.err));
    CHECK(contains(o.err, "damaged lines left out"));
    CHECK(contains(o.out, " rounds from the file of measurements"));
    // What came after the cut line is whole.
    const outcome again = f.run(tune({"--resume"}, "0.6"));
    CHECK(contains(again.out, " rounds from the file of measurements"));
    CHECK(is_one_line(again.err));
}

TEST_CASE("what is no file of measurements is left alone", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    REQUIRE(f.run(tune({}, "0.05")).code == 0);
    std::ofstream(log_of(f), std::ios::trunc) << "point,tile\n1,2\n";
    const outcome o = f.run(tune());
    CHECK(o.code == 7);
    CHECK(is_one_line(o.err));
    CHECK(contains(o.err, "not a file of measurements"));
    CHECK(content(log_of(f)) == "point,tile\n1,2\n");
    std::ofstream(log_of(f), std::ios::trunc) << "";
    CHECK(f.run(tune({}, "0.05")).code == 0);
}

TEST_CASE("a damaged profile is said and replaced", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    REQUIRE(f.run(tune({}, "0.1")).code == 0);
    const std::string profile = profile_of(f), good = content(profile);
    std::ofstream(profile, std::ios::trunc) << good.substr(0, good.size() / 2);
    const outcome o = f.run(tune({}, "0.1"));
    INFO(o.err << o.out);
    CHECK(o.code == 0);
    CHECK(contains(o.err, "it is ignored"));
    check_parses(content(profile));
    CHECK(std::filesystem::exists(profile + ".damaged"));
    CHECK(contains(f.run({"profile", "show"}).out, "1 entry"));
}

TEST_CASE("two tuners at once lose nothing of each other", "[cli]") {
    if (!has_json())
        return;
    const folder f, g;
    const auto share = [&] { setenv("EXAKT_CACHE", f.at("cache").c_str(), 1); };
    const arguments other = {"tune", "2000x5x7", "--variants", "fused*", "--threads", "1", "--budget", "0.5"};
    const pid_t one = f.start(tune({}, "0.5"), share), two = g.start(other, share);
    const outcome first = f.finish(one), second = g.finish(two);
    INFO(first.err << second.err);
    CHECK(first.code == 0);
    CHECK(second.code == 0);
    CHECK(contains(f.run({"profile", "show"}).out, "2 entries"));
    const outcome resumed = f.run(tune({"--resume"}, "0.5"));
    CHECK(resumed.err.empty()); // no line of the file is damaged
    CHECK(contains(resumed.out, " rounds from the file of measurements"));
}

TEST_CASE("points of a file, for several numbers of clusters and threads", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    REQUIRE(f.run({"gen", "blobs,n=5000,d=3", "p.npy"}).code == 0);
    const outcome o =
        f.run({"tune", "p.npy", "-k", "4,11", "--threads", "1,2", "--variants", "fused*", "--budget", "0.1"});
    INFO(o.err << o.out);
    CHECK(o.code == 0);
    CHECK(contains(o.out, "p.npy: 5000 x 3, k = 4, 1 thread"));
    CHECK(contains(o.out, "p.npy: 5000 x 3, k = 11, 2 threads"));
    CHECK(contains(f.run({"profile", "show"}).out, "4 entries"));
}

TEST_CASE("without a budget nothing is measured or kept", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    const outcome o = f.run(tune({}, "0"));
    CHECK(o.code == 0);
    CHECK(contains(o.out, "nothing was measured"));
    CHECK(profile_of(f).empty());
}

TEST_CASE("another machine is not tuned, and gets no profile", "[cli]") {
    if (!has_json() || !topology_replay_works())
        return;
    for (const char *file : {"no-l3-a72.xml", "l1-48k-12way.xml", "hybrid-8p-8e.xml", "big-little.xml",
                             "epyc-64.xml", "two-socket.xml", "vm-l3-260mb.xml"}) {
        const folder f;
        const std::string path = std::string(EXAKT_TESTS_DIR "/topologies/") + file;
        const outcome o = f.run(tune(), [&] { setenv("HWLOC_XMLFILE", path.c_str(), 1); });
        INFO(file << o.err << o.out);
        CHECK(o.code == 2);
        CHECK(is_one_line(o.err));
        CHECK(contains(o.err, "another machine; only this one can be tuned"));
        CHECK(!std::filesystem::exists(f.at("cache")));
    }
}

TEST_CASE("tune refuses what it does not understand", "[cli]") {
    const folder f;
    check_refused(f.run({"tune", "200000x768"}), 2, "200000x768: not a shape");
    check_refused(f.run({"tune", "0x3x4"}), 2, "not a shape");
    check_refused(f.run({"tune", "10x3x"}), 2, "not a shape");
    check_refused(f.run({"tune", "10x3x4x5"}), 2, "not a shape");
    check_refused(f.run({"tune", "99999999999999999999x3x4"}), 2, "not a shape");
    check_refused(f.run({"tune", "9x3x10"}), 2, "10 clusters for 9 points");
    check_refused(f.run({"tune", "points.npy"}), 2, "-k: missing");
    check_refused(f.run({"tune", shape, "--budget", "-1"}), 2, "--budget");
    if (has_json())
        check_refused(f.run({"tune", shape, "--variants", "fusedd"}), 6, "no such variant; did you mean fused");
    else
        check_refused(f.run({"tune", shape}), 2, "cJSON");
    CHECK(!std::filesystem::exists(f.at("cache")));
}

TEST_CASE("a cache that cannot be written is said at once", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    f.write("cache", "a file where the folder should be");
    const outcome o = f.run(tune({}, "600"));
    CHECK(o.code == 7);
    CHECK(is_one_line(o.err));
    CHECK(o.out.empty());
}

TEST_CASE("a missing input costs only itself", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    const outcome o = f.run(
        {"tune", "absent.npy", shape, "-k", "3", "--variants", "fused*", "--threads", "1", "--budget", "0.1"});
    CHECK(o.code == 3);
    CHECK(contains(o.err, "absent.npy"));
    CHECK(contains(f.run({"profile", "show"}).out, "1 entry"));
}
