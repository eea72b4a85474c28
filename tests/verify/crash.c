/* Crashes where there are more than nine centroids. */
#include "tests/verify/broken.h"

static int64_t assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                      const exk_tile *tile) {
    (void)plan;
    (void)workspace;
    if (centroids->k > 9)
        tile->label[(int64_t)1 << 44] = 0;
    return assign_rows(centroids, tile);
}
