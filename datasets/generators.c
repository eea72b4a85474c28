/* Synthetic point sets, the same bits on every machine: the random numbers are a function of (seed, stream, index)
 * alone, and the arithmetic is integer or IEEE double with + - * / sqrt only. libm's sin, log or pow would differ
 * in the last bit from one C library to the next. */
#include "datasets/number.h"
#include "datasets/reader.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct parameters {
    int64_t n, d, k, topics, side;
    uint64_t seed;
    double spread, low, high;
} parameters;

typedef enum { WHOLE, SEED, REAL } key_kind;

static const struct {
    const char *name;
    key_kind kind;
    size_t offset;
    double least, most;
} keys[] = {
    {"n", WHOLE, offsetof(parameters, n), 1, 0x1p44},
    {"d", WHOLE, offsetof(parameters, d), 1, 0x1p44},
    {"k", WHOLE, offsetof(parameters, k), 1, 0x1p30},
    {"topics", WHOLE, offsetof(parameters, topics), 1, 0x1p30},
    {"side", WHOLE, offsetof(parameters, side), 1, 0x1p24},
    {"seed", SEED, offsetof(parameters, seed), 0, 0},
    {"spread", REAL, offsetof(parameters, spread), 0, 1e30},
    {"low", REAL, offsetof(parameters, low), -1e30, 1e30},
    {"high", REAL, offsetof(parameters, high), -1e30, 1e30},
};

/* Fills n x d floats. */
typedef exk_status (*generate_fn)(const parameters *p, float *x);

/* Every generator: its keys with their defaults (a spec in itself), and what it makes. */
#define GENERATORS(ROW)                                                                                           \
    ROW(embed, "n=10000,d=128,seed=1,topics=64",                                                                  \
        "like text embeddings: unit rows, topics of power-law weight, a power-law spectrum over the columns")     \
    ROW(blobs, "n=10000,d=32,k=16,seed=1,spread=0.1",                                                             \
        "k centres uniform in [-1, 1]^d, isotropic Gaussian points of deviation `spread` around them")            \
    ROW(uniform, "n=10000,d=16,seed=1,low=0,high=1", "independent values, uniform between low and high")          \
    ROW(lattice, "n=10000,d=8,side=3,seed=1", "independent integers 0..side-1: full of exact ties")

/* splitmix64's finaliser (Steele, Lea & Flood, Fast splittable pseudorandom number generators, OOPSLA 2014). */
static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

/* A random stream of a seed; its values may be asked for in any order. */
typedef struct stream {
    uint64_t key;
} stream;

static const uint64_t golden = 0x9e3779b97f4a7c15U;

static stream stream_of(uint64_t seed, uint64_t purpose, uint64_t row) {
    return (stream){mix(mix(mix(seed + golden) + purpose * golden) + row * golden)};
}

static uint64_t bits_at(stream s, uint64_t index) {
    return mix(s.key + (index + 1) * golden);
}

/* An integer in 0..bound-1, bound <= 2^32. */
static int64_t below(stream s, uint64_t index, int64_t bound) {
    return (int64_t)((bits_at(s, index) >> 32) * (uint64_t)bound >> 32);
}

/* In [0, 1), 53 bits. */
static double unit_at(stream s, uint64_t index) {
    return (double)(bits_at(s, index) >> 11) * 0x1p-53;
}

/* The sum of the four 16-bit quarters of a word. */
static int64_t sum_quarters(uint64_t bits) {
    const uint64_t odd = 0x0000ffff0000ffffU;
    const uint64_t pairs = (bits & odd) + (bits >> 16 & odd);
    return (int64_t)((pairs & 0xffffffffU) + (pairs >> 32));
}

/* Normal to good approximation: twelve uniform 16-bit integers have a sum of variance 2^32 - 1 (Irwin-Hall). */
static double normal_at(stream s, uint64_t index) {
    const int64_t mean = 12 * 65535 / 2;
    int64_t sum = -mean;
    for (uint64_t i = 0; i < 3; i++) {
        sum += sum_quarters(bits_at(s, 3 * index + i));
    }
    return (double)sum * 0x1p-16;
}

enum { POINT_STREAM = 1, CHOICE_STREAM, CENTRE_STREAM };

