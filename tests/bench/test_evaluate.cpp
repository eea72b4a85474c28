// What an evaluation makes of its measurements: the fastest plans, gaps that luck cannot open, and their summary.
#include "tests/catch.hpp"

#include <array>
#include <cmath>
#include <vector>

extern "C" {
#include "harness/evaluate.h"
}

namespace {

using rounds = std::array<double, EVALUATE_ROUNDS>;

// Seconds of every round: `even` and `odd` in turn.
rounds alternating(double even, double odd) {
    rounds seconds;
    for (size_t i = 0; i < seconds.size(); i++)
        seconds[i] = i % 2 ? odd : even;
    return seconds;
}

// A comparison that has measured each of these trials in every round.
struct comparison {
    std::vector<rounds> seconds;
    std::vector<exk_trial> trials;
    exk_search search = {};

    explicit comparison(const std::vector<rounds> &measured) : seconds(measured), trials(measured.size()) {
        for (size_t i = 0; i < trials.size(); i++) {
            trials[i].seconds = seconds[i].data();
            trials[i].count = EVALUATE_ROUNDS;
        }
        search.trials = trials.data();
        search.count = static_cast<int>(trials.size());
    }
};

exk_trial trial_of(double level, bool failed = false, int count = 1) {
    exk_trial t = {};
    t.level = level;
    t.failed = failed;
    t.count = count;
    return t;
}

} // namespace

TEST_CASE("the fastest trials come in order, without those that were not measured", "[evaluate]") {
    std::vector<exk_trial> trials = {trial_of(3), trial_of(1),           trial_of(0.5, true),
                                     trial_of(2), trial_of(0, false, 0), trial_of(1.5)};
    exk_search s = {};
    s.trials = trials.data();
    s.count = static_cast<int>(trials.size());
    std::array<int, 6> list = {};
    REQUIRE(evaluate_fastest(&s, 6, list.data()) == 4);
    CHECK(std::vector<int>(list.begin(), list.begin() + 4) == std::vector<int>{1, 5, 3, 0});
    REQUIRE(evaluate_fastest(&s, 2, list.data()) == 2);
    CHECK(std::vector<int>(list.begin(), list.begin() + 2) == std::vector<int>{1, 5});
}

TEST_CASE("a gap is how much longer a plan takes than the fastest", "[evaluate]") {
    const comparison c({alternating(1, 1), alternating(1.1, 1.1), alternating(1.5, 1.5)});
    CHECK(evaluate_gap(&c.search, 0) == Approx(0).margin(1e-12));
    CHECK(evaluate_gap(&c.search, 1) == Approx(0.1));
    CHECK(evaluate_gap(&c.search, 2) == Approx(0.5));
}

TEST_CASE("a machine that is slower in some rounds moves no gap", "[evaluate]") {
    const comparison c({alternating(1, 3), alternating(1.1, 3.3)});
    CHECK(evaluate_gap(&c.search, 0) == Approx(0).margin(1e-12));
    CHECK(evaluate_gap(&c.search, 1) == Approx(0.1));
}

// Each is the fastest in one half of the rounds: held against the best of those same rounds, both would have a
// gap.
TEST_CASE("to be the fastest by luck opens no gap", "[evaluate]") {
    const comparison c({alternating(1, 1.2), alternating(1.2, 1)});
    CHECK(evaluate_gap(&c.search, 0) <= 0);
    CHECK(evaluate_gap(&c.search, 1) <= 0);
}

TEST_CASE("gaps are summed up for tuned shapes, for those held out, and for all", "[evaluate]") {
    std::vector<evaluate_shape> shapes(7);
    const std::array<double, 7> gaps = {0.01, 0.03, 0.02, 0.5, 0.1, 0.2, 9};
    for (size_t i = 0; i < shapes.size(); i++) {
        shapes[i].is_done = i < 6; // the last one was interrupted
        shapes[i].held_out = i >= 4;
        shapes[i].way[EVALUATE_MODEL].gap = gaps[i];
    }
    evaluation e = {};
    e.shapes = shapes.data();
    e.count = static_cast<int>(shapes.size());
    const evaluate_summary tuned = evaluate_summarise(&e, EVALUATE_MODEL, 0);
    CHECK(tuned.shapes == 4);
    CHECK(tuned.median == Approx(0.025));
    CHECK(tuned.most == 0.5);
    const evaluate_summary held_out = evaluate_summarise(&e, EVALUATE_MODEL, 1);
    CHECK(held_out.shapes == 2);
    CHECK(held_out.median == Approx(0.15));
    const evaluate_summary all = evaluate_summarise(&e, EVALUATE_MODEL, -1);
    CHECK(all.shapes == 6);
    CHECK(all.p90 == 0.5);
    e.count = 0;
    CHECK(evaluate_summarise(&e, EVALUATE_MODEL, -1).shapes == 0);
    CHECK(std::isnan(evaluate_summarise(&e, EVALUATE_MODEL, -1).median));
}
