#include "tuner/plan.h"
#include "tuner/integers.h"

#include <math.h>
#include <string.h>

/* Sizes in bytes and counts in rows throughout; float32 data, so a value takes VALUE bytes.
 *
 * The roles are those of Low et al.: a panel of nr points is what stays nearest, blocks of mr centroids pass it.
 * The micro-kernel reads nr + mr values for nr * mr multiply-adds, which an L2 can supply: a panel that fits L1
 * makes no other tiles better. Measured with AVX-512, 48 KiB L1, 2 MiB L2: the speed is the same within 2 % for 8
 * to 192 centroids and 48 to 288 points a tile at d = 768, and from 32 to 1000 and 48 to 480 at d = 128.
 *
 * Variants of bytes and 16-bit floats are planned as if they were float32. Counted in bytes, a tile would be of
 * four times as many centroids: measured with AMX at d = 128 and 768, passes of i8_fused and i8_kept took between
 * 0.94 and 1.04 times as long, with no order in it. */
enum {
    VALUE = sizeof(float),
    /* What is kept for each point of a tile: smallest and second smallest bound and index, and as much again where
     * the driver takes them over. */
    STATE_BYTES = 24,
    /* Rows in L2 for each point of fused: packed, as it came (its sums need that), and of the next tile. */
    FUSED_ROWS = 3,
    /* Likewise for tiled, which fetches nothing ahead. */
    TILED_ROWS = 2,
    /* Where sums are folded: often enough for a tight error bound, and seldom enough to cost nothing. */
    FOLD_DEPTH = 384,
    /* The micro-kernel takes so many dimensions at a time. */
    DEPTH_STEP = 4,
    /* Tiles for each thread, so that the last ones to finish do not keep the others waiting. */
    TILES_PER_THREAD = 4,
    /* A tile shares the error bound of its longest point, so long tiles leave more points ambiguous: on
     * standardised KDD-99, 20 % of them with 5148 points a tile, 13 % with 480, and no fewer with 12. */
    POINTS_MOST = 480,
    /* What fused gives the centroid tile of L2, the most of it being for points. */
    CENTROID_PART = 4,
    WAYS_UNKNOWN = 8,
    LINE = 64,
    L1_UNKNOWN = 32 << 10,
    L2_UNKNOWN = 256 << 10,
    MATRIX_BYTES = 64 << 20,
    /* Rows longer and threads more than this need not be told apart; nothing overflows below it. */
    ROW_MOST = 1 << 28,
    THREADS_MOST = 1 << 20
};

/* A cache as the model sees it: what is ours of it, cut into ways of equal size. */
typedef struct cache_model {
    int64_t ways, way;
} cache_model;

/* Everything the formulas need. */
typedef struct blocking {
    cache_model l1, l2;
    int64_t n, d, k;
    int64_t points; /* what point tiles are multiples of */
    int64_t mr, nr; /* the micro-kernel: centroids x points */
    int64_t row;    /* bytes of one point or centroid */
    int64_t threads;
} blocking;

/* The largest multiple not above value, at least one. */
static int64_t floor_multiple(int64_t value, int64_t multiple) {
    return max64(value / multiple, 1) * multiple;
}

static cache_model model_of(int64_t share, int ways) {
    int64_t lines = max64(share / LINE, 2);
    int64_t assumed = ways == 0 ? WAYS_UNKNOWN : ways < 0 ? lines : ways;
    cache_model model = {.ways = min64(max64(assumed, 2), lines)};
    model.way = share / model.ways;
    return model;
}

/* Bytes left of a cache when one way is set aside for what merely passes through, and the guest occupies whole
 * ways (they share no sets evenly). */
static int64_t room(cache_model cache, int64_t guest) {
    if (cache.way == 0)
        return 0;
    return max64(cache.ways - 1 - ceil_div(guest, cache.way), 0) * cache.way;
}

/* The largest tile of at most `most` that cuts total into tiles of nearly equal size: the last one, counted in
 * multiples, is at least half as large as the others. */
static int64_t equalise(int64_t total, int64_t most, int64_t multiple) {
    int64_t pieces = ceil_div(total, multiple);
    int64_t limit = min64(max64(most / multiple, 1), pieces);
    int64_t even = ceil_div(pieces, ceil_div(pieces, limit));
    for (int64_t tile = even; 2 * tile >= even && tile > 0; --tile) {
        int64_t last = pieces - (ceil_div(pieces, tile) - 1) * tile;
        if (2 * last >= tile)
            return tile * multiple;
    }
    return even * multiple;
}

