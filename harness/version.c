#include "harness/version.h"
#include "harness/blas_core.h"
#include "harness/program.h"
#include "harness/report.h"
#include "kernels/variant.h"
#include "tuner/counters.h"
#include "tuner/fingerprint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef EXAKT_HAVE_HWLOC
#include <hwloc.h>
#endif
#ifdef EXAKT_HAVE_PAPI
#include <papi.h>
#endif
#ifdef EXAKT_HAVE_CJSON
#include <cjson/cJSON.h>
#endif
#ifdef EXAKT_HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef _OPENMP
#include <omp.h>
#endif

const char *version_compiler(void) {
#if defined(__clang__)
    static char text[32];
    snprintf(text, sizeof text, "clang %d.%d.%d", __clang_major__, __clang_minor__, __clang_patchlevel__);
    return text;
#else
    return "gcc " __VERSION__;
#endif
}

/* An optional part: what it is when present (NULL: absent) and what its absence switches off. */
typedef struct part {
    const char *name, *present, *lost;
} part;

enum { PARTS = 7 };

static const char *hwloc_text(void) {
#ifdef EXAKT_HAVE_HWLOC
    static char text[32];
    unsigned version = hwloc_get_api_version();
    snprintf(text, sizeof text, "interface %u.%u", version >> 16, (version >> 8) & 0xff);
    return text;
#else
    return NULL;
#endif
}

static const char *papi_text(void) {
#ifdef EXAKT_HAVE_PAPI
    static char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", PAPI_VERSION_MAJOR(PAPI_VERSION), PAPI_VERSION_MINOR(PAPI_VERSION),
             PAPI_VERSION_REVISION(PAPI_VERSION));
    return text;
#else
    return NULL;
#endif
}

static const char *openblas_text(void) {
    static char text[160];
    if (!blas_core_text())
        return NULL;
    snprintf(text, sizeof text, "core %s", blas_core_text());
    return text;
}

static const char *cjson_text(void) {
#ifdef EXAKT_HAVE_CJSON
    return cJSON_Version();
#else
    return NULL;
#endif
}

static const char *zlib_text(void) {
#ifdef EXAKT_HAVE_ZLIB
    return zlibVersion();
#else
    return NULL;
#endif
}

static const char *openmp_text(void) {
#ifdef _OPENMP
    static char text[32];
    snprintf(text, sizeof text, "%d, %d processors", _OPENMP, omp_get_num_procs());
    return text;
#else
    return "in the library";
#endif
}

static const char *gnuplot_text(void) {
    static char path[4096];
    return program_find("gnuplot", path, sizeof path) ? path : NULL;
}

static void collect(part parts[PARTS]) {
    parts[0] = (part){"hwloc", hwloc_text(), "cache topology and thread binding"};
    parts[1] = (part){"PAPI", papi_text(), "hardware counters"};
    parts[2] = (part){"OpenBLAS", openblas_text(), "blas variants"};
    parts[3] = (part){"cJSON", cjson_text(), "JSON output"};
    parts[4] = (part){"zlib", zlib_text(), "gzip input"};
    parts[5] = (part){"OpenMP", openmp_text(), "threads"};
    parts[6] = (part){"gnuplot", gnuplot_text(), "pictures"};
}

/* Every ISA that some available row uses, in the order of the registry. */
static int usable_isas(const char *names[], int room) {
    int count = 0;
    for (int i = 0; i < exk_variant_rows(); i++) {
        const exk_variant *row = exk_variant_row(i);
        bool known = exk_variant_obstacle(row) != NULL;
        for (int j = 0; j < count && !known; j++)
            known = strcmp(names[j], row->isa) == 0;
        if (!known && count < room)
            names[count++] = row->isa;
    }
    return count;
}

enum { ISAS = 16 };

void version_add_parts(json *root) {
    part parts[PARTS];
    collect(parts);
    json *list = json_add_array(root, "parts");
    for (int i = 0; i < PARTS; i++) {
        json *node = json_add_object(list, NULL);
        json_add_text(node, "name", parts[i].name);
        json_add_bool(node, "present", parts[i].present);
        json_add_text(node, "detail", parts[i].present ? parts[i].present : "");
        json_add_text(node, "switches_off", parts[i].present ? "" : parts[i].lost);
    }
}

static exit_code version_json(const char *path) {
    const char *isas[ISAS], *mask = getenv("EXAKT_ISA");
    char counters[512] = "";
    exk_counters_probe(counters, sizeof counters);
    char build[EXK_HASH_ROOM], registry[EXK_HASH_ROOM];
    exk_build_hash(build);
    exk_registry_hash(registry);
    json *root = json_object();
    json_add_text(root, "version", EXAKT_VERSION);
    json_add_text(root, "compiler", version_compiler());
    json_add_text(root, "build_type", EXAKT_BUILD_TYPE);
    json_add_text(root, "build_hash", build);
    json_add_text(root, "registry_hash", registry);
    version_add_parts(root);
    json *names = json_add_array(root, "isas");
    for (int i = 0, count = usable_isas(isas, ISAS); i < count; i++)
        json_add_text(names, NULL, isas[i]);
    json_add_text(root, "exakt_isa", mask ? mask : "");
    json_add_text(root, "counters", counters);
    return json_write(root, path);
}

static void print_isas(void) {
    const char *isas[ISAS], *mask = getenv("EXAKT_ISA");
    printf("%-10s", "ISA");
    for (int i = 0, count = usable_isas(isas, ISAS); i < count; i++)
        printf(" %s", isas[i]);
    printf(mask ? " (EXAKT_ISA=%s)\n" : "\n", mask);
}

static void print_version(void) {
    part parts[PARTS];
    char counters[512] = "";
    collect(parts);
    exk_counters_probe(counters, sizeof counters);
    printf("exakt %s\n%-10s %s\n%-10s %s\n", EXAKT_VERSION, "compiler", version_compiler(), "build",
           EXAKT_BUILD_TYPE);
    print_isas();
    for (int i = 0; i < PARTS; i++)
        printf("%-10s %s%s\n", parts[i].name, parts[i].present ? parts[i].present : "missing: no ",
               parts[i].present ? "" : parts[i].lost);
    printf("%-10s %s\n", "counters", counters);
}

static exit_code version(const settings *s) {
    exit_code code = json_check(s->json);
    if (code != CLI_OK)
        return code;
    if (s->json)
        return version_json(s->json);
    print_version();
    return CLI_OK;
}

const command command_version = {
    .name = "version",
    .bit = CMD_VERSION,
    .synopsis = "[--json]",
    .summary = "Show the version, what is in this build, and what each missing part switches off.",
    .text = "example:\n"
            "  exakt version --json\n",
    .run = version,
};
