// exakt ceilings: what is measured, what comes from the cache, and what a cache that cannot be used does.
#include "tests/cli/program.hpp"

#include <csignal>
#include <cstdlib>

using namespace program_test;

namespace {

// The program with a cache of its own.
class cached_program {
    folder folder_;

  public:
    std::filesystem::path cache = folder_.at("cache");

    outcome run(
        const arguments &words, const std::function<void()> &prepare = [] {}) const {
        return folder_.run(words, [&] {
            setenv("EXAKT_CACHE", cache.c_str(), 1);
            unsetenv("EXAKT_ISA");
            prepare();
        });
    }
    outcome ceilings(const arguments &more = {}) const {
        arguments words = {"ceilings", "--quick", "--threads", "1"};
        words.insert(words.end(), more.begin(), more.end());
        return run(words);
    }
    const folder &place() const {
        return folder_;
    }
    std::vector<std::filesystem::path> files() const {
        std::vector<std::filesystem::path> found;
        if (std::filesystem::exists(cache))
            for (const auto &entry : std::filesystem::directory_iterator(cache))
                found.push_back(entry.path());
        return found;
    }
    void overwrite(const std::string &text) const {
        REQUIRE(files().size() == 1);
        std::ofstream(files()[0], std::ios::binary | std::ios::trunc) << text;
    }
};

// A program whose cache holds what was once measured for one thread: measuring takes its time.
class program_with_figures : public cached_program {
  public:
    program_with_figures() {
        static const auto kept = [] {
            const cached_program p;
            REQUIRE(p.ceilings().code == 0);
            REQUIRE(p.files().size() == 1);
            return std::make_pair(p.files()[0].filename(), content(p.files()[0]));
        }();
        std::filesystem::create_directory(cache);
        std::ofstream(cache / kept.first, std::ios::binary) << kept.second;
    }
};

bool is_measured(const outcome &o) {
    return contains(o.out, "measured now") && !contains(o.out, "from the cache");
}

bool is_cached(const outcome &o) {
    return contains(o.out, "from the cache, measured 20") && !contains(o.out, "measured now");
}

} // namespace

TEST_CASE("ceilings are measured once, then come from the cache", "[cli]") {
    const cached_program p;
    const outcome first = p.ceilings();
    INFO(first.err);
    CHECK(first.code == 0);
    CHECK(first.err.empty());
    CHECK(is_measured(first));
    CHECK(contains(first.out, "scalar"));
    CHECK(contains(first.out, "memory"));
    CHECK(contains(first.out, "machine"));
    if (!has_json()) {
        CHECK(contains(first.out, "not kept: built without cJSON"));
        CHECK(p.files().empty());
        return;
    }
    CHECK(contains(first.out, "cache       " + p.cache.string()));
    REQUIRE(p.files().size() == 1);
    const std::string kept = content(p.files()[0]);
    check_parses(kept);
    const outcome second = p.ceilings();
    CHECK(second.code == 0);
    CHECK(is_cached(second));
    CHECK(contains(second.out, "(quick)"));
    // The same figures, down to the last digit.
    const size_t table = first.out.find("\nthreads");
    CHECK(first.out.substr(table) == second.out.substr(second.out.find("\nthreads")));
    CHECK(content(p.files()[0]) == kept);
}

TEST_CASE("numbers of threads join those in the cache", "[cli]") {
    if (!has_json())
        return;
    const program_with_figures p;
    const outcome both = p.run({"ceilings", "--quick", "--threads", "1,2,1"});
    CHECK(both.code == 0);
    CHECK(contains(both.out, " 1 thread   from the cache"));
    CHECK(contains(both.out, " 2 threads  measured now"));
    CHECK(is_cached(p.run({"ceilings", "--quick", "--threads", "2,1"})));
}

