// The driver: initialisation, convergence, empty clusters, limits, stopping, errors.
#include <cmath>
#include <numeric>
#include <set>

#include "kernels/variant.h"
#include "tests/catch.hpp"
#include "tests/fit.hpp"

namespace {

// Lloyd by the definition, in double, for data where no rounding can matter: small integers, means exact.
std::vector<int32_t> plain_lloyd(const Matrix &x, std::vector<double> c, int64_t k) {
    const int64_t d = x.columns;
    std::vector<int32_t> labels(x.rows, -1);
    for (bool moved = true; moved;) {
        moved = false;
        for (int64_t i = 0; i < x.rows; i++) {
            int32_t best = 0;
            double best_distance = INFINITY;
            for (int64_t j = 0; j < k; j++) {
                double distance = 0.0;
                for (int64_t t = 0; t < d; t++)
                    distance += (x.row(i)[t] - c[j * d + t]) * (x.row(i)[t] - c[j * d + t]);
                if (distance < best_distance) {
                    best_distance = distance;
                    best = static_cast<int32_t>(j);
                }
            }
            moved = moved || labels[i] != best;
            labels[i] = best;
        }
        for (int64_t j = 0; j < k; j++) {
            std::vector<double> sum(d, 0.0);
            int64_t count = 0;
            for (int64_t i = 0; i < x.rows; i++)
                if (labels[i] == j) {
                    count++;
                    for (int64_t t = 0; t < d; t++)
                        sum[t] += x.row(i)[t];
                }
            for (int64_t t = 0; t < d && count > 0; t++)
                c[j * d + t] = static_cast<float>(sum[t] / count);
        }
    }
    return labels;
}

exk_status try_fit(const exk_points &points, int64_t k, exk_options *options, exk_error *error) {
    exk_result *result = nullptr;
    const exk_status status = exk_fit(&points, k, options, &result, error);
    if (status != EXK_OK && status != EXK_STOPPED)
        CHECK(result == nullptr);
    exk_result_free(result);
    return status;
}

} // namespace

TEST_CASE("follows Lloyd's definition step by step", "[lloyd]") {
    const Matrix points = uniform_points(400, 3, 5);
    How how{nullptr, 2};
    how.init = EXK_INIT_FIRST;
    how.empty = EXK_EMPTY_KEEP;
    const Outcome o = fit(points, 8, how);
    const std::vector<double> start(points.values.begin(), points.values.begin() + 24);
    CHECK(o.labels == plain_lloyd(points, start, 8));
    CHECK(o.converged);
}

TEST_CASE("counts, inertia and centroids belong to the labels", "[lloyd]") {
    const Matrix points = uniform_points(500, 4, 6);
    const Outcome o = fit(points, 12, {nullptr, 2});
    std::vector<int64_t> counts(12, 0);
    double inertia = 0.0;
    for (int64_t i = 0; i < 500; i++) {
        counts[o.labels[i]]++;
        for (int64_t t = 0; t < 4; t++) {
            const double difference = static_cast<double>(points.row(i)[t]) - o.centroids[o.labels[i] * 4 + t];
            inertia += difference * difference;
        }
    }
    CHECK(o.counts == counts);
    CHECK(o.inertia == Approx(inertia).epsilon(1e-12));
}

TEST_CASE("a point that its own norm leaves in doubt is counted as ambiguous", "[lloyd]") {
    // Two centroids at +-1 on the first axis, a long point near the line between them: its scores are as far apart
    // as three quarters of what their errors allow. The other points are clear, and the first of them is short.
    const float length = 1000.0f;
    Matrix centroids(2, 2);
    centroids.values = {1.0f, 0.0f, -1.0f, 0.0f};
    for (const std::string &name : available_variants()) {
        const exk_variant *variant = exk_variant_find(name.c_str());
        const exk_shape shape = {3, 2, 2};
        exk_plan plan = {};
        plan.threads = 1;
        exk_plan_complete(&plan, variant, &shape);
        const double roundings = static_cast<double>(exk_variant_kernel(variant)->roundings(&shape, &plan)) + 4.0;
        const auto apart = static_cast<float>(0.75 * roundings * 0x1p-24 * (length + 0.5));
        Matrix points(3, 2);
        points.values = {0.5f, 0.0f, apart, length, -0.5f, -length};
        How how;
        how.variant = name.c_str();
        const Outcome o = assign(points, centroids, how);
        INFO(name);
        CHECK(o.labels == std::vector<int32_t>{0, 0, 1});
        CHECK(o.ambiguous == 1);
        points.row(1)[0] = 2.0f * apart;
        CHECK(assign(points, centroids, how).ambiguous == 0);
    }
}

