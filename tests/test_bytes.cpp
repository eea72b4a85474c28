// Variants that score in bytes, where rounding to bytes misleads them as far as the bound of it allows.
#include "kernels/variant.h"
#include "tests/bounds/moves_probe.h"
#include "tests/fit.hpp"
#include "tests/oracle.hpp"

namespace {

enum { D = 8, K = 16, N = 96 };

// Every variant of bytes that can run here.
std::vector<std::string> byte_variants() {
    std::vector<std::string> names;
    for (int i = 0; i < exk_variant_rows(); i++) {
        const exk_variant *row = exk_variant_row(i);
        if (std::string(row->strategy).rfind("i8_", 0) == 0 && !exk_variant_obstacle(row))
            names.push_back(row->name);
    }
    return names;
}

// What the rotation of kernels/int8/quantise.h turns into the row: it is its own inverse but for a factor of 4.
void turn_back(float *row) {
    for (int t = 0; t < D; t += 4) {
        const float a = row[t], b = row[t + 1], c = row[t + 2], d = row[t + 3];
        row[t] = (a + b + c + d) / 4;
        row[t + 1] = (a - b + c - d) / 4;
        row[t + 2] = (a + b - c - d) / 4;
        row[t + 3] = (a - b - c + d) / 4;
    }
}

std::vector<int32_t> assigned(const Matrix &points, const Matrix &centroids, const std::string &variant) {
    How how;
    how.variant = variant.c_str();
    exk_options *options = options_for(how);
    const exk_points view = points.points();
    exk_result *result = nullptr;
    exk_error error = {};
    INFO(error.message);
    REQUIRE(exk_assign(&view, centroids.values.data(), centroids.rows, options, &result, &error) == EXK_OK);
    const Outcome outcome = outcome_of(result);
    exk_result_free(result);
    exk_options_free(options);
    return outcome.labels;
}

} // namespace

// Bytes up to `most`. Two centroids differ by what rounding to bytes hides at worst, in the direction of the first
// point: 31/64 above an integer and 31/64 below the next one, so that their bytes differ by 1 in all coordinates
// but the first, and the farther one seems nearer by nearly twice the bound. The other points, spikes, have short
// rows of bytes, for which the bound is smaller.
TEST_CASE("bytes discard nothing that rounding may have moved away", "[bytes][oracle]") {
    const float most = GENERATE(127.0f, 63.0f);
    const bool turned = GENERATE(false, true);
    const float size = most == 127.0f ? 90.0f : 45.0f, whole = most == 127.0f ? 100.0f : 50.0f;
    Matrix points(N, D), centroids(K, D);
    for (int i = 0; i < N; i++)
        points.row(i)[i % D] = i % 2 ? size : -size;
    for (int t = 0; t < D; t++) {
        points.row(0)[t] = size;
        points.row(N - 1)[t] = -size;
        centroids.row(0)[t] = t == 0 ? most : whole + 0.515625f;
        centroids.row(1)[t] = t == 0 ? most : whole + 0.484375f;
    }
    for (int j = 2; j < K; j++)
        centroids.row(j)[j % D] = (j % 2 ? 1.0f : -1.0f) * (1000.0f + 10.0f * static_cast<float>(j));
    for (int i = 0; i < N && turned; i++)
        turn_back(points.row(i));
    for (int j = 0; j < K && turned; j++)
        turn_back(centroids.row(j));
    REQUIRE(oracle::nearest(points.row(0), centroids.values.data(), K, D) == 1);
    REQUIRE_FALSE(byte_variants().empty());
    for (const std::string &variant : byte_variants()) {
        const std::vector<int32_t> labels = assigned(points, centroids, variant);
        INFO(variant << ", bytes up to " << most << (turned ? ", turned" : ""));
        for (int i = 0; i < N; i++)
            REQUIRE(labels[i] == oracle::nearest(points.row(i), centroids.values.data(), K, D));
    }
}

// Shapes that rotations take in different ways: orders of 1 to 16, rows that are no whole vectors.
TEST_CASE("bytes find the true argmin whatever the number of dimensions", "[bytes][oracle]") {
    for (const int64_t d : {1, 3, 8, 12, 31, 32, 64, 100, 128, 130, 200, 256, 272, 300}) {
        const Matrix points = uniform_points(70, d, 5), centroids = uniform_points(41, d, 6);
        std::vector<int32_t> expected;
        for (int64_t i = 0; i < points.rows; i++)
            expected.push_back(oracle::nearest(points.row(i), centroids.values.data(), centroids.rows, d));
        for (const std::string &variant : byte_variants()) {
            INFO(variant << ", d = " << d);
            REQUIRE(assigned(points, centroids, variant) == expected);
        }
    }
}

namespace {

double distance(const std::vector<float> &x, const std::vector<float> &c, double scale) {
    long double square = 0;
    for (size_t t = 0; t < x.size(); t++) {
        const long double difference = static_cast<long double>(x[t]) - scale * static_cast<long double>(c[t]);
        square += difference * difference;
    }
    return static_cast<double>(std::sqrt(square));
}

float rounded_up(double v) {
    return std::nextafter(static_cast<float>(v), INFINITY);
}

} // namespace

// Rounding to bytes makes the movement, or the point, seem longer in the direction of the other, by nearly as much
// as Cauchy-Schwarz allows.
TEST_CASE("an upper bound stays one while its centroid moves", "[bytes][moves]") {
    const bool point_rounds = GENERATE(false, true);
    std::vector<float> x(8, 90.0f), before(8, 0.0f), now(8, 100.515625f);
    x[0] = now[0] = 127.0f;
    if (point_rounds)
        std::swap(x, now);
    const double truth = distance(x, now, 1.0);
    const float bound =
        moves_probe(x.data(), before.data(), now.data(), 8, 2.0, rounded_up(distance(x, before, 1.0)));
    CHECK(bound >= truth);
    CHECK(bound < 2.0 * truth);
}

TEST_CASE("short movements leave upper bounds tight, at every scale", "[bytes][moves]") {
    const int64_t d = GENERATE(1, 3, 16, 100, 128, 768);
    const double unscale = GENERATE(2.0, 0.25, 64.0);
    const Matrix rows = uniform_points(30, d, 77);
    for (int64_t i = 0; i + 2 < rows.rows; i++) {
        std::vector<float> x(rows.row(i), rows.row(i) + d), before(rows.row(i + 1), rows.row(i + 1) + d),
            now(before);
        for (int64_t t = 0; t < d; t++) {
            before[t] *= static_cast<float>(2.0 / unscale);
            now[t] = before[t] + 0.01f * rows.row(i + 2)[t] * static_cast<float>(2.0 / unscale);
        }
        const double truth = distance(x, now, 0.5 * unscale), former = distance(x, before, 0.5 * unscale);
        const float bound = moves_probe(x.data(), before.data(), now.data(), d, unscale, rounded_up(former));
        INFO("d " << d << ", point " << i << ", distance " << former << " before");
        CHECK(bound >= truth);
        CHECK(bound * bound - truth * truth <= 0.0005 * static_cast<double>(d) + 0.001);
    }
}

TEST_CASE("movements and points that bytes cannot hold tell nothing", "[bytes][moves]") {
    std::vector<float> small(8, 1.0f), large(8, 0x1p115f), none(8, 0.0f);
    CHECK(std::isinf(moves_probe(large.data(), none.data(), small.data(), 8, 2.0, 1.0f)));
    CHECK(std::isinf(moves_probe(small.data(), none.data(), large.data(), 8, 2.0, 1.0f)));
}
