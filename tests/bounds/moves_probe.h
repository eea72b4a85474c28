/* What kernels/int8/moves.h, on scalar code, knows of one point and one centroid. */
#ifndef EXK_MOVES_PROBE_H
#define EXK_MOVES_PROBE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An upper bound of the distance between x and now, `upper` being one for before. The distance is that of x to
 * unscale / 2 times these. d <= 1024. */
float moves_probe(const float *x, const float *before, const float *now, int64_t d, double unscale, float upper);

#ifdef __cplusplus
}
#endif

#endif
