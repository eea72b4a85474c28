// Variants that score in bytes, where rounding to bytes misleads them as far as the bound of it allows.
#include "kernels/variant.h"
#include "tests/bounds/kept_probe.h"
#include "tests/bounds/moves_probe.h"
#include "tests/fit.hpp"
#include "tests/oracle.hpp"

extern "C" {
#include "harness/verify_kernel.h"
}

namespace {

enum { D = 8, K = 16, N = 96 };

// Every variant of bytes that can run here.
std::vector<std::string> byte_variants() {
    std::vector<std::string> names;
    for (int i = 0; i < exk_variant_rows(); i++) {
        const exk_variant *row = exk_variant_row(i);
        if (row->numbers == EXK_I8 && !exk_variant_obstacle(row))
            names.push_back(row->name);
    }
    return names;
}

// What the rotation of kernels/int8/quantise.h turns into the row: it is its own inverse but for a factor of 4.
void turn_back(float *row) {
    for (int t = 0; t < D; t += 4) {
        const float a = row[t], b = row[t + 1], c = row[t + 2], d = row[t + 3];
        row[t] = (a + b + c + d) / 4;
        row[t + 1] = (a - b + c - d) / 4;
        row[t + 2] = (a + b - c - d) / 4;
        row[t + 3] = (a - b - c + d) / 4;
    }
}

std::vector<int32_t> assigned(const Matrix &points, const Matrix &centroids, const std::string &variant) {
    How how;
    how.variant = variant.c_str();
    return assign(points, centroids, how).labels;
}

} // namespace

// Bytes up to `most`. Two centroids differ by what rounding to bytes hides at worst, in the direction of the first
// point: 31/64 above an integer and 31/64 below the next one, so that their bytes differ by 1 in all coordinates
// but the first, and the farther one seems nearer by nearly twice the bound. The other points, spikes, have short
// rows of bytes, for which the bound is smaller.
TEST_CASE("bytes discard nothing that rounding may have moved away", "[bytes][oracle]") {
    const float most = GENERATE(127.0f, 63.0f);
    const bool turned = GENERATE(false, true);
    const float size = most == 127.0f ? 90.0f : 45.0f, whole = most == 127.0f ? 100.0f : 50.0f;
    Matrix points(N, D), centroids(K, D);
    for (int i = 0; i < N; i++)
        points.row(i)[i % D] = i % 2 ? size : -size;
    for (int t = 0; t < D; t++) {
        points.row(0)[t] = size;
        points.row(N - 1)[t] = -size;
        centroids.row(0)[t] = t == 0 ? most : whole + 0.515625f;
        centroids.row(1)[t] = t == 0 ? most : whole + 0.484375f;
    }
    for (int j = 2; j < K; j++)
        centroids.row(j)[j % D] = (j % 2 ? 1.0f : -1.0f) * (1000.0f + 10.0f * static_cast<float>(j));
    for (int i = 0; i < N && turned; i++)
        turn_back(points.row(i));
    for (int j = 0; j < K && turned; j++)
        turn_back(centroids.row(j));
    REQUIRE(oracle::nearest(points.row(0), centroids.values.data(), K, D) == 1);
    REQUIRE_FALSE(byte_variants().empty());
    for (const std::string &variant : byte_variants()) {
        const std::vector<int32_t> labels = assigned(points, centroids, variant);
        INFO(variant << ", bytes up to " << most << (turned ? ", turned" : ""));
        for (int i = 0; i < N; i++)
            REQUIRE(labels[i] == oracle::nearest(points.row(i), centroids.values.data(), K, D));
    }
}

// Shapes that rotations take in different ways: orders of 1 to 16, rows that are no whole vectors.
TEST_CASE("bytes find the true argmin whatever the number of dimensions", "[bytes][oracle]") {
    for (const int64_t d : {1, 3, 8, 12, 31, 32, 64, 100, 128, 130, 200, 256, 272, 300}) {
        const Matrix points = uniform_points(70, d, 5), centroids = uniform_points(41, d, 6);
        std::vector<int32_t> expected;
        for (int64_t i = 0; i < points.rows; i++)
            expected.push_back(oracle::nearest(points.row(i), centroids.values.data(), centroids.rows, d));
        for (const std::string &variant : byte_variants()) {
            INFO(variant << ", d = " << d);
            REQUIRE(assigned(points, centroids, variant) == expected);
        }
    }
}

