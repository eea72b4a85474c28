// exakt reproduce, with claims made up: figures, verdicts, resumption, what is left after Ctrl-C.
#include "tests/cli/program.hpp"

#include <csignal>
#include <map>

using namespace program_test;

namespace {

const char columns[] =
    "id,source,claim,unit,sense,goal,d,quick_n,quick_k,quick_options,full_n,full_k,full_options,"
    "commands,files,measure,over_gemm,over_naive,figure,note,obstacle\n";

struct made_up {
    std::string id, unit = "x", sense = "least", goal = "2", commands = "version", files = ".json",
                    measure = "seconds *naive* / *f32_fused__*", gemm, naive, figure, note, obstacle;
};

std::string claims(const std::vector<made_up> &list) {
    std::string text = columns;
    for (const made_up &c : list)
        text += c.id + ",somebody,\"a, claim\"," + c.unit + "," + c.sense + "," + c.goal +
                ",4,300,5,-i 2 -n 3,400,6,," + c.commands + "," + c.files + "," + c.measure + "," + c.gemm + "," +
                c.naive + "," + c.figure + "," + c.note + ",\"" + c.obstacle + "\"\n";
    return text;
}

// Most samples of the GEMM were disturbed.
std::string row(const std::string &variant, double seconds, double update = 1) {
    const std::string disturbed = contains(variant, "blas") ? "true" : "false";
    std::ostringstream out;
    out << R"({"variant": ")" << variant
        << R"(", "n": 100, "d": 4, "k": 5, "iterations": 10, "evaluations": 2500,)"
        << R"( "median_seconds": )" << seconds << R"(, "parts": {"prepare_seconds": 1, "assign_seconds": )"
        << seconds << R"(, "refine_seconds": 1, "update_seconds": )" << update << R"(}, "samples": [{"seconds": )"
        << seconds << R"(, "disturbed": )" << disturbed << R"(}, {"seconds": )" << seconds
        << R"(, "disturbed": false},)"
        << R"( {"seconds": )" << seconds << R"(, "disturbed": )" << disturbed << "}]}";
    return out.str();
}

// Naive 8 s, GEMM 2 s, fused 1 s.
std::string bench_record() {
    return R"({"format": "exakt bench 1", "rows": [)" + row("assign_f32_naive__scalar", 8, 6) + "," +
           row("assign_f32_blas__avx2", 2) + "," + row("assign_f32_fused__scalar", 7) + "," +
           row("assign_f32_fused__avx2", 1, 2) + "]}";
}

std::string fit_record(int k, int bytes) {
    return R"({"inertia": 1, "peak_rss_bytes": 1, "n": 100, "d": 4, "k": )" + std::to_string(k) +
           R"(, "scratch_bytes": )" + std::to_string(bytes) + "}";
}

// Records lie there already; the commands of the claims measure nothing.
void put_raw(const folder &f, const std::string &name, const std::string &text) {
    std::filesystem::create_directories(f.at("out/raw"));
    f.write("out/raw/" + name, text);
}

std::string cell(const std::string &line, std::size_t index) {
    std::vector<std::string> cells(1);
    bool quoted = false;
    for (char c : line) {
        if (c == '"')
            quoted = !quoted;
        else if (c == ',' && !quoted)
            cells.emplace_back();
        else
            cells.back() += c;
    }
    return index < cells.size() ? cells[index] : "";
}

// Of each claim in the summary, the cells of a column.
std::map<std::string, std::string> summary(const folder &f, const std::string &column) {
    std::istringstream lines(f.read("out/summary.csv"));
    std::string line;
    std::getline(lines, line);
    std::size_t index = 0;
    while (!cell(line, index).empty() && cell(line, index) != column)
        index++;
    std::map<std::string, std::string> found;
    while (std::getline(lines, line))
        if (!line.empty())
            found[cell(line, 0)] = cell(line, index);
    return found;
}

outcome reproduce(const folder &f, arguments more = {}) {
    arguments words = {"reproduce", "--claims", "claims.csv", "--output", "out"};
    words.insert(words.end(), more.begin(), more.end());
    return f.run(words);
}

} // namespace

