// `exakt bench` as people meet it: what is verified, what is written, what is refused. Times are not looked at.
#include "tests/bench/records.hpp"
#include "tests/cli/program.hpp"

#include <csignal>
#include <cstdlib>
#include <functional>
#include <map>
#include <set>
#include <unistd.h>

namespace {

using program_test::arguments, program_test::contains, program_test::line_with, program_test::outcome;

// The program's bench, or that of another build.
class folder : public program_test::folder {
  public:
    pid_t start(arguments words, const std::string &program = EXAKT_CLI) const {
        words.insert(words.begin(), "bench");
        return start_program(program, words);
    }
    outcome run(const arguments &words, const std::string &program = EXAKT_CLI) const {
        return finish(start(words, program));
    }
    // With another PATH.
    outcome run_with_path(arguments words, const std::string &path) const {
        words.insert(words.begin(), "bench");
        return finish(start_program(EXAKT_CLI, words, [&] { setenv("PATH", path.c_str(), 1); }));
    }
};

// The cells of a line of CSV, quotes taken off.
arguments cells(const std::string &line) {
    arguments list = {""};
    bool quoted = false;
    for (const char c : line) {
        if (c == '"')
            quoted = !quoted;
        else if (c == ',' && !quoted)
            list.emplace_back();
        else
            list.back() += c;
    }
    return list;
}

const std::string points = "gen:blobs,n=4000,d=5,k=7";
const arguments small = {points, "-k", "6", "--samples", "2", "--iterations", "3", "--threads", "1,2"};

arguments with(arguments words, const arguments &more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

#ifdef EXAKT_HAVE_CJSON

struct document {
    explicit document(const std::string &text) : root(cJSON_Parse(text.c_str())) {
        REQUIRE(root != nullptr);
    }
    document(const document &) = delete;
    document &operator=(const document &) = delete;
    ~document() {
        cJSON_Delete(root);
    }
    cJSON *root;
};

cJSON *at(cJSON *object, const char *key) {
    cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    INFO(key);
    REQUIRE(item != nullptr);
    return item;
}

double number(cJSON *object, const char *key) {
    INFO(key);
    REQUIRE(cJSON_IsNumber(at(object, key)));
    return at(object, key)->valuedouble;
}

std::string text(cJSON *object, const char *key) {
    INFO(key);
    REQUIRE(cJSON_IsString(at(object, key)));
    return at(object, key)->valuestring;
}

#endif

} // namespace

TEST_CASE("the table has every row, verified first", "[bench]") {
    const folder f;
    const outcome o = f.run(with(small, {"--variants", "naive__scalar,tiled__scalar,fused__scalar"}));
    INFO(o.out << o.err);
    CHECK(o.code == 0);
    CHECK(contains(o.out, "verified  against assign_f32_naive__scalar on all points"));
    CHECK(contains(o.out, "2 samples of 6 rows"));
    CHECK(contains(o.out, "\n1 thread "));
    CHECK(contains(o.out, "\n2 threads "));
    for (const char *variant : {"naive", "tiled", "fused"})
        CHECK(line_with(o.out, {std::string("assign_f32_") + variant + "__scalar ", " %", "MiB"}) != "");
    CHECK(line_with(o.out, {"fastest"}) != "");
    CHECK(contains(o.out, "GFLOP/s of multiply-adds (fed from L1)"));
    CHECK(contains(o.out, "reach 50 % only"));
}

#ifdef EXAKT_HAVE_CJSON

TEST_CASE("the record has a manifest, and rows with their samples", "[bench]") {
    const folder f;
    const outcome o = f.run(with(small, {"--variants", "naive__scalar,fused__scalar", "--json", "r.json", "-q",
                                         "--seed", "18446744073709551615"}));
    INFO(o.err);
    CHECK(o.code == 0);
    CHECK(o.out.empty());
    const document d(f.read("r.json"));
    CHECK(text(d.root, "format") == "exakt bench 2");
    cJSON *manifest = at(d.root, "manifest");
    CHECK(text(at(manifest, "machine"), "fingerprint").size() == 16);
    for (const char *key : {"version", "commit", "compiler", "flags", "build_type", "hash", "registry_hash"})
        CHECK_FALSE(text(at(manifest, "build"), key).empty());
    CHECK(cJSON_GetArraySize(at(manifest, "command_line")) == 18);
    cJSON *ceilings = at(manifest, "ceilings"), *ceiling;
    CHECK(cJSON_GetArraySize(ceilings) == 2);
    cJSON_ArrayForEach(ceiling, ceilings) {
        CHECK(number(ceiling, "gflops") > 0);
        CHECK(number(ceiling, "fed_gflops") > 0);
    }
    for (const char *key : {"started", "init", "openblas_core"})
        CHECK(cJSON_IsString(at(manifest, key)));
    CHECK(contains(f.read("r.json"), "18446744073709551615"));
    CHECK(cJSON_IsArray(at(manifest, "warnings")));
    cJSON *rows = at(d.root, "rows"), *row;
    REQUIRE(cJSON_GetArraySize(rows) == 4);
    std::set<std::string> hashes;
    cJSON_ArrayForEach(row, rows) {
        CHECK(text(row, "input") == points);
        CHECK(cJSON_IsTrue(at(row, "verified")));
        CHECK(number(row, "n") == 4000);
        CHECK(number(row, "d") == 5);
        CHECK(number(row, "k") == 6);
        CHECK(number(row, "iterations") == 3);
        CHECK(number(row, "evaluations") >= 3 * 4000 * 6);
        CHECK(number(row, "bytes") == 3 * 4000 * 5 * 4);
        CHECK(number(row, "peak_rss_bytes") > 0);
        CHECK(number(row, "ci_low") <= number(row, "median_seconds"));
        CHECK(number(row, "median_seconds") <= number(row, "ci_high"));
        CHECK(number(row, "ci_level") == Approx(0.5));
        CHECK(number(row, "seconds_per_iteration") == Approx(number(row, "median_seconds") / 3));
        CHECK(number(row, "executed_gflops") >= number(row, "effective_gflops"));
        CHECK(number(row, "effective_gflops") * number(row, "median_seconds") * 1e9 ==
              Approx(2.0 * 4000 * 6 * 5 * 3));
        CHECK(number(row, "ceiling_share") ==
              Approx(number(row, "executed_gflops") / number(row, "ceiling_gflops")));
        for (const char *part : {"prepare_seconds", "assign_seconds", "refine_seconds", "update_seconds"})
            CHECK(number(at(row, "parts"), part) >= 0);
        CHECK(number(at(row, "plan"), "point_tile") > 0);
        hashes.insert(text(row, "labels_hash"));
        cJSON *samples = at(row, "samples"), *sample;
        CHECK(cJSON_GetArraySize(samples) == 2);
        cJSON_ArrayForEach(sample, samples) {
            CHECK(number(sample, "seconds") > 0);
            CHECK(number(sample, "ceiling_gflops") > 0);
            CHECK(cJSON_IsArray(at(sample, "flags")));
        }
    }
    CHECK(hashes.size() == 1);
}

namespace {

const arguments counted = {points,      "-k",  "6",          "--samples",     "1",      "--iterations", "3",
                           "--threads", "1,2", "--variants", "fused__scalar", "--json", "r.json"};

// Every counter of every row: known with a value and no reason, or unknown with a reason and no value.
void check_counters(cJSON *root, const std::function<void(cJSON *row, cJSON *counter)> &also) {
    cJSON *row, *counter;
    cJSON_ArrayForEach(row, at(root, "rows")) {
        cJSON_ArrayForEach(counter, at(row, "counters")) {
            const std::string status = text(counter, "status"), why = text(counter, "why");
            INFO(text(counter, "event") << ": " << status << ", " << why);
            const bool unknown = status == "NA";
            CHECK((unknown || status == "counted" || status == "multiplexed" || status == "simulated"));
            CHECK(cJSON_IsNull(at(counter, "value")) == unknown);
            CHECK(why.empty() == !unknown);
            CHECK((cJSON_GetArraySize(at(counter, "samples")) > 0) == !unknown);
            also(row, counter);
        }
    }
}

// A valgrind that only says what cachegrind might: counts that grow with the iterations and the last level.
const char *const fake_valgrind = R"(#!/bin/sh
for word; do
    case $word in
        --cachegrind-out-file=*) out=${word#*=} ;;
        --json=*) fit=${word#*=} ;;
        --max-iter=*) n=${word#*=} ;;
        --variant=*) variant=${word#*=} ;;
        --LL=*) last=${word#*=}; last=${last%%,*} ;;
        --D1=*) d1=${word#*=} ;;
    esac
done
echo "$variant D1=$d1 LL=$last n=$n" >> calls
[ -e broken ] && { echo 'valgrind: the impossible happened' >&2; exit 3; }
echo "{\"iterations\": $n}" > "$fit"
printf 'events: Ir I1mr ILmr Dr D1mr DLmr Dw D1mw DLmw
summary: %d 1 1 %d %d %d %d %d %d
'     $((7000 + 5000 * n)) $((500 + 1000 * n)) $((40 + 100 * n)) $((last / 1048576 + 10 * n)) $((200 * n)) $((20 * n))     $((n * (last / 1048576))) > "$out"
)";

} // namespace

