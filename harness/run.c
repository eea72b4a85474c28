#include "harness/run.h"
#include "harness/interrupt.h"
#include "harness/json.h"
#include "harness/report.h"
#include "harness/variants.h"

#include <string.h>

exit_code run_check_outputs(const settings *s, const named_file *inputs, int n_inputs) {
    const named_file outputs[] = {{"--labels", s->labels}, {"--centroids", s->centroids}, {"--json", s->json}};
    exit_code code = output_check_file(outputs[0].what, outputs[0].path);
    if (code == CLI_OK)
        code = output_check_file(outputs[1].what, outputs[1].path);
    if (code == CLI_OK)
        code = json_check(s->json);
    return code == CLI_OK ? outputs_distinct(outputs, 3, inputs, n_inputs) : code;
}

static exk_load_options load_options(const settings *s) {
    return (exk_load_options){.columns = s->columns, .standardise = s->standardise};
}

exit_code run_load(run *r, const settings *s) {
    exk_error error = {0};
    exk_load_options options = load_options(s);
    *r = (run){.s = s, .started = seconds_now()};
    if (exk_dataset_load(s->positional[0], &options, &r->data, &error) != EXK_OK)
        return fail_with(&error);
    r->load_seconds = seconds_now() - r->started;
    r->shape = (exk_shape){.n = r->data->points.n, .d = r->data->points.d};
    return CLI_OK;
}

exit_code run_load_centroids(run *r, const char *path) {
    exk_error error = {0};
    if (exk_dataset_load(path, NULL, &r->given, &error) != EXK_OK)
        return fail_with(&error);
    const exk_points *given = &r->given->points;
    if (given->d != r->shape.d)
        return fail(CLI_INPUT,
                    "%s: has %lld columns but the points have %lld; give centroids of the same dimension", path,
                    (long long)given->d, (long long)r->shape.d);
    if (given->stride != given->d)
        return fail(CLI_INPUT, "%s: rows are not contiguous; store the centroids as a dense .npy", path);
    return CLI_OK;
}

bool topology_or_warning(exk_topology *topology) {
    exk_error error = {0};
    if (exk_topology_load(topology, &error) == EXK_OK)
        return true;
    warn("%s; tiles are defaults and threads are not pinned", error.message);
    return false;
}

const exk_profiles *profiles_here(const exk_topology *topology) {
    static exk_profiles profiles;
    static bool loaded;
    char note[EXK_PROFILE_NOTE_ROOM];
    if (loaded)
        return &profiles;
    loaded = true;
    exk_profiles_load(topology, &profiles, note);
    if (note[0])
        warn("%s", note);
    return &profiles;
}

const char *plan_for(const exk_topology *topology, const exk_variant *variant, const exk_shape *shape,
                     exk_plan *plan) {
    plan->variant = variant->name;
    if (plan->threads == 0)
        plan->threads = topology ? exk_topology_threads(topology) : 1;
    if (topology)
        return exk_plan_choose(topology, profiles_here(topology), shape, plan);
    exk_plan_complete(plan, variant, shape);
    return "default";
}

exk_plan plan_given(const settings *s, int threads) {
    return (exk_plan){.threads = threads,
                      .point_tile = s->point_tile,
                      .centroid_tile = s->centroid_tile,
                      .depth_tile = s->depth_tile,
                      .matrix_bytes = s->matrix_bytes,
                      .update = (exk_update)s->update,
                      .nodes = (int)s->nodes};
}

bool plan_is_given(const settings *s) {
    return s->point_tile || s->centroid_tile || s->depth_tile || s->matrix_bytes || s->update || s->nodes;
}

/* What was fastest when this shape was tuned, where nobody asked for anything else. */
static void prefer_tuned(run *r) {
    const char *source;
    const settings *s = r->s;
    if (strcmp(s->variant, "auto") != 0 || plan_is_given(s) || !r->has_topology)
        return;
    const int threads = s->threads ? (int)s->threads : exk_topology_threads(&r->topology);
    const exk_profile_entry *entry =
        exk_profiles_find(profiles_here(&r->topology), &r->shape, threads, NULL, &source);
    /* How much can be skipped depends on the points, which tuning did not see: that choice stays. */
    if (entry && variant_skips(exk_variant_find(entry->variant)) == variant_skips(r->variant))
        r->variant = exk_variant_find(entry->variant);
}

exit_code run_plan(run *r, int64_t k) {
    const settings *s = r->s;
    r->shape.k = k;
    exit_code code = variant_resolve(s->variant, &r->shape, &r->variant);
    if (code != CLI_OK)
        return code;
    r->has_topology = topology_or_warning(&r->topology);
    prefer_tuned(r);
    r->plan = plan_given(s, (int)s->threads);
    r->plan_rest_source = plan_for(r->has_topology ? &r->topology : NULL, r->variant, &r->shape, &r->plan);
    r->plan_source = plan_is_given(s) ? "command line" : r->plan_rest_source;
    const exk_variant *skipping = strcmp(s->variant, "auto") == 0 ? exk_variant_skipping(&r->shape) : NULL;
    r->plan.skipping = skipping ? skipping->name : NULL;
    return CLI_OK;
}

exk_init run_init(const settings *s) {
    static const char *const ways[] = {
        [EXK_INIT_KMEANSPP] = "kmeans++", [EXK_INIT_RANDOM] = "random", [EXK_INIT_FIRST] = "first"};
    for (int way = 0; way < EXK_INIT_GIVEN; way++)
        if (strcmp(s->init, ways[way]) == 0)
            return (exk_init)way;
    return EXK_INIT_GIVEN;
}

exit_code run_start(run *r) {
    const settings *s = r->s;
    if (s->k > r->shape.n)
        return fail(CLI_USAGE, "-k: %lld clusters for %lld points in %s; use at most %lld", (long long)s->k,
                    (long long)r->shape.n, s->positional[0], (long long)r->shape.n);
    const exit_code code = run_init(s) == EXK_INIT_GIVEN ? run_load_centroids(r, s->init) : CLI_OK;
    if (code != CLI_OK)
        return code;
    if (r->given && r->given->points.n != s->k)
        return fail(CLI_INPUT, "%s: holds %lld centroids; give -k %lld or another file", s->init,
                    (long long)r->given->points.n, (long long)r->given->points.n);
    return run_plan(r, s->k);
}

exit_code run_options(run *r) {
    if (exk_options_create(&r->options) != EXK_OK)
        return fail(CLI_LIMIT, "out of memory");
    exk_options_set_plan(r->options, &r->plan);
    exk_options_set_max_memory(r->options, r->s->max_memory);
    if (r->has_topology)
        exk_options_set_thread_start(r->options, exk_topology_bind, &r->topology);
    interrupt_arm();
    exk_options_set_stop_flag(r->options, interrupt_flag());
    return CLI_OK;
}

void run_end(run *r) {
    exk_result_free(r->result);
    exk_options_free(r->options);
    exk_dataset_free(r->given);
    exk_dataset_free(r->data);
    if (r->has_topology)
        exk_topology_free(&r->topology);
}
