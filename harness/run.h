/* One run from settings to result: load, choose variant and plan, compute. Shared by fit, assign and score. */
#ifndef EXK_RUN_H
#define EXK_RUN_H

#include "datasets/datasets.h"
#include "harness/cli.h"
#include "harness/output.h"
#include "tuner/planning.h"

typedef struct run {
    const settings *s;
    exk_dataset *data;
    exk_shape shape;
    exk_topology topology;
    bool has_topology;
    const exk_variant *variant;
    exk_plan plan;
    const char *plan_source;      /* "command line", "profile", "model", "default", ... */
    const char *plan_rest_source; /* where the fields came from that the command line left open */
    exk_dataset *given;           /* centroids from a file, or NULL */
    exk_options *options;
    exk_result *result;
    bool stopped;
    double started, load_seconds;
} run;

/* Everything up to the computation. Each step reports its own error; run_end is due in any case. */
exit_code run_check_outputs(const settings *s, const named_file *inputs, int n_inputs);
exit_code run_load(run *r, const settings *s);
exit_code run_load_centroids(run *r, const char *path);
exit_code run_start(run *r); /* of a fit: centroids, if --init names a file, and the plan for -k clusters */
exit_code run_plan(run *r, int64_t k);
exit_code run_options(run *r);
void run_end(run *r);

/* What --init says: a way, or EXK_INIT_GIVEN for a file. */
exk_init run_init(const settings *s);

/* The topology of this machine; a failure is a warning, since a plan can do without. */
bool topology_or_warning(exk_topology *topology);

/* The tuned plans that may serve here; read once, and what cannot be used is a warning. */
const exk_profiles *profiles_here(const exk_topology *topology);

/* What the command line says about the plan; and whether it says anything beside the threads. */
exk_plan plan_given(const settings *s, int threads);
bool plan_is_given(const settings *s);

/* Fill plan for a variant: fields given on the command line win, then a tuned profile, then the model. */
const char *plan_for(const exk_topology *topology, const exk_variant *variant, const exk_shape *shape,
                     exk_plan *plan);

#endif
