// The file of measurements: what is written is read again, and damage costs its lines only.
#include "harness/measure.h"
#include "harness/tune_log.h"
#include "tests/catch.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace {

class cache {
    std::string path_;

  public:
    exk_fingerprint machine = {};

    cache() {
        char name[] = "/tmp/exakt-log-XXXXXX";
        REQUIRE(mkdtemp(name) != nullptr);
        path_ = name;
        setenv("EXAKT_CACHE", name, 1);
        std::strcpy(machine.hash, "0123456789abcdef");
    }
    ~cache() {
        unsetenv("EXAKT_CACHE");
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    cache(const cache &) = delete;
    cache &operator=(const cache &) = delete;
    std::string file() const {
        return path_ + "/tune-0123456789abcdef.csv";
    }
    std::string text() const {
        std::ifstream in(file(), std::ios::binary);
        std::ostringstream all;
        all << in.rdbuf();
        return all.str();
    }
};

tune_record record(const tune_log &log, int round, double seconds, unsigned flags = 0) {
    tune_record r = log.stamp;
    std::snprintf(r.input, sizeof r.input, "%s", "gen:embed,n=5,\"d\"=6\nx");
    r.shape = {200000, 768, 1000};
    r.threads = 2;
    r.round = round;
    std::strcpy(r.stage, "near");
    std::strcpy(r.variant, "assign_f32_fused__avx2");
    r.value[EXK_POINT_TILE] = 48;
    r.value[EXK_DEPTH_TILE] = 384;
    r.points = 5000;
    r.repeats = 3;
    r.seconds = seconds;
    r.wall = 0.25;
    r.flags = flags;
    return r;
}

struct reading {
    tune_record *records = nullptr;
    int count = 0, damaged = 0;
    exk_error error = {};
    exk_status status;

    explicit reading(const std::string &text)
        : status(tune_log_parse(text.c_str(), "FILE", &records, &count, &damaged, &error)) {}
    ~reading() {
        free(records);
    }
    reading(const reading &) = delete;
    reading &operator=(const reading &) = delete;
};

std::string sample(int lines) {
    const cache c;
    tune_log log;
    REQUIRE(tune_log_open(&c.machine, &log, nullptr) == EXK_OK);
    for (int i = 0; i < lines; i++) {
        const tune_record r =
            record(log, i, i == 1 ? NAN : 0.1 + i, i == 2 ? MEASURE_STOLEN | MEASURE_FAULTED : 0);
        REQUIRE(tune_log_append(&log, &r, 1, nullptr) == EXK_OK);
    }
    tune_log_close(&log);
    return c.text();
}

} // namespace

TEST_CASE("measurements are read as they were written", "[tune]") {
    const reading r(sample(4));
    REQUIRE(r.status == EXK_OK);
    REQUIRE(r.count == 4);
    CHECK(r.damaged == 0);
    for (int i = 0; i < 4; i++) {
        const tune_record &x = r.records[i];
        CHECK(std::string(x.input) == "gen:embed,n=5,\"d\"=6?x");
        CHECK((x.shape.n == 200000 && x.shape.d == 768 && x.shape.k == 1000));
        CHECK((x.threads == 2 && x.round == i && x.points == 5000 && x.repeats == 3));
        CHECK(std::string(x.stage) == "near");
        CHECK(std::string(x.variant) == "assign_f32_fused__avx2");
        CHECK(
            (x.value[EXK_POINT_TILE] == 48 && x.value[EXK_CENTROID_TILE] == 0 && x.value[EXK_DEPTH_TILE] == 384));
        CHECK(std::isnan(x.seconds) == (i == 1));
        if (i != 1)
            CHECK(x.seconds == Approx(0.1 + i));
        CHECK(x.wall == Approx(0.25));
        CHECK(x.flags == (i == 2 ? MEASURE_STOLEN | MEASURE_FAULTED : 0u));
        CHECK(tune_same_search(&x, &r.records[0]));
    }
    tune_record other = r.records[0];
    other.shape.k++;
    CHECK_FALSE(tune_same_search(&r.records[0], &other));
    other = r.records[0];
    other.input[0] = '\0';
    CHECK(tune_same_search(&r.records[0], &other));
}

