// The public data sets, from the folder that EXAKT_DATA names: read right, clustered to the same bits by every
// variant, and as another implementation clusters them. ctest reports this program as skipped if a file is
// missing.
#include <cstdlib>
#include <filesystem>

#include "tests/fit.hpp"
#include "tests/test_datasets.hpp"

#include "kernels/variant.h"

using namespace datasets_test;

namespace {

// EXAKT_DATA/name, or "" after saying why the case is skipped.
std::string real_data(const std::string &name) {
    const char *folder = std::getenv("EXAKT_DATA");
    if (!folder || !*folder) {
        WARN("skipped: EXAKT_DATA is not set, so there is no " << name);
        return "";
    }
    const std::string path = std::string(folder) + "/" + name;
    if (!std::filesystem::exists(path)) {
        WARN("skipped: EXAKT_DATA has no " << name);
        return "";
    }
    return path;
}

Matrix matrix_of(const Load &load) {
    REQUIRE(load.status == EXK_OK);
    const exk_points &p = load.dataset->points;
    Matrix m(p.n, p.d);
    std::copy(p.x, p.x + p.n * p.d, m.values.begin());
    return m;
}

// Every step-th point.
Matrix thinned(const Matrix &points, int64_t step) {
    Matrix m((points.rows + step - 1) / step, points.columns);
    for (int64_t i = 0; i < m.rows; i++)
        std::copy(points.row(i * step), points.row(i * step) + m.columns, m.row(i));
    return m;
}

// A few iterations by every variant that can run here, the scalar ones too.
void check_agreement(const Matrix &points, int64_t k, int64_t iterations) {
    How how{"assign_f32_naive__scalar", 2};
    how.max_iter = iterations;
    const Outcome expected = fit(points, k, how);
    for (const std::string &name : available_variants()) {
        how.variant = name.c_str();
        INFO(name);
        CHECK(fit(points, k, how) == expected);
    }
}

// To convergence from every (n / k)-th point, beside the inertia that scikit-learn 1.9.1 finds in float64 from
// there.
void check_inertia(const Matrix &points, int64_t k, int64_t step, double inertia, int64_t iterations) {
    Matrix start(k, points.columns);
    for (int64_t j = 0; j < k; j++)
        std::copy(points.row(j * step), points.row(j * step) + points.columns, start.row(j));
    How how{nullptr, 2};
    how.tol = 1e-4;
    const Outcome o = fit(points, k, how, start.values.data());
    CHECK(o.inertia == Approx(inertia).epsilon(1e-5));
    CHECK(o.iterations == iterations);
    CHECK(std::count(o.counts.begin(), o.counts.end(), 0) == 0);
}

} // namespace

TEST_CASE("MNIST test images", "[real]") {
    const std::string path = real_data("mnist-t10k-images-idx3-ubyte.gz");
    if (path.empty())
        return;
    const Load load(path);
    const Matrix points = matrix_of(load);
    CHECK(points.rows == 10000);
    CHECK(points.columns == 784);
    CHECK(load.note() == "uint8 converted to float32");
    CHECK(*std::max_element(points.values.begin(), points.values.end()) == 255.0f);
    check_agreement(points, 100, 3);
    check_inertia(points, 100, 1, 17767261109.74587, 45);
}

TEST_CASE("KDD Cup 1999, standardised", "[real]") {
    const std::string path = real_data("kddcup99_10_percent.csv.gz");
    if (path.empty())
        return;
    const Load load(path);
    REQUIRE(load.status == EXK_OK);
    CHECK(load.dataset->points.n == 494021);
    CHECK(load.dataset->points.d == 38);
    CHECK(load.note() == "left out non-numeric columns 1, 2, 3, 41");
    CHECK(load.dataset->points.x[1] == 181);
    CHECK(load.dataset->points.x[38 + 2] == 486);
    const Load chosen(path, "0,4-40");
    REQUIRE(chosen.status == EXK_OK);
    CHECK(chosen.note().empty());
    CHECK(std::memcmp(chosen.dataset->points.x, load.dataset->points.x, 494021U * 38U * sizeof(float)) == 0);
    // All of them would take scalar code long.
    check_agreement(thinned(matrix_of(Load(path, nullptr, true)), 4), 100, 2);
}

TEST_CASE("BIRCH set 1", "[real]") {
    const std::string path = real_data("birch1.txt.gz");
    if (path.empty())
        return;
    const Load load(path);
    const Matrix points = matrix_of(load);
    CHECK(points.rows == 100000);
    CHECK(points.columns == 2);
    CHECK(load.note().empty());
    check_agreement(points, 100, 10);
    check_inertia(points, 100, 1000, 102957213854350.84, 31);
}
