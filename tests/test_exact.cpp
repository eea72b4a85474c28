// The exact arithmetic against the oracle: comparison, error bounds, sums, dist64.
#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <vector>

#include "tests/catch.hpp"
#include "tests/fit.hpp"
#include "tests/oracle.hpp"

#include "kernels/cpu.h"
#include "kernels/exact/bulk.h"
#include "kernels/exact/certify.h"
#include "kernels/exact/compare.h"
#include "kernels/exact/filter.h"
#include "kernels/exact/sums.h"
#include "kernels/variant.h"

namespace {

using oracle::any_float;

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

TEST_CASE("exact comparison knows denormals", "[exact]") {
    const float x[] = {0.0f}, unit = FLT_TRUE_MIN;
    for (int i = 1; i < 40; i++) {
        const float a[] = {static_cast<float>(i) * unit}, b[] = {static_cast<float>(-i - 1) * unit};
        CHECK(exk_compare_distances(x, a, b, 1) == -1);
        const float normal[] = {FLT_MIN}, below[] = {-FLT_MIN + static_cast<float>(i) * unit};
        CHECK(exk_compare_distances(x, normal, below, 1) == 1);
        const float middle[] = {FLT_MIN / 2 + 2.0f * unit}, far[] = {FLT_MIN + 4.0f * unit};
        CHECK(exk_compare_distances(middle, x, far, 1) == 0);
    }
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
        double part[8] = {0.0};
        for (int64_t t = 0; t < d; t++)
            part[t % 8] += (static_cast<double>(x[t]) - c[t]) * (static_cast<double>(x[t]) - c[t]);
        CHECK(reference ==
              ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7])));
    }
}

TEST_CASE("values far below the largest of their column enter the sums as the nearest integers", "[exact]") {
    const std::vector<float> x = {0.4f, 0.5f, 0.6f, 1.5f, -0.4f, -0.5f, -0.6f, -1.5f};
    const std::vector<int64_t> nearest = {0, 0, 1, 2, 0, 0, -1, -2};
    const std::vector<double> scale(x.size(), 1.0);
    for (const exk_bulk *bulk : {exk_bulk_for("scalar"), exk_bulk_here()}) {
        std::vector<int64_t> sum(x.size(), 0), from(x.size(), 0), to(x.size(), 0);
        bulk->add_point(x.data(), scale.data(), static_cast<int64_t>(x.size()), sum.data());
        bulk->move_point(x.data(), scale.data(), static_cast<int64_t>(x.size()), from.data(), to.data());
        CHECK(sum == nearest);
        CHECK(to == nearest);
        for (size_t t = 0; t < x.size(); t++)
            CHECK(from[t] == -nearest[t]);
    }
}

namespace {

// Every instruction set of this build that may run here.
std::vector<const exk_bulk *> runnable_bulks() {
    std::vector<const exk_bulk *> bulks;
    for (size_t i = 0; exk_isa_name(i); i++)
        if (!exk_isa_obstacle(exk_isa_name(i)))
            bulks.push_back(exk_bulk_for(exk_isa_name(i)));
    return bulks;
}

// A float and a scale whose product is at most 2^62 in magnitude: anything, or a tie, or the largest there is.
void hostile_value(std::mt19937 &random, float *x, double *scale) {
    const float sign = random() % 2 ? 1.0f : -1.0f;
    switch (random() % 4) {
    case 0: { // arbitrary bits, the largest of their column or far below it
        *x = any_float(random);
        const float largest = std::max(std::fabs(*x), random() % 2 ? std::fabs(any_float(random)) : 0.0f);
        double unit;
        exk_sums_scale(random() % 2 ? 1 : 1 + random() % 100000, 1, &largest, scale, &unit);
        break;
    }
    case 1: // an odd number of halves
        *x = sign * static_cast<float>(2 * (random() >> 9) + 1);
        *scale = 0.5;
        break;
    case 2: // the largest product, and beside it
        *x = sign * (random() % 2 ? 1.0f : 1.0f - 0x1p-24f * static_cast<float>(random() % 4));
        *scale = 0x1p62;
        break;
    default: // denormals
        *x = sign * static_cast<float>(random() % 9) * FLT_TRUE_MIN;
        *scale = std::ldexp(1.0, 140 + static_cast<int>(random() % 69));
    }
}

// What add_point and move_point make of the same sums, with a guard behind each.
struct Moved {
    std::vector<int64_t> added, from, to;
};

Moved move_one(const exk_bulk *bulk, const std::vector<float> &x, const std::vector<double> &scale,
               const std::vector<int64_t> &before) {
    const auto d = static_cast<int64_t>(x.size());
    Moved m = {before, before, before};
    bulk->add_point(x.data(), scale.data(), d, m.added.data());
    bulk->move_point(x.data(), scale.data(), d, m.from.data(), m.to.data());
    return m;
}

} // namespace

TEST_CASE("hostile values enter the sums as the same integers on every ISA", "[exact]") {
    std::mt19937 random(47);
    for (int trial = 0; trial < 4000; trial++) {
        const size_t d = 1 + random() % 33;
        std::vector<float> x(d);
        std::vector<double> scale(d);
        std::vector<int64_t> before(d + 1);
        for (size_t t = 0; t < d; t++) {
            hostile_value(random, &x[t], &scale[t]);
            before[t] = static_cast<int32_t>(random());
        }
        const Moved expected = move_one(exk_bulk_for("scalar"), x, scale, before);
        for (size_t t = 0; t < d; t++) {
            const auto v = static_cast<int64_t>(std::nearbyint(static_cast<double>(x[t]) * scale[t]));
            REQUIRE(expected.added[t] == before[t] + v);
            REQUIRE(expected.to[t] == before[t] + v);
            REQUIRE(expected.from[t] == before[t] - v);
        }
        for (const exk_bulk *bulk : runnable_bulks()) {
            const Moved here = move_one(bulk, x, scale, before);
            REQUIRE(here.added == expected.added);
            REQUIRE(here.from == expected.from);
            REQUIRE(here.to == expected.to);
        }
    }
}

TEST_CASE("column maxima are magnitudes", "[exact]") {
    const float x[] = {-3.0f, 2.0f, -0.5f};
    std::vector<float> largest = {1.0f, 1.0f, 1.0f};
    exk_bulk_here()->column_max(x, 3, largest.data());
    CHECK(largest == std::vector<float>{3.0f, 2.0f, 1.0f});
    for (const exk_bulk *bulk : runnable_bulks())
        for (const float bad : {NAN, -NAN, INFINITY, -INFINITY})
            for (size_t t = 0; t < 21; t++) {
                std::vector<float> row(21, 7.0f), most(21, 0.0f);
                row[t] = bad;
                bulk->column_max(row.data(), 21, most.data());
                row[t] = FLT_MAX;
                bulk->column_max(row.data(), 21, most.data());
                CHECK_FALSE(std::isfinite(most[t]));
                CHECK(std::count(most.begin(), most.end(), 7.0f) == 20);
            }
}

TEST_CASE("an instruction set that is not in the build falls back to scalar code", "[exact]") {
    CHECK(exk_bulk_for("sse9") == exk_bulk_for("scalar"));
}

