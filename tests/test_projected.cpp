// i8_projected's bounds against long double, number by number: what its directions leave out, what heads and tails
// lose, what is kept of the points from pass to pass, which centroids are out of reach.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <numeric>

#include "kernels/exact/filter.h"
#include "tests/bounds/projected_probe.h"
#include "tests/fit.hpp"

namespace {

using Real = long double;
using Row = std::vector<Real>;

Real dot(const Real *a, const Real *b, int64_t d) {
    Real sum = 0;
    for (int64_t t = 0; t < d; t++)
        sum += a[t] * b[t];
    return sum;
}

Real norm(const Row &a) {
    return std::sqrt(dot(a.data(), a.data(), static_cast<int64_t>(a.size())));
}

Row widened(const float *row, int64_t d) {
    return Row(row, row + d);
}

// V' x and V y, for V' of `count` rows.
Row project(const std::vector<Real> &v, const Row &x, int64_t count) {
    const auto d = static_cast<int64_t>(x.size());
    Row y(count);
    for (int64_t a = 0; a < count; a++)
        y[a] = dot(v.data() + a * d, x.data(), d);
    return y;
}

Row combine(const std::vector<Real> &v, const Row &y, int64_t d) {
    Row x(d);
    for (size_t a = 0; a < y.size(); a++)
        for (int64_t t = 0; t < d && y[a] != 0; t++)
            x[t] += y[a] * v[a * d + t];
    return x;
}

Row minus(Row a, const Row &b) {
    for (size_t t = 0; t < a.size(); t++)
        a[t] -= b[t];
    return a;
}

// Around `centres` points of a space of `rank` directions, with noise, all times `size`, and `away` from the
// origin.
Matrix clustered(int64_t n, int64_t d, int64_t centres, int64_t rank, float noise, float away, uint32_t seed) {
    const Matrix directions = uniform_points(rank, d, 1001), where = uniform_points(centres, rank, 1002);
    const Matrix wobble = uniform_points(n, d, seed);
    Matrix m(n, d);
    for (int64_t i = 0; i < n; i++)
        for (int64_t t = 0; t < d; t++) {
            float v = away + noise * wobble.row(i)[t];
            for (int64_t a = 0; a < rank; a++)
                v += where.row((i * 7) % centres)[a] * directions.row(a)[t];
            m.row(i)[t] = v;
        }
    return m;
}

// Rows of very different lengths.
Matrix wide(Matrix m) {
    for (int64_t i = 0; i < m.rows; i++)
        for (int64_t t = 0; t < m.columns; t++)
            m.row(i)[t] *= std::ldexp(1.0f, static_cast<int>(i * 5 % 23) - 11);
    return m;
}

float largest_of(const Matrix &m) {
    float largest = 0.0f;
    for (const float v : m.values)
        largest = std::max(largest, std::fabs(v));
    return largest;
}

} // namespace

