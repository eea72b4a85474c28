/* Dot products of bytes on AMX: tiles of 16 x 16 sums take 64 bytes of 16 points and 16 centroids at once, eight
 * times as many products as VNNI in the same time. Points are signed too. See dot_avx512vnni.h. */
#ifndef EXK_DOT_AMX_H
#define EXK_DOT_AMX_H

#include <stdbool.h>
#include <string.h>

#include "kernels/vec/vec_avx512.h"

#define EXK_DOT_TILES 1

enum {
    DOT_BIAS = 0,
    DOT_POINT = 127,
    DOT_CENTROID = 127,
    DOT_TOGETHER = 1,
    TILE_ROWS = 16,
    TILE_BYTES = 64,           /* of a row */
    TILE_PAIR = 2 * TILE_ROWS, /* points and centroids that dot_tiles takes */
    TILE_FETCHES = 4           /* prefetches for every 64 dimensions */
};

static inline void dot_store_point(int8_t *p, vec_f32 q) {
    vec_store_i8(p, q);
}

/* Bytes that are all signed: 128 is added to the points', and 128 times the centroid's is taken off. */
static inline vec_i32 dot_add(vec_i32 sum, const vec_i32 points[DOT_TOGETHER],
                              const vec_i32 centroid[DOT_TOGETHER]) {
    const __m512i bias = _mm512_set1_epi8((char)-128);
    const __m512i extra = _mm512_dpbusd_epi32(_mm512_setzero_si512(), bias, centroid[0]);
    return _mm512_sub_epi32(_mm512_dpbusd_epi32(sum, _mm512_xor_si512(points[0], bias), centroid[0]), extra);
}

/* Where rows of bytes meet one another by vectors one of them is biased after all. */
#define EXK_DOT_ROW_BIAS 128
static inline vec_i32 dot_add_biased(vec_i32 sum, vec_i32 biased, vec_i32 other) {
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(biased), "v"(other)); /* dot_avx512vnni.h */
    return sum;
}

/* All eight tiles have 16 rows of 64 bytes. From here to dot_release the thread owns its tiles. */
static inline void dot_configure(void) {
    struct {
        uint8_t palette, start, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } layout;
    memset(&layout, 0, sizeof layout);
    layout.palette = 1;
    for (int tile = 0; tile < 8; tile++) {
        layout.row_bytes[tile] = TILE_BYTES;
        layout.rows[tile] = TILE_ROWS;
    }
    __asm__ volatile("" ::: "memory"); /* the intrinsics do not say that they read and write memory */
    _tile_loadconfig(&layout);
}

static inline void dot_release(void) {
    _tile_release();
}

/* dot[r][point] of TILE_PAIR centroids, [64 bytes][centroid][byte], and as many points, [four bytes][point].
 * *fetch is fetched, `step` bytes at a time. */
static __attribute__((noinline, unused)) void dot_tiles(const int32_t *points, const int32_t *centroids,
                                                        int64_t quads, const char **fetch, int64_t step,
                                                        int32_t *dot) {
    enum { QUADS = TILE_BYTES / 4, STRIDE = TILE_PAIR * 4 };
    const char *at = *fetch;
    __asm__ volatile("" ::: "memory");
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int64_t t = 0; t < quads; t += QUADS) {
        for (int line = 0; line < TILE_FETCHES; line++, at += step)
            __builtin_prefetch(at, 0, 2);
        _tile_loadd(4, centroids + t * TILE_PAIR, TILE_BYTES);
        _tile_loadd(6, points + t * TILE_PAIR, STRIDE);
        _tile_dpbssd(0, 4, 6);
        _tile_loadd(7, points + t * TILE_PAIR + TILE_ROWS, STRIDE);
        _tile_dpbssd(1, 4, 7);
        _tile_loadd(5, centroids + t * TILE_PAIR + TILE_ROWS * QUADS, TILE_BYTES);
        _tile_dpbssd(2, 5, 6);
        _tile_dpbssd(3, 5, 7);
    }
    _tile_stored(0, dot, STRIDE);
    _tile_stored(1, dot + TILE_ROWS, STRIDE);
    _tile_stored(2, dot + TILE_ROWS * TILE_PAIR, STRIDE);
    _tile_stored(3, dot + TILE_ROWS * TILE_PAIR + TILE_ROWS, STRIDE);
    __asm__ volatile("" ::: "memory");
    *fetch = at;
}

/* With `passing`, a constant, the tile is not to stay in L1. */
#define TILE_LOAD(passing, tile, from, stride)                                                                    \
    do {                                                                                                          \
        if (passing)                                                                                              \
            _tile_stream_loadd(tile, from, stride);                                                               \
        else                                                                                                      \
            _tile_loadd(tile, from, stride);                                                                      \
    } while (0)

/* Part `part` of `parts` of some other work. */
typedef void (*dot_meanwhile)(const void *work, int64_t part, int64_t parts);

