#include "harness/verify_witness.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static bool complain(const verify_witness *w, const char *what, int64_t row, int64_t centroid) {
    snprintf(w->why, w->size, "iteration %d, point %" PRId64 ", centroid %" PRId64 ": %s", w->pass + 1, row,
             centroid, what);
    return false;
}

/* A score as the kernels see it, 2^e (||c||^2 / 2 - x.c), in the oracle's units: ||c||^2 - 2 x.c. */
static oracle_real unscaled(const verify_witness *w, double score) {
    return oracle_from_double(ldexp(score, 1 - w->filter->exponent));
}

int32_t witness_label(const verify_witness *w, int pass, int64_t row) {
    return w->truth->nearest[pass % VERIFY_ITERATIONS][row];
}

static const oracle_real *true_score(const verify_witness *w, int64_t row, int64_t j) {
    return &w->truth->score[w->pass % VERIFY_ITERATIONS][row * w->problem->k + j];
}

/* lower <= s_j */
static bool is_lower(const verify_witness *w, float lower, int64_t row, int64_t j) {
    if (!isfinite(lower))
        return lower < 0;
    oracle_real claimed = unscaled(w, (double)lower);
    return oracle_compare(&claimed, true_score(w, row, j)) <= 0;
}

/* s_j <= lower + 2 E_j; an infinite error bound promises nothing. */
static bool is_upper(const verify_witness *w, float lower, float norm, int64_t row, int64_t j) {
    double error = exk_filter_error(w->filter, j, norm);
    if (!isfinite(error) || !isfinite(lower))
        return !isfinite(error);
    oracle_real claimed = unscaled(w, (double)lower), twice = unscaled(w, 2 * error);
    oracle_add(&claimed, &twice);
    return oracle_compare(true_score(w, row, j), &claimed) <= 0;
}

static bool is_duplicate(const verify_witness *w, int64_t j) {
    return isinf(w->filter->h[j]);
}

bool witness_skips(const verify_witness *w) {
    return w->kernel->survivors && w->pass > 0;
}

/* Whether it may leave centroids out. */
static bool selects(const verify_witness *w) {
    return w->kernel->selective || witness_skips(w);
}

/* What certify relies on: best <= s_label <= best + 2 E_label, and second <= s_j for every other j. */
static bool row_is_proof(const verify_witness *w, const exk_tile *tile, int64_t i, float norm) {
    int64_t row = exk_tile_point(tile, i), label = tile->label[i];
    if (label < 0 || label >= w->problem->k)
        return complain(w, "is the label, but there is no such centroid", row, label);
    if (is_duplicate(w, label))
        return complain(w, "is the label, but a duplicate of a lower centroid", row, label);
    if (!is_lower(w, tile->best[i], row, label))
        return complain(w, "is the label, but best is no lower bound of its score", row, label);
    /* Where nothing is left to compare it with, a selective variant need not know the score that well. */
    bool alone = w->kernel->selective && isinf(tile->second[i]);
    if (!alone && !is_upper(w, tile->best[i], norm, row, label))
        return complain(w, "is the label, but best is too low for its score", row, label);
    /* Centroids that were left out have no part in second. */
    for (int64_t j = 0; j < w->problem->k && !selects(w); j++)
        if (j != label && !is_duplicate(w, j) && !is_lower(w, tile->second[i], row, j))
            return complain(w, "its score is below second", row, j);
    return true;
}

bool witness_labels_hold(const verify_witness *w, const exk_tile *tile, float norm) {
    for (int64_t i = 0; i < tile->rows; i++)
        if (!row_is_proof(w, tile, i, norm))
            return false;
    return true;
}

bool witness_certificate_holds(const verify_witness *w, const exk_tile *tile, const int32_t *doubtful,
                               int64_t count) {
    int64_t next = 0;
    for (int64_t i = 0; i < tile->rows; i++) {
        int64_t row = exk_tile_point(tile, i);
        if (next < count && doubtful[next] == i)
            next++;
        else if (tile->label[i] != witness_label(w, w->pass, row))
            return complain(w, "is the label and certified, but not the nearest", row, tile->label[i]);
    }
    return true;
}

bool witness_scores_hold(const verify_witness *w, const float *lower, int64_t first, int64_t rows, float norm) {
    int64_t k = w->problem->k;
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < k; j++) {
            float l = lower[i * k + j];
            bool holds = is_duplicate(w, j) ? isinf(l) && l > 0
                                            : is_lower(w, l, first + i, j) && is_upper(w, l, norm, first + i, j);
            if (!holds)
                return complain(w, "scores gives no bound of the score", first + i, j);
        }
    }
    return true;
}

bool witness_survivors_hold(const verify_witness *w, const exk_tile *whole, const int32_t *survivor,
                            int64_t count) {
    int64_t next = 0;
    for (int64_t i = 0; i < whole->rows; i++) {
        int64_t row = whole->first + i;
        if (next < count && survivor[next] == i)
            next++;
        else if (whole->label[i] != witness_label(w, w->pass, row))
            return complain(w, "was proven to be the label still, but is not the nearest", row, whole->label[i]);
    }
    return next == count || complain(w, "survivors are not in rising order", whole->first, 0);
}