TEST_CASE("init is a function of the seed alone", "[lloyd][threads]") {
    const Matrix points = uniform_points(3000, 6, 7);
    for (const exk_init init : {EXK_INIT_KMEANSPP, EXK_INIT_RANDOM, EXK_INIT_FIRST}) {
        How how{"assign_f32_fused__scalar", 1};
        how.init = init;
        how.max_iter = 2;
        const Outcome one = fit(points, 20, how);
        how.threads = 4;
        how.variant = nullptr;
        CHECK(fit(points, 20, how) == one);
        how.seed = 2;
        CHECK((fit(points, 20, how) == one) == (init == EXK_INIT_FIRST));
    }
}

TEST_CASE("random init takes k distinct points, even all of them", "[lloyd]") {
    Matrix points(50, 1);
    std::iota(points.values.begin(), points.values.end(), 0.0f);
    const Outcome o = fit(points, 50, {nullptr, 1});
    CHECK(std::set<float>(o.centroids.begin(), o.centroids.end()).size() == 50);
    CHECK(o.inertia == 0.0);
}

TEST_CASE("kmeans++ finds separated clusters", "[lloyd]") {
    Matrix points = uniform_points(600, 2, 8);
    for (int64_t i = 0; i < 600; i++)
        points.row(i)[0] += 1000.0f * static_cast<float>(i % 6);
    How how{nullptr, 2};
    how.init = EXK_INIT_KMEANSPP;
    const Outcome o = fit(points, 6, how);
    CHECK(o.inertia < 600.0);
    for (const int64_t count : o.counts)
        CHECK(count == 100);
}

TEST_CASE("kmeans++ draws no point twice, even if the scores cannot tell them apart", "[lloyd]") {
    // Neighbours are so near to each other, and so far from the mean, that each point is in doubt. As many
    // centroids as points: each must be drawn once.
    Matrix points(64, 1);
    for (int64_t i = 0; i < points.rows; i++) {
        const float size = 1.0f + 0x1p-20f * static_cast<float>(i / 2);
        points.row(i)[0] = i % 2 == 0 ? size : -size;
    }
    How how{nullptr, 2};
    how.init = EXK_INIT_KMEANSPP;
    how.empty = EXK_EMPTY_KEEP;
    how.max_iter = 1;
    const Outcome o = fit(points, points.rows, how);
    CHECK(o.counts == std::vector<int64_t>(points.rows, 1));
    CHECK(o.ambiguous == 2 * points.rows); // in the iteration and in the pass that ends the run
}

TEST_CASE("the best of n_init runs is kept", "[lloyd]") {
    const Matrix points = integer_points(300, 3, 20, 9);
    How how{nullptr, 2};
    double best = INFINITY;
    how.n_init = 5;
    const Outcome all = fit(points, 15, how);
    how.n_init = 1;
    const Outcome first = fit(points, 15, how);
    best = std::min(best, first.inertia);
    CHECK(all.inertia <= best);
    how.n_init = 5;
    how.threads = 1;
    how.variant = "assign_f32_naive__scalar";
    CHECK(fit(points, 15, how) == all);
}

TEST_CASE("tol stops early and labels still match the centroids", "[lloyd]") {
    const Matrix points = uniform_points(2000, 3, 10);
    How how{nullptr, 2};
    const Outcome strict = fit(points, 30, how);
    how.tol = 1e-2;
    const Outcome loose = fit(points, 30, how);
    CHECK(loose.converged);
    CHECK(loose.iterations < strict.iterations);
    Matrix centroids(30, 3);
    centroids.values = loose.centroids;
    CHECK(assign(points, centroids, how).labels == loose.labels);
}

