// The program as people meet it: help, exit codes, error lines, files, records, Ctrl-C.
#include "include/exakt.h"
#include "tests/cli/program.hpp"

#include <csignal>
#include <cstring>

using namespace program_test;

namespace {

const char *const commands[] = {"list", "version", "topo", "fit",   "assign",   "score",
                                "gen",  "verify",  "demo", "bench", "ceilings", "profile"};
const char points[] = "gen:blobs,n=600,d=5,k=7";

void check_fails(const arguments &words, int code, const std::string &part) {
    const folder f;
    const outcome o = f.run(words);
    check_refused(o, code, part);
    CHECK(contains(o.err, "exakt"));
}

// A version 1.0 .npy file of float32.
std::string npy(std::int64_t rows, std::int64_t columns, const std::vector<float> &values) {
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                         std::to_string(columns) + "), }";
    header.resize(117, ' ');
    header += '\n';
    std::string text("\x93NUMPY\x01\x00\x76\x00", 10);
    text += header;
    text.append(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float));
    return text;
}

} // namespace

TEST_CASE("every command explains itself", "[cli]") {
    const folder f;
    for (const char *command : commands) {
        const outcome o = f.run({command, "--help"});
        INFO(command);
        CHECK(o.code == 0);
        CHECK(o.err.empty());
        CHECK(contains(o.out, std::string("usage: exakt ") + command));
        CHECK(contains(o.out, "example"));
        CHECK(contains(o.out, "--help"));
        CHECK(f.run({"help", command}).out == o.out);
    }
}

TEST_CASE("the overview lists commands and exit codes", "[cli]") {
    const folder f;
    const outcome help = f.run({"--help"}), bare = f.run({});
    CHECK(help.code == 0);
    CHECK(bare.code == 2);
    CHECK(help.out == bare.err);
    for (const char *command : commands)
        CHECK(contains(help.out, std::string("  ") + command));
    CHECK(contains(help.out, "130  interrupted"));
}

TEST_CASE("the help of fit shows every default", "[cli]") {
    const outcome o = folder().run({"fit", "--help"});
    for (const char *text : {"default: kmeans++", "default: 300", "default: 1e-4", "default: farthest",
                             "default: auto", "one per physical core"})
        CHECK(contains(flowing(o.out), text));
}

TEST_CASE("usage errors are one line and exit code 2", "[cli]") {
    check_fails({"fti", points, "-k", "3"}, 2, "did you mean fit?");
    check_fails({"frobnicate"}, 2, "exakt --help");
    check_fails({"fit", points}, 2, "-k: missing");
    check_fails({"fit", points, "-k"}, 2, "-k: needs an argument");
    check_fails({"fit"}, 2, "an argument is missing");
    check_fails({"fit", points, "-k", "0"}, 2, "--k: 0 is out of range");
    check_fails({"fit", points, "-k", "-3"}, 2, "out of range");
    check_fails({"fit", points, "-k", "ten"}, 2, "not a whole number");
    check_fails({"fit", points, "-k", "3x"}, 2, "not a whole number");
    check_fails({"fit", points, "-k", "99999999999999999999"}, 2, "out of range");
    check_fails({"fit", points, "-k", "601"}, 2, "601 clusters for 600 points");
    check_fails({"fit", points, "-k", "3", "--tpl", "1"}, 2, "did you mean --tol?");
    check_fails({"fit", points, "-k", "3", "--tol", "-1"}, 2, "--tol");
    check_fails({"fit", points, "-k", "3", "--tol", "nan"}, 2, "--tol");
    check_fails({"fit", points, "-k", "3", "--seed", "-1"}, 2, "--seed");
    check_fails({"fit", points, "-k", "3", "--empty", "drop"}, 2, "farthest|keep|split");
    check_fails({"fit", points, "-k", "3", "--quiet=1"}, 2, "takes no argument");
    check_fails({"fit", points, "-k", "3", "-z"}, 2, "-z: unknown option");
    check_fails({"fit", points, "extra", "-k", "3"}, 2, "extra: unexpected argument");
    check_fails({"fit", points, "-k", "3", "--init", "first", "--n-init", "2"}, 2, "--n-init");
    check_fails({"fit", "gen:nonsense", "-k", "3"}, 2, "nonsense");
    check_fails({"fit", points, "-k", "3", "--labels", "-"}, 2, "--labels");
    check_fails({"assign", points}, 2, "--centroids: missing");
    check_fails({"verify", points}, 2, "-k: missing");
    check_fails({"verify", "--case", "100000"}, 2, "--case");
    check_fails({"gen", "blobs"}, 2, "missing");
}

