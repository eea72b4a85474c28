// Reading records back: what is whole is read as it was written, what is damaged is refused with the place.
#include "tests/bench/records.hpp"

#include "harness/results.h"
#include "tuner/json.h"

#include <cstring>
#include <unistd.h>

namespace {

struct parsed {
    exk_status status;
    std::string message;
    int rows, samples;
};

parsed parse(const std::string &text) {
    results r;
    exk_error error = {};
    const exk_status status = results_parse(text.c_str(), text.size(), "old.json", &r, &error);
    const parsed p = {status, error.message, r.count, r.count ? r.rows[0].count : -1};
    if (status != EXK_OK) {
        CHECK(r.rows == nullptr);
        CHECK(error.status == status);
        CHECK(std::strncmp(error.message, "old.json: ", 10) == 0);
    }
    results_free(&r);
    return p;
}

std::string replaced(std::string text, const std::string &from, const std::string &to) {
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

bool contains(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

const std::vector<records::row> two_rows = {{}, {"assign_f32_naive__avx2", 2, 0.3, "fnv1a64:0123456789abcdef"}};

} // namespace

TEST_CASE("a record is read as it was written", "[results]") {
    if (!json_available())
        return;
    const std::string text = records::record(two_rows, 1, 3);
    results r;
    exk_error error;
    REQUIRE(results_parse(text.c_str(), text.size(), "old.json", &r, &error) == EXK_OK);
    REQUIRE(r.count == 2);
    CHECK(std::string(r.machine) == "0123456789abcdef");
    CHECK(std::string(r.commit) == "abc");
    CHECK(std::string(r.started) == "2026-01-31T12:00:00Z");
    CHECK(std::string(r.rows[1].variant) == "assign_f32_naive__avx2");
    CHECK(std::string(r.rows[1].input) == "gen:embed,n=1000,d=16");
    CHECK(std::string(r.rows[1].labels_hash) == "fnv1a64:0123456789abcdef");
    CHECK(std::string(r.rows[1].ceiling_isa) == "avx2");
    CHECK(r.rows[1].threads == 2);
    CHECK(r.rows[1].n == 1000);
    CHECK(r.rows[1].d == 16);
    CHECK(r.rows[1].k == 10);
    CHECK(r.rows[1].iterations == 10);
    CHECK(r.rows[1].verified);
    CHECK(r.rows[1].has_ceiling);
    REQUIRE(r.rows[1].count == 3);
    CHECK(r.rows[1].disturbed == 1);
    CHECK(r.rows[1].seconds[2] * r.rows[1].ceiling[2] == Approx(30).epsilon(0.05));
    results_free(&r);
    CHECK(r.rows == nullptr);
    CHECK(parse(records::record({}, 1)).rows == 0);
}

TEST_CASE("an unknown ceiling is no damage", "[results]") {
    if (!json_available())
        return;
    std::string text = records::record(two_rows, 1, 1);
    const std::size_t at = text.find(R"("ceiling_gflops": )") + 18;
    text.replace(at, text.find(',', at) - at, "null");
    results r;
    REQUIRE(results_parse(text.c_str(), text.size(), "old.json", &r, nullptr) == EXK_OK);
    CHECK_FALSE(r.rows[0].has_ceiling);
    CHECK(r.rows[1].has_ceiling);
    results_free(&r);
}

TEST_CASE("damaged records are refused, with the place", "[results]") {
    if (!json_available())
        return;
    const std::string good = records::record(two_rows, 1, 2);
    REQUIRE(parse(good).status == EXK_OK);
    struct damage {
        std::string from, to, part;
    };
    for (const damage &d : {
             damage{"\"n\": 1000", "\"n\": 0", "row 0: 'n'"},
             damage{"\"n\": 1000", "\"n\": 10.5", "row 0: 'n'"},
             damage{"\"n\": 1000", "\"n\": \"1000\"", "row 0: 'n'"},
             damage{"\"n\": 1000, ", "", "row 0: 'n'"},
             damage{"\"threads\": 2", "\"threads\": 5000", "row 1: 'threads'"},
             damage{"\"k\": 10", "\"k\": 1e300", "row 0: 'k'"},
             damage{"\"iterations\": 10", "\"iterations\": -1", "'iterations'"},
             damage{"\"verified\": true", "\"verified\": 1", "'verified'"},
             damage{"\"variant\": \"assign", "\"variant\": \"\\u001b[31m", "'variant'"},
             damage{"\"input\": \"gen", "\"input\": \"\\u009b31m", "'input'"},
             damage{"\"input\": \"gen", "\"input\": \"a\\nb", "'input'"},
             damage{"\"seconds\": ", "\"seconds\": -", "'seconds'"},
             damage{"\"seconds\": ", "\"seconds\": 0, \"s\": ", "'seconds'"},
             damage{"\"seconds\": ", "\"seconds\": 1e999, \"s\": ", "'seconds'"},
             damage{"\"seconds\": ", "\"seconds\": null, \"s\": ", "'seconds'"},
             damage{"\"ceiling_gflops\": ", "\"ceiling_gflops\": 0, \"c\": ", "'ceiling_gflops'"},
             damage{"\"disturbed\": false", "\"disturbed\": 0", "'disturbed'"},
             damage{"\"samples\": [{", "\"samples\": [7, {", "'samples'"},
             damage{"\"samples\": [", "\"samples\": 7, \"s\": [", "'samples'"},
             damage{"\"rows\": [", "\"rows\": [[], ", "'rows'"},
             damage{"\"rows\": [", "\"rows\": null, \"r\": [", "'rows'"},
             damage{"\"manifest\": {", "\"manifest\": [], \"m\": {", "'manifest'"},
             damage{"\"machine\": {", "\"machine\": 7, \"m\": {", "'machine'"},
             damage{"\"commit\": \"abc\"", "\"commit\": 7", "'commit'"},
             damage{"\"fingerprint\": \"0", "\"fingerprint\": \"" + std::string(100, 'f'), "'fingerprint'"},
             damage{"exakt bench 1", "exakt bench 99", "'exakt bench 99' is of a newer version of exakt"},
             damage{"exakt bench 1", "exakt bench 0", "has no version that there is"},
             damage{"exakt bench 1", "exakt bench x", "has no version that there is"},
             damage{"exakt bench 1", "exakt benchmark 1", "not a record of exakt bench"},
             damage{"exakt bench 1", "exakt compare 1", "not a record of exakt bench"},
             damage{"\"format\"", "\"firmat\"", "not a record of exakt bench"},
             damage{"\"assign_f32_naive__avx2\", \"threads\": 2", "\"assign_f32_fused__avx2\", \"threads\": 1",
                    "row 1: the same input"},
         }) {
        INFO(d.from << " -> " << d.to);
        const parsed p = parse(replaced(good, d.from, d.to));
        CHECK(p.status == EXK_ERR_FORMAT);
        INFO(p.message);
        CHECK(contains(p.message, d.part));
    }
}

TEST_CASE("what is no such record at all is refused", "[results]") {
    if (!json_available())
        return;
    for (const std::string &text : {std::string(), std::string("{"), std::string("[]"), std::string("7"),
                                    std::string("{}"), std::string("null"), std::string(5000, '['),
                                    std::string("{}\0{}", 5), std::string("\xff\xfe"), std::string("{} x")}) {
        INFO(text.substr(0, 20));
        CHECK(parse(text).status == EXK_ERR_FORMAT);
    }
    const std::string good = records::record(two_rows, 1, 2);
    for (std::size_t length = 0; length + 2 < good.size(); length += 7)
        CHECK(parse(good.substr(0, length)).status == EXK_ERR_FORMAT);
}

TEST_CASE("files that are not there, or no files, are named", "[results]") {
    results r;
    exk_error error;
    CHECK(results_read("/nonexistent/old.json", &r, &error) == EXK_ERR_FILE);
    CHECK(contains(error.message, "/nonexistent/old.json"));
    CHECK(results_read("/tmp", &r, &error) == EXK_ERR_FILE);
    CHECK(results_read("/dev/zero", &r, &error) == EXK_ERR_FILE);
}