TEST_CASE("tol is relative to the mean variance of the columns", "[lloyd]") {
    // Far from the origin the means are not floats: their rounding must not count as variance.
    Matrix near = uniform_points(500, 3, 13), far(60, 1);
    for (int64_t i = 0; i < 60; i++)
        far.values[i] = 0x1p24f + 2.0f * static_cast<float>(i % 4);
    // Large values where a sample of the points does not see them: twice as large as it sees, and far larger.
    Matrix twice = uniform_points(8192, 2, 14), larger = uniform_points(8192, 2, 15);
    for (float &v : twice.values)
        v += 1.25f;
    for (float &v : larger.values)
        v += 1.25f;
    for (int64_t i = 1; i < 8192; i += 16) {
        twice.row(i)[0] = 3.5f;
        larger.row(i)[1] = 20.0f;
    }
    for (const Matrix *points : {&near, &far, &twice, &larger}) {
        const int64_t d = points->columns;
        double variance = 0.0;
        for (int64_t t = 0; t < d; t++) {
            double mean = 0.0;
            for (int64_t i = 0; i < points->rows; i++)
                mean += points->row(i)[t] / static_cast<double>(points->rows);
            for (int64_t i = 0; i < points->rows; i++)
                variance += (points->row(i)[t] - mean) * (points->row(i)[t] - mean);
        }
        variance /= static_cast<double>(points->rows * d);
        How how{nullptr, 2};
        how.init = EXK_INIT_FIRST;
        const exk_points view = points->points();
        exk_options *options = options_for(how);
        exk_result *result = nullptr;
        REQUIRE(exk_fit(&view, 2, options, &result, nullptr) == EXK_OK);
        REQUIRE(exk_result_iterations(result) > 1);
        const double shift = exk_result_iteration(result, 0)->shift;
        exk_result_free(result);
        exk_options_free(options);
        how.tol = 1.001 * shift / variance;
        CHECK(fit(*points, 2, how).iterations == 1);
        how.tol = 0.999 * shift / variance;
        CHECK(fit(*points, 2, how).iterations > 1);
    }
}

TEST_CASE("max_iter counts passes and says it has not converged", "[lloyd]") {
    const Matrix points = uniform_points(2000, 3, 10);
    How how{nullptr, 2};
    how.max_iter = 3;
    const Outcome o = fit(points, 30, how);
    CHECK(o.iterations == 3);
    CHECK_FALSE(o.converged);
    Matrix centroids(30, 3);
    centroids.values = o.centroids;
    CHECK(assign(points, centroids, how).labels == o.labels);
}

TEST_CASE("empty clusters by policy", "[lloyd][empty]") {
    // Three far groups; the given centroids leave two of four clusters empty.
    Matrix points(30, 1);
    for (int64_t i = 0; i < 30; i++)
        points.row(i)[0] = static_cast<float>(100 * (i / 10) + i % 10);
    const float given[] = {50.0f, 1000.0f, 2000.0f, 3000.0f};
    How how{nullptr, 1};
    how.empty = EXK_EMPTY_KEEP;
    const Outcome keep = fit(points, 4, how, given);
    CHECK(keep.counts == std::vector<int64_t>{30, 0, 0, 0});
    CHECK(keep.centroids[1] == 1000.0f);
    CHECK(keep.converged);

    how.empty = EXK_EMPTY_FARTHEST;
    const Outcome farthest = fit(points, 4, how, given);
    for (const int64_t count : farthest.counts)
        CHECK(count > 0);
    CHECK(farthest.inertia < keep.inertia / 2);

    how.empty = EXK_EMPTY_SPLIT;
    const Outcome split = fit(points, 4, how, given);
    CHECK(split.converged);
    CHECK(split.inertia < keep.inertia / 2);

    for (const exk_empty empty : {EXK_EMPTY_KEEP, EXK_EMPTY_FARTHEST, EXK_EMPTY_SPLIT}) {
        How scalar{"assign_f32_naive__scalar", 1}, threaded{nullptr, 3, 4};
        scalar.empty = threaded.empty = empty;
        CHECK(fit(points, 4, scalar, given) == fit(points, 4, threaded, given));
    }
}

