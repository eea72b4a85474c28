/* Chapter 5, exercise 2: a register block changes no bit, a dot product in lanes does.
 *
 * cc -O2 -ffp-contract=off 05-block.c && ./a.out */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { D = 100, MR = 4, NR = 8, LANES = 8 };

static float random_float(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) * 0x1p-24f - 0.5f;
}

/* One sum after the other. */
static void plain(const float *points, const float *centroids, float dot[MR][NR]) {
    for (int r = 0; r < MR; r++) {
        for (int i = 0; i < NR; i++) {
            float sum = 0.0f;
            for (int t = 0; t < D; t++)
                sum += centroids[t * MR + r] * points[t * NR + i];
            dot[r][i] = sum;
        }
    }
}

/* The micro-kernel: all MR * NR sums advance together by one dimension, for MR + NR loads. */
static void blocked(const float *points, const float *centroids, float dot[MR][NR]) {
    memset(dot, 0, sizeof(float[MR][NR]));
    for (int t = 0; t < D; t++)
        for (int r = 0; r < MR; r++)
            for (int i = 0; i < NR; i++)
                dot[r][i] += centroids[t * MR + r] * points[t * NR + i];
}

/* The vectors along the dimension instead: each lane sums every eighth product, then the lanes are added. */
static void in_lanes(const float *points, const float *centroids, float dot[MR][NR]) {
    for (int r = 0; r < MR; r++) {
        for (int i = 0; i < NR; i++) {
            float lane[LANES] = {0}, sum = 0.0f;
            for (int t = 0; t < D; t++)
                lane[t % LANES] += centroids[t * MR + r] * points[t * NR + i];
            for (int l = 0; l < LANES; l++)
                sum += lane[l];
            dot[r][i] = sum;
        }
    }
}

int main(void) {
    static float points[D * NR], centroids[D * MR], a[MR][NR], b[MR][NR], c[MR][NR];
    uint32_t state = 1;
    for (int i = 0; i < D * NR; i++)
        points[i] = random_float(&state);
    for (int i = 0; i < D * MR; i++)
        centroids[i] = random_float(&state);
    plain(points, centroids, a);
    blocked(points, centroids, b);
    in_lanes(points, centroids, c);
    int differ = 0;
    for (int i = 0; i < MR * NR; i++)
        differ += a[i / NR][i % NR] != c[i / NR][i % NR];
    const int same = memcmp(a, b, sizeof a) == 0;
    printf("%.1f multiply-adds a load instead of %.1f\n", (double)(MR * NR) / (MR + NR), 0.5);
    printf("block and plain loop: %s bits\n", same ? "the same" : "other");
    printf("lanes along the dimension: %d of %d dot products have other bits\n", differ, MR * NR);
    return same && differ > 0 ? 0 : 1;
}
