/* Another program, kept as a process and asked line by line. It is stopped (SIGSTOP) while nobody waits for its
 * answer, so that threads of it that spin take nothing from what is measured meanwhile; and it ends when this
 * program ends, however that happens. */
#ifndef EXK_RIVAL_PROCESS_H
#define EXK_RIVAL_PROCESS_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { RIVAL_LINE = 2048 };

typedef struct rival_process {
    pid_t pid; /* 0: none */
    int requests, answers;
    char held[RIVAL_LINE]; /* of the next answer, so far */
    size_t length;
    const char *log;
} rival_process;

typedef struct rival_launch {
    char *const *arguments; /* a path first */
    char *const *environment;
    const cpu_set_t *cpus;
    const char *log; /* file for its stderr; kept as long as the process */
} rival_launch;

/* False, and why, if there can be no process. A program that cannot be started shows by its first answer. */
bool rival_start(rival_process *p, const rival_launch *launch, char *why, size_t size);

/* Send a line, wait for one line at most so many seconds, or until interrupted(). Both without their line break.
 * False, and why, if no proper line came; then the process is of no use any more. */
bool rival_ask(rival_process *p, const char *request, double seconds, char answer[RIVAL_LINE], char *why,
               size_t size);

/* Let it end, or bring its end about. */
void rival_end(rival_process *p);

/* What others wrote, fit to be shown in a line: at most size - 1 printable characters. */
void rival_printable(const char *text, char *shown, size_t size);

#ifdef __cplusplus
}
#endif

#endif