TEST_CASE("farthest takes the farthest point, the lowest index on a tie", "[lloyd][empty]") {
    Matrix points(5, 1);
    points.values = {0.0f, 10.0f, 1.0f, 10.0f, -10.0f};
    const float given[] = {0.0f, 100.0f};
    How how{nullptr, 1};
    how.max_iter = 1;
    const Outcome o = fit(points, 2, how, given);
    // |10 - 0| ties at points 1, 3 and 4: point 1 becomes the centroid of cluster 1, the rest average to 0.25.
    CHECK(o.centroids[1] == 10.0f);
    CHECK(o.centroids[0] == 0.25f);
}

TEST_CASE("a split that changes no label is taken back", "[lloyd][empty]") {
    // Both points are as far from one half as from the other, and ties go to the lower index.
    Matrix points(2, 2);
    points.values = {0.0f, 0.0f, 2.0f, 2.0f};
    const float given[] = {1.5f, 1.0f, 100.0f, 100.0f};
    How how{nullptr, 1};
    how.empty = EXK_EMPTY_SPLIT;
    const Outcome o = fit(points, 2, how, given);
    CHECK(o.counts == std::vector<int64_t>{2, 0});
    CHECK(o.centroids[0] == 1.0f);
    CHECK(o.centroids[1] == 1.0f);
}

TEST_CASE("centroids that come to coincide are found out", "[lloyd]") {
    // Near 2^24 floats are 2 apart: (0, 0) alone and the mean (1, 1) of (2, 0) and (0, 2) become the same
    // centroid.
    Matrix points(3, 2);
    points.values = {0.0f, 0.0f, 2.0f, 0.0f, 0.0f, 2.0f};
    std::vector<float> given = {2.0f, 2.0f, 0.0f, 0.0f};
    for (float &v : points.values)
        v += 0x1p24f;
    for (float &v : given)
        v += 0x1p24f;
    std::vector<std::string> variants = available_variants();
    variants.push_back("auto");
    for (const std::string &variant : variants) {
        INFO(variant);
        How how{variant.c_str(), 1};
        how.empty = EXK_EMPTY_KEEP;
        exk_options *options = options_for(how);
        exk_options_set_centroids(options, given.data());
        const exk_points view = points.points();
        exk_result *result = nullptr;
        REQUIRE(exk_fit(&view, 2, options, &result, nullptr) == EXK_OK);
        REQUIRE(exk_result_iterations(result) > 1);
        CHECK(exk_result_iteration(result, 0)->exactly_decided_points == 2);
        CHECK(exk_result_iteration(result, 1)->ambiguous_points == 0);
        CHECK(exk_result_counts(result)[0] == 3);
        exk_result_free(result);
        exk_options_free(options);
    }
}

TEST_CASE("who gives a point away gets another mean, even if no point changed its mind", "[lloyd][empty]") {
    // In the second iteration cluster 1 loses -9 and 9 to its neighbours. The farthest point, 1030, belongs to
    // cluster 3, which keeps all its points in that iteration.
    Matrix points(7, 1);
    points.values = {-11.0f, -9.0f, 9.0f, 11.0f, 1000.0f, 1000.0f, 1030.0f};
    const float given[] = {-20.0f, 0.0f, 20.0f, 1000.0f};
    How how{nullptr, 1};
    how.max_iter = 2;
    CHECK(fit(points, 4, how, given).centroids == std::vector<float>{-10.0f, 1030.0f, 10.0f, 1000.0f});
}

TEST_CASE("a cluster keeps its last point", "[lloyd][empty]") {
    // The farthest point is alone with its centroid; the next farthest goes to the empty cluster.
    Matrix points(3, 1);
    points.values = {0.0f, 0.5f, 150.0f};
    const float given[] = {0.0f, 100.0f, 1e6f};
    How how{nullptr, 1};
    how.max_iter = 1;
    CHECK(fit(points, 3, how, given).centroids == std::vector<float>{0.0f, 150.0f, 0.5f});
}

TEST_CASE("an initial centroid is never -0", "[lloyd][empty]") {
    // Both points choose the first centroid; the second stays as it was chosen.
    Matrix points(2, 1);
    points.values = {0.0f, -0.0f};
    How how{nullptr, 1};
    how.init = EXK_INIT_FIRST;
    how.empty = EXK_EMPTY_KEEP;
    const float given[] = {0.0f, -0.0f};
    CHECK_FALSE(std::signbit(fit(points, 2, how).centroids[1]));
    CHECK_FALSE(std::signbit(fit(points, 2, how, given).centroids[1]));
}

