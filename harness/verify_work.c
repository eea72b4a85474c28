#include "harness/verify_work.h"
#include "harness/interrupt.h"
#include "harness/report.h"

#include <stdio.h>
#include <string.h>

enum { INPUT_ITERATIONS = 20 };

static exit_code open_input(const settings *s, verify_opened *opened) {
    exit_code code = run_load(&opened->input, s);
    if (code != CLI_OK)
        return code;
    const exk_shape *shape = &opened->input.shape;
    if (s->k > shape->n)
        return fail(CLI_USAGE, "-k: %lld clusters for %lld points; use at most %lld", (long long)s->k,
                    (long long)shape->n, (long long)shape->n);
    opened->problem = (verify_problem){.kind = VERIFY_FIT,
                                       .points = opened->input.data->points,
                                       .k = s->k,
                                       .max_iter = INPUT_ITERATIONS,
                                       .init = EXK_INIT_KMEANSPP,
                                       .seed = s->seed};
    snprintf(opened->problem.name, sizeof opened->problem.name, "%s", s->positional[0]);
    return CLI_OK;
}

exit_code verify_open(const settings *s, int number, verify_opened *opened) {
    *opened = (verify_opened){0};
    if (number == 0)
        return open_input(s, opened);
    if (verify_case_build(number, s->seed, &opened->problem) != EXK_OK)
        return fail(CLI_LIMIT, "case %d: out of memory", number);
    return CLI_OK;
}

void verify_close(verify_opened *opened) {
    verify_problem_free(&opened->problem);
    run_end(&opened->input);
}

static verify_message message_about(verify_event event, const verify_problem *p) {
    verify_message message = {
        .event = event, .number = p->number, .kind = p->kind, .shape = {p->points.n, p->points.d, p->k}};
    memcpy(message.name, p->name, sizeof message.name);
    return message;
}

static void run_variant(int pipe, const verify_work *work, const verify_problem *p,
                        const verify_standard *standard, int variant, int first_setup) {
    verify_message message = message_about(VERIFY_STARTED, p);
    message.variant = variant;
    for (int i = first_setup; i < VERIFY_SETUPS && !interrupted(); i++) {
        if (work->s->quick && !verify_setups[i].quick)
            continue;
        message.event = VERIFY_STARTED;
        message.setup = i;
        verify_tell(pipe, &message);
        message.verdict = verify_run(p, standard, work->variants[variant], &verify_setups[i]);
        message.event = VERIFY_ENDED;
        if (!interrupted())
            verify_tell(pipe, &message);
    }
}

/* By all variants from work->from.variant on if this is the case to go on with. */
static void run_variants(int pipe, const verify_work *work, const verify_problem *p,
                         const verify_standard *standard) {
    bool goes_on = p->number == work->from.number;
    for (int i = goes_on ? work->from.variant : 0; i < work->count && !interrupted(); i++) {
        exk_shape shape = {p->points.n, p->points.d, p->k};
        bool fits = exk_variant_fits(work->variants[i], &shape) &&
                    (p->kind == VERIFY_KERNEL || p->points.stride <= work->variants[i]->limits.d_max);
        if (fits && !work->dropped[i])
            run_variant(pipe, work, p, standard, i, goes_on && i == work->from.variant ? work->from.setup : 0);
    }
}

static void run_problem(int pipe, const verify_work *work, const verify_problem *p) {
    verify_message message = message_about(VERIFY_CASE, p);
    verify_standard standard;
    verify_tell(pipe, &message);
    message.event = VERIFY_STANDARD;
    message.is_standard = verify_standard_create(p, &standard, message.verdict.why, sizeof message.verdict.why);
    message.verdict.passed = message.is_standard && (standard.truth || standard.reference.accepted);
    if (message.is_standard && !message.verdict.passed)
        snprintf(message.verdict.why, sizeof message.verdict.why, "%s", standard.reference.why);
    if (!interrupted())
        verify_tell(pipe, &message);
    if (message.is_standard)
        run_variants(pipe, work, p, &standard);
    verify_standard_free(&standard);
}

static exit_code run_number(int pipe, const verify_work *work, int number) {
    verify_opened opened;
    exit_code code = verify_open(work->s, number, &opened);
    if (code == CLI_OK)
        run_problem(pipe, work, &opened.problem);
    verify_close(&opened);
    return code;
}

static bool is_wanted(const settings *s, int number) {
    if (s->case_number)
        return number == s->case_number;
    return !s->quick || verify_case_is_quick(number);
}

void verify_work_through(int pipe, const void *user) {
    const verify_work *work = user;
    verify_message done = {.event = VERIFY_DONE};
    if (work->s->positionals) {
        done.code = run_number(pipe, work, 0);
    } else {
        int count = verify_case_count();
        for (int number = work->from.number; number <= count && done.code == CLI_OK && !interrupted(); number++)
            if (is_wanted(work->s, number))
                done.code = run_number(pipe, work, number);
    }
    verify_tell(pipe, &done);
}
