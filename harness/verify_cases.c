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

/* Centroid j = point j/2 plus or minus a small integer vector: exactly mirrored about that point. */
static float mirrored_pair(const cell *c, fill_fn fill) {
    cell middle = in_row(c, c->row / 2);
    float step = (float)(cell_draw(&middle, 7) % 7) - 3.0f;
    return fill(&middle) + (c->row % 2 ? -step : step);
}

static float mirrored_centroids(const cell *c) {
    return mirrored_pair(c, lattice);
}

/* The same with single coordinates moved by one unit in the last place: ties that are none. */
static float almost_mirrored_centroids(const cell *c) {
    float value = mirrored_pair(c, lattice);
    uint64_t where = draw(c, 8, (uint64_t)c->row) % (uint64_t)(2 * c->d);
    return where == (uint64_t)c->column ? nextafterf(value, 9.0f) : value;
}

/* All coordinates equal. */
static float diagonal(const cell *c) {
    return (float)(draw(c, 1, (uint64_t)c->row) % 1000) * 0.1f;
}

/* The same coordinates rotated: every one is exactly as far from a point on the diagonal, in real arithmetic, and
 * hardly ever in floating point. */
static float rotated_centroids(const cell *c) {
    cell turned = in_row(c, 0);
    turned.column = (c->column + c->row) % c->d;
    return blobs(&turned);
}

static float other_blobs(const cell *c) {
    cell other = *c;
    other.seed = ~c->seed;
    return blobs(&other);
}

/* One centroid far out: its error bound dwarfs all others. */
static float one_far_centroid(const cell *c) {
    return c->row == c->n / 2 ? 1e18f : blobs(c);
}

/* Rows of very different size: some products underflow, whatever common scale is chosen. */
static float scattered(const cell *c) {
    float scale = exp2f((float)(draw(c, 6, (uint64_t)c->row) % 240) - 140.0f);
    return (uniform(c, 3) - 0.5f) * scale;
}

/* With stair_centroids: a sum that begins with 1 and goes on in steps of little more than half a unit in its last
 * place. Every rounding errs the same way, as far as it can: only a full count of the roundings bounds the error.
 */
static float stairs(const cell *c) {
    return c->column == 0 ? 1.0f : 0x1p-12f;
}

static float stair_centroids(const cell *c) {
    float step = 0x1p-12f + (float)(c->row % 32 + 1) * 0x1p-24f;
    return c->column == 0 ? 1.0f : c->row % 4 == 3 ? -step : step;
}

/* The first point and centroid fix the scale; the products of the others fall around the smallest denormal, and
 * their roundings err the same way too. */
static float underflows(const cell *c) {
    return c->row == 0 ? 0x1p45f : 0x1.8p-75f;
}

static float underflow_centroids(const cell *c) {
    return c->row == 0 ? 0x1p45f : exp2f((float)(c->row % 32) - 82.0f);
}

typedef enum swept { SWEEP_N, SWEEP_D, SWEEP_K } swept;

/* One number runs from `from` to `to`; its own field among n, d and k is not used. */
typedef struct sweep {
    swept what;
    int64_t from, to, step;
    int64_t n, d, k;
    int64_t pad; /* unused floats between rows */
} sweep;

/* A row stands for one case per value of the swept number; a fit's k is cut down to n. */
typedef struct verify_row {
    const char *name;
    fill_fn fill;
    sweep sweep;
    bool quick;
    verify_kind kind;
    fill_fn centroids; /* NULL: a fit */
    exk_init init;
    exk_empty empty;
    int64_t max_iter;
} verify_row;

#define FIT(how, policy, most) VERIFY_FIT, NULL, how, policy, most
#define ASSIGN(fill)           VERIFY_ASSIGN, .centroids = (fill)
#define KERNEL(fill)           VERIFY_KERNEL, .centroids = (fill)
#define PP                     EXK_INIT_KMEANSPP
#define RAND                   EXK_INIT_RANDOM
#define FIRST                  EXK_INIT_FIRST
#define FAR                    EXK_EMPTY_FARTHEST
#define KEEP                   EXK_EMPTY_KEEP
#define SPLIT                  EXK_EMPTY_SPLIT