TEST_CASE("bulk operations are the same bits on every ISA", "[exact]") {
    const int64_t d = 37;
    const Matrix x = uniform_points(2, d, 5);
    std::vector<double> scale(d), unit(d);
    std::vector<float> largest(d, 0.5f);
    exk_sums_scale(1000, d, largest.data(), scale.data(), unit.data());
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
    double scale[5], unit[5];
    exk_sums_scale(1000, 5, largest, scale, unit);
    for (int t = 0; t < 4; t++) {
        CHECK(scale[t] * unit[t] == 1.0);
        const double sum = 1000.0 * static_cast<double>(largest[t]) * scale[t];
        CHECK(sum <= 0x1p62);
        CHECK(sum > 0x1p59);
    }
    CHECK(scale[4] == 1.0);
}

TEST_CASE("a mean is the correctly rounded one where the sum is exact", "[exact]") {
    const float largest[] = {8.0f};
    double scale[1], unit[1];
    exk_sums_scale(3, 1, largest, scale, unit);
    int64_t sum[1] = {0};
    for (const float v : {1.0f, 2.0f, 7.0f})
        exk_bulk_here()->add_point(&v, scale, 1, sum);
    float mean;
    exk_bulk_here()->mean(sum, unit, 3, 1, &mean);
    CHECK(mean == static_cast<float>(10.0 / 3.0));
    sum[0] = 0;
    exk_bulk_here()->mean(sum, unit, 3, 1, &mean);
    CHECK_FALSE(std::signbit(mean));
    sum[0] = -1;
    const double fine[] = {0x1p-200};
    exk_bulk_here()->mean(sum, fine, 3, 1, &mean);
    CHECK_FALSE(std::signbit(mean));
}

TEST_CASE("a mean is the quotient, whatever the ISA", "[exact]") {
    // Means halfway between two floats: the least error in the quotient decides the wrong way.
    const int64_t d = 21;
    for (int64_t count = 3; count < 1024; count += 4)
        for (const exk_bulk *bulk : runnable_bulks()) {
            std::vector<int64_t> sum(d);
            std::vector<double> unit(d, 0x1p-40);
            std::vector<float> out(d + 1, -7.0f);
            for (int64_t t = 0; t < d; t++)
                sum[t] = count * ((INT64_C(1) << 40) + (2 * 399777 * t + 1) * (INT64_C(1) << 16)) *
                         (t % 3 == 1 ? -1 : 1);
            bulk->mean(sum.data(), unit.data(), count, d, out.data());
            for (int64_t t = 0; t < d; t++) {
                const double quotient = static_cast<double>(sum[t]) * 0x1p-40 / static_cast<double>(count);
                REQUIRE(out[t] == static_cast<float>(quotient));
            }
            REQUIRE(out[d] == -7.0f);
        }
}

TEST_CASE("sums of doubles over a row are the same bits on every ISA", "[exact]") {
    std::mt19937 random(61);
    for (int64_t d = 1; d <= 40; d++) {
        const Matrix rows = uniform_points(2, d, static_cast<uint32_t>(d));
        std::vector<int64_t> sum(d);
        std::vector<double> unit(d, 0x1p-50);
        for (int64_t &v : sum)
            v = static_cast<int64_t>(random()) * static_cast<int64_t>(random() >> 2) - (INT64_C(1) << 60);
        const exk_bulk *scalar = exk_bulk_for("scalar");
        const double overlap = scalar->overlap(rows.row(0), rows.row(1), sum.data(), unit.data(), 77, d);
        double dot[8] = {0.0}, square[8] = {0.0};
        for (int64_t t = 0; t < d; t++) {
            const double m = rows.row(1)[t], c = rows.row(0)[t] - m;
            dot[t % 8] += c * (static_cast<double>(sum[t]) * 0x1p-50 - 77.0 * m);
            square[t % 8] += c * c;
        }
        const auto combined = [](const double *p) {
            return ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7]));
        };
        CHECK(overlap == 2.0 * combined(dot) - 77.0 * combined(square));
        std::vector<float> scaled(d + 1, -7.0f), here(d + 1, -7.0f);
        const exk_scaled sums = scalar->scale_row(rows.row(0), rows.row(1), 0x1p30, d, scaled.data());
        for (int64_t t = 0; t < d; t++)
            CHECK(scaled[t] ==
                  static_cast<float>((static_cast<double>(rows.row(0)[t]) - rows.row(1)[t]) * 0x1p30));
        for (const exk_bulk *bulk : runnable_bulks()) {
            REQUIRE(bulk->overlap(rows.row(0), rows.row(1), sum.data(), unit.data(), 77, d) == overlap);
            const exk_scaled other = bulk->scale_row(rows.row(0), rows.row(1), 0x1p30, d, here.data());
            REQUIRE(std::memcmp(&other, &sums, sizeof sums) == 0);
            REQUIRE(std::memcmp(here.data(), scaled.data(), (d + 1) * sizeof(float)) == 0);
        }
    }
}

TEST_CASE("sums along a direction are the same bits on every ISA, and right", "[exact]") {
    for (const int64_t d : {1, 7, 8, 9, 16, 17, 100, 771}) {
        const Matrix rows = uniform_points(1, d, 17);
        const int64_t padded = (d + 7) / 8 * 8;
        std::vector<double> m(padded, 0.0), v(padded, 0.0), sum(padded, 0.0);
        long double along = 0, size = 0;
        for (int64_t t = 0; t < d; t++) {
            m[t] = 0.25 * static_cast<double>(t % 5) - 0.3;
            v[t] = 1.0 / static_cast<double>(t + 1) - 0.1;
            sum[t] = static_cast<double>(t) - 3.5;
            const long double product = (static_cast<long double>(rows.row(0)[t]) - m[t]) * v[t];
            along += product;
            size += std::abs(product);
        }
        const exk_bulk *scalar = exk_bulk_for("scalar");
        std::vector<double> leant = sum;
        INFO("d = " << d);
        const double found = scalar->along(rows.row(0), m.data(), v.data(), d);
        CHECK(std::abs(found - along) <= size * 0x1p-43L);
        scalar->lean(rows.row(0), m.data(), 0.7, d, leant.data());
        for (const exk_bulk *bulk : runnable_bulks()) {
            std::vector<double> other = sum;
            bulk->lean(rows.row(0), m.data(), 0.7, d, other.data());
            REQUIRE(std::memcmp(leant.data(), other.data(), leant.size() * sizeof(double)) == 0);
            REQUIRE(bulk->along(rows.row(0), m.data(), v.data(), d) == found);
        }
        for (int64_t t = 0; t < padded; t++)
            CHECK(leant[t] == (t < d ? sum[t] + 0.7 * (static_cast<double>(rows.row(0)[t]) - m[t]) : 0.0));
    }
}

namespace {

// A filter over its own memory.
struct Filter {
    std::vector<float> c, slope, base, shift;
    std::vector<double> h;
    std::vector<uint64_t> hash;
    std::vector<float> magnitude;
    std::vector<int32_t> table;
    exk_filter filter{};

