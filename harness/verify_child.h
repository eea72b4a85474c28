/* Work in a process of its own: a variant that crashes or hangs takes no other one along. The parent never enters
 * a parallel region before it forks; OpenMP would not survive that. */
#ifndef EXK_VERIFY_CHILD_H
#define EXK_VERIFY_CHILD_H

#include "harness/verify_run.h"

#include <sys/types.h>

typedef enum verify_event {
    VERIFY_CASE,     /* a problem is there: name, n, d, k */
    VERIFY_STANDARD, /* the reference has solved it, or failed: verdict */
    VERIFY_STARTED,  /* a variant starts on it */
    VERIFY_ENDED,    /* and ends: verdict */
    VERIFY_FAULT,    /* the process dies of a memory access: verdict.why */
    VERIFY_DONE      /* nothing is left to do: code */
} verify_event;

/* What a child tells its parent. */
typedef struct verify_message {
    verify_event event;
    int number, variant, setup; /* case, index among the selected variants, index of verify_setups */
    verify_kind kind;
    char name[64];
    exk_shape shape;
    bool is_standard; /* there is something to compare with */
    verify_verdict verdict;
    int code; /* an exit_code */
} verify_message;

typedef struct verify_child {
    pid_t pid;
    int pipe;
    bool asked_to_stop;
} verify_child;

/* Run body(pipe, user) in a new process; false if there can be none. */
typedef void (*verify_body)(int pipe, const void *user);
bool verify_child_start(verify_child *child, verify_body body, const void *user);

/* In the child. */
void verify_tell(int pipe, const verify_message *message);

/* In the parent: the next message. An interrupt is passed on; the child is expected to end soon. */
typedef enum verify_heard { VERIFY_HEARD, VERIFY_SILENCE, VERIFY_HANGS } verify_heard;
verify_heard verify_child_hear(verify_child *child, double patience, verify_message *message);

/* Wait for the end of a child, or bring it about. False, and how, if it did not end by itself and well. */
bool verify_child_end(verify_child *child, bool stop, char *how, size_t size);

#endif