TEST_CASE("what the machine counts is in the record, or why it does not", "[bench]") {
    const folder f;
    const outcome o = f.run(with(counted, {"--counters-csv", "c.csv"}));
    INFO(o.out << o.err);
    CHECK(o.code == 0);
    CHECK(contains(o.out, "counters  of an iteration, the mean of those after the first"));
    const document d(f.read("r.json"));
    std::set<std::string> groups;
    int events = 0;
    check_counters(d.root, [&](cJSON *row, cJSON *counter) {
        groups.insert(text(counter, "group"));
        events++;
        CHECK(text(row, "counters_of") == "an iteration, the mean of those after the first");
        if (text(counter, "event") == "task-clock" && text(counter, "status") == "counted")
            CHECK(number(counter, "value") > 1000);
        if (text(counter, "status") == "counted")
            CHECK(cJSON_GetArraySize(at(counter, "samples")) == 2);
    });
    CHECK(groups == std::set<std::string>{"cache", "flops", "stalls", "tlb", "branches", "software"});
    CHECK(events >= 20);
    const std::string table = f.read("c.csv");
    CHECK(std::count(table.begin(), table.end(), '\n') >= events);
    CHECK(contains(table, "fused__scalar"));
    CHECK(program_test::folder().run({"results", f.at("r.json"), f.at("c.csv")}).code == 0);
}

