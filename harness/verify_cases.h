/* The problems that `exakt verify` solves with every variant. */
#ifndef EXK_VERIFY_CASES_H
#define EXK_VERIFY_CASES_H

#include "include/exakt.h"

typedef enum verify_kind {
    VERIFY_FIT,    /* exk_fit */
    VERIFY_ASSIGN, /* exk_assign to given centroids */
    VERIFY_KERNEL  /* a variant's functions alone, every buffer against a guard page */
} verify_kind;

typedef struct verify_problem {
    int number; /* of the built-in case, from 1; 0: points that the user gave */
    verify_kind kind;
    char name[64];
    exk_points points;
    const float *centroids; /* k x d, dense; NULL for VERIFY_FIT */
    int64_t k, max_iter;
    exk_init init;
    exk_empty empty;
    uint64_t seed;
    float *storage; /* of points and centroids; NULL if they are borrowed */
} verify_problem;

int verify_case_count(void);
bool verify_case_is_quick(int number);

/* Build case `number` (from 1) from a seed; EXK_ERR_MEMORY if there is no room. */
exk_status verify_case_build(int number, uint64_t seed, verify_problem *problem);

/* Rows, columns and centroids of a problem, by index; a fit has no centroids, only their number. */
typedef struct verify_part {
    int64_t *row, *column, *centroid;
    int64_t n, d, k;
} verify_part;

/* The problem that is left when only a part is kept; the rows keep their distance from each other. */
exk_status verify_problem_pick(const verify_problem *whole, const verify_part *part, verify_problem *problem);

void verify_problem_free(verify_problem *problem);

#endif
