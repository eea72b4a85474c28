// Whole fits with variants that skip: every iteration as naive makes it, to the bit, and yet much is skipped.
#include <omp.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <set>
#include <thread>

#include "tests/cases.hpp"
#include "tests/catch.hpp"
#include "tests/fit.hpp"

#include "kernels/variant.h"

namespace {

// The clock decides who makes the next pass of auto. Here it is the true one, or one by which passes take a
// microsecond for each reading by a thread and probes, which are made between them, next to nothing, or one whose
// readings are some time between a nanosecond and a millisecond apart.
enum class Clock { real, hopeful, random };

std::atomic<Clock> clock_in_use{Clock::real};
std::atomic<uint64_t> readings{0}, nanoseconds{0};

struct ClockFor {
    explicit ClockFor(Clock clock, uint64_t seed = 0) {
        readings = seed << 32;
        clock_in_use = clock;
    }
    ~ClockFor() {
        clock_in_use = Clock::real;
    }
};

uint64_t next_step() {
    if (clock_in_use == Clock::hopeful)
        return omp_get_level() > 0 ? 1000 : 1;
    uint64_t hash = (++readings + 1) * 0x9e3779b97f4a7c15u;
    hash = (hash ^ hash >> 31) * 0xbf58476d1ce4e5b9u;
    return uint64_t{1} << (hash >> 32) % 20;
}

} // namespace

// In place of the C library's.
extern "C" int clock_gettime(clockid_t clock, struct timespec *now) noexcept {
    if (clock_in_use == Clock::real)
        return static_cast<int>(syscall(SYS_clock_gettime, clock, now));
    const uint64_t at = nanoseconds += next_step();
    now->tv_sec = static_cast<time_t>(at / 1000000000);
    now->tv_nsec = static_cast<long>(at % 1000000000);
    return 0;
}

namespace {

// How passes are made: by one variant, or by one that another takes over from.
struct Way {
    std::string variant, skipping;

    How how(const How &base) const {
        How how = base;
        how.variant = variant.c_str();
        how.skipping = skipping.empty() ? nullptr : skipping.c_str();
        return how;
    }
};

std::ostream &operator<<(std::ostream &out, const Way &way) {
    return out << way.variant << (way.skipping.empty() ? "" : " then " + way.skipping);
}

std::vector<std::string> skipping_variants() {
    std::vector<std::string> names;
    for (const std::string &name : available_variants())
        if (exk_variant_kernel(exk_variant_find(name.c_str()))->survivors)
            names.push_back(name);
    return names;
}

// Those that keep the points' bytes, but skip nothing.
std::vector<std::string> keeping_variants() {
    std::vector<std::string> names;
    for (const std::string &name : available_variants())
        if (name.find("_i8_kept__") != std::string::npos || name.find("_i8_projected__") != std::string::npos)
            names.push_back(name);
    return names;
}

std::string named(const std::string &strategy, const std::string &isa) {
    return "assign_f32_" + strategy + "__" + isa;
}

// All that skip or keep something of each point, from the first pass on; the automatic choice; and those that are
// asked to let another take over.
std::vector<Way> ways() {
    std::vector<Way> all;
    for (const std::string &name : skipping_variants())
        all.push_back({name, ""});
    for (const std::string &name : keeping_variants()) {
        all.push_back({name, ""});
        all.push_back({name, named("fused_hamerly", "scalar")});
    }
    all.push_back({"auto", ""});
    const char *const strategies[] = {"fused_hamerly", "fused_yinyang", "fused_elkan"};
    for (const char *from : strategies)
        for (const char *to : strategies)
            if (from != to)
                all.push_back({named(from, "scalar"), named(to, "scalar")});
    return all;
}

// A fit and its iterations.
struct Course {
    exk_status status = EXK_OK;
    std::string message;
    Outcome outcome;
    std::vector<exk_iteration> trace;
    exk_totals totals = {};
    std::string skipping; // of the plan that was carried out

