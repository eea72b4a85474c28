/* Products of a panel of points with a block of centroids, by tiles: the same functions as block_vectors.h. */
#ifndef EXK_INT8_BLOCK_TILES_H
#define EXK_INT8_BLOCK_TILES_H

#include "kernels/int8/quantise.h"

enum { BLOCK = TILE_PAIR };
_Static_assert((int)PANEL_POINTS == (int)TILE_PAIR, "dot_tiles takes whole panels");

/* Where quad t of centroid j is: [block][64 bytes][centroid][byte]. */
static inline int64_t block_place(int64_t j, int64_t t, int64_t quads) {
    enum { QUADS = TILE_BYTES / 4 };
    return j / BLOCK * BLOCK * quads + t / QUADS * QUADS * BLOCK + j % BLOCK * QUADS + t % QUADS;
}

/* Around all block_dots of a thread. */
static inline void blocks_begin(void) {
    dot_configure();
}
static inline void blocks_end(void) {
    dot_release();
}

/* fetch_next for block_dots. */
static inline micro_fetch fetch_with_blocks(const exk_tile *tile, int64_t quads, int64_t k) {
    return fetch_next(tile, TILE_FETCHES * quads * 4 / TILE_BYTES, (k + BLOCK - 1) / BLOCK * EXK_MR);
}

/* dot[r][point] = q.p_r. */
static inline void block_dots(const int32_t *points, const int32_t *centroids, int64_t quads, const int32_t *start,
                              micro_fetch *fetch, int32_t *dot) {
    (void)start; /* nothing is biased */
    dot_tiles(points, centroids, quads, &fetch->at, fetch->at < fetch->end ? fetch->step : 0, dot);
}

#endif