TEST_CASE("a single iteration is counted with what surrounds it, and says so", "[bench]") {
    const folder f;
    const outcome o = f.run({points, "-k", "6", "--samples", "1", "--iterations", "1", "--threads", "1",
                             "--variants", "fused__scalar", "--json", "r.json", "--counter-groups", "software"});
    CHECK(o.code == 0);
    const document d(f.read("r.json"));
    check_counters(d.root, [&](cJSON *row, cJSON *counter) {
        CHECK(text(row, "counters_of") == "the only iteration, with the scan before it");
        CHECK(text(counter, "group") == "software");
    });
}

TEST_CASE("nothing is counted that nobody wants", "[bench]") {
    const folder f;
    const outcome o = f.run(with(counted, {"--counters", "none"}));
    CHECK(o.code == 0);
    CHECK_FALSE(contains(o.out, "counters"));
    const document d(f.read("r.json"));
    cJSON *row;
    cJSON_ArrayForEach(row, at(d.root, "rows")) CHECK(cJSON_GetArraySize(at(row, "counters")) == 0);
    const outcome wrong = f.run(with(counted, {"--counter-groups", "cache,tbl"}));
    CHECK(wrong.code == 2);
    CHECK(contains(wrong.err, "--counter-groups: 'tbl' is no group"));
    CHECK(f.run(with(counted, {"--counters", "vtune"})).code == 2);
}