TEST_CASE("the first of equally good runs is kept", "[lloyd]") {
    Matrix points(40, 1);
    std::iota(points.values.begin(), points.values.end(), 0.0f);
    How how{nullptr, 1};
    const Outcome once = fit(points, 40, how);
    how.n_init = 4;
    CHECK(fit(points, 40, how) == once);
}

TEST_CASE("more clusters than distinct points leaves some empty and ends", "[lloyd][empty]") {
    const Matrix points = integer_points(100, 1, 3, 3);
    for (const exk_empty empty : {EXK_EMPTY_KEEP, EXK_EMPTY_FARTHEST, EXK_EMPTY_SPLIT}) {
        How how{nullptr, 2};
        how.empty = empty;
        const Outcome o = fit(points, 10, how);
        CHECK(o.converged);
        CHECK(o.inertia == 0.0);
        CHECK(std::count(o.counts.begin(), o.counts.end(), 0) == 7);
    }
}

TEST_CASE("progress sees every iteration and can stop", "[lloyd]") {
    struct Log {
        std::vector<exk_iteration> seen;
        size_t stop_after;
    } log{{}, 3};
    const Matrix points = uniform_points(2000, 3, 10);
    exk_options *options = options_for({nullptr, 2});
    exk_options_set_progress(
        options,
        [](const exk_iteration *iteration, void *user) {
            auto *l = static_cast<Log *>(user);
            l->seen.push_back(*iteration);
            return l->seen.size() < l->stop_after;
        },
        &log);
    const exk_points view = points.points();
    exk_result *result = nullptr;
    REQUIRE(exk_fit(&view, 30, options, &result, nullptr) == EXK_STOPPED);
    CHECK(log.seen.size() == 3);
    CHECK(exk_result_iterations(result) == 3);
    const Outcome stopped = outcome_of(result);
    Matrix centroids(30, 3);
    centroids.values = stopped.centroids;
    CHECK(assign(points, centroids, {nullptr, 1}).labels == stopped.labels);
    for (size_t i = 0; i < log.seen.size(); i++) {
        CHECK(log.seen[i].iteration == static_cast<int64_t>(i + 1));
        CHECK(exk_result_iteration(result, static_cast<int64_t>(i))->moved == log.seen[i].moved);
    }
    CHECK(log.seen[0].moved == 2000);
    CHECK(log.seen[1].inertia < log.seen[0].inertia);
    exk_result_free(result);
    exk_options_free(options);
}

TEST_CASE("the stop flag ends a run before the first iteration too", "[lloyd]") {
    const Matrix points = uniform_points(2000, 3, 10);
    const int stop = 1;
    exk_options *options = options_for({nullptr, 2});
    exk_options_set_stop_flag(options, &stop);
    const exk_points view = points.points();
    exk_result *result = nullptr;
    REQUIRE(exk_fit(&view, 30, options, &result, nullptr) == EXK_STOPPED);
    CHECK(exk_result_iterations(result) == 0);
    CHECK(exk_result_labels(result)[0] == -1);
    exk_result_free(result);
    exk_options_free(options);
}

TEST_CASE("inertia per iteration is that of the labels", "[lloyd]") {
    Matrix points = uniform_points(1000, 5, 12);
    for (float &v : points.values)
        v += 1000.0f; // an offset that would cancel badly
    exk_options *options = options_for({nullptr, 2});
    const exk_points view = points.points();
    exk_result *result = nullptr;
    REQUIRE(exk_fit(&view, 10, options, &result, nullptr) == EXK_OK);
    const exk_iteration *last = exk_result_iteration(result, exk_result_iterations(result) - 1);
    REQUIRE(last != nullptr);
    CHECK(last->inertia == Approx(exk_result_inertia(result)).epsilon(1e-7));
    CHECK(exk_result_iteration(result, exk_result_iterations(result)) == nullptr);
    exk_result_free(result);
    exk_options_free(options);
}

