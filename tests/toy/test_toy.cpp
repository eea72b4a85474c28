// A variant added as one file (toy.c) and one row (toy.inc) is known everywhere and exact like all others.
#include "tests/catch.hpp"

#include <cstring>
#include <vector>

#include "tests/fit.hpp"

#include "kernels/variant.h"

TEST_CASE("a variant is one file and one row", "[toy]") {
    const exk_variant *toy = exk_variant_find("assign_f32_toy__scalar");
    REQUIRE(toy != nullptr);
    REQUIRE(exk_variant_obstacle(toy) == nullptr);
    REQUIRE(exk_variant_kernel(toy) != nullptr);
    CHECK(std::string(toy->source) == "toy.c");

    const Matrix points = integer_points(500, 7, 4, 1);
    const Outcome expected = fit(points, 20, {"assign_f32_naive__scalar", 1});
    CHECK(fit(points, 20, {"assign_f32_toy__scalar", 2}) == expected);
    CHECK(expected.exactly_decided > 0);
}
