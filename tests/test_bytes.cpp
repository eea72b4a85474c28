// Variants that score in bytes, where rounding to bytes misleads them as far as the bound of it allows.
#include "kernels/variant.h"
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