    Filter(const Matrix &centroids, std::vector<float> m, double largest_norm, int64_t roundings)
        : c(centroids.values.size()), slope(centroids.rows), base(centroids.rows), shift(std::move(m)),
          h(centroids.rows), hash(centroids.rows), magnitude(centroids.rows),
          table(exk_filter_table(centroids.rows)) {
        filter.k = centroids.rows;
        filter.d = centroids.columns;
        filter.roundings = roundings;
        filter.largest_norm = largest_norm;
        filter.shift = shift.data();
        filter.c = c.data();
        filter.h = h.data();
        filter.slope = slope.data();
        filter.base = base.data();
        filter.hash = hash.data();
        filter.largest = magnitude.data();
        filter.table = table.data();
        filter.bulk = exk_bulk_here();
        exk_filter_digest(&filter, centroids.values.data(), 0, centroids.rows);
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

TEST_CASE("equal hashes do not make equal centroids", "[exact][filter]") {
    Matrix centroids = uniform_points(40, 3, 1);
    std::copy(centroids.row(7), centroids.row(7) + 3, centroids.row(30));
    Filter f(centroids, {0.0f, 0.0f, 0.0f}, 1.0, 4);
    f.hash.assign(40, 0x1234567890abcdefu);
    exk_filter_begin(&f.filter, centroids.values.data());
    for (int64_t j = 0; j < 40; j++)
        CHECK(std::isinf(f.h[j]) == (j == 30));
}

TEST_CASE("a hash sees every bit and its place", "[exact][filter]") {
    for (const exk_bulk *bulk : runnable_bulks())
        for (int64_t d = 1; d <= 40; d++) {
            Matrix m = uniform_points(1, d, 77);
            float largest;
            const uint64_t hash = bulk->digest(m.row(0), d, &largest);
            CHECK(hash == exk_bulk_for("scalar")->digest(m.row(0), d, &largest));
            CHECK(largest == std::fabs(*std::max_element(m.values.begin(), m.values.end(), [](float a, float b) {
                      return std::fabs(a) < std::fabs(b);
                  })));
            for (int64_t t = 0; t < d; t++) {
                const float keep = m.row(0)[t];
                m.row(0)[t] = std::nextafterf(keep, 2.0f);
                CHECK(bulk->digest(m.row(0), d, &largest) != hash);
                m.row(0)[t] = keep;
                std::swap(m.row(0)[t], m.row(0)[0]);
                CHECK((bulk->digest(m.row(0), d, &largest) != hash) == (t > 0));
                std::swap(m.row(0)[t], m.row(0)[0]);
            }
        }
}

namespace {

// Any double near the range of floats, often a float or beside one, sometimes infinite.
double any_double(std::mt19937 &random) {
    const double near = any_float(random);
    switch (random() % 4) {
    case 0:
        return near;
    case 1:
        return near * (1.0 + 0x1p-30 * (random() % 5 - 2.0));
    case 2:
        return near * 0x1p-20;
    default:
        return random() % 8 ? near * 16.0 : INFINITY;
    }
}

} // namespace

TEST_CASE("offsets are folded to the same bits on every ISA", "[exact][filter]") {
    std::mt19937 random(53);
    for (int trial = 0; trial < 3000; trial++) {
        const size_t k = 1 + random() % 30;
        std::vector<double> h(k);
        std::vector<float> slope(k), base(k), out(k + 1, -7.0f);
        for (size_t j = 0; j < k; j++) {
            h[j] = any_double(random);
            slope[j] = random() % 16 ? std::fabs(any_float(random)) : INFINITY;
            base[j] = random() % 16 ? std::fabs(any_float(random)) * 0x1p-30f : 0.0f;
        }
        const double norm = trial % 5 ? 0x1p-24 * static_cast<double>(random() % 3) : 0.0,
                     outwards = 1.0 + 0x1p-20;
        double largest = 0.0;
        std::vector<float> expected(k + 1, -7.0f);
        for (size_t j = 0; j < k; j++) {
            const double e = (slope[j] * norm + base[j]) * outwards, error = std::isnan(e) ? INFINITY : e;
            largest = std::max(largest, error);
            const double v = std::isinf(h[j]) ? h[j] : h[j] - error;
            expected[j] = static_cast<float>(v);
            if (expected[j] > v)
                expected[j] = std::nextafterf(expected[j], -INFINITY);
        }
        for (const exk_bulk *bulk : runnable_bulks()) {
            REQUIRE(bulk->fold(h.data(), slope.data(), base.data(), norm, outwards, static_cast<int64_t>(k),
                               out.data()) == largest);
            REQUIRE(std::memcmp(out.data(), expected.data(), (k + 1) * sizeof(float)) == 0);
        }
    }
}

TEST_CASE("quick tests list what they must on every ISA", "[exact][certify]") {
    std::mt19937 random(59);
    for (int trial = 0; trial < 2000; trial++) {
        const size_t n = 1 + random() % 70;
        std::vector<float> best(n), second(n);
        std::vector<int32_t> before(n), now(n);
        const bool quiet = trial % 2;
        for (size_t i = 0; i < n; i++) {
            best[i] = static_cast<float>(random() % 8);
            second[i] = best[i] + static_cast<float>(quiet && random() % 40 ? 9 : random() % 8);
            if (random() % 50 == 0)
                second[i] = random() % 2 ? INFINITY : NAN;
            before[i] = static_cast<int32_t>(random() % 3);
            now[i] = quiet && random() % 40 ? before[i] : static_cast<int32_t>(random() % 3) << (random() % 28);
        }
        const float margin = static_cast<float>(random() % 8);
        std::vector<int32_t> unclear, within, differing, list(n);
        for (size_t i = 0; i < n; i++) {
            const auto index = static_cast<int32_t>(i);
            if (!(second[i] - best[i] > margin))
                unclear.push_back(index);
            if (!(second[i] > margin))
                within.push_back(index);
            if (before[i] != now[i])
                differing.push_back(index);
        }
        const auto count = static_cast<int64_t>(n);
        const auto listed = [&](int64_t found) {
            return std::vector<int32_t>(list.begin(), list.begin() + found);
        };
        for (const exk_bulk *bulk : runnable_bulks()) {
            REQUIRE(listed(bulk->unclear(best.data(), second.data(), margin, count, list.data())) == unclear);
            REQUIRE(listed(bulk->within(second.data(), margin, count, list.data())) == within);
            REQUIRE(listed(bulk->differing(now.data(), before.data(), count, list.data())) == differing);
            REQUIRE(bulk->largest(best.data(), count) == *std::max_element(best.begin(), best.end()));
        }
    }
}

TEST_CASE("float bounds are rounded outwards, and no further", "[exact][filter]") {
    std::mt19937 random(17);
    for (int trial = 0; trial < 20000; trial++) {
        const float near = any_float(random);
        const double v = near * (1.0 + 0x1p-26 * (random() % 5 - 2.0)), up = exk_round_up(v);
        REQUIRE(up >= v);
        REQUIRE((up == v || std::nextafterf(static_cast<float>(up), -INFINITY) < v));
    }
    CHECK(exk_round_up(1e-60) == FLT_TRUE_MIN);
    CHECK(exk_round_up(-1e-60) == 0.0f);
    CHECK(exk_round_up(1e60) == INFINITY);
    CHECK(exk_round_up(-1e60) == -FLT_MAX);
}

TEST_CASE("offsets are rounded down, and no further", "[exact][filter]") {
    const int64_t k = 500;
    Filter f(uniform_points(k, 1, 3), {0.0f}, 1.0, 3);
    std::vector<float> offsets(exk_filter_offsets(k));
    for (const float norm : {0.0f, 0.5f, 3e6f}) {
        exk_filter_fold(&f.filter, norm, offsets.data());
        for (int64_t j = 0; j < k; j++) {
            const double v = f.h[j] - exk_filter_error(&f.filter, j, norm);
            REQUIRE(offsets[j] <= v);
            REQUIRE(std::nextafterf(offsets[j], INFINITY) > v);
        }
    }
    // Results that round to zero.
    f.h = {1e-60, -1e-60};
    f.filter.k = 2;
    f.filter.h = f.h.data();
    f.slope = f.base = {0.0f, 0.0f};
    f.filter.slope = f.slope.data();
    f.filter.base = f.base.data();
    exk_filter_fold(&f.filter, 1.0f, offsets.data());
    CHECK(offsets[0] == 0.0f);
    CHECK(offsets[1] == -FLT_TRUE_MIN);
}

TEST_CASE("no scale lets a score overflow", "[exact][filter]") {
    for (const float magnitude : {FLT_TRUE_MIN, 1e-30f, 1.0f, 1e20f, FLT_MAX / 4})
        for (const float offset : {0.0f, 1e-10f, 1e10f, FLT_MAX / 4})
            for (const double largest : {0.0, 1.0, 1e38}) {
                Matrix centroids(2, 3);
                centroids.values = {magnitude, 0.0f, -magnitude, magnitude, magnitude, 0.0f};
                Filter f(centroids, {offset, -offset, offset}, largest, 5);
                double square = 0.0;
                for (const float v : f.c) {
                    REQUIRE(std::fabs(v) <= 0x1p111f);
                    square += static_cast<double>(v) * v;
                }
                REQUIRE(std::sqrt(square) * largest <= 0x1p93);
                REQUIRE(f.h[0] <= 0x1p93);
                REQUIRE(f.h[1] <= 0x1p93);
            }
    // All centroids at the shift: there is nothing to scale.
    Filter f(Matrix(1, 2), {0.0f, 0.0f}, 1.0, 5);
    CHECK(f.filter.exponent == 0);
    CHECK(f.h[0] == 0.0);
}

TEST_CASE("beyond 2^22 roundings nothing is certified", "[exact][filter]") {
    Matrix centroids(2, 1);
    centroids.values = {1.0f, 50.0f};
    Filter f(centroids, {0.0f}, 100.0, int64_t{1} << 24);
    CHECK(std::isinf(exk_filter_error(&f.filter, 0, 1.0f)));
    Filter below(centroids, {0.0f}, 100.0, int64_t{1} << 21);
    CHECK(std::isfinite(exk_filter_error(&below.filter, 0, 1.0f)));
}

TEST_CASE("the errors are those of the proof", "[exact][filter]") {
    // c = 3 and the point 5: ||c'|| = 3, h = 9 / 2, up to the scale.
    Matrix c(1, 1);
    c.values = {3.0f};
    const long double u = 0x1p-24L;
    for (const int64_t roundings : {int64_t{1}, int64_t{30}, int64_t{1000}, int64_t{1} << 20, int64_t{1} << 21}) {
        Filter f(c, {0.0f}, 5.0, roundings);
        const long double gamma = (roundings + 4) * u / (1.0L - (roundings + 4) * u), g = gamma / (1.0L - gamma);
        const long double error = std::ldexp(g * 3.0L * 5.0L + g * 4.5L, f.filter.exponent);
        INFO(roundings << " roundings");
        CHECK(exk_filter_error(&f.filter, 0, 5.0f) >= error);
        CHECK(exk_filter_error(&f.filter, 0, 5.0f) <= error * 1.00001L);
    }
}

TEST_CASE("the bound holds for one product and the roundings around it", "[exact][filter]") {
    // One rounding each: x - m, the product, the difference. c is small beside x: h_j's own allowance does not
    // help.
    std::mt19937 random(23);
    double worst = 0.0;
    for (int trial = 0; trial < 20000; trial++) {
        Matrix x(1, 1), c(1, 1);
        x.values[0] = 1.0f + static_cast<float>(random() % 4096) * 0x1p-23f;
        c.values[0] = 0x1p-20f * (1.0f + static_cast<float>(random() % 65536) * 0x1p-23f);
        const float m = -0x1p-24f * (0.5f + static_cast<float>(random() % 512) * 0x1p-10f);
        Filter f(c, {m}, 2.0, 1);
        const float centred = x.values[0] - m, norm = centred;
        std::vector<float> offsets(exk_filter_offsets(1));
        exk_filter_fold(&f.filter, norm, offsets.data());
        const float lower = offsets[0] - centred * f.c[0];
        const double error = exk_filter_error(&f.filter, 0, norm);
        const long double s = true_score(f.filter, x.row(0), c.row(0));
        REQUIRE(lower <= s);
        REQUIRE(s <= lower + 2.0L * error);
        worst = std::max(worst, std::fabs(static_cast<double>(lower + error - s)) / error);
    }
    CHECK(worst > 0.3); // else the data prove little
}

namespace {

// A variant on its own, called as the driver calls it.
class Bench {
  public:
    Bench(const std::string &name, const Matrix &centroids, double largest_norm, int64_t rows, int64_t depth_tile,
          float shift = 0.0f)
        : variant(exk_variant_find(name.c_str())),
          kernel(exk_variant_kernel(variant)), shape{rows, centroids.columns, centroids.rows},
          plan(plan_for(depth_tile)), filter(centroids, std::vector<float>(centroids.columns, shift), largest_norm,
                                             kernel->roundings(&shape, &plan)),
          offsets(exk_filter_offsets(shape.k)), score_centroids{
                                                    filter.c.data(), nullptr,
                                                    shape.k,         shape.d,
                                                    nullptr,         std::ldexp(1.0, 1 - filter.filter.exponent)} {
        const exk_scratch bytes = kernel->scratch_bytes(&shape, &plan);
        shared = allocate(bytes.shared);
        thread = allocate(bytes.per_thread);
        point = allocate(bytes.per_point * rows);
        if (kernel->prepare)
            for (int part = 0; part < 3; part++) {
                const exk_workspace workspace = {shared.get(), thread.get(), nullptr};
                kernel->prepare(&score_centroids, &plan, &workspace, part, 3);
            }
    }

    // Every lower score of every point.
    std::vector<float> scores(const Matrix &points, float norm) {
        std::vector<float> lower(points.rows * shape.k);
        exk_filter_fold(&filter.filter, norm, offsets.data());
        const exk_tile tile = tile_of(points);
        const exk_workspace workspace = {shared.get(), thread.get(), nullptr};
        kernel->scores(&score_centroids, &plan, &workspace, &tile, lower.data());
        return lower;
    }

    bool selective() const {
        return kernel->selective;
    }

    void assign(const Matrix &points, float norm) {
        label.assign(points.rows, -1);
        best.assign(points.rows, NAN);
        second.assign(points.rows, NAN);
        norms.assign(points.rows, norm);
        const double error = exk_filter_fold(&filter.filter, norm, offsets.data());
        exk_tile tile = tile_of(points);
        tile.norm = norms.data();
        tile.error = exk_round_up(error);
        const exk_workspace workspace = {shared.get(), thread.get(), point.get()};
        kernel->assign(&score_centroids, &plan, &workspace, &tile);
    }

  private:
    using Memory = std::unique_ptr<void, decltype(&std::free)>;
    static Memory allocate(size_t bytes) {
        return {std::aligned_alloc(EXK_ALIGN, (bytes / EXK_ALIGN + 1) * EXK_ALIGN), &std::free};
    }
    exk_plan plan_for(int64_t depth_tile) const {
        exk_plan p = {};
        p.threads = 1;
        p.depth_tile = depth_tile;
        p.centroid_tile = 1;
        exk_plan_complete(&p, variant, &shape);
        return p;
    }
    exk_tile tile_of(const Matrix &points) {
        exk_tile tile = {};
        tile.x = points.values.data();
        tile.rows = points.rows;
        tile.stride = points.columns;
        tile.offset = offsets.data();
        tile.label = label.data();
        tile.best = best.data();
        tile.second = second.data();
        return tile;
    }

    const exk_variant *variant;
    const exk_kernel *kernel;
    exk_shape shape;
    exk_plan plan;

  public:
    Filter filter;
    std::vector<float> offsets;
    std::vector<int32_t> label;
    std::vector<float> best, second, norms;

  private:
    exk_score_centroids score_centroids;
    Memory shared{nullptr, &std::free}, thread{nullptr, &std::free}, point{nullptr, &std::free};
};

// How much of its error bound a lower score uses: beyond 1 it is no bound.
double bound_used(const exk_filter &filter, const float *x, const float *c, int64_t j, float norm, float lower) {
    const double error = exk_filter_error(&filter, j, norm);
    return static_cast<double>(std::fabs(lower + static_cast<long double>(error) - true_score(filter, x, c))) /
           error;
}

float norm_of(const Matrix &x) {
    const std::vector<float> zero(x.columns, 0.0f);
    return exk_round_up(std::sqrt(exk_bulk_here()->dist64(x.row(0), zero.data(), x.columns)) * (1.0 + 0x1p-40));
}

// The most of its bound that a variant uses on one point, in assign and in scores; on one centroid, and on enough
// of nearly the same to fill a block of a micro-kernel.
double worst_use(const std::string &variant, const Matrix &x, const Matrix &one, int64_t depth_tile) {
    const float norm = norm_of(x);
    double worst = 0.0;
    for (const int64_t k : {1, 9}) {
        Matrix c(k, one.columns);
        for (int64_t j = 0; j < k; j++) {
            std::copy(one.row(0), one.row(0) + one.columns, c.row(j));
            c.row(j)[0] *= 1.0f + static_cast<float>(j) * 0x1p-20f;
        }
        Bench bench(variant, c, norm, 1, depth_tile);
        const auto use = [&](int64_t j, float lower) {
            worst = std::max(worst, bound_used(bench.filter.filter, x.row(0), c.row(j), j, norm, lower));
        };
        bench.assign(x, norm);
        use(bench.label[0], bench.best[0]);
        const std::vector<float> lower = bench.scores(x, norm);
        for (int64_t j = 0; j < k; j++)
            use(j, lower[j]);
    }
    return worst;
}

} // namespace

TEST_CASE("the bound holds where every addition loses half a unit in the last place", "[exact][filter]") {
    // 1 + many products just below 2^-24: in float32 each addition in a chain gives 1 again. The places of the
    // products are chosen to lie on one chain of a vector lane, or one to a slice.
    const int64_t d = 1040;
    const float small = 0x1p-12f * (1.0f - 0x1p-9f);
    double largest = 0.0;
    for (const std::string &name : available_variants()) {
        double here = 0.0;
        for (const int64_t apart : {1, 4, 8, 16})
            for (const int64_t depth_tile : {int64_t{8}, int64_t{40}, d})
                for (const float sign : {1.0f, -1.0f}) {
                    Matrix x(1, d), c(1, d);
                    for (int64_t t = apart; t < d; t += apart) {
                        x.row(0)[t] = small;
                        c.row(0)[t] = sign * small;
                    }
                    // Subtracting must not leave the binade.
                    x.row(0)[0] = c.row(0)[0] = sign > 0 ? 1.0f : 1.0f + 0x1p-11f;
                    // Points far longer than centroids: h_j, and what its roundings may cost, hardly count.
                    for (int64_t t = 0; t < d; t++) {
                        x.row(0)[t] *= 0x1p8f;
                        c.row(0)[t] *= 0x1p-8f;
                    }
                    const double use = worst_use(name, x, c, depth_tile);
                    INFO(name << ", one product in " << apart << ", depth tile " << depth_tile);
                    REQUIRE(use <= 1.0);
                    here = std::max(here, use);
                }
        INFO(name);
        if (name.find("_blas_") == std::string::npos) // whose chains are not ours to know
            CHECK(here > 0.6);
        largest = std::max(largest, here);
    }
    CHECK(largest > 0.97);
}

TEST_CASE("the bound holds where every addition rounds the offset", "[exact][filter]") {
    // Each product is just below half a unit in the last place of h: a chain that starts there never moves. Points
    // far shorter than centroids: what products may cost hardly counts.
    const int64_t d = 1040;
    double largest = 0.0;
    for (const std::string &name : available_variants())
        for (const int64_t depth_tile : {int64_t{8}, int64_t{40}, d})
            for (const float sign : {1.0f, -1.0f}) {
                Matrix x(1, d), c(1, d);
                for (int64_t t = 1; t < d; t++) {
                    x.row(0)[t] = sign * 0x1p-13f * (1.0f - 0x1p-6f);
                    c.row(0)[t] = 0x1p-11f;
                }
                c.row(0)[0] = 1.43f; // h is just above 1, and the offset too
                const double use = worst_use(name, x, c, depth_tile);
                INFO(name << ", depth tile " << depth_tile);
                REQUIRE(use <= 1.0);
                largest = std::max(largest, use);
            }
    CHECK(largest > 0.9);
}

TEST_CASE("the bound holds for centroids and products that become denormal", "[exact][filter]") {
    std::mt19937 random(29);
    const auto mantissa = [&] { return 1.0f + static_cast<float>(random() % 512) * 0x1p-9f; };
    const int64_t d = 64;
    for (int trial = 0; trial < 400; trial++) {
        Matrix x(1, d), c(2, d);
        // The second centroid sets the scale, 2^-141; what is left of the first has few bits or none.
        const int x_exponent = static_cast<int>(random() % 240) - 120;
        const int any = static_cast<int>(random() % 120) - 20;
        // Every other time all products are the same, near the smallest float: all are rounded the same way.
        const bool uniform = trial % 2 == 0;
        const int c_exponent = uniform ? 141 - 149 - x_exponent + any % 2 : any;
        const float x_all = mantissa(), c_all = mantissa();
        for (int64_t t = 0; t < d; t++) {
            x.row(0)[t] = std::ldexp(uniform ? x_all : mantissa(), x_exponent);
            c.row(0)[t] = std::ldexp(uniform ? c_all : mantissa(), c_exponent);
            c.row(1)[t] = 1e30f;
        }
        const float norm = norm_of(x);
        for (const std::string &name : available_variants()) {
            Bench bench(name, c, 0x1p127, 1, 0);
            const std::vector<float> lower = bench.scores(x, norm);
            INFO(name << ", 2^" << x_exponent << " and 2^" << c_exponent);
            REQUIRE(bound_used(bench.filter.filter, x.row(0), c.row(0), 0, norm, lower[0]) <= 1.0);
            REQUIRE(bound_used(bench.filter.filter, x.row(0), c.row(1), 1, norm, lower[1]) <= 1.0);
        }
    }
}

TEST_CASE("the bound holds where the point is the origin", "[exact][filter]") {
    const Matrix x(1, 9), c = uniform_points(50, 9, 31);
    for (const std::string &name : available_variants()) {
        Bench bench(name, c, 0.0, 1, 0);
        const std::vector<float> lower = bench.scores(x, 0.0f);
        for (int64_t j = 0; j < c.rows; j++)
            REQUIRE(bound_used(bench.filter.filter, x.row(0), c.row(j), j, 0.0f, lower[j]) <= 1.0);
    }
}

TEST_CASE("lower scores bound the true ones from both sides for every variant", "[exact][filter]") {
    const double magnitude = GENERATE(1.0, 1e-30, 1e12);
    const float offset = GENERATE(0.0f, 100.0f);
    const int64_t d = 67, k = 33;
    Matrix points = uniform_points(29, d, 11), centroids = uniform_points(k, d, 12);
    for (Matrix *m : {&points, &centroids})
        for (float &v : m->values)
            v = static_cast<float>((static_cast<double>(v) + offset) * magnitude);
    const auto shift = static_cast<float>(offset * magnitude);
    const std::vector<float> shifts(d, shift);
    double largest = 0.0;
    for (int64_t i = 0; i < points.rows; i++)
        largest = std::max(largest, std::sqrt(exk_bulk_here()->dist64(points.row(i), shifts.data(), d)));
    const float norm = exk_round_up(largest * (1.0 + 0x1p-22));

    for (const std::string &name : available_variants()) {
        Bench bench(name, centroids, largest, points.rows, 16, shift);
        // From one row, for which plain dot products serve, to more than the micro-kernels take at a time.
        for (const int64_t n : {1, 2, 3, 5, 12, 13, 29}) {
            Matrix centred(n, d);
            for (int64_t i = 0; i < n; i++)
                exk_bulk_here()->centre(points.row(i), shifts.data(), d, centred.row(i));
            const std::vector<float> lower = bench.scores(centred, norm);
            INFO(name << ", rows " << n);
            for (int64_t i = 0; i < n; i++)
                for (int64_t j = 0; j < k; j++) {
                    const long double s = true_score(bench.filter.filter, points.row(i), centroids.row(j));
                    const long double l = lower[i * k + j];
                    REQUIRE(l <= s);
                    REQUIRE(s <= l + 2.0L * exk_filter_error(&bench.filter.filter, j, norm));
                }
        }
    }
}

TEST_CASE("assign reports the smallest two lower scores", "[exact][filter]") {
    // Integers: dot products are exact whatever their order, so that lower scores are the same bits everywhere.
    const int64_t depth_tile = GENERATE(8, 12);
    for (const int64_t k : {1, 2, 7, 16, 33, 100}) {
        const Matrix x = integer_points(41, 11, 9, 37), c = integer_points(k, 11, 9, 41);
        for (const std::string &name : available_variants()) {
            Bench bench(name, c, 60.0, x.rows, depth_tile);
            bench.assign(x, 60.0f);
            const std::vector<float> lower = bench.scores(x, 60.0f);
            INFO(name << ", k = " << k << ", depth tile " << depth_tile);
            for (int64_t i = 0; i < x.rows; i++) {
                std::vector<float> row(lower.begin() + i * k, lower.begin() + (i + 1) * k);
                if (bench.selective()) {
                    REQUIRE(bench.best[i] <= row[bench.label[i]]);
                    continue;
                }
                REQUIRE(bench.best[i] == row[bench.label[i]]);
                std::sort(row.begin(), row.end());
                REQUIRE(bench.best[i] == row[0]);
                REQUIRE(bench.second[i] == (k > 1 ? row[1] : INFINITY));
            }
        }
    }
}

TEST_CASE("a point that some centroid is nearer to is never passed over", "[exact][filter]") {
    std::mt19937 random(67);
    int64_t passed_over = 0;
    for (const double magnitude : {1.0, 1e-30, 1e-42, 1e18})
        for (const float offset : {0.0f, 30.0f}) {
            const int64_t d = 5;
            Matrix x = uniform_points(200, d, 3), c = uniform_points(12, d, 4);
            for (Matrix *m : {&x, &c})
                for (float &v : m->values)
                    v = static_cast<float>((static_cast<double>(v) + offset) * magnitude);
            const auto shift = static_cast<float>(offset * magnitude);
            const std::vector<float> shifts(d, shift);
            const exk_bulk *here = exk_bulk_here();
            std::vector<float> norm(x.rows);
            std::vector<double> distance(x.rows, INFINITY), nearest(x.rows);
            Matrix centred(x.rows, d);
            double largest = 0.0;
            for (int64_t i = 0; i < x.rows; i++) {
                const double root = std::sqrt(here->dist64(x.row(i), shifts.data(), d));
                norm[i] = exk_round_up(root * (1.0 + 0x1p-22));
                largest = std::max(largest, root);
                here->centre(x.row(i), shifts.data(), d, centred.row(i));
                for (int64_t j = 0; j < c.rows; j++)
                    distance[i] = std::min(distance[i], here->dist64(x.row(i), c.row(j), d));
                nearest[i] = distance[i] * (0.5 + 0x1p-31 * random());
            }
            nearest[0] = INFINITY;
            norm[1] = INFINITY;
            nearest[1] = 0.0;
            for (const std::string &name : available_variants()) {
                Bench bench(name, c, largest, x.rows, 16, shift);
                bench.assign(centred, exk_round_up(largest * (1.0 + 0x1p-22)));
                for (const exk_bulk *bulk : runnable_bulks()) {
                    std::vector<int32_t> list(x.rows);
                    list.resize(bulk->reachable(bench.best.data(), norm.data(), nearest.data(),
                                                std::ldexp(1.0, 1 - bench.filter.filter.exponent), x.rows,
                                                list.data()));
                    passed_over += x.rows - static_cast<int64_t>(list.size());
                    const auto listed = [&](int32_t i) {
                        return std::find(list.begin(), list.end(), i) != list.end();
                    };
                    CHECK(listed(0));
                    CHECK(listed(1));
                    for (int32_t i = 2; i < x.rows; i++)
                        if (distance[i] < nearest[i])
                            REQUIRE(listed(i));
                }
            }
        }
    CHECK(passed_over > 1000); // else the bound is useless
}

namespace {

// A filter whose errors are given: E_j = slope_j * norm + base_j, up to its outward rounding.
Filter filter_with(std::vector<float> slope, std::vector<float> base) {
    const auto k = static_cast<int64_t>(slope.size());
    Matrix centroids(k, 1);
    for (int64_t j = 0; j < k; j++)
        centroids.values[j] = static_cast<float>(j);
    Filter f(centroids, {0.0f}, 1.0, 1);
    f.slope.swap(slope);
    f.base.swap(base);
    f.filter.slope = f.slope.data();
    f.filter.base = f.base.data();
    return f;
}

bool certified(const Filter &f, int32_t label, float best, float second, float norm) {
    exk_tile tile = {};
    tile.rows = 1;
    tile.label = &label;
    tile.best = &best;
    tile.second = &second;
    int32_t ambiguous = -1;
    std::vector<float> offsets(exk_filter_offsets(f.filter.k));
    const double largest_error = exk_filter_fold(&f.filter, norm, offsets.data());
    return exk_certify(&f.filter, &tile, norm, largest_error, &ambiguous) == 0;
}

// Lower scores as a test wants them.
std::vector<float> wanted_scores;
void give_scores(const exk_score_centroids *, const exk_plan *, const exk_workspace *, const exk_tile *,
                 float *lower) {
    std::copy(wanted_scores.begin(), wanted_scores.end(), lower);
}

struct Refined {
    std::vector<int32_t> labels;
    int64_t evaluations, exactly_decided;
    std::vector<float> upper, others; // what a kernel that wants to know is told
};

void listen(const exk_score_centroids *, const exk_plan *, const exk_workspace *, const exk_settled *) {}

// Refine all points, given their lower scores, whose unit is that of squared distances.
Refined refine(const Filter &f, const Matrix &points, const Matrix &centroids, std::vector<float> lower,
               const std::vector<float> &norms) {
    const int64_t n = points.rows, k = centroids.rows;
    wanted_scores = std::move(lower);
    exk_kernel kernel = {};
    kernel.scores = give_scores;
    kernel.settled = listen;
    exk_score_centroids score_centroids = {};
    score_centroids.unscale = 1.0;
    const exk_points view = points.points();
    std::vector<float> rows(n * points.columns), scores(n * k), offsets(exk_filter_offsets(k));
    std::vector<exk_doubt> doubts(n);
    std::vector<int32_t> candidates(k);
    exk_refine r = {};
    r.filter = &f.filter;
    r.score_centroids = &score_centroids;
    r.centroids = centroids.values.data();
    r.points = &view;
    r.kernel = &kernel;
    r.bulk = exk_bulk_here();
    r.rows = rows.data();
    r.lower = scores.data();
    r.offset = offsets.data();
    r.candidates = candidates.data();
    r.doubt = doubts.data();
    r.capacity = n;
    exk_tile tile = {};
    tile.x = points.values.data();
    tile.rows = n;
    tile.stride = points.columns;
    for (int64_t i = 0; i < n; i++) {
        const auto row = wanted_scores.begin() + i * k;
        exk_refine_queue(&r, &tile, i, static_cast<int32_t>(std::min_element(row, row + k) - row), norms[i]);
    }
    exk_refine_settle(&r);
    Refined refined = {{}, r.evaluations, r.exactly_decided, {}, {}};
    for (int64_t i = 0; i < n; i++) {
        REQUIRE(doubts[i].point == i);
        refined.labels.push_back(doubts[i].label);
        refined.upper.push_back(doubts[i].upper);
        refined.others.push_back(doubts[i].others);
    }
    return refined;
}

} // namespace

TEST_CASE("a queue of doubts keeps its lower scores in cache, and is never empty", "[exact][certify]") {
    CHECK(exk_refine_capacity(1) == 48);
    CHECK(exk_refine_capacity(1365) == 48);
    CHECK(exk_refine_capacity(1366) == 47); // 2^16 scores
    CHECK(exk_refine_capacity(4096) == 16);
    CHECK(exk_refine_capacity(5461) == 12);
    CHECK(exk_refine_capacity(5462) == 12);
    CHECK(exk_refine_capacity((int64_t{1} << 31) - 1) == 12);
}

TEST_CASE("a point whose norm is beyond all floats is never passed over", "[exact][filter]") {
    const std::vector<float> best(3, 1e30f), norm = {1.0f, INFINITY, 1.0f};
    const std::vector<double> nearest(3, 1.0);
    std::vector<int32_t> list(3);
    for (const exk_bulk *bulk : runnable_bulks()) {
        REQUIRE(bulk->reachable(best.data(), norm.data(), nearest.data(), 1.0, 3, list.data()) == 1);
        CHECK(list[0] == 1);
    }
}

TEST_CASE("a label is certified only if twice its own error cannot change it", "[exact][certify]") {
    // E_0 = 1 and E_1 = 4 at norm 1, 3 and 8 at norm 2; halves and quarters, so that no rounding hides anything.
    const Filter f = filter_with({2.0f, 4.0f}, {-1.0f, 0.0f});
    const float above = 1.0f + 0x1p-10f; // the filter's own outward rounding is far smaller
    CHECK_FALSE(certified(f, 0, 10.0f, 12.0f, 1.0f));
    CHECK_FALSE(certified(f, 0, 10.0f, 11.5f, 1.0f));
    CHECK(certified(f, 0, 10.0f, 12.0f * above, 1.0f));
    CHECK_FALSE(certified(f, 1, 10.0f, 18.0f, 1.0f));
    CHECK(certified(f, 1, 10.0f, 18.0f * above, 1.0f));
    CHECK_FALSE(certified(f, 0, 10.0f, 16.0f, 2.0f));
    CHECK(certified(f, 0, 10.0f, 16.0f * above, 2.0f));
    CHECK(certified(f, 0, 10.0f, INFINITY, 2.0f));
    // Without any error: equal scores may be equal distances.
    const Filter precise = filter_with({0.0f, 0.0f}, {0.0f, 0.0f});
    CHECK_FALSE(certified(precise, 0, 10.0f, 10.0f, 1.0f));
    CHECK(certified(precise, 0, 10.0f, std::nextafterf(10.0f, 11.0f), 1.0f));
    // Where the bound says nothing, nothing is certified.
    const Filter useless = filter_with({INFINITY, INFINITY}, {0.0f, 0.0f});
    CHECK_FALSE(certified(useless, 0, 10.0f, 1e30f, 1.0f));
    CHECK_FALSE(certified(useless, 0, 10.0f, INFINITY, 0.0f));
}

TEST_CASE("every centroid within the errors is a candidate", "[exact][certify]") {
    Matrix x(1, 1), c(2, 1);
    x.values = {1.0f};
    c.values = {1.5f, 3.0f};
    // l_1 may be 2 E_1 too low: centroid 0 is a candidate until l_0 > l_1 + 2 E_1.
    const Filter f = filter_with({1.0f, 1.0f}, {0.0f, 0.0f});
    CHECK(refine(f, x, c, {5.5f, 4.0f}, {1.0f}).labels[0] == 0);
    CHECK(refine(f, x, c, {6.0f, 4.0f}, {1.0f}).labels[0] == 0);
    CHECK(refine(f, x, c, {6.5f, 4.0f}, {1.0f}).labels[0] == 1);
    // The error is that of the lowest score's centroid.
    CHECK(refine(filter_with({0.5f, 1.0f}, {0.0f, 0.0f}), x, c, {6.0f, 4.0f}, {1.0f}).labels[0] == 0);
    CHECK(refine(filter_with({1.0f, 0.5f}, {0.0f, 0.0f}), x, c, {5.5f, 4.0f}, {1.0f}).labels[0] == 1);
    const Filter precise = filter_with({0.0f, 0.0f}, {0.0f, 0.0f});
    CHECK(refine(precise, x, c, {4.0f, 4.0f}, {1.0f}).labels[0] == 0);
    // Both directions of a clear decision.
    CHECK(refine(f, x, c, {4.0f, 4.0f}, {1.0f}).exactly_decided == 0);
    c.values = {3.0f, 1.5f};
    CHECK(refine(f, x, c, {4.0f, 4.0f}, {1.0f}).labels[0] == 1);
}

TEST_CASE("what the refinement tells are bounds, and sharp ones", "[exact][certify]") {
    std::mt19937 random(17);
    const auto uniform = [&] { return static_cast<double>(random()) * 0x1p-32; };
    int beyond = 0, near = 0;
    for (int trial = 0; trial < 4000; trial++) {
        // The farther from the origin, the less the scores know: they err by up to `error`, downwards.
        const int64_t d = 1 + static_cast<int64_t>(random() % 5), k = 2 + static_cast<int64_t>(random() % 12);
        const double far = std::ldexp(1.0, static_cast<int>(random() % 12)), error = far * far * 0x1p-19;
        Matrix x(1, d), c(k, d);
        for (float &v : x.values)
            v = static_cast<float>(far + uniform());
        for (float &v : c.values)
            v = static_cast<float>(far + uniform() * (random() % 3 ? 1.0 : 30.0));
        double norm = 0.0;
        std::vector<double> square(k, 0.0);
        std::vector<float> lower(k);
        for (int64_t t = 0; t < d; t++) {
            norm += static_cast<double>(x.values[t]) * x.values[t];
            for (int64_t j = 0; j < k; j++)
                square[j] += std::pow(static_cast<double>(x.values[t]) - c.row(j)[t], 2.0);
        }
        for (int64_t j = 0; j < k; j++)
            lower[j] = std::nextafterf(static_cast<float>(square[j] - norm - uniform() * error * 0.9), -INFINITY);
        Filter f = filter_with(std::vector<float>(k, 0.0f), std::vector<float>(k, static_cast<float>(error)));
        f.filter.d = d;
        const auto length = static_cast<float>(std::sqrt(norm) * (1.0 + 0x1p-23));
        const Refined r = refine(f, x, c, lower, {length});
        const int32_t label = r.labels[0];
        const double distance = std::sqrt(square[label]);
        double others = INFINITY;
        for (int64_t j = 0; j < k; j++)
            others = j == label ? others : std::fmin(others, std::sqrt(square[j]));
        const double reach = 2.0 * distance + length * 0x1p-8;
        INFO(distance << " to " << label << " of " << k << ", others " << others << ", reach " << reach);
        REQUIRE(r.upper[0] >= distance);
        REQUIRE(r.upper[0] <= distance * (1.0 + 0x1p-22));
        REQUIRE(r.others[0] <= others);
        REQUIRE(r.others[0] >= std::fmin(others, reach) * (1.0 - 0x1p-22));
        ++(others > reach ? beyond : near);
    }
    CHECK(beyond > 100);
    CHECK(near > 100);
}

TEST_CASE("nothing is told of centroids too many, or of twins", "[exact][certify]") {
    for (const int64_t k : {16, 17}) {
        Matrix x(1, 1), c(k, 1);
        x.values = {1.0f};
        std::vector<float> lower(k);
        for (int64_t j = 0; j < k; j++) {
            c.values[j] = 2.0f + static_cast<float>(j) * 0x1p-6f;
            lower[j] = (c.values[j] - 1.0f) * (c.values[j] - 1.0f) - 1.0f;
        }
        Filter f = filter_with(std::vector<float>(k, 0.0f), std::vector<float>(k, 0.0f));
        const Refined alone = refine(f, x, c, lower, {1.0f});
        CHECK(alone.upper[0] >= 1.0f);
        CHECK((alone.others[0] > 1.0f) == (k == 16));
        f.h[k - 1] = INFINITY;
        lower[k - 1] = INFINITY;
        CHECK(refine(f, x, c, lower, {1.0f}).others[0] == 0.0f);
    }
}

TEST_CASE("a batch is refined with the largest of its norms", "[exact][certify]") {
    Matrix x(3, 1), c(2, 1);
    x.values = {1.0f, 1.0f, 1.0f};
    c.values = {1.5f, 3.0f};
    const Filter f = filter_with({1.0f, 1.0f}, {0.0f, 0.0f});
    const Refined r = refine(f, x, c, {0.0f, 9.0f, 4.0f, 0.0f, 4.0f, 0.0f}, {0.5f, 2.0f, 0.5f});
    CHECK(r.labels == std::vector<int32_t>{0, 0, 0});
}

TEST_CASE("where the bound says nothing all but duplicates are compared", "[exact][certify]") {
    Matrix x(1, 1), c(4, 1);
    x.values = {1.0f};
    c.values = {4.0f, 4.0f, 2.0f, 0.0f};
    Filter f = filter_with({INFINITY, INFINITY, INFINITY, INFINITY}, {0.0f, 0.0f, 0.0f, 0.0f});
    f.h[1] = INFINITY;
    const Refined r = refine(f, x, c, {-INFINITY, INFINITY, -INFINITY, -INFINITY}, {1.0f});
    CHECK(r.labels[0] == 2);
    CHECK(r.evaluations == 4 + 3);
    CHECK(r.exactly_decided == 1);
}

TEST_CASE("ties that doubles see as near misses go to the lowest index", "[exact][certify]") {
    // Permuted coordinates: the same distance from the origin, added up in another order.
    std::mt19937 random(43);
    const int64_t d = 19, k = 12;
    const Matrix x(1, d);
    int64_t differ = 0;
    for (int trial = 0; trial < 200; trial++) {
        Matrix c(k, d);
        std::vector<float> coordinates(d);
        for (float &v : coordinates)
            v = std::ldexp(static_cast<float>(random() >> 8), -static_cast<int>(random() % 12));
        for (int64_t j = 0; j < k; j++) {
            for (int64_t t = d - 1; t > 0; t--)
                std::swap(coordinates[t], coordinates[random() % (t + 1)]);
            std::copy(coordinates.begin(), coordinates.end(), c.row(j));
            differ +=
                exk_bulk_here()->dist64(x.row(0), c.row(j), d) != exk_bulk_here()->dist64(x.row(0), c.row(0), d);
        }
        Filter wide = filter_with(std::vector<float>(k, 0.0f), std::vector<float>(k, 0.0f));
        wide.filter.d = d;
        REQUIRE(refine(wide, x, c, std::vector<float>(k, 0.0f), {0.0f}).labels[0] == 0);
    }
    CHECK(differ > 0);
}