/* dot[row][centroid] of TILE_PAIR rows, `stride` bytes apart, and as many centroids, [four bytes][centroid].
 * Meanwhile as many bytes as a row has are fetched, and `meanwhile` does its work, a part with every step: vectors
 * have little to do with how long tiles take. A tile takes longer to load than to multiply: what the next step
 * begins with is loaded while this one still multiplies. */
EXK_INLINE void dot_square_passing(bool passing, const int8_t *rows, int64_t stride, const int32_t *centroids,
                                   int64_t quads, const char *fetch, int32_t *dot, dot_meanwhile meanwhile,
                                   const void *work) {
    enum { QUADS = TILE_BYTES / 4, WIDTH = TILE_PAIR * 4 };
    const int8_t *more = rows + TILE_ROWS * stride;
    __asm__ volatile("" ::: "memory");
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    _tile_loadd(4, rows, stride);
    TILE_LOAD(passing, 6, centroids, WIDTH);
    for (int64_t t = 0; t < quads; t += QUADS) {
        const int64_t next = t + QUADS < quads ? t + QUADS : t;
        __builtin_prefetch(fetch + t * 4, 0, 2);
        TILE_LOAD(passing, 7, centroids + t * TILE_PAIR + TILE_ROWS, WIDTH);
        _tile_dpbssd(0, 4, 6);
        _tile_loadd(5, more + t * 4, stride);
        _tile_dpbssd(1, 4, 7);
        _tile_loadd(4, rows + next * 4, stride);
        _tile_dpbssd(2, 5, 6);
        TILE_LOAD(passing, 6, centroids + next * TILE_PAIR, WIDTH);
        _tile_dpbssd(3, 5, 7);
        meanwhile(work, t / QUADS, quads / QUADS);
    }
    _tile_stored(0, dot, WIDTH);
    _tile_stored(1, dot + TILE_ROWS, WIDTH);
    _tile_stored(2, dot + TILE_ROWS * TILE_PAIR, WIDTH);
    _tile_stored(3, dot + TILE_ROWS * TILE_PAIR + TILE_ROWS, WIDTH);
    __asm__ volatile("" ::: "memory");
}

/* Rows and centroids of so many bytes each do not fit L1 together: the rows stay, which are needed again. */
enum { PASSING_LEAST = 512 };

EXK_INLINE void dot_square(const int8_t *rows, int64_t stride, const int32_t *centroids, int64_t quads,
                           const char *fetch, int32_t *dot, dot_meanwhile meanwhile, const void *work) {
    if (quads * 4 >= PASSING_LEAST)
        dot_square_passing(true, rows, stride, centroids, quads, fetch, dot, meanwhile, work);
    else
        dot_square_passing(false, rows, stride, centroids, quads, fetch, dot, meanwhile, work);
}

/* dot[row][centroid] of TILE_ROWS rows, or twice as many, `stride` bytes apart, and TILE_ROWS centroids, [four
 * bytes][centroid]. Even and odd steps have sums of their own, or each product would wait for the one before. */
static __attribute__((noinline, unused)) void dot_rows(bool both, const int8_t *rows, int64_t stride,
                                                       const int32_t *centroids, int64_t quads, int32_t *dot) {
    enum { QUADS = TILE_BYTES / 4, SQUARE = TILE_ROWS * TILE_ROWS };
    const int8_t *more = both ? rows + TILE_ROWS * stride : rows;
    int32_t odd[2 * SQUARE] __attribute__((aligned(64)));
    __asm__ volatile("" ::: "memory");
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int64_t t = 0; t < quads; t += 2 * QUADS) {
        _tile_loadd(4, centroids + t * TILE_ROWS, TILE_BYTES);
        _tile_loadd(6, rows + t * 4, stride);
        _tile_dpbssd(0, 6, 4);
        if (both) {
            _tile_loadd(7, more + t * 4, stride);
            _tile_dpbssd(1, 7, 4);
        }
        if (t + QUADS == quads)
            break;
        _tile_loadd(5, centroids + (t + QUADS) * TILE_ROWS, TILE_BYTES);
        _tile_loadd(6, rows + (t + QUADS) * 4, stride);
        _tile_dpbssd(2, 6, 5);
        if (both) {
            _tile_loadd(7, more + (t + QUADS) * 4, stride);
            _tile_dpbssd(3, 7, 5);
        }
    }
    _tile_stored(0, dot, TILE_BYTES);
    _tile_stored(2, odd, TILE_BYTES);
    if (both) {
        _tile_stored(1, dot + SQUARE, TILE_BYTES);
        _tile_stored(3, odd + SQUARE, TILE_BYTES);
    }
    __asm__ volatile("" ::: "memory");
    for (int i = 0; i < (both ? 2 : 1) * SQUARE; i++)
        dot[i] += odd[i];
}

#endif