namespace {

// All that a fit reports of each iteration and must be the same bits, whatever the plan.
std::vector<double> trace_of(const Matrix &points, int64_t k, const How &how) {
    exk_options *options = options_for(how);
    const exk_points view = points.points();
    exk_result *result = nullptr;
    REQUIRE(exk_fit(&view, k, options, &result, nullptr) == EXK_OK);
    std::vector<double> trace;
    for (int64_t i = 0; i < exk_result_iterations(result); i++) {
        const exk_iteration *it = exk_result_iteration(result, i);
        trace.insert(trace.end(), {static_cast<double>(it->moved), it->inertia, it->shift});
    }
    CHECK(exk_result_plan(result).update != EXK_UPDATE_AUTO);
    exk_result_free(result);
    exk_options_free(options);
    return trace;
}

// Most points in one cluster, so that several threads share it; the others spread out.
Matrix lopsided_points(int64_t n, int64_t d) {
    Matrix m = uniform_points(n, d, 21);
    for (int64_t i = 0; i < n; i++)
        if (i % 8 != 0)
            for (int64_t t = 0; t < d; t++)
                m.row(i)[t] = m.row(i)[t] / 64 + 3.0f;
    return m;
}

} // namespace

TEST_CASE("every update of the sums gives the same bits", "[lloyd][threads]") {
    for (const int64_t d : {1, 37})
        for (const int64_t k : {1, 9, 80, 300})
            for (const exk_empty empty : {EXK_EMPTY_FARTHEST, EXK_EMPTY_KEEP, EXK_EMPTY_SPLIT})
                for (const bool lopsided : {false, true}) {
                    const Matrix points = lopsided ? lopsided_points(300, d) : integer_points(300, d, 6, 22);
                    How how{"assign_f32_naive__scalar", 1};
                    how.empty = empty;
                    how.update = EXK_UPDATE_SCATTER;
                    const Outcome expected = fit(points, k, how);
                    const std::vector<double> trace = trace_of(points, k, how);
                    for (const exk_update update :
                         {EXK_UPDATE_AUTO, EXK_UPDATE_MOVED, EXK_UPDATE_SCATTER, EXK_UPDATE_SORTED})
                        for (const int threads : {1, 2, 7}) {
                            How other{nullptr, threads, 24};
                            other.empty = empty;
                            other.update = update;
                            INFO("d " << d << ", k " << k << ", empty " << empty << ", update " << update
                                      << ", threads " << threads);
                            REQUIRE(fit(points, k, other) == expected);
                            REQUIRE(trace_of(points, k, other) == trace);
                        }
                }
}

TEST_CASE("most points change their cluster after they had one", "[lloyd][threads]") {
    // The many at 40 are nearer to 0 than to 100 until the few at -1000 draw the first centroid away.
    Matrix points(115000, 1); // so many that what is written behind the room for them does harm
    for (int64_t i = 0; i < points.rows; i++)
        points.row(i)[0] = i % 23 == 0 ? 100.0f : i % 23 < 3 ? -1000.0f : 40.0f;
    const std::vector<float> start = {0.0f, 100.0f};
    How how{"assign_f32_naive__scalar", 1};
    how.update = EXK_UPDATE_SCATTER;
    const Outcome expected = fit(points, 2, how, start.data());
    REQUIRE(expected.iterations == 3);
    REQUIRE(expected.counts == std::vector<int64_t>{10000, 105000});
    for (const exk_update update : {EXK_UPDATE_MOVED, EXK_UPDATE_SORTED})
        for (const int threads : {1, 2, 3}) {
            How other{how.variant, threads, 24}; // which keeps nothing for each point that could take the harm
            other.update = update;
            INFO("update " << update << ", threads " << threads);
            CHECK(fit(points, 2, other, start.data()) == expected);
        }
}

