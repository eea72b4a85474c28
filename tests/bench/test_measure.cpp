// The schedule of measurements, with candidates and gauges that only pretend to take time.
#include "tests/catch.hpp"

#include "harness/measure.h"

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

struct bench_of_toys;

struct toy {
    bench_of_toys *all;
    std::string name;
    double seconds = 1;
    int fails_at = -1; // at this call, from 0
    int calls = 0;
};

// Candidates that log their calls, and gauges that log their readings.
struct bench_of_toys {
    std::vector<toy> toys;
    std::vector<std::string> log;
    std::vector<double> rates = {100, 200};
    std::vector<measure_candidate> candidates;
    std::vector<measure_gauge> gauges;
    struct gauge_of {
        bench_of_toys *all;
        int index;
    } which[2] = {{this, 0}, {this, 1}};
    int stop = 0;
    measure m = {};

    static bool run(void *user, double *seconds) {
        toy &t = *static_cast<toy *>(user);
        t.all->log.push_back(t.name);
        *seconds = t.seconds;
        return t.calls++ != t.fails_at;
    }
    static double read(void *user) {
        const gauge_of &g = *static_cast<gauge_of *>(user);
        g.all->log.push_back("gauge" + std::to_string(g.index));
        return g.all->rates[g.index];
    }

    // Candidate i reads gauge gauges_of[i].
    explicit bench_of_toys(const std::vector<int> &gauges_of, uint64_t seed = 1) {
        for (std::size_t i = 0; i < gauges_of.size(); i++)
            toys.push_back({this, std::string(1, static_cast<char>('a' + i))});
        for (std::size_t i = 0; i < gauges_of.size(); i++) {
            measure_candidate c = {};
            c.run = run;
            c.user = &toys[i];
            c.gauge = gauges_of[i];
            c.threads = 1;
            candidates.push_back(c);
        }
        for (gauge_of &g : which)
            gauges.push_back({read, &g});
        m.candidates = candidates.data();
        m.count = static_cast<int>(candidates.size());
        m.gauges = gauges.data();
        m.gauge_count = 2;
        m.seed = seed;
        m.stop = &stop;
        measure_begin(&m);
    }
    bench_of_toys(const bench_of_toys &) = delete;
    bench_of_toys &operator=(const bench_of_toys &) = delete;
    ~bench_of_toys() {
        measure_end(&m);
    }

    std::string runs() const {
        std::string text;
        for (const std::string &entry : log)
            text += entry.size() == 1 ? entry : "";
        return text;
    }
};

std::string sorted(std::string text) {
    std::sort(text.begin(), text.end());
    return text;
}

} // namespace

TEST_CASE("every round measures every candidate once, in changing order", "[measure]") {
    bench_of_toys b({-1, -1, -1, -1});
    std::set<std::string> orders;
    std::map<char, std::set<int>> positions;
    for (int round = 0; round < 40; round++) {
        b.log.clear();
        REQUIRE(measure_round(&b.m));
        CHECK(sorted(b.runs()) == "abcd");
        orders.insert(b.runs());
        for (int p = 0; p < 4; p++)
            positions[b.runs()[p]].insert(p);
    }
    CHECK(orders.size() > 12);
    for (const auto &entry : positions)
        CHECK(entry.second.size() == 4);
    for (const measure_candidate &c : b.candidates) {
        REQUIRE(c.count == 40);
        for (int s = 0; s < 40; s++)
            CHECK(c.samples[s].round == s);
    }
}

TEST_CASE("orders depend on the seed, and on nothing else", "[measure]") {
    bench_of_toys a({-1, -1, -1, -1, -1}, 7), b({-1, -1, -1, -1, -1}, 7), c({-1, -1, -1, -1, -1}, 8);
    for (int round = 0; round < 10; round++) {
        measure_round(&a.m);
        measure_round(&b.m);
        measure_round(&c.m);
    }
    CHECK(a.runs() == b.runs());
    CHECK(a.runs() != c.runs());
    for (const measure_sample *s = a.candidates[2].samples; s < a.candidates[2].samples + 10; s++)
        CHECK(a.runs()[s->round * 5 + s->position] == 'c');
}

TEST_CASE("a gauge is read right before and right after its candidate", "[measure]") {
    bench_of_toys b({0, 1, 0, -1});
    for (int round = 0; round < 20; round++)
        measure_round(&b.m);
    const std::map<std::string, std::string> gauge_of = {{"a", "gauge0"}, {"b", "gauge1"}, {"c", "gauge0"}};
    for (std::size_t i = 0; i < b.log.size(); i++) {
        const auto found = gauge_of.find(b.log[i]);
        if (found == gauge_of.end())
            continue;
        REQUIRE(i > 0);
        CHECK(b.log[i - 1] == found->second);
        CHECK(b.log[i + 1] == found->second);
    }
    // A reading between two candidates of one gauge serves both: never two in a row.
    for (std::size_t i = 0; i + 1 < b.log.size(); i++)
        CHECK((b.log[i].size() == 1 || b.log[i] != b.log[i + 1]));
}

