/* Counts by PAPI: its presets, which are the same names on every CPU, made of native events that differ. */
#include "tuner/counters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The known work: a million turns with a multiplication and an addition each, 16 MiB touched twice. */
static const exk_counter_event events[] = {
    {"cache", "PAPI_LST_INS", 1e6, 1e9},  {"cache", "PAPI_L1_DCM", 1, 1e8},
    {"cache", "PAPI_L2_DCM", 0, 1e8},     {"cache", "PAPI_L2_TCM", 0, 1e8},
    {"cache", "PAPI_L3_TCM", 0, 1e8},     {"flops", "PAPI_SP_OPS", 1e6, 1e8},
    {"flops", "PAPI_DP_OPS", 0, 1e8},     {"flops", "PAPI_VEC_SP", 0, 1e8},
    {"flops", "PAPI_VEC_DP", 0, 1e8},     {"stalls", "PAPI_TOT_CYC", 1e5, 1e10},
    {"stalls", "PAPI_TOT_INS", 2e6, 1e9}, {"stalls", "PAPI_RES_STL", 0, 1e10},
    {"stalls", "PAPI_STL_ICY", 0, 1e10},  {"tlb", "PAPI_TLB_DM", 0, 1e8},
    {"tlb", "PAPI_TLB_IM", 0, 1e8},       {"branches", "PAPI_BR_INS", 1e6, 1e9},
    {"branches", "PAPI_BR_CN", 1e6, 1e9}, {"branches", "PAPI_BR_MSP", 0, 1e8}};
enum { EVENTS = sizeof events / sizeof events[0] };

#ifdef EXAKT_HAVE_PAPI

#include <papi.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct event_set {
    int id, count;
    bool multiplexed;
} event_set;

static unsigned long own_thread(void) {
    return (unsigned long)syscall(SYS_gettid);
}

static bool say(int code, char *why, size_t size) {
    if (code != PAPI_OK)
        snprintf(why, size, "%s", PAPI_strerror(code));
    return code == PAPI_OK;
}

static int perf_component(void) {
    return PAPI_get_component_index("perf_event");
}

static bool has_counters(char *why, size_t size) {
    const int index = perf_component();
    const PAPI_component_info_t *component = index >= 0 ? PAPI_get_component_info(index) : NULL;
    const char *obstacle = NULL;
    if (!component)
        obstacle = "PAPI was built without perf_event";
    else if (component->disabled)
        obstacle = component->disabled_reason[0] ? component->disabled_reason : "perf_event is disabled";
    else if (PAPI_num_cmp_hwctrs(index) <= 0)
        obstacle = "perf_event offers no counters";
    else if (PAPI_query_event(PAPI_TOT_CYC) != PAPI_OK && PAPI_query_event(PAPI_TOT_INS) != PAPI_OK)
        obstacle = "no hardware events: the machine, a virtual one maybe, shows no PMU";
    if (obstacle)
        snprintf(why, size, "%s", obstacle);
    return !obstacle;
}

static bool begin(char *why, size_t size) {
    const int version = PAPI_library_init(PAPI_VER_CURRENT);
    if (version != PAPI_VER_CURRENT) {
        snprintf(why, size, "PAPI does not start: %s",
                 version > 0 ? "library and header differ in version" : PAPI_strerror(version));
        return false;
    }
    if (has_counters(why, size) && say(PAPI_thread_init(own_thread), why, size) &&
        say(PAPI_multiplex_init(), why, size))
        return true;
    PAPI_shutdown();
    return false;
}

static void end(void) {
    PAPI_shutdown();
}

static void join_natives(const PAPI_event_info_t *info, char *native, size_t room) {
    const bool derived = info->derived[0] && strcmp(info->derived, "NOT_DERIVED") != 0;
    int used = snprintf(native, room, "%s%s", derived ? info->derived : "", derived ? "(" : "");
    for (unsigned i = 0; i < info->count && i < PAPI_MAX_INFO_TERMS && (size_t)used < room; i++)
        used += snprintf(native + used, room - (size_t)used, "%s%s", i ? ", " : "", info->name[i]);
    if (derived && (size_t)used < room)
        snprintf(native + used, room - (size_t)used, ")");
}

static bool describe(int event, char *native, size_t room, char *why, size_t size) {
    static PAPI_event_info_t info; /* too large for a stack; events are described one after the other */
    int code;
    char name[EXK_COUNTER_NAME];
    snprintf(name, sizeof name, "%s", events[event].name);
    if (!say(PAPI_event_name_to_code(name, &code), why, size) || !say(PAPI_get_event_info(code, &info), why, size))
        return false;
    if (info.count == 0) {
        snprintf(why, size, "this CPU has no such event");
        return false;
    }
    join_natives(&info, native, room);
    return true;
}

