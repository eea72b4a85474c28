// The oracle of `exakt verify` against values worked out by hand, and against that of the tests, which multiplies
// whole differences where this one adds up products.
#include <cfloat>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "tests/catch.hpp"
#include "tests/oracle.hpp"

#include "harness/oracle.h"

namespace {

using oracle::any_float;

bool same(const oracle_real &a, const oracle_real &b) {
    return oracle_compare(&a, &b) == 0;
}

oracle_real plus(oracle_real a, const oracle_real &b) {
    oracle_add(&a, &b);
    return a;
}

// A distance of tests/oracle.hpp, in units of 2^-298.
oracle_real converted(const oracle::Natural &natural) {
    oracle_real sum = oracle_from_double(0);
    for (size_t i = 0; i < natural.size(); i++)
        sum = plus(sum, oracle_from_double(std::ldexp(natural[i], static_cast<int>(32 * i) - 298)));
    return sum;
}

int64_t nearest(const float *x, const std::vector<float> &centroids, int64_t d) {
    const auto k = static_cast<int64_t>(centroids.size()) / d;
    std::vector<oracle_real> squares;
    for (int64_t j = 0; j < k; j++)
        squares.push_back(oracle_square(centroids.data() + j * d, d));
    return oracle_nearest(x, centroids.data(), squares.data(), k, d);
}

bool mean_holds(const std::vector<float> &values, float centroid, int64_t n) {
    oracle_real sum = oracle_from_double(0);
    float largest = 0;
    for (const float v : values) {
        sum = plus(sum, oracle_from_double(v));
        largest = std::max(largest, std::fabs(v));
    }
    return oracle_mean_holds(&sum, static_cast<uint32_t>(values.size()), centroid, n, largest);
}

} // namespace

TEST_CASE("numbers of the oracle survive the way there and back", "[oracle]") {
    for (const double v :
         {0.0, 1.0, -1.0, 0x1p-480, -0x1p-480, 0x1p414, 1.0 / 3, -12345.678, 0x1.fffffffffffffp400,
          static_cast<double>(FLT_MAX), static_cast<double>(FLT_TRUE_MIN)}) {
        const oracle_real real = oracle_from_double(v);
        CHECK(oracle_to_double(&real) == v);
    }
    CHECK(oracle_from_double(0x1p-480).word[0] == 1);
    CHECK(oracle_from_double(-0x1p-480).word[ORACLE_WORDS - 1] == UINT64_MAX);
    CHECK(oracle_from_double(1.0).word[480 / 64] == uint64_t{1} << 480 % 64);
}

TEST_CASE("sums, differences, products and order are those of integers", "[oracle]") {
    for (const int a : {-70000, -3, -1, 0, 1, 2, 65536}) {
        for (const int b : {-65537, -2, -1, 0, 1, 5, 99999}) {
            const oracle_real left = oracle_from_double(a), right = oracle_from_double(b);
            CHECK(same(plus(left, right), oracle_from_double(a + b)));
            oracle_real difference = left;
            oracle_subtract(&difference, &right);
            CHECK(same(difference, oracle_from_double(a - b)));
            CHECK(oracle_compare(&left, &right) == (a > b) - (a < b));
            oracle_real product = left;
            oracle_multiply(&product, 1000003);
            CHECK(same(product, oracle_from_double(a * 1000003.0)));
        }
    }
    // A carry through all words.
    const oracle_real one = oracle_from_double(0x1p-480), minus = oracle_from_double(-0x1p-480);
    CHECK(same(plus(one, minus), oracle_from_double(0)));
}

TEST_CASE("distances worked out by hand", "[oracle]") {
    const float x[] = {3.0f, 0.0f}, c[] = {0.0f, 4.0f};
    CHECK(same(oracle_distance(x, c, 2), oracle_from_double(25)));
    const float tiny = FLT_TRUE_MIN, zero = -0.0f;
    CHECK(same(oracle_distance(&tiny, &zero, 1), oracle_from_double(0x1p-298)));
    const float most = FLT_MAX, least = -FLT_MAX;
    oracle_real square = oracle_from_double(0x1p256); // (2 FLT_MAX)^2 = 2^258 (1 - 2^-24)^2
    oracle_multiply(&square, 4);
    oracle_real less = oracle_from_double(-0x1p235);
    oracle_real more = oracle_from_double(0x1p210);
    CHECK(same(oracle_distance(&most, &least, 1), plus(plus(square, less), more)));
    // (1 + 2^-23) - 1, the last bit alone
    const float a = 1.0f + FLT_EPSILON, b = 1.0f;
    CHECK(same(oracle_distance(&a, &b, 1), oracle_from_double(0x1p-46)));
    // 1e30 hides 1e-30 from any float or double, not from the oracle.
    const float mixed[] = {1e30f, 1e-30f}, huge[] = {1e30f, 0.0f};
    CHECK(same(oracle_distance(mixed, huge, 2),
               oracle_from_double(static_cast<double>(1e-30f) * static_cast<double>(1e-30f))));
}

