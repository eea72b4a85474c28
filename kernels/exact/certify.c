#include "kernels/exact/certify.h"

#include <math.h>
#include <string.h>

#include "kernels/exact/compare.h"

static bool is_certified(const exk_filter *filter, const exk_tile *tile, int64_t i, float norm) {
    const double upper = (double)tile->best[i] + 2.0 * exk_filter_error(filter, tile->label[i], norm);
    return (double)tile->second[i] > upper;
}

int64_t exk_certify(const exk_filter *filter, const exk_tile *tile, float norm, double largest_error,
                    int32_t *ambiguous) {
    /* Nearly all points pass a test with the largest error of all centroids, widened by more than the rounding of
     * second - best. */
    const float margin = exk_round_up(2.0 * largest_error * (1.0 + 0x1p-22));
    const int64_t unclear = filter->bulk->unclear(tile->best, tile->second, margin, tile->rows, ambiguous);
    int64_t count = 0;
    for (int64_t u = 0; u < unclear; u++) {
        const int32_t row = ambiguous[u];
        ambiguous[count] = row;
        count += !is_certified(filter, tile, row, norm);
    }
    return count;
}

/* min over j of l_j + 2 E_j; +infinity where the error bound says nothing. */
static double candidate_limit(const exk_filter *filter, const float *lower, float norm) {
    double limit = INFINITY;
    for (int64_t j = 0; j < filter->k; j++) {
        const double upper = (double)lower[j] + 2.0 * exk_filter_error(filter, j, norm);
        limit = upper < limit ? upper : limit;
    }
    return limit;
}

/* Is candidate j nearer to x than the best so far? Candidates come in rising order, so a tie is a no. */
static bool is_nearer(exk_refine *refine, const float *x, int64_t j, double distance, int64_t best,
                      double best_distance, bool *exactly) {
    const int64_t d = refine->filter->d;
    const double error = ((double)d + 9.0) * 0x1p-53;
    if (distance * (1.0 - error) > best_distance * (1.0 + error))
        return false;
    if (distance * (1.0 + error) < best_distance * (1.0 - error))
        return true;
    *exactly = true;
    return exk_compare_distances(x, refine->centroids + j * d, refine->centroids + best * d, d) < 0;
}

static int32_t nearest_candidate(exk_refine *refine, const float *x, const float *lower, float norm) {
    const int64_t d = refine->filter->d, k = refine->filter->k;
    const double limit = candidate_limit(refine->filter, lower, norm);
    int64_t best = -1;
    double best_distance = INFINITY;
    bool exactly = false;
    for (int64_t j = 0; j < k; j++) {
        /* An unequal h_j = +infinity marks a duplicate of a lower index: it can never win. */
        if ((double)lower[j] > limit || isinf(refine->filter->h[j]))
            continue;
        const double distance = refine->bulk->dist64(x, refine->centroids + j * d, d);
        refine->evaluations++;
        if (best < 0 || is_nearer(refine, x, j, distance, best, best_distance, &exactly)) {
            best = j;
            best_distance = distance;
        }
    }
    refine->exactly_decided += exactly;
    return (int32_t)best;
}

static void refine_batch(exk_refine *refine, const exk_tile *tile, const float *norms, const int32_t *rows,
                         int64_t count) {
    const int64_t d = refine->filter->d, k = refine->filter->k;
    float norm = 0.0f;
    for (int64_t i = 0; i < count; i++) {
        memcpy(refine->rows + i * d, tile->x + rows[i] * tile->stride, (size_t)d * sizeof(float));
        norm = norms[rows[i]] > norm ? norms[rows[i]] : norm;
    }
    exk_filter_fold(refine->filter, norm, refine->offset);
    const exk_tile batch = {.x = refine->rows, .rows = count, .stride = d, .offset = refine->offset};
    refine->kernel->scores(refine->score_centroids, &batch, refine->lower);
    refine->evaluations += count * k;
    for (int64_t i = 0; i < count; i++) {
        const float *x = refine->points->x + (tile->first + rows[i]) * refine->points->stride;
        tile->label[rows[i]] = nearest_candidate(refine, x, refine->lower + i * k, norm);
    }
}

void exk_refine_rows(exk_refine *refine, const exk_tile *tile, const float *norms, const int32_t *ambiguous,
                     int64_t count) {
    for (int64_t i = 0; i < count; i += EXK_REFINE_ROWS) {
        const int64_t batch = count - i < EXK_REFINE_ROWS ? count - i : EXK_REFINE_ROWS;
        refine_batch(refine, tile, norms, ambiguous + i, batch);
    }
}
