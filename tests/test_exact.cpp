// The exact arithmetic against the oracle: comparison, error bounds, sums, dist64.
#include <cfloat>
#include <cmath>
#include <vector>

#include "tests/catch.hpp"
#include "tests/fit.hpp"
#include "tests/oracle.hpp"

#include "kernels/exact/bulk.h"
#include "kernels/exact/compare.h"
#include "kernels/exact/filter.h"
#include "kernels/exact/sums.h"
#include "kernels/variant.h"

namespace {

// Floats of every kind: any bit pattern that is finite.
float any_float(std::mt19937 &random) {
    for (;;) {
        const uint32_t bits = random();
        float v;
        std::memcpy(&v, &bits, sizeof v);
        if (std::isfinite(v))
            return v;
    }
}

int oracle_compare(const std::vector<float> &x, const std::vector<float> &a, const std::vector<float> &b) {
    const auto d = static_cast<int64_t>(x.size());
    return oracle::compare(oracle::distance(x.data(), a.data(), d), oracle::distance(x.data(), b.data(), d));
}

} // namespace

TEST_CASE("the oracle knows simple distances", "[exact]") {
    const float x[] = {3.0f, 0.0f}, c[] = {0.0f, 4.0f}, tiny[] = {FLT_TRUE_MIN}, zero[] = {0.0f};
    // 25 * 2^298 and (2^-149)^2 * 2^298 = 1
    oracle::Natural expected(9, 0);
    expected.push_back(25u << 10);
    CHECK(oracle::distance(x, c, 2) == expected);
    CHECK(oracle::distance(tiny, zero, 1) == oracle::Natural{1});
}

TEST_CASE("exact comparison agrees with the oracle on arbitrary floats", "[exact]") {
    std::mt19937 random(7);
    for (int trial = 0; trial < 3000; trial++) {
        const size_t d = 1 + random() % 5;
        std::vector<float> x(d), a(d), b(d);
        for (size_t t = 0; t < d; t++) {
            x[t] = any_float(random);
            a[t] = any_float(random);
            b[t] = trial % 3 == 0 ? std::nextafterf(a[t], x[t]) : any_float(random);
        }
        REQUIRE(exk_compare_distances(x.data(), a.data(), b.data(), static_cast<int64_t>(d)) ==
                oracle_compare(x, a, b));
    }
}

TEST_CASE("exact comparison finds ties and misses by one bit", "[exact]") {
    const float x[] = {0.0f, 0.0f}, a[] = {3.0f, 4.0f}, b[] = {-5.0f, 0.0f};
    CHECK(exk_compare_distances(x, a, b, 2) == 0);
    const float farther[] = {3.0f, std::nextafterf(4.0f, 5.0f)};
    CHECK(exk_compare_distances(x, farther, b, 2) == 1);
    CHECK(exk_compare_distances(x, b, farther, 2) == -1);
    const float extreme[] = {FLT_MAX, -FLT_MAX}, mirrored[] = {-FLT_MAX, FLT_MAX};
    CHECK(exk_compare_distances(x, extreme, mirrored, 2) == 0);
}

TEST_CASE("exact comparison carries through many dimensions", "[exact]") {
    const int64_t d = 5000;
    std::vector<float> x(d, 0.0f), a(d, FLT_MAX), b(d, -FLT_MAX);
    CHECK(exk_compare_distances(x.data(), a.data(), b.data(), d) == 0);
    x[d - 1] = FLT_TRUE_MIN;
    CHECK(exk_compare_distances(x.data(), a.data(), b.data(), d) == -1);
}

