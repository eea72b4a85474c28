#include "harness/disturbance.h"

#include <dirent.h>
#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static bool is_one_of(int cpu, const int *cpus, int count, const cpu_set_t *allowed) {
    if (!cpus)
        return cpu < CPU_SETSIZE && CPU_ISSET(cpu, allowed);
    for (int i = 0; i < count; i++)
        if (cpus[i] == cpu)
            return true;
    return false;
}

/* The index-th number, from 0, of a row of numbers with blanks between; false if there are fewer. */
static bool nth_number(const char *text, int index, unsigned long long *number) {
    for (int i = 0; i <= index; i++) {
        char *end;
        *number = strtoull(text, &end, 10);
        if (end == text)
            return false;
        text = end;
    }
    return true;
}

/* The CPU of a line "cpu3 user nice system idle iowait irq softirq steal ..." of /proc/stat, and its numbers; -1
 * for other lines, that of all CPUs among them. */
static int cpu_of(const char *line, char **numbers) {
    if (strncmp(line, "cpu", 3) != 0 || line[3] < '0' || line[3] > '9')
        return -1;
    return (int)strtol(line + 3, numbers, 10);
}

/* In clock ticks there. */
static double stolen_seconds(const int *cpus, int count) {
    enum { STEAL = 7 };
    FILE *file = fopen("/proc/stat", "re");
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    sched_getaffinity(getpid(), sizeof allowed, &allowed);
    char line[512], *numbers;
    unsigned long long steal, sum = 0;
    bool known = false;
    while (file && fgets(line, sizeof line, file) && line[0] == 'c') {
        const int cpu = cpu_of(line, &numbers);
        if (cpu < 0 || !is_one_of(cpu, cpus, count, &allowed) || !nth_number(numbers, STEAL, &steal))
            continue;
        sum += steal;
        known = true;
    }
    if (file)
        fclose(file);
    return known ? (double)sum / (double)sysconf(_SC_CLK_TCK) : NAN;
}

/* "running waiting slices" in nanoseconds, of one thread. */
static bool thread_waited(const char *id, double *sum) {
    char path[64], line[128] = "";
    unsigned long long waiting;
    snprintf(path, sizeof path, "/proc/self/task/%.20s/schedstat", id);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    const bool known = fgets(line, sizeof line, file) && nth_number(line, 1, &waiting);
    fclose(file);
    *sum += known ? (double)waiting * 1e-9 : 0;
    return known;
}

static double waited_seconds(void) {
    DIR *tasks = opendir("/proc/self/task");
    double sum = 0;
    bool known = false;
    for (const struct dirent *entry; tasks && (entry = readdir(tasks)) != NULL;)
        if (entry->d_name[0] != '.')
            known = thread_waited(entry->d_name, &sum) || known;
    if (tasks)
        closedir(tasks);
    return known ? sum : NAN;
}

disturbance disturbance_read(const int *cpus, int count) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (disturbance){.stolen = stolen_seconds(cpus, count),
                         .waited = waited_seconds(),
                         .switches = usage.ru_nivcsw,
                         .minor_faults = usage.ru_minflt,
                         .major_faults = usage.ru_majflt};
}

disturbance disturbance_between(const disturbance *before, const disturbance *after) {
    return (disturbance){.stolen = after->stolen - before->stolen,
                         .waited = after->waited - before->waited,
                         .switches = after->switches - before->switches,
                         .minor_faults = after->minor_faults - before->minor_faults,
                         .major_faults = after->major_faults - before->major_faults};
}
