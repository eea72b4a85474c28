/* Counts by perf_event_open: what the kernel counts itself, and the usual hardware events where there is a PMU. */
#include "tuner/counters.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CACHE(which, what)                                                                                        \
    (PERF_COUNT_HW_CACHE_##which | PERF_COUNT_HW_CACHE_OP_READ << 8 | PERF_COUNT_HW_CACHE_RESULT_##what << 16)

/* A row of both tables. The known work: a million turns, 16 MiB touched twice, two short sleeps. Prefetching may
 * hide most of the misses, and huge pages most of the page faults. */
// clang-format off
#define PERF_EVENTS                                                                                               \
    ROW("cache", "L1-dcache-loads", HW_CACHE, CACHE(L1D, ACCESS), 1e5, 1e9)                                       \
    ROW("cache", "L1-dcache-load-misses", HW_CACHE, CACHE(L1D, MISS), 1, 1e8)                                     \
    ROW("cache", "LLC-load-misses", HW_CACHE, CACHE(LL, MISS), 0, 1e8)                                            \
    ROW("stalls", "cycles", HARDWARE, PERF_COUNT_HW_CPU_CYCLES, 1e5, 1e10)                                        \
    ROW("stalls", "instructions", HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, 2e6, 1e9)                                 \
    ROW("stalls", "stalled-cycles-frontend", HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_FRONTEND, 0, 1e10)            \
    ROW("stalls", "stalled-cycles-backend", HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_BACKEND, 0, 1e10)              \
    ROW("tlb", "dTLB-load-misses", HW_CACHE, CACHE(DTLB, MISS), 0, 1e7)                                           \
    ROW("tlb", "iTLB-load-misses", HW_CACHE, CACHE(ITLB, MISS), 0, 1e7)                                           \
    ROW("branches", "branches", HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS, 1e6, 1e9)                            \
    ROW("branches", "branch-misses", HARDWARE, PERF_COUNT_HW_BRANCH_MISSES, 0, 1e8)                               \
    ROW("software", "task-clock", SOFTWARE, PERF_COUNT_SW_TASK_CLOCK, 1e5, 1e11)                                  \
    ROW("software", "page-faults", SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS, 1, 1e5)                                   \
    ROW("software", "context-switches", SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES, 2, 1e5)                         \
    ROW("software", "cpu-migrations", SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS, 0, 1e4)
// clang-format on

#define ROW(group, name, type, config, least, most) {group, name, least, most},
static const exk_counter_event events[] = {PERF_EVENTS};
#undef ROW

typedef struct kernel_event {
    uint32_t type;
    uint64_t config;
    const char *native;
} kernel_event;

#define ROW(group, name, type, config, least, most) {PERF_TYPE_##type, config, "PERF_TYPE_" #type},
static const kernel_event kernel_events[] = {PERF_EVENTS};
#undef ROW

enum { EVENTS = sizeof events / sizeof events[0] };

typedef struct event_set {
    int count, file[EXK_COUNTER_EVENTS_MOST];
} event_set;

/* Of the calling thread, wherever it runs. */
static int open_event(int event, bool with_kernel) {
    struct perf_event_attr about = {.type = kernel_events[event].type,
                                    .size = sizeof about,
                                    .config = kernel_events[event].config,
                                    .exclude_hv = 1,
                                    .exclude_kernel = !with_kernel,
                                    .read_format =
                                        PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING};
    return (int)syscall(SYS_perf_event_open, &about, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

/* Switches and migrations happen in the kernel: counted for the program alone they would be 0 for ever. */
static bool is_of_kernel(int event) {
    const kernel_event *e = &kernel_events[event];
    return e->type == PERF_TYPE_SOFTWARE &&
           (e->config == PERF_COUNT_SW_CONTEXT_SWITCHES || e->config == PERF_COUNT_SW_CPU_MIGRATIONS);
}

/* Misses and instructions are to be those of the program; what the kernel counts itself comes with the kernel's
 * part where that is allowed, and without where it makes sense. */
static int open_allowed(int event, bool *with_kernel) {
    *with_kernel = kernel_events[event].type == PERF_TYPE_SOFTWARE;
    const int file = open_event(event, *with_kernel);
    if (file >= 0 || (errno != EACCES && errno != EPERM) || !*with_kernel || is_of_kernel(event))
        return file;
    *with_kernel = false;
    return open_event(event, false);
}

static void say_why(int event, char *why, size_t size) {
    const bool hardware = kernel_events[event].type != PERF_TYPE_SOFTWARE;
    switch (errno) {
    case ENOENT:
    case ENODEV:
    case EOPNOTSUPP:
        snprintf(why, size, hardware ? "this machine shows the kernel no such hardware counter" : "no such event");
        return;
    case EACCES:
    case EPERM:
        snprintf(why, size, "not permitted: /proc/sys/kernel/perf_event_paranoid, or a container, forbids it");
        return;
    case ENOSYS:
        snprintf(why, size, "this kernel has no perf_event_open");
        return;
    default:
        snprintf(why, size, "perf_event_open: %s", strerror(errno));
    }
}

static bool begin(char *why, size_t size) {
    (void)why, (void)size; /* each event tells for itself */
    return true;
}

static void end(void) {}

static bool describe(int event, char *native, size_t room, char *why, size_t size) {
    bool with_kernel;
    const int file = open_allowed(event, &with_kernel);
    if (file < 0) {
        say_why(event, why, size);
        return false;
    }
    close(file);
    snprintf(native, room, "%s:0x%llx%s", kernel_events[event].native,
             (unsigned long long)kernel_events[event].config, with_kernel ? "" : ":u");
    return true;
}

static void close_set(void *set) {
    event_set *s = set;
    for (int i = 0; i < s->count; i++)
        close(s->file[i]);
    free(s);
}

static void *open_set(const int *wanted, int count, char *why, size_t size) {
    event_set *s = calloc(1, sizeof *s);
    if (!s) {
        snprintf(why, size, "out of memory");
        return NULL;
    }
    for (; s->count < count; s->count++) {
        bool with_kernel;
        s->file[s->count] = open_allowed(wanted[s->count], &with_kernel);
        if (s->file[s->count] >= 0)
            continue;
        say_why(wanted[s->count], why, size);
        close_set(s);
        return NULL;
    }
    return s;
}

static bool read_set(void *set, exk_counter_reading *readings) {
    const event_set *s = set;
    for (int i = 0; i < s->count; i++) {
        uint64_t values[3]; /* as read_format says */
        if (read(s->file[i], values, sizeof values) != (ssize_t)sizeof values)
            return false;
        readings[i] = (exk_counter_reading){(double)values[0], (double)values[1], (double)values[2], false};
    }
    return true;
}

const exk_counter_provider exk_counters_perf = {.name = "perf",
                                                .events = events,
                                                .count = EVENTS,
                                                .begin = begin,
                                                .end = end,
                                                .describe = describe,
                                                .open = open_set,
                                                .read = read_set,
                                                .close = close_set};