/* Tiles of points, enough of them for the threads. */
static int64_t point_tile(const blocking *b, int64_t rows) {
    int64_t most = min64(rows, b->n / (TILES_PER_THREAD * b->threads));
    return equalise(b->n, floor_multiple(most, b->points), b->points);
}

/* A centroid and its offset in the score. */
static int64_t centroid_bytes(const blocking *b) {
    return b->row + VALUE;
}

static int64_t fused_centroid_rows(const blocking *b) {
    return b->l2.ways * b->l2.way / CENTROID_PART / centroid_bytes(b);
}

/* The point tile stays in L2 while centroid tiles pass, the next point tile being fetched. Where rows are so long
 * that not even nr points fit, one panel passes all centroids from wherever it is: measured at d = 65536, longer
 * tiles are no faster even with an L3 to hold them. */
static int64_t fused_point_rows(const blocking *b, int64_t centroids) {
    return room(b->l2, centroids * centroid_bytes(b)) / (FUSED_ROWS * b->row + STATE_BYTES);
}

static void plan_fused(const blocking *b, exk_plan *plan) {
    if (plan->depth_tile <= 0)
        plan->depth_tile = equalise(b->d, FOLD_DEPTH, DEPTH_STEP);
    if (plan->centroid_tile <= 0)
        plan->centroid_tile = equalise(b->k, floor_multiple(fused_centroid_rows(b), b->mr), b->mr);
    int64_t centroids = min64(plan->centroid_tile, b->k);
    if (plan->point_tile <= 0)
        plan->point_tile = point_tile(b, min64(fused_point_rows(b, centroids), POINTS_MOST));
}

/* A slice of a panel stays in L1 while slices of blocks pass: of each set's ways one is for the scores on their
 * way through, and panel and block share the rest in proportion nr : mr, in whole ways where there are enough. */
static int64_t tiled_depth(const blocking *b) {
    int64_t ways = (b->l1.ways - 1) * b->nr / (b->mr + b->nr);
    int64_t whole = ways * b->l1.way / (b->nr * VALUE);
    int64_t parts = (b->l1.ways - 1) * b->l1.way / ((b->mr + b->nr) * VALUE);
    return ways > 0 ? whole : parts;
}

/* Bytes of L2 for a point beside its scores: its rows, or its slice where not even nr points fit and their panels
 * stream from beyond. */
static int64_t tiled_point_bytes(const blocking *b, int64_t slice) {
    int64_t rows = TILED_ROWS * b->row;
    return (b->nr * rows <= room(b->l2, 0) ? rows : slice) + STATE_BYTES;
}

/* L2 holds the scores of tile x tile, the points, and the centroids' slices, which every panel meets anew. As many
 * centroids as points, which is where a given number of scores costs the fewest bytes from outside: the positive
 * root of tile * (tile * VALUE + other) = room. */
static int64_t tiled_centroid_rows(const blocking *b, int64_t slice) {
    double other = (double)(tiled_point_bytes(b, slice) + slice) / VALUE;
    double scores = (double)room(b->l2, 0) / VALUE;
    return (int64_t)((sqrt(other * other + 4 * scores) - other) / 2);
}

static int64_t tiled_point_rows(const blocking *b, int64_t centroids, int64_t slice) {
    return room(b->l2, centroids * slice) / (centroids * VALUE + tiled_point_bytes(b, slice));
}

static void plan_tiled(const blocking *b, exk_plan *plan) {
    if (plan->depth_tile <= 0)
        plan->depth_tile = equalise(b->d, min64(tiled_depth(b), FOLD_DEPTH), DEPTH_STEP);
    int64_t slice = min64(plan->depth_tile, b->row / VALUE) * VALUE;
    if (plan->centroid_tile <= 0)
        plan->centroid_tile = equalise(b->k, floor_multiple(tiled_centroid_rows(b, slice), b->mr), b->mr);
    int64_t centroids = min64(plan->centroid_tile, b->k);
    if (plan->point_tile <= 0)
        plan->point_tile = point_tile(b, min64(tiled_point_rows(b, centroids, slice), POINTS_MOST));
}

/* The strategies that materialise scores against all centroids: as many points at a time as the cap allows. */
static void plan_matrix(const blocking *b, const exk_shape *shape, exk_plan *plan) {
    if (plan->matrix_bytes <= 0)
        plan->matrix_bytes = max64(MATRIX_BYTES, b->threads * (b->k * VALUE + b->row));
    if (plan->point_tile <= 0)
        plan->point_tile = point_tile(b, exk_plan_matrix_rows(plan, shape));
}

