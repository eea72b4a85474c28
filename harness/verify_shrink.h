/* From a failing case to the smallest part of it that still fails. */
#ifndef EXK_VERIFY_SHRINK_H
#define EXK_VERIFY_SHRINK_H

#include "harness/verify_work.h"

#include <stdio.h>

/* Drop points, centroids and columns of the failing case while it goes on failing, for at most so many seconds;
 * then say what is left, and store it where --dump tells. shape: of the whole case. */
void verify_shrink(const verify_work *work, const verify_position *failing, const exk_shape *shape, double seconds,
                   FILE *out);

#endif
