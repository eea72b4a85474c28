/* blas: the honest baseline. OpenBLAS computes the matrix of dot products of a tile (one single-threaded sgemm in
 * each worker), then each row is searched for its minimum. */
#include <cblas.h>

#include "kernels/body/argmin.h"
#include "kernels/body/scores.h"

static exk_scratch scratch_bytes(const exk_shape *shape, const exk_plan *plan) {
    return (exk_scratch){.per_thread = (size_t)plan->point_tile * (size_t)shape->k * sizeof(float)};
}

/* Whatever order sgemm adds in, a product meets at most d additions within its blocks of the inner dimension; each
 * block (never shorter than 32) then adds once into C, and alpha multiplies once. */
static int64_t roundings(const exk_shape *shape, const exk_plan *plan) {
    (void)plan;
    const int64_t gemm = shape->d + 2 * (shape->d / 32) + 4;
    const int64_t rows = scores_roundings(shape->d);
    return gemm > rows ? gemm : rows;
}

static int64_t assign(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                      const exk_tile *tile) {
    (void)plan;
    const int64_t k = centroids->k;
    float *matrix = workspace->thread;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)tile->rows, (int)k, (int)centroids->d, 1.0f, tile->x,
                (int)tile->stride, centroids->c, (int)centroids->d, 0.0f, matrix, (int)k);
    for (int64_t i = 0; i < tile->rows; i++) {
        lane_argmin state = argmin_start();
        argmin_feed(&state, matrix + i * k, tile->offset, 0, k);
        argmin_finish(&state, &tile->label[i], &tile->best[i], &tile->second[i]);
    }
    return tile->rows * centroids->k;
}

const exk_kernel EXK_KERNEL = {
    .scratch_rule = "threads * point_tile * k * 4, and what OpenBLAS takes for itself",
    .scratch_bytes = scratch_bytes,
    .roundings = roundings,
    .assign = assign,
    .scores = row_scores,
};