// clang-format off
static const verify_row table[] = {
    /* name                fill               sweep    from     to step   n   d    k pad quick  how */
    {"dimensions",          blobs,            {SWEEP_D,    1,    33,  1,  203,  0,  17, 0}, true,  FIT(PP, FAR, 6)},
    {"dimensions",          blobs,            {SWEEP_D,   63,    65,  1,  203,  0,  33, 0}, true,  FIT(PP, FAR, 6)},
    {"dimensions",          blobs,            {SWEEP_D,  127,   129,  1,  203,  0,  33, 0}, true,  FIT(PP, FAR, 6)},
    {"few points",          blobs,            {SWEEP_N,    1,    26,  1,    0,  7,   3, 0}, true,  FIT(FIRST, FAR, 6)},
    {"tile edge",           blobs,            {SWEEP_N,  253,   259,  1,    0,  5,   9, 0}, false, FIT(FIRST, FAR, 6)},
    {"clusters",            blobs,            {SWEEP_K,    1,    70,  3,  301,  9,   0, 0}, true,  FIT(RAND, FAR, 6)},
    {"k = n",               blobs,            {SWEEP_D,    1,    17,  8,   60,  0,  60, 0}, true,  FIT(FIRST, FAR, 6)},
    {"k = 1",               blobs,            {SWEEP_D,    1,    17,  8,  300,  0,   1, 0}, true,  FIT(FIRST, FAR, 6)},
    {"strided rows",        blobs,            {SWEEP_D,    1,    35, 17,  203,  0,  17, 5}, true,  FIT(PP, FAR, 6)},
    {"strided, mirrored",   mirrored,         {SWEEP_D,    1,    35, 17,  203,  0,  17, 5}, true,  FIT(FIRST, FAR, 6)},
    {"lattice",             lattice,          {SWEEP_D,    1,     8,  1,  400,  0,  12, 0}, true,  FIT(FIRST, FAR, 9)},
    {"lattice, random",     lattice,          {SWEEP_D,    2,    34, 16,  400,  0,  40, 0}, true,  FIT(RAND, KEEP, 9)},
    {"bits",                bits,             {SWEEP_D,   16,    64, 16,  400,  0,  20, 0}, true,  FIT(FIRST, FAR, 9)},
    {"mirrored",            mirrored,         {SWEEP_D,    1,     9,  4,  400,  0,  16, 0}, true,  FIT(FIRST, SPLIT, 9)},
    {"repeated points",     repeated,         {SWEEP_K,    3,    21,  9,  300,  6,   0, 0}, true,  FIT(PP, FAR, 9)},
    {"repeated, keep",      repeated,         {SWEEP_K,    3,    21,  9,  300,  6,   0, 0}, true,  FIT(FIRST, KEEP, 9)},
    {"repeated, split",     repeated,         {SWEEP_K,    3,    21,  9,  300,  6,   0, 0}, true,  FIT(FIRST, SPLIT, 9)},
    {"twin centroids",      twins,            {SWEEP_D,    3,    33, 15,  400,  0,  40, 0}, true,  FIT(FIRST, FAR, 9)},
    {"twins, kept",         twins,            {SWEEP_D,    3,    33, 15,  400,  0,  40, 0}, true,  FIT(FIRST, KEEP, 9)},
    {"last bits",           ulps,             {SWEEP_D,    1,    65, 32,  300,  0,  16, 0}, true,  FIT(FIRST, FAR, 9)},
    {"zeros",               zeros,            {SWEEP_D,    1,    17, 16,  100,  0,   5, 0}, true,  FIT(PP, FAR, 6)},
    {"signed zeros",        signed_zeros,     {SWEEP_D,    1,    17, 16,  100,  0,   5, 0}, true,  FIT(FIRST, FAR, 6)},
    {"denormals",           denormals,        {SWEEP_D,    1,    17, 16,  200,  0,   8, 0}, true,  FIT(FIRST, FAR, 6)},
    {"tiny",                tiny,             {SWEEP_D,    3,    33, 30,  300,  0,  12, 0}, true,  FIT(PP, FAR, 6)},
    {"huge",                huge,             {SWEEP_D,    3,    33, 30,  300,  0,  12, 0}, true,  FIT(PP, FAR, 6)},
    {"near the limit",      near_the_limit,   {SWEEP_D,    3,    33, 30,  300,  0,  12, 0}, true,  FIT(FIRST, FAR, 6)},
    {"huge beside tiny",    mixed_columns,    {SWEEP_D,    2,    34, 16,  300,  0,  12, 0}, true,  FIT(FIRST, FAR, 6)},
    {"constant columns",    constant_columns, {SWEEP_D,    2,    34, 16,  300,  0,  12, 0}, true,  FIT(PP, FAR, 6)},
    {"one outlier",         one_outlier,      {SWEEP_D,    2,    34, 16,  300,  0,  12, 0}, true,  FIT(FIRST, FAR, 6)},
    {"far from origin",     far_from_origin,  {SWEEP_D,    2,    66, 32,  300,  0,  12, 0}, true,  FIT(PP, FAR, 6)},
    {"uneven norms",        uneven_norms,     {SWEEP_D,    2,    66, 32,  300,  0,  12, 0}, true,  FIT(FIRST, FAR, 6)},
    {"long chain",          blobs,            {SWEEP_D,  767,   769,  1,  500,  0,  40, 0}, false, FIT(PP, FAR, 6)},
    {"many points",         blobs,            {SWEEP_N, 9999, 10001,  1,    0, 20,  50, 0}, false, FIT(PP, FAR, 10)},
    {"many lattice",        lattice,          {SWEEP_D,    3,     6,  1, 5000,  0,  70, 0}, false, FIT(FIRST, FAR, 10)},
    {"many clusters",       blobs,            {SWEEP_K, 1000,  1001,  1, 3000, 16,   0, 0}, false, FIT(RAND, FAR, 6)},
    {"to the end",          blobs,            {SWEEP_D,    2,    18,  8,  150,  0,   6, 0}, true,  FIT(PP, FAR, 200)},
    {"lattice to the end",  lattice,          {SWEEP_D,    2,     6,  2,  200,  0,   9, 0}, true,  FIT(FIRST, KEEP, 200)},
    {"outlier to the end",  one_outlier,      {SWEEP_D,    3,     9,  6,  120,  0,   4, 0}, true,  FIT(FIRST, FAR, 200)},
    {"mixed to the end",    mixed_columns,    {SWEEP_D,    2,     6,  4,  120,  0,   4, 0}, true,  FIT(FIRST, FAR, 200)},
    {"assign",              blobs,            {SWEEP_D,    1,    33,  4,  100,  0,  19, 0}, true,  ASSIGN(other_blobs)},
    {"assign, few points",  blobs,            {SWEEP_N,    1,    13,  3,    0,  6,  37, 0}, true,  ASSIGN(other_blobs)},
    {"scattered norms",     scattered,        {SWEEP_D,    1,    33, 16,   60,  0,  33, 0}, true,  ASSIGN(scattered)},
    {"assign, strided",     blobs,            {SWEEP_D,    1,    35, 17,   60,  0,  21, 5}, true,  ASSIGN(other_blobs)},
    {"mirrored pairs",      lattice,          {SWEEP_D,    1,    33,  8,   60,  0,  50, 0}, true,  ASSIGN(mirrored_centroids)},
    {"almost mirrored",     lattice,          {SWEEP_D,    1,    65,  8,   60,  0,  50, 0}, true,  ASSIGN(almost_mirrored_centroids)},
    {"rotated",             diagonal,         {SWEEP_D,    2,    66,  8,   60,  0,  24, 0}, true,  ASSIGN(rotated_centroids)},
    {"rotated, long",       diagonal,         {SWEEP_D,  127,   129,  1,   60,  0, 130, 0}, true,  ASSIGN(rotated_centroids)},
    {"equal centroids",     blobs,            {SWEEP_K,    1,    71, 14,   80,  5,   0, 0}, true,  ASSIGN(repeated)},
    {"points as centroids", blobs,            {SWEEP_K,    1,    71, 14,   40,  5,   0, 0}, true,  ASSIGN(blobs)},
    {"zero centroids",      signed_zeros,     {SWEEP_D,    1,    17,  8,   40,  0,   9, 0}, true,  ASSIGN(signed_zeros)},
    {"denormal centroids",  denormals,        {SWEEP_D,    1,    17,  8,   80,  0,  12, 0}, true,  ASSIGN(denormals)},
    {"huge centroids",      huge,             {SWEEP_D,    1,    33, 16,   80,  0,  12, 0}, true,  ASSIGN(other_blobs)},
    {"tiny, huge",          blobs,            {SWEEP_D,    1,    33, 16,   80,  0,  12, 0}, true,  ASSIGN(mixed_columns)},
    {"limit centroids",     near_the_limit,   {SWEEP_D,    1,    33, 16,   80,  0,  12, 0}, true,  ASSIGN(near_the_limit)},
    {"one far centroid",    blobs,            {SWEEP_D,    1,    33, 16,   80,  0,  12, 0}, true,  ASSIGN(one_far_centroid)},
    {"last bits, given",    ulps,             {SWEEP_D,    1,    65, 16,   80,  0,  16, 0}, true,  ASSIGN(ulps)},
    {"kernel",              blobs,            {SWEEP_D,    1,    33,  1,   27,  0,  35, 0}, true,  KERNEL(other_blobs)},
    {"kernel",              blobs,            {SWEEP_D,   63,    65,  1,   27,  0,  35, 0}, true,  KERNEL(other_blobs)},
    {"kernel",              blobs,            {SWEEP_D,  127,   129,  1,   27,  0,  35, 0}, true,  KERNEL(other_blobs)},
    {"kernel, rows",        blobs,            {SWEEP_N,    1,    26,  1,    0,  9,  19, 0}, true,  KERNEL(other_blobs)},
    {"kernel, clusters",    blobs,            {SWEEP_K,    1,    70,  3,   14,  7,   0, 0}, true,  KERNEL(other_blobs)},
    {"kernel, every k",     blobs,            {SWEEP_K,    1,   130,  1,   14,  7,   0, 0}, false, KERNEL(other_blobs)},
    {"kernel, strided",     blobs,            {SWEEP_D,    1,    35, 17,   26,  0,  33, 5}, true,  KERNEL(other_blobs)},
    {"kernel, mirrored",    lattice,          {SWEEP_D,    1,    33, 16,   26,  0,  33, 0}, true,  KERNEL(mirrored_centroids)},
    {"kernel, rotated",     diagonal,         {SWEEP_D,    2,    66, 32,   26,  0,  33, 0}, true,  KERNEL(rotated_centroids)},
    {"kernel, equal",       blobs,            {SWEEP_D,    2,    18, 16,   26,  0,  33, 0}, true,  KERNEL(repeated)},
    {"kernel, zeros",       signed_zeros,     {SWEEP_D,    1,    17, 16,   26,  0,  33, 0}, true,  KERNEL(signed_zeros)},
    {"kernel, denormals",   denormals,        {SWEEP_D,    1,    17, 16,   26,  0,  33, 0}, true,  KERNEL(denormals)},
    {"kernel, scattered",   scattered,        {SWEEP_D,    1,    65, 16,   26,  0,  33, 0}, true,  KERNEL(scattered)},
    {"kernel, stairs",      stairs,           {SWEEP_D,   17,   129, 56,   26,  0,  33, 0}, true,  KERNEL(stair_centroids)},
    {"kernel, underflow",   underflows,       {SWEEP_D,   17,    65, 48,   26,  0,  33, 0}, true,  KERNEL(underflow_centroids)},
    {"kernel, limit",       near_the_limit,   {SWEEP_D,    1,    33, 16,   26,  0,  33, 0}, true,  KERNEL(near_the_limit)},
    {"kernel, mixed",       mixed_columns,    {SWEEP_D,    2,    34, 16,   26,  0,  33, 0}, true,  KERNEL(mixed_columns)},
    {"kernel, one far",     blobs,            {SWEEP_D,    2,    34, 16,   26,  0,  33, 0}, true,  KERNEL(one_far_centroid)},
};
// clang-format on

