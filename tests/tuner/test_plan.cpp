/* The cache model: plans for many shapes on many machines, their footprints computed anew. */
#include "tests/catch.hpp"
#include "tests/topologies/recorded.hpp"

extern "C" {
#include "kernels/variant.h"
}
#include "tuner/plan.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace {

const int64_t sizes_n[] = {1, 13, 1000, 200000, 5000000};
const int64_t sizes_d[] = {1, 2, 3, 16, 38, 128, 257, 768, 784, 4096, 65536};
const int64_t sizes_k[] = {1, 2, 31, 33, 100, 256, 1000, 4096, 65536};
const int thread_counts[] = {1, 2, 64};

struct planned {
    const exk_variant *variant;
    exk_shape shape;
    exk_plan plan;
    int64_t points, mr; /* what the tiles are multiples of */
    int64_t nr;
};

std::vector<std::string> recorded_machines() {
    std::vector<std::string> names;
    for (const auto &entry : std::filesystem::directory_iterator(EXAKT_TESTS_DIR "/topologies"))
        if (entry.path().extension() == ".xml")
            names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

planned plan_for(const exk_topology *topology, const exk_variant *variant, const exk_shape &shape, int threads) {
    planned p = {variant, shape, {}, exk_variant_points(variant), variant->mr, exk_variant_nr(variant)};
    p.plan.variant = variant->name;
    p.plan.threads = threads;
    exk_plan_model(topology, &shape, &p.plan);
    return p;
}

int64_t round_up(int64_t value, int64_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

/* Counted in multiples, the last tile is at least half as large as the others. */
bool leaves_runt(int64_t total, int64_t tile, int64_t multiple) {
    int64_t rest = total % tile;
    return rest > 0 && 2 * round_up(rest, multiple) < tile;
}

int64_t l2_of(const exk_topology *t) {
    return t->level[1].share ? t->level[1].share : t->level[2].share ? t->level[2].share : 256 << 10;
}

/* Whether neither n nor the threads ask for a point tile as small as this. */
bool could_be_longer(const planned &p) {
    return 4 * p.plan.point_tile < std::min(int64_t{480}, p.shape.n / (4 * p.plan.threads));
}

std::string shape_fault(const planned &p) {
    if (p.plan.threads <= 0 || p.plan.point_tile <= 0 || p.plan.centroid_tile <= 0 || p.plan.depth_tile <= 0)
        return "a field is not positive";
    if (p.plan.point_tile > round_up(p.shape.n, p.points) || p.plan.point_tile % p.points)
        return "point_tile is no multiple of a panel, or larger than n";
    if (p.plan.depth_tile > p.shape.d)
        return "depth_tile is larger than d";
    if (p.shape.n >= 4 * p.plan.threads * p.points && p.shape.n / p.plan.point_tile < 4 * p.plan.threads)
        return "too few point tiles for the threads";
    if (leaves_runt(p.shape.n, p.plan.point_tile, p.points))
        return "a runt of points";
    return "";
}

bool tunes(const exk_variant *variant, exk_field field) {
    for (int i = 0; i < EXK_TUNABLES_MAX && variant->tunables[i].max > 0; i++)
        if (variant->tunables[i].field == field)
            return true;
    return false;
}

std::string centroids_fault(const planned &p) {
    if (!tunes(p.variant, EXK_CENTROID_TILE))
        return p.plan.centroid_tile == p.shape.k ? "" : "centroid_tile is not k, though it is no tunable";
    if (p.plan.centroid_tile % p.mr || p.plan.centroid_tile > round_up(p.shape.k, p.mr))
        return "centroid_tile is no multiple of mr, or larger than k";
    return leaves_runt(p.shape.k, p.plan.centroid_tile, p.mr) ? "a runt of centroids" : "";
}

std::string tiles_fault(const planned &p) {
    const std::string centroids = centroids_fault(p);
    if (!centroids.empty())
        return centroids;
    if (p.plan.point_tile > 480)
        return "the point tile is too long for a tight bound";
    if (p.plan.depth_tile > 384)
        return "the slice is too long for a tight bound";
    if (leaves_runt(p.shape.d, p.plan.depth_tile, 4))
        return "a runt of dimensions";
    return "";
}

std::string fused_fault(const planned &p, const exk_topology *t) {
    if (!tunes(p.variant, EXK_CENTROID_TILE))
        return "";
    int64_t row = p.shape.d * 4, l2 = l2_of(t);
    int64_t centroids = std::min(p.plan.centroid_tile, p.shape.k) * (row + 4);
    if (p.plan.centroid_tile > p.mr && 4 * centroids > l2)
        return "the centroid tile takes more than a quarter of L2";
    if (p.plan.centroid_tile < p.shape.k && 16 * (p.plan.centroid_tile + p.mr) * (row + 4) < l2)
        return "the centroid tile wastes L2";
    int64_t point = 3 * row + 24;
    if (p.plan.point_tile > p.nr && p.plan.point_tile * point + centroids > l2)
        return "the point tile does not fit";
    if (could_be_longer(p) && 8 * (p.plan.point_tile + p.nr) * point < l2)
        return "the point tile wastes L2";
    return "";
}

std::string tiled_fault(const planned &p, const exk_topology *t) {
    int64_t l1 = t->level[0].share ? t->level[0].share : 32 << 10, l2 = l2_of(t);
    int64_t slice = p.plan.depth_tile * 4, rows = 2 * p.shape.d * 4;
    if (slice > 32 && (p.mr + p.nr) * slice > l1)
        return "the slices do not fit L1";
    if (p.plan.depth_tile < std::min(p.shape.d, int64_t{96}) && 4 * (p.mr + p.nr) * slice < l1)
        return "the slices waste L1";
    int64_t centroids = std::min(p.plan.centroid_tile, p.shape.k);
    int64_t scores = p.plan.point_tile * (centroids * 4 + 24) + centroids * slice;
    if (p.plan.point_tile > p.nr && scores > l2)
        return "the score buffer does not fit L2";
    if (p.plan.point_tile > p.nr && 2 * p.nr * rows <= l2 && scores + p.plan.point_tile * rows > l2)
        return "the points do not fit L2 beside the score buffer";
    int64_t longer = (p.plan.point_tile + p.nr) * ((centroids + p.mr) * 4 + rows + 24);
    if (could_be_longer(p) && p.plan.centroid_tile < p.shape.k && 16 * (longer + (centroids + p.mr) * slice) < l2)
        return "points and scores waste L2";
    return "";
}

std::string matrix_fault(const planned &p) {
    if (p.plan.matrix_bytes <= 0)
        return "matrix_bytes is not positive";
    if (p.plan.threads * p.plan.point_tile * (p.shape.k + p.shape.d) * 4 > p.plan.matrix_bytes)
        return "the score matrix is larger than its cap";
    return "";
}

std::string fault(const planned &p, const exk_topology *topology) {
    std::string strategy = p.variant->strategy;
    std::string found = shape_fault(p);
    if (found.empty() && (strategy == "naive" || strategy == "blas"))
        return matrix_fault(p);
    if (found.empty())
        found = tiles_fault(p);
    if (found.empty())
        found = strategy == "tiled" ? tiled_fault(p, topology) : fused_fault(p, topology);
    return found;
}

/* One assertion for a whole machine: millions of them would take longer than the model. */
std::string first_fault(const exk_topology *topology, const exk_variant *variant) {
    for (int64_t n : sizes_n)
        for (int64_t d : sizes_d)
            for (int64_t k : sizes_k)
                for (int threads : thread_counts) {
                    planned p = plan_for(topology, variant, {n, d, k}, threads);
                    std::string found = fault(p, topology);
                    if (!found.empty())
                        return found + ": n " + std::to_string(n) + " d " + std::to_string(d) + " k " +
                               std::to_string(k) + " threads " + std::to_string(threads) + ": tiles " +
                               std::to_string(p.plan.point_tile) + " " + std::to_string(p.plan.centroid_tile) +
                               " " + std::to_string(p.plan.depth_tile);
                }
    return "";
}

bool same_plan(const exk_plan &a, const exk_plan &b) {
    return a.point_tile == b.point_tile && a.centroid_tile == b.centroid_tile && a.depth_tile == b.depth_tile &&
           a.matrix_bytes == b.matrix_bytes;
}

} // namespace

TEST_CASE("plans fit the caches they were computed for", "[plan]") {
    if (!topology_replay_works())
        return;
    for (const std::string &machine : recorded_machines()) {
        recorded_topology topology(machine);
        REQUIRE(topology.status == EXK_OK);
        if (machine == "no-caches.xml")
            continue;
        for (int i = 0; i < exk_variant_rows(); ++i) {
            INFO(machine << ": " << exk_variant_row(i)->name);
            CHECK(first_fault(topology.get(), exk_variant_row(i)) == "");
        }
    }
}

TEST_CASE("plans that were looked at", "[plan]") {
    if (!topology_replay_works())
        return;
    struct {
        const char *machine, *variant;
        exk_shape shape;
        int threads;
        int64_t point_tile, centroid_tile, depth_tile;
    } const known[] = {
        {"vm-l3-260mb.xml", "assign_f32_fused__avx512", {200000, 768, 1000}, 2, 144, 168, 384},
        {"vm-l3-260mb.xml", "assign_f32_fused__avx512", {100000, 2, 100}, 2, 432, 104, 2},
        {"vm-l3-260mb.xml", "assign_f32_tiled__avx512", {200000, 768, 1000}, 2, 192, 200, 192},
        {"hybrid-8p-8e.xml", "assign_f32_fused__avx2", {500000, 128, 1000}, 16, 480, 504, 128},
        {"epyc-64.xml", "assign_f32_fused__avx2", {500000, 128, 1000}, 64, 208, 252, 128},
        {"epyc-64.xml", "assign_f32_fused__avx2", {200000, 4096, 1000}, 64, 16, 6, 376},
        {"no-l3-a72.xml", "assign_f32_fused__neon", {10000, 784, 100}, 4, 16, 20, 264},
    };
    for (const auto &row : known) {
        INFO(row.machine << " " << row.variant << " n " << row.shape.n << " d " << row.shape.d);
        recorded_topology topology(row.machine);
        const exk_variant *variant = exk_variant_find(row.variant);
        REQUIRE(variant);
        exk_plan plan = plan_for(topology.get(), variant, row.shape, row.threads).plan;
        CHECK(plan.point_tile == row.point_tile);
        CHECK(plan.centroid_tile == row.centroid_tile);
        CHECK(plan.depth_tile == row.depth_tile);
    }
}

TEST_CASE("fields that the user chose stay, the others go with them", "[plan]") {
    if (!topology_replay_works())
        return;
    recorded_topology topology("vm-l3-260mb.xml");
    exk_shape shape = {200000, 768, 1000};
    exk_plan plan = {};
    plan.variant = "assign_f32_fused__scalar";
    plan.threads = 2;
    plan.centroid_tile = 16 * exk_variant_find(plan.variant)->mr;
    plan.depth_tile = 64;
    exk_plan chosen = plan;
    CHECK(std::string(exk_plan_model(topology.get(), &shape, &plan)) == "model");
    CHECK(plan.centroid_tile == chosen.centroid_tile);
    CHECK(plan.depth_tile == 64);
    CHECK(plan.point_tile > 0);
    plan.variant = "assign_f32_naive__scalar";
    plan.point_tile = 0;
    plan.matrix_bytes = 1 << 20;
    exk_plan_model(topology.get(), &shape, &plan);
    CHECK(plan.matrix_bytes == 1 << 20);
    CHECK(plan.point_tile * 2 * (shape.k + shape.d) * 4 <= 1 << 20);
}

TEST_CASE("as many nodes as the threads fill", "[plan]") {
    if (!topology_replay_works())
        return;
    recorded_topology sockets("two-socket.xml"), hybrid("hybrid-8p-8e.xml");
    const exk_variant *variant = exk_variant_find("assign_f32_fused__scalar");
    const exk_shape shape = {200000, 768, 1000};
    const int cores = sockets.get()->cores;
    REQUIRE(sockets.get()->numa_nodes == 2);
    CHECK(plan_for(sockets.get(), variant, shape, cores).plan.nodes == 2);
    CHECK(plan_for(sockets.get(), variant, shape, cores / 2).plan.nodes == 1);
    CHECK(plan_for(sockets.get(), variant, shape, cores / 2 + 1).plan.nodes == 1);
    CHECK(plan_for(sockets.get(), variant, shape, 2 * cores).plan.nodes == 1);
    CHECK(plan_for(hybrid.get(), variant, shape, 16).plan.nodes == 1);
}

TEST_CASE("absurd shapes and wishes give plans, not overflows", "[plan]") {
    if (!topology_replay_works())
        return;
    const exk_shape shapes[] = {{INT64_C(1) << 40, 1 << 20, 1 << 30},
                                {INT64_C(1) << 62, INT64_C(1) << 40, INT32_MAX},
                                {1, INT64_C(1) << 40, INT32_MAX},
                                {INT64_C(1) << 62, 1, 1},
                                {1, 1, 1}};
    for (const std::string &machine : recorded_machines()) {
        recorded_topology topology(machine);
        for (int i = 0; i < exk_variant_rows(); ++i)
            for (const exk_shape &shape : shapes) {
                INFO(machine << ": " << exk_variant_row(i)->name << " n " << shape.n << " d " << shape.d << " k "
                             << shape.k);
                exk_plan plan = plan_for(topology.get(), exk_variant_row(i), shape, 2).plan;
                CHECK((plan.point_tile > 0 && plan.centroid_tile > 0 && plan.depth_tile > 0));
                exk_plan wish = {exk_variant_row(i)->name, nullptr, 1 << 20, 0, INT64_MAX, INT64_MAX, INT64_MAX,
                                 EXK_UPDATE_AUTO,          0};
                exk_plan_model(topology.get(), &shape, &wish);
                CHECK((wish.point_tile > 0 && wish.centroid_tile > 0 && wish.depth_tile > 0));
            }
    }
}

TEST_CASE("unknown associativity counts as eight ways, full associativity wastes nothing", "[plan]") {
    if (!topology_replay_works())
        return;
    recorded_topology topology("vm-l3-260mb.xml");
    const exk_variant *variant = exk_variant_find("assign_f32_tiled__avx512");
    REQUIRE(variant);
    exk_shape shape = {1000000, 512, 100000};
    exk_plan plans[3];
    const int ways[3] = {0, 8, -1};
    for (int i = 0; i < 3; ++i) {
        for (exk_cache &cache : topology->level)
            cache.ways = ways[i];
        plans[i] = plan_for(topology.get(), variant, shape, 2).plan;
    }
    CHECK(same_plan(plans[0], plans[1]));
    CHECK(plans[2].centroid_tile > plans[1].centroid_tile);
}

TEST_CASE("without caches the fixed defaults are used, and said to be", "[plan]") {
    exk_topology topology = {};
    exk_shape shape = {200000, 768, 1000};
    exk_plan fixed = {};
    exk_plan plan = {};
    plan.variant = fixed.variant = "assign_f32_fused__scalar";
    plan.threads = fixed.threads = 2;
    CHECK(std::string(exk_plan_model(&topology, &shape, &plan)) == "default");
    exk_plan_complete(&fixed, exk_variant_find(fixed.variant), &shape);
    CHECK(same_plan(plan, fixed));
    topology.level[1] = {1 << 20, 1 << 20, 64, 8, 1};
    CHECK(std::string(exk_plan_model(&topology, &shape, &plan)) == "model");
}
