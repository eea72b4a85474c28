// exakt plot and exakt report: what is drawn of which record, and what is said where nothing can be.
#include "tests/cli/program.hpp"

#include <regex>
#include <set>

using namespace program_test;

namespace {

bool has_gnuplot() {
    static const bool found = std::system("command -v gnuplot >/dev/null 2>&1") == 0;
    if (!found)
        WARN("skipped: gnuplot is not installed");
    return found;
}

const auto without_path = [] { setenv("PATH", "/nonexistent", 1); };

std::string bench_row(const std::string &variant, int threads, double seconds) {
    std::ostringstream out;
    out << R"({"input": "gen:embed,n=1000,d=16", "variant": ")" << variant << R"(", "threads": )" << threads
        << R"(, "n": 1000, "d": 16, "k": 10, "verified": true, "why": "", "median_seconds": )" << seconds
        << R"(, "ci_low": )" << seconds << R"(, "ci_high": )" << seconds << R"(, "seconds_per_iteration": )"
        << seconds / 10 << R"(, "executed_gflops": )" << 0.0032 / seconds << R"(, "effective_gflops": )"
        << 0.0032 / seconds << R"(, "bytes": 640000, "scratch_bytes": 1048576,)"
        << R"( "iterations": 10, "evaluations": 100000, "times_the_fastest": 1, "samples": [{"seconds": )"
        << seconds << R"(}, {"seconds": )" << seconds << "}]}";
    return out.str();
}

std::string bench_record() {
    return R"({"format": "exakt bench 1", "manifest": {"machine": {"cpu": "<b>A & B</b>", "cores": 2},)"
           R"( "build": {"version": "0.1.0"}, "memory_read_gbs": 10,)"
           R"( "ceilings": [{"isa": "avx2", "threads": 1, "gflops": 90}, {"isa": "avx2", "threads": 2, "gflops": 180}]},)"
           R"( "rows": [)" +
           bench_row("assign_f32_naive__scalar", 1, 0.8) + "," + bench_row("assign_f32_fused__avx2", 1, 0.2) +
           "," + bench_row("assign_f32_naive__scalar", 2, 0.4) + "," +
           bench_row("assign_f32_fused__avx2", 2, 0.1) + "]}\n";
}

const char trace_table[] = "row,variant,pass_by,iteration,seconds,share,survivors,moved,inertia\n"
                           "0,assign_f32_fused__avx2,x,1,0.5,1,1,9,110\n"
                           "0,assign_f32_fused__avx2,x,2,0.5,1,1,9,100\n"
                           "1,auto,x,1,0.5,1,1,9,110\n"
                           "1,auto,x,2,0.25,0.5,1,9,100\n";

const char compare_record[] =
    R"({"format": "exakt compare 1", "rows": [)"
    R"({"input": "a.npy", "name": "exakt", "state": "timed", "variant": "assign_f32_fused__avx2", "k": 10, "n": 1000,)"
    R"( "d": 16, "threads": 2, "iterations": 25, "median_seconds": 1, "ratio": 1, "inertia": 100, "beside_bytes": 4096},)"
    R"({"input": "a.npy", "name": "faiss", "library": "faiss 1.15", "state": "timed", "variant": "", "k": 10, "n": 1000,)"
    R"( "d": 16, "threads": 2, "iterations": 25, "median_seconds": 4, "ratio": 4, "ratio_low": 3.9, "ratio_high": 4.1,)"
    R"( "inertia": 101, "beside_bytes": 8192}]})";

const char tiles_table[] =
    "variant,n,d,k,threads,x,y,point_tile,centroid_tile,depth_tile,seconds,slower_percent,mark\n"
    "assign_f32_fused__avx2,100,4,8,1,0,0,16,8,4,0.1,3.5,seed\n"
    "assign_f32_fused__avx2,100,4,8,1,1,0,32,8,4,0.1,0,winner\n";

const char log_table[] =
    "session,build,registry,isa,input,n,d,k,threads,round,stage,variant,point_tile,centroid_tile,depth_tile,"
    "matrix_bytes,points,repeats,seconds,wall,flags\n"
    "20260131T120000Z-1,b,r,avx2,\"100x4x8\",100,4,8,1,0,arms,assign_f32_fused__avx2,16,8,4,0,100,1,0.5,0.6,\n"
    "20260131T120000Z-1,b,r,avx2,\"100x4x8\",100,4,8,1,1,final,assign_f32_fused__avx2,32,8,4,0,100,1,0.25,0.6,\n"
    "a line that a killed tuner cut o\n";

std::string rest_of_help(const std::string &text) {
    return text.substr(text.find("kinds, and"));
}

} // namespace

