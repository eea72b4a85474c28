/* What the files of `exakt compare` share. rivals.c leads, rivals_entries.c says who takes part, rivals_run.c has
 * them solve the problem, rivals_judge.c looks at what they found, rivals_report.c tells, rivals_record.c writes,
 * rivals_setup.c has to do with Python. docs/compare.md has the rules. */
#ifndef EXK_RIVALS_H
#define EXK_RIVALS_H

#include "harness/measure.h"
#include "harness/rival_process.h"
#include "harness/run.h"
#include "tuner/fingerprint.h"
#include "tuner/stats.h"

#include <limits.h>
#include <stdio.h>

enum { RIVAL_WHY = 400, RIVAL_WORD = 160, RIVAL_ARGUMENTS = 6, RIVAL_FOLDER = PATH_MAX - 64 };

/* Of medians and ratios. */
extern const double rivals_level;

typedef enum entry_state {
    ENTRY_WAITING, /* has solved nothing yet */
    ENTRY_READY,
    ENTRY_MISSING, /* not installed; why has the command that installs it */
    ENTRY_FAILED   /* why says how */
} entry_state;

/* What a solution is worth, by our own arithmetic. */
typedef struct outcome {
    int64_t iterations;
    double inertia;   /* of its labels and its centroids */
    int64_t wrong;    /* labels of which another of its centroids is nearer */
    int64_t tied;     /* labels of which another, lower one is just as near */
    uint64_t hash[2]; /* of what was judged: labels and centroids */
} outcome;

/* One of those that are compared: a variant of ours, or another program. */
typedef struct rival_entry {
    struct rivals *all;
    char name[RIVAL_WORD];
    entry_state state;
    char why[RIVAL_WHY];
    double warm_wall; /* seconds of the first fit with all around it */

    const exk_variant *variant; /* NULL: another program */
    exk_plan plan;
    const char *plan_source;
    exk_result *result; /* not yet judged */

    char *arguments[RIVAL_ARGUMENTS]; /* of the process, ended by NULL */
    rival_process process;
    char library[RIVAL_WORD], blas[RIVAL_WORD], note[RIVAL_WORD];
    const char *forced_core; /* OPENBLAS_CORETYPE in its environment; NULL: its own choice */
    bool converges;          /* knows by itself when to end */
    char labels[PATH_MAX], centroids[PATH_MAX], log[PATH_MAX]; /* files that it writes */

    int64_t iterations;   /* of the fit that waits to be judged */
    int64_t peak_bytes;   /* resident at most while it ran; -1: unknown */
    int64_t beside_bytes; /* of them, what was not there before its first fit */
    int64_t base_bytes;
    outcome warm;      /* of the first fit, which is not timed */
    outcome *outcomes; /* of the samples */
    int judged, room;
} rival_entry;

typedef struct rivals {
    const settings *s;
    run problem;
    float *start; /* k x d: where everybody starts */
    bool is_first_start;
    const exk_variant *judge;
    rival_entry *entries; /* the first is what the others are compared with */
    int count, room;
    measure measure; /* candidate i is entry i */
    int *cpus;       /* of the threads; NULL: unknown */
    cpu_set_t mask;  /* the same, for other processes */
    int threads;
    int64_t iterations; /* of a fit at most */
    int samples;
    double planned_seconds;
    char folder[RIVAL_FOLDER], points_file[PATH_MAX], start_file[PATH_MAX];
    bool wrote_points;
    char **environment;
    char python[PATH_MAX], driver[PATH_MAX];
    FILE *out; /* for people */
    char started[32];
    exk_fingerprint machine;
    bool stopped; /* by the user */
} rivals;

/* rivals_setup.c: the Python to use and the driver of the libraries; "" where there is none. Make the environment
 * for --setup and install what is missing in it. */
void rivals_find_python(rivals *r);
exit_code rivals_setup(const settings *s);

/* rivals_entries.c: does --with, --rival, --variants make sense? Then the entries and what they need. */
exit_code rivals_check_names(const settings *s);
exit_code rivals_lay_out(rivals *r);
void rivals_free_entries(rivals *r);

/* From now on, processes are started with this OPENBLAS_CORETYPE; NULL: without. */
void rivals_force_core(rivals *r, const char *core);

/* rivals_run.c: start an entry, have it solve the problem once, untimed, and judge that. */
void rivals_warm_up(rival_entry *e);

/* A measure_candidate's run; user: a rival_entry. The solution waits to be judged. */
bool rivals_sample(void *user, double *seconds);

/* End its process, if it has one. */
void rivals_dismiss(rival_entry *e);

/* A measure_gauge's read: multiply-adds a second on all threads; user: the rivals. */
double rivals_read_ceiling(void *user);

void rivals_fail(rival_entry *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* rivals_judge.c: false: it is no solution, and the entry has failed. */
bool rivals_judge(rival_entry *e, outcome *o);

/* What the samples of an entry say. NAN where there are none. */
typedef struct rival_figures {
    int samples;
    double median;
    stats_interval interval;       /* of the median */
    double ratio;                  /* to the first entry: median over the rounds */
    stats_interval ratio_interval; /* of it */
    double inertia;                /* median over the samples, or of the warm-up */
    int64_t iterations;            /* likewise */
    int64_t wrong, tied;           /* the most */
} rival_figures;
rival_figures rivals_figures(const rival_entry *e);
const measure_candidate *rivals_samples(const rival_entry *e);

/* rivals_report.c: the tables. */
void rivals_print_head(const rivals *r);
void rivals_print_table(const rivals *r);

/* rivals_record.c: the JSON and CSV files, as far as they were asked for. */
exit_code rivals_write(const rivals *r);

#endif
