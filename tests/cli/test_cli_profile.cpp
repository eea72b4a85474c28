// exakt profile, and runs that find a tuned plan.
#include "tests/cli/program.hpp"
#include "tuner/planning.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace program_test;

namespace {

const char points[] = "gen:blobs,n=600,d=5,k=7";

// The program with a cache in which a plan for `points` was tuned: tiles that no model would choose.
class tuned_program {
    folder folder_;

  public:
    exk_fingerprint machine = {};
    exk_profile_entry entry = {};

    tuned_program() {
        exk_topology topology;
        REQUIRE(exk_topology_load(&topology, nullptr) == EXK_OK);
        exk_fingerprint_take(&topology, &machine);
        exk_topology_free(&topology);
        exk_profile_stamp(&entry);
        entry.shape = {600, 5, 7};
        entry.threads = 1;
        std::snprintf(entry.variant, sizeof entry.variant, "assign_f32_tiled__scalar");
        entry.point_tile = 52;
        entry.centroid_tile = 4;
        entry.depth_tile = 8;
        entry.seconds = entry.low = entry.high = 1e-3;
        entry.ties = 1;
        merge();
    }
    void merge() const {
        char note[EXK_PROFILE_NOTE_ROOM];
        setenv("EXAKT_CACHE", cache().c_str(), 1);
        REQUIRE(exk_profile_merge(&machine, &entry, 1, note, nullptr) == EXK_OK);
        unsetenv("EXAKT_CACHE");
    }
    std::string cache() const {
        return folder_.at("cache").string();
    }
    std::string file() const {
        return cache() + "/profile-" + machine.hash + ".json";
    }
    outcome run(const arguments &words) const {
        return folder_.run(words);
    }
    outcome fit(const arguments &more = {}) const {
        arguments words = {"fit", points, "-k", "7", "--threads", "1"};
        words.insert(words.end(), more.begin(), more.end());
        return run(words);
    }
    const folder &place() const {
        return folder_;
    }
};

void overwrite(const std::string &file, const std::string &text) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
}

} // namespace

TEST_CASE("a run takes the tuned plan and says so", "[cli]") {
    if (!has_json())
        return;
    const tuned_program p;
    const outcome o = p.fit();
    INFO(o.err << o.out);
    CHECK(o.code == 0);
    CHECK(o.err.empty());
    CHECK(contains(o.out, "assign_f32_tiled__scalar"));
    CHECK(contains(o.out, "point_tile 52, centroid_tile 4, depth_tile 5, update moved, from the profile\n"));
    const outcome json = p.fit({"--json", "-"});
    CHECK(contains(json.out, "\"source\":\t\"profile\""));
    // Not for another number of clusters, for a variant that was not tuned, or beside a tile that is given.
    CHECK(contains(p.run({"fit", points, "-k", "100", "--threads", "1"}).out, "from the model"));
    CHECK(contains(p.run({"fit", points, "-k", "8", "--threads", "1"}).out, "from the profile of a near shape"));
    CHECK(contains(p.fit({"--variant", "naive__scalar"}).out, "from the model"));
    CHECK(contains(p.fit({"--point-tile", "100"}).out, "from the command line, the rest from the model"));
    CHECK(contains(p.fit({"--variant", "tiled__scalar"}).out, "from the profile\n"));
    // What is given beside tiles is not lost.
    CHECK(contains(p.fit({"--variant", "tiled__scalar", "--update", "sorted"}).out,
                   "point_tile 52, centroid_tile 4, depth_tile 5, update sorted,"));
}

TEST_CASE("a tuned plan changes no bit of the result", "[cli]") {
    if (!has_json())
        return;
    const tuned_program p;
    const std::string with_profile = p.fit({"--json", "-"}).out;
    REQUIRE(p.run({"profile", "forget"}).code == 0);
    const std::string without = p.fit({"--json", "-"}).out;
    CHECK(contains(with_profile, "\"source\":\t\"profile\""));
    CHECK(!contains(without, "\"source\":\t\"profile\""));
    CHECK(field(with_profile, "inertia") == field(without, "inertia"));
    CHECK(field(with_profile, "labels") == field(without, "labels"));
    CHECK(field(with_profile, "centroids") == field(without, "centroids"));
}

TEST_CASE("a damaged profile is one warning, and the copy or the model is used", "[cli]") {
    if (!has_json())
        return;
    const tuned_program p;
    p.merge(); // there is a copy now
    const std::string good = content(p.file());
    overwrite(p.file(), good.substr(0, 100));
    outcome o = p.fit();
    CHECK(o.code == 0);
    CHECK(is_one_line(o.err));
    CHECK(contains(o.err, "the copy from before the last change is used"));
    CHECK(contains(o.out, "from the profile\n"));
    overwrite(p.file() + ".old", "");
    o = p.fit();
    CHECK(o.code == 0);
    CHECK(is_one_line(o.err));
    CHECK(contains(o.err, "there is no usable copy: it is ignored"));
    CHECK(contains(o.out, "from the model\n"));
}

