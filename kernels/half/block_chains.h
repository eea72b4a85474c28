/* Products of a panel of points with a block of centroids, by vectors of points, added up in chains: a sum of
 * CHAIN words begins afresh, sums of SLICE / CHAIN chains are added up in the same format, and sums of these in
 * float32. No product meets more than CHAIN + SLICE / CHAIN roundings that way, the average one half of them, and
 * nothing is converted but once in a slice. Coordinates are below 4, so that no sum of 2 SLICE products reaches
 * 2^16. */
#ifndef EXK_HALF_BLOCK_CHAINS_H
#define EXK_HALF_BLOCK_CHAINS_H

#include "kernels/body/microkernel.h"
#include EXK_HALF_HEADER

enum { BLOCK = EXK_MR, CHAIN = 32, SLICE = 30 * CHAIN };
_Static_assert(HALF_TOGETHER * 16 * SLICE <= 1 << 15, "sums stay below the largest float16");
_Static_assert(CHAIN % HALF_WORDS == 0, "chains are whole");

/* Where word t of centroid j is: [block][word][centroid]. */
static inline int64_t block_place(int64_t j, int64_t t, int64_t words) {
    return j / BLOCK * BLOCK * words + t * BLOCK + j % BLOCK;
}

/* The most roundings that a product of word t meets before the sum of its slice is a float: those of the rest of
 * its chain, of its chain and the following ones, and of the numbers of a word. */
static inline int64_t half_roundings(int64_t t, int64_t words) {
    const int64_t length = min_i64(CHAIN, words - t / CHAIN * CHAIN);
    const int64_t chains = (min_i64(SLICE, words - t / SLICE * SLICE) + CHAIN - 1) / CHAIN;
    return length - t % CHAIN + chains - t % SLICE / CHAIN + HALF_TOGETHER - 1;
}

/* Around all half_dots of a thread. */
static inline void blocks_begin(void) {}
static inline void blocks_end(void) {}

/* fetch_next for half_dots. */
static inline micro_fetch fetch_with_blocks(const exk_tile *tile, int64_t words, int64_t k) {
    return fetch_next(tile, words / 2, k);
}

EXK_INLINE void half_step(const int32_t *points, const int32_t *centroids, vec_half acc[EXK_MR][EXK_NV]) {
    vec_half point[EXK_NV];
    EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
        point[v] = half_load(points + v * VEC_LANES);
    }
    EXK_UNROLL for (int r = 0; r < EXK_MR; r++) {
        const vec_half centroid = half_set1(centroids[r]);
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            acc[r][v] = half_mul_add(centroid, point[v], acc[r][v]);
        }
    }
}

/* sum[r][v] += or = the sum of a chain of `words` products. Never inlined, like micro_scores. */
static __attribute__((noinline)) void half_chain(const int32_t *points, const int32_t *centroids, int64_t words,
                                                 micro_fetch *fetch, bool add, vec_half sum[EXK_MR][EXK_NV]) {
    vec_half acc[EXK_MR][EXK_NV];
    const char *at = fetch->at;
    const int64_t step = at < fetch->end ? fetch->step : 0;
    EXK_UNROLL for (int r = 0; r < EXK_MR; r++) {
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            acc[r][v] = half_set1(0);
        }
    }
    for (int64_t t = 0; t < words; t += 2) {
        __builtin_prefetch(at, 0, 2);
        at += step;
        half_step(points + t * PANEL_POINTS, centroids + t * EXK_MR, acc);
        half_step(points + (t + 1) * PANEL_POINTS, centroids + (t + 1) * EXK_MR, acc);
    }
    fetch->at = at;
    EXK_UNROLL for (int r = 0; r < EXK_MR; r++) {
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            sum[r][v] = add ? half_add(sum[r][v], acc[r][v]) : acc[r][v];
        }
    }
}

/* dot[r][point] += or = q.p_r of a slice. */
EXK_INLINE void half_slice(const int32_t *points, const int32_t *centroids, int64_t words, micro_fetch *fetch,
                           bool add, float *dot) {
    vec_half sum[EXK_MR][EXK_NV];
    for (int64_t t = 0; t < words; t += CHAIN)
        half_chain(points + t * PANEL_POINTS, centroids + t * EXK_MR, min_i64(CHAIN, words - t), fetch, t > 0,
                   sum);
    EXK_UNROLL for (int r = 0; r < EXK_MR; r++) {
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            float *to = dot + r * PANEL_POINTS + v * VEC_LANES;
            const vec_f32 total = half_total(sum[r][v]);
            vec_store(to, add ? vec_add(vec_load(to), total) : total);
        }
    }
}

/* dot[r][point] = q.p_r. */
static inline void half_dots(const int32_t *points, const int32_t *centroids, int64_t words, micro_fetch *fetch,
                             float *dot) {
    half_slice(points, centroids, min_i64(SLICE, words), fetch, false, dot);
    for (int64_t t = SLICE; t < words; t += SLICE)
        half_slice(points + t * PANEL_POINTS, centroids + t * EXK_MR, min_i64(SLICE, words - t), fetch, true, dot);
}

#endif
