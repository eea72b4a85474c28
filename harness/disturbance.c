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
static bool thread_waited(int pid, const char *id, double *sum) {
    char path[64], line[128] = "";
    unsigned long long waiting;
    snprintf(path, sizeof path, "/proc/%d/task/%.20s/schedstat", pid, id);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    const bool known = fgets(line, sizeof line, file) && nth_number(line, 1, &waiting);
    fclose(file);
    *sum += known ? (double)waiting * 1e-9 : 0;
    return known;
}

/* A line "nonvoluntary_ctxt_switches:  12" of one thread. */
static bool thread_switches(int pid, const char *id, int64_t *sum) {
    static const char key[] = "nonvoluntary_ctxt_switches:";
    char path[64], line[128];
    snprintf(path, sizeof path, "/proc/%d/task/%.20s/status", pid, id);
    FILE *file = fopen(path, "re");
    bool known = false;
    while (file && !known && fgets(line, sizeof line, file))
        known = strncmp(line, key, strlen(key)) == 0;
    if (file)
        fclose(file);
    *sum += known ? strtoll(line + strlen(key), NULL, 10) : 0;
    return known;
}

static void read_threads(int pid, disturbance *d) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    double waited = 0;
    bool known = false;
    for (const struct dirent *entry; tasks && (entry = readdir(tasks)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        known = thread_waited(pid, entry->d_name, &waited) || known;
        thread_switches(pid, entry->d_name, &d->switches);
    }
    if (tasks)
        closedir(tasks);
    d->waited = known ? waited : NAN;
}

/* "pid (name) state ppid pgrp session tty tpgid flags minflt cminflt majflt ..." */
static void read_faults(int pid, disturbance *d) {
    enum { MINOR = 6, MAJOR = 8 };
    char path[64], line[512] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    const char *name_end = file && fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    unsigned long long minor, major;
    if (file)
        fclose(file);
    if (!name_end || strlen(name_end) < 4 || !nth_number(name_end + 3, MINOR, &minor) ||
        !nth_number(name_end + 3, MAJOR, &major))
        return;
    d->minor_faults = (int64_t)minor;
    d->major_faults = (int64_t)major;
}

disturbance disturbance_read(int pid, const int *cpus, int count) {
    disturbance d = {.stolen = stolen_seconds(cpus, count)};
    struct rusage usage;
    read_threads(pid ? pid : getpid(), &d);
    if (pid) {
        read_faults(pid, &d);
        return d;
    }
    getrusage(RUSAGE_SELF, &usage); /* knows also the threads that have ended */
    d.switches = usage.ru_nivcsw;
    d.minor_faults = usage.ru_minflt;
    d.major_faults = usage.ru_majflt;
    return d;
}

disturbance disturbance_between(const disturbance *before, const disturbance *after) {
    return (disturbance){.stolen = after->stolen - before->stolen,
                         .waited = after->waited - before->waited,
                         .switches = after->switches - before->switches,
                         .minor_faults = after->minor_faults - before->minor_faults,
                         .major_faults = after->major_faults - before->major_faults};
}
