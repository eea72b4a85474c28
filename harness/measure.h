/* Paired, interleaved measurement. Knows nothing of what is measured: a candidate is something that runs and says
 * how long it took, a gauge something that says how fast the machine is just now.
 *
 * A round measures every candidate once, in an order drawn anew for each round, so that a disturbance or a drift
 * hits all alike. The gauge of a candidate is read right before and right after it. All samples are kept;
 * measure_judge marks those that something disturbed. */
#ifndef EXK_MEASURE_H
#define EXK_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum measure_flag {
    MEASURE_STOLEN = 1 << 0,    /* the hypervisor ran someone else on our CPUs */
    MEASURE_PREEMPTED = 1 << 1, /* the kernel ran someone else on our CPUs */
    MEASURE_FAULTED = 1 << 2,   /* pages came from disk, or far more than usual were new */
    MEASURE_SLOWED = 1 << 3     /* the gauge fell: the clock was lowered, or a neighbour took the core's units */
} measure_flag;
enum { MEASURE_FLAGS = 4 };

/* "stolen", ...: of bit number `index`. */
const char *measure_flag_name(int index);

typedef struct measure_sample {
    int round, position;  /* position in the order of its round, from 0 */
    double seconds;       /* as the candidate says */
    double wall;          /* of the whole call */
    double before, after; /* of the gauge; NAN without one */
    double gauge;         /* median of the readings of this gauge in this round; set by measure_judge */
    double stolen;        /* seconds, in steps of the kernel's clock tick; NAN: unknown */
    double waited;        /* seconds that our threads were runnable and did not run; NAN: unknown */
    int64_t switches;     /* involuntary context switches */
    int64_t minor_faults, major_faults;
    unsigned flags; /* measure_flag; set by measure_judge */
} measure_sample;

typedef struct measure_gauge {
    double (*read)(void *user); /* a rate: more is faster */
    void *user;
} measure_gauge;

typedef struct measure_candidate {
    /* Do the work once. False: there is no sample, and the candidate is dropped unless the stop flag is set. */
    bool (*run)(void *user, double *seconds);
    void *user;
    int gauge;       /* index; -1: none */
    int threads;     /* that work at a time */
    const int *cpus; /* where, for the time stolen; NULL: all that are allowed */
    int cpu_count;
    int pid;      /* the process that works, which may be disturbed; 0: this one */
    bool dropped; /* not measured any more; the caller may set it between rounds */
    measure_sample *samples;
    int count, capacity;
} measure_candidate;

typedef struct measure {
    measure_candidate *candidates;
    int count;
    measure_gauge *gauges;
    int gauge_count;
    uint64_t seed;   /* of the orders */
    const int *stop; /* nonzero ends the round; NULL: nothing does */
    void (*progress)(const struct measure *m, int candidate, void *user); /* before each sample; may be NULL */
    void *user;
    int rounds;     /* so far */
    int last_gauge; /* what was read last, and when nothing has run since; -1: none */
    double last_reading;
} measure;

/* Ready for the first round; candidates and gauges stay the caller's, their samples are freed by measure_end. */
void measure_begin(measure *m);
void measure_end(measure *m);

/* One round. False if it was stopped or memory is short; what was measured until then is kept. */
bool measure_round(measure *m);

/* Give every sample the gauge of its round, and flags. Call it when the last round is over, or again later. */
void measure_judge(measure *m);

/* How far the gauge of the rounds moved: (largest - smallest) / median; 0 with fewer than two rounds. */
double measure_drift(const measure *m, int gauge);

/* The median over the rounds of the gauge; NAN if it was never read. */
double measure_gauge_median(const measure *m, int gauge);

#ifdef __cplusplus
}
#endif

#endif