TEST_CASE("dist64 is the same bits on every ISA and within its bound", "[exact]") {
    std::mt19937 random(3);
    for (int64_t d = 1; d <= 40; d++) {
        std::vector<float> x(d), c(d);
        for (int64_t t = 0; t < d; t++) {
            x[t] = static_cast<float>(random()) * 0x1p-20f;
            c[t] = static_cast<float>(random()) * 0x1p-20f;
        }
        const double reference = exk_bulk_for("scalar")->dist64(x.data(), c.data(), d);
        long double exact = 0.0L;
        for (int64_t t = 0; t < d; t++)
            exact += (static_cast<long double>(x[t]) - c[t]) * (static_cast<long double>(x[t]) - c[t]);
        CHECK(std::fabs(static_cast<double>((reference - exact) / exact)) <= (d + 8) * 0x1p-53);
        CHECK(exk_bulk_here()->dist64(x.data(), c.data(), d) == reference);
    }
}

TEST_CASE("bulk operations are the same bits on every ISA", "[exact]") {
    const int64_t d = 37;
    const Matrix x = uniform_points(2, d, 5);
    std::vector<double> scale(d);
    std::vector<float> largest(d, 0.5f);
    exk_sums_scale(1000, d, largest.data(), scale.data());
    std::vector<int64_t> from(d, 0), to(d, 0), from_here(d, 0), to_here(d, 0);
    exk_bulk_for("scalar")->move_point(x.row(0), scale.data(), d, from.data(), to.data());
    exk_bulk_here()->move_point(x.row(0), scale.data(), d, from_here.data(), to_here.data());
    CHECK(from == from_here);
    CHECK(to == to_here);
    for (int64_t t = 0; t < d; t++)
        CHECK(static_cast<double>(to[t]) == std::nearbyint(static_cast<double>(x.row(0)[t]) * scale[t]));
    std::vector<float> poisoned(x.row(0), x.row(0) + d);
    for (int64_t t = 0; t < d; t++) {
        const float keep = poisoned[t];
        for (const float bad : {NAN, INFINITY, -INFINITY}) {
            poisoned[t] = bad;
            CHECK_FALSE(exk_bulk_for("scalar")->all_finite(poisoned.data(), d));
            CHECK_FALSE(exk_bulk_here()->all_finite(poisoned.data(), d));
        }
        poisoned[t] = keep;
    }
    CHECK(exk_bulk_here()->all_finite(poisoned.data(), d));
}

TEST_CASE("sums use all 62 bits and no more", "[exact]") {
    const float largest[] = {1.0f, 3.0f, FLT_TRUE_MIN, FLT_MAX, 0.0f};
    double scale[5];
    exk_sums_scale(1000, 5, largest, scale);
    for (int t = 0; t < 4; t++) {
        const double sum = 1000.0 * static_cast<double>(largest[t]) * scale[t];
        CHECK(sum <= 0x1p62);
        CHECK(sum > 0x1p59);
    }
    CHECK(scale[4] == 1.0);
}

TEST_CASE("a mean is the correctly rounded one where the sum is exact", "[exact]") {
    const float largest[] = {8.0f};
    double scale[1];
    exk_sums_scale(3, 1, largest, scale);
    int64_t sum[1] = {0};
    for (const float v : {1.0f, 2.0f, 7.0f})
        exk_bulk_here()->add_point(&v, scale, 1, sum);
    float mean;
    exk_sums_mean(sum, scale, 3, 1, &mean);
    CHECK(mean == static_cast<float>(10.0 / 3.0));
    sum[0] = 0;
    exk_sums_mean(sum, scale, 3, 1, &mean);
    CHECK_FALSE(std::signbit(mean));
}

namespace {

// A filter over its own memory.
struct Filter {
    std::vector<float> c, slope, base, shift;
    std::vector<double> h;
    std::vector<uint64_t> order;
    exk_filter filter{};