TEST_CASE("reproduce: figures come from the records, verdicts from the figures", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    const std::string gemm = "seconds *blas* / *fused__*", naive = "seconds *naive* / *fused__*";
    std::vector<made_up> list(9);
    list[0].id = "met", list[0].measure = gemm, list[0].goal = "2";
    list[1].id = "baseline", list[1].measure = gemm, list[1].gemm = gemm, list[1].naive = naive,
    list[1].goal = "7.5";
    list[2].id = "half", list[2].measure = gemm, list[2].goal = "4";
    list[3].id = "missed", list[3].measure = gemm, list[3].goal = "4.1";
    list[4].id = "assign", list[4].measure = "assign *naive* / *f32_fused__avx2", list[4].goal = "3";
    list[5].id = "update", list[5].measure = "update *naive* / *f32_fused__avx2", list[5].goal = "3";
    list[6].id = "share", list[6].measure = "share *blas*", list[6].unit = "%", list[6].sense = "most";
    list[6].goal = "50";
    list[7].id = "growth", list[7].measure = "growth 1 2", list[7].files = "-a.json -b.json", list[7].unit = "%";
    list[7].sense = "most", list[7].goal = "1";
    list[8].id = "never", list[8].obstacle = "pigs, do not fly";
    f.write("claims.csv", claims(list));
    for (const char *id : {"met", "baseline", "half", "missed", "assign", "update", "share"})
        put_raw(f, std::string(id) + ".json", bench_record());
    put_raw(f, "growth-a.json", fit_record(10, 1000));
    put_raw(f, "growth-b.json", fit_record(20, 1400));
    const outcome o = reproduce(f);
    INFO(o.err << o.out);
    CHECK(o.code == 0);
    auto measured = summary(f, "measured"), verdict = summary(f, "verdict"), reason = summary(f, "reason");
    CHECK(measured["met"] == "2");
    CHECK(verdict["met"] == "reproduced");
    CHECK(verdict["baseline"] == "partly");
    CHECK(summary(f, "over_gemm")["baseline"] == "2");
    CHECK(summary(f, "over_naive")["baseline"] == "8");
    CHECK(contains(reason["baseline"], "only a weak baseline"));
    CHECK(contains(reason["met"], "were disturbed"));
    CHECK_FALSE(contains(reason["assign"], "were disturbed"));
    CHECK(verdict["half"] == "partly");
    CHECK(verdict["missed"] == "not reproduced");
    CHECK(measured["assign"] == "3.333");
    CHECK(measured["update"] == "3");
    CHECK(measured["share"] == "50");
    CHECK(verdict["share"] == "reproduced");
    CHECK(measured["growth"] == "10");
    CHECK(verdict["growth"] == "not reproduced");
    CHECK(verdict["never"] == "not testable here");
    CHECK(reason["never"] == "not testable here, because pigs, do not fly");
    check_parses(f.read("out/summary.json"));
    CHECK(contains(f.read("out/summary.md"), "| met |"));
    CHECK(contains(f.read("out/report.html"), "pigs, do not fly"));
}

TEST_CASE("reproduce: commands are run, and only once", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    made_up fit, trace;
    fit.id = "fit", fit.files = "-few.json -many.json", fit.measure = "growth 1 2", fit.unit = "%";
    fit.sense = "most", fit.goal = "1e9";
    fit.commands = "\"fit gen:blobs,n={n},d={d},k=5 -k {k} -t {threads} --json {raw}-few.json ; "
                   "fit gen:blobs,n={n},d={d},k=5 -k 50 --json {raw}-many.json\"";
    trace.id = "trace", trace.files = ".csv", trace.unit = "%", trace.sense = "most", trace.goal = "100";
    trace.measure = "survivors *hamerly*", trace.figure = "skipping";
    trace.commands =
        "\"trace gen:blobs,n={n},d={d},k=5 -k {k} --variants fused_hamerly --max-iter 5 --csv {raw}.csv\"";
    f.write("claims.csv", claims({fit, trace}));
    const outcome first = reproduce(f);
    INFO(first.err << first.out);
    REQUIRE(first.code == 0);
    CHECK(summary(f, "verdict")["fit"] == "reproduced");
    CHECK(summary(f, "verdict")["trace"] == "reproduced");
    CHECK(summary(f, "n")["fit"] == "300");
    CHECK_FALSE(contains(first.err, "from an earlier run"));
    const std::string record = f.read("out/raw/fit-few.json");
    const outcome second = reproduce(f);
    CHECK(second.code == 0);
    CHECK(contains(second.err, "reproduced (from an earlier run)"));
    CHECK(f.read("out/raw/fit-few.json") == record);
    const outcome again = reproduce(f, {"--again", "--claim", "fit"});
    CHECK(again.code == 0);
    CHECK_FALSE(contains(again.err, "from an earlier run"));
    CHECK(f.read("out/raw/fit-few.json") != record);
    CHECK(summary(f, "verdict").size() == 2);
    // Another command is another measurement.
    const outcome full = reproduce(f, {"--full", "--claim", "trace"});
    CHECK_FALSE(contains(full.err, "from an earlier run"));
    CHECK(summary(f, "n")["trace"] == "400");
}

