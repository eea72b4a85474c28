// exakt results: files are checked one by one, and what is wrong is named.
#include "tests/cli/program.hpp"

using namespace program_test;

namespace {

const std::string kept = EXAKT_TESTS_DIR "/results/";

} // namespace

TEST_CASE("files of every version are known by what they say they are", "[cli]") {
    const folder f;
    const outcome o = f.run({"results", kept + "bench-1.csv", kept + "trace-1.csv", kept + "counters-1.csv"});
    INFO(o.out << o.err);
    CHECK(o.code == 0);
    CHECK(contains(o.out, "bench-1.csv: exakt bench table 1, 4 rows\n"));
    CHECK(contains(o.out, "trace-1.csv: exakt trace table 1, 6 rows\n"));
    CHECK(contains(o.out, "counters-1.csv: exakt counters table 1, 26 rows\n"));
    if (!has_json())
        return;
    const outcome records = f.run({"results", kept + "bench-1.json", kept + "bench-2.json",
                                   kept + "compare-1.json", kept + "trace-1.json", kept + "evaluation-1.json"});
    INFO(records.out << records.err);
    CHECK(records.code == 0);
    CHECK(contains(records.out, "bench-1.json: exakt bench 1, 2 rows, 4 samples, 4 disturbed; machine e329ad29"));
    CHECK(contains(records.out, "bench-2.json: exakt bench 2, 2 rows, "));
    CHECK(contains(records.out, "trace-1.json: exakt trace 1, 2 rows\n"));
}

TEST_CASE("a file that is wrong is named, the others are checked all the same", "[cli]") {
    const folder f;
    std::string table = content(kept + "bench-1.csv");
    f.write("broken.csv", table.substr(0, table.size() - 20));
    f.write("foreign.csv", "a,b\n1,2\n");
    const outcome o = f.run({"results", "broken.csv", "foreign.csv", "missing.csv", kept + "bench-1.csv"});
    INFO(o.out << o.err);
    CHECK(o.code == 3);
    CHECK(contains(o.err, "broken.csv: line 5: "));
    CHECK(contains(o.err, "foreign.csv: its first line is the header of no table"));
    CHECK(contains(o.err, "missing.csv: no such file"));
    CHECK(contains(o.out, "bench-1.csv: exakt bench table 1"));
    CHECK(std::count(o.err.begin(), o.err.end(), '\n') == 3);
    if (!has_json())
        return;
    std::string record = content(kept + "bench-2.json");
    record.replace(record.find("exakt bench 2"), 13, "exakt bench 7");
    f.write("newer.json", record);
    const outcome newer = f.run({"results", "newer.json", kept + "trace-2.json", "--json", "-"});
    INFO(newer.out << newer.err);
    CHECK(newer.code == 3);
    CHECK(contains(newer.err, "newer.json: format 'exakt bench 7' is of a newer version"));
    check_parses(newer.out);
    CHECK(field(newer.out, "valid") == "false");
    CHECK(contains(newer.out, "exakt trace"));
}

TEST_CASE("what commands write is what is specified", "[cli]") {
    const folder f;
    const std::string points = "gen:blobs,n=300,d=3,k=4";
    REQUIRE(f.run({"trace", points, "-k", "4", "--variants", "fused__scalar", "--max-iter", "2", "-t", "1",
                   "--csv", "trace.csv", "-q"})
                .code == 0);
    arguments files = {"results", "trace.csv"};
    if (has_json()) {
        REQUIRE(f.run({"trace", points, "-k", "4", "--variants", "fused__scalar", "--max-iter", "2", "-t", "1",
                       "--json", "trace.json", "-q"})
                    .code == 0);
        REQUIRE(f.run({"compare", points, "-k", "4", "--with", "none", "--variants", "fused__scalar,naive__scalar",
                       "-n", "1", "-i", "2", "-t", "1", "--json", "compare.json", "--csv", "compare.csv", "-q"})
                    .code == 0);
        REQUIRE(f.run({"fit", points, "-k", "4", "--centroids", "c.npy", "--json", "fit.json", "-q"}).code == 0);
        REQUIRE(f.run({"assign", points, "--centroids", "c.npy", "--json", "assign.json", "-q"}).code == 0);
        REQUIRE(f.run({"score", points, "--centroids", "c.npy", "--json", "score.json", "-q"}).code == 0);
        files.insert(files.end(),
                     {"trace.json", "compare.json", "compare.csv", "fit.json", "assign.json", "score.json"});
    }
    const outcome o = f.run(files);
    INFO(o.out << o.err);
    CHECK(o.code == 0);
    if (has_json())
        for (const char *file : {"fit.json", "assign.json", "score.json"})
            CHECK(contains(o.out, std::string(file) + ": exakt run 2"));
}