namespace {

double distance(const std::vector<float> &x, const std::vector<float> &c, double scale) {
    long double square = 0;
    for (size_t t = 0; t < x.size(); t++) {
        const long double difference = static_cast<long double>(x[t]) - scale * static_cast<long double>(c[t]);
        square += difference * difference;
    }
    return static_cast<double>(std::sqrt(square));
}

float rounded_up(double v) {
    return std::nextafter(static_cast<float>(v), INFINITY);
}

} // namespace

// Rounding to bytes makes the movement, or the point, seem longer in the direction of the other, by nearly as much
// as Cauchy-Schwarz allows.
TEST_CASE("an upper bound stays one while its centroid moves", "[bytes][moves]") {
    const bool point_rounds = GENERATE(false, true);
    std::vector<float> x(8, 90.0f), before(8, 0.0f), now(8, 100.515625f);
    x[0] = now[0] = 127.0f;
    if (point_rounds)
        std::swap(x, now);
    const double truth = distance(x, now, 1.0);
    const float bound =
        moves_probe(x.data(), before.data(), now.data(), 8, 2.0, rounded_up(distance(x, before, 1.0)));
    CHECK(bound >= truth);
    CHECK(bound < 2.0 * truth);
}

TEST_CASE("short movements leave upper bounds tight, at every scale", "[bytes][moves]") {
    const int64_t d = GENERATE(1, 3, 16, 100, 128, 768);
    const double unscale = GENERATE(2.0, 0.25, 64.0);
    const Matrix rows = uniform_points(30, d, 77);
    for (int64_t i = 0; i + 2 < rows.rows; i++) {
        std::vector<float> x(rows.row(i), rows.row(i) + d), before(rows.row(i + 1), rows.row(i + 1) + d),
            now(before);
        for (int64_t t = 0; t < d; t++) {
            before[t] *= static_cast<float>(2.0 / unscale);
            now[t] = before[t] + 0.01f * rows.row(i + 2)[t] * static_cast<float>(2.0 / unscale);
        }
        const double truth = distance(x, now, 0.5 * unscale), former = distance(x, before, 0.5 * unscale);
        const float bound = moves_probe(x.data(), before.data(), now.data(), d, unscale, rounded_up(former));
        INFO("d " << d << ", point " << i << ", distance " << former << " before");
        CHECK(bound >= truth);
        CHECK(bound * bound - truth * truth <= 0.0005 * static_cast<double>(d) + 0.001);
    }
}

TEST_CASE("movements and points that bytes cannot hold tell nothing", "[bytes][moves]") {
    std::vector<float> small(8, 1.0f), large(8, 0x1p115f), none(8, 0.0f);
    CHECK(std::isinf(moves_probe(large.data(), none.data(), small.data(), 8, 2.0, 1.0f)));
    CHECK(std::isinf(moves_probe(small.data(), none.data(), large.data(), 8, 2.0, 1.0f)));
}

