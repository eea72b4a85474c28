/* `exakt evaluate`: evaluate.c goes through the shapes, evaluate_measure.c measures one, evaluate_judge.c says
 * what came of it, evaluate_report.c tells. */
#ifndef EXK_EVALUATE_H
#define EXK_EVALUATE_H

#include "harness/tune.h"

/* Ways to come to a plan. */
typedef enum evaluate_way {
    EVALUATE_MODEL,   /* the cache model alone */
    EVALUATE_PROFILE, /* tuned or, for shapes that were held out, the profile of the nearest tuned shape */
    EVALUATE_FIXED,   /* one configuration for all shapes: the best such */
    EVALUATE_WAYS
} evaluate_way;

/* A plan, and what a pass takes with it beside all others of its shape. */
typedef struct evaluate_plan {
    const exk_variant *variant;
    exk_plan plan;
    double seconds; /* NAN: not measured */
    double gap;     /* to the fastest plan of the shape that is known, as a share */
} evaluate_plan;

typedef struct evaluate_shape {
    exk_shape shape;
    bool held_out;
    bool is_done;  /* all three ways were measured */
    tune_run grid; /* every plan of the grid */
    int grid_plans, grid_samples;
    int fine_plans;      /* that tuning chooses from */
    double grid_seconds; /* that measuring it took */
    double tune_seconds; /* that tuning took; NAN: held out */
    int tune_plans, tune_samples;
    exk_profile_entry entry; /* what tuning found */
    evaluate_plan way[EVALUATE_WAYS];
    evaluate_plan best; /* the fastest of all plans that were compared at last */
} evaluate_shape;

typedef struct evaluation {
    const settings *s;
    exk_topology topology;
    exk_fingerprint machine;
    const exk_variant **variants, **grid_variants;
    int variant_count, grid_variant_count;
    int threads;
    evaluate_shape *shapes;
    int count;
    tune_log log;
    char session[TUNE_SESSION_ROOM];
    tune_record *past;
    int past_count;
    double window, budget; /* of a sample, and of tuning a shape */
    exk_plan fixed;        /* the one configuration */
} evaluation;

extern const char *const evaluate_way_name[EVALUATE_WAYS];

/* Rounds of the comparison at last. */
enum { EVALUATE_ROUNDS = 16 };

/* --- measuring --- */

/* Every plan of the shape's grid. Its points stay. */
exit_code evaluate_grid(evaluation *e, evaluate_shape *shape);

/* A search; what it found is the shape's entry. */
exit_code evaluate_tune(evaluation *e, evaluate_shape *shape);

/* The plans of the three ways and the fastest of the grid, side by side: fills way and best. */
exit_code evaluate_compare(evaluation *e, evaluate_shape *shape, const exk_profile *profile);

void evaluate_end_run(tune_run *r);

/* --- judging --- */

/* The fastest trials to list, at most `keep`; how many. */
int evaluate_fastest(const exk_search *s, int keep, int *list);

/* The configuration with the least loss over all shapes: better than anyone could choose without having measured
 * them all. */
void evaluate_choose_fixed(evaluation *e);

/* How far a trial is from the fastest, as a share. Which one is the fastest is found in one half of
 * EVALUATE_ROUNDS, how far another one is from it in the other half, and the other way round: to be called the
 * best by luck gains nothing. Plans that are alike have gaps around 0. */
double evaluate_gap(const exk_search *s, int trial);

/* Median, 90th percentile and largest of the gaps of a way, over shapes that are tuned, held out or (-1) both. */
typedef struct evaluate_summary {
    int shapes;
    double median, p90, most;
} evaluate_summary;
evaluate_summary evaluate_summarise(const evaluation *e, evaluate_way way, int held_out);

/* --- telling --- */

void evaluate_print_shape(const evaluate_shape *shape, int index, int count);
void evaluate_print(const evaluation *e);
exit_code evaluate_write(const evaluation *e);

#endif
