// Generators: the same bits everywhere, the promised shapes, and every refused spec.
#include "tests/test_datasets.hpp"

#include <cmath>
#include <omp.h>

using namespace datasets_test;

namespace {

// FNV-1a over the bytes of the values, lowest byte first.
uint64_t fingerprint(const Load &load) {
    uint64_t hash = 14695981039346656037U;
    for (const float value : load.values()) {
        for (const char byte : bytes_of({value})) {
            hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211U;
        }
    }
    return hash;
}

void check_golden(const std::string &spec, int64_t n, int64_t d, uint64_t golden) {
    INFO(spec);
    const int before = omp_get_max_threads();
    for (const int threads : {1, 4}) {
        omp_set_num_threads(threads);
        const Load load(spec);
        omp_set_num_threads(before);
        REQUIRE(load.status == EXK_OK);
        CHECK(load.dataset->points.n == n);
        CHECK(load.dataset->points.d == d);
        CHECK(load.note().empty());
        CHECK_FALSE(load.dataset->mapped);
        CHECK(fingerprint(load) == golden);
    }
}

} // namespace

TEST_CASE("gen: golden fingerprints, whatever the threads", "[datasets]") {
    check_golden("gen:embed,n=300,d=37,seed=7,topics=5", 300, 37, 0xf9dc399faa6a13b2U);
    check_golden("gen:blobs,n=300,d=7,k=4,seed=7,spread=0.25", 300, 7, 0x723926622b471c68U);
    check_golden("gen:uniform,n=300,d=7,seed=7,low=-1,high=3", 300, 7, 0xbe76786e62847d49U);
    check_golden("gen:lattice,n=300,d=7,side=5,seed=7", 300, 7, 0xeba6cc33ce85ed08U);
    check_golden("gen:embed", 10000, 128, 0xbee21a2051b0d277U);
    check_golden("gen:blobs", 10000, 32, 0xd0410d286208648aU);
    check_golden("gen:uniform", 10000, 16, 0xac51d2027b4f3ce3U);
    check_golden("gen:lattice", 10000, 8, 0xab8a496b85b61d25U);
}

TEST_CASE("gen: another seed, other values; a longer set begins like a shorter one", "[datasets]") {
    for (const char *name : {"embed", "blobs", "uniform", "lattice"}) {
        const std::string spec = std::string("gen:") + name + ",d=9";
        const Load a(spec + ",n=100,seed=1"), b(spec + ",n=100,seed=2"), longer(spec + ",n=150,seed=1");
        REQUIRE(a.status == EXK_OK);
        CHECK(a.values() != b.values());
        const std::vector<float> all = longer.values();
        CHECK(a.values() == std::vector<float>(all.begin(), all.begin() + 900));
    }
}

TEST_CASE("gen: embed has unit rows, a falling spectrum and topics", "[datasets]") {
    const Load load("gen:embed,n=4k,d=96,topics=3,seed=5");
    REQUIRE(load.status == EXK_OK);
    const exk_points &p = load.dataset->points;
    std::vector<double> power(96);
    for (int64_t i = 0; i < p.n; i++) {
        double norm = 0;
        for (int64_t j = 0; j < p.d; j++) {
            const double v = p.x[i * p.d + j];
            norm += v * v;
            power[static_cast<std::size_t>(j)] += v * v;
        }
        REQUIRE(std::fabs(std::sqrt(norm) - 1) < 1e-6);
    }
    double head = 0, tail = 0;
    for (std::size_t j = 0; j < 12; j++) {
        head += power[j];
        tail += power[84 + j];
    }
    CHECK(head > 5 * tail);
}

TEST_CASE("gen: lattice holds all integers below side and nothing else", "[datasets]") {
    const Load load("gen:lattice,n=2000,d=3,side=4,seed=3");
    REQUIRE(load.status == EXK_OK);
    std::vector<int> count(4);
    for (const float value : load.values()) {
        REQUIRE((value == 0 || value == 1 || value == 2 || value == 3));
        count[static_cast<std::size_t>(value)]++;
    }
    for (const int c : count) {
        CHECK(std::abs(c - 1500) < 200); // six deviations
    }
}

TEST_CASE("gen: uniform stays in its range and fills it", "[datasets]") {
    const Load load("gen:uniform,n=5000,d=2,low=-2,high=3,seed=9");
    REQUIRE(load.status == EXK_OK);
    double sum = 0, least = 9, most = -9;
    for (const float value : load.values()) {
        sum += value;
        least = value < least ? value : least;
        most = value > most ? value : most;
    }
    CHECK(least >= -2);
    CHECK(least < -1.99);
    CHECK(most <= 3);
    CHECK(most > 2.99);
    CHECK(std::fabs(sum / 10000 - 0.5) < 0.1);
}

