/* Which plan is fastest: a search that spends measurements where they tell most. It knows no clock and no k-means;
 * a callback measures, so that a search can be tested on a made-up landscape and replayed from a file.
 *
 * A plan is a variant (an arm) and one value of each of its tunables (a place on each axis). The search begins
 * with a seed for each arm. It drops slow arms, then moves along the axes: the neighbours of the best place
 * contend in rounds, the slower half leaving after each (successive halving; Jamieson & Talwalkar, Non-stochastic
 * best arm identification and hyperparameter optimization, AISTATS 2016). A round measures all who contend once,
 * interleaved, so that times of one round can be compared even if the machine was slower in another. At last the
 * fastest few contend until their intervals are narrow. Those that cannot be told apart from the fastest are ties,
 * and of them the one with the smallest tiles is chosen: it leaves most of the caches to others. Where noise is so
 * large that ties mean little, what was the best guess at first is chosen, unless it is beaten all the same. */
#ifndef EXK_SEARCH_H
#define EXK_SEARCH_H

#include "kernels/variant.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { EXK_AXIS_MOST = 64 };

/* The values of one tunable, rising; none if the arm does not have it. */
typedef struct exk_axis {
    int64_t value[EXK_AXIS_MOST];
    int count;
    int seed;      /* the place to begin at */
    double weight; /* bytes of cache that a unit of the value takes; to tell small plans from large ones */
} exk_axis;

typedef struct exk_arm {
    exk_axis axis[EXK_FIELD_COUNT];
} exk_arm;

typedef struct exk_choice {
    int arm;
    int at[EXK_FIELD_COUNT]; /* places on the axes; 0 on one without values */
} exk_choice;

/* A choice and what was measured of it. */
typedef struct exk_trial {
    exk_choice choice;
    bool failed;         /* it could not be measured; it is not asked for again */
    int *round;          /* of each sample */
    double *seconds;     /* likewise */
    int count, capacity; /* samples */
    double level;        /* median of the samples, each brought to what a usual round would have given */
    double low, high;    /* its interval; both the level where one sample is all there is */
    bool tied;           /* not to be told apart from the fastest */
} exk_trial;

typedef enum exk_stage {
    EXK_STAGE_ARMS,
    EXK_STAGE_NEAR,
    EXK_STAGE_FINAL,
    EXK_STAGE_GRID,    /* not of a search: whole grids */
    EXK_STAGE_COMPARE, /* likewise: plans that were chosen in different ways */
    EXK_STAGES
} exk_stage;

typedef enum exk_ending {
    EXK_ENDED_WELL,   /* nothing better is near */
    EXK_ENDED_BUDGET, /* it was spent */
    EXK_ENDED_STOP,   /* the callback wanted it */
    EXK_ENDED_FAILED  /* nothing could be measured, or memory is short */
} exk_ending;

struct exk_search;

/* Measure the trials once, interleaved: seconds[i] of trials[i], NAN if it cannot be. *cost is what that took, in
 * the units of the budget. False: stop; the round does not count. */
typedef bool (*exk_measure_fn)(const struct exk_search *search, const int *trials, int count, double *seconds,
                               double *cost, void *user);

typedef struct exk_search {
    /* To be set before exk_search_begin. */
    const exk_arm *arms;
    int arm_count;
    double budget; /* rounds begin as long as less than this was spent */
    exk_measure_fn measure;
    void *user;

    /* May be set between exk_search_begin and exk_search_run; -1: none. */
    int kept; /* a trial that is compared with the fastest at last */
    /* The arm whose seed is the best guess before anything is measured: it is in nearly every round, and chosen
     * where noise hides whether another is faster. */
    int prior;

    exk_trial *trials;
    int count, capacity;
    int rounds;
    double spent;
    exk_stage stage;
    int best;     /* trial with the lowest level; -1: nothing was measured */
    int chosen;   /* of those tied with it, see above; -1 likewise */
    int ties;     /* trials that are tied, the best included */
    double noise; /* half the width of the best trial's interval, as a share of its level */
    bool no_memory;
} exk_search;

/* The word for a stage in files: "arms", "near", "final", "grid", "compare". */
const char *exk_stage_name(exk_stage stage);

/* Ready to run, the seeds being the first trials. False if memory is short. */
bool exk_search_begin(exk_search *search);
void exk_search_free(exk_search *search);

/* One more place to begin at: a plan from elsewhere. Its trial, or -1 if memory is short. */
int exk_search_add(exk_search *search, const exk_choice *choice);

/* Search until nothing better is near, the budget is spent or the callback stops it. What was measured until then
 * counts: best, chosen, ties and noise are set. */
exk_ending exk_search_run(exk_search *search);

/* One round outside of the search's own order, for whoever has plans to compare; then best and ties are up to
 * date. */
bool exk_search_round(exk_search *search, const int *trials, int count);

/* Bytes of cache that a choice takes, by the weights of its axes. */
double exk_choice_weight(const exk_search *search, const exk_choice *choice);

/* The value on an axis; 0 where there is none. */
int64_t exk_choice_value(const exk_search *search, const exk_choice *choice, exk_field field);

/* The place on an axis that is nearest, by ratio, to a value. */
int exk_axis_place(const exk_axis *axis, int64_t value);

#ifdef __cplusplus
}
#endif

#endif