TEST_CASE("the record has the figures, the curve and where they come from", "[cli]") {
    if (!has_json())
        return;
    const program_with_figures p;
    const outcome o = p.ceilings({"--refresh", "--json", "-"});
    CHECK(o.code == 0);
    CHECK(contains(o.err, "measured now"));
    check_parses(o.out);
    CHECK(field(o.out, "schema") == "\"exakt ceilings 1\"");
    CHECK(field(o.out, "source") == "\"measured\"");
    CHECK(field(o.out, "threads") == "1");
    CHECK(field(o.out, "quick") == "true");
    CHECK(field(o.out, "isa") == "\"scalar\"");
    CHECK(std::stod(field(o.out, "median")) > 0);
    CHECK(contains(o.out, "\"curve\""));
    CHECK(contains(o.out, "\"believed_bytes\""));
    CHECK(field(p.ceilings({"--json", "-"}).out, "source") == "\"cache\"");
}

TEST_CASE("a cache that cannot be used is reported in one line and ignored", "[cli]") {
    if (!has_json())
        return;
    const program_with_figures p;
    const std::string good = content(p.files()[0]);
    std::string foreign = good;
    const size_t hash = good.find("\"hash\":\t\"") + 9;
    foreign[hash] = good[hash] == '0' ? '1' : '0';
    const std::pair<std::string, const char *> damaged[] = {
        {good.substr(0, good.size() / 2), "not a JSON object"},
        {foreign, "'machine' contradicts itself"},
    };
    for (const auto &damage : damaged) {
        p.overwrite(damage.first);
        const outcome o = p.ceilings();
        INFO(damage.second << "\n" << o.err);
        CHECK(o.code == 0);
        CHECK(is_one_line(o.err));
        CHECK(contains(o.err, damage.second));
        CHECK(contains(o.err, "ignored"));
        CHECK(is_measured(o));
        CHECK(is_cached(p.ceilings())); // the damaged one was replaced
    }
}

TEST_CASE("a cache that cannot be written costs no more than the next measurement", "[cli]") {
    if (!has_json())
        return;
    const cached_program p;
    p.place().write("cache", "a file where the folder should be");
    const outcome o = p.ceilings();
    CHECK(o.code == 0);
    CHECK(is_measured(o));
    CHECK(contains(o.out, "not kept: "));
    CHECK(content(p.cache) == "a file where the folder should be");
    const outcome homeless = p.run({"ceilings", "--quick", "--threads", "1"}, [] {
        for (const char *name : {"EXAKT_CACHE", "XDG_CACHE_HOME", "HOME"})
            unsetenv(name);
    });
    CHECK(homeless.code == 0);
    CHECK(contains(homeless.out, "not kept: no cache folder"));
    const outcome masked =
        p.run({"ceilings", "--quick", "--threads", "1"}, [] { setenv("EXAKT_ISA", "scalar", 1); });
    CHECK(masked.code == 0);
    CHECK(contains(masked.out, "not kept: EXAKT_ISA"));
    CHECK(!contains(masked.out, "avx2 "));
}

TEST_CASE("ceilings refuses what it cannot measure", "[cli]") {
    const cached_program p;
    check_refused(p.run({"ceilings", "--threads", "0"}), 2, "out of range");
    check_refused(p.run({"ceilings", "--threads", "1,"}), 2, "not a whole number");
    check_refused(p.run({"ceilings", "stray"}), 2, "unexpected argument");
#ifdef EXAKT_HAVE_HWLOC
    const outcome other = p.run({"ceilings"}, [] { setenv("HWLOC_SYNTHETIC", "node:1 core:4 pu:1", 1); });
    CHECK(other.code == 2);
    CHECK(contains(other.err, "another machine cannot be measured"));
#endif
    CHECK(p.files().empty());
}

TEST_CASE("Ctrl-C ends measuring and keeps what was finished", "[cli]") {
    const cached_program p;
    const pid_t child =
        p.place().start({"ceilings", "--threads", "1"}, [&] { setenv("EXAKT_CACHE", p.cache.c_str(), 1); });
    const bool ready = wait_for([&] { return process_test::catches_interrupt(child); });
    std::this_thread::sleep_for(std::chrono::milliseconds(200)); // of ten seconds that it would take
    kill(child, SIGINT);
    const outcome o = p.place().finish(child);
    CHECK(ready);
    CHECK(o.code == 130);
    CHECK(contains(o.err, "interrupted before anything was measured"));
    CHECK(p.files().empty());
}
