#include "tuner/fingerprint.h"

#include "kernels/cpu.h"
#include "kernels/variant.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

static const char unknown[] = "unknown";

/* Text that grows; what has no room is left out. */
typedef struct line {
    char *text;
    size_t room, used;
} line;

static line line_in(char *text, size_t room) {
    text[0] = '\0';
    return (line){text, room, 0};
}

static void put(line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(line *l, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(l->text + l->used, l->room - l->used, format, arguments);
    va_end(arguments);
    const size_t left = l->room - 1 - l->used;
    l->used += length > 0 && (size_t)length < left ? (size_t)length : length > 0 ? left : 0;
}

/* "name\t: value" as in /proc/cpuinfo: value, without its end, or NULL. */
static char *value_of(char *text, const char *name) {
    const size_t length = strlen(name);
    char *colon = strchr(text, ':');
    if (strncmp(text, name, length) != 0 || !colon ||
        strspn(text + length, " \t") != (size_t)(colon - text) - length)
        return NULL;
    colon += 1 + strspn(colon + 1, " \t");
    colon[strcspn(colon, "\n")] = '\0';
    return colon;
}

enum { KINDS = 8, KIND_ROOM = 64 };

/* The kinds of core seen so far, in rising order. */
typedef struct core_kinds {
    char kind[KINDS][KIND_ROOM];
    int count;
} core_kinds;

static void add_kind(core_kinds *kinds, const char *kind) {
    int at = kinds->count;
    while (at > 0 && strcmp(kinds->kind[at - 1], kind) > 0)
        at--;
    if (kinds->count == KINDS || (at > 0 && strcmp(kinds->kind[at - 1], kind) == 0))
        return;
    memmove(kinds->kind[at + 1], kinds->kind[at], (size_t)(kinds->count - at) * KIND_ROOM);
    snprintf(kinds->kind[at], KIND_ROOM, "%s", kind);
    kinds->count++;
}

enum { FIELDS = 4, FIELD_ROOM = 15 };

/* Each processor's entry has all fields, the revision last. */
static void read_kinds(FILE *file, core_kinds *kinds) {
    static const char *const names[FIELDS] = {"CPU implementer", "CPU part", "CPU variant", "CPU revision"};
    char field[FIELDS][FIELD_ROOM] = {"", "", "", ""}, text[256], kind[KIND_ROOM];
    while (fgets(text, sizeof text, file)) {
        for (int i = 0; i < FIELDS; i++) {
            const char *value = value_of(text, names[i]);
            if (!value)
                continue;
            snprintf(field[i], FIELD_ROOM, "%.14s", value);
            if (i < FIELDS - 1)
                continue;
            snprintf(kind, sizeof kind, "%s/%s/%s/%s", field[0], field[1], field[2], field[3]);
            add_kind(kinds, kind);
        }
    }
}

static FILE *open_under(const char *root, const char *path) {
    char name[PATH_MAX];
    const int length = snprintf(name, sizeof name, "%s%s", root, path);
    return length < PATH_MAX ? fopen(name, "r") : NULL;
}

static void put_midr(const char *root, line *l) {
    char text[32] = "";
    FILE *file = open_under(root, "/sys/devices/system/cpu/cpu0/regs/identification/midr_el1");
    if (file && fgets(text, sizeof text, file))
        text[strcspn(text, "\n")] = '\0';
    if (file)
        fclose(file);
    put(l, "%s%s", text[0] ? "MIDR " : "", text[0] ? text : unknown);
}

void exk_cpu_from_files(const char *root, char *text, size_t room) {
    core_kinds kinds = {.count = 0};
    line l = line_in(text, room);
    FILE *file = open_under(root, "/proc/cpuinfo");
    if (file) {
        read_kinds(file, &kinds);
        fclose(file);
    }
    for (int i = 0; i < kinds.count; i++)
        put(&l, "%s%s", i ? "+" : "", kinds.kind[i]);
    if (kinds.count == 0)
        put_midr(root, &l);
}

#if defined(__x86_64__)

/* Words one blank apart. */
static void put_words(line *l, const char *text) {
    while (*(text += strspn(text, " "))) {
        const int length = (int)strcspn(text, " ");
        put(l, " %.*s", length, text);
        text += length;
    }
}

static void put_brand(line *l) {
    unsigned words[12], a, b, c, d;
    char brand[sizeof words + 1];
    if (!__get_cpuid(0x80000000u, &a, &b, &c, &d) || a < 0x80000004u)
        return;
    for (unsigned i = 0; i < 3; i++)
        __get_cpuid(0x80000002u + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2], &words[4 * i + 3]);
    memcpy(brand, words, sizeof words);
    brand[sizeof words] = '\0';
    put_words(l, brand);
}

