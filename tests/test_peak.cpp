/* The loops that others time: they do all the work that they are credited with. */
#include "kernels/cpu.h"
#include "kernels/peak.h"
#include "tests/catch.hpp"

#include <cmath>
#include <csignal>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

// The loops of every ISA that can run here.
template <typename Check> void for_each_isa(Check check) {
    for (size_t i = 0; exk_isa_name(i); i++) {
        const std::string isa = exk_isa_name(i);
        if (exk_isa_obstacle(isa.c_str()) || exk_isa_base(isa.c_str()) != isa)
            continue;
        INFO(isa);
        const exk_peak *peak = exk_peak_for(isa.c_str());
        REQUIRE(peak != nullptr);
        check(*peak, exk_isa_lanes(isa.c_str()));
    }
}

// Whether a child that does this is killed by a fault.
template <typename Action> bool dies(Action action) {
    const pid_t child = fork();
    if (child == 0) {
        const rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGSEGV, SIG_DFL);
        action();
        _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

} // namespace

TEST_CASE("every chain of every round is computed", "[peak]") {
    for_each_isa([](const exk_peak &peak, int lanes) {
        CHECK(peak.flops % (4 * lanes) == 0);
        const double chains = static_cast<double>(peak.flops) / 4;
        for (const auto multiply_add : {peak.multiply_add, peak.multiply_add_fed}) {
            const double none = multiply_add(0);
            CHECK(none == Approx(chains).epsilon(0.05));
            CHECK(multiply_add(1) - none == Approx(1e-4 * chains).epsilon(0.05));
            CHECK(multiply_add(1000) - none == Approx(0.1 * chains).epsilon(0.01));
            CHECK(multiply_add(2001) - none == Approx(0.2001 * chains).epsilon(0.01));
            CHECK(std::isfinite(multiply_add(100000)));
        }
    });
}

TEST_CASE("every float is read, and none beyond", "[peak]") {
    for_each_isa([](const exk_peak &peak, int lanes) {
        for (int64_t count = 0; count < 40 * lanes; count++) {
            // A vector of just this size: a sanitizer sees a load beyond it.
            std::vector<float> x(static_cast<size_t>(count), 1.0F);
            INFO(count << " floats");
            REQUIRE(peak.sum(x.data(), count) == static_cast<float>(count));
            peak.load(x.data(), count, 2);
        }
    });
}

TEST_CASE("each float counts once, whatever its place", "[peak]") {
    for_each_isa([](const exk_peak &peak, int lanes) {
        const int64_t count = 25 * lanes + 1;
        std::vector<float> x(static_cast<size_t>(count), 0.0F);
        for (float &v : x) {
            v = 1.0F;
            REQUIRE(peak.sum(x.data(), count) == 1.0F);
            v = 0.0F;
        }
    });
}

TEST_CASE("the compiler cannot leave loads out", "[peak]") {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const int64_t floats = static_cast<int64_t>(page / sizeof(float));
    float *pages = static_cast<float *>(mmap(nullptr, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REQUIRE(pages != MAP_FAILED);
    REQUIRE(mprotect(pages + floats, page, PROT_READ) == 0);
    float *readable = pages + floats;
    for_each_isa([&](const exk_peak &peak, int) {
        CHECK_FALSE(dies([&] { peak.load(readable, floats, 2); }));
        CHECK_FALSE(dies([&] { peak.load(readable + 1, floats - 1, 1); }));
        CHECK_FALSE(dies([&] { peak.load(readable - 1, 1, 0); }));
        CHECK(dies([&] { peak.load(readable + 1, floats, 1); }));
        CHECK(dies([&] { peak.load(readable - 1, floats, 1); }));
        CHECK(dies([&] { peak.load(readable - 1, 1, 1); }));
    });
    munmap(pages, 3 * page);
}

TEST_CASE("there are no loops for an unknown instruction set", "[peak]") {
    CHECK(exk_peak_for("sse9") == nullptr);
    CHECK(exk_peak_for("scalar") != nullptr);
}
