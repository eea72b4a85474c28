// Counters: which are trusted, what is added up, and that what is unknown is never a number. With a provider made
// up for it; the real ones where this machine has them.
#include "tests/catch.hpp"

#include "tuner/counters.h"

#include <cmath>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

// What the provider below does.
struct script {
    std::vector<exk_counter_reading> now; // of each event
    std::vector<std::string> obstacle;    // of each event; "": there
    double step = 5e6;                    // by which known work raises every event
    bool begins = true, opens = true, reads = true;
    int begun = 0, open = 0, opened = 0, reads_left = 1000000;
} world;

const exk_counter_event fake_events[] = {{"cache", "misses", 1, 1e8},
                                         {"cache", "loads", 1e6, 1e8},
                                         {"tlb", "walks", 0, 1e7},
                                         {"branches", "jumps", 1e6, 1e8}};

struct fake_set {
    std::vector<int> events;
};

bool fake_begin(char *why, size_t size) {
    world.begun += world.begins;
    if (!world.begins)
        snprintf(why, size, "no pretending today");
    return world.begins;
}

void fake_end() {
    world.begun--;
}

bool fake_describe(int event, char *native, size_t room, char *why, size_t size) {
    snprintf(native, room, "raw:0x%x", event);
    snprintf(why, size, "%s", world.obstacle[(size_t)event].c_str());
    return world.obstacle[(size_t)event].empty();
}

void *fake_open(const int *events, int count, char *why, size_t size) {
    if (!world.opens) {
        snprintf(why, size, "no set for you");
        return nullptr;
    }
    world.open++;
    world.opened++;
    return new fake_set{std::vector<int>(events, events + count)};
}

// Every reading is one step later than the one before.
bool fake_read(void *set, exk_counter_reading *readings) {
    const fake_set *s = static_cast<fake_set *>(set);
    for (std::size_t i = 0; i < s->events.size(); i++) {
        exk_counter_reading &r = world.now[(size_t)s->events[i]];
        readings[i] = r;
        r.value += world.step;
        r.enabled += 1;
        r.running += 1;
    }
    return world.reads && world.reads_left-- > 0;
}

void fake_close(void *set) {
    world.open--;
    delete static_cast<fake_set *>(set);
}

exk_counter_provider make_fake() {
    exk_counter_provider p = {};
    p.name = "fake";
    p.events = fake_events;
    p.count = 4;
    p.begin = fake_begin;
    p.end = fake_end;
    p.describe = fake_describe;
    p.open = fake_open;
    p.read = fake_read;
    p.close = fake_close;
    return p;
}
const exk_counter_provider fake = make_fake();

// Counters chosen from the fake, in a fresh world that may be changed before.
struct chosen {
    explicit chosen(
        const char *groups = nullptr, void (*change)(script &) = [](script &) {}) {
        world = script();
        world.now.resize(4);
        world.obstacle.resize(4);
        change(world);
        const exk_counter_provider *const list[] = {&fake};
        char why[EXK_COUNTER_WHY] = "";
        REQUIRE(exk_counters_choose(&all, list, 1, groups, why, sizeof why));
    }
    chosen(const chosen &) = delete;
    chosen &operator=(const chosen &) = delete;
    ~chosen() {
        exk_counters_end(&all);
        CHECK(world.begun == 0);
        CHECK(world.open == 0);
    }
    exk_counters all;
};