    bool operator==(const Course &other) const {
        if (status != other.status || !(outcome == other.outcome) || trace.size() != other.trace.size())
            return false;
        for (size_t i = 0; i < trace.size(); i++)
            if (trace[i].moved != other.trace[i].moved ||
                std::memcmp(&trace[i].inertia, &other.trace[i].inertia, sizeof(double)) != 0 ||
                std::memcmp(&trace[i].shift, &other.trace[i].shift, sizeof(double)) != 0)
                return false;
        return true;
    }
    int64_t evaluations() const {
        int64_t sum = 0;
        for (const exk_iteration &iteration : trace)
            sum += iteration.distance_evaluations;
        return sum;
    }
};

std::ostream &operator<<(std::ostream &out, const Course &course) {
    return out << course.outcome << ", trace of " << course.trace.size() << ", status " << course.status;
}

Course finish(const exk_points &points, int64_t k, exk_options *options) {
    Course course;
    exk_result *result = nullptr;
    exk_error error = {};
    course.status = exk_fit(&points, k, options, &result, &error);
    course.message = error.message;
    if (result) {
        course.outcome = outcome_of(result);
        for (int64_t i = 0; exk_result_iteration(result, i); i++)
            course.trace.push_back(*exk_result_iteration(result, i));
        course.totals = exk_result_totals(result);
        const exk_plan plan = exk_result_plan(result);
        course.skipping = plan.skipping ? plan.skipping : "";
    }
    exk_result_free(result);
    exk_options_free(options);
    return course;
}

Course course_of(const exk_points &points, int64_t k, const How &how, const float *given = nullptr) {
    exk_options *options = options_for(how);
    if (given)
        exk_options_set_centroids(options, given);
    return finish(points, k, options);
}

#ifdef EXAKT_SLOW_BUILD
constexpr size_t apart = 3;
#else
constexpr size_t apart = 1;
#endif

// All ways go naive's; in a slow build a third of them, another at every call.
void check_ways(const exk_points &points, int64_t k, const How &how, const float *given = nullptr) {
    How naive = how;
    naive.variant = "assign_f32_naive__scalar";
    const Course expected = course_of(points, k, naive, given);
    REQUIRE(expected.status == EXK_OK);
    static size_t call = 0;
    const std::vector<Way> all = ways();
    const size_t first = (call + call / apart) % apart; // not in step with a caller's loop of three
    call++;
    for (size_t i = first; i < all.size(); i += apart) {
        const Way &way = all[i];
        INFO(way << ", k = " << k << ", threads " << how.threads << ", at most " << how.max_iter);
        const Course course = course_of(points, k, way.how(how), given);
        INFO(course.message);
        REQUIRE(course == expected);
    }
}

// Blobs so near to each other that some points change their cluster many times.
Matrix blobs(int64_t n, int64_t d, int64_t count, float spread, uint32_t seed) {
    const Matrix centre = uniform_points(count, d, seed), noise = uniform_points(n, d, seed + 1),
                 more = uniform_points(n, d, seed + 2);
    Matrix points(n, d);
    for (int64_t i = 0; i < n; i++)
        for (int64_t t = 0; t < d; t++)
            points.row(i)[t] = centre.row(i * 7 % count)[t] + spread * (noise.row(i)[t] + more.row(i)[t]);
    return points;
}

void scale(Matrix &m, float factor) {
    for (float &v : m.values)
        v *= factor;
}

Matrix first_rows(const Matrix &points, int64_t k) {
    Matrix centroids(k, points.columns);
    std::copy(points.values.begin(), points.values.begin() + k * points.columns, centroids.values.begin());
    return centroids;
}

} // namespace

TEST_CASE("skipping variants agree with naive after every iteration", "[skipping]") {
    const struct {
        int64_t n, d, k, blobs;
        float spread;
    } shapes[] = {{400, 2, 12, 9, 0.3f}, {500, 20, 80, 40, 0.9f}};
    for (const auto &shape : shapes) {
        const Matrix points = blobs(shape.n, shape.d, shape.blobs, shape.spread, 11);
        const Course whole = course_of(points.points(), shape.k, {"assign_f32_naive__scalar", 1});
        CHECK(whole.trace.size() > 5);
        for (int64_t most = 1; most <= static_cast<int64_t>(whole.trace.size()); most++) {
            How how;
            how.max_iter = most;
            check_ways(points.points(), shape.k, how);
        }
    }
}

