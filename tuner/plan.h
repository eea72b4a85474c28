/* The cache model: a plan computed from the topology (tile sizes that fit), used until a tuned profile exists. */
#ifndef EXK_PLAN_H
#define EXK_PLAN_H

#include "kernels/variant.h"
#include "tuner/topology.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Fill the zero fields of plan (plan->variant must be a registered name, plan->threads > 0) by the model:
 * analytical blocking after Low et al., "Analytical Modeling Is Enough for High-Performance BLIS", TOMS 2016, with
 * the running argmin of a fused tile as additional L2 state. Then completes it with exk_plan_complete. Fields that
 * are not zero stay as they are and the others are computed to go with them. Returns where the numbers came from:
 * "model" or, if the topology says nothing usable, "default". */
const char *exk_plan_model(const exk_topology *topology, const exk_shape *shape, exk_plan *plan);

#ifdef __cplusplus
}
#endif
#endif
