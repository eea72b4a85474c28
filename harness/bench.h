/* What the files of `exakt bench` share. bench.c leads, bench_fit.c runs k-means, bench_check.c verifies,
 * bench_plan.c decides how much to measure, bench_count.c has the machine's counters read, bench_report.c tells,
 * bench_record.c writes. */
#ifndef EXK_BENCH_H
#define EXK_BENCH_H

#include "datasets/datasets.h"
#include "harness/cli.h"
#include "harness/compare.h"
#include "harness/counts.h"
#include "harness/hash.h"
#include "harness/json.h"
#include "harness/measure.h"
#include "tuner/fingerprint.h"
#include "tuner/stats.h"

#include "kernels/variant.h"

#include <stdio.h>

enum { BENCH_WHY = 400 };

/* Of medians and of comparisons. */
extern const double bench_level;

typedef enum bench_state {
    BENCH_LEFT_OUT, /* would take absurdly long */
    BENCH_UNCHECKED,
    BENCH_VERIFIED,
    BENCH_DIFFERS, /* another result than the reference; why says where */
    BENCH_FAILED   /* no result; why says why */
} bench_state;

struct bench_group;

/* One variant on one number of threads. */
typedef struct bench_row {
    struct bench_group *group;
    const exk_variant *variant;
    exk_plan plan;
    const char *plan_source;
    bench_state state;
    char why[BENCH_WHY];
    exk_status failure;
    int *cpus;             /* where its threads run; NULL: unknown */
    double estimate;       /* seconds of an iteration, before it has been measured */
    double wall, seconds;  /* of a fit: with all that surrounds it, and its iterations alone */
    int64_t peak_bytes;    /* resident while it ran; -1: unknown */
    int64_t scratch_bytes; /* beside the points */
    int64_t left_bytes;    /* still resident when it had run */
    int64_t iterations, evaluations, ambiguous, exact; /* of a fit */
    exk_parts parts;                                   /* seconds, summed over all iterations of all samples */
    int64_t parts_iterations;                          /* so many */
    count_table counts;                                /* empty: nothing was to be counted */
} bench_row;

/* What a row is compared with: multiply-adds of an ISA on a number of threads. */
typedef struct bench_ceiling {
    const struct bench *bench;
    const char *isa;
    int threads;
    double fed_share; /* what is left of it with operands from L1; NAN: not measured */
} bench_ceiling;

/* One input and one k. */
typedef struct bench_group {
    struct bench *bench;
    const char *input;
    char note[160];
    exk_points points;
    exk_shape shape;
    float *start;       /* k x d: what every sample starts from */
    int64_t iterations; /* of a fit, at most */
    int64_t finished;   /* iterations that a fit really takes: it may converge before */
    int repeats;        /* fits in a sample; its seconds are theirs on average */
    int samples;
    double planned_seconds;
    char reference[160];  /* with what the rows were compared */
    exk_result *standard; /* what every run has to agree with */
    char labels_hash[HASH_TEXT], centroids_hash[HASH_TEXT];
    double inertia;
    int64_t base_bytes; /* resident before anything ran */
    bench_row *rows;
    bench_ceiling *ceilings;
    measure measure; /* candidate i is row i, gauge i is ceiling i */
} bench_group;

enum { BENCH_WARNINGS = 32 };

typedef struct bench {
    const settings *s;
    exk_topology topology;
    bool has_topology;
    const exk_variant **variants;
    int variant_count;
    count_list threads;
    bench_group *groups;
    int group_count, group_room;
    double read_bandwidth; /* bytes a second from memory, on the most threads; NAN: unknown */
    char *warnings[BENCH_WARNINGS];
    int warning_count;
    bool stopped; /* by the user */
    int unpinned; /* set by a thread that could not be bound */
    exk_counters counters;
    exk_counting *counting; /* while a fit is counted */
    FILE *out;              /* for people */
    char started[32];
    exk_fingerprint machine;
    results old, now;      /* of --vs; this run in the same terms */
    comparison comparison; /* of the two */
    exit_code code;        /* the first thing that went wrong */
} bench;

