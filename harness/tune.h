/* What the files of `exakt tune` share. tune.c leads, tune_space.c says which plans there are, tune_case.c
 * measures them, tune_log.c keeps what was measured, tune_report.c tells. */
#ifndef EXK_TUNE_H
#define EXK_TUNE_H

#include "datasets/datasets.h"
#include "harness/cli.h"
#include "harness/counts.h"
#include "harness/tune_log.h"
#include "tuner/plan.h"
#include "tuner/planning.h"
#include "tuner/search.h"

/* The variants to choose from and, for each, the values that its tunables may take. */
typedef struct tune_space {
    const exk_variant **variants; /* one for each arm */
    exk_arm *arms;
    int count;
} tune_space;

/* Neighbours on an axis differ by this factor. */
extern const double tune_axis_ratio;

/* Of variants that skip and others only the others are left, if there are any: they cannot be compared by a pass.
 * Returns how many. */
int tune_choose_variants(const exk_variant **variants, int count);

/* Values rise by a factor of `ratio` from the least to what the shape can use; the model's own are among them. */
exit_code tune_space_create(tune_space *space, const exk_topology *topology, const exk_variant *const *variants,
                            int variant_count, const exk_shape *shape, int threads, double ratio);
void tune_space_free(tune_space *space);

/* The arm of the variant that "auto" stands for, or -1: its seed is what a run takes that knows no profile. */
int tune_prior(const tune_space *space, const exk_shape *shape);

/* The plan of a choice. */
exk_plan tune_plan(const tune_space *space, const exk_topology *topology, const exk_search *search,
                   const exk_choice *choice, const exk_shape *shape, int threads);

/* The choice nearest to a plan; false if its variant is no arm. */
bool tune_choice(const tune_space *space, const exk_plan *plan, exk_choice *choice);

/* One shape on a number of threads: points to measure with, centroids, and the right labels. */
typedef struct tune_case {
    const settings *s;
    const char *input; /* as it was given: a file, a generator or NxDxK */
    bool generated;    /* input is NxDxK */
    exk_shape shape;
    int threads;
    const exk_topology *topology;
    double window; /* seconds that a sample should take at least */

    exk_dataset *data; /* NULL until something has to be measured */
    float *rows;       /* a sample of a file that has more points than are needed, or NULL */
    exk_points points; /* to measure with; maybe fewer than the shape has */
    float *centroids;  /* k x d */
    int32_t *labels;   /* of points, proven as far as `proven` by naive scalar code */
    int64_t proven;
    int32_t *fit_labels; /* of points after a few iterations, for variants that skip; NULL until one is measured */
    int64_t usual_points; /* that a pass of a sample takes, about: several passes fill the window */
} tune_case;

/* Whether text is meant as NxDxK; if so, and if it is one, shape is set. */
bool tune_is_shape(const char *text);
exit_code tune_parse_shape(const char *text, exk_shape *shape);

/* How many points and dimensions an input has. */
exit_code tune_look_at(const settings *s, const char *input, exk_shape *shape);

/* Get points, centroids and labels, unless they are there. EXK_STOPPED if the user wants it. */
exk_status tune_case_prepare(tune_case *c, const tune_space *space, exk_error *error);
void tune_case_end(tune_case *c);

/* For the whole program: memory that was freed stays mapped, since a pass must not pay for pages that a longer run
 * touches once. */
void tune_keep_memory(void);

/* One sample: passes of a plan over points of the case, until the window is full. Every label is compared. False,
 * and why, if it is wrong or cannot be had; why is "" if the user stopped it. */
typedef struct tune_sample {
    double seconds; /* of a pass over all points of the shape */
    int64_t points; /* of a pass measured */
    int repeats;
    bool differs;
    char why[400];
} tune_sample;
bool tune_measure(const tune_case *c, const exk_plan *plan, bool screening, tune_sample *sample);

/* Count an iteration of a plan on the points of the case, those after the first of a short fit, into a table that
 * was made for these counters. The case is prepared. False: it could not be run, or memory is short. */
bool tune_count(const tune_case *c, const exk_plan *plan, const exk_counters *counters, count_table *table);

/* Where plans are measured, or what was measured of them is taken from the log. */
typedef struct tune_run {
    const settings *s;
    tune_space space;
    tune_case points;
    exk_search search;
    tune_log *log;      /* NULL: nothing is kept */
    tune_record *past;  /* rounds to be replayed; owned */
    int past_count;     /* 0 once the search has gone beyond them */
    int replayed, live; /* rounds */
    int differing;      /* plans whose labels were wrong */
    int unable;         /* plans that could not be run */
    char why[400];      /* of the last such plan */
    bool *checked;      /* trials whose labels were compared before any time counted */
    int checked_room;
    int samples, disturbed;
    exk_error error;
    double started;
} tune_run;

/* An exk_measure_fn; user: a tune_run. */
bool tune_measure_round(const exk_search *search, const int *trials, int count, double *seconds, double *cost,
                        void *user);

/* Of these records, those of the last search like this one become the past of a run. */
void tune_find_past(tune_run *r, const tune_record *records, int count, const tune_record *like);

/* All of the past into the search, which has begun, without measuring anything. False if there is nothing. */
bool tune_recall(tune_run *r);

/* What a search that has chosen found, as a profile keeps it. */
exk_profile_entry tune_entry(const tune_run *r);

/* tune_report.c: where the search stands, on stderr if that is a terminal; "" clears the line. */
void tune_show(const settings *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "point_tile 48, centroid_tile 8, depth_tile 64": the fields that the variant reacts to. Returns text. */
char *tune_plan_text(const exk_variant *variant, const exk_plan *plan, char *text, size_t size);

/* tune_count.c: what the counters say of the chosen plan, for --counters. */
exit_code tune_count_chosen(tune_run *r, const exk_plan *plan, const exk_fingerprint *machine);

/* The outcome of one shape. kept: the trial of the plan that the profile had, or -1. */
void tune_print_outcome(const tune_run *r, exk_ending ending, int kept);

#endif
