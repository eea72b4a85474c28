/* Of equal scores it takes the last, and tells nobody that they were equal. */
#include "tests/verify/broken.h"

static int64_t assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                      const exk_tile *tile) {
    (void)plan;
    (void)workspace;
    for (int64_t i = 0; i < tile->rows; i++) {
        assign_row(centroids, tile, i);
        for (int64_t j = 0; j < centroids->k; j++)
            if (lower_score(centroids, tile, i, j) == tile->best[i])
                tile->label[i] = (int32_t)j;
        if (tile->second[i] == tile->best[i])
            tile->second[i] = INFINITY;
    }
    return tile->rows * centroids->k;
}