/* PAPI_ECNFLCT if there are not enough counters for all events at a time. */
static int fill(event_set *s, const int *wanted, int count) {
    int code = PAPI_assign_eventset_component(s->id, perf_component());
    if (code == PAPI_OK && s->multiplexed)
        code = PAPI_set_multiplex(s->id);
    /* Attached to its own thread, a set may be read from any other. */
    if (code == PAPI_OK)
        code = PAPI_attach(s->id, own_thread());
    for (int i = 0; i < count && code == PAPI_OK; i++)
        code = PAPI_add_named_event(s->id, events[wanted[i]].name);
    return code == PAPI_OK ? PAPI_start(s->id) : code;
}

static void discard(event_set *s) {
    PAPI_cleanup_eventset(s->id);
    PAPI_destroy_eventset(&s->id);
}

static int make(event_set *s, const int *wanted, int count, bool multiplexed) {
    s->id = PAPI_NULL;
    s->count = count;
    s->multiplexed = multiplexed;
    int code = PAPI_create_eventset(&s->id);
    if (code == PAPI_OK) {
        code = fill(s, wanted, count);
        if (code != PAPI_OK)
            discard(s);
    }
    return code;
}

static void *open_set(const int *wanted, int count, char *why, size_t size) {
    event_set *s = malloc(sizeof *s);
    if (!s) {
        snprintf(why, size, "out of memory");
        return NULL;
    }
    int code = make(s, wanted, count, false);
    if (code == PAPI_ECNFLCT || code == PAPI_ECOUNT)
        code = make(s, wanted, count, true);
    if (say(code, why, size))
        return s;
    free(s);
    return NULL;
}

static bool read_set(void *set, exk_counter_reading *readings) {
    const event_set *s = set;
    long long values[EXK_COUNTER_EVENTS_MOST];
    if (PAPI_read(s->id, values) != PAPI_OK)
        return false;
    for (int i = 0; i < s->count; i++)
        readings[i] = (exk_counter_reading){(double)values[i], 1, 1, s->multiplexed};
    return true;
}

static void close_set(void *set) {
    event_set *s = set;
    long long values[EXK_COUNTER_EVENTS_MOST];
    PAPI_stop(s->id, values);
    discard(s);
    free(s);
}

/* "PAPI 7.0.0, "; while nobody else uses it. */
static void papi_text(char *text, size_t size) {
    *text = '\0';
    if (PAPI_library_init(PAPI_VER_CURRENT) != PAPI_VER_CURRENT)
        return;
    const int release = PAPI_get_opt(PAPI_LIB_VERSION, NULL);
    snprintf(text, size, "PAPI %d.%d.%d, ", PAPI_VERSION_MAJOR(release), PAPI_VERSION_MINOR(release),
             PAPI_VERSION_REVISION(release));
    PAPI_shutdown();
}

#else

static bool begin(char *why, size_t size) {
    snprintf(why, size, "built without PAPI");
    return false;
}

static void end(void) {}

static bool describe(int event, char *native, size_t room, char *why, size_t size) {
    (void)event, (void)native, (void)room;
    return begin(why, size);
}

static void *open_set(const int *wanted, int count, char *why, size_t size) {
    (void)wanted, (void)count;
    begin(why, size);
    return NULL;
}

static bool read_set(void *set, exk_counter_reading *readings) {
    (void)set, (void)readings;
    return false;
}

static void close_set(void *set) {
    (void)set;
}

static void papi_text(char *text, size_t size) {
    (void)size;
    *text = '\0';
}

#endif

const exk_counter_provider exk_counters_papi = {.name = "papi",
                                                .events = events,
                                                .count = EVENTS,
                                                .begin = begin,
                                                .end = end,
                                                .describe = describe,
                                                .open = open_set,
                                                .read = read_set,
                                                .close = close_set};

bool exk_counters_probe(char *text, size_t size) {
    static const exk_counter_provider *const papi[] = {&exk_counters_papi}, *const perf[] = {&exk_counters_perf};
    exk_counters hardware, software;
    char version[64], why[EXK_COUNTER_WHY];
    papi_text(version, sizeof version);
    exk_counters_choose(&hardware, papi, 1, "stalls", why, sizeof why);
    exk_counters_choose(&software, perf, 1, "software", why, sizeof why);
    const bool works = exk_counters_usable(&hardware) > 0, counts = exk_counters_usable(&software) > 0;
    snprintf(text, size, "%shardware counters %s%s; software events %s%s", version,
             works ? "work" : "unavailable: ", works ? "" : hardware.list[0].why,
             counts ? "work" : "unavailable: ", counts ? "" : software.list[0].why);
    exk_counters_end(&hardware);
    exk_counters_end(&software);
    return works;
}
