/* What the files of `exakt reproduce` share. reproduce.c leads, reproduce_claims.c reads what is claimed,
 * reproduce_run.c has this very program measure, reproduce_measure.c takes figures from the records,
 * reproduce_judge.c says what they mean, reproduce_report.c writes. harness/claims.csv has the claims. */
#ifndef EXK_REPRODUCE_H
#define EXK_REPRODUCE_H

#include "harness/cli.h"
#include "harness/plot_sources.h"
#include "harness/table.h"

enum { CLAIM_COMMANDS = 4, CLAIM_FILES = 4, CLAIM_TEXT = 2048 };

/* A figure and, where samples give one, its interval; NAN: not known. */
typedef struct claim_value {
    double value, low, high;
} claim_value;

typedef enum claim_verdict {
    CLAIM_OPEN, /* not looked at yet */
    CLAIM_REPRODUCED,
    CLAIM_PARTLY,
    CLAIM_NOT_REPRODUCED,
    CLAIM_UNTESTABLE,
    CLAIM_RIVAL_MISSING,
    CLAIM_FAILED
} claim_verdict;

typedef struct claim {
    const table *from; /* of harness/claims.csv */
    int row;
    int64_t n, d, k;
    char command[CLAIM_COMMANDS][CLAIM_TEXT]; /* as typed behind "exakt" */
    double wall[CLAIM_COMMANDS];              /* seconds that each took */
    int commands;
    char file[CLAIM_FILES][PATH_MAX]; /* that they write */
    int files;
    char failure[CLAIM_TEXT]; /* why there is nothing to judge, or "" */
    bool selected;
    claim_value measured, over_gemm, over_naive;
    claim_verdict verdict;
    char reason[CLAIM_TEXT];
} claim;

typedef struct reproduction {
    const settings *s;
    table table;
    claim *claims;
    int count;
    int threads;
    double memory; /* bytes that this process may use */
    char isa[32], bytes_isa[32],
        bytes_skipping_isa[32]; /* the strongest for float32, for bytes, for both at once */
    bool stopped;
} reproduction;

/* A cell of the claim, and the number in it. */
const char *claim_text(const claim *c, const char *column);
double claim_real(const claim *c, const char *column);
bool claim_is_testable(const claim *c);

/* A command as people type it: with "exakt", behind what it sets in the environment. */
void claim_command(const claim *c, int index, char *text, size_t size);

/* reproduce_claims.c: read the claims, select those of --claim and fill in their shapes, commands and files. */
exit_code reproduce_read(reproduction *r);
void reproduce_end(reproduction *r);

/* reproduce_run.c: run the commands of a claim unless an earlier run has, *kept. CLI_INTERRUPTED: it is not done.
 * A command that fails makes failure. */
exit_code reproduce_run(const reproduction *r, claim *c, bool *kept);

/* Whether an earlier run has; the seconds that its commands took are taken from there. */
bool reproduce_is_done(const reproduction *r, claim *c);

/* What a missing library left undone is tried again by the next run. */
void reproduce_forget(const reproduction *r, const claim *c);

/* What speaks against a figure, beside the figure. */
typedef struct claim_doubt {
    bool missing;   /* a rival that it needs was not installed */
    bool disturbed; /* so were most samples of a row that it is of */
} claim_doubt;

/* reproduce_measure.c: what a measure of the claim says (that file has their language); NAN where it is empty or
 * cannot be had. Doubts are added to *doubt. */
claim_value reproduce_measure(const claim *c, const char *measure, claim_doubt *doubt);

/* reproduce_judge.c: all figures of a claim, the verdict and its reason. */
void reproduce_judge(claim *c);
const char *claim_verdict_name(claim_verdict verdict);

/* reproduce_report.c: the summary, after each claim; figures and reports, at the end. */
exit_code reproduce_write_summary(const reproduction *r);
exit_code reproduce_write_reports(const reproduction *r);
void reproduce_print(const reproduction *r);

/* DIR/folder/id + ending, into a buffer of PATH_MAX. */
void reproduce_path(const reproduction *r, const char *folder, const char *id, const char *ending, char *path);

#endif
