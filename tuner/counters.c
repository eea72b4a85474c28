#include "tuner/counters.h"

#include <stdio.h>

#ifdef EXAKT_HAVE_PAPI

#include <papi.h>

enum { PROBE_ROUNDS = 1000000, PROBE_INSTRUCTIONS_MOST = 100 * PROBE_ROUNDS };

static void known_loop(void) {
    volatile int sink = 0;
    for (int i = 0; i < PROBE_ROUNDS; ++i)
        sink = i;
    (void)sink;
}

/* PAPI's error code of counting the instructions of the known loop. */
static int count_instructions(int events, long long *instructions) {
    int code = PAPI_add_event(events, PAPI_TOT_INS);
    if (code == PAPI_OK)
        code = PAPI_start(events);
    if (code != PAPI_OK)
        return code;
    known_loop();
    return PAPI_stop(events, instructions);
}

/* A virtual machine without a PMU may still claim counters; only counting tells. Why that fails, or NULL. */
static const char *count_obstacle(void) {
    int events = PAPI_NULL;
    long long instructions = -1;
    int code = PAPI_create_eventset(&events);
    if (code == PAPI_OK) {
        code = count_instructions(events, &instructions);
        PAPI_cleanup_eventset(events);
        PAPI_destroy_eventset(&events);
    }
    if (code == PAPI_ENOEVNT)
        return "this machine offers no instruction counter";
    if (code != PAPI_OK)
        return PAPI_strerror(code);
    if (instructions < PROBE_ROUNDS || instructions > PROBE_INSTRUCTIONS_MOST)
        return "a loop of known length was counted wrong";
    return NULL;
}

static const char *component_obstacle(void) {
    int index = PAPI_get_component_index("perf_event");
    const PAPI_component_info_t *component = index >= 0 ? PAPI_get_component_info(index) : NULL;
    if (!component)
        return "PAPI was built without perf_event";
    if (component->disabled)
        return component->disabled_reason[0] ? component->disabled_reason : "perf_event is disabled";
    if (PAPI_num_cmp_hwctrs(index) <= 0)
        return "perf_event offers no counters";
    return count_obstacle();
}

bool exk_counters_probe(char *text, size_t size) {
    int version = PAPI_library_init(PAPI_VER_CURRENT);
    if (version != PAPI_VER_CURRENT) {
        snprintf(text, size, "PAPI does not start: %s",
                 version > 0 ? "library and header differ in version" : PAPI_strerror(version));
        return false;
    }
    const char *obstacle = component_obstacle();
    int release = PAPI_get_opt(PAPI_LIB_VERSION, NULL);
    snprintf(text, size, "PAPI %d.%d.%d, hardware counters %s%s", PAPI_VERSION_MAJOR(release),
             PAPI_VERSION_MINOR(release), PAPI_VERSION_REVISION(release), obstacle ? "unavailable: " : "work",
             obstacle ? obstacle : "");
    PAPI_shutdown();
    return !obstacle;
}

#else

bool exk_counters_probe(char *text, size_t size) {
    snprintf(text, size, "hardware counters unavailable: built without PAPI");
    return false;
}

#endif
