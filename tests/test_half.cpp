// Variants that score in 16-bit floats, where rounding misleads them as far as the bound of it allows. What they
// find is what naive finds, to the bit.
#include "kernels/variant.h"
#include "tests/fit.hpp"
#include "tests/oracle.hpp"

namespace {

enum { K = 16 };

// Every variant of 16-bit floats that can run here.
std::vector<std::string> half_variants() {
    std::vector<std::string> names;
    for (int i = 0; i < exk_variant_rows(); i++) {
        const exk_variant *row = exk_variant_row(i);
        if ((row->numbers == EXK_F16 || row->numbers == EXK_BF16) && !exk_variant_obstacle(row))
            names.push_back(row->name);
    }
    return names;
}

std::vector<int32_t> assigned(const Matrix &points, const Matrix &centroids, const std::string &variant) {
    How how;
    how.variant = variant.c_str();
    return assign(points, centroids, how).labels;
}

void same_as_naive(const Matrix &points, const Matrix &centroids) {
    REQUIRE_FALSE(half_variants().empty());
    const std::vector<int32_t> expected = assigned(points, centroids, "assign_f32_naive__scalar");
    for (const std::string &variant : half_variants()) {
        INFO(variant << ", " << points.rows << " x " << points.columns << ", k = " << centroids.rows);
        REQUIRE(assigned(points, centroids, variant) == expected);
    }
}

// Centroids far from everything, behind the first ones.
void fill_far(Matrix &centroids, int64_t first) {
    for (int64_t j = first; j < centroids.rows; j++)
        centroids.row(j)[j % centroids.columns] =
            (j % 2 ? 1.0f : -1.0f) * (1000.0f + 10.0f * static_cast<float>(j));
}

// One point and its negative, which keep the mean at 0.
Matrix mirrored(const std::vector<float> &x) {
    const auto d = static_cast<int64_t>(x.size());
    Matrix points(2, d);
    for (int64_t t = 0; t < d; t++) {
        points.row(0)[t] = x[t];
        points.row(1)[t] = -x[t];
    }
    return points;
}

} // namespace

// Two centroids that rounding moves by nearly half of a unit each, in opposite ways: the nearer one looks farther
// by nearly twice the bound. `unit` is what the last bit of the format is worth between 2 and 4.
TEST_CASE("16-bit floats discard no centroid that rounding may have moved away", "[half][oracle]") {
    const float unit = GENERATE(0x1p-6f, 0x1p-9f), scale = GENERATE(1.0f, 0x1p40f, 0x1p-40f);
    const int64_t d = GENERATE(2, 8, 33);
    const Matrix points = mirrored(std::vector<float>(static_cast<size_t>(d), 2.0f * scale));
    Matrix centroids(K, d);
    fill_far(centroids, 2);
    for (float &v : centroids.values)
        v *= scale;
    for (int64_t t = 0; t < d; t++) {
        centroids.row(0)[t] = scale * (2.0f + 0.515625f * unit);
        centroids.row(1)[t] = scale * (2.0f + 0.484375f * unit);
    }
    REQUIRE(oracle::nearest(points.row(0), centroids.values.data(), K, d) == 1);
    same_as_naive(points, centroids);
}

// The point's coordinates move away from the one centroid and towards the other.
TEST_CASE("16-bit floats discard no centroid from which the point may have moved", "[half][oracle]") {
    const float unit = GENERATE(0x1p-6f, 0x1p-9f);
    const int64_t d = 17; // the first one makes the second centroid farther
    std::vector<float> x(d, 0.0f);
    Matrix centroids(K, d);
    fill_far(centroids, 2);
    centroids.row(0)[0] = std::sqrt(0.2f * 16.0f * unit);
    for (int64_t t = 1; t < d; t++) {
        x[t] = 2.0f + (t % 2 ? 0.484375f : 0.515625f) * unit;
        centroids.row(1)[t] = t % 2 ? 3.0f : 1.0f;
        centroids.row(0)[t] = t % 2 ? 1.0f : 3.0f;
    }
    const Matrix points = mirrored(x);
    REQUIRE(oracle::nearest(points.row(0), centroids.values.data(), K, d) == 1);
    same_as_naive(points, centroids);
}