bool contains(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("events are chosen by group, with what they are made of", "[counters]") {
    {
        const chosen c;
        REQUIRE(c.all.count == 4);
        CHECK(exk_counters_usable(&c.all) == 4);
        CHECK(std::string(c.all.list[1].name) == "loads");
        CHECK(std::string(c.all.list[1].native) == "raw:0x1");
        CHECK(std::string(c.all.list[2].group) == "tlb");
    }
    const chosen some("tlb,branches");
    REQUIRE(some.all.count == 2);
    CHECK(std::string(some.all.list[1].name) == "jumps");
}

TEST_CASE("a group that there is not is refused by name", "[counters]") {
    exk_counters all;
    char why[EXK_COUNTER_WHY];
    for (const char *groups : {"cash", "cache,cash", "cache,", ",", "tl", "tlbs"}) {
        INFO(groups);
        const bool good = exk_counters_choose(&all, nullptr, 0, groups, why, sizeof why);
        if (std::string(groups) == "cache,")
            continue; // an empty word at the end is no name
        CHECK_FALSE(good);
        CHECK(contains(why, "is no group of counters"));
    }
}

TEST_CASE("an event that counts known work wrong is not trusted", "[counters]") {
    {
        const chosen c(nullptr, [](script &w) { w.step = 10; });
        REQUIRE(c.all.count == 4);
        CHECK(c.all.list[0].why[0] == '\0'); // 10 misses may be
        CHECK(contains(c.all.list[1].why, "known work was counted as 10"));
        CHECK(contains(c.all.list[3].why, "known work was counted as 10"));
        CHECK(exk_counters_usable(&c.all) == 2);
    }
    {
        const chosen much(nullptr, [](script &w) { w.step = 1e12; });
        CHECK(exk_counters_usable(&much.all) == 0);
    }
    {
        const chosen dead(nullptr, [](script &w) { w.step = 0; });
        CHECK(exk_counters_usable(&dead.all) == 1); // walks may be 0
    }
    const chosen mute(nullptr, [](script &w) { w.reads = false; });
    CHECK(exk_counters_usable(&mute.all) == 0);
    CHECK(contains(mute.all.list[0].why, "cannot be read"));
}

TEST_CASE("what cannot be had says why, event by event or for all", "[counters]") {
    {
        const chosen c(nullptr, [](script &w) { w.obstacle[1] = "no such wire"; });
        CHECK(exk_counters_usable(&c.all) == 3);
        CHECK(std::string(c.all.list[1].why) == "no such wire");
    }
    {
        const chosen none(nullptr, [](script &w) { w.begins = false; });
        REQUIRE(none.all.count == 4);
        for (int i = 0; i < 4; i++)
            CHECK(std::string(none.all.list[i].why) == "no pretending today");
    }
    const chosen shut(nullptr, [](script &w) { w.opens = false; });
    CHECK(std::string(shut.all.list[0].why) == "no set for you");
}

TEST_CASE("a group falls to the next provider, and the reasons of all are kept", "[counters]") {
    world = script();
    world.now.resize(4);
    world.obstacle = {"", "", "no such wire", ""};
    exk_counter_provider first = make_fake(), second = make_fake();
    first.name = "first";
    first.begin = [](char *why, size_t size) {
        snprintf(why, size, "first is out");
        return false;
    };
    second.name = "second";
    const exk_counter_provider *const list[] = {&first, &second};
    exk_counters all;
    char why[EXK_COUNTER_WHY];
    REQUIRE(exk_counters_choose(&all, list, 2, nullptr, why, sizeof why));
    REQUIRE(all.count == 4);
    CHECK(all.list[0].provider == &second);
    CHECK(all.list[0].why[0] == '\0');
    CHECK(all.list[3].provider == &second);
    CHECK(std::string(all.list[2].group) == "tlb");
    CHECK(contains(all.list[2].why, "first is out"));
    CHECK(contains(all.list[2].why, "second: no such wire"));
    CHECK(all.list[2].why[0] != '\0');
    exk_counters_end(&all);
}

TEST_CASE("counts of all threads are added up", "[counters][threads]") {
    const chosen c;
    exk_counting *counting = exk_counting_begin(&c.all, "cache", 3);
    REQUIRE(counting != nullptr);
    world.opened = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; i++)
        threads.emplace_back([=] { exk_counting_thread(i, counting); });
    for (std::thread &t : threads)
        t.join();
    CHECK(world.opened == 3);
    exk_counting_thread(1, counting); // twice is once
    exk_counting_thread(3, counting); // nobody's
    CHECK(world.opened == 3);
    world.now[0] = {1000, 50, 50, false};
    world.now[1] = {2000, 50, 50, false};
    world.step = 7;
    exk_counting_mark(counting);
    exk_counting_take(counting);
    exk_count counts[EXK_COUNTERS_MOST] = {};
    counts[2].value = 42;
    exk_counting_end(counting, counts);
    // Three threads are read one after the other, each a step later: 3 steps between mark and take, for each.
    CHECK(counts[0].status == EXK_COUNT_COUNTED);
    CHECK(counts[0].value == 3 * 3 * 7);
    CHECK(counts[1].value == 3 * 3 * 7);
    CHECK(counts[0].why[0] == '\0');
    CHECK(counts[2].value == 42); // of another group
    CHECK(counts[2].status == EXK_COUNT_UNKNOWN);
    CHECK(world.open == 0);
}

