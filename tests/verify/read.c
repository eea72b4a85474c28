/* Reads the float behind the last point. */
#include "tests/verify/broken.h"

static int64_t assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                      const exk_tile *tile) {
    (void)plan;
    (void)workspace;
    volatile float behind = tile->x[(tile->rows - 1) * tile->stride + centroids->d];
    (void)behind;
    return assign_rows(centroids, tile);
}
