#include "harness/verify_cases.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a value goes and what it may depend on. */
typedef struct cell {
    uint64_t seed;
    int64_t n, d, row, column;
} cell;

typedef float (*fill_fn)(const cell *c);

/* splitmix64 (Steele, Lea, Flood 2014) of the seed, a stream and a position: the same value whatever was asked
 * before. */
static uint64_t draw(const cell *c, uint64_t stream, uint64_t position) {
    uint64_t z = (c->seed * 0x9e3779b97f4a7c15u ^ stream) + (position + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t cell_draw(const cell *c, uint64_t stream) {
    return draw(c, stream, (uint64_t)(c->row * c->d + c->column));
}

static float uniform(const cell *c, uint64_t stream) {
    return (float)(cell_draw(c, stream) >> 40) * 0x1p-24f;
}

/* The same cell of an earlier row, for repeated points. */
static cell in_row(const cell *c, int64_t row) {
    cell other = *c;
    other.row = row;
    return other;
}

static float blobs(const cell *c) {
    uint64_t blob = draw(c, 1, (uint64_t)c->row) % 9;
    float centre = (float)(draw(c, 2, blob * 4096 + (uint64_t)c->column) % 1000) * 0.01f;
    return centre + uniform(c, 3) + uniform(c, 4) - 1.0f;
}

/* Small integers: many points lie exactly between centroids. */
static float lattice(const cell *c) {
    return (float)(cell_draw(c, 1) % 3);
}

static float bits(const cell *c) {
    return (float)(cell_draw(c, 1) & 1);
}

/* Pairs x, -x and points with zeros: equidistant from mirrored centroids. */
static float mirrored(const cell *c) {
    cell pair = in_row(c, c->row / 2);
    float value = (float)(cell_draw(&pair, 1) % 5) - 2.0f;
    return c->row % 2 ? -value : value;
}

/* Five distinct points, whatever n is. */
static float repeated(const cell *c) {
    cell source = in_row(c, (int64_t)(draw(c, 5, (uint64_t)c->row) % 5));
    return blobs(&source);
}

/* The first rows come in equal pairs; with the first points as centroids, so do the centroids. */
static float twins(const cell *c) {
    cell source = in_row(c, c->row < 64 ? c->row / 2 : c->row);
    return blobs(&source);
}

/* Neighbours one unit in the last place apart: float32 scores cannot tell them apart. */
static float ulps(const cell *c) {
    cell common = in_row(c, 0);
    float value = 1.0f + uniform(&common, 1);
    return value + (float)(cell_draw(c, 2) % 3) * 0x1p-23f;
}

static float zeros(const cell *c) {
    (void)c;
    return 0.0f;
}

static float signed_zeros(const cell *c) {
    return cell_draw(c, 1) & 1 ? -0.0f : 0.0f;
}

static float denormals(const cell *c) {
    return (float)(cell_draw(c, 1) % 1000) * 0x1p-149f;
}

static float tiny(const cell *c) {
    return blobs(c) * 1e-30f;
}

/* Squares overflow float32. */
static float huge(const cell *c) {
    return blobs(c) * 1e30f;
}

static float near_the_limit(const cell *c) {
    return (uniform(c, 1) - 0.5f) * FLT_MAX;
}

static float mixed_columns(const cell *c) {
    return blobs(c) * (c->column % 2 ? 1e30f : 1e-30f);
}

static float constant_columns(const cell *c) {
    return c->column % 3 ? (float)c->column * 1.1f : blobs(c);
}

static float one_outlier(const cell *c) {
    return c->row == c->n / 2 ? 1e20f : blobs(c);
}

/* A large common offset: scores cancel. */
static float far_from_origin(const cell *c) {
    return 1e6f + blobs(c);
}

static float uneven_norms(const cell *c) {
    return blobs(c) * exp2f((float)(draw(c, 6, (uint64_t)c->row) % 60) - 30.0f);
}

typedef enum swept { SWEEP_N, SWEEP_D, SWEEP_K } swept;

/* A row stands for one case per value from `from` to `to` of the swept number; k is cut down to n. */
typedef struct verify_row {
    const char *name;
    fill_fn fill;
    swept sweep;
    int64_t from, to, step;
    int64_t n, d, k;
    int64_t pad; /* unused floats between rows */
    exk_init init;
    exk_empty empty;
    int64_t max_iter;
    bool quick;
} verify_row;

#define PP    EXK_INIT_KMEANSPP
#define RAND  EXK_INIT_RANDOM
#define FIRST EXK_INIT_FIRST
#define FAR   EXK_EMPTY_FARTHEST
#define KEEP  EXK_EMPTY_KEEP
#define SPLIT EXK_EMPTY_SPLIT

// clang-format off
static const verify_row table[] = {
    /* name              fill              sweep    from    to step      n    d     k pad init   empty  it quick */
    {"dimensions",       blobs,            SWEEP_D,    1,   33,  1,    203,   0,   17, 0, PP,    FAR,    6, true},
    {"dimensions",       blobs,            SWEEP_D,   63,   65,  1,    203,   0,   33, 0, PP,    FAR,    6, true},
    {"dimensions",       blobs,            SWEEP_D,  127,  129,  1,    203,   0,   33, 0, PP,    FAR,    6, true},
    {"few points",       blobs,            SWEEP_N,    1,   26,  1,      0,   7,    3, 0, FIRST, FAR,    6, true},
    {"tile edge",        blobs,            SWEEP_N,  253,  259,  1,      0,   5,    9, 0, FIRST, FAR,    6, false},
    {"clusters",         blobs,            SWEEP_K,    1,   70,  3,    301,   9,    0, 0, RAND,  FAR,    6, true},
    {"k = n",            blobs,            SWEEP_D,    1,   17,  8,     60,   0,   60, 0, FIRST, FAR,    6, true},
    {"k = 1",            blobs,            SWEEP_D,    1,   17,  8,    300,   0,    1, 0, FIRST, FAR,    6, true},
    {"strided rows",     blobs,            SWEEP_D,    1,   35, 17,    203,   0,   17, 5, PP,    FAR,    6, true},
    {"lattice",          lattice,          SWEEP_D,    1,    8,  1,    400,   0,   12, 0, FIRST, FAR,    9, true},
    {"lattice, random",  lattice,          SWEEP_D,    2,   34, 16,    400,   0,   40, 0, RAND,  KEEP,   9, true},
    {"bits",             bits,             SWEEP_D,   16,   64, 16,    400,   0,   20, 0, FIRST, FAR,    9, true},
    {"mirrored",         mirrored,         SWEEP_D,    1,    9,  4,    400,   0,   16, 0, FIRST, SPLIT,  9, true},
    {"repeated points",  repeated,         SWEEP_K,    3,   21,  9,    300,   6,    0, 0, PP,    FAR,    9, true},
    {"repeated, keep",   repeated,         SWEEP_K,    3,   21,  9,    300,   6,    0, 0, FIRST, KEEP,   9, true},
    {"repeated, split",  repeated,         SWEEP_K,    3,   21,  9,    300,   6,    0, 0, FIRST, SPLIT,  9, true},
    {"twin centroids",   twins,            SWEEP_D,    3,   33, 15,    400,   0,   40, 0, FIRST, FAR,    9, true},
    {"twins, kept",      twins,            SWEEP_D,    3,   33, 15,    400,   0,   40, 0, FIRST, KEEP,   9, true},
    {"last bits",        ulps,             SWEEP_D,    1,   65, 32,    300,   0,   16, 0, FIRST, FAR,    9, true},
    {"zeros",            zeros,            SWEEP_D,    1,   17, 16,    100,   0,    5, 0, PP,    FAR,    6, true},
    {"signed zeros",     signed_zeros,     SWEEP_D,    1,   17, 16,    100,   0,    5, 0, FIRST, FAR,    6, true},
    {"denormals",        denormals,        SWEEP_D,    1,   17, 16,    200,   0,    8, 0, FIRST, FAR,    6, true},
    {"tiny",             tiny,             SWEEP_D,    3,   33, 30,    300,   0,   12, 0, PP,    FAR,    6, true},
    {"huge",             huge,             SWEEP_D,    3,   33, 30,    300,   0,   12, 0, PP,    FAR,    6, true},
    {"near the limit",   near_the_limit,   SWEEP_D,    3,   33, 30,    300,   0,   12, 0, FIRST, FAR,    6, true},
    {"huge beside tiny", mixed_columns,    SWEEP_D,    2,   34, 16,    300,   0,   12, 0, FIRST, FAR,    6, true},
    {"constant columns", constant_columns, SWEEP_D,    2,   34, 16,    300,   0,   12, 0, PP,    FAR,    6, true},
    {"one outlier",      one_outlier,      SWEEP_D,    2,   34, 16,    300,   0,   12, 0, FIRST, FAR,    6, true},
    {"far from origin",  far_from_origin,  SWEEP_D,    2,   66, 32,    300,   0,   12, 0, PP,    FAR,    6, true},
    {"uneven norms",     uneven_norms,     SWEEP_D,    2,   66, 32,    300,   0,   12, 0, FIRST, FAR,    6, true},
    {"long chain",       blobs,            SWEEP_D,  767,  769,  1,    500,   0,   40, 0, PP,    FAR,    6, false},
    {"many points",      blobs,            SWEEP_N, 9999, 10001, 1,      0,  20,   50, 0, PP,    FAR,   10, false},
    {"many lattice",     lattice,          SWEEP_D,    3,    6,  1,   5000,   0,   70, 0, FIRST, FAR,   10, false},
    {"many clusters",    blobs,            SWEEP_K, 1000, 1001,  1,   3000,  16,    0, 0, RAND,  FAR,    6, false},
};
// clang-format on

enum { ROWS = sizeof table / sizeof table[0] };

static int cases_of(const verify_row *row) {
    return (int)((row->to - row->from) / row->step) + 1;
}

int verify_case_count(void) {
    int count = 0;
    for (int i = 0; i < ROWS; i++)
        count += cases_of(&table[i]);
    return count;
}

/* The row of case `number` and the value of the number it sweeps. */
static const verify_row *locate(int number, int64_t *value) {
    const verify_row *row = table;
    for (number--; number >= cases_of(row); row++)
        number -= cases_of(row);
    *value = row->from + number * row->step;
    return row;
}

bool verify_case_is_quick(int number) {
    int64_t value;
    return locate(number, &value)->quick;
}

static void fill_points(const verify_row *row, uint64_t seed, verify_problem *p) {
    cell c = {.seed = seed, .n = p->points.n, .d = p->points.d};
    for (c.row = 0; c.row < c.n; c.row++)
        for (c.column = 0; c.column < c.d; c.column++)
            p->storage[c.row * p->points.stride + c.column] = row->fill(&c);
}

exk_status verify_case_build(int number, uint64_t seed, verify_problem *p) {
    int64_t value;
    const verify_row *row = locate(number, &value);
    int64_t n = row->sweep == SWEEP_N ? value : row->n;
    int64_t d = row->sweep == SWEEP_D ? value : row->d;
    int64_t k = row->sweep == SWEEP_K ? value : row->k;
    *p = (verify_problem){.number = number,
                          .points = {.n = n, .d = d, .stride = d + row->pad},
                          .k = k < n ? k : n,
                          .max_iter = row->max_iter,
                          .init = row->init,
                          .empty = row->empty,
                          .seed = seed};
    snprintf(p->name, sizeof p->name, "%s, n=%lld d=%lld k=%lld", row->name, (long long)n, (long long)d,
             (long long)p->k);
    p->storage = calloc((size_t)(n * p->points.stride), sizeof *p->storage);
    if (!p->storage)
        return EXK_ERR_MEMORY;
    p->points.x = p->storage;
    fill_points(row, seed, p);
    return EXK_OK;
}

void verify_problem_free(verify_problem *p) {
    free(p->storage);
    p->storage = NULL;
}
