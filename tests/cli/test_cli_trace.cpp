// exakt trace: the same fit by several variants.
#include "tests/cli/program.hpp"

#include <cmath>
#include <map>
#include <sstream>
#include <vector>

using namespace program_test;

namespace {

struct row {
    std::string variant, pass_by;
    int iteration;
    double share, survivors;
};

std::vector<row> rows_of(const std::string &csv) {
    std::vector<row> rows;
    std::istringstream lines(csv);
    std::string line;
    std::getline(lines, line);
    CHECK(line == "row,variant,pass_by,iteration,seconds,share,survivors,moved,inertia");
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        std::vector<std::string> f;
        for (std::string field; std::getline(fields, field, ',');)
            f.push_back(field);
        REQUIRE(f.size() == 9);
        rows.push_back({f[1], f[2], std::stoi(f[3]), std::stod(f[5]), std::stod(f[6])});
    }
    return rows;
}

} // namespace

TEST_CASE("trace: a row for every variant and iteration, and who skips skips", "[cli]") {
    const folder here;
    const outcome o = here.run({"trace", "gen:blobs,n=4000,d=12,k=40,spread=0.4", "-k", "40", "--max-iter", "12",
                                "--tol", "0", "--csv", "t.csv", "--json", "t.json"});
    INFO(o.err);
    REQUIRE(o.code == 0);
    std::map<std::string, std::vector<row>> by_variant;
    for (const row &r : rows_of(here.read("t.csv")))
        by_variant[r.variant].push_back(r);
    REQUIRE(by_variant.size() == 5);
    for (const auto &[name, rows] : by_variant) {
        INFO(name);
        CHECK(rows.size() == 12);
        CHECK(rows.front().share >= 1.0);
        const bool skips = name.find("hamerly") != name.npos || name.find("yinyang") != name.npos ||
                           name.find("elkan") != name.npos;
        if (skips) {
            CHECK(rows.back().share < 0.5);
            CHECK(rows.back().survivors < 1.0);
        }
        for (size_t i = 0; i < rows.size(); i++) {
            CHECK(rows[i].iteration == static_cast<int>(i) + 1);
            CHECK((name == "auto" || rows[i].pass_by == name));
        }
    }
    CHECK(o.out.find("NO") == std::string::npos);
    CHECK(here.read("t.json").find("\"per_iteration\"") != std::string::npos);
}

TEST_CASE("trace: what cannot be is said", "[cli]") {
    const folder here;
    CHECK(here.run({"trace", "gen:blobs,n=50,d=2,k=3"}).code == 2);
    CHECK(here.run({"trace", "gen:blobs,n=50,d=2,k=3", "-k", "51"}).code == 2);
    const outcome picture = here.run({"trace", "gen:blobs,n=50,d=2,k=3", "-k", "3", "--plot", "p.png"});
    CHECK(picture.code == 2);
    CHECK(picture.err.find("--csv") != std::string::npos);
    CHECK(here.run({"trace", "gen:blobs,n=50,d=2,k=3", "-k", "3", "--variants", "no_such"}).code != 0);
    CHECK(here.run({"trace", "missing.npy", "-k", "3"}).code == 3);
}
