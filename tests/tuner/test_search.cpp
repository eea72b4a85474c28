/* The search on landscapes that are made up: what it finds, what it spends, and what it does without a budget. */
#include "tests/catch.hpp"
#include "tuner/search.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace {

exk_axis axis(int count, int seed, double weight = 1) {
    exk_axis a = {};
    a.count = count;
    a.seed = seed;
    a.weight = weight;
    for (int i = 0; i < count; i++)
        a.value[i] = std::lround(16 * std::pow(2.0, i / 2.0));
    return a;
}

exk_arm arm_of(int points, int centroids, int depth) {
    exk_arm arm = {};
    arm.axis[EXK_POINT_TILE] = axis(points, points / 2, 4);
    arm.axis[EXK_CENTROID_TILE] = axis(centroids, centroids / 2, 4);
    arm.axis[EXK_DEPTH_TILE] = axis(depth, depth / 2, 0.01);
    return arm;
}

// Seconds of a choice on a quiet machine.
using landscape = std::function<double(const exk_choice &)>;

// A machine: noise in every sample, a drift over the rounds, and now and then a sample that is far too slow.
class machine {
    std::mt19937 random_;
    std::vector<exk_arm> arms_;

  public:
    landscape truth;
    double noise = 0, drift = 0, spikes = 0, cost = 1;
    int stop_after = 1000000; // rounds
    std::set<int> failing;    // arms
    int rounds = 0, samples = 0;
    std::map<int, int> failures; // of each trial
    std::vector<std::vector<double>> log;
    exk_search search = {};

    machine(std::vector<exk_arm> arms, landscape truth_of) : random_(7), arms_(std::move(arms)), truth(truth_of) {
        search.arms = arms_.data();
        search.arm_count = static_cast<int>(arms_.size());
        search.budget = 1e9;
        search.measure = measure;
        search.user = this;
    }
    ~machine() {
        exk_search_free(&search);
    }
    machine(const machine &) = delete;
    machine &operator=(const machine &) = delete;

    exk_ending run() {
        REQUIRE(exk_search_begin(&search));
        return exk_search_run(&search);
    }
    double true_seconds(int trial) const {
        return truth(search.trials[trial].choice);
    }
    double best_of_all() const {
        double best = INFINITY;
        for (int a = 0; a < search.arm_count; a++) {
            exk_choice c = {};
            c.arm = a;
            const exk_axis *axes = arms_[a].axis;
            for (c.at[0] = 0; c.at[0] < std::max(1, axes[0].count); c.at[0]++)
                for (c.at[1] = 0; c.at[1] < std::max(1, axes[1].count); c.at[1]++)
                    for (c.at[2] = 0; c.at[2] < std::max(1, axes[2].count); c.at[2]++)
                        if (!failing.count(a))
                            best = std::min(best, truth(c));
        }
        return best;
    }

  private:
    static bool measure(const exk_search *s, const int *trials, int count, double *seconds, double *cost,
                        void *user) {
        machine *m = static_cast<machine *>(user);
        if (m->rounds == m->stop_after)
            return false;
        const double level = 1 + m->drift * std::sin(m->rounds);
        std::normal_distribution<double> rest(0, m->noise);
        std::bernoulli_distribution spike(m->spikes);
        for (int i = 0; i < count; i++) {
            const exk_trial &t = s->trials[trials[i]];
            seconds[i] = m->truth(t.choice) * level * std::exp(rest(m->random_)) * (spike(m->random_) ? 1.5 : 1);
            if (m->failing.count(t.choice.arm)) {
                seconds[i] = NAN;
                m->failures[trials[i]]++;
            }
        }
        m->log.emplace_back(seconds, seconds + count);
        m->rounds++;
        m->samples += count;
        *cost = m->cost * count;
        return true;
    }
};

// A bowl in the logarithms of the tiles.
landscape bowl(double point, double centroid, double depth, double steepness = 0.02) {
    return [=](const exk_choice &c) {
        const double away = std::pow(c.at[EXK_POINT_TILE] - point, 2) +
                            std::pow(c.at[EXK_CENTROID_TILE] - centroid, 2) +
                            std::pow(c.at[EXK_DEPTH_TILE] - depth, 2);
        return 1 + steepness * away;
    };
}