namespace {

// Those of them that keep something of each point from pass to pass.
std::vector<std::string> keeping_variants() {
    std::vector<std::string> names;
    for (const std::string &name : byte_variants()) {
        const exk_shape shape = {N, D, K};
        exk_plan plan = {};
        plan.threads = 1;
        exk_plan_complete(&plan, exk_variant_find(name.c_str()), &shape);
        if (exk_variant_kernel(exk_variant_find(name.c_str()))->scratch_bytes(&shape, &plan).per_point > 0)
            names.push_back(name);
    }
    return names;
}

// A pass to `from`, one to `to`, and one back: every answer is a proof.
void check_passes(const Matrix &points, const Matrix &from, const Matrix &to, int64_t point_tile = 0,
                  int64_t centroid_tile = 0) {
    verify_problem problem = {};
    problem.points = points.points();
    problem.centroids = from.values.data();
    problem.k = from.rows;
    verify_truth *truth = verify_truth_between(&problem, to.values.data());
    REQUIRE(truth);
    for (const std::string &name : keeping_variants()) {
        exk_plan plan = {};
        plan.threads = 2;
        plan.point_tile = point_tile;
        plan.centroid_tile = centroid_tile;
        char why[256] = "";
        int64_t ambiguous = 0;
        const bool holds =
            verify_kernel(&problem, truth, exk_variant_find(name.c_str()), &plan, &ambiguous, why, sizeof why);
        INFO(name << ": " << why);
        CHECK(holds);
    }
    verify_truth_free(truth);
}

// Points around centroids of which some move, some do not, and some coincide and part.
Matrix moved(const Matrix &from, float way, uint32_t seed) {
    const Matrix noise = uniform_points(from.rows, from.columns, seed);
    Matrix to = from;
    for (int64_t j = 0; j < to.rows; j++)
        for (int64_t t = 0; t < to.columns && j % 3; t++)
            to.row(j)[t] += way * noise.row(j)[t];
    return to;
}

void copy_row(Matrix &m, int64_t to, int64_t from) {
    std::copy(m.row(from), m.row(from) + m.columns, m.row(to));
}

} // namespace

// The number of centroids around that from which bytes are used, and around whole groups; points that fill no
// panel; tiles of one panel and of more; all centroids at once and a few at a time.
TEST_CASE("what is kept stays right whatever the shape", "[bytes][kept]") {
    for (const int64_t k : {2, 15, 16, 17, 31, 32, 33, 65, 100}) {
        const int64_t n = k % 2 ? 67 : 32, d = k < 33 ? 5 : 24;
        Matrix points = uniform_points(n, d, 81), from = uniform_points(k, d, 82);
        for (int64_t j = 7; j < k; j += 7)
            copy_row(from, j, j - 6); // duplicates that part
        for (const float way : {0.0f, 0.05f, 1.0f}) {
            const Matrix to = moved(from, way, 83);
            INFO("n = " << n << ", d = " << d << ", k = " << k << ", way " << way);
            check_passes(points, from, to);
            check_passes(points, to, from, 64, 16);
        }
    }
}

// Centroids that differ by less than bytes can tell, but float32 can: more candidates than a list holds, in the
// first pass or in the second.
TEST_CASE("tiles that are given up leave nothing to trust", "[bytes][kept]") {
    const int64_t k = 80, d = 12;
    const Matrix points = uniform_points(100, d, 91), spread = uniform_points(k, d, 92);
    Matrix dense = spread;
    for (int64_t j = 0; j < k; j++)
        for (int64_t t = 0; t < d; t++)
            dense.row(j)[t] = 0.25f + 1e-4f * spread.row(j)[t];
    check_passes(points, spread, dense);
    check_passes(points, dense, spread);
    check_passes(points, spread, dense, 32, 16);
    check_passes(points, dense, spread, 32, 16);
    Matrix mixed = points; // one point in eight is lost, too few to give the tile up
    for (int64_t i = 0; i < mixed.rows; i++)
        for (int64_t t = 0; t < d && i % 8; t++)
            mixed.row(i)[t] = spread.row(i % 16)[t] + 1e-3f * points.row(i)[t];
    for (int64_t j = 0; j < 16; j++)
        std::copy(spread.row(j), spread.row(j) + d, dense.row(j));
    for (int64_t j = 16; j < k; j++)
        for (int64_t t = 0; t < d; t++)
            dense.row(j)[t] = 5.0f + 1e-4f * spread.row(j)[t];
    for (int64_t i = 0; i < mixed.rows; i += 8)
        for (int64_t t = 0; t < d; t++)
            mixed.row(i)[t] = 4.0f + points.row(i)[t];
    check_passes(mixed, spread, dense);
    check_passes(mixed, dense, spread);
}

