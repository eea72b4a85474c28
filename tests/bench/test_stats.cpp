// Statistics against values from tables and against counting by brute force.
#include "tests/catch.hpp"

#include "tuner/stats.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace {

using values = std::vector<double>;

double p_larger(const values &a, const values &b) {
    return stats_p_larger(a.data(), static_cast<int>(a.size()), b.data(), static_cast<int>(b.size()));
}

stats_interval median_interval(const values &v, double level) {
    return stats_median_interval(v.data(), static_cast<int>(v.size()), level);
}

// U: how many pairs have b above a, ties half.
double pairs_above(const values &a, const values &b) {
    double u = 0;
    for (const double x : a)
        for (const double y : b)
            u += y > x ? 1.0 : y == x ? 0.5 : 0.0;
    return u;
}

// The share of all ways to choose m of the n + m values with at least as many pairs above.
double counted_p(const values &a, const values &b) {
    values all = a;
    all.insert(all.end(), b.begin(), b.end());
    const double observed = pairs_above(a, b);
    std::vector<int> second(all.size(), 0);
    std::fill(second.begin() + static_cast<std::ptrdiff_t>(a.size()), second.end(), 1);
    int ways = 0, reached = 0;
    do {
        values left, right;
        for (std::size_t i = 0; i < all.size(); i++)
            (second[i] ? right : left).push_back(all[i]);
        ways++;
        reached += pairs_above(left, right) >= observed;
    } while (std::next_permutation(second.begin(), second.end()));
    return static_cast<double>(reached) / ways;
}

values ascending(int n, double from = 1) {
    values v(n);
    for (int i = 0; i < n; i++)
        v[i] = from + i;
    return v;
}

} // namespace

TEST_CASE("the median is the middle, whatever the order", "[stats]") {
    CHECK(stats_median(values{3, 1, 2}.data(), 3) == 2);
    CHECK(stats_median(values{4, 1, 3, 2}.data(), 4) == 2.5);
    CHECK(stats_median(values{7}.data(), 1) == 7);
    CHECK(std::isnan(stats_median(nullptr, 0)));
}

TEST_CASE("binomial probabilities are those of Pascal's triangle", "[stats]") {
    CHECK(stats_binomial(10, 0) == Approx(1.0 / 1024));
    CHECK(stats_binomial(10, 1) == Approx(11.0 / 1024));
    CHECK(stats_binomial(10, 4) == Approx(386.0 / 1024));
    CHECK(stats_binomial(10, 10) == Approx(1));
    CHECK(stats_binomial(10, -1) == 0);
}

// Order statistics and levels of the sign interval, as in tables (for example Conover, table A3).
TEST_CASE("the interval of the median has the tabulated ends", "[stats]") {
    struct row {
        int n;
        double level;
        int low, high;
        double reached;
    };
    for (const row &r : {row{6, 0.95, 1, 6, 0.96875}, row{8, 0.95, 1, 8, 0.9921875}, row{9, 0.95, 2, 8, 0.9609375},
                         row{10, 0.95, 2, 9, 0.978515625}, row{15, 0.95, 4, 12, 0.96484375},
                         row{20, 0.95, 6, 15, 0.958610534667969}, row{25, 0.95, 8, 18, 0.956714749336243},
                         row{10, 0.99, 1, 10, 0.998046875}, row{20, 0.99, 4, 17, 0.997423171997070}}) {
        INFO("n " << r.n << ", level " << r.level);
        values v = ascending(r.n);
        std::reverse(v.begin(), v.end());
        const stats_interval interval = median_interval(v, r.level);
        CHECK(interval.low == r.low);
        CHECK(interval.high == r.high);
        CHECK(interval.level == Approx(r.reached).epsilon(1e-9));
    }
}

TEST_CASE("too few values for the level are said to be too few", "[stats]") {
    CHECK(median_interval({5}, 0.95).level == 0);
    CHECK(median_interval({5}, 0.95).low == 5);
    CHECK(median_interval({1, 2, 3}, 0.95).level == Approx(0.75));
    CHECK(median_interval(ascending(5), 0.95).level == Approx(0.9375));
    CHECK(median_interval(ascending(5), 0.95).low == 1);
    CHECK(median_interval(ascending(5), 0.95).high == 5);
    CHECK(median_interval({}, 0.95).level == 0);
    CHECK(std::isnan(median_interval({}, 0.95).low));
}

TEST_CASE("the interval of the median covers it as often as it says", "[stats]") {
    std::mt19937 random(3);
    std::exponential_distribution<double> skewed(1);
    const double truth = std::log(2.0);
    for (const int n : {7, 12, 25}) {
        int covered = 0;
        const int trials = 20000;
        double level = 0;
        for (int t = 0; t < trials; t++) {
            values v(n);
            for (double &x : v)
                x = skewed(random);
            const stats_interval interval = median_interval(v, 0.95);
            covered += interval.low <= truth && truth <= interval.high;
            level = interval.level;
        }
        INFO("n " << n << ", level " << level);
        CHECK(static_cast<double>(covered) / trials == Approx(level).margin(0.006));
    }
}

