/* What kernels/int8/kept.c, on scalar code, knows of the score of one point with one centroid. */
#ifndef EXK_KEPT_PROBE_H
#define EXK_KEPT_PROBE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kept_scores {
    float factor;         /* all of this is in units of it; 0: bytes cannot hold one of the two */
    float lower, sharper; /* L_j of one digit of the centroid, and of two */
    float loss;           /* what rounding may take from the first: F_j */
    float left;           /* of that, what rounding the point takes, which the second digit leaves */
} kept_scores;

/* Of the score offset - x.c. d <= 1024. */
kept_scores kept_probe(const float *x, const float *c, int64_t d, float offset);

#ifdef __cplusplus
}
#endif

#endif
