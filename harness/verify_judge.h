/* Who decides whether a result of `exakt verify` is right. */
#ifndef EXK_VERIFY_JUDGE_H
#define EXK_VERIFY_JUDGE_H

#include "harness/verify_cases.h"

#include <stddef.h>

enum { VERIFY_WHY = 400 };

/* What naive scalar code found on one thread, and what the oracle thinks of it. */
typedef struct verify_reference {
    exk_result *result;
    bool accepted;
    char why[VERIFY_WHY];
} verify_reference;

typedef struct verify_judge {
    const char *name;
    /* false: result is wrong, and why says where. */
    bool (*accepts)(const verify_problem *problem, const verify_reference *reference, const exk_result *result,
                    char *why, size_t size);
} verify_judge;

/* Every judge must accept; ended by a row without a name. */
extern const verify_judge verify_judges[];

/* Whether two results are the same bits: labels, counts, centroids, inertia, and every iteration on the way. If
 * not, why says where. */
bool results_agree(const exk_result *expected, const exk_result *result, char *why, size_t size);

/* Let the oracle judge the reference itself. */
void verify_judge_reference(const verify_problem *problem, verify_reference *reference);

#endif
