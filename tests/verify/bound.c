/* Claims to know more about the second than it does: by a thousandth. */
#include "tests/verify/broken.h"

static int64_t assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                      const exk_tile *tile) {
    (void)plan;
    (void)workspace;
    assign_rows(centroids, tile);
    for (int64_t i = 0; i < tile->rows; i++)
        tile->second[i] *= 1.0f + (tile->second[i] > 0.0f ? 0x1p-10f : -0x1p-10f);
    return tile->rows * centroids->k;
}