TEST_CASE("samples carry what the candidate and the gauge said", "[measure]") {
    bench_of_toys b({1});
    b.toys[0].seconds = 0.25;
    for (const double rate : {200.0, 210.0, 150.0, 205.0, 200.0}) {
        b.rates[1] = rate;
        measure_round(&b.m);
    }
    measure_judge(&b.m);
    const measure_candidate &c = b.candidates[0];
    REQUIRE(c.count == 5);
    CHECK(c.samples[3].seconds == 0.25);
    CHECK(c.samples[1].after == 210);
    CHECK(c.samples[1].wall >= 0);
    // Before round 1 the gauge still stands at what was read after round 0.
    CHECK(c.samples[1].before == 200);
    CHECK(c.samples[1].gauge == 205);
    CHECK(measure_gauge_median(&b.m, 1) == 200);
    CHECK(measure_drift(&b.m, 1) == Approx((205 - 177.5) / 200));
    CHECK(std::isnan(measure_gauge_median(&b.m, 0)));
    CHECK(measure_drift(&b.m, 0) == 0);
    // 150 is more than 5 % below the median: it spoils the round it ended and the one it began.
    CHECK((c.samples[2].flags & MEASURE_SLOWED) != 0);
    CHECK((c.samples[3].flags & MEASURE_SLOWED) != 0);
    CHECK((c.samples[4].flags & MEASURE_SLOWED) == 0);
}

TEST_CASE("disturbed samples are flagged and kept", "[measure]") {
    bench_of_toys b({-1});
    for (int round = 0; round < 6; round++)
        measure_round(&b.m);
    measure_sample *s = b.candidates[0].samples;
    for (int i = 0; i < 6; i++) {
        s[i].wall = 1;
        s[i].stolen = s[i].waited = 0;
        s[i].switches = s[i].major_faults = 0;
        s[i].minor_faults = 1000;
    }
    s[1].stolen = 0.01;
    s[2].waited = 0.02;
    s[3].major_faults = 1;
    s[4].minor_faults = 2000;
    s[5].waited = NAN; // no such counter: then switches tell
    s[5].switches = 3;
    measure_judge(&b.m);
    CHECK(b.candidates[0].count == 6);
    const unsigned expected[] = {
        0, MEASURE_STOLEN, MEASURE_PREEMPTED, MEASURE_FAULTED, MEASURE_FAULTED, MEASURE_PREEMPTED};
    for (int i = 0; i < 6; i++)
        CHECK(s[i].flags == expected[i]);
    s[5].switches = 2;
    s[2].waited = 0.005;
    measure_judge(&b.m);
    CHECK(s[5].flags == 0);
    CHECK(s[2].flags == 0);
}

TEST_CASE("flags have names", "[measure]") {
    std::set<std::string> names;
    for (int i = 0; i < MEASURE_FLAGS; i++)
        names.insert(measure_flag_name(i));
    CHECK(names == std::set<std::string>{"stolen", "preempted", "faulted", "slowed"});
}

TEST_CASE("a candidate that fails is dropped, the others go on", "[measure]") {
    bench_of_toys b({-1, 0, -1});
    b.toys[1].fails_at = 2;
    for (int round = 0; round < 5; round++)
        REQUIRE(measure_round(&b.m));
    CHECK(b.candidates[0].count == 5);
    CHECK(b.candidates[1].count == 2);
    CHECK(b.candidates[1].dropped);
    CHECK(b.toys[1].calls == 3);
    CHECK(b.candidates[2].count == 5);
}

TEST_CASE("the caller may drop candidates between rounds", "[measure]") {
    bench_of_toys b({-1, -1});
    measure_round(&b.m);
    b.candidates[0].dropped = true;
    measure_round(&b.m);
    CHECK(b.candidates[0].count == 1);
    CHECK(b.candidates[1].count == 2);
}

TEST_CASE("a stop ends the round and keeps what was measured", "[measure]") {
    bench_of_toys b({-1, -1, -1});
    measure_round(&b.m);
    b.m.progress = [](const measure *m, int, void *user) {
        auto *toys = static_cast<bench_of_toys *>(user);
        toys->stop = m->rounds == 1 && toys->log.size() == 4;
    };
    b.m.user = &b;
    CHECK_FALSE(measure_round(&b.m));
    int samples = 0;
    for (const measure_candidate &c : b.candidates) {
        samples += c.count;
        CHECK_FALSE(c.dropped);
    }
    CHECK(samples == 5);
    CHECK_FALSE(measure_round(&b.m));
}