TEST_CASE("directions are as nearly orthonormal as they say", "[projected][basis]") {
    const int64_t d = GENERATE(20, 130, 400), count = d < 384 ? 64 : 128; // as tiles have them
    const std::string kind =
        GENERATE("random", "clustered", "few", "duplicates", "zeros", "one", "wide", "away", "plane");
    Matrix c = uniform_points(kind == "few" ? 9 : 300, d, 3);
    if (kind == "clustered")
        c = clustered(300, d, 300, 30, 0.01f, 0.0f, 4);
    if (kind == "away")
        c = clustered(300, d, 300, 8, 0.001f, 1000.0f, 4);
    if (kind == "plane")
        c = clustered(300, d, 300, 2, 0.0f, 0.0f, 4);
    if (kind == "wide")
        c = wide(c);
    for (int64_t j = 0; j < c.rows; j++)
        for (int64_t t = 0; t < d; t++) {
            if (kind == "duplicates")
                c.row(j)[t] = c.row(j % 3)[t];
            if (kind == "zeros" || (kind == "one" && t != 7))
                c.row(j)[t] = 0.0f;
        }
    const float largest = largest_of(c);
    std::vector<float> rows(count * d);
    const double defect =
        projected_basis(c.values.data(), c.rows, d, count, largest > 0.0f ? 1.0f / largest : 1.0f, rows.data());
    INFO(kind << ", d = " << d);
    CHECK(defect >= 0.0);
    CHECK(defect < 4e-3); // or it says nothing
    const std::vector<Real> v(rows.begin(), rows.end());
    std::mt19937 random(5);
    const auto draw = [&] { return static_cast<Real>(random()) * 0x1p-32L - 0.5L; };
    // ||V y||^2 <= (1 + defect) ||y||^2: one coordinate, any, and what V stretches most (by the power method).
    Row stretched(count, 1.0L);
    for (int step = 0; step < 12; step++)
        stretched = project(v, combine(v, stretched, d), count);
    std::vector<Row> directions;
    if (norm(stretched) > 0)
        directions.push_back(stretched);
    for (int64_t a = 0; a < count; a += 3) {
        directions.emplace_back(count);
        directions.back()[a] = 1.0L;
    }
    for (int trial = 0; trial < 5; trial++) {
        directions.emplace_back(count);
        for (Real &y : directions.back())
            y = draw();
    }
    for (const Row &y : directions) {
        const Real stretch = norm(combine(v, y, d)) / norm(y);
        CHECK(stretch * stretch <= 1.0L + defect);
    }
    // V'V w is w, for w = V'c, but for defect ||c||.
    for (int trial = 0; trial < 12; trial++) {
        Row row(d);
        for (Real &x : row)
            x = draw();
        if (trial >= 8)
            row = widened(c.row(trial % c.rows), d);
        if (trial == 7)
            row = combine(v, stretched, d);
        const Row w = project(v, row, count);
        CHECK(norm(minus(project(v, combine(v, w, d), count), w)) <= defect * norm(row));
    }
}

namespace {

// The variant's kernel on one tile, called as the driver calls it.
class Rig {
  public:
    Rig(const Matrix &points, int64_t k, bool ordered)
        : points(points), n(points.rows), d(points.columns), k(k), shape{n, d, k}, label(n, -1), best(n),
          second(n), norms(n), order(k), shift(d), c(k * d), slope(k), base(k), magnitude(k), h(k), hash(k),
          table(exk_filter_table(k)), offsets(exk_filter_offsets(k)), is_ordered(ordered) {
        plan.threads = 3;
        exk_plan_complete(&plan, exk_variant_find("assign_i8_projected__scalar"), &shape);
        bytes = kernel.scratch_bytes(&shape, &plan);
        shared = allocate(bytes.shared);
        thread = allocate(bytes.per_thread);
        point = allocate(bytes.per_point * static_cast<size_t>(n));
        std::iota(order.begin(), order.end(), 0);
        for (int64_t i = 0; i < n; i++) {
            norms[i] = rounded_up(norm(widened(points.row(i), d)));
            largest_norm = std::max(largest_norm, norms[i]);
        }
    }

    // Bounds are known from the second pass on.
    void prepare(const Matrix &centroids) {
        fill_filter(centroids);
        movement.assign(k, 0.0f);
        for (int64_t j = 0; j < k && !now.empty(); j++)
            movement[j] = rounded_up(norm(minus(widened(centroids.row(j), d), now[j])));
        if (is_ordered && now.empty())
            std::sort(order.begin(), order.end(),
                      [&](int32_t a, int32_t b) { return centroids.row(a)[0] < centroids.row(b)[0]; });
        score = {c.data(), now.empty() ? nullptr : movement.data(), k,
                 d,        is_ordered ? order.data() : nullptr,     std::ldexp(1.0, 1 - filter.exponent)};
        now.clear();
        for (int64_t j = 0; j < k; j++) {
            now.push_back(widened(c.data() + j * d, d));
            for (Real &v : now.back())
                v *= 0.5L * static_cast<Real>(score.unscale);
        }
        const exk_workspace at = workspace();
        for (int part = plan.threads - 1; part >= 0; part--)
            kernel.prepare(&score, &plan, &at, part, plan.threads);
        error = exk_round_up(exk_filter_fold(&filter, largest_norm, offsets.data()));
    }