TEST_CASE("what is taken last counts, and nothing later", "[counters]") {
    const chosen c;
    exk_count counts[EXK_COUNTERS_MOST] = {};
    exk_counting *counting = exk_counting_begin(&c.all, "tlb", 1);
    exk_counting_thread(0, counting);
    world.step = 0;
    world.now[2].value = 1000;
    exk_counting_mark(counting);
    world.now[2].value = 1100;
    exk_counting_take(counting);
    world.now[2].value = 1250;
    exk_counting_take(counting);
    world.now[2].value = 9999;
    exk_counting_end(counting, counts);
    CHECK(counts[2].value == 250);
    counting = exk_counting_begin(&c.all, "tlb", 1);
    exk_counting_thread(0, counting);
    world.now[2].value = 20000;
    exk_counting_end(counting, counts); // nothing was taken: until now
    CHECK(counts[2].value == 20000 - 9999);
}

TEST_CASE("what one thread does not know, nobody knows", "[counters]") {
    const chosen c;
    exk_count counts[EXK_COUNTERS_MOST] = {};
    exk_counting *counting = exk_counting_begin(&c.all, "branches", 2);
    exk_counting_thread(0, counting);
    exk_counting_end(counting, counts);
    CHECK(counts[3].status == EXK_COUNT_UNKNOWN);
    CHECK(std::isnan(counts[3].value));
    CHECK(std::string(counts[3].why) == "thread 1: it never worked");

    counting = exk_counting_begin(&c.all, "branches", 2);
    exk_counting_thread(0, counting);
    world.opens = false;
    exk_counting_thread(1, counting);
    world.opens = true;
    exk_counting_end(counting, counts);
    CHECK(counts[3].status == EXK_COUNT_UNKNOWN);
    CHECK(std::string(counts[3].why) == "thread 1: no set for you");

    counting = exk_counting_begin(&c.all, "branches", 1);
    exk_counting_thread(0, counting);
    world.reads_left = 0;
    exk_counting_end(counting, counts);
    CHECK(counts[3].status == EXK_COUNT_UNKNOWN);
    CHECK(std::isnan(counts[3].value));
    CHECK(contains(counts[3].why, "thread 0: it cannot be read"));
    world.reads_left = 100;
}

