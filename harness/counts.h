/* What was counted of something, by whom, and what could not be: as it is kept, written and shown. */
#ifndef EXK_COUNTS_H
#define EXK_COUNTS_H

#include "tuner/counters.h"
#include "tuner/json.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { COUNT_SAMPLES = 8, COUNT_WORD = 24, COUNT_SCOPE = 240 };

/* One event. Values are of one iteration, all threads together. */
typedef struct counted {
    char group[COUNT_WORD], provider[COUNT_WORD], event[EXK_COUNTER_NAME], native[EXK_COUNTER_NATIVE];
    exk_count_status status;
    double value; /* the median of the samples; NAN: unknown */
    double sample[COUNT_SAMPLES];
    int samples;
    bool failed;               /* some sample was unknown */
    char why[EXK_COUNTER_WHY]; /* it is unknown; else "" */
} counted;

typedef struct count_table {
    counted *list;
    int count;
    char scope[COUNT_SCOPE]; /* what was counted, in words */
    char as[64];             /* in its place, if it was something else: "as fused__avx2, n = 2000"; not written */
} count_table;

/* What the option --counters of bench and tune was given: "auto", "papi", "perf", "simulated" or "none". */
const char *counts_source(int choice);

/* A row for each of the chosen events, none of them counted yet. False: memory is short. Free with counts_free. */
bool counts_create(count_table *table, const exk_counters *counters);
void counts_free(count_table *table);

/* One more sample of the events of a group: counts has one for each event of the table, and they are of so many
 * iterations. An event that one sample does not know is unknown; one whose count is unknown without a reason was
 * not counted now and stays as it is. */
void counts_add(count_table *table, const char *group, const exk_count *counts, double iterations);

/* The event of that name if its value is known, else NULL. */
const counted *counts_find(const count_table *table, const char *event);

/* How many events are known. */
int counts_known(const count_table *table);

/* As members `counters` (an array) and `counters_of` of an object; and back. Reading frees nothing on failure. */
void counts_write(json *node, const count_table *table);
bool counts_read(const json *node, count_table *table, json_source *source);

/* The columns of counts_columns, each with a comma before it; a line for each sample, or one for what is unknown:
 * `begin` writes the start of every line. */
extern const char counts_columns[];
void counts_put(FILE *out, const count_table *table, void (*begin)(FILE *out, const void *user), const void *user);

/* "~1.23e+06": ~ for what was scaled; "NA". */
const char *count_text(const counted *c, char text[32]);

/* For people: groups nothing of which is known, with the reason, one line for each reason. */
void counts_print_unknown(FILE *out, const count_table *table, const char *indent);

#ifdef __cplusplus
}
#endif

#endif
