#include "tuner/plan.h"

#include <math.h>
#include <string.h>

/* Sizes in bytes and counts in rows throughout; float32 data, so a value takes VALUE bytes. */
enum {
    VALUE = sizeof(float),
    /* What fused keeps for each point and vector lane: smallest and second smallest bound, index. */
    STATE_VECTORS = 3,
    /* What the driver keeps for each point: label, best, second. */
    OUTPUT_BYTES = 12,
    /* Where fused folds its sums: often enough for a tight error bound, and seldom enough to cost nothing. */
    FOLD_DEPTH = 384,
    /* The micro-kernel takes so many dimensions at a time. */
    DEPTH_STEP = 4,
    /* Tiles for each thread, so that the last ones to finish do not keep the others waiting. */
    TILES_PER_THREAD = 4,
    /* A point tile shorter than this many groups of mr is not worth a sweep over the centroids. */
    GROUPS_LEAST = 16,
    /* Where the points stream from memory: 4 points a centroid keep four fifths of the arithmetic intensity of an
     * endless tile, 1 / (1 / points + 1 / centroids). */
    POINTS_PER_CENTROID = 4,
    /* A tile shares the error bound of its longest point, so long tiles leave more points ambiguous: on
     * standardised KDD-99, 20 % of them with 5148 points a tile, 13 % with 480, and no fewer with 12. */
    POINTS_MOST = 480,
    /* Measured at d = 768: panels that fill a quarter of L2 run 7 % faster than panels that fill three quarters.
     */
    L2_PARTS = 4,
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
    cache_model l1, l2, l3;
    int64_t n, d, k;
    int64_t mr, nr;
    int64_t row;   /* bytes of one point or centroid */
    int64_t state; /* bytes of running argmin for one point */
    int64_t threads;
} blocking;