TEST_CASE("an event that shared its counter is scaled and marked, or unknown", "[counters]") {
    const chosen c;
    struct {
        exk_counter_reading to;
        exk_count_status status;
        double value;
    } const cases[] = {
        {{600, 10, 10, false}, EXK_COUNT_COUNTED, 600},    {{600, 10, 5, false}, EXK_COUNT_MULTIPLEXED, 1200},
        {{600, 10, 10, true}, EXK_COUNT_MULTIPLEXED, 600}, {{0, 10, 10, false}, EXK_COUNT_COUNTED, 0},
        {{0, 10, 0, false}, EXK_COUNT_UNKNOWN, 0},         {{0, 10, 10, true}, EXK_COUNT_UNKNOWN, 0},
        {{-600, 10, 10, false}, EXK_COUNT_UNKNOWN, 0}};
    for (const auto &item : cases) {
        INFO(item.to.value << " " << item.to.running << " " << item.to.scaled);
        exk_counting *counting = exk_counting_begin(&c.all, "tlb", 2);
        world.now[2] = {0, 0, 0, false};
        exk_counting_thread(0, counting);
        world.now[2] = {0, 0, 0, false};
        exk_counting_thread(1, counting);
        world.step = 0;
        // Thread 0 has what is to be judged, thread 1 one tick later as much again and no harm.
        world.now[2] = item.to;
        exk_count counts[EXK_COUNTERS_MOST] = {};
        exk_counting_end(counting, counts);
        CHECK(counts[2].status == item.status);
        if (item.status == EXK_COUNT_UNKNOWN) {
            CHECK(std::isnan(counts[2].value));
            CHECK(counts[2].why[0] != '\0');
        } else {
            const double second = item.to.value * (item.to.enabled + 1) / (item.to.running + 1);
            CHECK(counts[2].value == Approx(item.value + (item.to.scaled ? item.to.value : second)));
        }
    }
}

TEST_CASE("each word for a source names its providers", "[counters]") {
    const exk_counter_provider *list[2];
    CHECK(exk_counter_providers("auto", list) == 2);
    CHECK(list[0] == &exk_counters_papi);
    CHECK(list[1] == &exk_counters_perf);
    CHECK(exk_counter_providers("perf", list) == 1);
    CHECK(list[0] == &exk_counters_perf);
    CHECK(exk_counter_providers("papi", list) == 1);
    CHECK(exk_counter_providers("none", list) == 0);
    CHECK(std::string(exk_count_status_name(EXK_COUNT_UNKNOWN)) == "NA");
    CHECK(std::string(exk_count_status_name(EXK_COUNT_SIMULATED)) == "simulated");
}

// The real ones: where an event can be had, what it counts of work on two threads is no less than on one.
TEST_CASE("this machine's own counters", "[counters]") {
    for (const exk_counter_provider *provider : {&exk_counters_perf, &exk_counters_papi}) {
        exk_counters all;
        char why[EXK_COUNTER_WHY];
        REQUIRE(exk_counters_choose(&all, &provider, 1, nullptr, why, sizeof why));
        for (int i = 0; i < all.count; i++) {
            INFO(all.list[i].name << ": " << all.list[i].why);
            CHECK((all.list[i].why[0] != '\0' || all.list[i].native[0] != '\0'));
        }
        if (exk_counters_usable(&all) == 0) {
            WARN("skipped: " << provider->name << ": " << all.list[0].why);
            exk_counters_end(&all);
            continue;
        }
        const char *group;
        for (int g = 0; (group = exk_counter_group(g)); g++) {
            exk_counting *counting = exk_counting_begin(&all, group, 2);
            REQUIRE(counting != nullptr);
            const auto work = [&](int thread) {
                exk_counting_thread(thread, counting);
                REQUIRE(exk_counters_known_work());
            };
            std::thread other(work, 1);
            work(0);
            other.join();
            exk_count counts[EXK_COUNTERS_MOST] = {};
            exk_counting_end(counting, counts);
            for (int i = 0; i < all.count; i++) {
                const exk_counter &c = all.list[i];
                if (std::strcmp(c.group, group) != 0 || c.why[0])
                    continue;
                INFO(c.name << " " << counts[i].value << " " << counts[i].why);
                const exk_counter_event &event = provider->events[c.event];
                if (counts[i].status != EXK_COUNT_UNKNOWN)
                    CHECK((counts[i].value >= 2 * event.least && counts[i].value <= 2 * event.most));
            }
        }
        exk_counters_end(&all);
    }
}
