// The same bits everywhere: hashes of generated points and of what a fit makes of them, equal for every variant,
// thread count, plan, compiler, optimisation level and machine.
//
// The table changes only when the definition of a result or of a generator changes, and then on purpose. To print
// it anew:
//     build/release/tests/test_golden '[.golden-print]'
#include <cinttypes>
#include <cstdio>

#include "tests/catch.hpp"
#include "tests/fit.hpp"

#include "datasets/datasets.h"

namespace {

struct Case {
    const char *input;
    int64_t k;
    exk_init init;
    exk_empty empty;
    int n_init;
    int64_t max_iter;
    double tol;
};

struct Golden {
    uint64_t points, labels, centroids;
    double inertia;
    int64_t iterations;

    bool operator==(const Golden &other) const {
        return points == other.points && labels == other.labels && centroids == other.centroids &&
               std::memcmp(&inertia, &other.inertia, sizeof inertia) == 0 && iterations == other.iterations;
    }
};

std::string to_text(const Golden &g) {
    char text[160];
    std::snprintf(text, sizeof text, "{0x%016" PRIx64 ", 0x%016" PRIx64 ", 0x%016" PRIx64 ", %a, %" PRId64 "}",
                  g.points, g.labels, g.centroids, g.inertia, g.iterations);
    return text;
}

std::ostream &operator<<(std::ostream &out, const Golden &g) {
    return out << to_text(g);
}

constexpr exk_init PP = EXK_INIT_KMEANSPP, RANDOM = EXK_INIT_RANDOM, FIRST = EXK_INIT_FIRST;
constexpr exk_empty FAR = EXK_EMPTY_FARTHEST, KEEP = EXK_EMPTY_KEEP, SPLIT = EXK_EMPTY_SPLIT;

const Case cases[] = {
    {"gen:lattice,n=400,d=3,side=3,seed=1", 12, RANDOM, FAR, 1, 300, 0.0},
    {"gen:lattice,n=200,d=40,side=2,seed=2", 17, FIRST, FAR, 1, 300, 0.0},
    {"gen:lattice,n=300,d=2,side=2,seed=3", 7, RANDOM, FAR, 1, 300, 0.0},
    {"gen:lattice,n=300,d=2,side=3,seed=4", 8, RANDOM, SPLIT, 1, 300, 0.0},
    {"gen:lattice,n=300,d=1,side=5,seed=5", 9, RANDOM, KEEP, 1, 300, 0.0},
    {"gen:blobs,n=600,d=16,k=9,seed=6", 9, PP, FAR, 1, 300, 0.0},
    {"gen:blobs,n=500,d=33,k=5,seed=7,spread=1", 21, RANDOM, KEEP, 1, 9, 0.0},
    {"gen:blobs,n=300,d=8,k=30,seed=8,spread=0.01", 40, RANDOM, FAR, 3, 300, 1e-4},
    {"gen:uniform,n=700,d=1,seed=9", 11, PP, FAR, 1, 12, 0.0},
    {"gen:uniform,n=2500,d=3,seed=10", 20, PP, FAR, 1, 5, 0.0},
    {"gen:uniform,n=333,d=7,seed=11", 1, RANDOM, FAR, 1, 300, 0.0},
    {"gen:uniform,n=120,d=5,seed=12", 117, RANDOM, FAR, 1, 300, 0.0},
    {"gen:uniform,n=400,d=6,seed=13,low=1000,high=1001", 10, PP, FAR, 1, 12, 0.0},
    {"gen:uniform,n=200,d=9,seed=14,low=-1e30,high=1e30", 10, RANDOM, FAR, 1, 12, 0.0},
    {"gen:uniform,n=800,d=4,seed=15", 15, PP, FAR, 2, 300, 1e-2},
    {"gen:uniform,n=3,d=999,seed=18", 1, RANDOM, FAR, 1, 300, 0.0},
    {"gen:embed,n=300,d=128,topics=16,seed=16", 13, PP, FAR, 1, 8, 0.0},
    {"gen:embed,n=96,d=768,topics=8,seed=17", 35, FIRST, SPLIT, 1, 4, 0.0},
};

const Golden golden[] = {
    {0x63a6ae7983241ab5, 0x4f042ddac6c80296, 0x95face741243c7ce, 0x1.f59437fae08dcp+6, 4},
    {0x7cb021c9d932f955, 0xf2bcee298175d8bc, 0xfa7d1656da39856b, 0x1.8423938dc1c21p+10, 6},
    {0x77a4fe48212edf75, 0xd1b3396bceb0fde6, 0x1f6ed66515456d98, 0x0p+0, 3},
    {0xb0aee4542e13f248, 0x22d495d75ce6fca4, 0x25e51e380d6bf79a, 0x1.e6d1d60864b7cp+3, 3},
    {0xb893d6bdff4c77c8, 0xfe96651a75cd1613, 0xb0b47ec7ae0b3d98, 0x0p+0, 3},
    {0xb39b4e8fbc38b3b5, 0xf7b87d8994bcccab, 0xe8af5e16a3eddd31, 0x1.31ebe0fcfce5ep+8, 7},
    {0x666092856f37fb19, 0x3c0304a9f1c5b2dd, 0xd17bbf858e252650, 0x1.cd315b2a0de28p+13, 8},
    {0x5d5f51c939ce85e7, 0x3e5288258b584e2f, 0x3aee9f18a5acc5f5, 0x1.257f0a2379674p+5, 4},
    {0x6537d159e36c1b66, 0xba5d288571b87fa0, 0x2076a5d1895a7145, 0x1.de9629f359395p-2, 11},
    {0x75657271733a0076, 0x9c9040dd920d7b56, 0xe4ed4023d67a3b39, 0x1.691680ba3eea9p+6, 5},
    {0x689b9a74bcd12699, 0x27baa61414f607b5, 0xd06035e600eca52b, 0x1.7f4a4b3d5a0bap+7, 2},
    {0x7ca5663f4e4d0d22, 0xddb53f42387d9e23, 0xf47d7f74845d618b, 0x1.577ce25cebbb4p-4, 2},
    {0x3f5be5e74e964140, 0x8f0725f9ae053fc5, 0x24660f580ef4d700, 0x1.8efa94514p+6, 12},
    {0x98c7b404d4357165, 0x3febb61a6014f4b3, 0xafb78f2ef3439c79, 0x1.bdfe1aa07853fp+207, 12},
    {0x0088025fcd3db6a6, 0x025f05a0154ccaba, 0x6f885e48a04f3bfb, 0x1.061b1a6cfbef6p+6, 22},
    {0x6132b4a6c2a9beff, 0x5467b0da1d106495, 0x9c8494186270995a, 0x1.57e94a1d37a39p+7, 2},
    {0x244c70757e15187c, 0x18e50126c8d6d142, 0xd1a6d2b835136ece, 0x1.406afb3ead877p+7, 8},
    {0x16525f122c426c87, 0xd11bd6208bd2705e, 0x46b7e2c42ca49687, 0x1.cb1e1da624952p+4, 3},
};

constexpr size_t case_count = sizeof cases / sizeof cases[0];

uint64_t fnv1a(const void *data, size_t bytes) {
    const auto *byte = static_cast<const unsigned char *>(data);
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ byte[i]) * 0x100000001b3u;
    return hash;
}

