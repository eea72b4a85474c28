// The bounds that skip work never claim more than the truth, and are not uselessly loose where it matters. All
// distances here are given by what defines them, d^2 = r^2 + unscale * s with r = ||x - m||; in long double, whose
// rounding, below 2^-60 of the larger term, is conceded to the code under test.
#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "tests/bounds/bounds_probe.h"
#include "tests/catch.hpp"
#include "tests/fit.hpp"

#include "kernels/bounds/order.h"
#include "kernels/cpu.h"

extern "C" {
#define EXK_ISA_BUILT(isa, probe) extern const bounds_probe probe;
#include "isas.inc"
#undef EXK_ISA_BUILT
}

namespace {

using Real = long double;

const float infinity = std::numeric_limits<float>::infinity();

struct Probe {
    const char *isa;
    const bounds_probe *functions;
};

std::vector<Probe> probes() {
    std::vector<Probe> here;
#define EXK_ISA_BUILT(isa, probe)                                                                                 \
    if (!exk_isa_obstacle(#isa))                                                                                  \
        here.push_back({#isa, &probe});
#include "isas.inc"
#undef EXK_ISA_BUILT
    REQUIRE_FALSE(here.empty());
    return here;
}

// The scalar functions and the vector ones in one form.
struct Bounds {
    const bounds_probe *p;
    bool vectors;

    float lower(float norm, float score, double unscale, double drift) const {
        if (!vectors)
            return p->lower(norm, score, unscale, drift);
        const std::vector<float> norms(p->lanes, norm), scores(p->lanes, score), below(p->lanes, p->below(drift));
        std::vector<float> out(p->lanes);
        p->lowers(norms.data(), scores.data(), static_cast<float>(unscale), below.data(), out.data());
        return out.back();
    }
    float upper(float norm, float score, float error, double unscale) const {
        if (!vectors)
            return p->upper(norm, score, error, unscale);
        const std::vector<float> norms(p->lanes, norm), scores(p->lanes, score), errors(p->lanes, error);
        std::vector<float> out(p->lanes);
        p->uppers(norms.data(), scores.data(), errors.data(), static_cast<float>(unscale), out.data());
        return out.back();
    }
    // What survivors asks: whether the bound proves the centroid farther than `upper`.
    bool proves(float bound, float upper, double drift) const {
        return upper + p->above(drift) < bound;
    }
};

template <class Check> void with_all(Check check) {
    for (const Probe &probe : probes())
        for (const bool vectors : {false, true}) {
            INFO(probe.isa << (vectors ? ", vectors" : ", one by one"));
            check(Bounds{probe.functions, vectors});
        }
}

float next_up(float v) {
    return std::nextafter(v, infinity);
}

float next_down(float v) {
    return std::nextafter(v, -infinity);
}

// The least float that is not below v.
float at_least(Real v) {
    const auto f = static_cast<float>(v);
    return static_cast<Real>(f) < v ? next_up(f) : f;
}

float at_most(Real v) {
    const auto f = static_cast<float>(v);
    return static_cast<Real>(f) > v ? next_down(f) : f;
}

float random_float(std::mt19937 &random, int least_exponent, int most_exponent) {
    const auto mantissa = 1.0f + static_cast<float>(random() >> 9) * 0x1p-23f;
    const int range = most_exponent - least_exponent + 1;
    return std::ldexp(mantissa, least_exponent + static_cast<int>(random() % static_cast<uint32_t>(range)));
}

// A point and a centroid: the norm as the driver gives it, and a score that is exactly s.
struct Pair {
    float norm;       // between r and r (1 + 2^-21), or its upward neighbour where that is not a float
    float score;      // s
    double unscale;   // a power of two
    Real square;      // d^2 for the least r that the norm allows
    Real most_square; // for the greatest, which is the norm itself
};

Pair pair_of(float norm, float score, double unscale) {
    const Real most = static_cast<Real>(norm) * norm, span = 1.0L + 0x1p-21L;
    const Real rest = static_cast<Real>(unscale) * score;
    const Real doubt = (most + std::fabs(rest)) * 0x1p-60L;
    return {norm, score, unscale, most / (span * span) + rest - doubt, most + rest - doubt};
}

// Ordinary pairs, and those where norm and score nearly cancel: a point near its centroid, both far out.
Pair any_pair(std::mt19937 &random, int unscale_least, int unscale_most) {
    for (;;) {
        const double unscale =
            std::ldexp(1.0, unscale_least + static_cast<int>(random() % (unscale_most - unscale_least + 1)));
        const float norm = random_float(random, -20, 20);
        const Real square = static_cast<Real>(norm) * norm;
        float score;
        switch (random() % 4) {
        case 0: // d^2 anything
            score = at_most(static_cast<Real>(random_float(random, -30, 45)) / unscale);
            break;
        case 1: // d^2 = r^2 * 2^-something
            score = at_most(-square * (1.0L - random_float(random, -24, -1)) / unscale);
            break;
        case 2: // the last float before 0
            score = at_least(-square / unscale);
            break;
        default:
            score = at_most(-square * (static_cast<Real>(random() >> 8) * 0x1p-24L) / unscale);
        }
        if (std::isfinite(score))
            return pair_of(norm, score, unscale);
    }
}

// Nothing lower than the true distance now, d - moved, may be disproven.
void check_lower(const Bounds &b, float bound, Real square, Real moved, double drift) {
    const Real now = (square > 0 ? std::sqrt(square) : 0.0L) - moved;
    if (now >= 0)
        REQUIRE_FALSE(b.proves(bound, at_least(now), drift));
    else
        REQUIRE_FALSE(b.proves(bound, 0.0f, drift));
}

} // namespace

TEST_CASE("a lower bound is one, whatever the drift", "[bounds]") {
    with_all([](const Bounds &b) {
        std::mt19937 random(1);
        for (int i = 0; i < 20000; i++) {
            const Pair pair = any_pair(random, -40, 20);
            const double before = random() % 3 == 0 ? 0.0 : static_cast<double>(random_float(random, -30, 24));
            const float step = random() % 2 == 0 ? 0.0f : random_float(random, -30, 24);
            const double after = b.p->add_drift(before, step);
            INFO(pair.norm << ", " << pair.score << ", " << pair.unscale << ", " << before << " + " << step);
            const float bound = b.lower(pair.norm, pair.score, pair.unscale, before);
            check_lower(b, bound, pair.square, 0.0L, before);
            check_lower(b, bound, pair.square, step, after);
        }
    });
}

TEST_CASE("an upper bound is one, with the score at the far end of its error", "[bounds]") {
    with_all([](const Bounds &b) {
        std::mt19937 random(2);
        for (int i = 0; i < 20000; i++) {
            // Every fourth pair cancels to nothing, so that the error is all there is.
            const float size = std::ldexp(1.0f, static_cast<int>(random() % 30) - 15);
            const Pair pair = i % 4 ? any_pair(random, -40, 20) : pair_of(size, -size * size * 8.0f, 0.125);
            const float share = random_float(random, i % 4 ? -30 : -56, 2);
            const float error = random() % 4 == 0 ? 0.0f : std::fabs(pair.score) * share;
            if (!std::isfinite(error))
                continue;
            const Real square = pair.most_square + 2.0L * static_cast<Real>(pair.unscale) * error * (1 - 0x1p-60L);
            INFO(pair.norm << ", " << pair.score << ", " << error << ", " << pair.unscale);
            const Real bound = b.upper(pair.norm, pair.score, error, pair.unscale);
            REQUIRE(bound >= 0);
            REQUIRE(bound * bound >= square);
        }
    });
}

TEST_CASE("on ordinary data bounds are within millionths of the distance", "[bounds]") {
    with_all([](const Bounds &b) {
        std::mt19937 random(3);
        for (int i = 0; i < 5000; i++) {
            const float norm = random_float(random, -3, 3);
            const Real square = static_cast<Real>(norm) * norm * random_float(random, -3, 3);
            const double unscale = std::ldexp(1.0, static_cast<int>(random() % 40) - 30);
            const float score = at_most((square - static_cast<Real>(norm) * norm) / unscale);
            const Real distance = std::sqrt(square);
            const double drift = static_cast<double>(distance) * 0.25;
            INFO(norm << ", " << score << ", " << unscale);
            const float bound = b.lower(norm, score, unscale, drift);
            REQUIRE(b.proves(bound, static_cast<float>(distance * (1.0L - 1e-4L)), drift));
            REQUIRE(b.upper(norm, score, 0.0f, unscale) < distance * (1.0L + 1e-4L));
        }
    });
}

TEST_CASE("bounds of what is not a number's size claim nothing", "[bounds]") {
    with_all([](const Bounds &b) {
        const double unscales[] = {0x1p-119, 0x1p-60, 1.0, 0x1p29};
        for (const double unscale : unscales) {
            INFO(unscale);
            REQUIRE(b.p->apply(unscale));
            // An error bound that says nothing: the score may be anything.
            CHECK_FALSE(b.proves(b.lower(1.0f, -infinity, unscale, 0.0), 0.0f, 0.0));
            CHECK_FALSE(b.upper(1.0f, -infinity, infinity, unscale) < FLT_MAX);
            CHECK_FALSE(b.upper(1.0f, -FLT_MAX, infinity, unscale) < FLT_MAX);
            CHECK_FALSE(b.upper(infinity, 0.0f, 0.0f, unscale) < FLT_MAX);
            // Where there is no centroid the bound may be as large as it likes, but is one.
            CHECK(b.lower(1.0f, infinity, unscale, 0.0) > 1.0f);
            // A drift beyond all numbers leaves nothing proven, even against itself.
            for (const float score : {-infinity, 0.0f, 1.0f, FLT_MAX, infinity}) {
                const float bound = b.lower(1.0f, score, unscale, INFINITY);
                CHECK_FALSE(b.proves(bound, 0.0f, INFINITY));
                CHECK_FALSE(b.proves(b.lower(1.0f, score, unscale, 1.0), 0.0f, INFINITY));
                CHECK_FALSE(b.proves(bound, infinity, 1.0));
            }
        }
        // Denormals and zeros: whatever underflows is conceded.
        std::mt19937 random(10);
        for (int i = 0; i < 2000; i++) {
            const double unscale = std::ldexp(1.0, static_cast<int>(random() % 149) - 119);
            const float norm = random_float(random, -80, -60);
            const float score = random_float(random, -149, -100) * (random() % 2 ? -1.0f : 1.0f);
            const Pair pair = pair_of(norm, score, unscale);
            INFO(norm << ", " << score << ", " << unscale);
            check_lower(b, b.lower(norm, score, unscale, 0.0), pair.square, 0.0L, 0.0);
            const Real upper = b.upper(norm, score, 0.0f, unscale);
            REQUIRE(upper * upper >= pair.most_square);
        }
        for (const float norm : {0.0f, FLT_TRUE_MIN, 0x1p-130f, 0x1p-75f, 0x1p-60f, 0x1p-40f})
            for (const float score : {0.0f, FLT_TRUE_MIN, -FLT_TRUE_MIN, 0x1p-130f, 0x1p-100f, 0x1p-70f})
                for (const double unscale : {0x1p-119, 0x1p-60, 1.0, 0x1p29}) {
                    INFO(norm << ", " << score << ", " << unscale);
                    const Pair pair = pair_of(norm, score, unscale);
                    check_lower(b, b.lower(norm, score, unscale, 0.0), pair.square, 0.0L, 0.0);
                    const Real upper = b.upper(norm, score, 0.0f, unscale);
                    CHECK(upper * upper >= pair.most_square);
                }
    });
    for (const Probe &probe : probes()) {
        INFO(probe.isa);
        for (const double unscale : {0.0, 0x1p-140, 0x1p-120, 0x1p30, 0x1p90, static_cast<double>(INFINITY)})
            CHECK_FALSE(probe.functions->apply(unscale));
        CHECK_FALSE(probe.functions->lower(INFINITY, 1.0, 1.0, 0.0) > 0.0f);
        CHECK_FALSE(probe.functions->upper(1.0, -INFINITY, INFINITY, 1.0) < FLT_MAX);
        CHECK(probe.functions->upper(1e300, 1.0, 1.0, 1.0) == infinity);
    }
}

TEST_CASE("one by one, bounds hold for every scale", "[bounds]") {
    const bounds_probe *p = probes().front().functions;
    const Bounds b{p, false};
    std::mt19937 random(4);
    for (int i = 0; i < 20000; i++) {
        const Pair pair = any_pair(random, -140, 140);
        INFO(pair.norm << ", " << pair.score << ", " << pair.unscale);
        check_lower(b, b.lower(pair.norm, pair.score, pair.unscale, 0.0), pair.square, 0.0L, 0.0);
        const Real upper = b.upper(pair.norm, pair.score, 0.0f, pair.unscale);
        REQUIRE(upper * upper >= pair.most_square);
    }
}

TEST_CASE("a kept bound is below the distance and the drift together", "[bounds]") {
    const bounds_probe *p = probes().front().functions;
    std::mt19937 random(5);
    for (int i = 0; i < 20000; i++) {
        const double distance = random_float(random, -60, 60), drift = random_float(random, -60, 60);
        INFO(distance << " + " << drift);
        const float kept = p->kept(distance, drift);
        REQUIRE(static_cast<Real>(kept) < (static_cast<Real>(distance) + drift) * (1.0L - 0x1p-21L));
        REQUIRE(static_cast<Real>(kept) > (static_cast<Real>(distance) + drift) * (1.0L - 0x1p-19L));
    }
    CHECK(p->kept(0.0, 0.0) <= 0.0f);
    CHECK(p->kept(3.0 * FLT_TRUE_MIN, 0.0) < 3.0f * FLT_TRUE_MIN);
    CHECK(p->kept(INFINITY, 0.0) <= FLT_MAX);
    CHECK(p->kept(1.0, INFINITY) <= FLT_MAX);
}

TEST_CASE("a renewed bound is what the drift left of it", "[bounds]") {
    const bounds_probe *p = probes().front().functions;
    std::mt19937 random(8);
    for (int i = 0; i < 20000; i++) {
        const double distance = random_float(random, -30, 30), before = random_float(random, -30, 30);
        const double since = random_float(random, -30, 30), drift = before + since;
        const float renewed = p->renewed(p->kept(distance, before), drift);
        const Real left = static_cast<Real>(distance) - (static_cast<Real>(drift) - before);
        INFO(distance << " at " << before << ", and " << since << " since: " << renewed);
        REQUIRE(static_cast<Real>(renewed) <= (left > 0 ? left * (1.0L - 0x1p-21L) : 0.0L));
        REQUIRE(static_cast<Real>(renewed) >= left * (1.0L - 0x1p-19L) - (distance + drift) * 0x1p-18L);
    }
    CHECK(p->renewed(1.0f, 2.0) == 0.0f);
    CHECK(p->renewed(FLT_MAX, INFINITY) == 0.0f);
    CHECK(p->renewed(INFINITY, INFINITY) == 0.0f);
    CHECK(p->renewed(NAN, 1.0) == 0.0f);
    CHECK(p->stale(1.0, 0.0f));
    CHECK(p->stale(1.0, 0x1p-9f));
    CHECK_FALSE(p->stale(1.0, 0x1p-7f));
    CHECK_FALSE(p->stale(0.0, 0.0f));
}

TEST_CASE("an upper bound moves on with its centroid", "[bounds]") {
    const bounds_probe *p = probes().front().functions;
    std::mt19937 random(6);
    for (int i = 0; i < 100000; i++) {
        const float upper = random() % 8 ? random_float(random, -149, 126) : 0.0f;
        const float movement = random() % 8 ? random_float(random, -149, 126) : 0.0f;
        const Real sum = static_cast<Real>(upper) + movement;
        INFO(upper << " + " << movement);
        const Real moved = p->moved(upper, movement);
        REQUIRE(moved >= sum);
        REQUIRE(moved <= sum * (1.0L + 0x1p-18L) + 0x1p-100L);
    }
    CHECK(p->moved(infinity, 0.0f) == infinity);
    CHECK(p->moved(0.0f, infinity) == infinity);
    CHECK(p->moved(FLT_MAX, FLT_MAX) == infinity);
}

TEST_CASE("drift is never less than the way gone, after any number of steps", "[bounds]") {
    const bounds_probe *p = probes().front().functions;
    std::mt19937 random(7);
    for (const int least : {-149, -30, -3}) {
        double drift = 0.0;
        Real way = 0.0L, conceded = 0.0L;
        for (int i = 0; i < 100000; i++) {
            const float step = random_float(random, least, 4);
            drift = p->add_drift(drift, step);
            way += step;
            conceded += way * 0x1p-63L;
            if (i % 97 == 0) {
                REQUIRE(static_cast<Real>(drift) >= way - conceded);
                REQUIRE(static_cast<Real>(p->above(drift)) > drift);
                REQUIRE(static_cast<Real>(p->below(drift)) < drift);
            }
        }
        CHECK(static_cast<Real>(drift) < way * (1.0L + 1e-9L));
        CHECK(static_cast<Real>(p->above(drift)) < drift * (1.0L + 1e-5L));
        CHECK(static_cast<Real>(p->below(drift)) > drift * (1.0L - 1e-5L));
    }
    // Steps too short for the sum so far: each of them rounds the drift up.
    double drift = 1.0;
    for (int i = 0; i < 1000; i++)
        drift = p->add_drift(drift, 0x1p-54f);
    CHECK(drift >= 1.0 + 1000 * 0x1p-54);
    CHECK(p->above(0.0) > 0.0f);
    CHECK(p->above(1e300) == infinity);
}

TEST_CASE("16-bit bounds are rounded down", "[bounds]") {
    for (const Probe &probe : probes()) {
        std::mt19937 random(8);
        const int lanes = probe.functions->lanes;
        std::vector<float> in(lanes), out(lanes);
        for (int i = 0; i < 2000; i++) {
            for (float &v : in)
                v = random() % 16 ? random_float(random, -126, 127) : 0.0f;
            probe.functions->half(in.data(), out.data());
            for (int lane = 0; lane < lanes; lane++) {
                INFO(probe.isa << ", " << in[lane]);
                REQUIRE(out[lane] <= in[lane]);
                REQUIRE(out[lane] >= in[lane] * (1.0f - 0x1p-7f));
            }
        }
    }
}

namespace {

// A point, a centroid and a mean; what the variant sees of them, and the true distance.
struct Sight {
    Matrix x, c;
    float norm;
    Real distance;
};

Sight sight_of(const Matrix &points, const Matrix &mean, double unscale) {
    const int64_t d = points.columns;
    Sight s{Matrix(1, d), Matrix(1, d), 0.0f, 0.0L};
    Real norm = 0.0L, square = 0.0L;
    for (int64_t t = 0; t < d; t++) {
        const float x = points.row(0)[t], c = points.row(1)[t], m = mean.row(0)[t];
        s.x.row(0)[t] = x - m;
        s.c.row(0)[t] = static_cast<float>((static_cast<double>(c) - m) * 2.0 / unscale);
        norm += (static_cast<Real>(x) - m) * (static_cast<Real>(x) - m);
        square += (static_cast<Real>(x) - c) * (static_cast<Real>(x) - c);
    }
    s.norm = at_least(std::sqrt(norm) * (1.0L + 0x1p-22L));
    s.distance = std::sqrt(square);
    return s;
}

} // namespace

TEST_CASE("the bound of a look at the centroid holds, wherever the mean is", "[bounds]") {
    for (const Probe &probe : probes()) {
        std::mt19937 random(9);
        for (const int64_t d : {1, 2, 7, 16, 33, 64, 100, 300, 3000})
            for (int i = 0; i < (d < 1000 ? 120 : 10); i++) {
                Matrix points = uniform_points(2, d, random()), mean = uniform_points(1, d, random());
                const float far = random_float(random, -3, 20), near = random_float(random, -24, 0);
                for (int64_t t = 0; t < d; t++) {
                    mean.row(0)[t] *= far;
                    points.row(0)[t] += mean.row(0)[t] * (i % 2 ? 0.7f : 0.0f);
                    points.row(1)[t] = points.row(0)[t] + points.row(1)[t] * near;
                }
                const double unscale = std::ldexp(1.0, static_cast<int>(random() % 60) - 40);
                const Sight s = sight_of(points, mean, unscale);
                INFO(probe.isa << ", d = " << d << ", " << s.norm << " and " << s.distance << ", " << unscale);
                const float bound =
                    probe.functions->looked(s.x.row(0), s.c.row(0), d, 0.0f, s.norm, 0.0f, unscale);
                REQUIRE(static_cast<Real>(bound) >= s.distance);
                REQUIRE(static_cast<Real>(bound) <= s.distance * (1.0L + 1e-3L) + s.norm * 0x1p-20L + 0x1p-50L);
            }
    }
}

TEST_CASE("a look at a point whose rounded coordinates coincide with the centroid's", "[bounds]") {
    // x - m and c - m round to the same float, so the differences say 0: only the norm knows better.
    for (const Probe &probe : probes())
        for (const int64_t d : {1, 5, 40}) {
            Matrix points(2, d), mean(1, d);
            for (int64_t t = 0; t < d; t++) {
                mean.row(0)[t] = -0x1p24f;
                points.row(0)[t] = 0.5f;
                points.row(1)[t] = -0.5f;
            }
            const Sight s = sight_of(points, mean, 2.0);
            REQUIRE(s.x.values == s.c.values);
            INFO(probe.isa << ", d = " << d);
            CHECK(probe.functions->looked(s.x.row(0), s.c.row(0), d, 0.0f, s.norm, 0.0f, 2.0) >= s.distance);
        }
}

TEST_CASE("a look whose squares are lost in long sums", "[bounds]") {
    // In float32, 1 plus many squares just below 2^-24 is 1.
    const int64_t ones = 64, d = ones * 400;
    std::vector<float> x(d, 0x1p-12f * (1.0f - 0x1p-9f)), c(d, 0.0f);
    std::fill(x.begin(), x.begin() + ones, 1.0f);
    Real square = 0.0L;
    for (const float v : x)
        square += static_cast<Real>(v) * v;
    for (const Probe &probe : probes()) {
        INFO(probe.isa);
        const float norm = at_least(std::sqrt(square));
        CHECK(probe.functions->looked(x.data(), c.data(), d, 0.0f, norm, 0.0f, 2.0) >= std::sqrt(square));
    }
}

TEST_CASE("a look at differences that underflow", "[bounds]") {
    for (const Probe &probe : probes())
        for (int exponent = -100; exponent < -60; exponent++) {
            const std::vector<float> x(9, std::ldexp(1.3f, exponent)), c(9, 0.0f);
            INFO(probe.isa << ", " << exponent);
            const float norm = x[0] * 3.0f * (1.0f + 0x1p-22f);
            CHECK(probe.functions->looked(x.data(), c.data(), 9, 0.0f, norm, 0.0f, 2.0) >= 3.0L * x[0]);
        }
}

TEST_CASE("a look where vectors do not apply goes by the score", "[bounds]") {
    for (const Probe &probe : probes()) {
        const float x[] = {3.0f, 4.0f}, c[] = {0.0f, 0.0f};
        const double unscale = 0x1p40;
        // s = -24 / unscale: the distance is 1.
        const auto score = static_cast<float>(-24.0 / unscale);
        const float bound = probe.functions->looked(x, c, 2, score, 5.0f, 0.0f, unscale);
        INFO(probe.isa << ": " << bound);
        CHECK((bound >= 1.0f && bound < 1.001f));
        CHECK_FALSE(probe.functions->looked(x, c, 2, infinity, 5.0f, 0.0f, unscale) < FLT_MAX);
    }
}

namespace {

std::vector<int32_t> order_of(const Matrix &centroids, int64_t group) {
    const int64_t k = centroids.rows;
    std::vector<int32_t> order(k, -7);
    // Garbage in the memory, which has an exact size.
    std::vector<double> memory((exk_order_bytes(k, centroids.columns) + 127) / sizeof(double), NAN);
    void *aligned = memory.data();
    size_t room = memory.size() * sizeof(double);
    REQUIRE(std::align(64, exk_order_bytes(k, centroids.columns), aligned, room) != nullptr);
    exk_order_centroids(exk_bulk_here(), centroids.values.data(), k, centroids.columns, group, aligned,
                        order.data());
    std::vector<int32_t> sorted = order, identity(k);
    std::sort(sorted.begin(), sorted.end());
    std::iota(identity.begin(), identity.end(), 0);
    REQUIRE(sorted == identity);
    return order;
}

} // namespace

TEST_CASE("the order of centroids is a permutation, and always the same one", "[bounds][order]") {
    for (const int64_t k : {1, 2, 7, 8, 9, 16, 17, 100, 333})
        for (const int64_t d : {1, 3, 40})
            for (const int64_t group : {1, 8, 16, 48}) {
                INFO(k << " x " << d << ", groups of " << group);
                const Matrix centroids = uniform_points(k, d, static_cast<uint32_t>(k + d));
                CHECK(order_of(centroids, group) == order_of(centroids, group));
            }
    Matrix equal(50, 3);
    CHECK(order_of(equal, 8).size() == 50);
    for (float &v : equal.values)
        v = FLT_MAX;
    CHECK(order_of(equal, 8).size() == 50);
    Matrix huge = uniform_points(100, 4, 1);
    for (float &v : huge.values)
        v *= FLT_MAX;
    CHECK(order_of(huge, 16) == order_of(huge, 16));
    for (float &v : huge.values)
        v = v < 0 ? -FLT_MAX : FLT_MAX;
    CHECK(order_of(huge, 16) == order_of(huge, 16));
}

TEST_CASE("centroids of one blob lie in one group", "[bounds][order]") {
    // 7 blobs of 16 centroids each, dealt out in turn.
    const int64_t d = 5, blobs = 7, group = 16;
    const Matrix centre = uniform_points(blobs, d, 3), noise = uniform_points(blobs * group, d, 4);
    Matrix centroids(blobs * group, d);
    for (int64_t j = 0; j < centroids.rows; j++)
        for (int64_t t = 0; t < d; t++)
            centroids.row(j)[t] = centre.row(j % blobs)[t] * 100.0f + noise.row(j)[t];
    const std::vector<int32_t> order = order_of(centroids, group);
    int mixed = 0;
    for (int64_t g = 0; g < blobs; g++)
        for (int64_t p = 1; p < group; p++)
            mixed += order[g * group + p] % blobs != order[g * group] % blobs;
    CHECK(mixed == 0);
}