enum { ROWS = sizeof table / sizeof table[0] };

static int cases_of(const verify_row *row) {
    return (int)((row->sweep.to - row->sweep.from) / row->sweep.step) + 1;
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
    *value = row->sweep.from + number * row->sweep.step;
    return row;
}

bool verify_case_is_quick(int number) {
    int64_t value;
    return locate(number, &value)->quick;
}

static void fill_rows(fill_fn fill, uint64_t seed, int64_t n, int64_t d, int64_t stride, float *out) {
    cell c = {.seed = seed, .n = n, .d = d};
    for (c.row = 0; c.row < n; c.row++)
        for (c.column = 0; c.column < d; c.column++)
            out[c.row * stride + c.column] = fill(&c);
}

/* Room for the points and, if it is not a fit, the centroids; NULL if there is none. What lies between the rows is
 * NaN: whoever reads it shows. */
static float *make_room(verify_problem *p) {
    int64_t points = p->points.n * p->points.stride;
    int64_t centroids = p->kind == VERIFY_FIT ? 0 : p->k * p->points.d;
    p->storage = malloc((size_t)(points + centroids) * sizeof *p->storage);
    p->points.x = p->storage;
    if (!p->storage)
        return NULL;
    for (int64_t i = 0; i < points; i++)
        p->storage[i] = NAN;
    p->centroids = p->kind == VERIFY_FIT ? NULL : p->storage + points;
    return p->storage + points;
}

