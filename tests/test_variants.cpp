// Every variant: the true argmin by the oracle, and the same bits as the scalar reference for every plan.
#include <cmath>
#include <cstdlib>
#include <map>

#include "tests/cases.hpp"
#include "tests/catch.hpp"
#include "tests/fit.hpp"
#include "tests/oracle.hpp"

#include "kernels/cpu.h"
#include "kernels/variant.h"

namespace {

std::vector<int32_t> true_labels(const Matrix &points, const float *centroids, int64_t k) {
    std::vector<int32_t> labels(points.rows);
    for (int64_t i = 0; i < points.rows; i++)
        labels[i] = oracle::nearest(points.row(i), centroids, k, points.columns);
    return labels;
}

} // namespace

TEST_CASE("labels are the true argmin by the oracle", "[variants][oracle]") {
    for (const char *kind : case_kinds) {
        const Matrix points = case_points(kind);
        for (const int64_t k : {int64_t{1}, int64_t{2}, int64_t{13}, points.rows}) {
            Matrix centroids(k, points.columns);
            for (int64_t j = 0; j < k; j++)
                std::copy(points.row(j * 7 % points.rows), points.row(j * 7 % points.rows) + points.columns,
                          centroids.row(j));
            const std::vector<int32_t> expected = true_labels(points, centroids.values.data(), k);
            for (const std::string &name : available_variants()) {
                INFO(kind << ", k = " << k << ", " << name);
                REQUIRE(assign(points, centroids, {name.c_str(), 2}).labels == expected);
            }
        }
    }
}

TEST_CASE("fits end on the true argmin of their own centroids", "[variants][oracle]") {
    for (const char *kind : case_kinds) {
        const Matrix points = case_points(kind);
        const int64_t k = 9;
        const Outcome o = fit(points, k, {"assign_f32_naive__scalar", 1});
        INFO(kind);
        CHECK(o.labels == true_labels(points, o.centroids.data(), k));
    }
}

TEST_CASE("every variant, plan and thread count gives the same bits", "[variants][threads]") {
    for (const char *kind : case_kinds) {
        const Matrix points = case_points(kind);
        for (const int64_t k : {int64_t{1}, int64_t{10}, int64_t{35}}) {
            const Outcome expected = fit(points, k, {"assign_f32_naive__scalar", 1});
            for (const std::string &name : available_variants()) {
                const How plans[] = {{name.c_str(), 1},
                                     {name.c_str(), 2, 1, 1, 1, 4096},
                                     {name.c_str(), 3, 7, 40, 9, 8192},
                                     {name.c_str(), 8, 48, 64, 16, 0}};
                for (const How &how : plans) {
                    INFO(kind << ", k = " << k << ", " << name << ", threads " << how.threads);
                    REQUIRE(fit(points, k, how) == expected);
                }
            }
        }
    }
}

TEST_CASE("points far larger than all centroids, and centroids far larger than all points", "[variants][oracle]") {
    for (const float point_size : {1e-30f, 1.0f, 1e18f, 1e37f})
        for (const float centroid_size : {1e-30f, 1.0f, 1e18f, 1e37f}) {
            Matrix points = uniform_points(40, 5, 31), centroids = uniform_points(9, 5, 32);
            for (float &v : points.values)
                v *= point_size;
            for (float &v : centroids.values)
                v *= centroid_size;
            const std::vector<int32_t> expected = true_labels(points, centroids.values.data(), centroids.rows);
            for (const std::string &name : available_variants()) {
                INFO(point_size << " and " << centroid_size << ", " << name);
                const Outcome o = assign(points, centroids, {name.c_str(), 2});
                REQUIRE(o.labels == expected);
                CHECK(o.ambiguous < 10); // the scale lets float32 see them all
            }
        }
}

TEST_CASE("near ties where rounding misleads the filter as far as it can", "[variants][oracle]") {
    // In float32, 1 plus many products just below 2^-24 is 1, and 1 + 2^-11 less as many of them is 1 + 2^-11: the
    // scores of the two centroids err by almost E each, in opposite directions. A last coordinate, 0 in the
    // points, moves the second centroid, in truth the nearer one at first, away. The mirrored point keeps the mean
    // at the origin, the zero opens the tile.
    const int64_t chain = 400, d = chain + 1;
    const float small = 0x1p-12f * (1.0f - 0x1p-9f);
    bool met[2] = {false, false};
    for (int step = 80; step <= 120; step++) {
        Matrix points(3, d), centroids(2, d);
        for (int64_t t = 0; t < chain; t++) {
            points.row(1)[t] = t == 0 ? 1.0f : small;
            points.row(2)[t] = -points.row(1)[t];
            centroids.row(0)[t] = t == 0 ? 1.0f + 0x1p-11f : -small;
            centroids.row(1)[t] = points.row(1)[t];
        }
        centroids.row(1)[chain] = static_cast<float>(step) * 0.01f * std::sqrt(4.0f * chain) * 0x1p-12f;
        const std::vector<int32_t> expected = true_labels(points, centroids.values.data(), 2);
        met[expected[1]] = true;
        for (const std::string &name : available_variants()) {
            INFO(name << ", step " << step);
            REQUIRE(assign(points, centroids, {name.c_str(), 1}).labels == expected);
        }
    }
    CHECK((met[0] && met[1]));
}

