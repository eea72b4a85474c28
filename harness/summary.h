/* What a finished run looks like: for people and as a JSON record. */
#ifndef EXK_SUMMARY_H
#define EXK_SUMMARY_H

#include "harness/json.h"
#include "harness/run.h"

#include <stdio.h>

/* Billions of useful operations a second: 2nkd for every pass, whatever the variant skipped. */
double effective_gflops(const exk_shape *shape, double passes, double seconds);

/* The sum of the times of the kept run's iterations, as far as they were kept; *count says how many. */
double iterations_seconds(const exk_result *result, int64_t *count);

void summary_print(FILE *out, const run *r);

/* The record of a run; the caller adds what only its command knows, then writes it. */
json *summary_json(const run *r, const char *name);

/* The fields of a plan, into an object. */
void summary_add_plan(json *node, const exk_plan *plan);

/* Members with the seconds that each part of the iterations took. */
void summary_add_parts(json *node, const exk_parts *parts);

/* Write every output of a run and print the summary; root (NULL without --json) is consumed. */
exit_code summary_finish(const run *r, json *root);

/* Where the human summary goes: stderr when JSON takes stdout. */
FILE *summary_stream(const settings *s);

#endif
