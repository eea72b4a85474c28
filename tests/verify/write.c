/* Writes a label too many. */
#include "tests/verify/broken.h"

static void assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                   const exk_tile *tile) {
    (void)plan;
    (void)workspace;
    assign_rows(centroids, tile);
    tile->label[tile->rows] = 0;
}