TEST_CASE("long runs, in which drift adds up", "[skipping]") {
    for (const int64_t d : {1, 2, 6}) {
        const Matrix points = uniform_points(1500, d, 5);
        How how;
        how.init = EXK_INIT_FIRST;
        check_ways(points.points(), d < 6 ? 40 : 120, how);
    }
}

TEST_CASE("adversarial points, with clusters that become empty", "[skipping]") {
    for (const char *kind : case_kinds) {
        const Matrix points = case_points(kind);
        for (const int64_t k : {int64_t{1}, int64_t{10}, int64_t{35}, points.rows})
            for (const exk_empty empty : {EXK_EMPTY_FARTHEST, EXK_EMPTY_KEEP, EXK_EMPTY_SPLIT}) {
                if (k == points.rows && empty != EXK_EMPTY_FARTHEST)
                    continue;
                How how;
                how.init = EXK_INIT_FIRST;
                how.empty = empty;
                how.max_iter = 40;
                INFO(kind << ", policy " << empty);
                check_ways(points.points(), k, how);
            }
    }
}

TEST_CASE("duplicates of centroids part ways later", "[skipping]") {
    // Several copies of a few centroids; the copies get no points, and the policy sends them far away.
    for (const int64_t d : {3, 20})
        for (const exk_empty empty : {EXK_EMPTY_FARTHEST, EXK_EMPTY_KEEP, EXK_EMPTY_SPLIT})
            for (const int64_t copies : {2, 5}) {
                const Matrix points = blobs(500, d, 25, 0.5f, 21);
                Matrix centroids = first_rows(points, 80);
                for (int64_t j = 0; j < 80; j++)
                    std::copy(points.row(j / copies), points.row(j / copies) + d, centroids.row(j * 27 % 80));
                How how;
                how.empty = empty;
                INFO("d = " << d << ", policy " << empty << ", copies " << copies);
                check_ways(points.points(), 80, how, centroids.values.data());
            }
}

TEST_CASE("centroids that jump far, some beyond all numbers", "[skipping]") {
    const Matrix points = blobs(400, 20, 60, 0.6f, 31);
    for (const float far : {30.0f, 1e6f, 1e18f, 3e38f})
        for (const exk_empty empty : {EXK_EMPTY_FARTHEST, EXK_EMPTY_KEEP, EXK_EMPTY_SPLIT}) {
            Matrix centroids = first_rows(points, 70);
            for (int64_t j = 3; j < 70; j += 9)
                for (int64_t t = 0; t < 20; t++)
                    centroids.row(j)[t] = t % 2 ? far : -far;
            How how;
            how.empty = empty;
            INFO(far << ", policy " << empty);
            check_ways(points.points(), 70, how, centroids.values.data());
        }
}

TEST_CASE("a run leaves nothing behind for the next one", "[skipping]") {
    const Matrix points = blobs(500, 6, 20, 0.6f, 41);
    for (const exk_init init : {EXK_INIT_KMEANSPP, EXK_INIT_RANDOM}) {
        How how;
        how.init = init;
        how.n_init = 4;
        for (const uint64_t seed : {1, 2, 3}) {
            how.seed = seed;
            check_ways(points.points(), seed == 1 ? 120 : 33, how);
        }
    }
}

TEST_CASE("skipping with threads, tiles and nodes of any kind", "[skipping][threads]") {
    const Matrix points = blobs(700, 9, 30, 0.5f, 51);
    const How plans[] = {
        {nullptr, 2, 1, 1, 1}, {nullptr, 3, 7, 40, 9}, {nullptr, 8, 48, 64, 16}, {nullptr, 1, 5000, 5000, 5000}};
    for (How how : plans)
        for (const exk_update update : {EXK_UPDATE_MOVED, EXK_UPDATE_SORTED}) {
            how.update = update;
            how.nodes = how.threads;
            check_ways(points.points(), 100, how);
        }
}

TEST_CASE("skipping wherever the points lie and however large they are", "[skipping]") {
    const Matrix plain = blobs(400, 7, 20, 0.4f, 61);
    for (const float factor : {1e-37f, 1e-30f, 1e-20f, 1e-12f, 1e15f, 1e30f}) {
        Matrix points = plain;
        scale(points, factor);
        INFO("times " << factor);
        check_ways(points.points(), 110, {});
    }
    for (const float offset : {3.0f, 1000.0f, 1e6f}) {
        Matrix points = plain;
        for (float &v : points.values)
            v += offset;
        INFO("plus " << offset);
        check_ways(points.points(), 110, {});
    }
    Matrix padded(plain.rows, 12);
    for (float &v : padded.values)
        v = NAN; // padding must never be read
    for (int64_t i = 0; i < plain.rows; i++)
        std::copy(plain.row(i), plain.row(i) + 7, padded.row(i));
    check_ways({padded.values.data(), plain.rows, 7, 12}, 110, {});
}

