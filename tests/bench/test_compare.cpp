// Comparisons on simulated samples: two runs of one program come out equal as often as promised, and a real
// slowdown is found. Nothing here depends on a clock.
#include "tests/catch.hpp"

#include "harness/compare.h"

#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace {

// A run of a program on a machine: rows with their own speed, samples with skewed noise, and a clock that differs
// from run to run and wanders from round to round. The gauge sees the clock, and has noise of its own.
class simulated_run {
  public:
    simulated_run(std::mt19937 &random, int rows, int samples, double slowdown = 1, int slowed = -1)
        : times_(rows), ceilings_(rows), rows_(rows) {
        std::uniform_real_distribution<double> level(0.8, 1.2);
        std::normal_distribution<double> normal;
        std::exponential_distribution<double> spike(1);
        double clock = level(random);
        for (int s = 0; s < samples; s++) {
            clock *= 1 + 0.01 * normal(random);
            for (int i = 0; i < rows; i++) {
                const double usual = (0.05 + 0.01 * i) * (slowed < 0 || slowed == i ? slowdown : 1);
                const double noise = 1 + 0.01 * std::fabs(normal(random)) + 0.01 * spike(random);
                times_[i].push_back(usual * noise / clock);
                ceilings_[i].push_back(150 * clock * (1 + 0.003 * normal(random)));
            }
        }
        for (int i = 0; i < rows; i++)
            fill(i);
        std::strcpy(results.name, "simulated");
        std::strcpy(results.machine, "0123456789abcdef");
        results.rows = rows_.data();
        results.count = rows;
    }
    simulated_run(const simulated_run &) = delete;
    simulated_run &operator=(const simulated_run &) = delete;

    results_row &row(int i) {
        return rows_[i];
    }

    ::results results = {};

  private:
    void fill(int i) {
        results_row &r = rows_[i];
        r = {};
        std::strcpy(r.input, "gen:embed");
        std::strcpy(r.variant, ("variant" + std::to_string(i)).c_str());
        r.threads = 1;
        r.n = 1000;
        r.d = 10;
        r.k = 7;
        r.verified = r.has_ceiling = true;
        r.iterations = 10;
        std::strcpy(r.labels_hash, "fnv1a64:1");
        std::strcpy(r.ceiling_isa, "avx2");
        r.seconds = times_[i].data();
        r.ceiling = ceilings_[i].data();
        r.count = static_cast<int>(times_[i].size());
    }

    std::vector<std::vector<double>> times_, ceilings_;
    std::vector<results_row> rows_;
};

struct verdicts {
    int slower, faster, equal, refused, unmatched;
};

verdicts compare(const simulated_run &old, const simulated_run &now) {
    comparison c;
    REQUIRE(compare_results(&old.results, &now.results, &c));
    const verdicts v = {c.slower, c.faster, c.equal, c.refused, c.unmatched};
    comparison_free(&c);
    return v;
}

std::string reason(const simulated_run &old, const simulated_run &now) {
    comparison c;
    REQUIRE(compare_results(&old.results, &now.results, &c));
    const std::string text = c.rows[0].verdict == COMPARE_REFUSED ? c.rows[0].reason : "";
    CHECK(c.refused == (text.empty() ? 0 : 1));
    CHECK(std::isnan(c.rows[0].ratio) == !text.empty());
    comparison_free(&c);
    return text;
}

} // namespace

TEST_CASE("two runs of one program are equal, although the clock is not", "[compare]") {
    std::mt19937 random(1);
    int wrong = 0;
    const int trials = 1500;
    for (int t = 0; t < trials; t++) {
        const simulated_run a(random, 6, 9), b(random, 6, 9);
        const verdicts v = compare(a, b);
        CHECK(v.refused == 0);
        wrong += v.slower + v.faster > 0;
    }
    INFO(wrong << " of " << trials);
    CHECK(wrong <= 0.05 * trials);
}

TEST_CASE("at the smallest effect that matters, wrong verdicts are as rare as stated", "[compare]") {
    // The least favourable truth: exactly 3 % slower is not slower. 5 % in all, half of it to this side.
    std::mt19937 random(2);
    int wrong = 0;
    const int trials = 3000;
    for (int t = 0; t < trials; t++) {
        const simulated_run a(random, 6, 10), b(random, 6, 10, 1.03);
        wrong += compare(a, b).slower > 0;
    }
    INFO(wrong << " of " << trials);
    CHECK(wrong <= 0.05 * trials);
    CHECK(wrong > 0); // it is a test, not a constant
}

TEST_CASE("ten percent slower in one row of six is found, and only there", "[compare]") {
    std::mt19937 random(3);
    int found = 0, elsewhere = 0;
    const int trials = 500;
    for (int t = 0; t < trials; t++) {
        const simulated_run a(random, 6, 11), b(random, 6, 11, 1.10, 2);
        comparison c;
        REQUIRE(compare_results(&a.results, &b.results, &c));
        found += c.rows[2].verdict == COMPARE_SLOWER;
        elsewhere += c.slower + c.faster - (c.rows[2].verdict == COMPARE_SLOWER);
        CHECK(c.rows[2].ratio == Approx(1.10).margin(0.05));
        comparison_free(&c);
    }
    INFO(found << " found, " << elsewhere << " elsewhere, of " << trials);
    CHECK(found >= 0.95 * trials);
    CHECK(elsewhere <= 0.05 * trials);
}