TEST_CASE("plot: --help lists every kind and the record it needs", "[cli]") {
    const std::string kinds = rest_of_help(folder().run({"plot", "--help"}).out);
    for (const char *kind : {"roofline", "speedup", "rivals", "scaling", "memory", "skipping", "convergence",
                             "tiles", "tuner", "gaps", "demo", "claims"})
        CHECK(contains(kinds, "  " + std::string(kind) + " "));
}

TEST_CASE("plot: records become the pictures that they allow", "[cli]") {
    if (!has_gnuplot() || !has_json())
        return;
    const folder f;
    f.write("bench.json", bench_record());
    f.write("trace.csv", trace_table);
    f.write("compare.json", compare_record);
    f.write("tiles.csv", tiles_table);
    f.write("log.csv", log_table);
    const outcome o =
        f.run({"plot", "bench.json", "trace.csv", "compare.json", "tiles.csv", "log.csv", "--output", "p.svg"});
    INFO(o.err);
    REQUIRE(o.code == 0);
    CHECK(o.err.empty());
    const std::pair<const char *, const char *> expected[] = {
        {"roofline", "fused__avx2, k = 10"},     {"speedup", "4.0x"}, {"rivals", "faiss (faiss 1.15)"},
        {"scaling", "fused__avx2, k = 10"},      {"memory", "MiB"},   {"skipping", "auto"},
        {"convergence", "faiss, 25 iterations"}, {"tiles", "winner"}, {"tuner", "100x4x8"}};
    for (const auto &[kind, text] : expected) {
        const std::string name = "p-" + std::string(kind) + ".svg";
        INFO(name);
        CHECK(contains(o.out, name + "\n"));
        const std::string picture = f.read(name);
        CHECK(contains(picture, "<svg"));
        CHECK(contains(picture, "</svg>"));
        CHECK(contains(picture, text));
    }
    for (const auto &entry : std::filesystem::directory_iterator(f.path()))
        CHECK(entry.path().extension() != ".tmp");
}

TEST_CASE("plot: one kind goes to the file that is named", "[cli]") {
    if (!has_gnuplot() || !has_json())
        return;
    const folder f;
    f.write("bench.json", bench_record());
    const outcome o = f.run({"plot", "bench.json", "--kind", "speedup", "--output", "s.png"});
    INFO(o.err);
    CHECK(o.code == 0);
    CHECK(o.out == "s.png\n");
    CHECK(f.read("s.png").substr(1, 3) == "PNG");
}

TEST_CASE("plot: what cannot be drawn is said", "[cli]") {
    const folder f;
    if (has_json()) {
        f.write("bench.json", bench_record());
        const outcome missing = f.run({"plot", "bench.json"}, without_path);
        CHECK(missing.code == 7);
        CHECK(contains(missing.err, "apt-get install gnuplot"));
        CHECK(is_one_line(missing.err));
    }
    if (!has_gnuplot())
        return;
    f.write("trace.csv", trace_table);
    f.write("ragged.csv", "row,variant,pass_by,iteration,share\n0,a,b,1,1\n0,a,b,1\n");
    f.write("open.csv", "pass_by,iteration,share\n\"a,1,1\n");
    f.write("other.csv", "a,b\n1,2\n");
    f.write("cut.json", bench_record().substr(0, 200));
    f.write("other.json", "{\"a\": 1}");
    f.write("empty.csv", "");
    check_refused(f.run({"plot", "trace.csv", "--kind", "tiles"}), 3, "tiles needs the CSV that explain");
    check_refused(f.run({"plot", "trace.csv", "--kind", "skiping"}), 2, "did you mean skipping");
    check_refused(f.run({"plot", "trace.csv", "--output", "p.pdf"}), 2, ".png or .svg");
    check_refused(f.run({"plot", "trace.csv", "--output", "/no/such/folder/p.png"}), 7, "cannot be written");
    check_refused(f.run({"plot", "none.csv"}), 3, "none.csv: no such file");
    check_refused(f.run({"plot", "ragged.csv"}), 3, "ragged.csv: line 3: not 5 cells");
    check_refused(f.run({"plot", "open.csv"}), 3, "open.csv: line 2");
    check_refused(f.run({"plot", "other.csv"}), 3, "other.csv: no record");
    check_refused(f.run({"plot", "empty.csv"}), 3, "empty.csv: no record");
    if (!has_json())
        return;
    check_refused(f.run({"plot", "cut.json"}), 3, "cut.json: not a JSON object");
    check_refused(f.run({"plot", "other.json"}), 3, "other.json: no record");
}