TEST_CASE("ties stay ties while bounds are kept", "[skipping]") {
    // On integer lattices centroids are often exactly as near as the label.
    for (const int64_t d : {1, 2, 3, 18})
        for (const uint32_t side : {2u, 4u, 9u}) {
            const Matrix points = integer_points(500, d, side, side);
            How how;
            how.init = EXK_INIT_FIRST;
            INFO("d = " << d << ", side " << side);
            for (const int64_t k : {20, 80})
                check_ways(points.points(), k, how);
        }
}

TEST_CASE("most of the work is skipped where blobs settle", "[skipping]") {
    const Matrix points = blobs(2000, 24, 60, 0.3f, 71);
    const int64_t n = 2000, k = 60;
    How how;
    const int64_t ambiguous = course_of(points.points(), k, {"assign_f32_naive__scalar", 1}).outcome.ambiguous;
    for (const std::string &name : skipping_variants()) {
        how.variant = name.c_str();
        const Course course = course_of(points.points(), k, how);
        const auto iterations = static_cast<int64_t>(course.trace.size());
        INFO(name << ", " << iterations << " iterations, " << course.evaluations() << " evaluations");
        REQUIRE(iterations > 4);
        CHECK(course.trace.front().survivors == n);
        CHECK(course.trace.front().distance_evaluations >= n * k);
        CHECK(course.trace.back().survivors < n / 2);
        CHECK(course.trace.back().distance_evaluations < n * k / 5);
        CHECK(course.evaluations() < n * k * iterations * 2 / 3);
        CHECK(course.outcome.ambiguous <= ambiguous + n / 100);
        for (const exk_iteration &iteration : course.trace)
            CHECK(iteration.variant == name);
    }
}

TEST_CASE("bounds of groups and of centroids spare more than one bound a point", "[skipping]") {
    const Matrix points = blobs(2000, 24, 60, 0.9f, 73);
    const auto evaluations = [&](const char *strategy) {
        return course_of(points.points(), 60, {named(strategy, "scalar").c_str(), 1}).evaluations();
    };
    const int64_t hamerly = evaluations("fused_hamerly"), yinyang = evaluations("fused_yinyang"),
                  elkan = evaluations("fused_elkan");
    INFO(hamerly << ", " << yinyang << ", " << elkan);
    CHECK(yinyang < hamerly);
    CHECK(elkan < yinyang);
}

TEST_CASE("data of moderate size and place is skipped, too", "[skipping]") {
    for (const float factor : {1e-3f, 1.0f, 1e6f})
        for (const float offset : {0.0f, 100.0f}) {
            Matrix points = blobs(1000, 8, 30, 0.2f, 81);
            for (float &v : points.values)
                v = (v + offset) * factor;
            for (const std::string &name : skipping_variants()) {
                const Course course = course_of(points.points(), 30, {name.c_str(), 1});
                INFO(name << ", times " << factor << ", plus " << offset);
                CHECK(course.trace.back().survivors < 500);
            }
        }
}