TEST_CASE("input errors name the file", "[cli]") {
    const folder f;
    check_fails({"fit", "/nonexistent/points.npy", "-k", "3"}, 3, "/nonexistent/points.npy");
    check_fails({"fit", f.write("bad.npy", "not an array"), "-k", "3"}, 3, "bad.npy");
    check_fails({"fit", f.write("nan.npy", npy(2, 2, {1, 2, 3, NAN})), "-k", "1"}, 4, "nan.npy");
    check_fails({"assign", points, "--centroids", f.write("c.npy", npy(2, 3, {1, 2, 3, 4, 5, 6}))}, 3,
                "3 columns but the points have 5");
    check_fails({"fit", points, "-k", "3", "--init", f.write("c2.npy", npy(2, 5, std::vector<float>(10)))}, 3,
                "holds 2 centroids");
}

TEST_CASE("limits and variants have their own exit codes", "[cli]") {
    check_fails({"fit", points, "-k", "3", "--max-memory", "1K"}, 5, "memory");
    check_fails({"fit", points, "-k", "3", "--variant", "fusde"}, 6, "did you mean fused");
    check_fails({"fit", points, "-k", "3", "--variant", "assign_f32_naive__skalar"}, 6, "naive__scalar");
    check_fails({"verify", "--variants", "nothing*"}, 6, "nothing*");
#if defined(__x86_64__)
    check_fails({"fit", points, "-k", "3", "--variant", "naive__neon"}, 6, "cannot run here");
#endif
}

TEST_CASE("EXAKT_ISA hides variants and says so", "[cli]") {
    const folder f;
    const auto mask = [] { setenv("EXAKT_ISA", "scalar", 1); };
    const outcome o = f.run({"fit", points, "-k", "3"}, mask);
    CHECK(o.code == 0);
    CHECK(contains(o.out, "__scalar"));
#if defined(__x86_64__)
    CHECK(f.run({"fit", points, "-k", "3", "--variant", "naive__avx2"}, mask).code == 6);
#endif
}

TEST_CASE("outputs that cannot be written are refused before the run", "[cli]") {
    const folder f;
    check_fails({"fit", points, "-k", "3", "--labels", "/nonexistent/l.npy"}, 7, "/nonexistent/l.npy");
    check_fails({"fit", points, "-k", "3", "--centroids", "/"}, 7, "--centroids");
    check_fails({"fit", points, "-k", "3", "--labels", "/dev/null"}, 7, "not a regular file");
    check_fails({"gen", "blobs", "/nonexistent/x.npy"}, 7, "/nonexistent/x.npy");
    check_fails({"fit", points, "-k", "3", "--labels", "a.npy", "--centroids", "a.npy"}, 2, "--labels");
    const std::string input = f.write("p.npy", npy(2, 2, {1, 2, 3, 4}));
    check_fails({"fit", input, "-k", "1", "--centroids", input}, 2, "the input");
    if (has_json())
        check_fails({"fit", points, "-k", "3", "--json", "/nonexistent/r.json"}, 7, "/nonexistent/r.json");
}

TEST_CASE("a full or closed stdout is an error", "[cli]") {
    const folder f;
    const outcome full = f.run({"list"}, [] { dup2(open("/dev/full", O_WRONLY), 1); });
    CHECK(full.code == 7);
    CHECK(is_one_line(full.err));
    const outcome closed = f.run({"list"}, [] { close(1); });
    CHECK(closed.code == 7);
    CHECK(f.run({"fit", points, "-k", "3", "--quiet", "--labels", "l.npy"}, [] { close(1); }).code == 0);
}

TEST_CASE("a closed stdin does not matter", "[cli]") {
    const folder f;
    const arguments words = {"fit", points, "-k", "3", "--labels", "l.npy"};
    CHECK(f.run(words, [] { close(0); }).code == 0);
    const std::string labels = content(f.at("l.npy"));
    CHECK(f.run(words).code == 0);
    CHECK(labels == content(f.at("l.npy")));
}

TEST_CASE("fit prints a summary, and nothing when quiet", "[cli]") {
    const folder f;
    const outcome loud = f.run({"fit", points, "-k", "7"});
    CHECK(loud.code == 0);
    CHECK(loud.err.empty());
    CHECK(contains(loud.out, "inertia"));
    CHECK(contains(loud.out, "600 points x 5 dimensions"));
    const outcome quiet = f.run({"fit", points, "-k", "7", "--quiet"});
    CHECK(quiet.code == 0);
    CHECK(quiet.out.empty());
    CHECK(quiet.err.empty());
    const outcome lines = f.run({"fit", points, "-k", "7", "--progress"});
    CHECK(contains(lines.err, "iteration 1/300"));
}

