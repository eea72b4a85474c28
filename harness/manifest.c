#include "harness/manifest.h"
#include "harness/blas_core.h"
#include "harness/version.h"
#include "include/exakt.h"

#include "commit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

static int words;
static char **line;

void manifest_command_line(int argc, char **argv) {
    words = argc;
    line = argv;
}

/* The first "model name : ..." of /proc/cpuinfo, without the key. */
static void read_cpu_model(char *model, size_t size) {
    FILE *file = fopen("/proc/cpuinfo", "re");
    char text[256];
    snprintf(model, size, "unknown");
    while (file && fgets(text, sizeof text, file)) {
        const char *colon = strchr(text, ':');
        if (strncmp(text, "model name", 10) == 0 && colon) {
            snprintf(model, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    }
    if (file)
        fclose(file);
}

static void add_cache(json *list, const exk_cache *cache) {
    json *node = json_add_object(list, NULL);
    json_add_integer(node, "size", cache->size);
    json_add_integer(node, "share", cache->share);
    json_add_integer(node, "line", cache->line);
    json_add_integer(node, "ways", cache->ways);
    json_add_integer(node, "sharing", cache->sharing);
}

static void add_machine(json *node, const exk_topology *topology, const exk_fingerprint *machine) {
    char model[160];
    struct utsname system;
    read_cpu_model(model, sizeof model);
    json_add_text(node, "fingerprint", machine->hash);
    json_add_text(node, "fingerprint_of", machine->text);
    json_add_text(node, "cpu", model);
    if (uname(&system) == 0) {
        json_add_text(node, "kernel", system.release);
        json_add_text(node, "architecture", system.machine);
    }
    if (!topology)
        return;
    json_add_integer(node, "cores", topology->cores);
    json_add_integer(node, "processing_units", topology->pus);
    json_add_text(node, "topology_source", topology->source);
    json_add_text(node, "topology_note", topology->note);
    json *caches = json_add_array(node, "caches");
    for (int level = 0; level < EXK_TOPOLOGY_LEVELS; level++)
        add_cache(caches, &topology->level[level]);
}

static void add_build(json *node) {
    char hash[EXK_HASH_ROOM];
    json_add_text(node, "version", EXAKT_VERSION);
    json_add_text(node, "commit", EXAKT_COMMIT);
    json_add_text(node, "compiler", version_compiler());
    json_add_text(node, "flags", EXAKT_FLAGS);
    json_add_text(node, "build_type", EXAKT_BUILD_TYPE);
    exk_build_hash(hash);
    json_add_text(node, "hash", hash);
    exk_registry_hash(hash);
    json_add_text(node, "registry_hash", hash);
    version_add_parts(node);
}

void manifest_add(json *node, const exk_topology *topology, const exk_fingerprint *machine) {
    const char *mask = getenv("EXAKT_ISA");
    json *list = json_add_array(node, "command_line");
    for (int i = 0; i < words; i++)
        json_add_text(list, NULL, line[i]);
    add_machine(json_add_object(node, "machine"), topology, machine);
    add_build(json_add_object(node, "build"));
    json_add_text(node, "openblas_core", blas_core_text() ? blas_core_text() : "");
    json_add_text(node, "exakt_isa", mask ? mask : "");
}
