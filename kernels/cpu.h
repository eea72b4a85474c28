/* Which instruction sets may run here: what CPU and operating system offer, masked downwards by EXAKT_ISA. */
#ifndef EXK_CPU_H
#define EXK_CPU_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Why code for this ISA of isa.inc must not run here (a static string), or NULL if it may. */
const char *exk_isa_obstacle(const char *isa);

/* Whether CPU and operating system offer it, EXAKT_ISA or not. */
bool exk_isa_native(const char *isa);

/* float32 values in a vector of this ISA; 0 for an unknown one. */
int exk_isa_lanes(const char *isa);

/* The set of isa.inc whose vector layer this one uses: itself for most; `isa` for an unknown one. */
const char *exk_isa_base(const char *isa);

/* The i-th ISA of isa.inc, weakest first; NULL beyond the last. */
const char *exk_isa_name(size_t i);

#ifdef __cplusplus
}
#endif

#endif
