/* Surveys: what a curve says of caches, files and their damage. */
#include "tests/test_datasets.hpp"
#include "tests/topologies/recorded.hpp"
#include "tuner/survey_file.h"

#include <climits>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

using datasets_test::slurp;
using datasets_test::TempDir;

namespace {

constexpr int64_t KiB = 1024, MiB = 1024 * KiB;

struct plateau {
    double rate; // GB/s up to `bytes`
    int64_t bytes;
};

// A curve like a machine's: each plateau gives way to the next within a factor of two.
exk_survey_part curve_of(
    const std::vector<plateau> &plateaus, double memory, int64_t most = 1024 * MiB,
    const std::function<double(int)> &noise = [](int) { return 1.0; }) {
    exk_survey_part part = {};
    part.threads = 1;
    for (int i = 0; i < EXK_SURVEY_POINTS; i++) {
        const double bytes = 12 * KiB * std::exp2(i / 3.0);
        if (bytes > static_cast<double>(most))
            break;
        double rate = memory;
        for (size_t p = plateaus.size(); p-- > 0;) {
            const double limit = static_cast<double>(plateaus[p].bytes);
            const double missed = std::min(1.0, std::max(0.0, std::log2(bytes / limit) + 0.5));
            rate = plateaus[p].rate * std::pow(rate / plateaus[p].rate, missed);
        }
        rate *= 1e9 * noise(i);
        part.curve[part.points++] = {static_cast<int64_t>(bytes), {rate, 0.99 * rate, 1.01 * rate}};
    }
    return part;
}

std::vector<exk_step> steps_of(const exk_survey_part &part) {
    exk_step steps[EXK_SURVEY_STEPS];
    const int count = exk_curve_steps(part.curve, part.points, steps);
    return {steps, steps + count};
}

bool is_near(int64_t value, int64_t expected) {
    return std::fabs(std::log2(static_cast<double>(value) / static_cast<double>(expected))) < 0.4;
}

exk_cache cache(int64_t size, int sharing) {
    exk_cache c = {};
    c.size = size;
    c.sharing = sharing;
    return c;
}

// A machine of so many cores, each with its L1 and L2, and a common L3. The handle says that the sizes are facts.
exk_topology machine(int cores, int64_t l1, int64_t l2, int64_t l3) {
    static char token;
    exk_topology topology = {};
    topology.level[0] = cache(l1, 1);
    topology.level[1] = cache(l2, 1);
    topology.level[2] = cache(l3, cores);
    topology.cores = topology.pus = cores;
    topology.handle = &token;
    return topology;
}

const exk_level &level(const exk_survey_part &part, const std::string &name) {
    for (int i = 0; i < part.levels; i++)
        if (part.level[i].name == name)
            return part.level[i];
    FAIL("no level " << name);
    return part.level[0];
}

void set_hash(char *hash, char digit) {
    std::fill_n(hash, EXK_HASH_ROOM - 1, digit);
    hash[EXK_HASH_ROOM - 1] = '\0';
}

std::unique_ptr<exk_survey> sample() {
    std::unique_ptr<exk_survey> survey(new exk_survey());
    std::snprintf(survey->machine.text, sizeof survey->machine.text,
                  "cpu=\"odd\\name\"; isas=scalar; caches=unknown; pus=1");
    std::snprintf(survey->machine.geometry, sizeof survey->machine.geometry, "unknown");
    exk_hash_text(survey->machine.text, survey->machine.hash);
    exk_build_hash(survey->build);
    const exk_topology topology = machine(2, 48 * KiB, 2 * MiB, 32 * MiB);
    for (int threads : {1, 2, 7}) {
        exk_survey_part part = curve_of({{400, 48 * KiB}, {150, 2 * MiB}, {30, 32 * MiB}}, 15);
        part.threads = threads;
        part.quick = threads == 7;
        std::snprintf(part.measured, sizeof part.measured, "2026-01-31T12:34:56Z");
        part.isas = 2;
        part.flops[0] = {"scalar", {1.0 / 3 * 1e10, 3e9, 4e9}};
        part.flops[1] = {"avx512", {2e11, 2e11, 2e11}};
        exk_survey_judge(&topology, &part);
        for (int i = 0; i < part.levels; i++)
            part.level[i].rate = {3e10 / 7, 4e9, 5e9};
        REQUIRE(exk_survey_put(survey.get(), &part));
    }
    return survey;
}

std::string text_of(const exk_survey &survey) {
    json *root = json_object();
    exk_survey_write(root, &survey);
    char *text = json_print(root);
    REQUIRE(text != nullptr);
    const std::string copy = text;
    free(text);
    return copy;
}

std::string refusal(const std::string &text) {
    std::unique_ptr<exk_survey> survey(new exk_survey());
    std::memset(survey.get(), 0x5a, sizeof *survey);
    exk_error error = {};
    const exk_status status = exk_survey_parse(text.c_str(), text.size(), "FILE", survey.get(), &error);
    if (status == EXK_OK)
        return "";
    CHECK(status == EXK_ERR_FORMAT);
    CHECK(std::string(error.message).find("FILE: ") == 0);
    CHECK(std::string(error.message).find('\n') == std::string::npos);
    CHECK(survey->parts == 0); // nothing of a refused file is left
    CHECK(survey->machine.hash[0] == '\0');
    return error.message;
}

std::string with(std::string text, const std::string &old, const std::string &replacement) {
    const size_t at = text.find(old);
    REQUIRE(at != std::string::npos);
    return text.replace(at, old.size(), replacement);
}

bool contains(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

bool can_read() {
    if (!json_available())
        WARN("skipped: built without cJSON");
    return json_available();
}

} // namespace

TEST_CASE("a curve falls where its caches end", "[survey]") {
    const std::vector<exk_step> steps = steps_of(curve_of({{400, 48 * KiB}, {150, 2 * MiB}, {30, 32 * MiB}}, 15));
    REQUIRE(steps.size() == 3);
    CHECK(is_near(steps[0].at, 48 * KiB));
    CHECK(is_near(steps[1].at, 2 * MiB));
    CHECK(is_near(steps[2].at, 32 * MiB));
    for (const exk_step &step : steps) {
        CHECK(step.from < step.at);
        CHECK(step.at < step.to);
        CHECK(step.before > step.after);
    }
    CHECK(steps[2].before == Approx(30e9).epsilon(0.05));
    CHECK(steps[2].after == Approx(15e9).epsilon(0.05));
}

TEST_CASE("a flat, a rising and a slightly falling curve have no step", "[survey]") {
    CHECK(steps_of(curve_of({}, 15)).empty());
    CHECK(steps_of(curve_of({{10, 32 * MiB}}, 15)).empty());
    CHECK(steps_of(curve_of({{17, 32 * MiB}}, 15)).empty());
    CHECK(steps_of(curve_of({{20, 32 * MiB}}, 15)).size() == 1);
    exk_survey_part part = {};
    CHECK(steps_of(part).empty());
    part.points = 1;
    CHECK(steps_of(part).empty());
    part.points = 20; // of rate 0
    for (int i = 0; i < part.points; i++)
        part.curve[i].bytes = (i + 1) * KiB;
    CHECK(steps_of(part).empty());
}

TEST_CASE("disturbed points are no caches", "[survey]") {
    const std::vector<plateau> plateaus = {{400, 48 * KiB}, {150, 2 * MiB}, {30, 32 * MiB}};
    const auto dents = [](int i) { return i % 7 == 3 ? 0.5 : 1.0; };
    CHECK(steps_of(curve_of(plateaus, 15, 1024 * MiB, dents)).size() == 3);
    const auto noise = [](int i) { return 1 + 0.04 * std::sin(37.0 * i * i); };
    CHECK(steps_of(curve_of(plateaus, 15, 1024 * MiB, noise)).size() == 3);
}

TEST_CASE("reported sizes are confirmed by the curve", "[survey]") {
    const exk_topology topology = machine(2, 48 * KiB, 2 * MiB, 32 * MiB);
    exk_survey_part part = curve_of({{400, 48 * KiB}, {150, 2 * MiB}, {30, 32 * MiB}}, 15);
    exk_survey_judge(&topology, &part);
    REQUIRE(part.levels == 4);
    for (const char *name : {"L1d", "L2", "L3"}) {
        INFO(name);
        CHECK(level(part, name).verdict == EXK_SIZE_CONFIRMED);
        CHECK(level(part, name).believed == level(part, name).reported);
    }
    CHECK(level(part, "L1d").bytes == 24 * KiB);
    CHECK(level(part, "L2").bytes > 4 * 48 * KiB);
    CHECK(level(part, "L2").bytes < 1 * MiB);
    CHECK(level(part, "L3").bytes == 8 * MiB);
    CHECK(level(part, "memory").bytes == part.curve[part.points - 1].bytes);
    CHECK(level(part, "memory").verdict == EXK_SIZE_MEMORY);
}

TEST_CASE("an L3 that a virtual machine exaggerates is not believed", "[survey]") {
    const exk_topology topology = machine(2, 48 * KiB, 2 * MiB, 480 * MiB);
    exk_survey_part part = curve_of({{400, 48 * KiB}, {150, 2 * MiB}, {30, 96 * MiB}}, 15);
    exk_survey_judge(&topology, &part);
    CHECK(level(part, "L3").verdict == EXK_SIZE_EARLIER);
    CHECK(level(part, "L3").reported == 480 * MiB);
    CHECK(is_near(level(part, "L3").believed, 96 * MiB));
    part = curve_of({{400, 48 * KiB}, {150, 2 * MiB}, {30, 9 * MiB}}, 15);
    exk_survey_judge(&topology, &part);
    CHECK(level(part, "L3").verdict == EXK_SIZE_EARLIER);
    CHECK(is_near(level(part, "L3").believed, 9 * MiB));
    part = curve_of({{400, 48 * KiB}, {150, 2 * MiB}}, 15);
    exk_survey_judge(&topology, &part);
    CHECK(level(part, "L3").verdict == EXK_SIZE_UNSEEN);
    CHECK(level(part, "L3").believed == 0);
    CHECK(level(part, "L3").bytes == 0);
    CHECK(level(part, "L2").verdict == EXK_SIZE_CONFIRMED);
}

TEST_CASE("threads that share a cache have a part of it each", "[survey]") {
    const exk_topology topology = machine(4, 32 * KiB, 512 * KiB, 32 * MiB);
    exk_survey_part part = curve_of({{400, 32 * KiB}, {150, 512 * KiB}, {30, 8 * MiB}}, 5);
    part.threads = 4;
    exk_survey_judge(&topology, &part);
    CHECK(level(part, "L2").reported == 512 * KiB);
    CHECK(level(part, "L3").reported == 8 * MiB);
    CHECK(level(part, "L3").verdict == EXK_SIZE_CONFIRMED);
    part = curve_of({{400, 32 * KiB}, {150, 512 * KiB}, {30, 32 * MiB}}, 5);
    part.threads = 1;
    exk_survey_judge(&topology, &part);
    CHECK(level(part, "L3").reported == 32 * MiB);
    CHECK(level(part, "L3").verdict == EXK_SIZE_CONFIRMED);
}

TEST_CASE("a cache that is larger than reported, or not seen at all", "[survey]") {
    const exk_topology topology = machine(1, 48 * KiB, 1 * MiB, 32 * MiB);
    exk_survey_part part = curve_of({{400, 48 * KiB}, {150, 1800 * KiB}, {30, 32 * MiB}}, 15);
    exk_survey_judge(&topology, &part);
    CHECK(level(part, "L2").verdict == EXK_SIZE_LATER);
    CHECK(level(part, "L2").believed == 1 * MiB);
    part = curve_of({{160, 48 * KiB}, {150, 1 * MiB}, {30, 32 * MiB}}, 15);
    exk_survey_judge(&topology, &part);
    CHECK(level(part, "L1d").verdict == EXK_SIZE_UNSEEN);
    CHECK(level(part, "L1d").believed == 48 * KiB);
    CHECK(level(part, "L2").verdict == EXK_SIZE_CONFIRMED);
    CHECK(level(part, "L3").verdict == EXK_SIZE_CONFIRMED);
}

TEST_CASE("without reported sizes the curve alone counts", "[survey]") {
    exk_topology topology = machine(2, 32 * KiB, 1 * MiB, 0);
    topology.handle = nullptr; // assumed
    exk_survey_part part = curve_of({{400, 48 * KiB}, {150, 2 * MiB}, {30, 32 * MiB}}, 15);
    exk_survey_judge(&topology, &part);
    REQUIRE(part.levels == 4);
    CHECK(level(part, "L1d").verdict == EXK_SIZE_MEASURED);
    CHECK(is_near(level(part, "L1d").believed, 48 * KiB));
    CHECK(is_near(level(part, "L2").believed, 2 * MiB));
    CHECK(is_near(level(part, "L3").believed, 32 * MiB));
    part = curve_of({{400, 48 * KiB}}, 15);
    exk_survey_judge(&topology, &part);
    CHECK(is_near(level(part, "L1d").believed, 48 * KiB));
    CHECK(level(part, "L2").believed == 0);
    CHECK(level(part, "L3").believed == 0);
}

TEST_CASE("recorded machines can be judged by any curve", "[survey]") {
    if (!topology_replay_works())
        return;
    for (const char *file : {"no-l3-a72.xml", "hybrid-8p-8e.xml", "epyc-64.xml", "vm-l3-260mb.xml", "no-l2.xml",
                             "unknown-sizes.xml", "no-caches.xml", "cpuset-2-of-8.xml"}) {
        INFO(file);
        recorded_topology topology(file);
        for (int threads : {1, 2, 64, 4096}) {
            exk_survey_part part = curve_of({{400, 48 * KiB}, {150, 2 * MiB}, {30, 96 * MiB}}, 15);
            part.threads = threads;
            exk_survey_judge(topology.get(), &part);
            REQUIRE(part.levels >= 2);
            for (int i = 0; i < part.levels; i++) {
                CHECK(part.level[i].believed >= 0);
                CHECK(part.level[i].bytes >= 0);
                CHECK(part.level[i].bytes <= 1024 * MiB);
            }
        }
    }
}

TEST_CASE("parts are kept in order, one for each number of threads", "[survey]") {
    std::unique_ptr<exk_survey> survey(new exk_survey());
    exk_survey_part part = {};
    for (int threads : {8, 1, 4, 1, 8}) {
        part.threads = threads;
        part.isas++;
        CHECK(exk_survey_put(survey.get(), &part));
    }
    REQUIRE(survey->parts == 3);
    CHECK(survey->part[0].threads == 1);
    CHECK(survey->part[1].threads == 4);
    CHECK(survey->part[2].threads == 8);
    CHECK(exk_survey_find(survey.get(), 1)->isas == 4);
    CHECK(exk_survey_find(survey.get(), 8)->isas == 5);
    CHECK(exk_survey_find(survey.get(), 2) == nullptr);
    for (int threads = 100; survey->parts < EXK_SURVEY_PARTS; threads++) {
        part.threads = threads;
        REQUIRE(exk_survey_put(survey.get(), &part));
    }
    part.threads = 3;
    CHECK_FALSE(exk_survey_put(survey.get(), &part));
    part.threads = 4;
    CHECK(exk_survey_put(survey.get(), &part));
    CHECK(survey->parts == EXK_SURVEY_PARTS);
}

TEST_CASE("a stop flag ends a survey, another machine begins none", "[survey][threads]") {
    exk_topology topology;
    REQUIRE(exk_topology_load(&topology, nullptr) == EXK_OK);
    std::unique_ptr<exk_survey_part> part(new exk_survey_part());
    const int stop = 1;
    exk_survey_options options = {};
    options.quick = true;
    options.stop = &stop;
    exk_error error = {};
    CHECK(exk_survey_take(&topology, 1, &options, part.get(), &error) == EXK_STOPPED);
    exk_topology_free(&topology);
    if (!topology_replay_works())
        return;
    CHECK(exk_survey_take(recorded_topology("epyc-64.xml").get(), 1, &options, part.get(), &error) ==
          EXK_ERR_ARGUMENT);
}

TEST_CASE("what is written is read again, bit by bit", "[survey]") {
    if (!can_read())
        return;
    const std::unique_ptr<exk_survey> survey = sample();
    const std::string text = text_of(*survey);
    std::unique_ptr<exk_survey> read(new exk_survey());
    std::memset(read.get(), 0x5a, sizeof *read);
    exk_error error = {};
    const exk_status status = exk_survey_parse(text.c_str(), text.size(), "FILE", read.get(), &error);
    INFO(error.message);
    REQUIRE(status == EXK_OK);
    CHECK(text_of(*read) == text);
    CHECK(read->parts == 3);
    CHECK(read->part[0].flops[0].rate.median == survey->part[0].flops[0].rate.median);
    CHECK(std::string(read->machine.text) == survey->machine.text);
}

TEST_CASE("damage is found and named, and nothing of the file is used", "[survey]") {
    if (!can_read())
        return;
    const std::string good = text_of(*sample());
    REQUIRE(refusal(good).empty());
    CHECK(contains(refusal(""), "not a JSON object"));
    CHECK(contains(refusal("[]"), "not a JSON object"));
    CHECK(contains(refusal("{"), "not a JSON object"));
    CHECK(contains(refusal(good + "x"), "not a JSON object"));
    CHECK(contains(refusal(good + std::string("\0{}", 3)), "not a JSON object"));
    CHECK(contains(refusal(good + std::string("\0", 1)), "not a JSON object"));
    CHECK(contains(refusal(std::string(100000, '[')), "not a JSON object"));
    CHECK(contains(refusal("{\"a\":" + std::string(100000, '{')), "not a JSON object"));
    CHECK(contains(refusal("{}"), "'schema'"));
    CHECK(contains(refusal(with(good, "ceilings 1", "ceilings 2")), "'schema' is another"));
    CHECK(contains(refusal(with(good, "\"exakt ceilings 1\"", "1")), "'schema' is missing or not plain text"));
    const std::string hash = sample()->machine.hash;
    CHECK(contains(refusal(with(good, hash, "aaaaaaaaaaaaaaaX")), "'hash' is not 16 hexadecimal"));
    CHECK(contains(refusal(with(good, hash, "aaaaaaaaaaaaaaaa")), "'machine' contradicts itself"));
    CHECK(contains(refusal(with(good, "\"caches\":\t\"unknown", "\"caches\":\t\"L1")), "contradicts itself"));
    CHECK(contains(refusal(with(good, "pus=1", "pus=2")), "contradicts itself"));
    CHECK(contains(refusal(with(good, "scalar", "sca\\u001blar")), "plain text"));
    CHECK(contains(refusal(with(good, "\"caches\":\t\"unknown", "\"caches\":\t\"" + std::string(500, 'x'))),
                   "plain text"));
    CHECK(contains(refusal(with(good, "\"threads\":\t1", "\"threads\":\t0")), "part 1: 'threads'"));
    CHECK(contains(refusal(with(good, "\"threads\":\t1", "\"threads\":\t1.5")), "whole number from 1 to 4096"));
    CHECK(contains(refusal(with(good, "\"threads\":\t1", "\"threads\":\t1e999")), "'threads'"));
    CHECK(contains(refusal(with(good, "\"threads\":\t1", "\"threads\":\t\"1\"")), "'threads'"));
    CHECK(contains(refusal(with(good, "\"threads\":\t1", "\"threads\":\tNaN")), "not a JSON object"));
    CHECK(contains(refusal(with(good, "\"threads\":\t2", "\"threads\":\t9")), "part 3: out of order"));
    CHECK(contains(refusal(with(good, "\"threads\":\t2", "\"threads\":\t1")), "part 2: out of order"));
    CHECK(contains(refusal(with(good, "2026-01-31T12:34:56Z", "yesterday")), "part 1: 'measured'"));
    CHECK(contains(refusal(with(good, "\"quick\":\tfalse", "\"quick\":\t0")), "true or false"));
    CHECK(contains(refusal(with(good, "\"median\":\t", "\"median\":\t-")), "'median'"));
    CHECK(contains(refusal(with(good, "\"median\":\t", "\"median\":\t9e9, \"m\":\t")), "not between"));
    CHECK(contains(refusal(with(good, "\"confirmed\"", "\"surely\"")), "'verdict'"));
    CHECK(contains(refusal(with(good, "\"falls_at\":\t", "\"falls_at\":\t0, \"f\":\t")), "'falls_at'"));
    CHECK(contains(refusal(with(good, "\"working_set_bytes\":\t", "\"working_set_bytes\":\t-")), "working_set"));
    CHECK(contains(refusal(with(good, "\"curve\":\t[", "\"curve\":\t[1, ")), "'curve'"));
    CHECK(contains(refusal(with(good, "\"curve\":\t[", "\"curve\":\t{}, \"c\":\t[")), "'curve'"));
    std::string many = "\"curve\":\t[";
    for (int i = 0; i <= EXK_SURVEY_POINTS; i++)
        many += "{},";
    CHECK(contains(refusal(with(good, "\"curve\":\t[", many)), "an array of at most 80"));
}

TEST_CASE("every beginning of a file is refused", "[survey]") {
    if (!can_read())
        return;
    const std::unique_ptr<exk_survey> survey = sample();
    survey->parts = 1;
    const std::string good = text_of(*survey);
    for (size_t length = 0; length < good.size(); length += 1 + length / 200) {
        INFO(length);
        REQUIRE_FALSE(refusal(good.substr(0, length)).empty());
    }
}

TEST_CASE("a survey is kept, and only for its machine and build", "[survey]") {
    if (!can_read())
        return;
    const TempDir dir;
    const std::string path = dir / "below/ceilings.json";
    const std::unique_ptr<exk_survey> survey = sample();
    std::unique_ptr<exk_survey> read(new exk_survey());
    exk_error error = {};
    bool found = true;
    CHECK(exk_survey_load(path.c_str(), &survey->machine, read.get(), &found, &error) == EXK_OK);
    CHECK_FALSE(found);
    REQUIRE(exk_survey_save(path.c_str(), survey.get(), &error) == EXK_OK);
    CHECK(exk_survey_load(path.c_str(), &survey->machine, read.get(), &found, &error) == EXK_OK);
    CHECK(found);
    CHECK(text_of(*read) == text_of(*survey));

    exk_fingerprint other = survey->machine;
    set_hash(other.hash, 'b');
    CHECK(exk_survey_load(path.c_str(), &other, read.get(), &found, &error) == EXK_ERR_FORMAT);
    CHECK_FALSE(found);
    CHECK(contains(error.message, "another machine"));
    other = survey->machine;
    other.text[0] = 'C';
    CHECK(exk_survey_load(path.c_str(), &other, read.get(), &found, &error) == EXK_ERR_FORMAT);
    set_hash(survey->build, 'b');
    REQUIRE(exk_survey_save(path.c_str(), survey.get(), &error) == EXK_OK);
    CHECK(exk_survey_load(path.c_str(), &survey->machine, read.get(), &found, &error) == EXK_ERR_FORMAT);
    CHECK(contains(error.message, "another build"));
}

TEST_CASE("the file's name tells machine and build", "[survey]") {
    const std::unique_ptr<exk_survey> survey = sample();
    const environment cache("EXAKT_CACHE", "/somewhere");
    char path[PATH_MAX];
    REQUIRE(exk_survey_path(&survey->machine, path, sizeof path, nullptr) == EXK_OK);
    CHECK(std::string(path) ==
          "/somewhere/ceilings-" + std::string(survey->machine.hash) + "-" + survey->build + ".json");
}
