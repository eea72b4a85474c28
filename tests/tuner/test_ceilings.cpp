/* Measuring ceilings: what is asked for is measured or refused. How fast it is, no test says. */
#include "kernels/cpu.h"
#include "tests/catch.hpp"
#include "tuner/ceilings.h"

#include <cmath>
#include <string>

namespace {

constexpr double blink = 0.002;

struct area {
    exk_ceiling_area *handle = nullptr;
    exk_error error = {};
    exk_status status;
    area(int threads, int64_t bytes) : status(exk_ceiling_area_create(nullptr, threads, bytes, &handle, &error)) {}
    area(const area &) = delete;
    area &operator=(const area &) = delete;
    ~area() {
        exk_ceiling_area_free(handle);
    }
};

} // namespace

TEST_CASE("multiply-adds have a rate on every usable instruction set", "[ceilings][threads]") {
    for (size_t i = 0; exk_isa_name(i); i++) {
        const char *isa = exk_isa_name(i);
        if (exk_isa_base(isa) != std::string(isa)) // its floats are those of another one
            continue;
        for (int threads : {1, 2, 3}) {
            INFO(isa << ", " << threads << " threads");
            for (const auto flops : {exk_ceiling_flops, exk_ceiling_fed_flops}) {
                exk_error error = {};
                double rate = -1;
                const exk_status status = flops(nullptr, isa, threads, blink, &rate, &error);
                if (exk_isa_obstacle(isa)) {
                    CHECK(status == EXK_ERR_VARIANT);
                    CHECK(std::string(error.message).find(isa) == 0);
                    CHECK(rate == -1);
                } else {
                    CHECK(status == EXK_OK);
                    CHECK(std::isfinite(rate));
                    CHECK(rate > 0);
                }
            }
        }
    }
}

TEST_CASE("threads are bound as a topology says", "[ceilings][threads]") {
    exk_topology topology;
    REQUIRE(exk_topology_load(&topology, nullptr) == EXK_OK);
    double rate = -1;
    CHECK(exk_ceiling_flops(&topology, "scalar", 2, blink, &rate, nullptr) == EXK_OK);
    CHECK(rate > 0);
    exk_topology_unbind(&topology);
    exk_topology_free(&topology);
}

TEST_CASE("reading has a rate for every working set of an area", "[ceilings][threads]") {
    for (int threads : {1, 3}) {
        area a(threads, 3 << 20);
        REQUIRE(a.status == EXK_OK);
        for (int64_t bytes : {int64_t{EXK_CEILING_BYTES_LEAST}, int64_t{24 << 10}, int64_t{EXK_CEILING_SLICE} + 1,
                              int64_t{1 << 20}, int64_t{3 << 20}}) {
            double rate = -1;
            INFO(bytes << " bytes, " << threads << " threads");
            CHECK(exk_ceiling_read(a.handle, bytes, blink, &rate, nullptr) == EXK_OK);
            CHECK(std::isfinite(rate));
            CHECK(rate > 0);
        }
    }
}

TEST_CASE("what cannot be measured is refused", "[ceilings]") {
    exk_error error = {};
    double rate = -1;
    CHECK(exk_ceiling_flops(nullptr, "scalar", 0, blink, &rate, &error) == EXK_ERR_ARGUMENT);
    CHECK(exk_ceiling_flops(nullptr, "scalar", 1, 0, &rate, &error) == EXK_ERR_ARGUMENT);
    CHECK(exk_ceiling_flops(nullptr, "scalar", 1, NAN, &rate, &error) == EXK_ERR_ARGUMENT);
    CHECK(exk_ceiling_flops(nullptr, "scalar", 1, INFINITY, &rate, &error) == EXK_ERR_ARGUMENT);
    CHECK(exk_ceiling_flops(nullptr, "sse9", 1, blink, &rate, &error) == EXK_ERR_VARIANT);
    CHECK(area(0, 1 << 20).status == EXK_ERR_ARGUMENT);
    CHECK(area(1, EXK_CEILING_BYTES_LEAST - 1).status == EXK_ERR_ARGUMENT);
    CHECK(area(2, INT64_MAX).status == EXK_ERR_MEMORY);
    CHECK(area(2, INT64_MAX / 2).status == EXK_ERR_MEMORY);
    area small(1, 1 << 20);
    REQUIRE(small.status == EXK_OK);
    CHECK(exk_ceiling_read(small.handle, EXK_CEILING_BYTES_LEAST - 1, blink, &rate, &error) == EXK_ERR_ARGUMENT);
    CHECK(exk_ceiling_read(small.handle, 64 << 20, blink, &rate, &error) == EXK_ERR_ARGUMENT);
    CHECK(exk_ceiling_read(small.handle, 1 << 20, -1, &rate, &error) == EXK_ERR_ARGUMENT);
    CHECK(rate == -1);
}