TEST_CASE("ten percent faster is found as well", "[compare]") {
    std::mt19937 random(4);
    int found = 0;
    for (int t = 0; t < 200; t++) {
        const simulated_run a(random, 3, 11), b(random, 3, 11, 1 / 1.10);
        found += compare(a, b).faster == 3;
    }
    CHECK(found >= 190);
}

TEST_CASE("without the gauge a slower clock would look like a slower program", "[compare]") {
    std::mt19937 random(5);
    simulated_run a(random, 1, 11), b(random, 1, 11);
    for (int s = 0; s < 11; s++) {
        b.row(0).seconds[s] = a.row(0).seconds[s] * 1.2 * (1 + 0.001 * s);
        b.row(0).ceiling[s] = a.row(0).ceiling[s] / 1.2;
    }
    CHECK(compare(a, b).equal == 1);
    for (int s = 0; s < 11; s++)
        b.row(0).ceiling[s] = a.row(0).ceiling[s];
    CHECK(compare(a, b).slower == 1);
}

TEST_CASE("rows that say nothing about each other are refused, with the reason", "[compare]") {
    std::mt19937 random(6);
    const auto change = [&random](void (*spoil)(simulated_run &)) {
        const simulated_run a(random, 1, 9);
        simulated_run b(random, 1, 9);
        spoil(b);
        return reason(a, b);
    };
    CHECK(change([](simulated_run &) {}).empty());
    CHECK(change([](simulated_run &b) { std::strcpy(b.results.machine, "fedcba9876543210"); }) ==
          "another machine");
    CHECK(change([](simulated_run &b) { b.row(0).d = 11; }) == "another shape");
    CHECK(change([](simulated_run &b) { b.row(0).n = 11; }) == "another shape");
    CHECK(change([](simulated_run &b) { b.row(0).k = 11; }) == "not in the earlier results");
    CHECK(change([](simulated_run &b) { b.row(0).threads = 2; }) == "not in the earlier results");
    CHECK(change([](simulated_run &b) { b.row(0).input[0]++; }) == "not in the earlier results");
    CHECK(change([](simulated_run &b) { b.row(0).iterations = 11; }) == "another number of iterations");
    CHECK(change([](simulated_run &b) { b.row(0).labels_hash[0]++; }) ==
          "another outcome: other points, or another start");
    CHECK(change([](simulated_run &b) { b.row(0).ceiling_isa[0]++; }) == "another ceiling");
    CHECK(change([](simulated_run &b) { b.row(0).verified = false; }) == "not verified");
    CHECK(change([](simulated_run &b) { b.row(0).has_ceiling = false; }) == "no ceiling was measured");
    CHECK(change([](simulated_run &b) { b.row(0).disturbed = 4; }).empty());
    CHECK(change([](simulated_run &b) { b.row(0).disturbed = 5; }) == "most samples were disturbed");
    CHECK(change([](simulated_run &b) { b.row(0).count = 0; }) == "no samples");
    CHECK(change([](simulated_run &b) { b.row(0).count = 1; }) ==
          "too few samples to tell; take more with --samples");
}

TEST_CASE("rows of the earlier run that are missing now are counted", "[compare]") {
    std::mt19937 random(7);
    const simulated_run a(random, 5, 9), b(random, 3, 9);
    CHECK(compare(a, b).unmatched == 2);
    CHECK(compare(b, a).refused == 2);
}

TEST_CASE("among equals, the fastest is hardly ever told apart from another", "[compare]") {
    std::mt19937 random(8);
    std::lognormal_distribution<double> noise(0, 0.02);
    int wrong = 0;
    const int trials = 2000, rows = 8, samples = 9;
    for (int t = 0; t < trials; t++) {
        std::vector<std::vector<double>> times(rows, std::vector<double>(samples));
        std::vector<stats_group> groups;
        for (std::vector<double> &row : times) {
            for (double &x : row)
                x = noise(random);
            groups.push_back({row.data(), samples});
        }
        std::vector<stats_standing> standings(rows);
        stats_standings(groups.data(), rows, 0.95, standings.data());
        bool any = false;
        for (const stats_standing &s : standings)
            any = any || s.told_apart;
        wrong += any;
    }
    INFO(wrong << " of " << trials);
    CHECK(wrong <= 0.05 * trials);
}

TEST_CASE("what is ten percent slower than the fastest is told apart", "[compare]") {
    std::mt19937 random(9);
    std::lognormal_distribution<double> noise(0, 0.02);
    int found = 0, wrong_least = 0;
    for (int t = 0; t < 300; t++) {
        std::vector<std::vector<double>> times(4, std::vector<double>(11));
        std::vector<stats_group> groups;
        for (int i = 0; i < 4; i++) {
            for (double &x : times[i])
                x = noise(random) * (i == 2 ? 1 : 1.1);
            groups.push_back({times[i].data(), 11});
        }
        groups.push_back({nullptr, 0});
        stats_standing s[5];
        stats_standings(groups.data(), 5, 0.95, s);
        found += s[0].told_apart && s[1].told_apart && s[3].told_apart;
        wrong_least += !s[2].is_least;
        CHECK(std::isnan(s[4].ratio));
        CHECK_FALSE(s[4].told_apart);
    }
    CHECK(found >= 285);
    CHECK(wrong_least == 0);
}
