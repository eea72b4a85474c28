/* Memory of this process that is resident, in bytes; -1: unknown. */
#ifndef EXK_RESIDENT_H
#define EXK_RESIDENT_H

#include <stdbool.h>
#include <stdint.h>

int64_t resident_now(void);

/* The most since the last reset, or ever. */
int64_t resident_peak(void);

/* False where the kernel does not let us: resident_peak then goes on as it was. */
bool resident_reset_peak(void);

/* The same of another process. */
int64_t resident_now_of(int pid);
int64_t resident_peak_of(int pid);
bool resident_reset_peak_of(int pid);

#endif