    // Scores that were computed; what assign left open is decided here, as the driver would.
    int64_t assign() {
        const exk_tile at = tile();
        const exk_workspace with = workspace();
        const int64_t scores = kernel.assign(&score, &plan, &with, &at);
        for (int64_t i = 0; i < n; i++) {
            const int32_t nearest = nearest_of(i);
            if (label[i] != nearest)
                REQUIRE(std::isfinite(best[i])); // or it was proven
            else if (i % 4)
                continue;
            // Where nothing is wrong, a few are doubted all the same.
            kernel.doubt(&score, &plan, &with, &at, i);
            CHECK(std::isinf(at_point(i).square));
            label[i] = nearest;
            const exk_settled found = {nearest, rounded_up(distance(i, nearest)), 0.0f};
            const exk_workspace its = {with.shared, with.thread,
                                       static_cast<char *>(with.point) + static_cast<size_t>(i) * bytes.per_point};
            if (i % 8)
                kernel.settled(&score, &plan, &its, &found);
        }
        return scores;
    }

    exk_tile tile() {
        exk_tile t = {};
        t.x = points.values.data();
        t.rows = n;
        t.stride = d;
        t.norm = norms.data();
        t.error = error;
        t.offset = offsets.data();
        t.label = label.data();
        t.best = best.data();
        t.second = second.data();
        return t;
    }
    exk_workspace workspace() {
        return {shared.get(), thread.get(), point.get()};
    }
    projected_point at_point(int64_t i) {
        const exk_workspace at = workspace();
        return projected_point_of(&score, &at, i);
    }
    Real distance(int64_t i, int64_t j) const {
        return norm(minus(widened(points.row(i), d), now[j]));
    }
    int32_t nearest_of(int64_t i) const {
        int32_t nearest = 0;
        Real least = INFINITY;
        for (int32_t j = 0; j < k; j++) {
            const Real here = distance(i, j);
            nearest = here < least ? j : nearest;
            least = std::min(least, here);
        }
        return nearest;
    }

    static float rounded_up(Real v) {
        return v == 0 ? 0.0f : std::nextafter(static_cast<float>(v), INFINITY);
    }

    const Matrix &points;
    const int64_t n, d, k;
    const exk_kernel &kernel = exk_projected_probe_kernel;
    exk_shape shape;
    exk_plan plan = {};
    exk_scratch bytes = {};
    std::vector<int32_t> label;
    std::vector<float> best, second, norms, movement;
    std::vector<Row> now; // the centroids as the kernel sees them, unscaled
    exk_score_centroids score = {};
    float error = 0.0f;

  private:
    using Memory = std::unique_ptr<void, decltype(&std::free)>;
    static Memory allocate(size_t size) {
        const size_t whole = (size / EXK_ALIGN + 1) * EXK_ALIGN;
        void *memory = std::aligned_alloc(EXK_ALIGN, whole);
        REQUIRE(memory);
        std::memset(memory, 0x5a, whole);
        return {memory, &std::free};
    }

    void fill_filter(const Matrix &centroids) {
        filter.k = k;
        filter.d = d;
        filter.roundings = kernel.roundings(&shape, &plan);
        filter.largest_norm = static_cast<double>(largest_norm);
        filter.shift = shift.data();
        filter.c = c.data();
        filter.h = h.data();
        filter.slope = slope.data();
        filter.base = base.data();
        filter.hash = hash.data();
        filter.largest = magnitude.data();
        filter.table = table.data();
        filter.bulk = exk_bulk_here();
        exk_filter_digest(&filter, centroids.values.data(), 0, k);
        exk_filter_begin(&filter, centroids.values.data());
        exk_filter_fill(&filter, centroids.values.data(), 0, k);
    }

    std::vector<int32_t> order;
    std::vector<float> shift, c, slope, base, magnitude;
    std::vector<double> h;
    std::vector<uint64_t> hash;
    std::vector<int32_t> table;
    std::vector<float> offsets;
    bool is_ordered;
    float largest_norm = 0.0f;
    exk_filter filter{};
    Memory shared{nullptr, &std::free}, thread{nullptr, &std::free}, point{nullptr, &std::free};
};

// What one pass's heads say, in long double.
class Heads {
  public:
    explicit Heads(Rig &r, const std::vector<Row> &before) : r(r), before(before) {
        const exk_workspace at = r.workspace();
        h = projected_heads_of(&r.score, &r.plan, &at);
        v.assign(h.v, h.v + h.length * r.d);
        bytes.resize(h.places * h.length);
        for (int64_t place = 0; place < h.places; place++)
            projected_head(&r.score, &r.plan, &at, place, bytes.data() + place * h.length);
    }

