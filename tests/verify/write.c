/* Writes a label too many. */
#include "tests/verify/broken.h"

static int64_t assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                      const exk_tile *tile) {
    (void)plan;
    (void)workspace;
    assign_rows(centroids, tile);
    tile->label[tile->rows] = 0;
    return tile->rows * centroids->k;
}