// Pairs of clusters a thousandth apart, far from the mean: their scores prove nothing, their distances all.
// Clusters elsewhere are still on the move, and some of them came from far away.
TEST_CASE("what was in doubt once is skipped", "[skipping]") {
    const int64_t pairs = 1024, k = 128;
    Matrix still = blobs(pairs, 4, 32, 0.0f, 97), moving = blobs(1024, 4, 40, 0.9f, 98), points(2048, 4);
    for (int64_t i = 0; i < 1024; i++)
        for (int64_t t = 0; t < 4; t++) {
            points.row(i)[t] =
                100.0f + 16.0f * still.row(i)[t] + (t == 0 ? 1e-3f * static_cast<float>(i / 32 % 2) : 0.0f);
            points.row(1024 + i)[t] = 16.0f * moving.row(i)[t] - 100.0f;
        }
    Matrix centroids(k, 4);
    for (int64_t j = 0; j < 64; j++) {
        std::copy(points.row(j), points.row(j) + 4, centroids.row(j));
        std::copy(points.row(1024 + j), points.row(1024 + j) + 4, centroids.row(64 + j));
    }
    centroids.row(k - 1)[0] = -1e5f;
    How how;
    const Course expected = course_of(points.points(), k, how, centroids.values.data());
    for (const std::string &name : skipping_variants()) {
        how.variant = name.c_str();
        const Course course = course_of(points.points(), k, how, centroids.values.data());
        INFO(name << ", " << course.trace.size() << " iterations");
        CHECK(course == expected);
        REQUIRE(course.trace.size() > 6);
        CHECK(course.trace.front().ambiguous_points > 1000);
        UNSCOPED_INFO("doubts at last: " << course.trace.back().ambiguous_points);
        if (name.find("yinyang") != std::string::npos) {
            CHECK(course.trace.back().ambiguous_points < 100);
            CHECK(course.trace.back().survivors < 500);
        }
    }
}

TEST_CASE("auto begins plainly and then skips", "[skipping][auto]") {
    const Matrix low = blobs(1000, 4, 30, 0.3f, 91), high = blobs(1000, 30, 60, 0.9f, 92);
    const struct {
        const Matrix *points;
        int64_t k;
        std::string strategy;
    } cases[] = {{&low, 60, "fused_hamerly"}, {&high, 20, "fused_hamerly"}, {&high, 70, "fused_yinyang"}};
    for (const auto &c : cases) {
        const int64_t n = c.points->rows;
        const exk_shape shape = {n, c.points->columns, c.k};
        const std::string plain = exk_variant_auto(&shape)->name;
        const std::string skipping = named(c.strategy, exk_variant_auto(&shape)->isa);
        const auto timed = [&](const How &how) {
            const ClockFor clock(Clock::hopeful);
            return course_of(c.points->points(), c.k, how);
        };
        const Course course = timed({nullptr, 1});
        INFO(c.strategy);
        REQUIRE(course.trace.size() > 7);
        CHECK(course.skipping == skipping);
        CHECK(course.trace[0].variant == plain);
        // Its first pass finds the bounds, the next one has them.
        CHECK(course.trace[1].variant == skipping);
        CHECK(course.trace[1].survivors == n);
        CHECK(course.trace[2].variant == skipping);
        CHECK(course.trace[2].survivors < n);
        How none;
        none.skipping = "none";
        const Course plainly = timed(none);
        CHECK(plainly == course);
        CHECK(plainly.skipping.empty());
        for (const exk_iteration &iteration : plainly.trace)
            CHECK((iteration.survivors == n && iteration.variant == plain));
        // Bounds that no pass is left to use are not looked for.
        for (const int64_t most : {3, 4}) {
            How brief;
            brief.max_iter = most;
            CHECK(timed(brief).trace[1].variant == (most < 4 ? plain : skipping));
        }
    }
}

// Bytes of the points that stay pay where products of bytes are fast enough.
TEST_CASE("auto keeps bytes from the first iteration on, then skips", "[skipping][auto][kept]") {
    const ClockFor clock(Clock::hopeful);
    const int64_t n = 1200, d = 128, k = 128;
    const Matrix points = blobs(n, d, 150, 0.9f, 95);
    const exk_shape shape = {n, d, k};
    const exk_variant *plain = exk_variant_auto(&shape), *keeping = exk_variant_keeping(plain, &shape);
    if (!keeping) {
        WARN("skipped: auto keeps no bytes on this CPU");
        return;
    }
    CHECK(std::string(keeping->strategy) == "i8_kept");
    CHECK(std::string(keeping->isa) == plain->isa);
    How how;
    how.variant = "assign_f32_naive__scalar";
    const Course expected = course_of(points.points(), k, how);
    REQUIRE(expected.trace.size() > 6);
    how.variant = nullptr;
    for (const int threads : {1, 2, 3, 4}) {
        how.threads = threads;
        const Course course = course_of(points.points(), k, how);
        CHECK(course == expected);
        // Its first pass finds the bytes, the next one tells how fast it is with them.
        CHECK(course.trace[0].variant == std::string(keeping->name));
        CHECK(course.trace[1].variant == std::string(keeping->name));
        CHECK(course.trace[2].variant == course.skipping);
        CHECK(course.trace[0].survivors == n);
    }
    how.n_init = 3;
    how.init = EXK_INIT_KMEANSPP;
    how.variant = "assign_f32_naive__scalar";
    const Course thrice = course_of(points.points(), k, how);
    how.variant = nullptr;
    const Course kept = course_of(points.points(), k, how);
    CHECK(kept == thrice);
    for (const exk_iteration &iteration : kept.trace)
        if (iteration.iteration <= 2)
            CHECK(iteration.variant == std::string(keeping->name));
    // Who wants nothing to be skipped gets what keeps nothing.
    How none;
    none.skipping = "none";
    const Course plainly = course_of(points.points(), k, none);
    CHECK(plainly == expected);
    CHECK(plainly.trace[0].variant == std::string(plain->name));
}

