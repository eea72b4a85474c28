// Tables of counts: medians, what is unknown, JSON and CSV and back; what cachegrind is asked and how it is read.
#include "tests/catch.hpp"

#include "harness/counts.h"
#include "harness/simulate.h"
#include "tuner/record.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

exk_counter_provider made_up() {
    exk_counter_provider p = {};
    p.name = "made-up";
    return p;
}
const exk_counter_provider provider = made_up();

exk_counters three_events() {
    exk_counters all = {};
    const char *const groups[] = {"cache", "cache", "tlb"};
    const char *const names[] = {"misses", "loads", "walks"};
    for (int i = 0; i < 3; i++) {
        exk_counter &c = all.list[all.count++];
        c.provider = &provider;
        c.group = groups[i];
        snprintf(c.name, sizeof c.name, "%s", names[i]);
        snprintf(c.native, sizeof c.native, "raw %d", i);
    }
    return all;
}

struct table {
    explicit table(const exk_counters &counters) {
        REQUIRE(counts_create(&all, &counters));
        snprintf(all.scope, sizeof all.scope, "one, two");
    }
    table(const table &) = delete;
    table &operator=(const table &) = delete;
    ~table() {
        counts_free(&all);
    }
    void add(const char *group, std::vector<exk_count> counts, double iterations = 1) {
        counts.resize(EXK_COUNTERS_MOST);
        counts_add(&all, group, counts.data(), iterations);
    }
    count_table all;
};

exk_count counted_as(double value, exk_count_status status = EXK_COUNT_COUNTED) {
    exk_count c = {};
    c.status = status;
    c.value = value;
    return c;
}

exk_count unknown(const char *why) {
    exk_count c;
    exk_count_unknown(&c, "%s", why);
    return c;
}

std::string printed(void (*print)(FILE *, const count_table *), const count_table *t) {
    char *text = nullptr;
    std::size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    print(out, t);
    fclose(out);
    const std::string copy(text, size);
    free(text);
    return copy;
}

bool contains(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a value is the median of its samples, of one iteration", "[counts]") {
    table t(three_events());
    t.add("cache", {counted_as(100), counted_as(7)}, 10);
    t.add("cache", {counted_as(300), counted_as(7)}, 10);
    t.add("cache", {counted_as(900), counted_as(0)}, 10);
    CHECK(t.all.list[0].value == 30);
    CHECK(t.all.list[0].samples == 3);
    CHECK(t.all.list[0].status == EXK_COUNT_COUNTED);
    CHECK(t.all.list[0].why[0] == '\0');
    CHECK(t.all.list[1].value == Approx(0.7));
    CHECK(t.all.list[2].status == EXK_COUNT_UNKNOWN); // of a group that was not counted
    CHECK(std::isnan(t.all.list[2].value));
    CHECK(std::string(t.all.list[2].why) == "not counted");
    CHECK(counts_known(&t.all) == 2);
    CHECK(counts_find(&t.all, "walks") == nullptr);
    CHECK(counts_find(&t.all, "loads") == &t.all.list[1]);
}

TEST_CASE("one unknown sample makes an event unknown, whenever it comes", "[counts]") {
    for (int when = 0; when < 3; when++) {
        table t(three_events());
        for (int sample = 0; sample < 3; sample++)
            t.add("tlb", {{}, {}, sample == when ? unknown("lost") : counted_as(5)});
        CHECK(t.all.list[2].status == EXK_COUNT_UNKNOWN);
        CHECK(std::isnan(t.all.list[2].value));
        CHECK(std::string(t.all.list[2].why) == "lost");
    }
    table none(three_events());
    none.add("tlb", {{}, {}, counted_as(5)}, 0);
    CHECK(none.all.list[2].status == EXK_COUNT_UNKNOWN);
    CHECK(contains(none.all.list[2].why, "no iteration"));
}