TEST_CASE("fit writes labels and centroids that assign confirms", "[cli]") {
    const folder f;
    REQUIRE(f.run({"fit", points, "-k", "7", "--labels", "l.npy", "--centroids", "c.npy"}).code == 0);
    const std::string labels = content(f.at("l.npy")), centroids = content(f.at("c.npy"));
    CHECK(contains(labels, "'<i4'"));
    CHECK(contains(labels, "(600,)"));
    CHECK(contains(centroids, "'<f4'"));
    CHECK(contains(centroids, "(7, 5)"));
    REQUIRE(f.run({"assign", points, "--centroids", "c.npy", "--labels", "again.npy"}).code == 0);
    CHECK(content(f.at("again.npy")) == labels);
    const outcome score = f.run({"score", points, "--centroids", "c.npy"});
    CHECK(score.code == 0);
    CHECK(contains(f.run({"fit", points, "-k", "7"}).out, score.out.substr(0, score.out.size() - 1)));
    // Centroids of a fit are a fixed point of the next.
    REQUIRE(f.run({"fit", points, "-k", "7", "--init", "c.npy", "--tol", "0", "--centroids", "c2.npy"}).code == 0);
    CHECK(content(f.at("c2.npy")) == centroids);
}

TEST_CASE("nothing is left behind beside the outputs", "[cli]") {
    const folder f;
    REQUIRE(f.run({"fit", points, "-k", "7", "--labels", "l.npy", "--centroids", "c.npy"}).code == 0);
    int files = 0;
    for (const auto &entry : std::filesystem::directory_iterator(f.at(""))) {
        (void)entry;
        files++;
    }
    CHECK(files == 4); // with stdout and stderr
}

TEST_CASE("the record of a fit is complete", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    const outcome o = f.run({"fit", points, "-k", "7", "--json", "-", "--seed", "18446744073709551615",
                             "--threads", "2", "--point-tile", "1K"});
    REQUIRE(o.code == 0);
    check_parses(o.out);
    CHECK(contains(o.err, "inertia")); // the summary made room for the record
    for (const char *key : {"version",
                            "variant",
                            "isa",
                            "n",
                            "d",
                            "k",
                            "threads",
                            "iterations",
                            "converged",
                            "inertia",
                            "load",
                            "init",
                            "scan",
                            "iterate",
                            "parts_of_iterate",
                            "prepare_seconds",
                            "assign_seconds",
                            "refine_seconds",
                            "update_seconds",
                            "total",
                            "distance_evaluations",
                            "ambiguous_points",
                            "exactly_decided_points",
                            "peak_rss_bytes",
                            "point_tile",
                            "centroid_tile",
                            "depth_tile",
                            "matrix_bytes",
                            "update",
                            "nodes",
                            "source",
                            "hash",
                            "tol",
                            "max_iter",
                            "input",
                            "note",
                            "effective_gflops",
                            "empty_clusters",
                            "per_iteration",
                            "moved",
                            "shift"})
        CHECK_FALSE(field(o.out, key).empty());
    CHECK(field(o.out, "seed") == "18446744073709551615");
    CHECK(field(o.out, "source") == "\"command line\"");
    CHECK(field(o.out, "stopped") == "false");
    CHECK(field(o.out, "labels_hash").substr(0, 9) == "\"fnv1a64:");
    CHECK(field(o.out, "labels_hash").size() == 2 + 8 + 16);
}

TEST_CASE("every variant writes the same hashes", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    std::string expected;
    for (int i = 0; i < exk_variant_count(); i++) {
        exk_variant_info info;
        REQUIRE(exk_variant_at(i, &info) == EXK_OK);
        if (!info.available)
            continue;
        INFO(info.name);
        const outcome o =
            f.run({"fit", "gen:lattice,n=900,d=6", "-k", "20", "--variant", info.name, "--json", "-", "--quiet"});
        INFO(o.err);
        REQUIRE(o.code == 0);
        CHECK(o.err.empty());
        CHECK(field(o.out, "variant") == "\"" + std::string(info.name) + "\"");
        const std::string got = field(o.out, "labels_hash") + field(o.out, "centroids_hash") +
                                field(o.out, "inertia") + field(o.out, "iterations");
        if (expected.empty())
            expected = got;
        CHECK(got == expected);
    }
}

