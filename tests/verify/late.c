/* Right but for its ninth pass: there every label is the next one. */
#include "tests/verify/broken.h"

static int64_t assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                      const exk_tile *tile) {
    static int passes;
    (void)plan;
    (void)workspace;
    assign_rows(centroids, tile);
    if (tile->first == 0)
        __atomic_add_fetch(&passes, 1, __ATOMIC_RELAXED);
    for (int64_t i = 0; i < tile->rows && __atomic_load_n(&passes, __ATOMIC_RELAXED) == 9; i++)
        tile->label[i] = (int32_t)((tile->label[i] + 1) % centroids->k);
    return tile->rows * centroids->k;
}