// One far centroid decides about the scale of all: it comes and goes, and the scale with it.
TEST_CASE("what is kept survives another scale", "[bytes][kept]") {
    const Matrix points = uniform_points(70, 9, 95), plain = uniform_points(40, 9, 96);
    for (const float far : {3.0f, 10.0f, 40.0f, 1e3f, 1e6f, 1e15f}) {
        Matrix from = plain, to = moved(plain, 0.1f, 97);
        for (int64_t t = 0; t < 9; t++)
            from.row(39)[t] = far;
        INFO("far: " << far);
        check_passes(points, from, to);
        check_passes(points, to, from);
    }
}

// Ties on integer lattices, of which the certificate doubts the labels: bounds of another label are worthless.
TEST_CASE("doubted labels keep no bound", "[bytes][kept]") {
    for (const uint32_t side : {2u, 3u, 5u}) {
        const Matrix points = integer_points(90, 6, side, side), from = integer_points(48, 6, side, side + 9);
        Matrix to = from;
        for (int64_t j = 0; j < to.rows; j += 2)
            to.row(j)[j % 6] += 0.5f;
        check_passes(points, from, to);
        check_passes(points, to, from);
    }
}

// A centroid comes from afar and is the nearest by a hair. Rounding the point to bytes makes it seem farther, by
// as much as the length of what is lost times that of the centroid.
TEST_CASE("two digits do not hide what the point lost", "[bytes][kept]") {
    const float most = GENERATE(127.0f, 63.0f), whole = most == 127.0f ? 100.0f : 50.0f;
    const bool turned = GENERATE(false, true);
    Matrix points(N, D), from(K, D);
    for (int i = 0; i < N; i++)
        for (int t = 0; t < D; t++)
            points.row(i)[t] = t == 0 ? most : whole + 0.484375f;
    for (int j = 0; j < K; j++)
        for (int t = 0; t < D; t++)
            from.row(j)[t] = t == 0 ? most : j == 0 ? whole + (t == 1 ? 2.0f : 0.0f) : static_cast<float>(-j - t);
    Matrix to = from;
    for (int t = 1; t < D; t++)
        to.row(5)[t] = whole + (t == 1 ? 1.0f : 0.0f);
    for (Matrix *m : {&points, &from, &to})
        for (int64_t i = 0; i < m->rows && turned; i++)
            turn_back(m->row(i));
    REQUIRE(oracle::nearest(points.row(0), to.values.data(), K, D) == 5);
    check_passes(points, from, to);
}

// The same of what the first digit of the centroid loses, and the second, and of its unit. The other points,
// spikes, lose less: their rows of bytes are short.
TEST_CASE("the second digit loses something, too", "[bytes][kept]") {
    const float most = GENERATE(127.0f, 63.0f), whole = most == 127.0f ? 100.0f : 50.0f, rest = 2.0f * most;
    const bool turned = GENERATE(false, true), below = GENERATE(false, true);
    const float digit = std::floor(std::sqrt(1.0f / 7.0f) * rest - 0.49f);
    const float off = below ? -(digit - 0.48f) / rest : (digit + 0.48f) / rest;
    Matrix points(N, D), from(K, D);
    for (int i = 0; i < N; i++)
        for (int t = 0; t < D; t++)
            points.row(i)[t] = i == 0 ? (t == 0 ? most : whole) : i % D == t ? -whole : 0.0f;
    for (int j = 0; j < K; j++)
        for (int t = 0; t < D; t++)
            from.row(j)[t] = t == 0 ? most : j == 0 ? whole + (t == 1 ? 1.0f : 0.0f) : static_cast<float>(-j - t);
    Matrix to = from;
    for (int t = 1; t < D; t++)
        to.row(5)[t] = whole + off;
    for (Matrix *m : {&points, &from, &to})
        for (int64_t i = 0; i < m->rows && turned; i++)
            turn_back(m->row(i));
    REQUIRE(oracle::nearest(points.row(0), to.values.data(), K, D) == 5);
    check_passes(points, from, to);
}

