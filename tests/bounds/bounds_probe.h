/* The functions of kernels/bounds that are compiled into each variant, as a table for each instruction set. */
#ifndef EXK_BOUNDS_PROBE_H
#define EXK_BOUNDS_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bounds_probe {
    int lanes;
    bool (*apply)(double unscale);
    float (*kept)(double distance, double drift);
    float (*lower)(double norm, double lower, double unscale, double drift);
    float (*upper)(double norm, double lower, double error, double unscale);
    /* `lanes` values of each. */
    void (*lowers)(const float *norm, const float *lower, float unscale, const float *below, float *out);
    void (*uppers)(const float *norm, const float *lower, const float *error, float unscale, float *out);
    float (*moved)(float upper, float movement);
    double (*add_drift)(double drift, float movement);
    bool (*stale)(double drift, float movement);
    float (*renewed)(float kept, double drift);
    float (*above)(double drift);
    float (*below)(double drift);
    /* looked_bound of look_at. */
    float (*looked)(const float *x, const float *c, int64_t d, float offset, float norm, float error,
                    double unscale);
    /* Through 16 bits and back, `lanes` values. */
    void (*half)(const float *v, float *out);
} bounds_probe;

#ifdef __cplusplus
}
#endif

#endif