static exk_status make_uniform(const parameters *p, float *x) {
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < p->n; i++) {
        const stream s = stream_of(p->seed, POINT_STREAM, (uint64_t)i);
        for (int64_t j = 0; j < p->d; j++) {
            x[i * p->d + j] = (float)(p->low + (p->high - p->low) * unit_at(s, (uint64_t)j));
        }
    }
    return EXK_OK;
}

static exk_status make_lattice(const parameters *p, float *x) {
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < p->n; i++) {
        const stream s = stream_of(p->seed, POINT_STREAM, (uint64_t)i);
        for (int64_t j = 0; j < p->d; j++) {
            x[i * p->d + j] = (float)below(s, (uint64_t)j, p->side);
        }
    }
    return EXK_OK;
}

static double *allocate_doubles(int64_t rows, int64_t cols) {
    return calloc((size_t)rows, (size_t)cols * sizeof(double));
}

static exk_status make_blobs(const parameters *p, float *x) {
    double *centre = allocate_doubles(p->k, p->d);
    if (!centre) {
        return EXK_ERR_MEMORY;
    }
    for (int64_t c = 0; c < p->k; c++) {
        const stream s = stream_of(p->seed, CENTRE_STREAM, (uint64_t)c);
        for (int64_t j = 0; j < p->d; j++) {
            centre[c * p->d + j] = 2 * unit_at(s, (uint64_t)j) - 1;
        }
    }
    const stream choice = stream_of(p->seed, CHOICE_STREAM, 0);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < p->n; i++) {
        const double *mean = centre + below(choice, (uint64_t)i, p->k) * p->d;
        const stream s = stream_of(p->seed, POINT_STREAM, (uint64_t)i);
        for (int64_t j = 0; j < p->d; j++) {
            x[i * p->d + j] = (float)(mean[j] + p->spread * normal_at(s, (uint64_t)j));
        }
    }
    free(centre);
    return EXK_OK;
}

/* What all rows of `embed` share. */
typedef struct embedding {
    double *sigma;   /* d: the spectrum, (j+1)^-5/8 */
    double *centre;  /* topics x d, scaled by sigma */
    double *running; /* topics: sums of the weights (c+1)^-3/4 */
} embedding;

/* Deviations between and within topics, relative to sigma; their squares add up to 1. */
static const double topic_share = 0.6, point_share = 0.8;

static void fill_embedding(const parameters *p, embedding *e) {
    for (int64_t j = 0; j < p->d; j++) {
        const double root = sqrt((double)(j + 1));
        e->sigma[j] = 1 / (root * sqrt(sqrt(root)));
    }
    double total = 0;
    for (int64_t c = 0; c < p->topics; c++) {
        const stream s = stream_of(p->seed, CENTRE_STREAM, (uint64_t)c);
        for (int64_t j = 0; j < p->d; j++) {
            e->centre[c * p->d + j] = topic_share * e->sigma[j] * normal_at(s, (uint64_t)j);
        }
        const double root = sqrt((double)(c + 1));
        total += 1 / (root * sqrt(root));
        e->running[c] = total;
    }
}

