// What `exakt verify --quick` does, where an emulator makes that slow: every quick case is solved by every variant
// of the emulated instruction sets, but with one of the quick setups instead of all. They come in turn.
#include "tests/catch.hpp"

#include <string>
#include <vector>

extern "C" {
#include "harness/verify_run.h"
}

namespace {

std::vector<const exk_variant *> emulated_variants() {
    std::vector<const exk_variant *> variants;
    for (int i = 0; i < exk_variant_rows(); i++) {
        const exk_variant *variant = exk_variant_row(i);
        if (std::string(variant->isa) != "scalar" && !exk_variant_obstacle(variant))
            variants.push_back(variant);
    }
    return variants;
}

std::vector<const verify_setup *> quick_setups() {
    std::vector<const verify_setup *> setups;
    for (const verify_setup &setup : verify_setups)
        if (setup.quick)
            setups.push_back(&setup);
    return setups;
}

bool is_for(const exk_variant *variant, const verify_problem &p) {
    const exk_shape shape = {p.points.n, p.points.d, p.k};
    return exk_variant_fits(variant, &shape) &&
           (p.kind == VERIFY_KERNEL || p.points.stride <= variant->limits.d_max);
}

} // namespace

TEST_CASE("every variant solves every quick case of verify", "[verify]") {
    const auto variants = emulated_variants();
    const auto setups = quick_setups();
    if (variants.empty()) {
        WARN("skipped: no instruction set of this CPU has variants");
        return;
    }
    size_t turn = 0;
    for (int number = 1; number <= verify_case_count(); number++) {
        if (!verify_case_is_quick(number))
            continue;
        verify_problem p = {};
        verify_standard standard = {};
        char why[VERIFY_WHY] = "";
        REQUIRE(verify_case_build(number, 0, &p) == EXK_OK);
        INFO("case " << number << " (" << p.name << ")");
        REQUIRE(verify_standard_create(&p, &standard, why, sizeof why));
        CHECK((standard.truth || standard.reference.accepted));
        // One more from case to case, so that every variant meets every setup in every sweep.
        turn++;
        for (size_t i = 0; i < variants.size(); i++) {
            const verify_setup *setup = setups[(turn + i) % setups.size()];
            if (!is_for(variants[i], p))
                continue;
            const verify_verdict verdict = verify_run(&p, &standard, variants[i], setup);
            INFO(variants[i]->name << ", " << setup->plan.threads << " threads, " << setup->name
                                   << " tiles: " << verdict.why);
            CHECK(verdict.passed);
        }
        verify_standard_free(&standard);
        verify_problem_free(&p);
    }
}