TEST_CASE("cachegrind's counts are those of an iteration, and labelled", "[bench]") {
    const folder f;
    std::filesystem::create_directory(f.at("bin"));
    const std::string script = f.write("bin/valgrind", fake_valgrind);
    std::filesystem::permissions(script, std::filesystem::perms::all);
    const std::string path = f.at("bin").string() + ":" + getenv("PATH");
    const outcome o = f.run_with_path(with(counted, {"--counters", "simulated"}), path);
    INFO(o.out << o.err << f.read("calls"));
    CHECK(o.code == 0);
    CHECK(contains(f.read("calls"), "assign_f32_fused__scalar D1="));
    CHECK(contains(o.out, "simulated by cachegrind"));
    CHECK(program_test::line_with(o.out, {"assign_f32_fused__scalar as scalar, n = "}) != "");
    const document d(f.read("r.json"));
    check_counters(d.root, [&](cJSON *row, cJSON *counter) {
        const std::string event = text(counter, "event");
        if (number(row, "threads") == 2) {
            CHECK(contains(text(counter, "why"), "only the rows with the fewest threads"));
            return;
        }
        if (text(counter, "status") == "NA") // a machine may lack a level
            return;
        CHECK(text(counter, "status") == "simulated");
        CHECK(text(counter, "provider") == "cachegrind");
        CHECK(contains(text(row, "counters_of"), "simulated by cachegrind: an iteration after the first of "
                                                 "assign_f32_fused__scalar on "));
        if (event == "data_references")
            CHECK(number(counter, "value") == 1200);
        if (event == "L1D_misses")
            CHECK(number(counter, "value") == 120);
        if (event == "L2_misses" || event == "L3_misses") // 10 reads, and as many writes as the level has MiB
            CHECK(number(counter, "value") >= 10);
    });
    f.write("broken", "");
    const outcome broken = f.run_with_path(with(counted, {"--counters", "simulated"}), path);
    CHECK(broken.code == 0);
    const document e(f.read("r.json"));
    check_counters(e.root, [&](cJSON *row, cJSON *counter) {
        CHECK(text(counter, "status") == "NA");
        if (number(row, "threads") == 1 && text(counter, "event") == "L1D_misses")
            CHECK((contains(text(counter, "why"), "exit code 3: valgrind: the impossible happened") ||
                   contains(text(counter, "why"), "not known")));
    });
    const outcome none = f.run_with_path(with(counted, {"--counters", "simulated"}), f.at("nowhere").string());
    CHECK(none.code == 0);
    CHECK((contains(none.out, "valgrind is not installed") || contains(none.out, "caches is not known")));
}

TEST_CASE("the real cachegrind, where there is one", "[bench]") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    WARN("skipped: valgrind cannot run a program built with sanitizers");
#else
    if (std::system("valgrind --version > /dev/null 2>&1") != 0) {
        WARN("skipped: valgrind is not installed");
        return;
    }
    const folder f;
    const outcome o = f.run({points, "-k", "6", "--samples", "1", "--iterations", "3", "--threads", "1",
                             "--variants", "fused__scalar", "--json", "r.json", "--counters", "simulated"});
    INFO(o.out << o.err);
    CHECK(o.code == 0);
    const document d(f.read("r.json"));
    double references = 0, misses = 1e18;
    check_counters(d.root, [&](cJSON *, cJSON *counter) {
        INFO(text(counter, "event") << " " << text(counter, "why"));
        if (text(counter, "status") == "NA") {
            WARN("skipped: " << text(counter, "event") << ": " << text(counter, "why"));
            return;
        }
        if (text(counter, "event") == "data_references")
            references = number(counter, "value");
        // Farther levels miss less.
        if (contains(text(counter, "event"), "_misses")) {
            CHECK(number(counter, "value") <= misses);
            misses = number(counter, "value");
        }
    });
    CHECK((references == 0 || references > 4000 * 5)); // each value of each point is looked at
