/* bfloat16 on AMX: tiles of 16 x 16 float32 sums take 32 numbers of 16 points and 16 centroids at once. Products
 * are exact, sums are rounded, in an order of the unit's own, and what is subnormal becomes 0. See
 * half_f16_avx512fp16.h. */
#ifndef EXK_HALF_BF16_AMXBF16_H
#define EXK_HALF_BF16_AMXBF16_H

#include "kernels/vec/dot_amx.h"

#define HALF_TILES 1

enum { HALF_TOGETHER = 2, HALF_WORDS = 16 };
#define HALF_ERROR 0x1p-23f
#define HALF_LOST  0x1p-120f

static inline vec_f32 half_store(int32_t *row, int64_t at, vec_f32 v) {
    const vec_f32 wide = vec_mul_add(v, vec_set1(65537.0f), vec_set1(0.0f)); /* Veltkamp's: the upper 8 bits */
    const vec_f32 rounded = vec_sub(wide, vec_sub(wide, v));
    vec_store_half((uint16_t *)(void *)row + at, rounded);
    return rounded;
}

/* dot[r][point] of TILE_PAIR centroids, [16 words][centroid][word], and as many points, [word][point]. *fetch is
 * fetched, `step` bytes at a time. From dot_configure on until dot_release. */
static __attribute__((noinline)) void half_tiles(const int32_t *points, const int32_t *centroids, int64_t words,
                                                 const char **fetch, int64_t step, float *dot) {
    enum { STRIDE = TILE_PAIR * 4 };
    const char *at = *fetch;
    __asm__ volatile("" ::: "memory");
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int64_t t = 0; t < words; t += HALF_WORDS) {
        for (int line = 0; line < TILE_FETCHES; line++, at += step)
            __builtin_prefetch(at, 0, 2);
        _tile_loadd(4, centroids + t * TILE_PAIR, TILE_BYTES);
        _tile_loadd(6, points + t * TILE_PAIR, STRIDE);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, points + t * TILE_PAIR + TILE_ROWS, STRIDE);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, centroids + t * TILE_PAIR + TILE_ROWS * HALF_WORDS, TILE_BYTES);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, dot, STRIDE);
    _tile_stored(1, dot + TILE_ROWS, STRIDE);
    _tile_stored(2, dot + TILE_ROWS * TILE_PAIR, STRIDE);
    _tile_stored(3, dot + TILE_ROWS * TILE_PAIR + TILE_ROWS, STRIDE);
    __asm__ volatile("" ::: "memory");
    *fetch = at;
}

#endif