TEST_CASE("a file that was cut off goes on with a new line", "[tune]") {
    const cache c;
    tune_log log;
    REQUIRE(tune_log_open(&c.machine, &log, nullptr) == EXK_OK);
    const tune_record first = record(log, 0, 1);
    REQUIRE(tune_log_append(&log, &first, 1, nullptr) == EXK_OK);
    tune_log_close(&log);
    std::filesystem::resize_file(c.file(), c.text().size() - 7);
    REQUIRE(tune_log_open(&c.machine, &log, nullptr) == EXK_OK);
    REQUIRE(tune_log_append(&log, &first, 1, nullptr) == EXK_OK);
    tune_log_close(&log);
    const reading r(c.text());
    CHECK(r.count == 1);
    CHECK(r.damaged == 1);
}

TEST_CASE("two writers at once: the second one is told, and no line is mixed", "[tune]") {
    const cache c;
    tune_log one, two;
    REQUIRE(tune_log_open(&c.machine, &one, nullptr) == EXK_OK);
    REQUIRE(tune_log_open(&c.machine, &two, nullptr) == EXK_OK);
    CHECK_FALSE(one.busy);
    CHECK(two.busy);
    for (int i = 0; i < 50; i++) {
        const tune_record pair[2] = {record(one, i, 1), record(one, i, 2)};
        REQUIRE(tune_log_append(i % 2 ? &one : &two, pair, 2, nullptr) == EXK_OK);
    }
    tune_log_close(&one);
    tune_log_close(&two);
    const reading r(c.text());
    CHECK(r.count == 100);
    CHECK(r.damaged == 0);
}

TEST_CASE("what is no such file is refused and left alone", "[tune]") {
    const cache c;
    exk_error error = {};
    tune_log log;
    for (const char *text : {"a,b\n1,2\n", "session", "\n"}) {
        std::ofstream(c.file(), std::ios::trunc) << text;
        CHECK(tune_log_open(&c.machine, &log, &error) == EXK_ERR_FORMAT);
        CHECK(log.file == -1);
        CHECK(c.text() == text);
        CHECK(reading(text).status == EXK_ERR_FORMAT);
    }
    std::filesystem::remove(c.file());
    std::filesystem::create_directory(c.file());
    CHECK(tune_log_open(&c.machine, &log, &error) != EXK_OK);
}

TEST_CASE("damage of any kind costs its lines only", "[tune]") {
    const std::string whole = sample(6);
    const size_t header = whole.find('\n') + 1;
    std::mt19937 random(5);
    const auto draw = [&](size_t most) { return std::uniform_int_distribution<size_t>(0, most - 1)(random); };
    for (int i = 0; i < 3000; i++) {
        std::string text = whole;
        const int changes = 1 + static_cast<int>(draw(3));
        for (int j = 0; j < changes; j++) {
            const size_t at = header + draw(text.size() - header);
            const char signs[] = ",\n\"-+x9. e";
            switch (draw(3)) {
            case 0:
                text[at] = signs[draw(sizeof signs - 1)];
                break;
            case 1:
                text.erase(at, 1 + draw(20));
                break;
            default:
                text.insert(at, 1 + draw(3), signs[draw(sizeof signs - 1)]);
            }
        }
        const reading r(text);
        REQUIRE(r.status == EXK_OK);
        CHECK(r.count >= 6 - 3 * changes - 1);
        CHECK(r.count + r.damaged <= 6 + 3 * changes);
        for (int j = 0; j < r.count; j++)
            CHECK((r.records[j].shape.n > 0 && r.records[j].threads > 0 && !(r.records[j].seconds <= 0)));
    }
}