#endif
}

TEST_CASE("a variant that is wrong is not timed", "[bench]") {
    const folder f;
    const arguments words = {"gen:lattice,n=400,d=3,side=3,seed=1",
                             "-k",
                             "12",
                             "--samples",
                             "2",
                             "--threads",
                             "1",
                             "--json",
                             "r.json",
                             "--csv",
                             "r.csv",
                             "--variants",
                             "naive__scalar,broken_ties"};
    const outcome o = f.run(words, EXAKT_BROKEN_CLI);
    INFO(o.out << o.err);
    CHECK(o.code == 1);
    CHECK(line_with(o.out, {"assign_f32_broken_ties__scalar", "WRONG, not timed: labels differ"}) != "");
    CHECK(contains(o.out, "2 samples of 1 row in"));
    CHECK(line_with(o.out, {"assign_f32_naive__scalar ", "fastest"}) != "");
    const document d(f.read("r.json"));
    cJSON *row;
    cJSON_ArrayForEach(row, at(d.root, "rows")) {
        const bool wrong = contains(text(row, "variant"), "broken");
        CHECK(cJSON_IsTrue(at(row, "verified")) == !wrong);
        CHECK((cJSON_GetArraySize(at(row, "samples")) == 0) == wrong);
        CHECK(cJSON_IsNull(at(row, "median_seconds")) == wrong);
        CHECK(text(row, "why").empty() == !wrong);
    }
    CHECK_FALSE(contains(f.read("r.csv"), "broken"));
    CHECK(contains(f.read("r.csv"), "naive"));
}

TEST_CASE("a variant that goes wrong while it is timed loses its samples", "[bench]") {
    const folder f;
    // Large enough for few fits in a sample: the first samples are good.
    const outcome o =
        f.run({"gen:uniform,n=60000,d=32", "-k", "64", "--samples", "5", "--iterations", "2", "--threads", "1",
               "--json", "r.json", "--csv", "r.csv", "--variants", "naive__scalar,broken_late"},
              EXAKT_BROKEN_CLI);
    INFO(o.out << o.err);
    CHECK(o.code == 1);
    CHECK(contains(o.out, "5 samples of 2 rows in"));
    CHECK(line_with(o.out, {"assign_f32_broken_late__scalar", "WRONG"}) != "");
    CHECK_FALSE(contains(f.read("r.csv"), "broken"));
    const document d(f.read("r.json"));
    cJSON *rows = at(d.root, "rows");
    REQUIRE(cJSON_GetArraySize(rows) == 2);
    CHECK(cJSON_IsTrue(at(cJSON_GetArrayItem(rows, 0), "verified")));
    CHECK(cJSON_GetArraySize(at(cJSON_GetArrayItem(rows, 0), "samples")) == 5);
    CHECK(cJSON_IsFalse(at(cJSON_GetArrayItem(rows, 1), "verified")));
    CHECK(cJSON_GetArraySize(at(cJSON_GetArrayItem(rows, 1), "samples")) == 0);
}