namespace {

// offset - x.c in units of the factor.
long double true_score(const kept_scores &found, const std::vector<float> &x, const std::vector<float> &c,
                       float offset) {
    long double score = offset;
    for (size_t t = 0; t < x.size(); t++)
        score -= static_cast<long double>(x[t]) * static_cast<long double>(c[t]);
    return score * static_cast<long double>(found.factor);
}

// Both bounds hold, and two digits lose little more than rounding the point does.
void check_scores(const std::vector<float> &x, const std::vector<float> &c, float offset) {
    const kept_scores found = kept_probe(x.data(), c.data(), static_cast<int64_t>(x.size()), offset);
    REQUIRE(found.factor > 0.0f);
    const long double truth = true_score(found, x, c, offset);
    // The roundings of the offset are in the limit that bounds are held against (byte_panel.slack).
    const long double slack = 0x1p-20L * std::abs(static_cast<long double>(found.factor) * offset);
    CHECK(found.lower <= truth + slack);
    CHECK(found.sharper <= truth + slack);
    const long double size = std::abs(found.lower) + found.loss;
    CHECK(truth - found.sharper <= 2.1L * found.left + 0.03L * found.loss + 1e-5L * size);
}

} // namespace

TEST_CASE("two digits of a centroid bound its score", "[bytes][kept]") {
    for (const int64_t d : {1, 3, 8, 16, 100, 128, 768}) {
        const Matrix rows = uniform_points(60, d, 99);
        for (int64_t i = 0; i + 1 < rows.rows; i++) {
            const std::vector<float> x(rows.row(i), rows.row(i) + d), c(rows.row(i + 1), rows.row(i + 1) + d);
            INFO("d = " << d << ", row " << i);
            check_scores(x, c, i % 3 ? 0.7f * static_cast<float>(i) : 0.0f);
        }
    }
}

// What each of them loses in the direction of the other, as much as can be.
TEST_CASE("two digits of a centroid bound its score where rounding misleads", "[bytes][kept]") {
    for (const float sign : {1.0f, -1.0f})
        for (const float digit : {0.0f, 1.0f, 95.0f, 126.0f})
            for (const float lost : {0.0f, 0.484375f, 0.4990234375f, 0.5f})
                for (const float point_lost : {0.0f, 0.484375f, -0.484375f}) {
                    std::vector<float> x(8, 100.0f + point_lost), c(8, 100.0f + sign * (digit + lost) / 254.0f);
                    x[0] = c[0] = 127.0f;
                    INFO("digit " << digit << ", lost " << lost << ", sign " << sign);
                    check_scores(x, c, 0.0f);
                    for (float &v : c)
                        v = -v;
                    check_scores(x, c, 1000.0f);
                }
}

TEST_CASE("rows that bytes cannot hold have no score of two digits", "[bytes][kept]") {
    const std::vector<float> plain(8, 1.0f), large(8, 0x1p115f), small(8, 0x1p-120f);
    for (const auto &row : {large, small}) {
        CHECK(kept_probe(row.data(), plain.data(), 8, 1.0f).factor == 0.0f);
        CHECK(kept_probe(plain.data(), row.data(), 8, 1.0f).factor == 0.0f);
    }
}

// The scratch_rule of kernels/int8/kept.c in numbers: centroids in float32 twice and in bytes three times; of a
// point its bytes, and between two and three lines of the cache.
TEST_CASE("what is kept takes the memory that is announced", "[bytes][kept]") {
    for (const int64_t d : {64, 128, 768, 1024})
        for (const std::string &name : keeping_variants()) {
            if (name.find("_i8_kept__") == std::string::npos)
                continue;
            const exk_shape shape = {100000, d, 1000};
            exk_plan plan = {};
            plan.threads = 1;
            exk_plan_complete(&plan, exk_variant_find(name.c_str()), &shape);
            const exk_scratch scratch =
                exk_variant_kernel(exk_variant_find(name.c_str()))->scratch_bytes(&shape, &plan);
            INFO(name << ", d = " << d);
            CHECK(scratch.per_point >= static_cast<size_t>(d + 64));
            CHECK(scratch.per_point <= static_cast<size_t>(d + 128));
            CHECK(scratch.per_point / EXK_ALIGN % 2 == 1);
            CHECK(static_cast<double>(scratch.shared) >= 11.0 * 1000.0 * static_cast<double>(d));
            CHECK(static_cast<double>(scratch.shared) <= 11.0 * 1032.0 * static_cast<double>(d) + 64.0 * 1032.0);
        }
}