TEST_CASE("what was scaled once stays marked", "[counts]") {
    for (const bool first : {true, false}) {
        table t(three_events());
        t.add("tlb", {{}, {}, counted_as(5, first ? EXK_COUNT_MULTIPLEXED : EXK_COUNT_COUNTED)});
        t.add("tlb", {{}, {}, counted_as(5, first ? EXK_COUNT_COUNTED : EXK_COUNT_MULTIPLEXED)});
        CHECK(t.all.list[2].status == EXK_COUNT_MULTIPLEXED);
        char text[32];
        CHECK(std::string(count_text(&t.all.list[2], text)) == "~5");
        CHECK(std::string(count_text(&t.all.list[0], text)) == "NA");
    }
}

TEST_CASE("groups of which nothing is known share a line for each reason", "[counts]") {
    exk_counters all = three_events();
    for (int i = 0; i < 3; i++)
        snprintf(all.list[i].why, sizeof all.list[i].why, "no wires");
    const auto print = [](FILE *out, const count_table *t) { counts_print_unknown(out, t, "> "); };
    table t(all);
    CHECK(printed(print, &t.all) == "> NA: cache, tlb: no wires\n");
    t.add("tlb", {{}, {}, counted_as(0)});
    CHECK(printed(print, &t.all) == "> NA: cache: no wires\n");
}

TEST_CASE("a table is written and read back", "[counts]") {
    table t(three_events());
    t.add("cache", {counted_as(1.5), counted_as(2, EXK_COUNT_MULTIPLEXED)});
    t.add("cache", {counted_as(2.5), unknown("lost, alas")});
    char *text = nullptr;
    std::size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    counts_put(
        out, &t.all, [](FILE *f, const void *user) { fprintf(f, "\n%s", static_cast<const char *>(user)); }, "me");
    fclose(out);
    CHECK(std::string(text) == "\nme,\"one, two\",cache,misses,\"raw 0\",made-up,counted,0,1.5,\"\""
                               "\nme,\"one, two\",cache,misses,\"raw 0\",made-up,counted,1,2.5,\"\""
                               "\nme,\"one, two\",cache,loads,\"raw 1\",made-up,NA,NA,NA,\"lost, alas\""
                               "\nme,\"one, two\",tlb,walks,\"raw 2\",made-up,NA,NA,NA,\"not counted\"");
    free(text);
    if (!json_available())
        return;
    json *root = json_object();
    counts_write(root, &t.all);
    text = json_print(root);
    INFO(text);
    exk_error error = {};
    json_source source = {"x.json", "", &error};
    root = json_parse(text, std::strlen(text), &source);
    count_table back;
    REQUIRE(counts_read(root, &back, &source));
    REQUIRE(back.count == 3);
    CHECK(std::string(back.scope) == "one, two");
    CHECK(back.list[0].value == 2);
    CHECK(back.list[0].status == EXK_COUNT_COUNTED);
    CHECK(std::isnan(back.list[1].value));
    CHECK(std::string(back.list[1].why) == "lost, alas");
    CHECK(std::string(back.list[1].native) == "raw 1");
    counts_free(&back);
    json_free(root);
    // Unknown with a value, and known without one.
    std::string broken = text;
    const std::size_t at = broken.find("null");
    REQUIRE(at != std::string::npos);
    broken.replace(at, 4, "0");
    root = json_parse(broken.c_str(), broken.size(), &source);
    CHECK_FALSE(counts_read(root, &back, &source));
    counts_free(&back);
    CHECK(contains(error.message, "status NA has a value"));
    json_free(root);
    free(text);
}

