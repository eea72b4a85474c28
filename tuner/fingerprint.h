/* Which machine this is, as far as speed depends on it; and which build. */
#ifndef EXK_FINGERPRINT_H
#define EXK_FINGERPRINT_H

#include "tuner/hash.h"
#include "tuner/topology.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { EXK_FINGERPRINT_ROOM = 1024, EXK_GEOMETRY_ROOM = 160 };

/* Canonical: equal machines have equal text. What is not known says "unknown". */
typedef struct exk_fingerprint {
    char text[EXK_FINGERPRINT_ROOM]; /* "cpu=...; isas=...; caches=...; ..." */
    char hash[EXK_HASH_ROOM];        /* of text, 16 hexadecimal digits */
    char
        geometry[EXK_GEOMETRY_ROOM]; /* the caches alone: "L1d 48K/12/64/1, ..." (size, ways, line, PUs sharing) */
} exk_fingerprint;

/* EXAKT_ISA does not matter: it restricts a run, not the machine. */
void exk_fingerprint_take(const exk_topology *topology, exk_fingerprint *fingerprint);

/* The part of it for a CPU that cannot be asked itself, as Arm's: the kinds of core in /proc/cpuinfo, each as
 * implementer/part/variant/revision, else cpu0's register MIDR in /sys. root is put before both ("" for the real
 * ones). */
void exk_cpu_from_files(const char *root, char *text, size_t room);

/* Of the compiler, its flags, the optional parts and the version of this build. */
void exk_build_hash(char hash[EXK_HASH_ROOM]);

/* Of the rows of variants.inc: names, micro-kernels, tunables and limits. */
void exk_registry_hash(char hash[EXK_HASH_ROOM]);

#ifdef __cplusplus
}
#endif
#endif