TEST_CASE("gen: blobs are normal around their centres", "[datasets]") {
    const Load load("gen:blobs,n=20k,d=1,k=1,spread=2,seed=4"), tight("gen:blobs,n=50,d=3,k=1,spread=0");
    REQUIRE(load.status == EXK_OK);
    REQUIRE(tight.status == EXK_OK);
    const std::vector<float> x = load.values();
    double mean = 0, second = 0, fourth = 0;
    for (const float v : x) {
        mean += v / 20000.0;
    }
    for (const float v : x) {
        const double square = (v - mean) * (v - mean);
        second += square / 20000;
        fourth += square * square / 20000;
    }
    CHECK(std::fabs(mean) < 1.1);
    CHECK(std::fabs(second - 4) < 0.25);
    CHECK(std::fabs(fourth / (second * second) - 2.9) < 0.25); // twelve uniforms: 3 - 0.1
    for (int64_t i = 3; i < 150; i++) {
        REQUIRE(tight.dataset->points.x[i] == tight.dataset->points.x[i % 3]);
    }
}

TEST_CASE("gen: numbers with suffixes", "[datasets]") {
    for (const char *n : {"2000", "2k", "2e3", "0.002M", "2000.0"}) {
        INFO(n);
        const Load load(std::string("gen:uniform,d=1,n=") + n);
        REQUIRE(load.status == EXK_OK);
        CHECK(load.dataset->points.n == 2000);
    }
    const Load largest("gen:uniform,n=10,d=1,seed=18446744073709551615");
    CHECK(largest.status == EXK_OK);
}

TEST_CASE("gen: specs that are refused", "[datasets]") {
    const auto refused = [](const std::string &spec, std::initializer_list<const char *> fragments) {
        INFO(spec);
        check_refused(spec, EXK_ERR_ARGUMENT, fragments);
    };
    refused("gen:", {"no generator ''", "embed blobs uniform lattice"});
    refused("gen:sphere,n=10", {"no generator 'sphere'", "embed blobs uniform lattice"});
    refused("gen:embed=3", {"no generator 'embed'"});
    refused("gen:embed,k=3", {"no key 'k'", "n=10000,d=128,seed=1,topics=64"});
    refused("gen:lattice,spread=3", {"no key 'spread'", "side=3"});
    refused("gen:embed,", {"no key ''"});
    refused("gen:embed,n", {"n=''", "whole number from 1"});
    refused("gen:embed,n=", {"n=''"});
    for (const char *bad : {"0", "-5", "1.5", "x", "nan", "inf", "1e60", "k", "5kk", "10 ", "0x10", "2^46"}) {
        refused(std::string("gen:uniform,n=") + bad, {"n='", bad, "whole number from 1"});
    }
    refused("gen:lattice,side=0", {"side='0'", "from 1 to 1.67772e+07"});
    refused("gen:lattice,side=2e7", {"side='2e7'"});
    for (const char *bad : {"-1", "1.5", "18446744073709551616", "99999999999999999999999", "", "1e3"}) {
        refused(std::string("gen:uniform,seed=") + bad, {"seed='", "at most 18446744073709551615"});
    }
    refused("gen:blobs,spread=-1", {"spread='-1'", "number from 0"});
    refused("gen:blobs,spread=nan", {"spread='nan'"});
    refused("gen:uniform,low=2,high=1", {"low=2 is above high=1"});
    refused("gen:uniform,n=1e9,d=1e6", {"exceed 64 TiB"});
    refused("gen:uniform,n=1e13,d=1e13", {"exceed 64 TiB"});
    refused("gen:uniform,n=" + std::string(2000, '9'), {"n='999"});
    check_refused("gen:uniform", EXK_ERR_ARGUMENT, {"in text only"}, "0");
}

TEST_CASE("gen: sets that no memory holds", "[datasets]") {
    check_refused("gen:uniform,n=1e9,d=16000", EXK_ERR_MEMORY, {"no memory for 64000000000000 bytes"});
    check_refused("gen:blobs,n=1,d=1e5,k=1e9", EXK_ERR_MEMORY, {"no memory for the centres"});
}

TEST_CASE("gen: the help names every generator and key", "[datasets]") {
    const std::string help = exk_generators_help();
    for (const char *part :
         {"gen:embed,n=10000,d=128,seed=1,topics=64", "gen:blobs,n=10000,d=32,k=16,seed=1,spread=0.1",
          "gen:uniform,n=10000,d=16,seed=1,low=0,high=1", "gen:lattice,n=10000,d=8,side=3,seed=1"}) {
        CHECK(help.find(part) != std::string::npos);
    }
}
