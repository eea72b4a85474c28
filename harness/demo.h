/* The two halves of `exakt demo`: demo.c measures, demo_report.c tells. */
#ifndef EXK_DEMO_H
#define EXK_DEMO_H

#include "datasets/datasets.h"
#include "harness/cli.h"
#include "tuner/plan.h"

extern const char demo_baseline[]; /* everything is compared with this variant; it comes first */
extern const char demo_csv[];

typedef struct demo_size {
    const char *input;
    int64_t k, iterations;
    int rounds;
} demo_size;

enum { ROUNDS_MAX = 3 };

typedef struct demo_row {
    const exk_variant *variant;
    double samples[ROUNDS_MAX];
    int rounds;
    double seconds; /* the median */
    int64_t scratch_bytes, iterations;
    bool ran, identical;
} demo_row;

typedef struct demo_run {
    const settings *s;
    const demo_size *size;
    exk_dataset *data;
    exk_shape shape;
    exk_topology topology;
    bool has_topology;
    demo_row *rows;
    int count, threads;
    exk_result *reference; /* of the baseline; everything is compared with it */
} demo_run;

int demo_disagreements(const demo_run *d);

void demo_introduce(const demo_run *d);
void demo_tell(const demo_run *d);

/* The CSV, and a picture of it if gnuplot is there. */
exit_code demo_write(const demo_run *d);

#endif
