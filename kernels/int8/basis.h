/* A few directions in which the centroids differ most: an almost orthonormal basis V of the space that they span
 * most of, by block power iteration from some of the centroids themselves (Halko, Martinsson & Tropp, Finding
 * structure with randomness, SIAM Review 2011). Any basis is as right: what it leaves out of each centroid and
 * point is measured.
 *
 * The directions are mixed by a Hadamard matrix at last, so that no coordinate of x'V is much larger than the
 * others. */
#ifndef EXK_BASIS_H
#define EXK_BASIS_H

#include <math.h>
#include <string.h>

#include "kernels/body/microkernel.h"
#include "kernels/body/scores.h"

enum { BASIS_STEPS = 2, BASIS_ROWS_PER_DIRECTION = 8, BASIS_TOGETHER = SCORES_CENTROIDS };

typedef struct basis {
    int64_t d, count; /* a power of two, 2^10 at most */
    float *rows;      /* count x d: V' */
    /* V V' w is w but for this times ||c||, for w = V'c and any c; no y has ||V y||^2 > (1 + defect) ||y||^2. */
    double defect;
} basis;

/* What find_basis works in. */
typedef struct basis_room {
    float *next; /* count x d */
    float *rows; /* BASIS_TOGETHER x d */
} basis_room;

static inline float *basis_row(const basis *b, int64_t a) {
    return b->rows + a * b->d;
}

static inline double dot_error(int64_t d) {
    return ((double)scores_roundings(d) + 2.0) * 0x1p-24 * (1.0 + 0x1p-8);
}

static inline void take_off(float *row, const float *other, float times, int64_t d) {
    for (int64_t t = 0; t < d; t++)
        row[t] -= times * other[t];
}

/* BASIS_TOGETHER rows, one after the other in memory: what they are taken off is loaded and stored once. */
static inline void take_off_together(float *row, const float *others, const float times[BASIS_TOGETHER],
                                     int64_t d) {
    const float a = times[0], b = times[1], c = times[2], e = times[3];
    for (int64_t t = 0; t < d; t++)
        row[t] -= (a * others[t] + b * others[d + t]) + (c * others[2 * d + t] + e * others[3 * d + t]);
}

static inline void scale_row(float *row, float by, int64_t d) {
    for (int64_t t = 0; t < d; t++)
        row[t] *= by;
}

/* The row loses what it has of the first `count` directions. */
static inline void take_off_others(const basis *b, float *row, int64_t count) {
    int64_t other = 0;
    for (; other + BASIS_TOGETHER <= count; other += BASIS_TOGETHER) {
        float along[BASIS_TOGETHER];
        dots(row, basis_row(b, other), b->d, BASIS_TOGETHER, along);
        take_off_together(row, basis_row(b, other), along, b->d);
    }
    for (; other < count; other++)
        take_off(row, basis_row(b, other), dot_one(row, basis_row(b, other), b->d), b->d);
}

/* Gram and Schmidt, twice, which is enough. A row that the others before it leave nothing of becomes 0. */
static inline void orthonormalise(const basis *b) {
    enum { TIMES = 2 };
    for (int64_t a = 0; a < b->count; a++) {
        float *row = basis_row(b, a);
        const float before = sqrtf(dot_one(row, row, b->d));
        for (int time = 0; time < TIMES; time++)
            take_off_others(b, row, a);
        const float after = sqrtf(dot_one(row, row, b->d));
        scale_row(row, after > before * 0x1p-10f && after < INFINITY ? 1.0f / after : 0.0f, b->d);
    }
}

/* Up to so many centroids stand for all. */
static inline int64_t basis_sample(const basis *b, int64_t k) {
    return min_i64(k, b->count * BASIS_ROWS_PER_DIRECTION);
}

static inline void sampled_row(const float *c, int64_t at, float scale, int64_t d, float *row) {
    for (int64_t t = 0; t < d; t++)
        row[t] = c[at * d + t] * scale;
}

/* -V' C' C of V'. */
static inline void iterate_basis(basis *b, const float *c, int64_t k, float scale, const basis_room *room) {
    const int64_t d = b->d, sample = basis_sample(b, k);
    memset(room->next, 0, (size_t)(b->count * d) * sizeof *room->next);
    for (int64_t i = 0; i < sample; i += BASIS_TOGETHER) {
        for (int64_t r = 0; r < BASIS_TOGETHER; r++)
            sampled_row(c, min_i64(i + r, sample - 1) * k / sample, i + r < sample ? scale : 0.0f, d,
                        room->rows + r * d);
        for (int64_t a = 0; a < b->count; a++) {
            float along[BASIS_TOGETHER];
            dots(basis_row(b, a), room->rows, d, BASIS_TOGETHER, along);
            take_off_together(room->next + a * d, room->rows, along, d);
        }
    }
    memcpy(b->rows, room->next, (size_t)(b->count * d) * sizeof *b->rows);
}

/* ||V'V - I|| of the rows that are not 0, by its Frobenius norm, and what mixing rounds. */
static inline double basis_defect(const basis *b) {
    double squares = 0.0;
    for (int64_t a = 0; a < b->count; a++) {
        for (int64_t other = 0; other <= a; other++) {
            const double dot = (double)dot_one(basis_row(b, a), basis_row(b, other), b->d);
            const double wrong = fabs(a == other && dot > 0.0 ? dot - 1.0 : dot) + dot_error(b->d);
            squares += (a == other ? 1.0 : 2.0) * wrong * wrong;
        }
    }
    return sqrt(squares) + sqrt((double)b->count) * 0x1p-18;
}

static inline void mix_pair(float *x, float *y, int64_t d) {
    for (int64_t t = 0; t < d; t++) {
        const float sum = x[t] + y[t], difference = x[t] - y[t];
        x[t] = sum;
        y[t] = difference;
    }
}

/* All rows by sums and differences of one another. */
static inline void mix_basis(const basis *b) {
    for (int64_t half = 1; half < b->count; half *= 2) {
        for (int64_t a = 0; a < b->count; a++) {
            if ((a & half) == 0)
                mix_pair(basis_row(b, a), basis_row(b, a + half), b->d);
        }
    }
    scale_row(b->rows, 1.0f / sqrtf((float)b->count), b->count * b->d);
}

/* From k centroids c, whose largest coordinate times `scale` is about 1. */
static inline void find_basis(basis *b, const float *c, int64_t k, float scale, const basis_room *room) {
    const int64_t d = b->d;
    for (int64_t a = 0; a < b->count; a++) {
        memset(basis_row(b, a), 0, (size_t)d * sizeof *b->rows);
        if (a < k)
            sampled_row(c, k < b->count ? a : a * k / b->count, scale, d, basis_row(b, a));
    }
    orthonormalise(b);
    for (int step = 0; step < BASIS_STEPS; step++) {
        iterate_basis(b, c, k, scale, room);
        orthonormalise(b);
    }
    b->defect = basis_defect(b);
    mix_basis(b);
}

#endif