    // w, f, t of every place: each is as long as it says at most.
    void check_centroids(int64_t step) {
        for (int64_t place = 0; place < r.k; place += step) {
            const Row &row = r.now[h.order[place]];
            const Row w = widened(h.head + place * h.length, h.length);
            const int64_t g = place / h.group;
            Row q(h.length), tail = minus(row, combine(v, w, r.d));
            for (int64_t a = 0; a < h.length; a++)
                q[a] = bytes[place * h.length + a] * static_cast<Real>(h.scale[g]);
            const Row middle = widened(h.middle + g / h.groups_per_tail * r.d, r.d);
            tail = minus(tail, middle);
            const Row leak = project(v, tail, h.length);
            REQUIRE(std::isfinite(h.loss_z[place]));
            INFO("centroid " << h.order[place]);
            CHECK(h.loss_e[place] >= norm(w));
            CHECK(h.loss_z[place] >= norm(tail));
            Row f = minus(w, q);
            CHECK(h.loss_y[place] >= norm(f));
            CHECK(h.loss_y[place] >= norm(leak));
            for (int64_t a = 0; a < h.length; a++)
                f[a] += leak[a];
            CHECK(h.loss_y[place] >= norm(f));
            CHECK(h.loss_z[place] <= 1.1L * (norm(row) + norm(middle)));
        }
    }

    // The same of the movements, where there are any.
    void check_moves(int64_t step) {
        std::vector<int8_t> row(h.length);
        const exk_workspace at = r.workspace();
        for (int64_t j = 0; j < r.k && !before.empty(); j += step) {
            const projected_moved known = projected_move(&r.score, &r.plan, &at, j, row.data());
            if (!(known.beta > 0.0f))
                continue;
            moves++;
            const Row moved = minus(r.now[j], before[j]);
            Row q(h.length);
            for (int64_t a = 0; a < h.length; a++)
                q[a] = row[a] * static_cast<Real>(known.beta);
            const Row w = project(v, moved, h.length), f = minus(w, q);
            const Real change =
                dot(r.now[j].data(), r.now[j].data(), r.d) - dot(before[j].data(), before[j].data(), r.d);
            INFO("movement of " << j);
            CHECK(known.y >= norm(f));
            CHECK(known.e >= norm(q));
            CHECK(known.z >= norm(minus(moved, combine(v, w, r.d))));
            CHECK(known.change >= change);
            CHECK(known.length >= norm(r.now[j]));
            CHECK(known.length >= norm(before[j]));
        }
    }

    // p, e, z of the point, and its products with all centroids.
    void check_point(int64_t i) {
        const projected_point point = r.at_point(i);
        REQUIRE(point.scale > 0.0f);
        const Row x = widened(r.points.row(i), r.d);
        Row p(h.length);
        for (int64_t a = 0; a < h.length; a++)
            p[a] = point.bytes[a] * static_cast<Real>(point.scale);
        INFO("point " << i);
        CHECK(point.norm >= norm(p));
        CHECK(point.lost >= norm(minus(project(v, x, h.length), p)));
        CHECK(point.tail >= norm(minus(x, combine(v, p, r.d))));
        CHECK(point.tail <= 1.1L * norm(x));
        int64_t wrong = 0;
        for (int64_t place = 0; place < r.k; place++) {
            const Real truth = dot(x.data(), r.now[h.order[place]].data(), r.d);
            wrong += !(std::abs(truth - product(point, place, dot_of(point, place))) <= loss(point, place));
        }
        CHECK(wrong == 0);
    }