TEST_CASE("odd caches become the nearest that cachegrind takes, and say so", "[counts]") {
    struct {
        exk_cache cache;
        simulated_cache wanted;
    } const cases[] = {
        {{48 << 10, 0, 64, 12, 1}, {48 << 10, 12, 64, false, false}},
        {{2 << 20, 0, 64, 16, 1}, {2 << 20, 16, 64, false, false}},
        {{32 << 20, 8 << 20, 64, 16, 4}, {8 << 20, 16, 64, false, true}}, // a core's share
        {{32 << 20, 9 << 20, 64, 16, 4}, {8 << 20, 16, 64, true, true}},
        {{INT64_C(480) << 20, 0, 64, 15, 2}, {INT64_C(480) << 20, 15, 64, false, false}},
        {{INT64_C(260) << 20, 0, 64, 20, 2}, {INT64_C(320) << 20, 20, 64, true, false}}, // 2^17.7 sets
        {{INT64_C(30) << 20, 0, 64, 20, 2},
         {INT64_C(40) << 20, 20, 64, true, false}}, // halfway, by ratio, to 2^15
        {{INT64_C(35) << 20, 0, 64, 20, 2}, {INT64_C(40) << 20, 20, 64, true, false}},
        {{1 << 20, 0, 64, 0, 1}, {1 << 20, 16, 64, true, false}},
        {{1 << 20, 0, 0, -1, 1}, {1 << 20, 16, 64, true, false}},
        {{0, 0, 64, 8, 1}, {0, 8, 64, false, false}},
    };
    for (const auto &c : cases) {
        const simulated_cache got = simulate_cache(&c.cache);
        INFO(c.cache.size << "/" << c.cache.ways << " -> " << got.size << "/" << got.ways);
        CHECK(got.size == c.wanted.size);
        CHECK(got.ways == c.wanted.ways);
        CHECK(got.line == c.wanted.line);
        CHECK(got.rounded == c.wanted.rounded);
        CHECK(got.shared == c.wanted.shared);
        const int64_t sets = got.size / got.ways / got.line;
        CHECK((sets & (sets - 1)) == 0);
    }
}

TEST_CASE("cachegrind's summary is read by the names of its events", "[counts]") {
    const char *const wanted[] = {"Ir", "D1mr", "DLmw"};
    double v[3];
    REQUIRE(
        simulate_parse("desc: x\nevents: Ir I1mr D1mr DLmw\nfl=f.c\n1 2 3\nsummary: 10 20 30 40\n", wanted, 3, v));
    CHECK(v[0] == 10);
    CHECK(v[1] == 30);
    CHECK(v[2] == 40);
    for (const char *bad :
         {"", "events: Ir D1mr DLmw\n", "summary: 1 2 3\n", "events: Ir D1mr\nsummary: 1 2\n",
          "events: Ir D1mr DLmw\nsummary: 1 2\n", "events: Ir D1mr DLmw\nsummary: 1 x 3\n",
          "events: Ir D1mrx DLmw\nsummary: 1 2 3\n", "events: Ir D1mr DLmw\nsummary: 1 -2 3\n"}) {
        INFO(bad);
        CHECK_FALSE(simulate_parse(bad, wanted, 3, v));
    }
}

TEST_CASE("a small case has the tiles, dimensions and clusters of the large one", "[counts]") {
    exk_plan plan = {};
    plan.variant = "assign_f32_fused__scalar";
    plan.threads = 8;
    plan.point_tile = 96;
    plan.centroid_tile = 64;
    const exk_shape shape = {1000000, 64, 100};
    simulated_case c;
    char why[200] = "";
    REQUIRE(simulate_choose(&shape, &plan, &c, why, sizeof why));
    CHECK(c.shape.d == 64);
    CHECK(c.shape.k == 100);
    CHECK(c.shape.n >= 400);
    CHECK(c.shape.n < 10000);
    CHECK(c.shape.n % 96 == 0);
    CHECK(c.plan.threads == 1);
    CHECK(c.plan.point_tile == 96);
    CHECK(std::string(c.plan.variant) == "assign_f32_fused__scalar");
    for (const char *name : {"assign_f32_fused__avx512", "assign_i8_fused__amx"}) {
        plan.variant = name;
        if (!exk_variant_find(name))
            continue;
        REQUIRE(simulate_choose(&shape, &plan, &c, why, sizeof why));
        const std::string twin = c.plan.variant;
        CHECK((contains(twin, "__avx2") || contains(twin, "__scalar") || contains(twin, "__neon")));
        CHECK(twin.substr(0, twin.find("__")) == std::string(name).substr(0, twin.find("__")));
    }
    const exk_shape huge = {1000000, 4096, 100000};
    CHECK_FALSE(simulate_choose(&huge, &plan, &c, why, sizeof why));
    CHECK(contains(why, "would take minutes"));
    plan.variant = "assign_f32_nothing__avx512";
    CHECK_FALSE(simulate_choose(&shape, &plan, &c, why, sizeof why));
}
