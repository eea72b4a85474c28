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

/* Whose formulas a variant's plan follows. */
typedef enum exk_plan_rule { EXK_RULE_FUSED, EXK_RULE_TILED, EXK_RULE_MATRIX } exk_plan_rule;

/* The numbers behind a plan, for whoever wants to follow the formulas. Bytes and rows. */
typedef struct exk_plan_reason {
    exk_plan_rule rule;
    bool usable;                              /* the topology knows some cache */
    int64_t l1_ways, l1_way, l2_ways, l2_way; /* as the model sees them: bytes of one way */
    int64_t mr, nr, unit;                  /* centroids x points in registers; what point tiles are multiples of */
    int64_t fold;                          /* sums are folded after so many dimensions at most */
    int64_t depth_fits;                    /* dimensions of a slice, by L1 and folding */
    int64_t centroid_bytes, centroids_fit; /* of L2 for one of a centroid tile; how many have room */
    int64_t point_bytes, points_fit;       /* of L2 for one of a point tile; how many have room beside them */
    int64_t points_most;                   /* longer tiles cost certificates */
    int64_t points_share;                  /* longer tiles leave a thread too few */
} exk_plan_reason;

/* For a complete plan of a registered variant. */
exk_plan_reason exk_plan_explain(const exk_topology *topology, const exk_shape *shape, const exk_plan *plan);

#ifdef __cplusplus
}
#endif
#endif
