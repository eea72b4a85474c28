/* All ceilings of this machine: multiply-adds per ISA, reads per level of memory, for several numbers of threads.
 */
#ifndef EXK_SURVEY_H
#define EXK_SURVEY_H

#include "tuner/record.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A rate (operations or bytes a second): the median of the samples, and the quartiles around it. */
typedef struct exk_spread {
    double median, low, high;
} exk_spread;

/* Reads of a working set of so many bytes in each thread. */
typedef struct exk_curve_point {
    int64_t bytes;
    exk_spread rate;
} exk_curve_point;

/* Where a curve falls: the largest set before and the smallest after, and where the rate is the geometric mean of
 * both sides. */
typedef struct exk_step {
    int64_t from, to, at;
    double before, after; /* rates */
} exk_step;

/* What the curve says of a reported size. */
typedef enum exk_verdict {
    EXK_SIZE_CONFIRMED, /* the curve falls there */
    EXK_SIZE_EARLIER,   /* it falls before */
    EXK_SIZE_LATER,     /* it falls beyond */
    EXK_SIZE_UNSEEN,    /* it does not fall near it */
    EXK_SIZE_MEASURED,  /* nothing is reported; it falls at `at` */
    EXK_SIZE_MEMORY,    /* no cache: what lies beyond them */
    EXK_VERDICTS
} exk_verdict;

typedef struct exk_level {
    char name[8];     /* "L1d", "L2", "L3", "memory" */
    int64_t reported; /* bytes that one of the threads may use, says the system; 0: unknown */
    int64_t believed; /* bytes it may use, says the curve; 0: no such cache, as far as a thread can tell */
    exk_verdict verdict;
    exk_step step;   /* all 0 if none was found */
    int64_t bytes;   /* the working set that was measured, well inside; 0: none fits between the levels */
    exk_spread rate; /* of all threads together */
} exk_level;

typedef struct exk_flops {
    char isa[16];
    exk_spread rate;
} exk_flops;

enum {
    EXK_SURVEY_PARTS = 32,
    EXK_SURVEY_THREADS = 4096,
    EXK_SURVEY_ISAS = 8,
    EXK_SURVEY_POINTS = 80,
    EXK_SURVEY_LEVELS = EXK_TOPOLOGY_LEVELS + 1,
    EXK_SURVEY_STEPS = 16
};

/* The ceilings for one number of threads. */
typedef struct exk_survey_part {
    int threads;
    bool quick;
    char measured[EXK_TIME_ROOM]; /* when */
    int isas, points, levels;
    exk_flops flops[EXK_SURVEY_ISAS];
    exk_curve_point curve[EXK_SURVEY_POINTS];
    exk_level level[EXK_SURVEY_LEVELS];
} exk_survey_part;

/* Parts by rising number of threads, each number once. */
typedef struct exk_survey {
    exk_fingerprint machine;
    char build[EXK_HASH_ROOM];
    int parts;
    exk_survey_part part[EXK_SURVEY_PARTS];
} exk_survey;

/* A survey of this machine and build without any part. */
void exk_survey_begin(const exk_topology *topology, exk_survey *survey);

/* The part for so many threads; NULL if there is none. */
const exk_survey_part *exk_survey_find(const exk_survey *survey, int threads);

/* Put a part in, in the place of one for as many threads. False if there is no room. */
bool exk_survey_put(exk_survey *survey, const exk_survey_part *part);

typedef struct exk_survey_options {
    bool quick;      /* a second instead of ten; sets of 256 MiB at most */
    const int *stop; /* read between samples, like exk_options_set_stop_flag's; may be NULL */
    void (*progress)(const char *stage, int threads, void *user); /* called before each stage; may be NULL */
    void *user;
} exk_survey_options;

/* Measure the ceilings of `threads` threads. The topology must be that of this system, or have no handle.
 * EXK_STOPPED if the stop flag ended it; the part is then of no use. */
exk_status exk_survey_take(const exk_topology *topology, int threads, const exk_survey_options *options,
                           exk_survey_part *part, exk_error *error);

/* "confirmed", "earlier", ...: the word for a verdict in files. */
const char *exk_verdict_name(exk_verdict verdict);

/* Where the curve falls by a fifth or more, in rising order; at most EXK_SURVEY_STEPS. */
int exk_curve_steps(const exk_curve_point *curve, int points, exk_step steps[EXK_SURVEY_STEPS]);

/* Which cache sizes the curve of part->threads threads confirms: fills levels, level (but not its rates). */
void exk_survey_judge(const exk_topology *topology, exk_survey_part *part);

#ifdef __cplusplus
}
#endif
#endif