double gap(const machine &m) {
    return m.true_seconds(m.search.chosen) / m.best_of_all() - 1;
}

} // namespace

TEST_CASE("the best of a quiet bowl is found from afar with few samples", "[search]") {
    for (const double target : {0.0, 2.0, 5.0, 9.0, 11.0}) {
        INFO(target);
        machine m({arm_of(12, 12, 6)}, bowl(target, 11 - target, 1));
        CHECK(m.run() == EXK_ENDED_WELL);
        CHECK(gap(m) == 0);
        CHECK(m.search.best == m.search.chosen);
        CHECK(m.search.ties == 1);
        CHECK(m.samples < 12 * 12 * 6 / 2);
        CHECK(m.search.spent == m.samples);
        CHECK(m.search.rounds == m.rounds);
    }
}

TEST_CASE("noise, drift and spikes cost little", "[search]") {
    machine m({arm_of(12, 12, 6)}, bowl(8, 4, 4));
    m.noise = 0.01;
    m.drift = 0.2;
    m.spikes = 0.05;
    CHECK(m.run() == EXK_ENDED_WELL);
    CHECK(gap(m) <= 0.021);
    CHECK(m.search.noise > 0);
    CHECK(m.search.noise < 0.02);
    // The drift is in all samples, and in no level.
    for (int i = 0; i < m.search.count; i++)
        if (m.search.trials[i].count >= 7)
            CHECK(m.search.trials[i].level / m.true_seconds(i) ==
                  Approx(m.search.trials[m.search.best].level / m.true_seconds(m.search.best)).epsilon(0.04));
}

TEST_CASE("a sample that was disturbed does not pull on those beside it", "[search]") {
    // Five plans that are alike. In the second of two rounds the first one takes ten times as long, and the last
    // one is measured in that round only.
    machine m(std::vector<exk_arm>(5, arm_of(1, 1, 1)), [](const exk_choice &) { return 1.0; });
    int round = 0;
    m.truth = [&](const exk_choice &c) { return round == 1 && c.arm == 0 ? 10.0 : 1.0; };
    REQUIRE(exk_search_begin(&m.search));
    const int all[] = {0, 1, 2, 3, 4};
    REQUIRE(exk_search_round(&m.search, all, 4));
    round = 1;
    REQUIRE(exk_search_round(&m.search, all, 5));
    CHECK(m.search.trials[4].level == Approx(m.search.trials[2].level).epsilon(0.02));
}

TEST_CASE("of plans that are all alike the smallest is chosen", "[search]") {
    machine m({arm_of(12, 12, 6)}, [](const exk_choice &) { return 1.0; });
    m.noise = 0.003;
    m.run();
    const exk_search &s = m.search;
    CHECK(s.ties > 3);
    for (int i = 0; i < s.count; i++)
        if (s.trials[i].tied)
            CHECK(exk_choice_weight(&s, &s.trials[s.chosen].choice) <= exk_choice_weight(&s, &s.trials[i].choice));
}

TEST_CASE("ties are those whose intervals overlap the best", "[search]") {
    // A plateau of places 4 to 7 on the axis of points, a wall around it.
    machine m({arm_of(12, 1, 1)}, [](const exk_choice &c) {
        const int at = c.at[EXK_POINT_TILE];
        return at >= 4 && at <= 7 ? 1.0 : 1.2;
    });
    m.noise = 0.002;
    m.run();
    const exk_search &s = m.search;
    CHECK(s.trials[s.chosen].choice.at[EXK_POINT_TILE] == 4);
    for (int i = 0; i < s.count; i++)
        if (s.trials[i].tied)
            CHECK(m.true_seconds(i) == 1.0);
    CHECK(s.ties >= 3);
}

TEST_CASE("the fastest arm wins, the slow ones cost one sample", "[search]") {
    const double arms[] = {5, 1.1, 1, 3, 1.4};
    std::vector<exk_arm> five(5, arm_of(8, 8, 4));
    machine m(five, [&](const exk_choice &c) { return arms[c.arm] * bowl(4, 4, 2)(c); });
    m.noise = 0.005;
    CHECK(m.run() == EXK_ENDED_WELL);
    CHECK(m.search.trials[m.search.chosen].choice.arm == 2);
    CHECK(gap(m) <= 0.02);
    for (int i = 0; i < m.search.count; i++)
        if (arms[m.search.trials[i].choice.arm] > 2)
            CHECK(m.search.trials[i].count == 1);
}