TEST_CASE("json goes to a file, through a link, and to stdout by name", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    REQUIRE(f.run({"fit", points, "-k", "7", "--json", "r.json"}).code == 0);
    check_parses(content(f.at("r.json")));
    std::filesystem::create_symlink(f.at("r.json"), f.at("link.json"));
    REQUIRE(f.run({"fit", points, "-k", "6", "--json", "link.json"}).code == 0);
    CHECK(std::filesystem::is_symlink(f.at("link.json")));
    CHECK(field(content(f.at("r.json")), "k") == "6");
    REQUIRE(f.run({"fit", points, "-k", "7", "--quiet", "--json", "/dev/stdout"}).code == 0);
    check_parses(content(f.at("stdout")));
}

TEST_CASE("list, version and topo speak JSON", "[cli]") {
    if (!has_json())
        return;
    const folder f;
    for (const char *command : {"list", "version", "topo"}) {
        const outcome o = f.run({command, "--json"});
        INFO(command);
        CHECK(o.code == 0);
        CHECK(o.err.empty());
        check_parses(o.out);
        const outcome text = f.run({command});
        CHECK(text.code == 0);
        CHECK(text.err.empty());
        CHECK_FALSE(text.out.empty());
    }
    const std::string list = f.run({"list", "--json"}).out;
    for (int i = 0; i < exk_variant_count(); i++) {
        exk_variant_info info;
        REQUIRE(exk_variant_at(i, &info) == EXK_OK);
        CHECK(contains(list, std::string("\"") + info.name + "\""));
    }
}

TEST_CASE("gen takes its specification with and without prefix", "[cli]") {
    const folder f;
    REQUIRE(f.run({"gen", "blobs,n=50,d=3", "a.npy"}).code == 0);
    REQUIRE(f.run({"gen", "gen:blobs,n=50,d=3", "b.npy", "--quiet"}).code == 0);
    CHECK(content(f.at("a.npy")) == content(f.at("b.npy")));
    CHECK(contains(content(f.at("a.npy")), "(50, 3)"));
}

TEST_CASE("Ctrl-C ends a fit early and keeps what it has", "[cli]") {
    const folder f;
    arguments words = {"fit",         "gen:uniform,n=100000,d=32",
                       "-k",          "512",
                       "--init",      "random",
                       "--tol",       "0",
                       "--max-iter",  "1000000",
                       "--labels",    "l.npy",
                       "--centroids", "c.npy",
                       "--progress"};
    if (has_json())
        words.insert(words.end(), {"--json", "r.json"});
    const pid_t child = f.start(words);
    const bool begun = wait_for([&] { return contains(content(f.at("stderr")), "iteration 2/"); });
    kill(child, SIGINT);
    const outcome o = f.finish(child); // a million iterations would take hours
    INFO(o.err);
    REQUIRE(begun);
    CHECK(o.code == 130);
    CHECK(contains(content(f.at("l.npy")), "(100000,)"));
    CHECK(contains(content(f.at("c.npy")), "(512, 32)"));
    if (has_json()) {
        const std::string record = content(f.at("r.json"));
        check_parses(record);
        CHECK(field(record, "stopped") == "true");
        CHECK(field(record, "converged") == "false");
    }
    // What was written is consistent: these are the nearest centroids.
    REQUIRE(f.run({"assign", "gen:uniform,n=100000,d=32", "--centroids", "c.npy", "--labels", "l2.npy"}).code ==
            0);
    CHECK(content(f.at("l.npy")) == content(f.at("l2.npy")));
}

TEST_CASE("verify replays a case, selects variants and takes an input", "[cli]") {
    const folder f;
    const outcome one = f.run({"verify", "--case", "5", "--variants", "scalar", "--seed", "9"});
    CHECK(one.code == 0);
    CHECK(contains(one.out, "case 5:"));
    CHECK(contains(one.out, "seed 9"));
    const outcome input = f.run({"verify", points, "-k", "7", "--variants", "naive"});
    CHECK(input.code == 0);
    CHECK_FALSE(contains(input.out, "fused"));
}

TEST_CASE("demo leaves a table", "[cli]") {
    const folder f;
    const outcome o = f.run({"demo", "--quick", "--variants", "naive__scalar,fused__scalar"});
    INFO(o.out + o.err);
    CHECK(o.code == 0);
    CHECK(contains(o.out, "assign_f32_naive__scalar"));
    CHECK(contains(content(f.at("out/demo.csv")), "variant,strategy,isa"));
    CHECK_FALSE(contains(o.out, "NO\n"));
}
