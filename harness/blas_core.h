/* OpenBLAS picks its kernels by CPU model, and an old OpenBLAS takes a new CPU for an ancient one ("Prescott"):
 * several times slower, which would flatter every comparison with it. */
#ifndef EXK_BLAS_CORE_H
#define EXK_BLAS_CORE_H

#include <stdbool.h>

/* If OpenBLAS chose a core type weaker than the CPU and OPENBLAS_CORETYPE is not set: set it and return true. It
 * takes effect when the program is started again, since OpenBLAS chooses while it is loaded. */
bool blas_core_request(void);

/* Keep OpenBLAS to one thread, since the blas variants call it from every worker; OPENBLAS_NUM_THREADS overrules.
 */
void blas_core_one_thread(void);

/* "SkylakeX", "SkylakeX (detected Prescott, corrected)"; NULL without OpenBLAS. */
const char *blas_core_text(void);

#endif
