#include "kernels/bounds/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/arena.h"

typedef struct projected {
    float at;
    int32_t centroid;
} projected;

typedef struct splitter {
    const exk_bulk *bulk;
    const float *centroids;
    int64_t d, group;
    double *mean, *direction, *next, *zero; /* d, padded for bulk */
    projected *line;                        /* k */
} splitter;

static int by_place(const void *a, const void *b) {
    const projected *left = a, *right = b;
    if (left->at != right->at)
        return left->at < right->at ? -1 : 1;
    return left->centroid < right->centroid ? -1 : left->centroid > right->centroid;
}

static const float *row_of(const splitter *s, int32_t j) {
    return s->centroids + j * s->d;
}

/* Member i of up to SAMPLE that stand for a range. */
enum { SAMPLE = 256 };

static int64_t sampled(int64_t count) {
    return count < SAMPLE ? count : SAMPLE;
}

static const float *sample_row(const splitter *s, const int32_t *order, int64_t count, int64_t i) {
    return row_of(s, order[i * count / sampled(count)]);
}

static size_t padded_bytes(int64_t d) {
    return (size_t)(d + 7) / 8 * 8 * sizeof(double);
}

static void find_mean(const splitter *s, const int32_t *order, int64_t count) {
    const double share = 1.0 / (double)sampled(count);
    memset(s->mean, 0, padded_bytes(s->d));
    for (int64_t i = 0; i < sampled(count); i++)
        s->bulk->lean(sample_row(s, order, count, i), s->zero, share, s->d, s->mean);
}

/* (row - mean).direction */
static double along(const splitter *s, const float *row) {
    return s->bulk->along(row, s->mean, s->direction, s->d);
}

/* The direction is that from the mean to the row. */
static void aim_at(const splitter *s, const float *row) {
    memset(s->direction, 0, padded_bytes(s->d));
    s->bulk->lean(row, s->mean, 1.0, s->d, s->direction);
}

static const float *farthest_row(const splitter *s, const int32_t *order, int64_t count) {
    const float *farthest = sample_row(s, order, count, 0);
    double most = -1.0;
    for (int64_t i = 0; i < sampled(count); i++) {
        const float *row = sample_row(s, order, count, i);
        aim_at(s, row);
        const double square = along(s, row);
        farthest = square > most ? row : farthest;
        most = square > most ? square : most;
    }
    return farthest;
}

/* A step of power iteration towards the widest direction. */
static void widen(const splitter *s, const int32_t *order, int64_t count) {
    double length = 0.0;
    memset(s->next, 0, padded_bytes(s->d));
    for (int64_t i = 0; i < sampled(count); i++) {
        const float *row = sample_row(s, order, count, i);
        s->bulk->lean(row, s->mean, along(s, row), s->d, s->next);
    }
    for (int64_t t = 0; t < s->d; t++)
        length += s->next[t] * s->next[t];
    for (int64_t t = 0; t < s->d && length > 0.0; t++)
        s->direction[t] = s->next[t] / sqrt(length);
}

static void find_direction(const splitter *s, const int32_t *order, int64_t count) {
    enum { STEPS = 4 };
    aim_at(s, farthest_row(s, order, count));
    for (int step = 0; step < STEPS; step++)
        widen(s, order, count);
}

/* Sorts them along their widest direction; returns how many come first, half of the groups. */
static int64_t split(const splitter *s, int32_t *order, int64_t count) {
    find_mean(s, order, count);
    find_direction(s, order, count);
    for (int64_t i = 0; i < count; i++)
        s->line[i] = (projected){(float)along(s, row_of(s, order[i])), order[i]};
    qsort(s->line, (size_t)count, sizeof *s->line, by_place);
    for (int64_t i = 0; i < count; i++)
        order[i] = s->line[i].centroid;
    return (count + s->group - 1) / s->group / 2 * s->group;
}

/* Halves until all are groups. What is left for later is at most one part of each size. */
static void split_all(const splitter *s, int32_t *order, int64_t k) {
    enum { SIZES = 64 };
    int64_t end[SIZES] = {k}, first = 0;
    for (int parts = 1; parts > 0;) {
        const int64_t count = end[parts - 1] - first;
        if (count > s->group) {
            end[parts] = first + split(s, order + first, count);
            parts++;
        } else {
            first = end[--parts];
        }
    }
}

/* Where the pieces of memory are, which may be NULL; returns how many bytes they take. */
static size_t lay_out(void *memory, int64_t k, int64_t d, splitter *s) {
    exk_arena arena = {.base = memory};
    s->mean = exk_arena_take(&arena, padded_bytes(d), 1);
    s->direction = exk_arena_take(&arena, padded_bytes(d), 1);
    s->next = exk_arena_take(&arena, padded_bytes(d), 1);
    s->zero = exk_arena_take(&arena, padded_bytes(d), 1);
    s->line = exk_arena_take(&arena, (size_t)k, sizeof *s->line);
    return arena.used;
}

size_t exk_order_bytes(int64_t k, int64_t d) {
    splitter s;
    return lay_out(NULL, k, d, &s);
}

void exk_order_centroids(const exk_bulk *bulk, const float *centroids, int64_t k, int64_t d, int64_t group,
                         void *memory, int32_t *order) {
    splitter s = {.bulk = bulk, .centroids = centroids, .d = d, .group = group};
    lay_out(memory, k, d, &s);
    memset(s.zero, 0, padded_bytes(d));
    for (int64_t j = 0; j < k; j++)
        order[j] = (int32_t)j;
    split_all(&s, order, k);
}
