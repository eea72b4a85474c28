/* Tuned profiles: what is kept, what of it is found again, and what damage, rivals and strangers do to it. */
#include "tests/test_datasets.hpp"
#include "tests/topologies/recorded.hpp"
#include "tuner/plan.h"
#include "tuner/planning.h"

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstdio>
#include <fcntl.h>
#include <set>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using datasets_test::slurp;
using datasets_test::TempDir;

namespace {

const char fused[] = "assign_f32_fused__scalar", tiled[] = "assign_f32_tiled__scalar";

bool contains(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

bool can_keep() {
    if (!json_available())
        WARN("skipped: built without cJSON");
    return json_available();
}

void copy_text(char *to, size_t room, const std::string &text) {
    REQUIRE(text.size() < room);
    std::snprintf(to, room, "%s", text.c_str());
}

exk_fingerprint machine_named(const std::string &cpu, const std::string &caches = "L1d 48K/12/64/1") {
    exk_fingerprint machine = {};
    copy_text(machine.text, sizeof machine.text, "cpu=" + cpu + "; caches=" + caches + "; pus=2");
    copy_text(machine.geometry, sizeof machine.geometry, caches);
    exk_hash_text(machine.text, machine.hash);
    return machine;
}

exk_profile_entry tuned(int64_t n, int64_t d, int64_t k, double seconds = 1, const char *variant = fused,
                        int threads = 2) {
    exk_profile_entry entry = {};
    exk_profile_stamp(&entry);
    entry.shape = {n, d, k};
    entry.threads = threads;
    copy_text(entry.variant, sizeof entry.variant, variant);
    entry.point_tile = 96;
    entry.centroid_tile = 64;
    entry.depth_tile = std::min<int64_t>(d, 256);
    entry.seconds = seconds;
    entry.low = 0.9 * seconds;
    entry.high = 1.1 * seconds;
    entry.ties = 3;
    entry.budget = 60;
    return entry;
}

struct owned_profile {
    exk_profile p = {};
    owned_profile() = default;
    owned_profile(const owned_profile &) = delete;
    owned_profile &operator=(const owned_profile &) = delete;
    ~owned_profile() {
        exk_profile_free(&p);
    }
    void add(const std::vector<exk_profile_entry> &entries) {
        REQUIRE(exk_profile_add(&p, entries.data(), static_cast<int>(entries.size())));
    }
};

std::string text_of(const exk_profile &profile) {
    char *text = exk_profile_print(&profile);
    REQUIRE(text != nullptr);
    const std::string copy = text;
    free(text);
    return copy;
}

std::string sample_text() {
    owned_profile profile;
    profile.p.machine = machine_named("A");
    profile.add({tuned(1000, 16, 100, 1.0 / 3), tuned(1000, 64, 100)});
    return text_of(profile.p);
}

std::string refusal(const std::string &text) {
    exk_profile profile;
    std::memset(&profile, 0x5a, sizeof profile);
    exk_error error = {};
    const exk_status status = exk_profile_parse(text.c_str(), text.size(), "FILE", &profile, &error);
    if (status == EXK_OK) {
        exk_profile_free(&profile);
        return "";
    }
    CHECK(status == EXK_ERR_FORMAT);
    CHECK(std::string(error.message).find("FILE: ") == 0);
    CHECK(std::string(error.message).find('\n') == std::string::npos);
    CHECK(profile.count == 0);
    CHECK(profile.entry == nullptr);
    return error.message;
}

std::string with(std::string text, const std::string &old, const std::string &replacement) {
    const size_t at = text.find(old);
    INFO(old);
    REQUIRE(at != std::string::npos);
    return text.replace(at, old.size(), replacement);
}

// A cache folder, and the profile of a machine in it.
class kept {
    TempDir dir_;
    environment cache_;

  public:
    exk_fingerprint machine = machine_named("A");
    exk_profile profile = {};
    std::string note, error;

    kept() : cache_("EXAKT_CACHE", dir_.path()) {}
    ~kept() {
        exk_profile_free(&profile);
    }
    kept(const kept &) = delete;
    kept &operator=(const kept &) = delete;

    std::string file(const std::string &ending = "") const {
        return dir_ / ("profile-" + std::string(machine.hash) + ".json" + ending);
    }
    std::string name(const std::string &ending = "") const {
        return file(ending).substr(dir_.path().size() + 1);
    }
    void write(const std::string &text, const std::string &ending = "") {
        dir_.write(name(ending), text);
    }
    const TempDir &folder() const {
        return dir_;
    }
    exk_status merge(const std::vector<exk_profile_entry> &entries) {
        char text[EXK_PROFILE_NOTE_ROOM] = "";
        exk_error e = {};
        const exk_status status =
            exk_profile_merge(&machine, entries.data(), static_cast<int>(entries.size()), text, &e);
        note = text;
        error = status == EXK_OK ? "" : e.message;
        return status;
    }
    int load() {
        char text[EXK_PROFILE_NOTE_ROOM] = "";
        exk_error e = {};
        exk_profile_free(&profile);
        REQUIRE(exk_profile_load(&machine, &profile, text, &e) == EXK_OK);
        CHECK(std::string(profile.machine.text) == machine.text);
        note = text;
        return profile.count;
    }
};

exk_topology this_machine() {
    exk_topology topology = {};
    REQUIRE(exk_topology_load(&topology, nullptr) == EXK_OK);
    return topology;
}

} // namespace

TEST_CASE("entries are sorted, and each key is there once, the newest", "[profile]") {
    owned_profile profile;
    exk_profile_entry old = tuned(1000, 16, 100, 5), recent = old, same = old;
    copy_text(old.tuned, sizeof old.tuned, "2026-01-01T00:00:00Z");
    copy_text(recent.tuned, sizeof recent.tuned, "2026-01-02T00:00:00Z");
    copy_text(same.tuned, sizeof same.tuned, "2026-01-02T00:00:00Z");
    old.ties = 1, recent.ties = 2, same.ties = 4;
    profile.add({tuned(10, 64, 5), recent, tuned(10, 2, 5), old});
    REQUIRE(profile.p.count == 3);
    CHECK(profile.p.entry[0].shape.d == 2);
    CHECK(profile.p.entry[1].ties == 2);
    CHECK(profile.p.entry[2].shape.d == 64);
    profile.add({old});
    CHECK(profile.p.entry[1].ties == 2);
    profile.add({same}); // of one second: the one that came last
    CHECK(profile.p.entry[1].ties == 4);
    profile.add({recent});
    CHECK(profile.p.entry[1].ties == 2);
    CHECK(profile.p.count == 3);
}

TEST_CASE("everything that tells entries apart does", "[profile]") {
    owned_profile profile;
    std::vector<exk_profile_entry> entries(9, tuned(1000, 16, 100));
    entries[1].shape.n++;
    entries[2].shape.d++;
    entries[3].shape.k++;
    entries[4].threads++;
    copy_text(entries[5].isa, sizeof entries[5].isa, "other");
    copy_text(entries[6].variant, sizeof entries[6].variant, tiled);
    copy_text(entries[7].build, sizeof entries[7].build, "0000000000000000");
    copy_text(entries[8].registry, sizeof entries[8].registry, "0000000000000000");
    profile.add(entries);
    CHECK(profile.p.count == 9);
    profile.add(entries);
    CHECK(profile.p.count == 9);
}

TEST_CASE("a profile holds so many entries and no more", "[profile]") {
    owned_profile profile;
    std::vector<exk_profile_entry> entries(EXK_PROFILE_ENTRIES, tuned(1, 1, 1));
    for (int i = 0; i < EXK_PROFILE_ENTRIES; i++)
        entries[i].shape.n = i + 1;
    profile.add(entries);
    CHECK(profile.p.count == EXK_PROFILE_ENTRIES);
    const exk_profile_entry known = tuned(7, 1, 1), one_more = tuned(EXK_PROFILE_ENTRIES + 1, 1, 1);
    CHECK(exk_profile_add(&profile.p, &known, 1));
    CHECK_FALSE(exk_profile_add(&profile.p, &one_more, 1));
    CHECK(profile.p.count == EXK_PROFILE_ENTRIES);
    if (!can_keep())
        return;
    const std::string full = [&] {
        profile.p.machine = machine_named("A");
        return text_of(profile.p);
    }();
    CHECK(refusal(full).empty());
    CHECK(full.size() < EXK_PROFILE_BYTES_MOST);
    CHECK(contains(refusal(with(full, "\"entries\":\t[", "\"entries\":\t[{},")), "an array of at most 4096"));
}

TEST_CASE("a profile is written and read again, bit by bit", "[profile]") {
    if (!can_keep())
        return;
    const std::string text = sample_text();
    owned_profile profile;
    exk_error error = {};
    const exk_status status = exk_profile_parse(text.c_str(), text.size(), "FILE", &profile.p, &error);
    INFO(error.message);
    REQUIRE(status == EXK_OK);
    REQUIRE(profile.p.count == 2);
    CHECK(profile.p.entry[0].seconds == 1.0 / 3);
    CHECK(profile.p.entry[1].point_tile == 96);
    CHECK(profile.p.entry[1].ties == 3);
    CHECK(profile.p.entry[1].budget == 60);
    CHECK(text_of(profile.p) == text);
}

TEST_CASE("hostile profiles are refused in one clear line", "[profile]") {
    if (!can_keep())
        return;
    const std::string good = sample_text();
    REQUIRE(refusal(good).empty());
    CHECK(contains(refusal(""), "not a JSON object"));
    CHECK(contains(refusal(good.substr(0, good.size() - 2)), "not a JSON object"));
    CHECK(contains(refusal(good + "{}"), "not a JSON object"));
    CHECK(contains(refusal(std::string(1 << 20, '[')), "not a JSON object"));
    CHECK(contains(refusal(with(good, "profile 1", "profile 2")), "'schema' is another"));
    CHECK(contains(refusal(with(good, "exakt profile", "exakt ceilings")), "'schema' is another"));
    CHECK(contains(refusal(with(good, "cpu=A", "cpu=B")), "'machine' contradicts itself"));
    CHECK(contains(refusal(with(good, "\"entries\"", "\"entry\"")), "'entries' is missing"));
    CHECK(contains(refusal(with(good, "\"entries\":\t[", "\"entries\":\t[[],")), "array of at most 4096 objects"));
    CHECK(contains(refusal(with(good, "\"n\":\t1000", "\"n\":\t0")), "entry 1: 'n' is missing or not a whole"));
    CHECK(contains(refusal(with(good, "\"n\":\t1000", "\"n\":\t1e300")), "'n'"));
    CHECK(contains(refusal(with(good, "\"n\":\t1000", "\"n\":\t1e999")), "'n'"));
    CHECK(contains(refusal(with(good, "\"n\":\t1000", "\"n\":\t\"1000\"")), "'n'"));
    CHECK(contains(refusal(with(good, "\"n\":\t1000", "\"n\":\tnull")), "'n'"));
    CHECK(contains(refusal(with(good, "\"d\":\t16", "\"d\":\t16.5")), "'d'"));
    CHECK(contains(refusal(with(good, "\"k\":\t100", "\"k\":\t4294967296")), "'k'"));
    CHECK(contains(refusal(with(good, "\"threads\":\t2", "\"threads\":\t-2")), "'threads'"));
    CHECK(contains(refusal(with(good, "\"point_tile\":\t96", "\"point_tile\":\t-96")), "'point_tile'"));
    CHECK(contains(refusal(with(good, "\"centroid_tile\":\t64", "\"centroid_tile\":\t1e18")), "'centroid_tile'"));
    CHECK(contains(refusal(with(good, "\"depth_tile\":\t16", "\"depth_tile\":\ttrue")), "'depth_tile'"));
    CHECK(contains(refusal(with(good, "\"matrix_bytes\":\t0", "\"matrix_bytes\":\t-1")), "'matrix_bytes'"));
    CHECK(contains(refusal(with(good, "\"seconds\":\t", "\"seconds\":\t0, \"s\":\t")), "'seconds'"));
    CHECK(contains(refusal(with(good, "\"seconds\":\t", "\"seconds\":\tNaN, \"s\":\t")), "not a JSON object"));
    CHECK(contains(refusal(with(good, "\"seconds\":\t", "\"seconds\":\t99, \"s\":\t")), "from 'low' to 'high'"));
    CHECK(contains(refusal(with(good, "\"ties\":\t3", "\"ties\":\t0")), "'ties'"));
    CHECK(
        contains(refusal(with(good, "\"budget_seconds\":\t60", "\"budget_seconds\":\t-60")), "'budget_seconds'"));
    CHECK(contains(refusal(with(good, "\"tuned\":\t\"2", "\"tuned\":\t\"x")), "'tuned' is not a time"));
    CHECK(contains(refusal(with(good, "\"build\":\t\"", "\"build\":\t\"X\", \"b\":\t\"")), "'build' is not 16"));
    CHECK(contains(refusal(with(good, fused, std::string(64, 'v'))), "'variant'"));
    CHECK(contains(refusal(with(good, fused, "\\u001b[2J")), "'variant'"));
    CHECK(contains(refusal(with(good, "\"n\":\t1000,\n\t\t\t\"d\":\t64", "\"n\":\t-1,\n\t\t\t\"d\":\t64")),
                   "entry 2: "));
}

TEST_CASE("profiles are merged, and the file before is kept", "[profile]") {
    if (!can_keep())
        return;
    kept k;
    CHECK(k.load() == 0);
    CHECK(k.note.empty());
    REQUIRE(k.merge({tuned(1000, 16, 100)}) == EXK_OK);
    const std::string first = slurp(k.file());
    CHECK(slurp(k.file(".old")).empty());
    REQUIRE(k.merge({tuned(1000, 64, 100), tuned(1000, 16, 100, 2)}) == EXK_OK);
    CHECK(k.note.empty());
    CHECK(slurp(k.file(".old")) == first);
    CHECK(k.load() == 2);
    CHECK(k.profile.entry[0].seconds == 2);
    struct stat about = {};
    REQUIRE(stat(k.file(".lock").c_str(), &about) == 0);
    CHECK(about.st_size == 0);
    CHECK(datasets_test::files_in(k.folder()) == 3);
}

TEST_CASE("a damaged profile gives way to the copy before it", "[profile]") {
    if (!can_keep())
        return;
    kept k;
    REQUIRE(k.merge({tuned(1000, 16, 100)}) == EXK_OK);
    REQUIRE(k.merge({tuned(1000, 64, 100)}) == EXK_OK);
    const std::string good = slurp(k.file()), copy = slurp(k.file(".old"));
    k.write(good.substr(0, good.size() / 2));
    CHECK(k.load() == 1);
    CHECK(contains(k.note, "not a JSON object; the copy from before the last change is used"));
    CHECK(k.note.find('\n') == std::string::npos);

    // A writer starts from the copy, leaves it alone, and keeps what was damaged.
    REQUIRE(k.merge({tuned(1000, 128, 100)}) == EXK_OK);
    CHECK(contains(k.note, "the copy from before the last change is used"));
    CHECK(slurp(k.file(".old")) == copy);
    CHECK(slurp(k.file(".damaged")) == good.substr(0, good.size() / 2));
    CHECK(k.load() == 2);
    CHECK(k.note.empty());

    k.write("{");
    k.write("}", ".old");
    CHECK(k.load() == 0);
    CHECK(contains(k.note, "there is no usable copy: it is ignored"));
    unlink(k.file(".old").c_str());
    CHECK(k.load() == 0);
    CHECK(contains(k.note, "there is no usable copy: it is ignored"));
}

TEST_CASE("a stranger's profile is not used", "[profile]") {
    if (!can_keep())
        return;
    kept k;
    REQUIRE(k.merge({tuned(1000, 16, 100)}) == EXK_OK);
    const std::string mine = slurp(k.file());
    owned_profile other;
    other.p.machine = machine_named("B");
    other.add({tuned(1000, 16, 100)});
    k.write(text_of(other.p));
    CHECK(k.load() == 0);
    CHECK(contains(k.note, "of another machine"));
    CHECK(contains(k.note, other.p.machine.hash));
}

TEST_CASE("what cannot be read now is not overwritten", "[profile]") {
    if (!can_keep())
        return;
    kept k;
    REQUIRE(mkdir(k.file().c_str(), 0700) == 0);
    CHECK(k.merge({tuned(1000, 16, 100)}) == EXK_ERR_FILE);
    CHECK(contains(k.error, "not a regular file"));
    CHECK(k.load() == 0);
    CHECK(contains(k.note, "not a regular file"));
}

TEST_CASE("a folder that cannot be written is an error, not a loss", "[profile]") {
    if (!can_keep())
        return;
    const TempDir dir;
    dir.write("file", "");
    const environment cache("EXAKT_CACHE", dir / "file");
    const exk_fingerprint machine = machine_named("A");
    const exk_profile_entry entry = tuned(1000, 16, 100);
    char note[EXK_PROFILE_NOTE_ROOM];
    exk_error error = {};
    CHECK(exk_profile_merge(&machine, &entry, 1, note, &error) == EXK_ERR_FILE);
    CHECK(contains(error.message, "cannot be"));
    CHECK(slurp(dir / "file").empty());
}

TEST_CASE("writers at the same time lose nothing of each other", "[profile]") {
    if (!can_keep())
        return;
    kept k;
    constexpr int writers = 4, rounds = 12;
    std::vector<pid_t> children;
    for (int w = 0; w < writers; w++) {
        const pid_t child = fork();
        if (child == 0) {
            bool good = true;
            for (int r = 0; r < rounds; r++)
                good = good && k.merge({tuned(1 + w, 16, 1 + r)}) == EXK_OK;
            _exit(good ? 0 : 1);
        }
        REQUIRE(child > 0);
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = -1;
        REQUIRE(waitpid(child, &status, 0) == child);
        CHECK(status == 0);
    }
    CHECK(k.load() == writers * rounds);
    CHECK(k.note.empty());
}

TEST_CASE("a writer waits for the lock", "[profile]") {
    if (!can_keep())
        return;
    kept k;
    REQUIRE(k.merge({tuned(1, 1, 1)}) == EXK_OK);
    const int lock = open(k.file(".lock").c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(flock(lock, LOCK_EX) == 0);
    const pid_t child = fork();
    if (child == 0)
        _exit(k.merge({tuned(2, 1, 1)}) == EXK_OK ? 0 : 1);
    usleep(300000);
    int status = -1;
    CHECK(waitpid(child, &status, WNOHANG) == 0);
    CHECK(k.load() == 1);
    REQUIRE(flock(lock, LOCK_UN) == 0);
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(k.load() == 2);
    close(lock);
}

TEST_CASE("forgetting removes all, or what is stale", "[profile]") {
    if (!can_keep())
        return;
    kept k;
    exk_profile_entry stale = tuned(1, 1, 1), stale_registry = tuned(2, 1, 1);
    copy_text(stale.build, sizeof stale.build, "0123456789abcdef");
    copy_text(stale_registry.registry, sizeof stale.registry, "0123456789abcdef");
    REQUIRE(k.merge({stale, stale_registry, tuned(3, 1, 1)}) == EXK_OK);
    int forgotten = -1;
    exk_error error = {};
    CHECK(exk_profile_forget(&k.machine, true, &forgotten, &error) == EXK_OK);
    CHECK(forgotten == 2);
    REQUIRE(k.load() == 1);
    CHECK(k.profile.entry[0].shape.n == 3);
    CHECK(exk_profile_forget(&k.machine, true, &forgotten, &error) == EXK_OK);
    CHECK(forgotten == 0);
    CHECK(exk_profile_forget(&k.machine, false, &forgotten, &error) == EXK_OK);
    CHECK(forgotten == 1);
    CHECK(k.load() == 0);
    CHECK(k.note.empty());
    CHECK(access(k.file().c_str(), F_OK) != 0);
    CHECK(access(k.file(".old").c_str(), F_OK) != 0);
    CHECK(exk_profile_forget(&k.machine, false, &forgotten, &error) == EXK_OK);
    CHECK(forgotten == 0);
}

TEST_CASE("every profile of the folder is visited, damaged ones too", "[profile]") {
    if (!can_keep())
        return;
    kept k;
    struct visit {
        std::string path, hash, message;
        exk_status status;
        int count;
    };
    std::vector<visit> visits;
    const auto note_visit = [](const char *path, exk_status status, const exk_profile *profile,
                               const exk_error *error, void *user) {
        static_cast<std::vector<visit> *>(user)->push_back(
            {path, profile->machine.hash, status == EXK_OK ? "" : error->message, status, profile->count});
    };
    CHECK(exk_profile_each(note_visit, &visits, nullptr) == EXK_OK);
    CHECK(visits.empty());
    REQUIRE(k.merge({tuned(1, 1, 1), tuned(2, 1, 1)}) == EXK_OK);
    REQUIRE(k.merge({tuned(3, 1, 1)}) == EXK_OK);
    k.folder().write("profile-0000000000000000.json", "{");
    k.folder().write("profile-ffffffffffffffff.json", slurp(k.file()));
    k.folder().write("profile-xyz.json", "{");
    k.folder().write("ceilings-0000000000000000.json", "{");
    CHECK(exk_profile_each(note_visit, &visits, nullptr) == EXK_OK);
    REQUIRE(visits.size() == 3);
    CHECK(contains(visits[0].message, "not a JSON object"));
    CHECK(visits[1].path == k.file());
    CHECK(visits[1].count == 3);
    CHECK(visits[1].hash == k.machine.hash);
    CHECK(contains(visits[2].message, "of another machine"));
    CHECK(visits[2].count == 0);
}

TEST_CASE("an exact shape is found, of several the fastest", "[profile]") {
    owned_profile profile;
    profile.add({tuned(1000, 16, 100, 3), tuned(1000, 16, 100, 2, tiled), tuned(1000, 16, 100, 1, fused, 4),
                 tuned(1001, 16, 100, 1)});
    const exk_shape shape = {1000, 16, 100}, other = {1000, 16, 101};
    CHECK(exk_profile_exact(&profile.p, &shape, 2, nullptr)->seconds == 2);
    CHECK(exk_profile_exact(&profile.p, &shape, 2, fused)->seconds == 3);
    CHECK(exk_profile_exact(&profile.p, &shape, 4, nullptr)->seconds == 1);
    CHECK(exk_profile_exact(&profile.p, &shape, 4, tiled) == nullptr);
    CHECK(exk_profile_exact(&profile.p, &shape, 3, nullptr) == nullptr);
    CHECK(exk_profile_exact(&profile.p, &other, 2, nullptr) == nullptr);
}

TEST_CASE("entries that do not belong here and now are not found", "[profile]") {
    const exk_shape shape = {1000, 16, 100};
    exk_profile_entry entry = tuned(1000, 16, 100);
    CHECK(exk_profile_obstacle(&entry, &shape) == nullptr);
    CHECK_FALSE(exk_profile_is_stale(&entry));
    const auto hidden = [&](exk_profile_entry e, const char *reason) {
        owned_profile profile;
        profile.add({e});
        INFO(reason);
        CHECK(exk_profile_exact(&profile.p, &shape, 2, nullptr) == nullptr);
        CHECK(exk_profile_near(&profile.p, &shape, 2, nullptr) == nullptr);
        REQUIRE(exk_profile_obstacle(&e, &shape) != nullptr);
        CHECK(contains(exk_profile_obstacle(&e, &shape), reason));
    };
    exk_profile_entry e = entry;
    copy_text(e.variant, sizeof e.variant, "assign_f32_none__scalar");
    hidden(e, "does not know its variant");
    e = entry;
    copy_text(e.build, sizeof e.build, "0000000000000000");
    hidden(e, "another build");
    CHECK(exk_profile_is_stale(&e));
    e = entry;
    copy_text(e.registry, sizeof e.registry, "0000000000000000");
    hidden(e, "other variants");
    CHECK(exk_profile_is_stale(&e));
    e = entry;
    copy_text(e.isa, sizeof e.isa, "sse9");
    hidden(e, "other instruction sets");
    e = entry;
#ifdef __aarch64__
    copy_text(e.variant, sizeof e.variant, "assign_f32_fused__avx2");
#else
    copy_text(e.variant, sizeof e.variant, "assign_f32_fused__neon");
#endif
    hidden(e, "architecture");
    const exk_shape long_rows = {1000, INT64_C(1) << 41, 100};
    CHECK(contains(exk_profile_obstacle(&entry, &long_rows), "does not take this shape"));
}

TEST_CASE("what was tuned under EXAKT_ISA serves only under it", "[profile]") {
    const exk_shape shape = {1000, 16, 100};
    owned_profile profile;
    exk_profile_entry masked;
    {
        const environment mask("EXAKT_ISA", "scalar");
        masked = tuned(1000, 16, 100, 7);
        CHECK(std::string(masked.isa) == "scalar");
        profile.add({masked});
        CHECK(exk_profile_exact(&profile.p, &shape, 2, nullptr) != nullptr);
    }
    if (std::string(tuned(1, 1, 1).isa) != "scalar")
        CHECK(exk_profile_exact(&profile.p, &shape, 2, nullptr) == nullptr);
}

TEST_CASE("the nearest shape in d and k serves, within a factor of two", "[profile]") {
    owned_profile profile;
    profile.add({tuned(10000, 64, 100, 1), tuned(10000, 128, 100, 2), tuned(20000, 128, 100, 3),
                 tuned(10000, 128, 400, 4), tuned(10000, 128, 400, 5, tiled), tuned(10000, 32, 25, 6)});
    const auto near = [&](int64_t n, int64_t d, int64_t k, const char *variant = nullptr) {
        const exk_shape shape = {n, d, k};
        const exk_profile_entry *entry = exk_profile_near(&profile.p, &shape, 2, variant);
        return entry ? entry->seconds : 0;
    };
    CHECK(near(10000, 64, 100) == 1);  // itself
    CHECK(near(10000, 80, 100) == 1);  // 0.32 octaves from 64, 0.68 from 128
    CHECK(near(10000, 100, 100) == 2); // 0.64 and 0.36
    CHECK(near(18000, 100, 100) == 3); // as near in d and k: nearer in n
    CHECK(near(10000, 128, 210) == 4); // k is nearer to 400
    CHECK(near(10000, 128, 210, tiled) == 5);
    CHECK(near(10000, 128, 190) == 2);
    CHECK(near(10000, 256, 200) == 2); // a factor of two in both is the limit
    CHECK(near(10000, 257, 200) == 0);
    CHECK(near(10000, 256, 100) == 2);
    CHECK(near(10000, 256, 801) == 0);
    CHECK(near(10000, 16, 12) == 0); // 25 / 12 is more than two
    CHECK(near(10000, 16, 13) == 6);
    CHECK(near(10000, 16, 50) == 6);
    CHECK(near(10000, 15, 50) == 0);
    CHECK(near(5000, 64, 100) == 1); // half of the points tuned with
    CHECK(near(4999, 64, 100) == 0);
    CHECK(near(INT64_C(1) << 40, 64, 100) == 1); // however many more
    const exk_shape shape = {10000, 64, 100};
    CHECK(exk_profile_near(&profile.p, &shape, 1, nullptr) == nullptr);
}

TEST_CASE("a plan keeps the bytes of its tiles when rows are longer or shorter", "[profile]") {
    const exk_variant *variant = exk_variant_find(fused);
    REQUIRE(variant != nullptr);
    exk_profile_entry entry = tuned(100000, 128, 1000);
    entry.point_tile = 240;
    entry.centroid_tile = 512;
    entry.depth_tile = 128;
    const exk_shape same = {100000, 128, 1000}, longer = {100000, 256, 1000}, shorter = {100000, 64, 1000};
    exk_plan plan = exk_profile_plan(&entry, &same, 2);
    CHECK(plan.variant == variant->name);
    CHECK(plan.threads == 2);
    CHECK(plan.point_tile == 240);
    CHECK(plan.centroid_tile == 512);
    CHECK(plan.depth_tile == 128);
    plan = exk_profile_plan(&entry, &longer, 2);
    CHECK(plan.point_tile == 120);
    CHECK(plan.centroid_tile == 256);
    CHECK(plan.depth_tile == 256); // all dimensions, as before
    plan = exk_profile_plan(&entry, &shorter, 2);
    CHECK(plan.point_tile == 480);
    CHECK(plan.centroid_tile == 1000);
    CHECK(plan.depth_tile == 64);
    entry.depth_tile = 32;
    CHECK(exk_profile_plan(&entry, &longer, 2).depth_tile == 32);
    entry.point_tile = 1;
    CHECK(exk_profile_plan(&entry, &longer, 2).point_tile == 4); // half a row, rounded up to mr
    const exk_shape tiny = {5, 128, 3};
    plan = exk_profile_plan(&entry, &tiny, 2);
    CHECK(plan.point_tile <= 8);
    CHECK(plan.centroid_tile <= 4);
}

TEST_CASE("absurd tiles make a plan that a run can carry out", "[profile]") {
    for (int64_t tile : {INT64_C(0), INT64_C(1), INT64_C(1) << 50}) {
        for (int64_t d : {INT64_C(1), INT64_C(3), INT64_C(1) << 39}) {
            exk_profile_entry entry = tuned(1000, 128, 100);
            entry.point_tile = entry.centroid_tile = entry.depth_tile = entry.matrix_bytes = tile;
            const exk_shape shape = {1000, d, 100};
            const exk_plan plan = exk_profile_plan(&entry, &shape, 2);
            INFO(tile << " " << d);
            CHECK(plan.point_tile >= 1);
            CHECK(plan.point_tile <= 1003);
            CHECK(plan.centroid_tile >= 1);
            CHECK(plan.centroid_tile <= 103);
            CHECK(plan.depth_tile >= 1);
        }
    }
}

TEST_CASE("planning asks the profile first and says where a plan is from", "[profile]") {
    if (!can_keep())
        return;
    const TempDir dir;
    const environment cache("EXAKT_CACHE", dir.path());
    exk_topology topology = this_machine();
    exk_fingerprint here;
    exk_fingerprint_take(&topology, &here);
    const exk_shape shape = {10000, 64, 100}, close = {10000, 80, 100}, far = {10000, 500, 100};
    const auto plan_of = [&](const exk_shape &wanted, int64_t point_tile = 0) {
        char note[EXK_PROFILE_NOTE_ROOM];
        exk_profiles profiles;
        exk_profiles_load(&topology, &profiles, note);
        exk_plan plan = {};
        plan.variant = fused;
        plan.threads = 2;
        plan.point_tile = point_tile;
        const std::string source = exk_plan_choose(&topology, &profiles, &wanted, &plan);
        exk_profiles_free(&profiles);
        return std::make_pair(source, plan);
    };
    exk_plan model = {};
    model.variant = fused;
    model.threads = 2;
    exk_plan_model(&topology, &shape, &model);
    CHECK(plan_of(shape).first == "model");
    CHECK(plan_of(shape).second.point_tile == model.point_tile);

    exk_profile_entry entry = tuned(10000, 64, 100);
    entry.point_tile = 44;
    char note[EXK_PROFILE_NOTE_ROOM];
    REQUIRE(exk_profile_merge(&here, &entry, 1, note, nullptr) == EXK_OK);
    CHECK(plan_of(shape).first == "profile");
    CHECK(plan_of(shape).second.point_tile == 44);
    CHECK(plan_of(close).first == "profile of a near shape");
    CHECK(plan_of(close).second.point_tile == 36); // 35.2 rows of 80 have as many bytes, and mr is 4
    CHECK(plan_of(far).first == "model");
    CHECK(plan_of(shape, 88).first == "model"); // a given tile: what was tuned beside 44 is not tuned beside 88
    CHECK(plan_of(shape, 88).second.point_tile == 88);
    exk_topology_unbind(&topology);
    exk_topology_free(&topology);
}

TEST_CASE("a machine with the same caches helps out, after this one", "[profile]") {
    if (!can_keep() || !topology_replay_works())
        return;
    const TempDir dir;
    const environment cache("EXAKT_CACHE", dir.path());
    exk_topology topology = this_machine();
    exk_fingerprint here;
    exk_fingerprint_take(&topology, &here);
    if (std::string(here.geometry) == "unknown") {
        exk_topology_free(&topology);
        return;
    }
    const exk_shape shape = {10000, 64, 100}, close = {10000, 80, 100};
    const auto source_of = [&](const exk_shape &wanted, double *seconds = nullptr) -> std::string {
        char note[EXK_PROFILE_NOTE_ROOM];
        exk_profiles profiles;
        const char *source = "";
        exk_profiles_load(&topology, &profiles, note);
        const exk_profile_entry *entry = exk_profiles_find(&profiles, &wanted, 2, nullptr, &source);
        if (entry && seconds)
            *seconds = entry->seconds;
        const std::string result = entry ? source : "";
        exk_profiles_free(&profiles);
        return result;
    };
    char note[EXK_PROFILE_NOTE_ROOM];
    const exk_fingerprint alike = machine_named("A", here.geometry), twin = machine_named("C", here.geometry),
                          other = machine_named("B", "L1d 1K/1/1/1");
    exk_profile_entry entry = tuned(10000, 64, 100, 5);
    REQUIRE(exk_profile_merge(&other, &entry, 1, note, nullptr) == EXK_OK);
    CHECK(source_of(shape).empty());
    REQUIRE(exk_profile_merge(&alike, &entry, 1, note, nullptr) == EXK_OK);
    CHECK(source_of(shape) == "profile of a machine with the same caches");
    CHECK(source_of(close) == "profile of a near shape on a machine with the same caches");
    entry.seconds = 4.6;
    REQUIRE(exk_profile_merge(&twin, &entry, 1, note, nullptr) == EXK_OK);
    double seconds = 0;
    CHECK(source_of(shape, &seconds) == "profile of a machine with the same caches");
    CHECK(seconds == 4.6);
    const exk_profile_entry own = tuned(10000, 70, 100, 9);
    REQUIRE(exk_profile_merge(&here, &own, 1, note, nullptr) == EXK_OK);
    CHECK(source_of(shape) == "profile of a near shape");
    exk_topology_free(&topology);
}

TEST_CASE("machines whose caches are unknown are not alike", "[profile]") {
    if (!can_keep())
        return;
    const TempDir dir;
    const environment cache("EXAKT_CACHE", dir.path());
    exk_topology topology = {};
    topology.pus = topology.cores = topology.kinds = 1;
    topology.this_system = true;
    const exk_fingerprint other = machine_named("B", "unknown");
    const exk_profile_entry entry = tuned(10000, 64, 100);
    char note[EXK_PROFILE_NOTE_ROOM];
    REQUIRE(exk_profile_merge(&other, &entry, 1, note, nullptr) == EXK_OK);
    exk_profiles profiles;
    exk_profiles_load(&topology, &profiles, note);
    CHECK(std::string(profiles.own.machine.geometry) == "unknown");
    CHECK(profiles.alikes == 0);
    exk_profiles_free(&profiles);
}

TEST_CASE("a replayed machine has no profile", "[profile]") {
    if (!can_keep() || !topology_replay_works())
        return;
    const TempDir dir;
    const environment cache("EXAKT_CACHE", dir.path());
    recorded_topology topology("epyc-64.xml");
    exk_fingerprint machine;
    exk_fingerprint_take(topology.get(), &machine);
    const exk_profile_entry entry = tuned(10000, 64, 100);
    char note[EXK_PROFILE_NOTE_ROOM];
    REQUIRE(exk_profile_merge(&machine, &entry, 1, note, nullptr) == EXK_OK);
    exk_profiles profiles;
    exk_profiles_load(topology.get(), &profiles, note);
    CHECK(profiles.own.count == 0);
    CHECK(profiles.alikes == 0);
    exk_profiles_free(&profiles);
}
