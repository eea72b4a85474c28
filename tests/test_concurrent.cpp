// Several fits at once in one process: the library keeps no state of its own, so each gives what it gives alone.
#include "tests/fit.hpp"

#include <array>
#include <thread>

namespace {

struct Task {
    Matrix points;
    int64_t k;
    How how;
    Outcome outcome;
};

// Catch2's assertions are not for several threads: these only call the library.
bool solve(Task &task) {
    exk_options *options = nullptr;
    exk_result *result = nullptr;
    if (exk_options_create(&options) != EXK_OK)
        return false;
    exk_plan plan = {};
    plan.variant = task.how.variant;
    plan.skipping = task.how.skipping;
    plan.threads = task.how.threads;
    exk_options_set_plan(options, &plan);
    exk_options_set_init(options, task.how.init);
    exk_options_set_seed(options, task.how.seed);
    exk_options_set_tol(options, 0.0);
    exk_options_set_max_iter(options, 10);
    const exk_points view = task.points.points();
    const bool good = exk_fit(&view, task.k, options, &result, nullptr) == EXK_OK;
    if (good)
        task.outcome = outcome_of(result);
    exk_result_free(result);
    exk_options_free(options);
    return good;
}

std::vector<Task> tasks() {
    How plain, plus, skipping;
    plain.threads = plus.threads = skipping.threads = 2;
    plain.variant = "assign_f32_tiled__scalar";
    plus.init = EXK_INIT_KMEANSPP;
    skipping.skipping = "assign_f32_fused_yinyang__scalar";
    skipping.variant = "assign_f32_fused__scalar";
    std::vector<Task> all;
    all.push_back({uniform_points(700, 17, 1), 24, plain, {}});
    all.push_back({integer_points(600, 5, 4, 2), 30, plus, {}});
    all.push_back({uniform_points(500, 40, 3), 33, skipping, {}});
    return all;
}

} // namespace

TEST_CASE("fits at once in one process give the bits they give alone", "[concurrent][threads]") {
    std::vector<Task> together = tasks(), alone = tasks();
    std::array<bool, 3> good{};
    REQUIRE(together.size() == good.size());
    // Together first, so that whatever is set up once is set up by several threads.
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < good.size(); i++)
        threads.emplace_back([&, i] { good[i] = solve(together[i]); });
    for (std::thread &thread : threads)
        thread.join();
    for (std::size_t i = 0; i < good.size(); i++) {
        INFO("task " << i);
        REQUIRE(good[i]);
        REQUIRE(solve(alone[i]));
        CHECK(together[i].outcome == alone[i].outcome);
        CHECK(alone[i].outcome.iterations > 1);
    }
}
