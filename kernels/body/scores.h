/* Lower scores of whole rows by plain dot products, vectors running along the dimensions: what naive does for
 * every point, and what every variant does for the few ambiguous ones. */
#ifndef EXK_SCORES_H
#define EXK_SCORES_H

#include "kernels/variant.h"
#include EXK_VEC_HEADER

enum { SCORES_CENTROIDS = 4 };

/* Each lane adds up ceil(d / lanes) products, then the lanes are added. */
static inline int64_t scores_roundings(int64_t d) {
    return (d + VEC_LANES - 1) / VEC_LANES + VEC_LANES + 1;
}

/* x.c_j for `count` <= SCORES_CENTROIDS consecutive centroids. */
static inline void dots(const float *x, const float *c, int64_t d, int count, float *dot) {
    vec_f32 acc[SCORES_CENTROIDS];
    for (int j = 0; j < SCORES_CENTROIDS; j++)
        acc[j] = vec_set1(0.0f);
    const float *row[SCORES_CENTROIDS];
    for (int j = 0; j < SCORES_CENTROIDS; j++)
        row[j] = c + (j < count ? j : 0) * d;
    int64_t t = 0;
    for (; t + VEC_LANES <= d; t += VEC_LANES) {
        const vec_f32 point = vec_load(x + t);
        for (int j = 0; j < SCORES_CENTROIDS; j++)
            acc[j] = vec_mul_add(point, vec_load(row[j] + t), acc[j]);
    }
    if (t < d) {
        const vec_f32 point = vec_load_part(x + t, d - t);
        for (int j = 0; j < SCORES_CENTROIDS; j++)
            acc[j] = vec_mul_add(point, vec_load_part(row[j] + t, d - t), acc[j]);
    }
    for (int j = 0; j < count; j++)
        dot[j] = vec_sum(acc[j]);
}

/* x.c of one centroid, in as many chains. */
static inline float dot_one(const float *x, const float *c, int64_t d) {
    vec_f32 acc[SCORES_CENTROIDS];
    for (int i = 0; i < SCORES_CENTROIDS; i++)
        acc[i] = vec_set1(0.0f);
    const int64_t together = SCORES_CENTROIDS * VEC_LANES, whole = d / together * together;
    int64_t t = 0;
    for (; t < whole; t += together) {
        for (int i = 0; i < SCORES_CENTROIDS; i++)
            acc[i] = vec_mul_add(vec_load(x + t + i * VEC_LANES), vec_load(c + t + i * VEC_LANES), acc[i]);
    }
    for (; t < d; t += VEC_LANES)
        acc[0] = vec_mul_add(vec_load_part(x + t, d - t), vec_load_part(c + t, d - t), acc[0]);
    return vec_sum(vec_add(vec_add(acc[0], acc[1]), vec_add(acc[2], acc[3])));
}

/* exk_kernel.scores: lower[i * k + j] = offset_j - x_i.c'_j. Centroids outside, rows inside: a few centroids stay
 * in L1 while all rows pass. */
static inline void row_scores(const exk_score_centroids *centroids, const exk_plan *plan,
                              const exk_workspace *workspace, const exk_tile *tile, float *lower) {
    (void)plan;
    (void)workspace;
    const int64_t d = centroids->d, k = centroids->k;
    for (int64_t j = 0; j < k; j += SCORES_CENTROIDS) {
        const int count = k - j < SCORES_CENTROIDS ? (int)(k - j) : SCORES_CENTROIDS;
        for (int64_t i = 0; i < tile->rows; i++) {
            float dot[SCORES_CENTROIDS];
            dots(tile->x + i * tile->stride, centroids->c + j * d, d, count, dot);
            for (int v = 0; v < count; v++)
                lower[i * k + j + v] = tile->offset[j + v] - dot[v];
        }
    }
}

#endif