template <class T> uint64_t hash_of(const std::vector<T> &values) {
    return fnv1a(values.data(), values.size() * sizeof(T));
}

Matrix generate(const char *input) {
    exk_dataset *dataset = nullptr;
    exk_error error = {};
    const exk_status status = exk_dataset_load(input, nullptr, &dataset, &error);
    INFO(error.message);
    REQUIRE(status == EXK_OK);
    Matrix m(dataset->points.n, dataset->points.d);
    std::copy(dataset->points.x, dataset->points.x + m.values.size(), m.values.begin());
    exk_dataset_free(dataset);
    return m;
}

Golden measure(const Matrix &points, const Case &c, How how) {
    how.init = c.init;
    how.empty = c.empty;
    how.n_init = c.n_init;
    how.max_iter = c.max_iter;
    how.tol = c.tol;
    const Outcome o = fit(points, c.k, how);
    return {hash_of(points.values), hash_of(o.labels), hash_of(o.centroids), o.inertia, o.iterations};
}

// The library's choice, the smallest tiles, and two that divide nothing. Threads, updates and nodes come in turn.
std::vector<How> plans_of(const std::string &variant) {
    const char *name = variant.c_str();
    return {{name}, {name, 1, 1, 1, 1, 4096}, {name, 1, 7, 40, 9, 8192}, {name, 1, 50, 24, 16, 100000}};
}

} // namespace

TEST_CASE("generated points and fits have their golden bits everywhere", "[golden]") {
    REQUIRE(sizeof golden / sizeof golden[0] == case_count);
    for (size_t i = 0; i < case_count; i++) {
        const Matrix points = generate(cases[i].input);
        size_t turn = i;
        for (const std::string &variant : available_variants()) {
            for (How how : plans_of(variant)) {
                // Over the cases every plan of every variant meets every number of threads.
                how.update = static_cast<exk_update>(turn / 3 % 4);
                how.nodes = static_cast<int>(turn / 5 % 4);
                how.threads = static_cast<int>(1 + turn++ % 8);
                INFO(cases[i].input << ", k = " << cases[i].k << ", " << variant << ", threads " << how.threads
                                    << ", point tile " << how.point_tile << ", update " << how.update);
                REQUIRE(measure(points, cases[i], how) == golden[i]);
            }
        }
    }
}

TEST_CASE("print the golden table", "[.golden-print]") {
    for (const Case &c : cases)
        std::printf("    %s,\n", to_text(measure(generate(c.input), c, {"assign_f32_naive__scalar"})).c_str());
}