// Heads take two passes to find, and pay where there is much to do.
TEST_CASE("auto keeps heads of many points in many dimensions", "[skipping][auto][kept]") {
    const int64_t n = 23000, d = 128, k = 1000;
    const exk_shape shape = {n, d, k};
    const exk_variant *plain = exk_variant_auto(&shape), *keeping = exk_variant_keeping(plain, &shape);
    if (!keeping || std::string(keeping->strategy) != "i8_projected") {
        WARN("skipped: auto keeps no heads on this CPU");
        return;
    }
    const ClockFor clock(Clock::hopeful);
    const Matrix points = blobs(n, d, 150, 0.9f, 97);
    How how;
    how.max_iter = 7;
    how.threads = 2;
    how.variant = plain->name;
    const Course expected = course_of(points.points(), k, how);
    REQUIRE(expected.trace.size() == 7);
    how.variant = nullptr;
    const Course course = course_of(points.points(), k, how);
    CHECK(course == expected);
    for (int i = 0; i < 3; i++)
        CHECK(course.trace[static_cast<size_t>(i)].variant == std::string(keeping->name));
    CHECK(course.trace[3].variant == course.skipping);
    const exk_variant *leaner = exk_variant_leaner(keeping, &shape);
    CHECK((!leaner || std::string(leaner->strategy) == "i8_kept"));
}

TEST_CASE("with less memory auto gives up bounds or bytes, and the bits stay", "[skipping][memory][kept]") {
    const int64_t n = 1200, d = 128;
    for (const int64_t k : {128, 2 * 256}) {
        const Matrix points = blobs(n, d, 150, 0.9f, 96);
        How how;
        how.max_iter = 6;
        how.update = EXK_UPDATE_MOVED;
        Course course = course_of(points.points(), k, how);
        const Course expected = course;
        std::vector<std::string> seen;
        while (course.status == EXK_OK) {
            CHECK(course == expected);
            if (how.max_memory)
                CHECK(course.totals.scratch_bytes <= how.max_memory);
            seen.push_back(std::string(course.trace[0].variant) + " then " + course.skipping);
            how.max_memory = course.totals.scratch_bytes - 1;
            course = course_of(points.points(), k, how);
            REQUIRE(seen.size() < 12);
        }
        CHECK(course.status == EXK_ERR_MEMORY);
        const exk_shape shape = {n, d, k};
        const std::string plain = exk_variant_auto(&shape)->name;
        CHECK(seen.back() == plain + " then ");
        CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == seen.size());
        if (const exk_variant *keeping = exk_variant_keeping(exk_variant_auto(&shape), &shape)) {
            CHECK(seen.front() == std::string(keeping->name) + " then " + expected.skipping);
            CHECK(seen.size() >= 3);
        }
    }
}

// A look in float32 is what the bounds of the label are to spare.
TEST_CASE("kept bounds spare looks once blobs settle", "[skipping][kept]") {
    const Matrix points = blobs(2000, 24, 60, 0.3f, 71);
    const int64_t n = 2000, k = 60;
    for (const std::string &name : keeping_variants()) {
        const Course course = course_of(points.points(), k, {name.c_str(), 1});
        INFO(name << ", " << course.trace.back().distance_evaluations);
        if (name.find("_i8_kept__") != std::string::npos)
            CHECK(course.trace[0].distance_evaluations >= n * k + n);
        CHECK(course.trace.back().distance_evaluations >= n * k);
        CHECK(course.trace.back().distance_evaluations < n * k + n / 2);
    }
}

