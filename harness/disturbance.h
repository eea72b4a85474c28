/* What the rest of the machine did to a process: counters that only grow, to be read before and after. */
#ifndef EXK_DISTURBANCE_H
#define EXK_DISTURBANCE_H

#include <stdint.h>

typedef struct disturbance {
    double stolen; /* seconds that a hypervisor took from the CPUs; NAN: unknown */
    double waited; /* seconds that its threads were runnable and did not run; NAN: unknown */
    int64_t switches, minor_faults, major_faults;
} disturbance;

/* pid: 0 for this process. cpus: whose stolen time counts; NULL for all of the affinity mask of this process. */
disturbance disturbance_read(int pid, const int *cpus, int count);

/* What happened between two readings. */
disturbance disturbance_between(const disturbance *before, const disturbance *after);

#endif