TEST_CASE("ties go to the lowest index, and only real ones are ties", "[oracle]") {
    const float x[] = {1.0f, 1.0f};
    CHECK(nearest(x, {3, 1, 1, 3, -1, 1, 1, -1}, 2) == 0);
    CHECK(nearest(x, {3, 1, 1, std::nextafterf(3.0f, 0.0f), -1, 1}, 2) == 1);
    CHECK(nearest(x, {std::nextafterf(3.0f, 4.0f), 1, 1, 3, 3, 1}, 2) == 1);
    CHECK(nearest(x, {5, 5, 5, 5}, 2) == 0);
}

TEST_CASE("distances and nearest centroids agree with the oracle of the tests", "[oracle]") {
    std::mt19937 random(11);
    for (int trial = 0; trial < 2000; trial++) {
        const auto d = static_cast<int64_t>(1 + random() % 6), k = static_cast<int64_t>(1 + random() % 5);
        std::vector<float> x(d), c(k * d);
        const bool lattice = trial % 2 == 0;
        for (float &v : x)
            v = lattice ? static_cast<float>(random() % 3) : any_float(random);
        for (float &v : c)
            v = lattice ? static_cast<float>(random() % 3) : any_float(random);
        if (trial % 5 == 0)
            c[0] = std::nextafterf(x[0], c[0]);
        INFO("trial " << trial);
        for (int64_t j = 0; j < k; j++)
            REQUIRE(same(oracle_distance(x.data(), c.data() + j * d, d),
                         converted(oracle::distance(x.data(), c.data() + j * d, d))));
        REQUIRE(nearest(x.data(), c, d) == oracle::nearest(x.data(), c.data(), k, d));
    }
}

TEST_CASE("a mean is right to the last bit, or wrong", "[oracle]") {
    const auto third = static_cast<float>(7.0 / 3.0);
    CHECK(mean_holds({1, 2, 4}, third, 3));
    CHECK_FALSE(mean_holds({1, 2, 4}, std::nextafterf(third, 9.0f), 3));
    CHECK_FALSE(mean_holds({1, 2, 4}, std::nextafterf(third, 0.0f), 3));
    CHECK(mean_holds({-1, -2, -4}, -third, 3));
    CHECK_FALSE(mean_holds({-1, -2, -4}, third, 3));
    CHECK(mean_holds({1, -1}, 0.0f, 2));
    CHECK_FALSE(mean_holds({1, -1}, 0x1p-40f, 2));
    CHECK(mean_holds({FLT_TRUE_MIN, 0.0f}, 0.0f, 2));
    CHECK(mean_holds({FLT_TRUE_MIN, 0.0f}, FLT_TRUE_MIN, 2));
    CHECK_FALSE(mean_holds({FLT_TRUE_MIN, 0.0f}, 2 * FLT_TRUE_MIN, 2));
    CHECK(mean_holds({FLT_MAX, FLT_MAX}, FLT_MAX, 2));
}

TEST_CASE("a mean may lose what the fixed point of its column does not hold", "[oracle]") {
    // With a largest magnitude of 1e30 and n = 2, half a unit is below 2^-61 * 1e30 = 4.3e11; with n = 4, twice
    // that.
    const oracle_real sum = oracle_from_double(3e11);
    CHECK(oracle_mean_holds(&sum, 1, 0.0f, 2, 1e30f));
    CHECK_FALSE(oracle_mean_holds(&sum, 1, 0.0f, 2, 1e29f));
    const oracle_real more = oracle_from_double(8e11);
    CHECK_FALSE(oracle_mean_holds(&more, 1, 0.0f, 2, 1e30f));
    CHECK(oracle_mean_holds(&more, 1, 0.0f, 4, 1e30f));
}

TEST_CASE("an inertia may be off by its roundings only", "[oracle]") {
    const oracle_real three = oracle_from_double(3);
    CHECK(oracle_inertia_holds(&three, 3.0, 100, 2));
    CHECK(oracle_inertia_holds(&three, 3.0 * (1 + 0x1p-44), 100, 2));
    CHECK(oracle_inertia_holds(&three, 3.0 * (1 - 0x1p-44), 100, 2));
    CHECK_FALSE(oracle_inertia_holds(&three, 3.0 * (1 + 0x1p-42), 100, 2));
    CHECK_FALSE(oracle_inertia_holds(&three, 3.0 * (1 - 0x1p-42), 100, 2));
    CHECK_FALSE(oracle_inertia_holds(&three, -3.0, 100, 2));
    CHECK_FALSE(oracle_inertia_holds(&three, std::numeric_limits<double>::infinity(), 100, 2));
    CHECK_FALSE(oracle_inertia_holds(&three, std::numeric_limits<double>::quiet_NaN(), 100, 2));
    const oracle_real zero = oracle_from_double(0), smallest = oracle_from_double(0x1p-298);
    CHECK(oracle_inertia_holds(&zero, 0.0, 100, 2));
    CHECK_FALSE(oracle_inertia_holds(&zero, 0x1p-298, 100, 2));
    CHECK(oracle_inertia_holds(&smallest, 0x1p-298, 100, 2));
}