TEST_CASE("Ctrl-C keeps what was measured", "[bench]") {
    const folder f;
    const pid_t child = f.start(with(small, {"--samples", "2000", "--json", "r.json", "--csv", "r.csv",
                                             "--progress", "--variants", "naive__scalar,fused__scalar"}));
    CHECK(program_test::wait_for([&] { return contains(f.read("stderr"), "round 2 of"); }));
    kill(child, SIGINT);
    const outcome o = f.finish(child);
    INFO(o.out << o.err);
    CHECK(o.code == 130);
    const document d(f.read("r.json"));
    CHECK(cJSON_IsTrue(at(at(d.root, "manifest"), "stopped")));
    cJSON *row;
    cJSON_ArrayForEach(row, at(d.root, "rows")) {
        CHECK(cJSON_IsTrue(at(row, "verified")));
        CHECK(cJSON_GetArraySize(at(row, "samples")) >= 2);
    }
    CHECK(contains(o.out, "fastest"));
    CHECK(contains(f.read("r.csv"), "naive"));
}

// Made-up samples, so that no clock has a say.
TEST_CASE("two runs of one program come out equal, a slowdown is found", "[bench]") {
    const folder f;
    const std::vector<records::row> rows = {
        {}, {"assign_f32_naive__avx2", 1, 0.3, "h"}, {"assign_f32_x__avx2", 2, 1, "h"}};
    std::vector<records::row> slower = rows, faster = rows;
    slower[1].seconds *= 1.10;
    faster[2].seconds /= 1.10;
    const std::string old = f.write("old.json", records::record(rows, 1));
    for (unsigned seed = 2; seed < 6; seed++) {
        const outcome o = f.run({"--measured", f.write("new.json", records::record(rows, seed)), "--vs", old});
        INFO(o.out << o.err);
        CHECK(o.code == 0);
        CHECK(contains(o.out, "0 slower, 0 faster, 3 equal, 0 not comparable"));
    }
    const outcome bad = f.run({"--measured", f.write("new.json", records::record(slower, 7)), "--vs", old});
    INFO(bad.out << bad.err);
    CHECK(bad.code == 1);
    CHECK(contains(bad.out, "1 slower, 0 faster, 2 equal"));
    CHECK(line_with(bad.out, {"naive", " slower"}) != "");
    const outcome good = f.run({"--measured", f.write("new.json", records::record(faster, 8)), "--vs", old});
    CHECK(good.code == 0);
    CHECK(contains(good.out, "0 slower, 1 faster, 2 equal"));
}

TEST_CASE("what cannot be compared is refused row by row", "[bench]") {
    const folder f;
    const std::vector<records::row> rows = {{}, {"assign_f32_naive__avx2", 1, 0.3, "h"}};
    std::vector<records::row> other = {rows[0], {"assign_f32_naive__avx2", 1, 9, "another"}};
    other.push_back({"assign_f32_new__avx2", 1, 9, "h"});
    const std::string old = f.write("old.json", records::record(rows, 1));
    const outcome o = f.run({"--measured", f.write("new.json", records::record(other, 2)), "--vs", old});
    INFO(o.out << o.err);
    CHECK(o.code == 0);
    CHECK(contains(o.out, "0 slower, 0 faster, 1 equal, 2 not comparable"));
    CHECK(line_with(o.out, {"naive", "not comparable: another outcome"}) != "");
    CHECK(line_with(o.out, {"new", "not comparable: not in the earlier results"}) != "");
    const std::string foreign = f.write("foreign.json", records::record(rows, 1, 11, "fedcba9876543210"));
    const outcome machine = f.run({"--measured", foreign, "--vs", old});
    CHECK(machine.code == 0);
    CHECK(contains(machine.out, "not comparable: another machine"));
}

