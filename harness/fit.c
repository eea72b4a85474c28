#include "harness/progress.h"
#include "harness/report.h"
#include "harness/summary.h"
#include "harness/variants.h"

static const char *const empty_names[] = {"farthest", "keep", "split"};

static exit_code check_outputs(const settings *s) {
    const named_file inputs[] = {{"the input", s->positional[0]},
                                 {"the file of --init", run_init(s) == EXK_INIT_GIVEN ? s->init : NULL}};
    return run_check_outputs(s, inputs, 2);
}

static exit_code check_settings(const settings *s) {
    if (s->k == 0)
        return fail(CLI_USAGE, "-k: missing; give the number of clusters, for example -k 100");
    if (s->n_init > 1 && (run_init(s) == EXK_INIT_FIRST || run_init(s) == EXK_INIT_GIVEN))
        return fail(CLI_USAGE, "--n-init: --init %s gives the same run every time; use random or kmeans++",
                    s->init);
    exit_code code = variant_check(s->variant);
    return code == CLI_OK ? check_outputs(s) : code;
}

static exit_code prepare(run *r) {
    const exit_code code = run_start(r);
    return code == CLI_OK ? run_options(r) : code;
}

static void set_options(run *r) {
    const settings *s = r->s;
    if (r->given)
        exk_options_set_centroids(r->options, r->given->points.x);
    else
        exk_options_set_init(r->options, run_init(s));
    exk_options_set_seed(r->options, s->seed);
    exk_options_set_n_init(r->options, (int)s->n_init);
    exk_options_set_max_iter(r->options, s->max_iter);
    exk_options_set_tol(r->options, s->tol);
    exk_options_set_empty(r->options, (exk_empty)s->empty);
}

static exit_code compute(run *r) {
    exk_error error = {0};
    progress p = progress_start(r->s->quiet, r->s->progress, (int)r->s->n_init, r->s->max_iter);
    exk_options_set_progress(r->options, progress_show, &p);
    exk_status status = exk_fit(&r->data->points, r->shape.k, r->options, &r->result, &error);
    progress_end(&p);
    r->stopped = status == EXK_STOPPED;
    if (status != EXK_OK && status != EXK_STOPPED)
        return fail_with(&error);
    return CLI_OK;
}

static void add_settings(json *root, const settings *s) {
    json_add_text(root, "init", s->init);
    json_add_unsigned(root, "seed", s->seed);
    json_add_integer(root, "n_init", s->n_init);
    json_add_integer(root, "max_iter", s->max_iter);
    json_add_real(root, "tol", s->tol);
    json_add_text(root, "empty", empty_names[s->empty]);
}

static void add_iterations(json *root, const exk_result *result) {
    json *list = json_add_array(root, "per_iteration");
    const exk_iteration *it;
    for (int64_t i = 0; (it = exk_result_iteration(result, i)); i++) {
        json *node = json_add_object(list, NULL);
        json_add_integer(node, "iteration", it->iteration);
        json_add_real(node, "seconds", it->seconds);
        summary_add_parts(node, &it->parts);
        json_add_integer(node, "moved", it->moved);
        json_add_real(node, "inertia", it->inertia);
        json_add_real(node, "shift", it->shift);
        json_add_integer(node, "distance_evaluations", it->distance_evaluations);
        json_add_text(node, "variant", it->variant);
        json_add_integer(node, "survivors", it->survivors);
        json_add_integer(node, "ambiguous_points", it->ambiguous_points);
        json_add_integer(node, "exactly_decided_points", it->exactly_decided_points);
    }
}

static exit_code finish(const run *r) {
    json *root = NULL;
    if (r->s->json) {
        root = summary_json(r, "fit");
        add_settings(root, r->s);
        add_iterations(root, r->result);
    }
    return summary_finish(r, root);
}

static exit_code fit(const settings *s) {
    run r = {0};
    exit_code code = check_settings(s);
    if (code == CLI_OK)
        code = run_load(&r, s);
    if (code == CLI_OK)
        code = prepare(&r);
    if (code == CLI_OK) {
        set_options(&r);
        code = compute(&r);
    }
    if (code == CLI_OK)
        code = finish(&r);
    run_end(&r);
    return code;
}

const command command_fit = {
    .name = "fit",
    .bit = CMD_FIT,
    .synopsis = "INPUT -k K [options]",
    .summary = "Cluster the points of INPUT with exact k-means.",
    .text = "INPUT is a .npy, .fvecs, .bvecs, IDX or text file (each also with .gz), or gen:NAME,key=value,...\n"
            "(see exakt gen --help). Ctrl-C ends the run early and writes the last finished iteration.\n"
            "\n"
            "example:\n"
            "  exakt fit embeddings.npy -k 1000 --labels labels.npy --centroids centroids.npy --json run.json\n",
    .least = 1,
    .most = 1,
    .run = fit,
};