// Products of less than half of the sum's last bit, one after another: a chain of float16 loses all of them.
TEST_CASE("16-bit floats discard no centroid whose products a chain of sums loses", "[half][oracle]") {
    const int64_t d = 32;
    const float lost = 0.875f * 0x1p-10f;
    std::vector<float> x(d, 0.0f);
    Matrix centroids(K, d);
    fill_far(centroids, 2);
    for (int64_t t = 0; t < d; t += 2) { // the words of two numbers add up each on its own
        x[t] = 2.0f;
        centroids.row(1)[t] = t == 0 ? 2.0f : lost;
    }
    centroids.row(0)[0] = 2.0f;
    centroids.row(1)[d - 1] = 0.15625f;
    const Matrix points = mirrored(x);
    REQUIRE(oracle::nearest(points.row(0), centroids.values.data(), K, d) == 1);
    same_as_naive(points, centroids);
}

// Rows that are no whole words, vectors, chains or slices, and fewer centroids than the filter takes.
TEST_CASE("16-bit floats find what naive finds whatever the shape", "[half]") {
    for (const int64_t d : {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 70, 130, 2000}) {
        for (const int64_t k : {5, 16, 41})
            same_as_naive(uniform_points(d == 2000 ? 20 : 70, d, 5), uniform_points(k, d, 6));
    }
}

// Coordinates from 2^-exponents to 2^exponents: what is small beside the largest is subnormal or 0 in float16.
TEST_CASE("16-bit floats find what naive finds among numbers of all sizes", "[half]") {
    const int exponents = GENERATE(0, 5, 14, 20, 40, 62);
    const bool columns = GENERATE(false, true); // the same size in all of a column, or of a row
    for (const int64_t d : {1, 5, 32, 70}) {
        Matrix points = uniform_points(70, d, 11), centroids = uniform_points(35, d, 12);
        std::mt19937 random(13);
        const auto sized = [&](Matrix &m) {
            for (int64_t i = 0; i < m.rows; i++) {
                for (int64_t t = 0; t < d; t++) {
                    const int64_t at = columns ? t * 7 : static_cast<int64_t>(random());
                    m.row(i)[t] =
                        std::ldexp(m.row(i)[t] - 0.5f, static_cast<int>(at % (2 * exponents + 1)) - exponents);
                }
            }
        };
        sized(points);
        sized(centroids);
        same_as_naive(points, centroids);
    }
}

TEST_CASE("16-bit floats find what naive finds at the ends of float32", "[half]") {
    const float scale = GENERATE(0x1p-148f, 0x1p-126f, 0x1p-101f, 0x1p100f, 0x1p120f);
    Matrix points = integer_points(40, 9, 50, 3), centroids = integer_points(20, 9, 50, 4);
    for (float &v : points.values)
        v *= scale;
    for (float &v : centroids.values)
        v *= scale;
    same_as_naive(points, centroids);
}

// Points of a lattice have many nearest centroids, and centroids equal ones; some points are 0, and some centroids
// differ by less than any 16-bit float can tell.
TEST_CASE("16-bit floats settle ties, duplicates and near duplicates as naive does", "[half]") {
    for (const int64_t d : {1, 2, 8, 40}) {
        const Matrix points = integer_points(90, d, 3, 21);
        Matrix centroids = integer_points(64, d, 3, 22);
        for (int64_t j = 32; j < 64; j++) {
            for (int64_t t = 0; t < d; t++)
                centroids.row(j)[t] = centroids.row(j - 32)[t] + (j % 2 ? 0.0f : 0x1p-20f);
        }
        same_as_naive(points, centroids);
    }
    Matrix offset = uniform_points(120, 6, 23);
    for (float &v : offset.values)
        v += 1000.0f;
    Matrix centroids(40, 6);
    std::copy(offset.values.begin(), offset.values.begin() + 240, centroids.values.begin());
    same_as_naive(offset, centroids);
}

// A whole fit: labels of the pass before limit what is looked at.
TEST_CASE("fits with 16-bit floats are naive's", "[half]") {
    const Matrix points = uniform_points(400, 20, 31);
    const Outcome expected = fit(points, 24, {"assign_f32_naive__scalar"});
    for (const std::string &variant : half_variants()) {
        for (const int64_t tile : {0, 8}) {
            How how;
            how.variant = variant.c_str();
            how.threads = 2;
            how.centroid_tile = tile;
            INFO(variant << ", centroid tile " << tile);
            REQUIRE(fit(points, 24, how) == expected);
        }
    }
}