    Filter(const Matrix &centroids, std::vector<float> m, double largest_norm, int64_t roundings)
        : c(centroids.values.size()), slope(centroids.rows), base(centroids.rows), shift(std::move(m)),
          h(centroids.rows), order(2 * centroids.rows) {
        filter.k = centroids.rows;
        filter.d = centroids.columns;
        filter.roundings = roundings;
        filter.largest_norm = largest_norm;
        filter.shift = shift.data();
        filter.c = c.data();
        filter.h = h.data();
        filter.slope = slope.data();
        filter.base = base.data();
        filter.order = order.data();
        exk_filter_begin(&filter, centroids.values.data());
        exk_filter_fill(&filter, centroids.values.data(), 0, centroids.rows);
    }
};

// The true score 2^e (||x - c||^2 - ||x - m||^2) / 2 in long double, good to far more than the error bounds.
long double true_score(const exk_filter &filter, const float *x, const float *c) {
    long double score = 0.0L;
    for (int64_t t = 0; t < filter.d; t++) {
        const long double a = static_cast<long double>(c[t]) - filter.shift[t];
        score += a * (a - 2.0L * (static_cast<long double>(x[t]) - filter.shift[t]));
    }
    return std::ldexp(score / 2.0L, filter.exponent);
}

} // namespace

TEST_CASE("lower scores bound the true ones from both sides for every variant", "[exact][filter]") {
    const double magnitude = GENERATE(1.0, 1e-30, 1e12);
    const float offset = GENERATE(0.0f, 100.0f);
    const int64_t n = 20, d = 67, k = 33;
    Matrix points = uniform_points(n, d, 11), centroids = uniform_points(k, d, 12);
    for (Matrix *m : {&points, &centroids})
        for (float &v : m->values)
            v = static_cast<float>((static_cast<double>(v) + offset) * magnitude);
    const std::vector<float> shift(d, static_cast<float>(offset * magnitude));

    for (const std::string &name : available_variants()) {
        const exk_variant *variant = exk_variant_find(name.c_str());
        const exk_kernel *kernel = exk_variant_kernel(variant);
        const exk_shape shape = {n, d, k};
        exk_plan plan = {};
        plan.threads = 1;
        plan.depth_tile = 16;
        exk_plan_complete(&plan, variant, &shape);
        double largest = 0.0;
        std::vector<float> centred(points.values.size());
        for (int64_t i = 0; i < n; i++) {
            exk_bulk_here()->centre(points.row(i), shift.data(), d, centred.data() + i * d);
            largest = std::max(largest, std::sqrt(exk_bulk_here()->dist64(points.row(i), shift.data(), d)));
        }
        Filter f(centroids, shift, largest, kernel->roundings(&shape, &plan));
        const float norm = exk_round_up(largest * (1.0 + 0x1p-22));
        std::vector<float> offsets(exk_filter_offsets(k)), lower(n * k);
        exk_filter_fold(&f.filter, norm, offsets.data());
        exk_tile tile = {};
        tile.x = centred.data();
        tile.rows = n;
        tile.stride = d;
        tile.offset = offsets.data();
        const exk_score_centroids score_centroids = {f.c.data(), nullptr, k, d};
        kernel->scores(&score_centroids, &tile, lower.data());
        INFO(name);
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < k; j++) {
                const long double s = true_score(f.filter, points.row(i), centroids.row(j));
                const long double l = lower[i * k + j];
                REQUIRE(l <= s);
                REQUIRE(s <= l + 2.0L * exk_filter_error(&f.filter, j, norm));
            }
    }
}

TEST_CASE("only the lowest of equal centroids takes part", "[exact][filter]") {
    Matrix centroids = uniform_points(6, 3, 1);
    for (const int64_t j : {3, 5})
        std::copy(centroids.row(1), centroids.row(1) + 3, centroids.row(j));
    Filter f(centroids, {0.0f, 0.0f, 0.0f}, 1.0, 4);
    std::vector<float> offsets(exk_filter_offsets(6));
    exk_filter_fold(&f.filter, 1.0f, offsets.data());
    for (int64_t j = 0; j < static_cast<int64_t>(offsets.size()); j++)
        CHECK(std::isinf(offsets[j]) == (j == 3 || j == 5 || j >= 6));
}