static int64_t min64(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t max64(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static int64_t ceil_div(int64_t a, int64_t b) {
    return a / b + (a % b != 0);
}

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

/* Bytes left of a cache when one way is set aside for what merely passes through, and each of the guests occupies
 * whole ways (they share no sets evenly). */
static int64_t room(cache_model cache, int64_t guest, int64_t other_guest) {
    if (cache.way == 0)
        return 0;
    int64_t taken = 1 + ceil_div(guest, cache.way) + ceil_div(other_guest, cache.way);
    return max64(cache.ways - taken, 0) * cache.way;
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

/* Tiles of points: a multiple of mr, and enough of them for the threads. */
static int64_t point_tile(const blocking *b, int64_t rows) {
    int64_t most = min64(rows, b->n / (TILES_PER_THREAD * b->threads));
    return equalise(b->n, floor_multiple(most, b->mr), b->mr);
}

/* A centroid and its offset in the score. */
static int64_t centroid_bytes(const blocking *b) {
    return b->row + VALUE;
}

/* A point with what is kept for it while its tile waits for the next centroid tile. */
static int64_t point_bytes(const blocking *b) {
    return b->row + b->state + OUTPUT_BYTES;
}

/* A centroid tile stays in L2 while groups of mr points pass, each with its state, the next one being fetched.
 * Rows too long for that: then in L3, the group in L2. */
static int64_t fused_centroid_tile(const blocking *b) {
    int64_t group = 2 * b->mr * b->row;
    int64_t state = 2 * b->mr * b->state;
    int64_t part = max64(b->l2.ways * b->l2.way / L2_PARTS / centroid_bytes(b), b->nr);
    int64_t rows = min64(room(b->l2, group, state) / centroid_bytes(b), part);
    if (rows < b->nr)
        rows = room(b->l3, group, state) / centroid_bytes(b);
    return equalise(b->k, floor_multiple(rows, b->nr), b->nr);
}

/* Where one centroid tile holds all centroids, points are swept once and then summed up: L2 is their place. Else
 * they wait in L3 for the next centroid tile, or stream from memory if L3 cannot hold a useful number of them. */
static int64_t fused_point_rows(const blocking *b, int64_t centroid_tile) {
    int64_t centroids = min64(centroid_tile, b->k);
    int64_t useful = GROUPS_LEAST * b->mr;
    int64_t in_l2 = room(b->l2, centroids * centroid_bytes(b), 0) / point_bytes(b);
    if (centroids == b->k && in_l2 >= useful)
        return in_l2;
    int64_t in_l3 = room(b->l3, centroids * centroid_bytes(b), 0) / point_bytes(b);
    return in_l3 >= min64(centroids, useful) ? in_l3 : max64(POINTS_PER_CENTROID * centroids, useful);
}

static void plan_fused(const blocking *b, exk_plan *plan) {
    if (plan->depth_tile <= 0)
        plan->depth_tile = equalise(b->d, FOLD_DEPTH, DEPTH_STEP);
    if (plan->centroid_tile <= 0)
        plan->centroid_tile = fused_centroid_tile(b);
    if (plan->point_tile <= 0)
        plan->point_tile = point_tile(b, min64(fused_point_rows(b, plan->centroid_tile), POINTS_MOST));
}

/* A slice of a panel stays in L1 while slices of mr points pass: of each set's ways one is for the scores on their
 * way through, and panel and points share the rest in proportion nr : mr, in whole ways where there are enough. */
static int64_t tiled_depth_tile(const blocking *b) {
    int64_t ways = (b->l1.ways - 1) * b->nr / (b->mr + b->nr);
    int64_t whole = ways * b->l1.way / (b->nr * VALUE);
    int64_t parts = (b->l1.ways - 1) * b->l1.way / ((b->mr + b->nr) * VALUE);
    return equalise(b->d, max64(ways > 0 ? whole : parts, 1), 1);
}

/* Bytes of L2 for the point tile: its scores, its slice and its running argmin; slices of panels pass through. */
static int64_t tiled_room(const blocking *b, int64_t slice) {
    return room(b->l2, 2 * b->nr * slice, 0);
}

/* As many centroids as points, which is where a given number of scores costs the fewest bytes from outside:
 * the positive root of tile * (tile * VALUE + other) = room. */
static int64_t tiled_centroid_tile(const blocking *b, int64_t slice) {
    double other = (double)(slice + b->state + OUTPUT_BYTES) / VALUE;
    double scores = (double)tiled_room(b, slice) / VALUE;
    double tile = (sqrt(other * other + 4 * scores) - other) / 2;
    return equalise(b->k, floor_multiple((int64_t)tile, b->nr), b->nr);
}

static int64_t tiled_point_rows(const blocking *b, int64_t centroids, int64_t slice) {
    return tiled_room(b, slice) / (centroids * VALUE + slice + b->state + OUTPUT_BYTES);
}

static void plan_tiled(const blocking *b, exk_plan *plan) {
    if (plan->depth_tile <= 0)
        plan->depth_tile = tiled_depth_tile(b);
    int64_t slice = min64(plan->depth_tile, b->row / VALUE) * VALUE;
    if (plan->centroid_tile <= 0)
        plan->centroid_tile = tiled_centroid_tile(b, slice);
    int64_t centroids = min64(plan->centroid_tile, ceil_div(b->k, b->nr) * b->nr);
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
    b.row = min64(shape->d, ROW_MOST / VALUE) * VALUE;
    b.state = STATE_VECTORS * (b.nr / variant->nv) * VALUE;
    b.threads = min64(max64(threads, 1), THREADS_MOST);
    b.l1 = model_of(level[0].share > 0 ? level[0].share : L1_UNKNOWN, level[0].ways);
    if (level[1].share > 0)
        b.l2 = model_of(level[1].share, level[1].ways);
    else /* a shared last level does what an L2 would */
        b.l2 = model_of(level[2].share > 0 ? level[2].share : L2_UNKNOWN, level[2].ways);
    if (level[1].share > 0 && level[2].share > 0)
        b.l3 = model_of(level[2].share, level[2].ways);
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

const char *exk_plan_model(const exk_topology *topology, const exk_shape *shape, exk_plan *plan) {
    const exk_variant *variant = exk_variant_find(plan->variant);
    if (!variant)
        return "default";
    bool usable = knows_caches(topology) && shape->n > 0 && shape->d > 0 && shape->k > 0;
    if (usable) {
        blocking b = blocking_of(topology, shape, variant, plan->threads);
        if (strcmp(variant->strategy, "naive") == 0 || strcmp(variant->strategy, "blas") == 0)
            plan_matrix(&b, shape, plan);
        else if (strcmp(variant->strategy, "tiled") == 0)
            plan_tiled(&b, plan);
        else
            plan_fused(&b, plan);
    }
    exk_plan_complete(plan, variant, shape);
    if (plan->nodes <= 0)
        plan->nodes = nodes_of(topology, plan->threads);
    return usable ? "model" : "default";
}
