#include "kernels/cpu.h"

#include <stdlib.h>
#include <string.h>

#if defined(__aarch64__)
#include <sys/auxv.h>
#elif defined(__x86_64__)
#include <cpuid.h>
#include <pthread.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#ifndef ARCH_REQ_XCOMP_PERM
#define ARCH_REQ_XCOMP_PERM 0x1023 /* asm/prctl.h, from Linux 5.16 on */
#endif
#endif
#endif

typedef struct isa_row {
    const char *name, *architecture;
    int lanes;
    const char *base, *features;
} isa_row;

#define EXK_ISA(name, architecture, lanes, base, features) {#name, #architecture, lanes, #base, features},
static const isa_row isa_rows[] = {
#include "kernels/isa.inc"
};
#undef EXK_ISA

#define EXK_ISA(name, architecture, lanes, base, features) " " #name
static const char unknown_mask[] = "EXAKT_ISA names an unknown instruction set (known:"
#include "kernels/isa.inc"
                                   ")";
#undef EXK_ISA

enum { ISA_COUNT = sizeof isa_rows / sizeof isa_rows[0] };

#if defined(__x86_64__)
/* Leaf 7.1: gcc 12 does not know this one by name. Its registers are those of avx2. */
static bool cpu_has_avxvnni(void) {
    enum { AVX_VNNI = 1 << 4 };
    unsigned a, b, c, d;
    return __builtin_cpu_supports("avx2") && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & AVX_VNNI) != 0;
}
#endif

#if defined(__x86_64__)
/* Leaf 7: clang 14 does not know this one by name. Its registers are those of avx512f. */
static bool cpu_has_avx512fp16(void) {
    enum { AVX512_FP16 = 1 << 23 };
    unsigned a, b, c, d;
    return __builtin_cpu_supports("avx512f") && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & AVX512_FP16) != 0;
}
#endif

#if defined(__x86_64__)
static bool tiles_are_allowed;

static void ask_for_tiles(void) {
#if defined(__linux__)
    enum { TILE_DATA = 18 };
    tiles_are_allowed = syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, TILE_DATA) == 0;
#endif
}

/* Leaf 7: gcc 12 does not know these by name. Their registers are large, so the kernel wants to be asked, once in
 * the life of a process and for all of its threads. */
static bool cpu_has_amx(unsigned feature) {
    static pthread_once_t asked = PTHREAD_ONCE_INIT;
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & feature) == 0)
        return false;
    pthread_once(&asked, ask_for_tiles);
    return tiles_are_allowed;
}
#endif

/* Every feature that isa.inc may name. __builtin_cpu_supports also asks whether the operating system saves the
 * registers. */
static bool cpu_has(const char *feature) {
#if defined(__x86_64__)
#define EXK_FEATURE(name)                                                                                         \
    if (strcmp(feature, #name) == 0)                                                                              \
        return __builtin_cpu_supports(#name);
    EXK_FEATURE(avx2)
    EXK_FEATURE(fma)
    EXK_FEATURE(avx512f)
    EXK_FEATURE(avx512dq)
    EXK_FEATURE(avx512bw)
    EXK_FEATURE(avx512vl)
    EXK_FEATURE(avx512vnni)
    if (strcmp(feature, "avxvnni") == 0)
        return cpu_has_avxvnni();
    if (strcmp(feature, "amx-tile") == 0)
        return cpu_has_amx(1u << 24);
    if (strcmp(feature, "amx-int8") == 0)
        return cpu_has_amx(1u << 25);
    if (strcmp(feature, "amx-bf16") == 0)
        return cpu_has_amx(1u << 22);
    if (strcmp(feature, "avx512fp16") == 0)
        return cpu_has_avx512fp16();
#undef EXK_FEATURE
#elif defined(__aarch64__)
    if (strcmp(feature, "asimd") == 0)
        return (getauxval(AT_HWCAP) & HWCAP_ASIMD) != 0;
    if (strcmp(feature, "asimddp") == 0)
        return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#endif
    return false;
}

static bool cpu_has_all(const char *features) {
    char name[32];
    while (*features) {
        const size_t length = strcspn(features, " ");
        if (length >= sizeof name)
            return false;
        memcpy(name, features, length);
        name[length] = '\0';
        if (!cpu_has(name))
            return false;
        features += length;
        features += strspn(features, " ");
    }
    return true;
}

static const isa_row *find_isa(const char *name) {
    for (size_t i = 0; i < ISA_COUNT; i++) {
        if (strcmp(isa_rows[i].name, name) == 0)
            return &isa_rows[i];
    }
    return NULL;
}

static bool is_this_architecture(const char *architecture) {
#if defined(__x86_64__)
    const char *here = "x86_64";
#elif defined(__aarch64__)
    const char *here = "aarch64";
#else
    const char *here = "other";
#endif
    return strcmp(architecture, "any") == 0 || strcmp(architecture, here) == 0;
}

bool exk_isa_native(const char *isa) {
    const isa_row *row = find_isa(isa);
    return row && is_this_architecture(row->architecture) && cpu_has_all(row->features);
}

const char *exk_isa_obstacle(const char *isa) {
    const isa_row *row = find_isa(isa);
    if (!row)
        return "an instruction set that isa.inc does not list";
    if (!is_this_architecture(row->architecture))
        return "for another architecture";
    const char *mask = getenv("EXAKT_ISA");
    if (mask && *mask) {
        const isa_row *strongest = find_isa(mask);
        if (!strongest)
            return unknown_mask;
        if (row > strongest)
            return "masked by EXAKT_ISA";
    }
    if (!exk_isa_native(isa))
        return "this CPU or operating system lacks a feature it needs";
    return NULL;
}

int exk_isa_lanes(const char *isa) {
    const isa_row *row = find_isa(isa);
    return row ? row->lanes : 0;
}

const char *exk_isa_base(const char *isa) {
    const isa_row *row = find_isa(isa);
    return row ? row->base : isa;
}

const char *exk_isa_name(size_t i) {
    return i < ISA_COUNT ? isa_rows[i].name : NULL;
}