TEST_CASE("every small dimension and those around vector multiples agree", "[variants]") {
    std::vector<int64_t> dimensions;
    for (int64_t d = 1; d <= 33; d++)
        dimensions.push_back(d);
    for (const int64_t d : {63, 64, 65, 127, 128, 129, 300})
        dimensions.push_back(d);
    for (const int64_t d : dimensions) {
        const Matrix points = uniform_points(131, d, static_cast<uint32_t>(d));
        const Outcome expected = fit(points, 11, {"assign_f32_naive__scalar", 1});
        for (const std::string &name : available_variants()) {
            INFO("d = " << d << ", " << name);
            REQUIRE(fit(points, 11, {name.c_str(), 2}) == expected);
        }
    }
}

TEST_CASE("a strided view of points is the same points", "[variants]") {
    const Matrix points = uniform_points(77, 5, 21);
    Matrix padded(77, 9);
    for (float &v : padded.values)
        v = NAN; // padding must never be read
    for (int64_t i = 0; i < 77; i++)
        std::copy(points.row(i), points.row(i) + 5, padded.row(i));
    const exk_points view = {padded.values.data(), 77, 5, 9};
    for (const std::string &name : available_variants()) {
        exk_options *options = options_for({name.c_str(), 2});
        exk_result *result = nullptr;
        INFO(name);
        REQUIRE(exk_fit(&view, 6, options, &result, nullptr) == EXK_OK);
        CHECK(outcome_of(result) == fit(points, 6, {name.c_str(), 1}));
        exk_result_free(result);
        exk_options_free(options);
    }
}

TEST_CASE("EXAKT_ISA masks downwards and refuses what it does not know", "[variants]") {
    setenv("EXAKT_ISA", "scalar", 1);
    for (const std::string &name : available_variants())
        CHECK(name.find("__scalar") != std::string::npos);
    const exk_shape shape = {10, 2, 2};
    REQUIRE(exk_variant_auto(&shape) != nullptr);
    CHECK(std::string(exk_variant_auto(&shape)->name) == "assign_f32_fused__scalar");
    setenv("EXAKT_ISA", "sse9", 1);
    CHECK(available_variants().empty());
    const std::string unknown = exk_isa_obstacle("scalar");
    CHECK(unknown.find("unknown instruction set") != std::string::npos);
    for (size_t i = 0; exk_isa_name(i); i++)
        CHECK(unknown.find(" " + std::string(exk_isa_name(i))) != std::string::npos);
    unsetenv("EXAKT_ISA");
    CHECK_FALSE(available_variants().empty());
}

// A machine may hide the one and offer the other.
TEST_CASE("bytes on AMX do not need bfloat16", "[variants]") {
    const exk_variant *bytes = exk_variant_find("assign_i8_fused__amx");
    const exk_variant *halves = exk_variant_find("assign_bf16_fused__amxbf16");
    REQUIRE((bytes && halves));
    const bool runs = !exk_variant_obstacle(bytes);
    setenv("EXAKT_ISA", "amx", 1);
    CHECK(!exk_variant_obstacle(bytes) == runs);
    CHECK(exk_variant_obstacle(halves) != nullptr);
    unsetenv("EXAKT_ISA");
}

// Strategies of other numbers than float32 begin with their type.
static std::string name_of(const exk_variant *row) {
    const std::map<exk_numbers, std::string> types = {
        {EXK_F32, ""}, {EXK_F16, "f16_"}, {EXK_BF16, "bf16_"}, {EXK_I8, "i8_"}};
    const std::string type = types.at(row->numbers), strategy = row->strategy;
    CHECK(strategy.rfind(type, 0) == 0);
    return std::string("assign_") + (type.empty() ? "f32_" : "") + strategy + "__" + row->isa;
}

TEST_CASE("every row is complete", "[variants]") {
    REQUIRE(exk_variant_rows() > 0);
    for (int i = 0; i < exk_variant_rows(); i++) {
        const exk_variant *row = exk_variant_row(i);
        const std::string name = row->name;
        INFO(name);
        CHECK(name == name_of(row));
        CHECK(exk_variant_nr(row) > 0);
        CHECK(row->tunables[0].max > 0);
        if (const exk_kernel *kernel = exk_variant_kernel(row)) {
            CHECK(kernel->assign != nullptr);
            CHECK(kernel->scores != nullptr);
            CHECK(kernel->scratch_bytes != nullptr);
            CHECK(kernel->roundings != nullptr);
            CHECK(kernel->scratch_rule != nullptr);
        }
    }
    CHECK(exk_variant_row(-1) == nullptr);
    CHECK(exk_variant_row(exk_variant_rows()) == nullptr);
    CHECK(exk_variant_find("assign_f32_fused") == nullptr);
}