TEST_CASE("no whim of the clock changes a bit", "[skipping][auto]") {
    const Matrix points = blobs(500, 6, 20, 0.7f, 94);
    How how;
    how.n_init = 2;
    How naive = how;
    naive.variant = "assign_f32_naive__scalar";
    const Course expected = course_of(points.points(), 40, naive);
    int begun = 0, given_up = 0;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        const ClockFor clock(Clock::random, seed);
        for (Way way : {Way{"auto", ""}, Way{named("fused", "scalar"), named("fused_hamerly", "scalar")},
                        Way{named("naive", "scalar"), named("fused_yinyang", "scalar")},
                        Way{named("tiled", "scalar"), named("fused_elkan", "scalar")},
                        Way{named("fused_elkan", "scalar"), named("fused_hamerly", "scalar")},
                        Way{"assign_i8_kept__scalar", named("fused_hamerly", "scalar")},
                        Way{"assign_i8_projected__scalar", named("fused_hamerly", "scalar")}})
            for (const int threads : {1, 2}) {
                how.threads = threads;
                INFO(way << ", clock " << seed << ", threads " << threads);
                const Course course = course_of(points.points(), 40, way.how(how));
                REQUIRE(course == expected);
                for (size_t i = 1; i < course.trace.size(); i++)
                    if (course.trace[i].variant != course.trace[i - 1].variant)
                        ++(course.trace[i].variant == course.trace[0].variant ? given_up : begun);
            }
    }
    INFO(begun << " times a variant took over that skips, " << given_up << " times it was left");
    CHECK(begun > 30);
    CHECK(given_up > 10);
}

TEST_CASE("the plan names who takes over", "[skipping][auto]") {
    const ClockFor clock(Clock::hopeful);
    const Matrix points = blobs(600, 5, 20, 0.6f, 93);
    const auto course = [&](const char *variant, const char *skipping) {
        How how;
        how.variant = variant;
        how.skipping = skipping;
        return course_of(points.points(), 25, how);
    };
    const Course expected = course("assign_f32_naive__scalar", nullptr);
    REQUIRE(expected.trace.size() > 7);
    CHECK(expected.skipping.empty());
    for (const std::string &name : skipping_variants()) {
        const Course taken = course("assign_f32_naive__scalar", name.c_str());
        INFO(name);
        CHECK(taken == expected);
        CHECK(taken.skipping == name);
        CHECK(taken.trace[0].variant == std::string("assign_f32_naive__scalar"));
        CHECK(taken.trace[1].variant == name);
    }
    CHECK(course("assign_f32_naive__scalar", "none") == expected);
    // Who skips already has no need of another.
    const std::string elkan = named("fused_elkan", "scalar");
    const Course alone = course(elkan.c_str(), named("fused_hamerly", "scalar").c_str());
    CHECK(alone == expected);
    CHECK(alone.skipping.empty());
    for (const exk_iteration &iteration : alone.trace)
        CHECK(iteration.variant == elkan);
    const Course unknown = course(nullptr, "assign_f32_fused_magic__scalar");
    CHECK(unknown.status == EXK_ERR_VARIANT);
    CHECK(unknown.message.find("unknown variant assign_f32_fused_magic__scalar") != std::string::npos);
    const Course plain = course(nullptr, "assign_f32_fused__scalar");
    CHECK(plain.status == EXK_ERR_VARIANT);
    CHECK(plain.message.find("assign_f32_fused__scalar does not skip") != std::string::npos);
    setenv("EXAKT_ISA", "scalar", 1);
    for (const char *isa : {"avx2", "neon"}) {
        const Course elsewhere = course(nullptr, named("fused_yinyang", isa).c_str());
        CHECK(elsewhere.status == EXK_ERR_VARIANT);
        CHECK(elsewhere.message.find("cannot run here") != std::string::npos);
    }
    unsetenv("EXAKT_ISA");
}

