/* One problem, one variant, one plan: solved and judged in this process. */
#ifndef EXK_VERIFY_RUN_H
#define EXK_VERIFY_RUN_H

#include "harness/verify_judge.h"
#include "harness/verify_kernel.h"

/* Threads and tiles to run with. */
typedef struct verify_setup {
    const char *name;
    exk_plan plan;
    bool quick;
} verify_setup;

enum { VERIFY_SETUPS = 7 };
extern const verify_setup verify_setups[VERIFY_SETUPS];

extern const char verify_reference_variant[];

/* What the variants' answers are held against; only one of the two is there. */
typedef struct verify_standard {
    verify_reference reference; /* of VERIFY_FIT and VERIFY_ASSIGN */
    verify_truth *truth;        /* of VERIFY_KERNEL */
} verify_standard;

/* False, and why, if the reference found nothing to compare with. */
bool verify_standard_create(const verify_problem *problem, verify_standard *standard, char *why, size_t size);
void verify_standard_free(verify_standard *standard);

typedef struct verify_verdict {
    bool passed;
    int64_t ambiguous, exact; /* points not certified, and those of them that needed integers */
    double seconds;
    char why[VERIFY_WHY];
} verify_verdict;

/* The verdict of an interrupted run means nothing. */
verify_verdict verify_run(const verify_problem *problem, const verify_standard *standard,
                          const exk_variant *variant, const verify_setup *setup);

#endif