TEST_CASE("a run can be compared with its own record", "[bench]") {
    const folder f;
    const arguments words = with(small, {"--variants", "fused__scalar,naive__scalar", "--samples", "1"});
    REQUIRE(f.run(with(words, {"--json", "old.json"})).code == 0);
    const outcome o = f.run(with(words, {"--vs", "old.json", "--json", "new.json"}));
    INFO(o.out << o.err);
    CHECK(o.code == 0); // one sample proves nothing, and it says so
    CHECK(contains(o.out, "4 not comparable"));
    CHECK(
        (line_with(o.out, {"fused", "too few samples"}) != "" || line_with(o.out, {"fused", "disturbed"}) != ""));
    const document d(f.read("new.json"));
    cJSON *comparison = at(d.root, "comparison");
    CHECK(text(comparison, "with") == "old.json");
    CHECK(cJSON_GetArraySize(at(comparison, "rows")) == 4);
}

TEST_CASE("without --iterations, those of the earlier run are taken", "[bench]") {
    const folder f;
    const arguments words = {"gen:uniform,n=4000,d=5", "-k",        "6", "--threads", "1", "--variants",
                             "fused__scalar",          "--samples", "4"};
    REQUIRE(f.run(with(words, {"--iterations", "4", "--json", "old.json"})).code == 0);
    const outcome o = f.run(with(words, {"--vs", "old.json"}));
    INFO(o.out << o.err);
    CHECK((o.code == 0 || o.code == 1)); // whatever the clock says
    CHECK(contains(o.out, "plan      4 iterations"));
    CHECK_FALSE(contains(o.out, "another number of iterations"));
    const outcome alone = f.run(words);
    CHECK(contains(alone.out, "plan      10 iterations"));
}

TEST_CASE("records that cannot be read are refused before anything is measured", "[bench]") {
    const folder f;
    const std::string good = records::record({{}}, 1);
    f.write("half.json", good.substr(0, good.size() / 2));
    f.write("foreign.json", "{\"version\": \"0.1.0\", \"command\": \"fit\"}");
    f.write("empty.json", "");
    for (const char *name : {"half.json", "foreign.json", "empty.json", "missing.json", "."}) {
        const outcome o = f.run(with(small, {"--vs", name}));
        INFO(name << ": " << o.err);
        CHECK(o.code == 3);
        CHECK(o.out.empty());
        CHECK(contains(o.err, name));
        CHECK(std::count(o.err.begin(), o.err.end(), '\n') == 1);
    }
}

TEST_CASE("JSON goes to stdout alone", "[bench]") {
    const folder f;
    const outcome o = f.run(with(small, {"--variants", "fused__scalar", "--json", "-"}));
    INFO(o.err);
    CHECK(o.code == 0);
    const document d(o.out);
    CHECK(cJSON_GetArraySize(at(d.root, "rows")) == 2);
    CHECK(contains(o.err, "assign_f32_fused__scalar"));
}

// So many iterations are planned that naive code could not follow; the fits converge long before.
TEST_CASE("where naive code is too slow, a part is checked by it and the whole by a vote", "[bench]") {
    const folder f;
    const arguments words = {"gen:blobs,n=40000,d=8,k=32,spread=0.02",
                             "-k",
                             "32",
                             "--samples",
                             "2",
                             "--iterations",
                             "100000",
                             "--threads",
                             "1",
                             "--json",
                             "r.json",
                             "--variants",
                             "broken_late,naive__scalar,fused__scalar"};
    const outcome o = f.run(words, EXAKT_BROKEN_CLI);
    INFO(o.out << o.err);
    CHECK(o.code == 1);
    CHECK(contains(o.out, "verified  against assign_f32_naive__scalar on the first "));
    CHECK(contains(o.out, "the rows with each other on all points"));
    CHECK(contains(o.out, "2 samples of 2 rows in"));
    CHECK(line_with(o.out, {"assign_f32_broken_late__scalar", "WRONG, not timed"}) != "");
    const document d(f.read("r.json"));
    CHECK(cJSON_IsTrue(at(cJSON_GetArrayItem(at(d.root, "rows"), 0), "verified")));
    CHECK(contains(text(cJSON_GetArrayItem(at(d.root, "rows"), 0), "reference"), "on the first "));
}

#endif