TEST_CASE("less memory means leaner bounds, then none, and the same bits", "[skipping][memory]") {
    const Matrix points = blobs(1500, 12, 60, 0.5f, 101);
    const int64_t k = 60;
    const std::string plain = named("fused", "scalar"), elkan = named("fused_elkan", "scalar");
    How how;
    how.variant = plain.c_str();
    how.skipping = elkan.c_str();
    how.update = EXK_UPDATE_MOVED;
    Course course = course_of(points.points(), k, how);
    const Course expected = course;
    std::vector<std::string> seen;
    while (course.status == EXK_OK) {
        CHECK(course == expected);
        if (how.max_memory)
            CHECK(course.totals.scratch_bytes <= how.max_memory);
        if (seen.empty() || seen.back() != course.skipping)
            seen.push_back(course.skipping);
        how.max_memory = course.totals.scratch_bytes - 1;
        course = course_of(points.points(), k, how);
        REQUIRE(seen.size() < 10);
    }
    CHECK(course.status == EXK_ERR_MEMORY);
    CHECK(seen ==
          std::vector<std::string>{elkan, named("fused_yinyang", "scalar"), named("fused_hamerly", "scalar"), ""});
}

namespace {

struct Ending {
    int64_t at;
    int *flag;
};

bool stop_at(const exk_iteration *iteration, void *user) {
    const auto *ending = static_cast<const Ending *>(user);
    if (iteration->iteration == ending->at && ending->flag)
        *ending->flag = 1;
    return ending->flag || iteration->iteration < ending->at;
}

Course stopped_at(const Matrix &points, int64_t k, const How &how, int64_t at, bool by_flag) {
    int flag = 0;
    Ending ending = {at, by_flag ? &flag : nullptr};
    exk_options *options = options_for(how);
    exk_options_set_progress(options, stop_at, &ending);
    if (by_flag)
        exk_options_set_stop_flag(options, &flag);
    return finish(points.points(), k, options);
}

} // namespace

TEST_CASE("a run that is stopped keeps its last finished iteration", "[skipping][stop]") {
    const Matrix points = blobs(600, 8, 30, 0.6f, 111);
    for (const int64_t at : {1, 2, 3, 6})
        for (const bool by_flag : {false, true}) {
            How how;
            how.variant = "assign_f32_naive__scalar";
            const Course expected = stopped_at(points, 33, how, at, by_flag);
            REQUIRE(expected.status == EXK_STOPPED);
            for (const Way &way : ways()) {
                INFO(way << ", after " << at << (by_flag ? ", by the flag" : ""));
                CHECK(stopped_at(points, 33, way.how(how), at, by_flag) == expected);
            }
        }
}

TEST_CASE("a run stopped in the middle of a pass keeps its last finished iteration", "[skipping][stop]") {
    const Matrix points = uniform_points(4000, 6, 112);
    for (const std::string &name : skipping_variants()) {
        int flag = 0;
        How how;
        how.variant = name.c_str();
        how.point_tile = 16;
        exk_options *options = options_for(how);
        exk_options_set_stop_flag(options, &flag);
        std::thread stopper([&flag] {
            std::this_thread::sleep_for(std::chrono::milliseconds(12));
            __atomic_store_n(&flag, 1, __ATOMIC_RELAXED);
        });
        const Course course = finish(points.points(), 60, options);
        stopper.join();
        INFO(name << ": " << course);
        if (course.status == EXK_OK || course.trace.empty())
            continue;
        how.variant = "assign_f32_naive__scalar";
        CHECK(course == stopped_at(points, 60, how, static_cast<int64_t>(course.trace.size()), false));
    }
}

TEST_CASE("assign labels by variants that skip, too", "[skipping]") {
    const Matrix points = blobs(500, 9, 20, 0.5f, 121);
    const Matrix centroids = first_rows(points, 40);
    const Outcome expected = assign(points, centroids, {"assign_f32_naive__scalar", 1});
    for (const Way &way : ways()) {
        INFO(way);
        CHECK(assign(points, centroids, way.how({})) == expected);
    }
}

TEST_CASE("tolerance ends a run where it ends naive's", "[skipping]") {
    const Matrix points = blobs(500, 6, 20, 0.7f, 131);
    for (const double tol : {0.0, 1e-4, 1e-2}) {
        How how;
        how.tol = tol;
        check_ways(points.points(), 30, how);
    }
}
