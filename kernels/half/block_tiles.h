/* Products of a panel of points with a block of centroids, by tiles: the same functions as block_chains.h. */
#ifndef EXK_HALF_BLOCK_TILES_H
#define EXK_HALF_BLOCK_TILES_H

#include "kernels/body/microkernel.h"
#include EXK_HALF_HEADER

enum { BLOCK = TILE_PAIR };
_Static_assert((int)PANEL_POINTS == (int)TILE_PAIR, "half_tiles takes whole panels");

/* Where word t of centroid j is: [block][16 words][centroid][word]. */
static inline int64_t block_place(int64_t j, int64_t t, int64_t words) {
    return j / BLOCK * BLOCK * words + t / HALF_WORDS * HALF_WORDS * BLOCK + j % BLOCK * HALF_WORDS +
           t % HALF_WORDS;
}

/* However d numbers are added up, none of them meets more than d - 1 roundings. */
static inline int64_t half_roundings(int64_t t, int64_t words) {
    (void)t;
    return HALF_TOGETHER * words;
}

static inline void blocks_begin(void) {
    dot_configure();
}
static inline void blocks_end(void) {
    dot_release();
}

static inline micro_fetch fetch_with_blocks(const exk_tile *tile, int64_t words, int64_t k) {
    return fetch_next(tile, TILE_FETCHES * words / HALF_WORDS, (k + BLOCK - 1) / BLOCK * EXK_MR);
}

static inline void half_dots(const int32_t *points, const int32_t *centroids, int64_t words, micro_fetch *fetch,
                             float *dot) {
    half_tiles(points, centroids, words, &fetch->at, fetch->at < fetch->end ? fetch->step : 0, dot);
}

#endif
