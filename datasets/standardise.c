#include "datasets/reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Replace a read-only mapping by a copy that may be written. */
static exk_status make_writable(const char *file, exk_dataset *dataset, exk_error *error) {
    if (!dataset->mapped) {
        return EXK_OK;
    }
    const exk_points *points = &dataset->points;
    exk_dataset copy = {0};
    const size_t bytes = (size_t)points->n * (size_t)points->d * sizeof(float);
    const exk_status status = exk_dataset_reserve(file, &copy, bytes, error);
    if (status != EXK_OK) {
        return status;
    }
    memcpy(copy.storage, points->x, bytes);
    munmap(dataset->storage, dataset->storage_bytes);
    dataset->storage = copy.storage;
    dataset->storage_bytes = copy.storage_bytes;
    dataset->mapped = false;
    dataset->points.x = copy.storage;
    return EXK_OK;
}

/* Values are taken relative to the first row, so that a constant column has the mean 0 and the variance 0 exactly.
 */
static void column_means(const exk_points *points, double *mean) {
    const float *first = points->x;
    for (int64_t i = 0; i < points->n; i++) {
        const float *row = points->x + i * points->stride;
        for (int64_t j = 0; j < points->d; j++) {
            mean[j] += (double)row[j] - (double)first[j];
        }
    }
    for (int64_t j = 0; j < points->d; j++) {
        mean[j] /= (double)points->n;
    }
}

static void column_deviations(const exk_points *points, const double *mean, double *deviation) {
    const float *first = points->x;
    for (int64_t i = 0; i < points->n; i++) {
        const float *row = points->x + i * points->stride;
        for (int64_t j = 0; j < points->d; j++) {
            const double difference = (double)row[j] - (double)first[j] - mean[j];
            deviation[j] += difference * difference;
        }
    }
    for (int64_t j = 0; j < points->d; j++) {
        deviation[j] = sqrt(deviation[j] / (double)points->n);
    }
}

/* From the last row to the first, which the others still need. */
static void scale_rows(float *x, const exk_points *points, const double *mean, const double *deviation) {
    for (int64_t i = points->n - 1; i >= 0; i--) {
        float *row = x + i * points->stride;
        for (int64_t j = 0; j < points->d; j++) {
            const double centred = (double)row[j] - (double)x[j] - mean[j];
            row[j] = deviation[j] > 0 ? (float)(centred / deviation[j]) : 0.0F;
        }
    }
}

exk_status exk_standardise(const char *file, exk_dataset *dataset, exk_error *error) {
    const exk_points *points = &dataset->points;
    double *mean = calloc((size_t)points->d, 2 * sizeof *mean);
    if (!mean) {
        return exk_file_error(error, EXK_ERR_MEMORY, file, "no memory for the column means; use fewer columns");
    }
    const exk_status status = make_writable(file, dataset, error);
    if (status == EXK_OK) {
        double *deviation = mean + points->d;
        column_means(points, mean);
        column_deviations(points, mean, deviation);
        scale_rows(dataset->storage, points, mean, deviation);
        exk_dataset_note(dataset, "standardised");
    }
    free(mean);
    return status;
}