static verify_problem describe(const verify_row *row, int64_t value) {
    const sweep *s = &row->sweep;
    int64_t n = s->what == SWEEP_N ? value : s->n;
    int64_t d = s->what == SWEEP_D ? value : s->d;
    int64_t k = s->what == SWEEP_K ? value : s->k;
    return (verify_problem){.kind = row->kind,
                            .points = {.n = n, .d = d, .stride = d + s->pad},
                            .k = row->kind == VERIFY_FIT && k > n ? n : k,
                            .max_iter = row->max_iter,
                            .init = row->init,
                            .empty = row->empty};
}

exk_status verify_case_build(int number, uint64_t seed, verify_problem *p) {
    int64_t value;
    const verify_row *row = locate(number, &value);
    *p = describe(row, value);
    p->number = number;
    p->seed = seed;
    snprintf(p->name, sizeof p->name, "%s, n=%lld d=%lld k=%lld", row->name, (long long)p->points.n,
             (long long)p->points.d, (long long)p->k);
    float *centroids = make_room(p);
    if (!centroids)
        return EXK_ERR_MEMORY;
    fill_rows(row->fill, seed, p->points.n, p->points.d, p->points.stride, p->storage);
    if (row->centroids)
        fill_rows(row->centroids, seed, p->k, p->points.d, p->points.d, centroids);
    return EXK_OK;
}

static void copy_part(const float *from, int64_t from_stride, const int64_t *rows, int64_t n,
                      const verify_part *part, float *to, int64_t to_stride) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t t = 0; t < part->d; t++)
            to[i * to_stride + t] = from[rows[i] * from_stride + part->column[t]];
}

exk_status verify_problem_pick(const verify_problem *whole, const verify_part *part, verify_problem *p) {
    *p = *whole;
    p->points.n = part->n;
    p->points.d = part->d;
    p->points.stride = part->d + (whole->points.stride - whole->points.d);
    p->k = p->kind == VERIFY_FIT && part->k > part->n ? part->n : part->k;
    float *centroids = make_room(p);
    if (!centroids)
        return EXK_ERR_MEMORY;
    copy_part(whole->points.x, whole->points.stride, part->row, part->n, part, p->storage, p->points.stride);
    if (whole->centroids)
        copy_part(whole->centroids, whole->points.d, part->centroid, part->k, part, centroids, part->d);
    return EXK_OK;
}

void verify_problem_free(verify_problem *p) {
    free(p->storage);
    p->storage = NULL;
}