TEST_CASE("report: one file with pictures and tables, without network and scripts", "[cli]") {
    if (!has_gnuplot() || !has_json())
        return;
    const folder f;
    f.write("bench.json", bench_record());
    f.write("trace.csv", trace_table);
    const outcome o = f.run({"report", "bench.json", "trace.csv", "--output", "r.html"});
    INFO(o.err);
    REQUIRE(o.code == 0);
    const std::string page = f.read("r.html");
    CHECK(page.rfind("<!DOCTYPE html>", 0) == 0);
    CHECK(contains(page, "</html>"));
    CHECK(contains(page, "&lt;b&gt;A &amp; B&lt;/b&gt;"));
    CHECK_FALSE(contains(page, "<b>"));
    CHECK(contains(page, "prefers-color-scheme:dark"));
    CHECK(contains(page, "<svg"));
    CHECK_FALSE(contains(page, "<script"));
    CHECK_FALSE(contains(page, "<link"));
    CHECK_FALSE(std::regex_search(page, std::regex("(src|href)=[\"']?http")));
    std::set<std::string> seen;
    const std::regex id(" id=[\"']([^\"']*)[\"']");
    for (std::sregex_iterator at(page.begin(), page.end(), id), end; at != end; ++at) {
        INFO((*at)[1]);
        CHECK(seen.insert((*at)[1]).second);
    }
    CHECK(seen.size() > 3);
}

TEST_CASE("report: tables stand in for pictures where gnuplot is missing", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    f.write("bench.json", bench_record());
    const outcome o = f.run({"report", "bench.json", "--output", "r.html"}, without_path);
    INFO(o.err);
    CHECK(o.code == 0);
    CHECK(contains(o.err, "apt-get install gnuplot"));
    const std::string page = f.read("r.html");
    CHECK_FALSE(contains(page, "<svg"));
    CHECK(contains(page, "<td>fused__avx2</td><td class=\"n\">4</td>"));
}

TEST_CASE("report: a run is known by its format, or by what it says if that is older", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    f.write("unknown.json", R"({"format": "exakt else 1", "inertia": 1, "peak_rss_bytes": 1})");
    f.write("endless.json", R"({"format": "exakt run 2", "inertia": null, "peak_rss_bytes": 1})");
    const std::string kept = EXAKT_TESTS_DIR "/results/";
    for (const std::string &file : {kept + "fit-1.json", kept + "fit-2.json", std::string("endless.json")}) {
        INFO(file);
        CHECK(f.run({"report", file, "--output", "r.html"}, without_path).code == 0);
    }
    check_refused(f.run({"report", "unknown.json", "--output", "r.html"}), 3, "unknown.json: no record");
}

TEST_CASE("report: a bad file leaves the old report", "[cli]") {
    const folder f;
    f.write("bad.csv", "a,b\n1\n");
    f.write("r.html", "old");
    CHECK(f.run({"report", "bad.csv", "--output", "r.html"}).code == 3);
    CHECK(f.read("r.html") == "old");
    const outcome same = f.run({"report", "r.html", "--output", "r.html"});
    CHECK(same.code == 2);
    CHECK(f.read("r.html") == "old");
}