TEST_CASE("the long table has a line for each sample", "[bench]") {
    const folder f;
    const outcome o = f.run(with(small, {"--variants", "fused__scalar,tiled__scalar", "--csv", "-"}));
    INFO(o.out << o.err);
    CHECK(o.code == 0);
    std::istringstream lines(o.out);
    std::string line;
    std::getline(lines, line);
    const arguments head = cells(line);
    CHECK(head.front() == "input");
    std::map<std::string, int> samples;
    while (std::getline(lines, line)) {
        const arguments row = cells(line);
        REQUIRE(row.size() == head.size());
        CHECK(row[0] == points);
        samples[row[1] + row[2]]++;
    }
    CHECK(samples == std::map<std::string, int>{{"assign_f32_fused__scalar1", 2},
                                                {"assign_f32_fused__scalar2", 2},
                                                {"assign_f32_tiled__scalar1", 2},
                                                {"assign_f32_tiled__scalar2", 2}});
}

TEST_CASE("several inputs and numbers of clusters, one of them impossible", "[bench]") {
    const folder f;
    const outcome o = f.run({points, "gen:uniform,n=30,d=2", "-k", "6,40", "--samples", "1", "--threads", "1",
                             "--iterations", "2", "--variants", "fused__scalar"});
    INFO(o.out << o.err);
    CHECK(o.code == 2);
    CHECK(contains(o.err, "40 clusters for 30 points in gen:uniform,n=30,d=2"));
    CHECK(contains(o.out, points + ": 4000 points x 5 dimensions, k = 6"));
    CHECK(contains(o.out, points + ": 4000 points x 5 dimensions, k = 40"));
    CHECK(contains(o.out, "gen:uniform,n=30,d=2: 30 points x 2 dimensions, k = 6"));
    const outcome missing = f.run({"/nonexistent.npy", points, "-k", "6", "--samples", "1", "--iterations", "1",
                                   "--threads", "1", "--variants", "fused__scalar"});
    CHECK(missing.code == 3);
    CHECK(contains(missing.out, "k = 6"));
}

TEST_CASE("more centroids than the part of the points that naive code can check", "[bench]") {
    const folder f;
    const outcome o = f.run({"gen:uniform,n=3000,d=3", "-k", "3000", "--samples", "1", "--iterations", "1",
                             "--threads", "1", "--variants", "fused__scalar"});
    INFO(o.out << o.err);
    CHECK(o.code == 0);
}

TEST_CASE("wrong settings are named", "[bench]") {
    const folder f;
    struct wrong {
        arguments words;
        int code;
        std::string part;
    };
    for (const wrong &w : {
             wrong{{}, 2, "an argument is missing"},
             wrong{{points}, 2, "-k: missing"},
             wrong{{points, "-k", "0"}, 2, "out of range"},
             wrong{{points, "-k", "3,,4"}, 2, "not a whole number"},
             wrong{{points, "-k", "3,"}, 2, "not a whole number"},
             wrong{{points, "-k", "3", "--threads", "1,x"}, 2, "not a whole number"},
             wrong{{points, "-k", "3", "--variants", "fused,fussed"}, 6, "fussed"},
             wrong{{points, "-k", "3", "--variants", ""}, 2, "empty"},
             wrong{{points, "-k", "3", "--init", "forgy"}, 2, "kmeans++|random|first"},
             wrong{{points, "-k", "3", "--csv", "/nonexistent/x.csv"}, 7, "/nonexistent/x.csv"},
             wrong{{points, "-k", "3", "--measured", "a.json"}, 2, "--measured"},
             wrong{{"--measured", "a.json"}, 2, "--vs"},
             wrong{{"/nonexistent.npy", "-k", "3"}, 3, "/nonexistent.npy"},
         }) {
        const outcome o = f.run(w.words);
        INFO(o.err);
        CHECK(o.code == w.code);
        CHECK(contains(o.err, w.part));
    }
}
