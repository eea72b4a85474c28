// Small helpers shared by the tests of libexakt: matrices, data, and one call that fits and keeps all that must
// agree.
#pragma once

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "tests/catch.hpp"

#include "exakt.h"

struct Matrix {
    int64_t rows = 0, columns = 0;
    std::vector<float> values;

    Matrix(int64_t n, int64_t d) : rows(n), columns(d), values(static_cast<size_t>(n * d)) {}
    float *row(int64_t i) {
        return values.data() + i * columns;
    }
    const float *row(int64_t i) const {
        return values.data() + i * columns;
    }
    exk_points points() const {
        return {values.data(), rows, columns, columns};
    }
};

// std::mt19937 is the same everywhere; the standard distributions are not.
inline Matrix integer_points(int64_t n, int64_t d, uint32_t side, uint32_t seed) {
    Matrix m(n, d);
    std::mt19937 random(seed);
    for (float &v : m.values)
        v = static_cast<float>(random() % side);
    return m;
}

inline Matrix uniform_points(int64_t n, int64_t d, uint32_t seed) {
    Matrix m(n, d);
    std::mt19937 random(seed);
    for (float &v : m.values)
        v = static_cast<float>(random() >> 8) * 0x1p-24f - 0.5f;
    return m;
}

// How a fit is carried out; every field but the first few keeps the library's default.
struct How {
    const char *variant = nullptr;
    int threads = 1;
    int64_t point_tile = 0, centroid_tile = 0, depth_tile = 0, matrix_bytes = 0;
    exk_init init = EXK_INIT_RANDOM;
    exk_empty empty = EXK_EMPTY_FARTHEST;
    int n_init = 1;
    int64_t max_iter = 300;
    double tol = 0.0;
    uint64_t seed = 1;
    exk_update update = EXK_UPDATE_AUTO;
    int nodes = 0;
    const char *skipping = nullptr;
    int64_t max_memory = 0;
};

// All that must be the same bits for every variant, plan and thread count; plus counters that need not be.
struct Outcome {
    std::vector<int32_t> labels;
    std::vector<float> centroids;
    std::vector<int64_t> counts;
    double inertia = 0.0;
    int64_t iterations = 0;
    bool converged = false;
    int64_t ambiguous = 0, exactly_decided = 0;

    bool operator==(const Outcome &other) const {
        return labels == other.labels && counts == other.counts && iterations == other.iterations &&
               converged == other.converged && centroids.size() == other.centroids.size() &&
               std::memcmp(&inertia, &other.inertia, sizeof inertia) == 0 &&
               std::memcmp(centroids.data(), other.centroids.data(), centroids.size() * sizeof(float)) == 0;
    }
};

inline std::ostream &operator<<(std::ostream &out, const Outcome &o) {
    return out << o.iterations << " iterations, inertia " << o.inertia;
}

inline exk_options *options_for(const How &how) {
    exk_options *options = nullptr;
    REQUIRE(exk_options_create(&options) == EXK_OK);
    exk_plan plan = {};
    plan.variant = how.variant;
    plan.threads = how.threads;
    plan.point_tile = how.point_tile;
    plan.centroid_tile = how.centroid_tile;
    plan.depth_tile = how.depth_tile;
    plan.matrix_bytes = how.matrix_bytes;
    plan.update = how.update;
    plan.nodes = how.nodes;
    plan.skipping = how.skipping;
    exk_options_set_plan(options, &plan);
    exk_options_set_init(options, how.init);
    exk_options_set_empty(options, how.empty);
    exk_options_set_n_init(options, how.n_init);
    exk_options_set_max_iter(options, how.max_iter);
    exk_options_set_tol(options, how.tol);
    exk_options_set_seed(options, how.seed);
    exk_options_set_max_memory(options, how.max_memory);
    return options;
}

inline Outcome outcome_of(const exk_result *result) {
    Outcome o;
    const int64_t n = exk_result_n(result), d = exk_result_d(result), k = exk_result_k(result);
    o.labels.assign(exk_result_labels(result), exk_result_labels(result) + n);
    o.centroids.assign(exk_result_centroids(result), exk_result_centroids(result) + k * d);
    o.counts.assign(exk_result_counts(result), exk_result_counts(result) + k);
    o.inertia = exk_result_inertia(result);
    o.iterations = exk_result_iterations(result);
    o.converged = exk_result_converged(result);
    const exk_totals totals = exk_result_totals(result);
    o.ambiguous = totals.ambiguous_points;
    o.exactly_decided = totals.exactly_decided_points;
    return o;
}

inline Outcome fit(const Matrix &points, int64_t k, const How &how, const float *given = nullptr) {
    exk_options *options = options_for(how);
    if (given)
        exk_options_set_centroids(options, given);
    const exk_points view = points.points();
    exk_result *result = nullptr;
    exk_error error = {};
    const exk_status status = exk_fit(&view, k, options, &result, &error);
    INFO(error.message);
    REQUIRE(status == EXK_OK);
    Outcome o = outcome_of(result);
    exk_result_free(result);
    exk_options_free(options);
    return o;
}

inline Outcome assign(const Matrix &points, const Matrix &centroids, const How &how) {
    exk_options *options = options_for(how);
    const exk_points view = points.points();
    exk_result *result = nullptr;
    exk_error error = {};
    const exk_status status = exk_assign(&view, centroids.values.data(), centroids.rows, options, &result, &error);
    INFO(error.message);
    REQUIRE(status == EXK_OK);
    Outcome o = outcome_of(result);
    exk_result_free(result);
    exk_options_free(options);
    return o;
}

inline std::vector<std::string> available_variants() {
    std::vector<std::string> names;
    for (int i = 0; i < exk_variant_count(); i++) {
        exk_variant_info info;
        REQUIRE(exk_variant_at(i, &info) == EXK_OK);
        if (info.available)
            names.push_back(info.name);
    }
    return names;
}