    int64_t dot_of(const projected_point &point, int64_t place) const {
        int64_t sum = 0;
        for (int64_t a = 0; a < h.length; a++)
            sum += point.bytes[a] * bytes[place * h.length + a];
        return sum;
    }
    Real product(const projected_point &point, int64_t place, int64_t dot) const {
        const int64_t g = place / h.group;
        return static_cast<Real>(point.scale) * static_cast<Real>(h.scale[g]) * dot +
               static_cast<Real>(point.tails[g / h.groups_per_tail]);
    }
    Real loss(const projected_point &point, int64_t place) const {
        return static_cast<Real>(point.norm) * h.loss_y[place] + static_cast<Real>(point.lost) * h.loss_e[place] +
               static_cast<Real>(point.tail) * h.loss_z[place];
    }

    // Of all panels: a product below its threshold has a score above that of the label, whatever the product is,
    // and the others are listed.
    void check_reach() {
        exk_tile tile = r.tile();
        const exk_workspace at = r.workspace();
        std::vector<char> kept(r.bytes.per_point * static_cast<size_t>(r.n));
        std::memcpy(kept.data(), at.point, kept.size());
        std::vector<int32_t> threshold(PROJECTED_PANEL * h.places);
        for (int64_t first = 0; first < r.n; first += PROJECTED_PANEL) {
            projected_meeting met[PROJECTED_PANEL];
            projected_meet(&r.score, &r.plan, &at, &tile, first, threshold.data(), met);
            for (int64_t slot = 0; slot < std::min<int64_t>(PROJECTED_PANEL, r.n - first); slot++) {
                check_point(first + slot);
                check_square(first + slot);
                check_thresholds(first + slot, threshold.data() + slot * h.places, met[slot]);
            }
        }
        std::memcpy(at.point, kept.data(), kept.size());
    }

    void check_square(int64_t i) {
        const Real distance = r.distance(i, r.label[i]), square = r.at_point(i).square;
        INFO("point " << i << ", label " << r.label[i]);
        CHECK(square >= distance * distance);
        followed += std::isfinite(square);
    }

    int64_t points = 0, reached = 0, moves = 0, followed = 0;

  private:
    void check_thresholds(int64_t i, const int32_t *threshold, const projected_meeting &met) {
        const exk_tile tile = r.tile();
        const projected_point point = r.at_point(i);
        const Row x = widened(r.points.row(i), r.d);
        const Real upper = 0.5L * (static_cast<Real>(point.square) - dot(x.data(), x.data(), r.d));
        const std::vector<int32_t> listed(met.list, met.list + std::max(met.count, 0));
        int64_t wrong = 0, missing = 0, more = 0, open = 0;
        for (int64_t place = 0; place < r.k; place++) {
            const int32_t j = h.order[place];
            if (j == r.label[i] || std::isinf(tile.offset[j]))
                continue;
            const bool within = dot_of(point, place) >= threshold[place];
            open += within;
            const bool is_listed = std::find(listed.begin(), listed.end(), j) != listed.end();
            missing += within && !is_listed;
            more += is_listed && !within;
            if (threshold[place] < -(1 << 27))
                continue;
            // Losses are widened by more than the arithmetic of thresholds takes from them.
            const Real score = static_cast<Real>(tile.offset[j]) * 0.5L * static_cast<Real>(r.score.unscale) -
                               product(point, place, threshold[place] - 1) - loss(point, place) * (1 - 0x1p-20L);
            wrong += !(score > upper);
        }
        INFO("point " << i << ", " << met.count << " candidates");
        CHECK(wrong == 0);
        CHECK(more == 0);
        if (met.count < 0) {
            CHECK(open > PROJECTED_LIST); // here nothing is unknown of a point
        } else {
            CHECK(missing == 0);
            CHECK(std::isfinite(upper));
        }
        points++;
        reached += open;
    }