TEST_CASE("reproduce: what fails, and who is missing, is told apart from what is not so", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    made_up broken, rival, silent;
    broken.id = "broken", broken.commands = "fit none.npy -k 3";
    rival.id = "rival", rival.measure = "seconds faiss / exakt";
    rival.commands = "\"compare gen:blobs,n=100,d=2,k=3 -k 3 -i 2 -n 2 --with faiss --python ./python "
                     "--json {raw}.json\"";
    silent.id = "silent", silent.files = "-other.json";
    // A Python that has nothing.
    f.write("python", "#!/bin/sh\nread request && printf 'missing\\tpip install faiss\\n'\n");
    std::filesystem::permissions(f.at("python"), std::filesystem::perms::owner_all);
    f.write("claims.csv", claims({broken, rival, silent}));
    const outcome o = reproduce(f);
    INFO(o.err << o.out);
    CHECK(o.code == 1);
    auto verdict = summary(f, "verdict"), reason = summary(f, "reason");
    CHECK(verdict["broken"] == "failed");
    CHECK(contains(reason["broken"], "code 3"));
    CHECK(contains(reason["broken"], "none.npy"));
    CHECK(verdict["rival"] == "rival missing");
    CHECK(contains(reason["rival"], "exakt compare --setup"));
    CHECK(verdict["silent"] == "failed");
    CHECK_FALSE(contains(reproduce(f, {"--claim", "rival"}).err, "from an earlier run"));
}

TEST_CASE("reproduce: Ctrl-C keeps finished claims", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    made_up quick, slow;
    quick.id = "quick", quick.measure = "wall 1 / 1", quick.goal = "1", quick.files = "";
    slow.id = "slow",
    slow.commands = "\"fit gen:uniform,n=400000,d=64 -k 2000 --variant naive__scalar --json {raw}.json\"";
    f.write("claims.csv", claims({quick, slow}));
    const pid_t child = f.start({"reproduce", "--claims", "claims.csv", "--output", "out"});
    CHECK(wait_for([&] { return std::filesystem::exists(f.at("out/raw/slow-1.log")); }));
    kill(child, SIGINT);
    const outcome o = f.finish(child);
    INFO(o.err << o.out);
    CHECK(o.code == 130);
    CHECK(summary(f, "verdict") == std::map<std::string, std::string>{{"quick", "reproduced"}});
    CHECK(contains(f.read("out/summary.md"), "quick"));
    CHECK(contains(reproduce(f, {"--claim", "quick"}).err, "from an earlier run"));
}

TEST_CASE("reproduce refuses what it does not understand", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    made_up strange;
    strange.id = "strange", strange.commands = "fit {nothing}";
    f.write("claims.csv", claims({strange}));
    f.write("columns.csv", "id,claim\na,b\n");
    f.write("ids.csv", std::string(columns) + "a/b,,,,,,,,,,,,,,,,,,,,\n");
    check_refused(f.run({"reproduce", "--claim", "flash-memor"}), 2, "did you mean flash-memory");
    check_refused(f.run({"reproduce", "--quick", "--full"}), 2, "choose one");
    check_refused(f.run({"reproduce", "--output", "a b"}), 2, "without blanks");
    check_refused(f.run({"reproduce", "--output", "claims.csv"}), 7, "no folder");
    check_refused(f.run({"reproduce", "--claims", "claims.csv"}), 3, "'{nothing}' is unknown");
    check_refused(f.run({"reproduce", "--claims", "columns.csv"}), 3, "no column");
    check_refused(f.run({"reproduce", "--claims", "ids.csv"}), 3, "is no id");
    check_refused(f.run({"reproduce", "--claims", "none.csv"}), 3, "no such file");
    CHECK(contains(f.run({"reproduce", "--help"}).out, "flash-assign"));
}