TEST_CASE("sorted sums need no k x d for each thread, and a memory limit chooses them", "[lloyd][errors]") {
    const int64_t k = 300, d = 200, threads = 6;
    const Matrix points = uniform_points(400, d, 3);
    const exk_points view = points.points();
    How how{"assign_f32_fused__scalar", threads}; // no bounds that could be done without
    how.max_iter = 2;
    int64_t bytes[2];
    exk_result *result = nullptr;
    for (const bool sorted : {false, true}) {
        how.update = sorted ? EXK_UPDATE_SORTED : EXK_UPDATE_MOVED;
        exk_options *options = options_for(how);
        REQUIRE(exk_fit(&view, k, options, &result, nullptr) == EXK_OK);
        bytes[sorted] = exk_result_totals(result).scratch_bytes;
        exk_result_free(result);
        exk_options_free(options);
    }
    CHECK(bytes[0] - bytes[1] > (threads - 1) * k * d * 8);
    how.update = EXK_UPDATE_AUTO;
    exk_options *options = options_for(how);
    for (const int64_t limit : {int64_t{0}, bytes[0], bytes[0] - 1, bytes[1]}) {
        exk_options_set_max_memory(options, limit);
        REQUIRE(exk_fit(&view, k, options, &result, nullptr) == EXK_OK);
        const bool enough = limit == 0 || limit == bytes[0];
        CHECK(exk_result_plan(result).update == (enough ? EXK_UPDATE_MOVED : EXK_UPDATE_SORTED));
        exk_result_free(result);
    }
    exk_options_set_max_memory(options, bytes[1] - 1);
    exk_error error = {};
    CHECK(try_fit(view, k, options, &error) == EXK_ERR_MEMORY);
    exk_options_free(options);
    const int unknown = EXK_UPDATE_SORTED + 1;
    exk_plan plan = {};
    std::memcpy(&plan.update, &unknown, sizeof plan.update);
    options = options_for(how);
    exk_options_set_plan(options, &plan);
    CHECK(try_fit(view, k, options, &error) == EXK_ERR_ARGUMENT);
    exk_options_free(options);
}

TEST_CASE("copies of the packed centroids for groups of threads change nothing", "[lloyd][threads]") {
#ifdef EXAKT_SLOW_BUILD
    const int apart = 3; // a third of the plans, others with every variant
#else
    const int apart = 1;
#endif
    const Matrix points = uniform_points(700, 9, 31);
    int turn = 0;
    for (const std::string &variant : available_variants()) {
        const Outcome expected = fit(points, 70, {variant.c_str(), 1});
        for (const int threads : {1, 2, 5, 8})
            for (const int nodes : {1, 2, 3, 8, 100}) {
                if (turn++ % apart != 0)
                    continue;
                How how{variant.c_str(), threads, 24};
                how.nodes = nodes;
                INFO(variant << ", threads " << threads << ", nodes " << nodes);
                REQUIRE(fit(points, 70, how) == expected);
            }
    }
}

TEST_CASE("a memory limit does without copies for nodes", "[lloyd][errors]") {
    const Matrix points = uniform_points(400, 50, 3);
    const exk_points view = points.points();
    How how{"assign_f32_fused__scalar", 4};
    how.max_iter = 1;
    how.update = EXK_UPDATE_MOVED;
    how.nodes = 2;
    exk_options *options = options_for(how);
    exk_result *result = nullptr;
    REQUIRE(exk_fit(&view, 200, options, &result, nullptr) == EXK_OK);
    CHECK(exk_result_plan(result).nodes == 2);
    const int64_t bytes = exk_result_totals(result).scratch_bytes;
    exk_result_free(result);
    exk_options_set_max_memory(options, bytes - 1);
    REQUIRE(exk_fit(&view, 200, options, &result, nullptr) == EXK_OK);
    CHECK(exk_result_plan(result).nodes == 1);
    CHECK(bytes - exk_result_totals(result).scratch_bytes >= 200 * 50 * 4);
    exk_result_free(result);
    exk_options_free(options);
    how.nodes = -1;
    options = options_for(how);
    exk_error error = {};
    CHECK(try_fit(view, 2, options, &error) == EXK_ERR_ARGUMENT);
    exk_options_free(options);
}

