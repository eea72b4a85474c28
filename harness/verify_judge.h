/* Who decides whether a result of `exakt verify` is right. */
#ifndef EXK_VERIFY_JUDGE_H
#define EXK_VERIFY_JUDGE_H

#include "harness/verify_cases.h"

#include <stddef.h>

typedef struct verify_judge {
    const char *name;
    /* false: result is wrong, and why says where. reference: what naive scalar code found on one thread. */
    bool (*accepts)(const verify_problem *problem, const exk_result *reference, const exk_result *result,
                    char *why, size_t size);
} verify_judge;

/* Every judge must accept; ended by a row without a name. A judge that shares no code with the library goes here.
 */
extern const verify_judge verify_judges[];

#endif
