#include "harness/blas_core.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The core type that was detected before the correction; also the guard against a second one. */
static const char *const detected_variable = "EXAKT_OPENBLAS_DETECTED";
static const char *const variable = "OPENBLAS_CORETYPE";

/* Core types that use what the CPU has, the one to ask for first; NULL: nothing better is known. */
static const char *const *cores_for_cpu(void) {
#if defined(__x86_64__)
    static const char *const avx512[] = {"SkylakeX", "Cooperlake", "SapphireRapids", NULL};
    static const char *const avx2[] = {"Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids", NULL};
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return avx2;
#endif
    return NULL;
}

static bool contains(const char *const *names, const char *name) {
    for (; *names; names++)
        if (strcasecmp(*names, name) == 0)
            return true;
    return false;
}

const char *blas_core_wanted(void) {
    const char *const *cores = cores_for_cpu();
    return cores ? cores[0] : NULL;
}

bool blas_core_is_strong(const char *core) {
    const char *const *cores = cores_for_cpu();
    return !cores || contains(cores, core);
}

const char *blas_core_given(void) {
    return getenv(detected_variable) ? NULL : getenv(variable);
}

bool blas_core_is_ours(const char *name) {
    return strcmp(name, detected_variable) == 0 || strcmp(name, variable) == 0;
}

#ifdef EXAKT_HAVE_OPENBLAS

#include <cblas.h>

bool blas_core_request(void) {
    const char *const *cores = cores_for_cpu();
    const char *core = openblas_get_corename();
    if (!cores || contains(cores, core) || getenv(variable) || getenv(detected_variable))
        return false;
    setenv(detected_variable, core, 1);
    setenv(variable, cores[0], 1);
    return true;
}

void blas_core_one_thread(void) {
    if (!getenv("OPENBLAS_NUM_THREADS"))
        openblas_set_num_threads(1);
}

const char *blas_core_text(void) {
    static char text[128];
    const char *core = openblas_get_corename(), *detected = getenv(detected_variable);
    const char *const *cores = cores_for_cpu();
    if (detected && strcmp(detected, core) != 0)
        snprintf(text, sizeof text, "%s (detected %s, corrected)", core, detected);
    else if (cores && !contains(cores, core))
        snprintf(text, sizeof text, "%s (weaker than this CPU: blas timings are not fair)", core);
    else
        snprintf(text, sizeof text, "%s", core);
    return text;
}

#else

bool blas_core_request(void) {
    return false;
}

void blas_core_one_thread(void) {}

const char *blas_core_text(void) {
    return NULL;
}

#endif
