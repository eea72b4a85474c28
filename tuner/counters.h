/* Hardware event counters: whether there are any. */
#ifndef EXK_COUNTERS_H
#define EXK_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Count the instructions of a known loop and see whether the number is plausible. True if hardware counters work
 * here. text (size bytes) gets one line with PAPI's version and, if they do not, the reason. Starts PAPI and shuts
 * it down again, so call it while no other PAPI user is active. */
bool exk_counters_probe(char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