/* The first topic whose running weight exceeds `at`. */
static int64_t find_topic(const embedding *e, int64_t topics, double at) {
    int64_t low = 0, high = topics - 1;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (e->running[middle] > at) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* Four interleaved sums: a fixed order that does not wait for one addition after the other. */
static double squared_norm(const float *row, int64_t d) {
    double sum[4] = {0};
    for (int64_t j = 0; j < d; j++) {
        sum[j & 3] += (double)row[j] * (double)row[j];
    }
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void make_unit(float *row, int64_t d) {
    const double norm = sqrt(squared_norm(row, d));
    for (int64_t j = 0; j < d; j++) {
        row[j] = (float)(norm > 0 ? (double)row[j] / norm : j == 0 ? 1.0 : 0.0);
    }
}

static void fill_embed_rows(const parameters *p, const embedding *e, float *x) {
    const stream choice = stream_of(p->seed, CHOICE_STREAM, 0);
    const double total = e->running[p->topics - 1];
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < p->n; i++) {
        const int64_t topic = find_topic(e, p->topics, total * unit_at(choice, (uint64_t)i));
        const double *centre = e->centre + topic * p->d;
        const stream s = stream_of(p->seed, POINT_STREAM, (uint64_t)i);
        float *row = x + i * p->d;
        for (int64_t j = 0; j < p->d; j++) {
            row[j] = (float)(centre[j] + point_share * e->sigma[j] * normal_at(s, (uint64_t)j));
        }
        make_unit(row, p->d);
    }
}

static exk_status make_embed(const parameters *p, float *x) {
    embedding e = {.sigma = allocate_doubles(1, p->d),
                   .centre = allocate_doubles(p->topics, p->d),
                   .running = allocate_doubles(p->topics, 1)};
    const bool allocated = e.sigma && e.centre && e.running;
    if (allocated) {
        fill_embedding(p, &e);
        fill_embed_rows(p, &e, x);
    }
    free(e.sigma);
    free(e.centre);
    free(e.running);
    return allocated ? EXK_OK : EXK_ERR_MEMORY;
}

typedef struct generator {
    const char *name, *defaults;
    generate_fn make;
} generator;

#define TABLE_ROW(name, defaults, what) {#name, defaults, make_##name},
static const generator generators[] = {GENERATORS(TABLE_ROW)};

#define NAME_ROW(name, defaults, what) " " #name
static const char generator_names[] = GENERATORS(NAME_ROW);

const char *exk_generators_help(void) {
#define HELP_ROW(name, defaults, what) "gen:" #name "," defaults "\n    " what "\n"
    return GENERATORS(
        HELP_ROW) "Keys left out have the values shown. Whole numbers may be written 200k, 2M or 1e6.\n";
}

/* One "key=value" or the name, up to a comma. */
typedef struct piece {
    const char *key, *value; /* value is NULL without '=' */
    size_t key_length, value_length;
} piece;

/* Returns where the next piece begins, or NULL after the last. */
static const char *next_piece(const char *p, piece *out) {
    const char *comma = strchrnul(p, ',');
    const char *equals = memchr(p, '=', (size_t)(comma - p));
    *out = (piece){.key = p, .key_length = (size_t)((equals ? equals : comma) - p)};
    if (equals) {
        out->value = equals + 1;
        out->value_length = (size_t)(comma - equals - 1);
    }
    return *comma ? comma + 1 : NULL;
}

static bool same(const char *text, size_t length, const char *word) {
    return strlen(word) == length && memcmp(text, word, length) == 0;
}

/* A generator's keys are those its defaults name. */
static bool has_key(const generator *g, const piece *wanted) {
    piece known;
    for (const char *p = g->defaults; p;) {
        p = next_piece(p, &known);
        if (known.key_length == wanted->key_length && memcmp(known.key, wanted->key, known.key_length) == 0) {
            return true;
        }
    }
    return false;
}

/* "200k", "2M", "1e6": NaN if it is no number. */
static double parse_count(const char *text, size_t length) {
    double value, factor = 1;
    if (length > 0 && (text[length - 1] == 'k' || text[length - 1] == 'M')) {
        factor = text[--length] == 'k' ? 1e3 : 1e6;
    }
    return exk_number_parse(text, length, &value) == EXK_NUMBER ? value * factor : NAN;
}

static bool parse_seed(const char *text, size_t length, uint64_t *seed) {
    *seed = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(*seed, (uint64_t)10, seed) ||
            __builtin_add_overflow(*seed, (uint64_t)(text[i] - '0'), seed)) {
            return false;
        }
    }
    return length > 0;
}

/* Store the value of keys[at]; false if it is not a number in its range. */
static bool set_value(parameters *p, size_t at, const piece *given) {
    void *to = (char *)p + keys[at].offset;
    if (keys[at].kind == SEED) {
        return parse_seed(given->value, given->value_length, to);
    }
    double value = parse_count(given->value, given->value_length);
    if (!(value >= keys[at].least && value <= keys[at].most)) {
        return false;
    }
    if (keys[at].kind == REAL) {
        *(double *)to = value;
        return true;
    }
    *(int64_t *)to = (int64_t)value;
    return (double)*(int64_t *)to == value;
}

static size_t find_key(const piece *given) {
    size_t at = 0;
    while (!same(given->key, given->key_length, keys[at].name)) {
        at++;
    }
    return at;
}