TEST_CASE("an arm with a bad seed is given up only if it is far behind", "[search]") {
    // The second arm's seed is 8 % slower than the first arm's, its best place 10 % faster.
    machine m({arm_of(8, 8, 1), arm_of(8, 8, 1)},
              [](const exk_choice &c) { return c.arm == 0 ? bowl(4, 4, 0)(c) : 0.9 * bowl(6, 1, 0, 0.0154)(c); });
    m.noise = 0.003;
    m.run();
    CHECK(m.search.trials[m.search.chosen].choice.arm == 1);
}

TEST_CASE("a budget is kept to, and the best so far is the answer", "[search]") {
    machine nothing({arm_of(12, 12, 6)}, bowl(1, 1, 1));
    nothing.search.budget = 0;
    CHECK(nothing.run() == EXK_ENDED_BUDGET);
    CHECK(nothing.samples == 0);
    CHECK(nothing.search.best == -1);
    CHECK(nothing.search.chosen == -1);
    for (const double budget : {1.0, 5.0, 20.0, 60.0}) {
        machine m({arm_of(12, 12, 6), arm_of(12, 12, 6)}, bowl(1, 1, 1));
        m.search.budget = budget;
        CHECK(m.run() == EXK_ENDED_BUDGET);
        CHECK(m.search.spent >= budget);
        CHECK(m.search.spent < budget + 33); // a round that has begun is finished
        REQUIRE(m.search.chosen >= 0);
        CHECK(m.true_seconds(m.search.chosen) <= m.true_seconds(0));
    }
}

TEST_CASE("what was measured before an interruption counts", "[search]") {
    machine whole({arm_of(12, 12, 6)}, bowl(9, 2, 1));
    whole.run();
    for (int rounds = 0; rounds < whole.rounds; rounds++) {
        machine m({arm_of(12, 12, 6)}, bowl(9, 2, 1));
        m.stop_after = rounds;
        CHECK(m.run() == EXK_ENDED_STOP);
        CHECK(m.search.rounds == rounds);
        CHECK((m.search.chosen >= 0) == (rounds > 0));
        if (rounds > 0)
            CHECK(m.true_seconds(m.search.chosen) <= m.true_seconds(0));
    }
}

TEST_CASE("the same samples lead to the same questions: a search can be replayed", "[search]") {
    machine first({arm_of(12, 12, 6), arm_of(6, 6, 2)}, bowl(9, 2, 1));
    first.noise = 0.01;
    first.run();
    struct tape {
        const std::vector<std::vector<double>> &log;
        size_t next = 0;
        bool fits = true;
    } t = {first.log};
    exk_search s = first.search;
    s.user = &t;
    s.measure = [](const exk_search *, const int *, int count, double *seconds, double *cost, void *user) {
        tape *from = static_cast<tape *>(user);
        from->fits = from->fits && from->next < from->log.size() &&
                     from->log[from->next].size() == static_cast<size_t>(count);
        if (!from->fits)
            return false;
        std::copy(from->log[from->next].begin(), from->log[from->next].end(), seconds);
        from->next++;
        *cost = count;
        return true;
    };
    REQUIRE(exk_search_begin(&s));
    CHECK(exk_search_run(&s) == EXK_ENDED_WELL);
    CHECK(t.fits);
    CHECK(t.next == first.log.size());
    CHECK(s.chosen == first.search.chosen);
    CHECK(s.ties == first.search.ties);
    exk_search_free(&s);
}

TEST_CASE("a plan that fails is not asked for again", "[search]") {
    machine m({arm_of(8, 8, 4), arm_of(8, 8, 4)}, bowl(2, 2, 2));
    m.failing = {1};
    CHECK(m.run() == EXK_ENDED_WELL);
    CHECK(m.failures.size() == 1);
    for (const auto &failure : m.failures)
        CHECK(failure.second == 1);
    CHECK(m.search.trials[m.search.chosen].choice.arm == 0);
    machine none({arm_of(8, 8, 4)}, bowl(2, 2, 2));
    none.failing = {0};
    CHECK(none.run() == EXK_ENDED_FAILED);
    CHECK(none.search.chosen == -1);
}

