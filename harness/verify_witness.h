/* Whether what a variant's functions answer is right, by the exact scores. */
#ifndef EXK_VERIFY_WITNESS_H
#define EXK_VERIFY_WITNESS_H

#include "harness/verify_truth.h"
#include "kernels/exact/filter.h"
#include "kernels/variant.h"

#include <stddef.h>

/* What the answers are held against. Where one is wrong, why says which. */
typedef struct verify_witness {
    const verify_problem *problem;
    const verify_truth *truth;
    const exk_kernel *kernel;
    const exk_filter *filter;
    int pass; /* from 0 */
    char *why;
    size_t size;
} verify_witness;

/* The nearest centroid in a pass. */
int32_t witness_label(const verify_witness *w, int pass, int64_t row);

/* Whether the variant may leave points out of this pass. */
bool witness_skips(const verify_witness *w);

/* What assign made of a tile whose points are no longer than norm is what the certificate relies on:
 * best <= s_label <= best + 2 E_label, and second <= s_j for every other j. */
bool witness_labels_hold(const verify_witness *w, const exk_tile *tile, float norm);

/* No label is wrong but, perhaps, those of the `count` doubtful rows (rising), which the certificate left open. */
bool witness_certificate_holds(const verify_witness *w, const exk_tile *tile, const int32_t *doubtful,
                               int64_t count);

/* The lower scores of rows from `first` on are bounds of them. */
bool witness_scores_hold(const verify_witness *w, const float *lower, int64_t first, int64_t rows, float norm);

/* The survivors are listed in rising order, and whoever is not among them keeps its label rightly. */
bool witness_survivors_hold(const verify_witness *w, const exk_tile *whole, const int32_t *survivor,
                            int64_t count);

#endif
