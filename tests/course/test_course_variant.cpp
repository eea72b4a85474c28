// The variant that the course asks for, written as its solution has it, gives the bits of all others.
#include "tests/fit.hpp"

#include "kernels/variant.h"

TEST_CASE("the variant of the course is exact", "[course]") {
    const char *const name = "assign_f32_course__scalar";
    const exk_variant *variant = exk_variant_find(name);
    REQUIRE(variant != nullptr);
    REQUIRE(exk_variant_kernel(variant) != nullptr);
    const Matrix ties = integer_points(500, 7, 4, 1), points = uniform_points(400, 33, 2);
    CHECK(fit(ties, 20, {name, 2}) == fit(ties, 20, {"assign_f32_naive__scalar", 1}));
    CHECK(fit(points, 50, {name, 2}) == fit(points, 50, {"assign_f32_naive__scalar", 1}));
}
