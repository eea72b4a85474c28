/* Products of scattered points with a group of centroids, by tiles: the same functions as group_vectors.h. */
#ifndef EXK_INT8_GROUP_TILES_H
#define EXK_INT8_GROUP_TILES_H

#include "kernels/int8/quantise.h"

enum { ROWS_AT_ONCE = 2 * TILE_ROWS };
_Static_assert(((int)GROUP == (int)TILE_ROWS || (int)GROUP == (int)TILE_PAIR) && ROWS_TOGETHER % ROWS_AT_ONCE == 0,
               "dot_rows takes whole tiles");

static inline void groups_begin(void) {
    dot_configure();
}
static inline void groups_end(void) {
    dot_release();
}

static inline size_t gathered_bytes(const rotation *turn) {
    return (size_t)(ROWS_AT_ONCE * turn->bytes);
}

/* How far ROWS_AT_ONCE rows lie apart if that is always the same, else 0. */
static inline int64_t common_stride(const int8_t *const *x) {
    const int64_t stride = x[1] - x[0];
    for (int r = 2; r < ROWS_AT_ONCE; r++) {
        if (x[r] - x[r - 1] != stride)
            return 0;
    }
    return stride;
}

/* Tiles want rows at equal distances. Meanwhile the row that comes next is fetched. */
static inline void gather(int rows, const int8_t *const *x, int64_t bytes, int8_t *gathered) {
    for (int r = 0; r < rows; r++) {
        const int8_t *next = x[min_i64(r + 2, rows - 1)];
        for (int64_t t = 0; t < bytes; t += TILE_BYTES) {
            __builtin_prefetch(next + t);
            vec_store_i32((int32_t *)(void *)(gathered + r * bytes + t),
                          vec_load_i32((const int32_t *)(const void *)(x[r] + t)));
        }
    }
}

static inline void group_dots(int rows, const int8_t *const *x, const int32_t *start, const int32_t *block,
                              int64_t quads, int8_t *gathered, int32_t *dot) {
    const int64_t bytes = quads * QUAD;
    (void)start; /* nothing is biased */
    for (int first = 0; first < rows; first += ROWS_AT_ONCE) {
        const int count = (int)min_i64(ROWS_AT_ONCE, rows - first);
        const int64_t stride = count == ROWS_AT_ONCE ? common_stride(x + first) : 0;
        if (stride == 0)
            gather(count, x + first, bytes, gathered);
        dot_rows(count > TILE_ROWS, stride ? x[first] : gathered, stride ? stride : bytes, block, quads,
                 dot + first * GROUP);
    }
}

/* The same of a panel of rows that lie `stride` bytes apart. As many bytes as a row has are fetched meanwhile, and
 * all parts of some other work done: meanwhile(work, part, parts). */
EXK_INLINE void panel_dots(const int8_t *rows, int64_t stride, const int32_t *start, const int32_t *block,
                           int64_t quads, const char *fetch, int32_t *dot, dot_meanwhile meanwhile,
                           const void *work) {
    (void)start;
    dot_square(rows, stride, block, quads, fetch, dot, meanwhile, work);
}

#endif
