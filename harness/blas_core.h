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

/* For other programs with an OpenBLAS of their own. The core type to ask it for on this CPU; NULL: nothing better
 * is known than what it detects itself. */
const char *blas_core_wanted(void);

/* Whether a core type that it reports uses what the CPU has; true where nothing is known. */
bool blas_core_is_strong(const char *core);

/* OPENBLAS_CORETYPE as it was before blas_core_request: what the user wants; NULL: nothing. */
const char *blas_core_given(void);

/* Whether blas_core_request may have set this variable of the environment. */
bool blas_core_is_ours(const char *name);

#endif
