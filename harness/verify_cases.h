/* The problems that `exakt verify` solves with every variant. */
#ifndef EXK_VERIFY_CASES_H
#define EXK_VERIFY_CASES_H

#include "include/exakt.h"

typedef struct verify_problem {
    int number; /* of the built-in case, from 1; 0: points that the user gave */
    char name[64];
    exk_points points;
    int64_t k, max_iter;
    exk_init init;
    exk_empty empty;
    uint64_t seed;
    float *storage; /* NULL if the points are borrowed */
} verify_problem;

int verify_case_count(void);
bool verify_case_is_quick(int number);

/* Build case `number` (from 1) from a seed; EXK_ERR_MEMORY if there is no room. */
exk_status verify_case_build(int number, uint64_t seed, verify_problem *problem);
void verify_problem_free(verify_problem *problem);

#endif