TEST_CASE("the parts of an iteration are no longer than the whole", "[lloyd]") {
    const Matrix points = uniform_points(3000, 5, 12);
    exk_options *options = options_for({nullptr, 2});
    const exk_points view = points.points();
    exk_result *result = nullptr;
    REQUIRE(exk_fit(&view, 10, options, &result, nullptr) == EXK_OK);
    double sum = 0.0;
    for (int64_t i = 0; i < exk_result_iterations(result); i++) {
        const exk_iteration *it = exk_result_iteration(result, i);
        const exk_parts &p = it->parts;
        for (const double part : {p.prepare, p.assign, p.refine, p.update})
            CHECK(part > 0.0);
        CHECK(p.prepare + p.assign + p.refine + p.update <= it->seconds * (1.0 + 1e-9));
        sum += p.assign;
    }
    const exk_totals totals = exk_result_totals(result);
    CHECK(totals.scan_seconds > 0.0);
    CHECK(totals.parts.assign >= sum * (1.0 - 1e-9));
    CHECK(totals.parts.assign <= totals.iterate_seconds);
    exk_result_free(result);
    exk_options_free(options);
}

TEST_CASE("bad arguments are refused with a reason", "[lloyd][errors]") {
    Matrix points = uniform_points(20, 3, 1);
    exk_points view = points.points();
    exk_error error = {};
    CHECK(try_fit(view, 0, nullptr, &error) == EXK_ERR_ARGUMENT);
    CHECK(try_fit(view, 21, nullptr, &error) == EXK_ERR_ARGUMENT);
    CHECK(std::string(error.message).find("only 20 points") != std::string::npos);
    view.stride = 2;
    CHECK(try_fit(view, 2, nullptr, &error) == EXK_ERR_ARGUMENT);
    view = points.points();
    view.n = INT64_MAX / 2;
    CHECK(try_fit(view, 2, nullptr, &error) == EXK_ERR_ARGUMENT);
    view = points.points();
    view.d = 0;
    CHECK(try_fit(view, 2, nullptr, &error) == EXK_ERR_ARGUMENT);

    view = points.points();
    exk_options *options = options_for({"assign_f32_nonsense__scalar", 1});
    CHECK(try_fit(view, 2, options, &error) == EXK_ERR_VARIANT);
    exk_options_free(options);
    How how{nullptr, 1};
    how.n_init = 0;
    options = options_for(how);
    CHECK(try_fit(view, 2, options, &error) == EXK_ERR_ARGUMENT);
    exk_options_free(options);
    how = How{nullptr, 1};
    how.tol = NAN;
    options = options_for(how);
    CHECK(try_fit(view, 2, options, &error) == EXK_ERR_ARGUMENT);
    exk_options_free(options);

    points.row(7)[2] = NAN;
    CHECK(try_fit(view, 2, nullptr, &error) == EXK_ERR_NOT_FINITE);
    CHECK(error.row == 7);
    CHECK(error.column == 2);
    points.row(7)[2] = 0.0f;
    const float given[] = {0.0f, 0.0f, INFINITY};
    options = options_for({nullptr, 1});
    exk_options_set_centroids(options, given);
    CHECK(try_fit(view, 1, options, &error) == EXK_ERR_NOT_FINITE);
    exk_options_free(options);
}

TEST_CASE("a memory limit is refused up front with the number needed", "[lloyd][errors]") {
    const Matrix points = uniform_points(1000, 3, 1);
    const exk_points view = points.points();
    exk_options *options = options_for({nullptr, 2});
    exk_options_set_max_memory(options, 1000);
    exk_error error = {};
    CHECK(try_fit(view, 5, options, &error) == EXK_ERR_MEMORY);
    const long long needed = std::atoll(error.message);
    CHECK(needed > 1000);
    exk_options_set_max_memory(options, needed);
    CHECK(try_fit(view, 5, options, &error) == EXK_OK);
    exk_options_free(options);
}

TEST_CASE("memory beside the points does not grow with n*k", "[lloyd]") {
    for (const char *variant : {"assign_f32_tiled__scalar", "assign_f32_fused__scalar"}) {
        const Matrix points = uniform_points(20000, 4, 1);
        exk_options *options = options_for({variant, 2});
        exk_options_set_max_iter(options, 1);
        const exk_points view = points.points();
        exk_result *result = nullptr;
        REQUIRE(exk_fit(&view, 500, options, &result, nullptr) == EXK_OK);
        CHECK(exk_result_totals(result).scratch_bytes < 20000 * 24 + 2000000);
        exk_result_free(result);
        exk_options_free(options);
    }
}