static int shown(size_t length) {
    return length < 40 ? (int)length : 40;
}

static exk_status set_key(const char *file, const generator *g, const piece *given, parameters *p,
                          exk_error *error) {
    if (!has_key(g, given)) {
        return exk_file_error(error, EXK_ERR_ARGUMENT, file, "no key '%.*s'; keys and defaults of %s: %s",
                              shown(given->key_length), given->key, g->name, g->defaults);
    }
    const size_t at = find_key(given);
    if (given->value && set_value(p, at, given)) {
        return EXK_OK;
    }
    const int length = given->value ? shown(given->value_length) : 0;
    const char *value = given->value ? given->value : "";
    if (keys[at].kind == SEED) {
        return exk_file_error(error, EXK_ERR_ARGUMENT, file,
                              "%s='%.*s' is no seed; give digits, at most 18446744073709551615", keys[at].name,
                              length, value);
    }
    return exk_file_error(error, EXK_ERR_ARGUMENT, file, "%s='%.*s' cannot be used; give a %snumber from %g to %g",
                          keys[at].name, length, value, keys[at].kind == WHOLE ? "whole " : "", keys[at].least,
                          keys[at].most);
}

static exk_status set_keys(const char *file, const generator *g, const char *spec, parameters *p,
                           exk_error *error) {
    exk_status status = EXK_OK;
    while (spec && status == EXK_OK) {
        piece given;
        spec = next_piece(spec, &given);
        status = set_key(file, g, &given, p, error);
    }
    return status;
}

static exk_status no_memory_for_centres(const char *file, exk_error *error) {
    return exk_file_error(error, EXK_ERR_MEMORY, file,
                          "no memory for the centres; choose fewer of them, or a smaller d");
}

static exk_status check_size(const char *file, const parameters *p, exk_error *error) {
    const double limit = 0x1p46;
    if ((double)p->n * (double)p->d * sizeof(float) > limit) {
        return exk_file_error(error, EXK_ERR_ARGUMENT, file,
                              "%lld x %lld values exceed 64 TiB; choose smaller n or d", (long long)p->n,
                              (long long)p->d);
    }
    const double table_rows = (double)(p->k > p->topics ? p->k : p->topics);
    if (!exk_memory_holds(table_rows * (double)p->d * sizeof(double))) {
        return no_memory_for_centres(file, error);
    }
    if (p->low > p->high) {
        return exk_file_error(error, EXK_ERR_ARGUMENT, file, "low=%g is above high=%g; swap them", p->low,
                              p->high);
    }
    return EXK_OK;
}

static const generator *find_generator(const piece *name) {
    for (size_t i = 0; i < sizeof generators / sizeof *generators; i++) {
        if (!name->value && same(name->key, name->key_length, generators[i].name)) {
            return &generators[i];
        }
    }
    return NULL;
}

static exk_status make(const char *file, const generator *g, const parameters *p, exk_dataset *dataset,
                       exk_error *error) {
    const size_t bytes = (size_t)p->n * (size_t)p->d * sizeof(float);
    const exk_status status = exk_dataset_reserve(file, dataset, bytes, error);
    if (status != EXK_OK) {
        return status;
    }
    if (g->make(p, dataset->storage) != EXK_OK) {
        return no_memory_for_centres(file, error);
    }
    exk_dataset_finish(dataset, p->n, p->d);
    return EXK_OK;
}

exk_status exk_generate(const char *spec, exk_dataset *dataset, exk_error *error) {
    piece name;
    const char *file = spec;
    const char *rest = next_piece(spec + strlen("gen:"), &name);
    const generator *g = find_generator(&name);
    if (!g) {
        return exk_file_error(error, EXK_ERR_ARGUMENT, file, "no generator '%.*s'; there are:%s",
                              shown(name.key_length), name.key, generator_names);
    }
    parameters p = {0};
    exk_status status = set_keys(file, g, g->defaults, &p, error);
    if (status == EXK_OK) {
        status = set_keys(file, g, rest, &p, error);
    }
    if (status == EXK_OK) {
        status = check_size(file, &p, error);
    }
    return status == EXK_OK ? make(file, g, &p, dataset, error) : status;
}