    Rig &r;
    const std::vector<Row> before;
    projected_heads h;
    std::vector<Real> v;
    std::vector<int8_t> bytes;
};

// What a few passes cost and leave open.
struct Passes {
    int64_t points = 0, reached = 0, moves = 0, followed = 0, scores = 0;
};

// The first pass, the one that finds what is kept, and two that use it.
Passes check_passes(const Matrix &points, const Matrix &from, float way, bool ordered) {
    Rig r(points, from.rows, ordered);
    Matrix centroids = from;
    Passes all;
    for (int pass = 0; pass < 4; pass++) {
        INFO("pass " << pass + 1);
        const std::vector<Row> before = r.now;
        r.prepare(centroids);
        REQUIRE(r.score.unscale > 0x1p-120); // bounds apply
        if (pass > 0) {
            Heads heads(r, pass > 1 ? before : std::vector<Row>());
            const int64_t step = from.rows > 100 ? 23 : 1;
            heads.check_centroids(step);
            heads.check_moves(step);
            heads.check_reach();
            const int64_t scores = r.assign();
            all.points += heads.points;
            all.reached += heads.reached;
            all.moves += heads.moves;
            all.followed += heads.followed;
            all.scores += scores - r.n * r.k;
            for (int64_t i = 0; i < r.n; i++)
                if (r.at_point(i).scale > 0.0f)
                    heads.check_square(i);
        } else {
            r.assign();
        }
        const Matrix noise = uniform_points(centroids.rows, centroids.columns, 50 + pass);
        for (int64_t j = 0; j < centroids.rows; j++)
            for (int64_t t = 0; t < centroids.columns && j % 3; t++)
                centroids.row(j)[t] += way * noise.row(j)[t];
    }
    return all;
}

} // namespace

// Points: no whole number of panels.
#ifdef EXAKT_SLOW_BUILD
constexpr int64_t several = 6;
#else
constexpr int64_t several = 22;
#endif

TEST_CASE("heads bound what they leave out: few centroids", "[projected][heads]") {
    const int64_t d = GENERATE(20, 130, 400), k = 40, n = several;
    const std::string kind = GENERATE("clustered", "flat", "wide", "away", "aside", "large", "small");
    Matrix points = clustered(n, d, k, 12, 0.05f, 0.0f, 61), from = clustered(k, d, k, 12, 0.01f, 0.0f, 62);
    float way = 0.01f;
    if (kind == "flat") {
        points = uniform_points(n, d, 63);
        from = uniform_points(k, d, 64);
        way = 0.1f;
    }
    if (kind == "wide") {
        points = wide(uniform_points(n, d, 65));
        from = wide(uniform_points(k, d, 66));
        way = 1.0f;
    }
    if (kind == "away") {
        points = clustered(n, d, k, 12, 0.05f, 20.0f, 67);
        from = clustered(k, d, k, 12, 0.01f, 20.0f, 68);
    }
    if (kind == "aside")
        way = 0.0f;
    // Points that are long where no centroid is: roundings of their coordinates are all that heads see of that.
    for (int64_t t = 0; t < d && kind == "aside"; t++) {
        for (int64_t i = 0; i < n; i++)
            points.row(i)[t] *= 2 * t < d ? 0.01f : 300.0f;
        for (int64_t j = 0; j < k; j++)
            from.row(j)[t] *= 2 * t < d ? 1.0f : 0.0f;
    }
    for (const float size : {kind == "large" ? 0x1p30f : kind == "small" ? 0x1p-8f : 1.0f}) {
        for (float &v : points.values)
            v *= size;
        for (float &v : from.values)
            v *= size;
        way *= size;
    }
    INFO(kind << ", d = " << d);
    const Passes all = check_passes(points, from, way, d == 130);
    CHECK(all.moves > 0);
    CHECK(all.followed > 0);
}

TEST_CASE("heads bound what they leave out: groups that share a tail", "[projected][heads]") {
    const int64_t d = GENERATE(20, 130, 400), k = 1100, n = several / 2;
    const bool flat = GENERATE(false, true);
    const Matrix points = flat ? uniform_points(n, d, 71) : clustered(n, d, k, 30, 0.05f, 0.0f, 72);
    const Matrix from = flat ? uniform_points(k, d, 73) : clustered(k, d, k, 30, 0.01f, 0.0f, 74);
    INFO((flat ? "flat" : "clustered") << ", d = " << d);
    const Passes all = check_passes(points, from, 0.01f, d != 20);
    CHECK(all.moves > 0);
}

