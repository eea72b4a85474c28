/* The two halves of `exakt explain`: explain.c gathers and computes, explain_text.c tells. */
#ifndef EXK_EXPLAIN_H
#define EXK_EXPLAIN_H

#include "harness/kept_counts.h"
#include "harness/tune.h"
#include "tuner/survey.h"

/* Levels a value may be read from. */
enum { EXPLAIN_LEVELS = EXK_TOPOLOGY_LEVELS + 1, EXPLAIN_USES = 8, EXPLAIN_NEIGHBOURS = 64 };

/* Something that a pass uses again and again, and the nearest level that holds it. */
typedef struct explain_use {
    const char *what, *formula;
    double bytes;
    int level; /* 0: L1d ... 3: memory */
} explain_use;

/* What a pass takes at least, by each part of the machine. */
typedef struct explain_bound {
    double flops;                 /* operations */
    double compute;               /* seconds; NAN: ceiling unknown */
    double bytes[EXPLAIN_LEVELS]; /* read from each level */
    double read[EXPLAIN_LEVELS];  /* seconds; NAN likewise */
    double seconds;               /* the largest of these; NAN: none is known */
    int binding;                  /* the level that it comes from; -1: the multiply-adds */
} explain_bound;

typedef struct explanation {
    const settings *s;
    const char *input;
    exk_shape shape;
    int threads;
    exk_topology topology;
    const exk_variant *variant;
    exk_plan model, used; /* the cache model's plan; what a run would take */
    const char *model_source, *used_source;
    exk_plan_reason reason;
    explain_use use[EXPLAIN_USES];
    int uses;
    exk_survey *survey;                   /* NULL: no ceilings are kept */
    const exk_survey_part *part;          /* of it, for these threads; or NULL */
    explain_bound bound;                  /* of the used plan */
    tune_run run;                         /* what was measured; search.best is -1 if nothing was */
    kept_counts kept;                     /* what counters said of the plan, if any */
    char uncounted[EXK_COUNTER_WHY + 64]; /* why there is nothing; "" if there is, or nobody asked */
    int seed, chosen; /* trials: the model's plan and the one that a run takes; -1: not measured */
} explanation;

/* The least that a pass takes by the ceilings, for a plan of the variant. */
explain_bound explain_bound_of(const explanation *e, const exk_plan *plan);

/* Lines that a pass has to fetch into each level from farther away, by the model, for what was counted. */
void explain_expected_lines(const explanation *e, double lines[EXK_TOPOLOGY_LEVELS]);

/* The share of a level that one core may count on. */
int64_t explain_room(const explanation *e, int level);

extern const char *const explain_level_name[EXPLAIN_LEVELS];

void explain_print(const explanation *e);
exit_code explain_json(const explanation *e);

/* explain_map.c: the heat map of --heat-map, and the table that it is drawn from. */
exit_code explain_map_check(const settings *s);
exit_code explain_map(const explanation *e);

#endif