TEST_CASE("Mann-Whitney's p is what counting gives, with and without ties", "[stats]") {
    CHECK(p_larger({1, 2, 3}, {4, 5, 6}) == Approx(1.0 / 20));
    CHECK(p_larger({4, 5, 6}, {1, 2, 3}) == Approx(1));
    CHECK(p_larger({1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}) == Approx(1.0 / 252));
    CHECK(p_larger({1, 1}, {1, 1}) == Approx(1));
    // Critical value of tables: n = m = 8, U <= 15 has a one-sided probability of 0.0415.
    CHECK(p_larger({1, 2, 3, 4, 5, 12, 13, 14}, {6, 7, 8, 9, 10, 11, 15, 16}) ==
          Approx(counted_p({1, 2, 3, 4, 5, 12, 13, 14}, {6, 7, 8, 9, 10, 11, 15, 16})));
    std::mt19937 random(5);
    for (int trial = 0; trial < 60; trial++) {
        const int n = 1 + static_cast<int>(random() % 6), m = 1 + static_cast<int>(random() % 6);
        values a(n), b(m);
        for (double &x : a)
            x = static_cast<double>(random() % 7);
        for (double &x : b)
            x = static_cast<double>(random() % 7) + trial % 3;
        INFO("trial " << trial);
        CHECK(p_larger(a, b) == Approx(counted_p(a, b)));
    }
    CHECK(std::isnan(p_larger({}, {1})));
    CHECK(std::isnan(p_larger({1}, {})));
}

TEST_CASE("the approximation for many values continues the exact test", "[stats]") {
    std::mt19937 random(7);
    std::normal_distribution<double> normal;
    for (const double shift : {0.0, 0.3, 0.8}) {
        values a(30), b(30);
        for (double &x : a)
            x = normal(random);
        for (double &x : b)
            x = normal(random) + shift;
        const double exact = p_larger(a, b);
        a.push_back(100); // one more of each, as far from each other as can be
        a.push_back(-100);
        const double approximate = p_larger(a, b);
        INFO("shift " << shift);
        CHECK(approximate == Approx(exact).margin(0.03));
    }
    values same(40, 1.0);
    CHECK(p_larger(same, same) == Approx(1));
}

TEST_CASE("ratios and their interval belong to the same test", "[stats]") {
    const values a = {10, 10.1, 10.2, 9.9, 9.8, 10.05, 9.95}, b = {20, 20.3, 19.9, 20.1, 19.7, 20.2, 20.4};
    CHECK(stats_ratio(a.data(), 7, b.data(), 7) == Approx(2.01).epsilon(0.01));
    const stats_interval interval = stats_ratio_interval(a.data(), 7, b.data(), 7, 0.95);
    CHECK(interval.low < 2.01);
    CHECK(interval.high > 2.0);
    CHECK(interval.low > 1.95);
    CHECK(interval.high < 2.08);
    // n = m = 7: with 8 of the 49 ratios left out at each end, 2 P(U <= 8) = 0.0379; with 9, 0.0530 (tables).
    CHECK(interval.level == Approx(1 - 0.0379).margin(0.0001));
    // The interval holds just the factors that the test does not reject at (1 - level) / 2 on either side.
    for (const double factor : {interval.low * 1.0001, interval.high * 0.9999}) {
        values scaled = a;
        for (double &x : scaled)
            x *= factor;
        CHECK(p_larger(scaled, b) > (1 - interval.level) / 2);
        CHECK(p_larger(b, scaled) > (1 - interval.level) / 2);
    }
    for (const double factor : {interval.low * 0.9999, interval.high * 1.0001}) {
        values scaled = a;
        for (double &x : scaled)
            x *= factor;
        CHECK(std::min(p_larger(scaled, b), p_larger(b, scaled)) <= (1 - interval.level) / 2 + 1e-12);
    }
}

TEST_CASE("the interval of a ratio covers it as often as it says", "[stats]") {
    std::mt19937 random(6);
    std::lognormal_distribution<double> noise(0, 0.1);
    for (const int n : {5, 12, 31}) {
        int covered = 0;
        double level = 0;
        const int trials = n > 20 ? 2000 : 6000;
        for (int t = 0; t < trials; t++) {
            values a(n), b(n);
            for (double &x : a)
                x = noise(random);
            for (double &x : b)
                x = 1.25 * noise(random);
            const stats_interval interval = stats_ratio_interval(a.data(), n, b.data(), n, 0.95);
            covered += interval.low <= 1.25 && 1.25 <= interval.high;
            level = interval.level;
        }
        INFO("n " << n << ", level " << level);
        CHECK(level >= 0.95);
        CHECK(static_cast<double>(covered) / trials == Approx(level).margin(0.012));
    }
}

TEST_CASE("few samples have an interval of all ratios, and say so", "[stats]") {
    const values a = {1, 2}, b = {4, 6};
    const stats_interval interval = stats_ratio_interval(a.data(), 2, b.data(), 2, 0.95);
    CHECK(interval.low == 2);
    CHECK(interval.high == 6);
    CHECK(interval.level == Approx(1 - 2.0 / 6));
}

TEST_CASE("Holm's steps", "[stats]") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const values p = {0.01, 0.04, nan, 0.03, 0.005};
    values adjusted(p.size());
    stats_holm(p.data(), static_cast<int>(p.size()), adjusted.data());
    CHECK(adjusted[4] == Approx(0.02));
    CHECK(adjusted[0] == Approx(0.03));
    CHECK(adjusted[3] == Approx(0.06));
    CHECK(adjusted[1] == Approx(0.06));
    CHECK(std::isnan(adjusted[2]));
    const values large = {0.9, 0.8};
    stats_holm(large.data(), 2, adjusted.data());
    CHECK(adjusted[0] == 1);
    CHECK(adjusted[1] == 1);
}