TEST_CASE("profiles are shown, listed and forgotten", "[cli]") {
    if (!has_json())
        return;
    const tuned_program p;
    const outcome shown = p.run({"profile", "show"}), named = p.run({"profile", "show", p.machine.hash});
    CHECK(shown.code == 0);
    CHECK(contains(shown.out, "(this machine)"));
    CHECK(contains(shown.out, "1 entry"));
    CHECK(contains(shown.out, "assign_f32_tiled__scalar"));
    CHECK(named.out == shown.out);
    const outcome listed = p.run({"profile", "list"});
    CHECK(listed.code == 0);
    CHECK(contains(listed.out, p.machine.hash));
    CHECK(contains(listed.out, "this machine"));
    CHECK(contains(p.run({"profile", "forget", "--stale"}).out, "0 entries forgotten"));
    CHECK(contains(p.run({"profile", "forget"}).out, "1 entry forgotten"));
    CHECK(contains(p.run({"profile", "show"}).out, "0 entries"));
    CHECK(contains(p.fit().out, "from the model"));
    overwrite(p.cache() + "/profile-0123456789abcdef.json", "{");
    const outcome damaged = p.run({"profile", "list"});
    CHECK(damaged.code == 0);
    CHECK(is_one_line(damaged.err));
    CHECK(contains(damaged.err, "not a JSON object"));
    CHECK(p.run({"profile", "show", "0123456789abcdef"}).code == 3);
}

TEST_CASE("profiles are exported and imported", "[cli]") {
    if (!has_json())
        return;
    const tuned_program p, q;
    REQUIRE(p.run({"profile", "export", "tuned.json"}).code == 0);
    const outcome printed = p.run({"profile", "export", "-"});
    check_parses(printed.out);
    CHECK(content(p.place().at("tuned.json")) == printed.out);
    REQUIRE(q.run({"profile", "forget"}).code == 0);
    const outcome imported = q.run({"profile", "import", p.place().at("tuned.json").string()});
    INFO(imported.err);
    CHECK(imported.code == 0);
    CHECK(contains(imported.out, "1 entry for machine " + std::string(p.machine.hash) + " (this machine)\n"));
    CHECK(contains(q.fit().out, "from the profile\n"));

    // From a build that has other variants: kept for it, and said.
    std::string other = printed.out;
    const std::string known = "assign_f32_tiled__scalar";
    other.replace(other.find(known), known.size(), "assign_f32_future__amx");
    overwrite(p.place().at("other.json").string(), other);
    const outcome unknown = q.run({"profile", "import", p.place().at("other.json").string()});
    CHECK(unknown.code == 0);
    CHECK(contains(unknown.out, "1 of no use here: this build does not know its variant"));
    CHECK(contains(q.run({"profile", "show"}).out, "not used: this build does not know its variant"));
    CHECK(contains(q.fit().out, "from the profile\n"));
}

TEST_CASE("hostile imports change nothing", "[cli]") {
    if (!has_json())
        return;
    const tuned_program p;
    const std::string before = content(p.file());
    const auto refused = [&](const std::string &text, const std::string &part) {
        overwrite(p.place().at("in.json").string(), text);
        check_refused(p.run({"profile", "import", "in.json"}), 3, part);
        CHECK(content(p.file()) == before);
    };
    refused("", "not a JSON object");
    refused(before.substr(0, before.size() - 10), "not a JSON object");
    std::string negative = before;
    negative.replace(negative.find("\"point_tile\":\t52"), 16, "\"point_tile\":\t-9");
    refused(negative, "entry 1: 'point_tile'");
    std::string foreign = before;
    foreign.replace(foreign.find("cpu="), 4, "CPU=");
    refused(foreign, "'machine' contradicts itself");
    refused(std::string(17 << 20, ' '), "more than the");
}

TEST_CASE("profile refuses what it does not understand", "[cli]") {
    const folder f;
    check_refused(f.run({"profile"}), 2, "an argument is missing");
    if (!has_json()) {
        check_refused(f.run({"profile", "show"}), 2, "cJSON");
        return;
    }
    check_refused(f.run({"profile", "shwo"}), 2, "did you mean show?");
    check_refused(f.run({"profile", "show", "this"}), 2, "not the hash of a machine");
    check_refused(f.run({"profile", "show", "0123456789abcdef"}), 2, "no profile of such a machine");
    check_refused(f.run({"profile", "list", "all"}), 2, "unexpected argument");
    check_refused(f.run({"profile", "export"}), 2, "an argument is missing");
    check_refused(f.run({"profile", "import"}), 2, "an argument is missing");
    check_refused(f.run({"profile", "import", "absent.json"}), 3, "absent.json: no such file");
    check_refused(f.run({"profile", "import", "/"}), 3, "not a regular file");
    check_refused(f.run({"profile", "export", "/no/such/folder/f"}), 7, "cannot be written");
}
