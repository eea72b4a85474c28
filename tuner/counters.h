/* What the machine counted while something ran: cache misses, stalls, page faults.
 *
 * Where counts come from is a row of a table, a provider: PAPI (hardware events), the kernel's perf_event
 * (hardware where there is a PMU, software events always), or one made up by a test. A provider names its events,
 * in groups that are counted together, and counts them for one thread. No event is trusted before it has counted a
 * known piece of work plausibly, and a count that is not known is never 0: it says why it is not known.
 *
 * Who counts: exk_counting_begin; exk_counting_thread on each thread that works (it is an exk_thread_fn);
 * exk_counting_mark to begin anew; exk_counting_take where it ends; exk_counting_end for the sums over the
 * threads. */
#ifndef EXK_COUNTERS_H
#define EXK_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    EXK_COUNTERS_MOST = 64,      /* that can be chosen together */
    EXK_COUNTER_EVENTS_MOST = 8, /* in a group */
    EXK_COUNTER_WHY = 200,
    EXK_COUNTER_NATIVE = 240,
    EXK_COUNTER_NAME = 48
};

typedef enum exk_count_status {
    EXK_COUNT_UNKNOWN = 0,
    EXK_COUNT_COUNTED,
    EXK_COUNT_MULTIPLEXED, /* the event had to share its counter: scaled from a part of the time */
    EXK_COUNT_SIMULATED
} exk_count_status;

/* "NA", "counted", "multiplexed", "simulated" */
const char *exk_count_status_name(exk_count_status status);

typedef struct exk_count {
    exk_count_status status;
    double value;              /* NAN: unknown */
    char why[EXK_COUNTER_WHY]; /* it is unknown; else "" */
} exk_count;

typedef struct exk_counter_event {
    const char *group, *name;
    double least, most; /* what exk_counters_known_work may count of it */
} exk_counter_event;

/* Grows while a set runs. enabled and running: for how long, in any unit; a difference means that the event shared
 * its counter with others. */
typedef struct exk_counter_reading {
    double value, enabled, running;
    bool scaled; /* value is scaled already for what was missed */
} exk_counter_reading;

typedef struct exk_counter_provider {
    const char *name;
    const exk_counter_event *events;
    int count;
    /* Once for the process, and its end. False: none of the events can be had, and why. */
    bool (*begin)(char *why, size_t size);
    void (*end)(void);
    /* What an event is made of on this machine; false: it is not there, and why. */
    bool (*describe)(int event, char *native, size_t room, char *why, size_t size);
    /* Begin to count events on the calling thread; NULL, and why. Never called by two threads at a time. */
    void *(*open)(const int *events, int count, char *why, size_t size);
    /* From any thread, while it counts: so far. False: unknown. */
    bool (*read)(void *set, exk_counter_reading *readings);
    void (*close)(void *set);
} exk_counter_provider;

extern const exk_counter_provider exk_counters_papi, exk_counters_perf;

/* An event of a provider, chosen, and whether it can be trusted. */
typedef struct exk_counter {
    const exk_counter_provider *provider; /* NULL: simulated */
    int event;
    const char *group;
    char name[EXK_COUNTER_NAME];
    char native[EXK_COUNTER_NATIVE]; /* "" if there is none, or it is not known */
    char why[EXK_COUNTER_WHY];       /* it cannot be counted; "" if it can */
} exk_counter;

typedef struct exk_counters {
    exk_counter list[EXK_COUNTERS_MOST]; /* those of a group one after the other */
    int count;
    const exk_counter_provider *begun[4]; /* to be ended */
    int begun_count;
} exk_counters;

/* The groups there are, in order; NULL beyond. */
const char *exk_counter_group(int index);

/* Choose from each group that `groups` names ("cache,tlb"; NULL: all) the first provider, in this order, some
 * event of which in that group can be trusted. Where none can, the events of the first provider that has the group
 * are listed with the reason. False, and why, if groups names one that there is not. */
bool exk_counters_choose(exk_counters *counters, const exk_counter_provider *const *providers, int provider_count,
                         const char *groups, char *why, size_t size);
void exk_counters_end(exk_counters *counters);

/* The providers that one of "auto", "papi" and "perf" stands for; returns how many. */
int exk_counter_providers(const char *source, const exk_counter_provider *providers[2]);

/* How many of the chosen events, or of those of one group, can be counted. */
int exk_counters_usable(const exk_counters *counters);
int exk_counters_usable_of(const exk_counters *counters, const char *group);

/* Work of which about as much is known as events say: a million turns of a loop with a multiply-add each, then a
 * walk over 16 MiB that were never touched, then two short sleeps. False if memory is short. */
bool exk_counters_known_work(void);

/* --- counting --- */

typedef struct exk_counting exk_counting;

/* Those of one group that can be counted, on at most so many threads. NULL if memory is short. */
exk_counting *exk_counting_begin(const exk_counters *counters, const char *group, int threads);

/* On each thread before it works: thread from 0, counting an exk_counting. */
void exk_counting_thread(int thread, void *counting);

/* What was counted so far does not count. Call it while no thread is in exk_counting_thread. */
void exk_counting_mark(exk_counting *counting);

/* What was counted so far counts. What happens later does not, unless it is taken again. */
void exk_counting_take(exk_counting *counting);

/* The sums over all threads, one for each event in the list (those of other groups are left alone), until now if
 * nothing was taken before; frees counting. A count that one thread does not know is not known. */
void exk_counting_end(exk_counting *counting, exk_count *counts);

/* Set a count to unknown. */
void exk_count_unknown(exk_count *count, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- for exakt version --- */

/* Whether hardware counters work here. text (size bytes) gets one line with PAPI's version and, if they do not,
 * the reason. */
bool exk_counters_probe(char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