static blocking blocking_of(const exk_topology *topology, const exk_shape *shape, const exk_variant *variant,
                            int threads) {
    const exk_cache *level = topology->level;
    blocking b = {.n = shape->n, .d = shape->d, .k = shape->k, .mr = variant->mr};
    b.nr = exk_variant_nr(variant);
    b.points = exk_variant_points(variant);
    b.row = min64(shape->d, ROW_MOST / VALUE) * VALUE;
    b.threads = min64(max64(threads, 1), THREADS_MOST);
    b.l1 = model_of(level[0].share > 0 ? level[0].share : L1_UNKNOWN, level[0].ways);
    if (level[1].share > 0)
        b.l2 = model_of(level[1].share, level[1].ways);
    else /* a shared last level does what an L2 would */
        b.l2 = model_of(level[2].share > 0 ? level[2].share : L2_UNKNOWN, level[2].ways);
    return b;
}

/* Threads are bound to cores in their order, so as many of them as a node has cores are a node, if all nodes are
 * alike. */
static int nodes_of(const exk_topology *topology, int threads) {
    int nodes = topology->numa_nodes > 1 ? topology->numa_nodes : 1, cores = topology->cores / nodes;
    bool alike = topology->kinds <= 1 && cores > 0 && topology->cores % nodes == 0;
    return alike && threads <= topology->cores && threads % cores == 0 ? threads / cores : 1;
}

static bool knows_caches(const exk_topology *topology) {
    return topology->level[0].share > 0 || topology->level[1].share > 0 || topology->level[2].share > 0;
}

static bool is_strategy(const exk_variant *variant, const char *name) {
    return strcmp(variant->strategy, name) == 0;
}

static exk_plan_rule rule_of(const exk_variant *variant) {
    if (is_strategy(variant, "naive") || is_strategy(variant, "blas"))
        return EXK_RULE_MATRIX;
    return is_strategy(variant, "tiled") ? EXK_RULE_TILED : EXK_RULE_FUSED;
}

exk_plan_reason exk_plan_explain(const exk_topology *topology, const exk_shape *shape, const exk_plan *plan) {
    const exk_variant *variant = exk_variant_find(plan->variant);
    const blocking b = blocking_of(topology, shape, variant, plan->threads);
    exk_plan_reason r = {.rule = rule_of(variant),
                         .usable = knows_caches(topology),
                         .l1_ways = b.l1.ways,
                         .l1_way = b.l1.way,
                         .l2_ways = b.l2.ways,
                         .l2_way = b.l2.way,
                         .mr = b.mr,
                         .nr = b.nr,
                         .unit = b.points,
                         .fold = FOLD_DEPTH,
                         .points_most = POINTS_MOST,
                         .points_share = b.n / (TILES_PER_THREAD * b.threads),
                         .centroid_bytes = centroid_bytes(&b)};
    const int64_t centroids = min64(plan->centroid_tile, b.k);
    const int64_t slice = min64(plan->depth_tile, b.row / VALUE) * VALUE;
    if (r.rule == EXK_RULE_FUSED) {
        r.depth_fits = FOLD_DEPTH;
        r.centroids_fit = fused_centroid_rows(&b);
        r.point_bytes = FUSED_ROWS * b.row + STATE_BYTES;
        r.points_fit = fused_point_rows(&b, centroids);
    } else if (r.rule == EXK_RULE_TILED) {
        r.depth_fits = tiled_depth(&b);
        r.centroids_fit = tiled_centroid_rows(&b, slice);
        r.centroid_bytes = slice;
        r.point_bytes = centroids * VALUE + tiled_point_bytes(&b, slice);
        r.points_fit = tiled_point_rows(&b, centroids, slice);
    } else {
        r.point_bytes = (b.k + b.d) * VALUE;
        r.points_fit = exk_plan_matrix_rows(plan, shape);
    }
    return r;
}

const char *exk_plan_model(const exk_topology *topology, const exk_shape *shape, exk_plan *plan) {
    const exk_variant *variant = exk_variant_find(plan->variant);
    if (!variant)
        return "default";
    bool usable = knows_caches(topology) && shape->n > 0 && shape->d > 0 && shape->k > 0;
    if (usable) {
        blocking b = blocking_of(topology, shape, variant, plan->threads);
        const exk_plan_rule rule = rule_of(variant);
        if (rule == EXK_RULE_MATRIX)
            plan_matrix(&b, shape, plan);
        else if (rule == EXK_RULE_TILED)
            plan_tiled(&b, plan);
        else
            plan_fused(&b, plan);
    }
    exk_plan_complete(plan, variant, shape);
    if (plan->nodes <= 0)
        plan->nodes = nodes_of(topology, plan->threads);
    return usable ? "model" : "default";
}