/* Family and model as in the vendors' manuals, where the extended parts are added to full basic ones. */
static void put_cpu(line *l) {
    unsigned highest, vendor[3] = {0, 0, 0}, signature = 0, b, features = 0, d;
    char name[sizeof vendor + 1];
    __get_cpuid(0, &highest, &vendor[0], &vendor[2], &vendor[1]);
    memcpy(name, vendor, sizeof vendor);
    name[sizeof vendor] = '\0';
    __get_cpuid(1, &signature, &b, &features, &d);
    const unsigned base = signature >> 8 & 0xf, family = base == 0xf ? base + (signature >> 20 & 0xff) : base;
    const unsigned model = (signature >> 4 & 0xf) | (base == 6 || base == 0xf ? signature >> 12 & 0xf0 : 0);
    put(l, "cpu=%s/%u/%u/%u", name, family, model, signature & 0xf);
    put_brand(l);
    put(l, "; virtual=%s", features >> 31 ? "yes" : "no");
}

#else

static void put_cpu(line *l) {
    char text[256];
    exk_cpu_from_files("", text, sizeof text);
    put(l, "cpu=%s; virtual=%s", text, unknown);
}

#endif

static void put_isas(line *l) {
    const char *separator = "";
    put(l, "; isas=");
    for (size_t i = 0; exk_isa_name(i); i++) {
        if (exk_isa_native(exk_isa_name(i))) {
            put(l, "%s%s", separator, exk_isa_name(i));
            separator = ",";
        }
    }
}

/* Only hwloc knows; what is assumed without it is no fact about this machine. */
static void put_caches(line *l, const exk_topology *topology) {
    static const char *const names[EXK_TOPOLOGY_LEVELS] = {"L1d", "L2", "L3"};
    const char *separator = "";
    for (int i = 0; i < EXK_TOPOLOGY_LEVELS && topology->handle; i++) {
        const exk_cache *cache = &topology->level[i];
        if (cache->size == 0)
            continue;
        put(l, "%s%s %" PRId64 "K/%d/%d/%d", separator, names[i], cache->size >> 10, cache->ways, cache->line,
            cache->sharing);
        separator = ", ";
    }
    if (!*separator)
        put(l, "%s", unknown);
}

static void put_kinds(line *l, const exk_topology *topology) {
    put(l, "; pus=%d; cores=", topology->pus);
    if (!topology->handle) {
        put(l, "%s; kinds=%s", unknown, unknown);
        return;
    }
    put(l, "%d; kinds=", topology->cores);
    for (int i = 0; i < topology->kinds; i++)
        put(l, "%s%d", i ? "+" : "", topology->kind_pus[i]);
}

void exk_fingerprint_take(const exk_topology *topology, exk_fingerprint *fingerprint) {
    line geometry = line_in(fingerprint->geometry, sizeof fingerprint->geometry);
    put_caches(&geometry, topology);
    line l = line_in(fingerprint->text, sizeof fingerprint->text);
    put_cpu(&l);
    put_isas(&l);
    put(&l, "; caches=%s", fingerprint->geometry);
    put_kinds(&l, topology);
    exk_hash_text(fingerprint->text, fingerprint->hash);
}

void exk_build_hash(char hash[EXK_HASH_ROOM]) {
    exk_hash_text(EXAKT_BUILD, hash);
}

void exk_registry_hash(char hash[EXK_HASH_ROOM]) {
    char text[256];
    exk_hash_text("", hash);
    for (int i = 0; i < exk_variant_rows(); i++) {
        const exk_variant *row = exk_variant_row(i);
        line l = line_in(text, sizeof text);
        put(&l, "%s %s %d %d %" PRId64 " %" PRId64, hash, row->name, row->mr, row->nv, row->limits.d_max,
            row->limits.k_max);
        for (int t = 0; t < EXK_TUNABLES_MAX && row->tunables[t].max > 0; t++)
            put(&l, " %d %" PRId64 " %" PRId64 " %" PRId64, (int)row->tunables[t].field, row->tunables[t].min,
                row->tunables[t].max, row->tunables[t].multiple);
        exk_hash_text(text, hash);
    }
}