TEST_CASE("a plan from elsewhere contends", "[search]") {
    // Two bowls: from the seed only the shallow one is found.
    machine m({arm_of(24, 1, 1)}, [](const exk_choice &c) {
        const int at = c.at[EXK_POINT_TILE];
        return at == 23 ? 0.8 : 1 + 0.01 * std::abs(at - 10);
    });
    REQUIRE(exk_search_begin(&m.search));
    exk_choice kept = {};
    kept.at[EXK_POINT_TILE] = 23;
    const int trial = exk_search_add(&m.search, &kept);
    CHECK(exk_search_add(&m.search, &kept) == trial);
    CHECK(exk_search_run(&m.search) == EXK_ENDED_WELL);
    CHECK(m.search.chosen == trial);
}

TEST_CASE("what was kept is compared with the fastest at last", "[search]") {
    // 6 % behind: too slow to be a finalist by itself.
    machine m({arm_of(24, 1, 1)}, [](const exk_choice &c) { return c.at[EXK_POINT_TILE] == 23 ? 1.06 : 1.0; });
    REQUIRE(exk_search_begin(&m.search));
    exk_choice kept = {};
    kept.at[EXK_POINT_TILE] = 23;
    m.search.kept = exk_search_add(&m.search, &kept);
    CHECK(exk_search_run(&m.search) == EXK_ENDED_WELL);
    CHECK(m.search.trials[m.search.kept].count >= 8);
}

TEST_CASE("arms with nothing to tune, and axes of one value", "[search]") {
    exk_arm bare = {};
    machine m({bare, arm_of(1, 1, 1)}, [](const exk_choice &c) { return c.arm == 0 ? 1.0 : 0.95; });
    CHECK(m.run() == EXK_ENDED_WELL);
    CHECK(m.search.count == 2);
    CHECK(m.search.trials[m.search.chosen].choice.arm == 1);
    CHECK(exk_choice_value(&m.search, &m.search.trials[0].choice, EXK_POINT_TILE) == 0);
}

TEST_CASE("places on an axis", "[search]") {
    exk_axis a = {};
    a.count = 4;
    const int64_t values[] = {8, 16, 64, 100};
    std::copy(values, values + 4, a.value);
    CHECK(exk_axis_place(&a, 1) == 0);
    CHECK(exk_axis_place(&a, 16) == 1);
    CHECK(exk_axis_place(&a, 30) == 1);
    CHECK(exk_axis_place(&a, 34) == 2);
    CHECK(exk_axis_place(&a, 1 << 20) == 3);
    CHECK(std::string(exk_stage_name(EXK_STAGE_NEAR)) == "near");
}

TEST_CASE("where noise hides all differences the seed is chosen, not luck", "[search]") {
    for (const double noise : {0.03, 0.05}) {
        INFO(noise);
        machine m({arm_of(12, 12, 6)}, [](const exk_choice &) { return 1.0; });
        m.noise = noise;
        m.run();
        CHECK(m.search.noise > 0.01);
        CHECK(m.search.chosen == 0);
    }
    // The first guess of all may be another arm's seed, and have bad luck at first.
    machine two({arm_of(8, 8, 2), arm_of(8, 8, 2)}, [](const exk_choice &) { return 1.0; });
    two.noise = 0.04;
    two.truth = [&](const exk_choice &c) { return two.rounds == 0 && c.arm == 1 ? 2.0 : 1.0; };
    REQUIRE(exk_search_begin(&two.search));
    two.search.prior = 1;
    exk_search_run(&two.search);
    CHECK(two.search.chosen == 1);
    CHECK(two.search.trials[1].count > 10);
    // A difference that shows in spite of the noise is not hidden.
    machine steep({arm_of(12, 12, 6)}, bowl(10, 6, 3, 0.05));
    steep.noise = 0.05;
    steep.run();
    CHECK(steep.true_seconds(steep.search.chosen) < 1.3);
    CHECK(steep.true_seconds(0) > 1.7);
}
