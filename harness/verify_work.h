/* What the child processes of `exakt verify` do. */
#ifndef EXK_VERIFY_WORK_H
#define EXK_VERIFY_WORK_H

#include "harness/cli.h"
#include "harness/run.h"
#include "harness/verify_child.h"

typedef struct verify_position {
    int number, variant, setup;
} verify_position;

typedef struct verify_work {
    const settings *s;
    const exk_variant **variants;
    bool *dropped; /* variants that are not run any more */
    int count;
    verify_position from; /* where to start, or to go on */
} verify_work;

/* Case `number`, or, for 0, the user's INPUT. Reports its own error. */
typedef struct verify_opened {
    verify_problem problem;
    run input;
} verify_opened;
exit_code verify_open(const settings *s, int number, verify_opened *opened);
void verify_close(verify_opened *opened);

/* A verify_body; user: a verify_work. All cases from work->from on, by every variant that was not dropped. */
void verify_work_through(int pipe, const void *user);

#endif