/* Keep a warning for the record and print it; each text once. */
void bench_warn(bench *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* bench_fit.c: at most so many iterations from g->start, without the labelling that would follow; where k exceeds
 * the points, which a part of an input can be, labels alone. EXK_OK also when it ended before it converged. */
exk_status bench_fit(const bench_group *g, const exk_plan *plan, const exk_points *points, int64_t iterations,
                     exk_result **result, exk_error *error);

/* The same for a row, on all threads it has; keeps account of its memory. False: the row has failed, or the user
 * has stopped it. */
bool bench_run_row(bench_row *r, const exk_points *points, int64_t iterations, exk_result **result);

/* Fill g->start. */
exit_code bench_choose_start(bench_group *g);

/* A measure_candidate's run; user: a bench_row. */
bool bench_sample(void *user, double *seconds);

/* A measure_gauge's read; user: a bench_ceiling. */
double bench_read_ceiling(void *user);
void bench_measure_fed(bench_group *g); /* fed_share of all ceilings */
double bench_read_bandwidth(const bench *b);

/* bench_plan.c: rows and ceilings for what was selected; the number of iterations; rows to leave out; the number
 * of samples. */
exit_code bench_lay_out(bench_group *g);
void bench_choose_iterations(bench_group *g);
void bench_leave_out(bench_group *g);
/* What checking and measuring will take, as far as the trial tells. */
double bench_expected_seconds(const bench_group *g);
void bench_choose_samples(bench_group *g);

/* bench_check.c: run every row on a small part of the points, to know how fast it is; then hold its result
 * against naive scalar code. */
exit_code bench_try(bench_group *g);
exit_code bench_verify(bench_group *g);

/* bench_count.c: choose what is counted; count it in rounds of its own; tell. */
exit_code bench_count_choose(bench *b);
void bench_count(bench_group *g);
void bench_print_counts(const bench_group *g);
void bench_count_end(bench *b);

/* After each iteration of every fit. */
void bench_count_iteration(const bench_group *g, int64_t iteration);

/* bench_figures.c: what the samples of a row say. NAN where there are none. */
typedef struct bench_figures {
    double median;           /* seconds of a fit */
    stats_interval interval; /* of that median */
    double per_iteration;
    double executed, effective; /* operations a second: of the distances computed; of 2nkd a pass */
    double ceiling, share;      /* operations a second; executed / ceiling */
    double bytes;               /* that have to be read in a fit: the points once an iteration */
    double bandwidth_share;     /* bytes / median, of the bandwidth */
    bool bandwidth_bound;       /* at the ceilings, reading would take longer than computing */
    int disturbed;              /* samples with flags */
} bench_figures;
bench_figures bench_row_figures(const bench_row *r);

/* The samples of a row. */
const measure_candidate *bench_row_samples(const bench_row *r);

/* How a row stands to the fastest one on as many threads, in times brought to one clock. */
stats_standing bench_row_standing(const bench_row *r);

/* bench_noise.c: warnings of a machine that disturbs measurements; before and after. */
void bench_warn_of_machine(bench *b);
void bench_warn_of_noise(bench_group *g);

/* bench_report.c */
void bench_print_head(const bench_group *g);
void bench_print_plan(const bench_group *g);
void bench_print_group(const bench_group *g);
void bench_print_end(const bench *b);

/* bench_vs.c: read the file of --vs; compare with it, tell, and return CLI_DIFFERS if some row is slower. */
exit_code bench_vs_read(bench *b);
exit_code bench_vs(bench *b);
/* --measured: compare two files. */
exit_code bench_vs_measured(bench *b);
void bench_vs_end(bench *b);

/* bench_record.c: the JSON and CSV files, as far as they were asked for. */
exit_code bench_write(const bench *b);

#endif
