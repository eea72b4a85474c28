#include "kernels/exact/certify.h"

#include <math.h>
#include <string.h>

#include "kernels/exact/compare.h"

bool exk_is_certified(const exk_filter *filter, const exk_tile *tile, int64_t row, float norm) {
    const double upper = (double)tile->best[row] + 2.0 * exk_filter_error(filter, tile->label[row], norm);
    return (double)tile->second[row] > upper;
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
        count += !exk_is_certified(filter, tile, row, norm);
    }
    return count;
}

int64_t exk_refine_capacity(int64_t k) {
    enum { MOST = 48, LEAST = 12, SCORES = 1 << 16 };
    return k > SCORES / LEAST ? LEAST : k > SCORES / MOST ? SCORES / k : MOST;
}

bool exk_is_nearer(const float *x, const float *a, double distance_a, const float *b, double distance_b, int64_t d,
                   bool *exactly) {
    const double error = ((double)d + 9.0) * 0x1p-53;
    if (distance_a * (1.0 - error) > distance_b * (1.0 + error))
        return false;
    if (distance_a * (1.0 + error) < distance_b * (1.0 - error))
        return true;
    *exactly = true;
    return exk_compare_distances(x, a, b, d) < 0;
}

static const float *point_of(const exk_refine *refine, const exk_doubt *doubt) {
    return refine->points->x + doubt->point * refine->points->stride;
}

/* lower: the scores of the point, folded with norm. *square = its squared distance, by dist64. */
static int32_t nearest_candidate(exk_refine *refine, const exk_doubt *doubt, const float *lower, float norm,
                                 double *square) {
    const int64_t d = refine->filter->d;
    const int32_t label = doubt->label;
    const float *x = point_of(refine, doubt);
    const float limit = exk_round_up((double)lower[label] + 2.0 * exk_filter_error(refine->filter, label, norm));
    const int64_t count = refine->bulk->within(lower, limit, refine->filter->k, refine->candidates);
    const float *best = NULL;
    int64_t nearest = -1;
    double best_distance = INFINITY;
    bool exactly = false;
    for (int64_t i = 0; i < count; i++) {
        const int64_t j = refine->candidates[i];
        /* A duplicate of a lower index can never win. */
        if (isinf(refine->filter->h[j]))
            continue;
        const float *c = refine->centroids + j * d;
        const double distance = refine->bulk->dist64(x, c, d);
        refine->evaluations++;
        /* Candidates come in rising order, so a tie is a no. */
        if (!best || exk_is_nearer(x, c, distance, best, best_distance, d, &exactly)) {
            nearest = j;
            best = c;
            best_distance = distance;
        }
    }
    refine->exactly_decided += exactly;
    *square = best_distance;
    return (int32_t)nearest;
}

/* Wider than the error of dist64's root. */
#define WIDER 0x1p-30

/* No centroid but the label is nearer than that. Scores are the less sharp the longer the point is, so that
 * neighbours of the label are measured, and only what is beyond their reach goes by its score:
 *
 *     ||x - c_j||^2 >= ||x - m||^2 + unscale l_j > reach^2,
 *
 * where the norm's square is too large by 2^-19 of it at most. */
static float distance_of_others(exk_refine *refine, const exk_doubt *doubt, const float *lower) {
    enum { NEIGHBOURS = 16 };
    const int64_t d = refine->filter->d;
    const double norm = (double)doubt->norm, reach = 2.0 * (double)doubt->upper + norm * 0x1p-8;
    const double most = (reach * reach - norm * norm * (1.0 - 0x1p-18)) / refine->score_centroids->unscale;
    const float limit = exk_round_up(most);
    double least = reach * reach;
    if (!isfinite(limit))
        return 0.0f;
    const int64_t count = refine->bulk->within(lower, limit, refine->filter->k, refine->candidates);
    if (count > NEIGHBOURS)
        return 0.0f;
    for (int64_t i = 0; i < count; i++) {
        const int64_t j = refine->candidates[i];
        if (j == doubt->label)
            continue;
        const double square = refine->bulk->dist64(point_of(refine, doubt), refine->centroids + j * d, d);
        refine->evaluations++;
        least = square < least ? square : least;
    }
    return -exk_round_up(-sqrt(least) * (1.0 - WIDER));
}

/* Duplicates have no scores. */
static bool has_duplicates(const exk_filter *filter) {
    for (int64_t j = 0; j < filter->k; j++) {
        if (isinf(filter->h[j]))
            return true;
    }
    return false;
}

void exk_refine_queue(exk_refine *refine, const exk_tile *tile, int64_t row, int32_t label, float norm) {
    const int64_t d = refine->filter->d;
    memcpy(refine->rows + refine->queued * d, exk_tile_row(tile, row), (size_t)d * sizeof(float));
    refine->doubt[refine->queued++] =
        (exk_doubt){.point = exk_tile_point(tile, row), .label = label, .norm = norm};
}

void exk_refine_settle(exk_refine *refine) {
    const int64_t d = refine->filter->d, k = refine->filter->k, count = refine->queued;
    if (count == 0)
        return;
    float norm = 0.0f;
    for (int64_t i = 0; i < count; i++)
        norm = refine->doubt[i].norm > norm ? refine->doubt[i].norm : norm;
    exk_filter_fold(refine->filter, norm, refine->offset);
    const exk_tile batch = {.x = refine->rows, .rows = count, .stride = d, .offset = refine->offset};
    refine->kernel->scores(refine->score_centroids, refine->plan, &refine->workspace, &batch, refine->lower);
    refine->evaluations += count * k;
    const bool tells = refine->kernel->settled, alone = tells && has_duplicates(refine->filter);
    for (int64_t i = 0; i < count; i++) {
        exk_doubt *doubt = &refine->doubt[i];
        const float *lower = refine->lower + i * k;
        double square;
        doubt->label = nearest_candidate(refine, doubt, lower, norm, &square);
        if (!tells)
            continue;
        doubt->upper = exk_round_up(sqrt(square) * (1.0 + WIDER));
        doubt->others = alone ? 0.0f : distance_of_others(refine, doubt, lower);
    }
}