TEST_CASE("heads tell nearly all centroids apart where points are clustered", "[projected][heads]") {
    const int64_t d = 400, k = GENERATE(40, 1100), n = several;
    const Matrix points = clustered(n, d, k, 30, 0.05f, 0.0f, 81), from = clustered(k, d, k, 30, 0.01f, 0.0f, 82);
    const Passes all = check_passes(points, from, 0.002f, true);
    REQUIRE(all.points == 3 * n);
    CHECK(all.reached < 5 * all.points);
    CHECK(all.scores < n + n * k / 10); // each point is looked at once, in the second pass
}

namespace {

void check_digits(const std::vector<float> &x, const std::vector<float> &c, float offset, float error,
                  bool is_known) {
    const auto d = static_cast<int64_t>(x.size());
    const projected_range range = projected_digits(x.data(), c.data(), d, offset, error);
    const Row a = widened(x.data(), d), b = widened(c.data(), d);
    const Real truth = static_cast<Real>(offset) - dot(a.data(), b.data(), d);
    CHECK(range.least <= truth);
    CHECK(range.most >= truth + 2.0L * static_cast<Real>(error));
    if (is_known)
        CHECK(range.most - range.least - 2.0L * static_cast<Real>(error) <= 0.002L * norm(a) * norm(b) + 1e-30L);
}

} // namespace

TEST_CASE("scores of two digits lie where they say", "[projected][digits]") {
    for (const int64_t d : {1, 3, 8, 16, 100, 130, 400, 768}) {
        const Matrix rows = uniform_points(60, d, 99);
        for (int64_t i = 0; i + 1 < rows.rows; i++) {
            std::vector<float> x(rows.row(i), rows.row(i) + d), c(rows.row(i + 1), rows.row(i + 1) + d);
            INFO("d = " << d << ", row " << i);
            check_digits(x, c, i % 3 ? 0.7f * static_cast<float>(i) : 0.0f, i % 2 ? 0.01f : 0.0f, true);
            std::vector<float> spike(d, 0.0f), huge = x, tiny = x, negative = x;
            spike[i % d] = 3.0f;
            huge[i % d] = 1e6f;
            for (int64_t t = 0; t < d; t++) {
                tiny[t] *= 0x1p-60f;
                negative[t] = -c[t];
            }
            check_digits(spike, c, 1.0f, 0.0f, true);
            check_digits(x, spike, 1.0f, 0.0f, true);
            check_digits(huge, c, 1.0f, 0.0f, false);
            check_digits(c, huge, 1.0f, 0.0f, false);
            check_digits(tiny, c, 0.0f, 0.0f, true);
            check_digits(tiny, tiny, 0.0f, 0.0f, true);
            check_digits(negative, c, 0.0f, 1e-3f, true);
            check_digits(c, c, 0.0f, 0.0f, true);
        }
        const std::vector<float> zero(d, 0.0f), some(rows.row(0), rows.row(0) + d);
        check_digits(zero, some, 2.0f, 0.5f, false);
        check_digits(some, zero, -2.0f, 0.5f, false);
        check_digits(zero, zero, 0.0f, 0.0f, false);
    }
}

// What the digits of one row lose in the direction of the other, as much as can be.
TEST_CASE("scores of two digits lie where they say where rounding misleads", "[projected][digits]") {
    for (const float lost : {0.484375f, 0.4990234375f, -0.484375f})
        for (const float digit : {0.0f, 1.0f, 95.0f, 126.0f})
            for (const float sign : {1.0f, -1.0f}) {
                std::vector<float> x(8, 100.0f), c(8, 100.0f + sign * (digit + lost) / 254.0f);
                x[0] = c[0] = 127.0f;
                INFO("digit " << digit << ", lost " << lost << ", sign " << sign);
                check_digits(x, c, 0.0f, 0.0f, true);
                check_digits(c, x, 0.0f, 0.0f, true);
                check_digits(c, c, 0.0f, 0.0f, true);
            }
}

TEST_CASE("rows that bytes cannot hold have no range of two digits", "[projected][digits]") {
    const std::vector<float> plain(8, 1.0f), large(8, 0x1p115f), small(8, 0x1p-120f);
    for (const auto &row : {large, small}) {
        const projected_range range = projected_digits(plain.data(), row.data(), 8, 1.0f, 0.0f);
        CHECK(range.least == -INFINITY);
        CHECK(range.most == INFINITY);
    }
}
