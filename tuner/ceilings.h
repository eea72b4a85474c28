/* How fast this machine can multiply and add, and read: the ceilings that kernels are compared with. */
#ifndef EXK_CEILINGS_H
#define EXK_CEILINGS_H

#include "tuner/topology.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All functions here run `threads` OpenMP threads, bound as exk_topology_bind does (topology NULL: not bound) and
 * left so. They start together, each works until all have worked for `seconds` (10 to 20 ms are enough), and only
 * what was done in those seconds counts. Clocks that ramp up are the caller's concern: go on until the rate is
 * steady. */

/* *rate = floating-point operations a second, over all threads, of the ISA's float32 multiply-adds (two operations
 * each). EXK_ERR_VARIANT if that ISA is not in this build or cannot run here. */
exk_status exk_ceiling_flops(const exk_topology *topology, const char *isa, int threads, double seconds,
                             double *rate, exk_error *error);

/* Likewise, with a factor of every two multiply-adds loaded from L1, as a micro-kernel must. */
exk_status exk_ceiling_fed_flops(const exk_topology *topology, const char *isa, int threads, double seconds,
                                 double *rate, exk_error *error);

/* Memory to read: `bytes` for each thread, touched first by the thread that will read it. The topology must live
 * as long. */
typedef struct exk_ceiling_area exk_ceiling_area;
exk_status exk_ceiling_area_create(const exk_topology *topology, int threads, int64_t bytes,
                                   exk_ceiling_area **area, exk_error *error);
void exk_ceiling_area_free(exk_ceiling_area *area);

/* *rate = bytes a second, over all threads, each reading the first `bytes` of its part again and again with the
 * loads of the strongest ISA that may run here; counted from the second time on. bytes: from
 * EXK_CEILING_BYTES_LEAST to what the area has; beyond EXK_CEILING_SLICE whole slices of that are read. */
enum { EXK_CEILING_BYTES_LEAST = 1 << 10, EXK_CEILING_SLICE = 256 << 10 };
exk_status exk_ceiling_read(const exk_ceiling_area *area, int64_t bytes, double seconds, double *rate,
                            exk_error *error);

#ifdef __cplusplus
}
#endif
#endif
