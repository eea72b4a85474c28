/* assign and score: one pass over the points with centroids from a file. */
#include "harness/report.h"
#include "harness/summary.h"
#include "harness/variants.h"

#include <stdio.h>

static exit_code check_settings(const settings *s) {
    if (!s->from)
        return fail(CLI_USAGE, "--centroids: missing; give the file with the centroids");
    const named_file inputs[] = {{"the input", s->positional[0]}, {"the file of --centroids", s->from}};
    exit_code code = variant_check(s->variant);
    return code == CLI_OK ? run_check_outputs(s, inputs, 2) : code;
}

static exit_code prepare(run *r, const settings *s) {
    exit_code code = check_settings(s);
    if (code == CLI_OK)
        code = run_load(r, s);
    if (code == CLI_OK)
        code = run_load_centroids(r, s->from);
    if (code == CLI_OK)
        code = run_plan(r, r->given->points.n);
    return code == CLI_OK ? run_options(r) : code;
}

static json *record(const run *r, const char *name) {
    if (!r->s->json)
        return NULL;
    json *root = summary_json(r, name);
    json_add_text(root, "centroids", r->s->from);
    return root;
}

/* exk_assign for both commands: it knows all that a record wants, where exk_score knows only the inertia. */
static exit_code compute(run *r) {
    exk_error error = {0};
    exk_status status =
        exk_assign(&r->data->points, r->given->points.x, r->shape.k, r->options, &r->result, &error);
    if (status == EXK_STOPPED)
        return fail(CLI_INTERRUPTED, "interrupted before the only pass was finished; nothing was written");
    return status == EXK_OK ? CLI_OK : fail_with(&error);
}

static exit_code assign(const settings *s) {
    run r = {0};
    exit_code code = prepare(&r, s);
    if (code == CLI_OK)
        code = compute(&r);
    if (code == CLI_OK)
        code = summary_finish(&r, record(&r, "assign"));
    run_end(&r);
    return code;
}

static exit_code score(const settings *s) {
    run r = {0};
    exit_code code = prepare(&r, s);
    if (code == CLI_OK)
        code = compute(&r);
    if (code == CLI_OK) {
        if (s->json)
            code = json_write(record(&r, "score"), s->json);
        if (!s->quiet)
            fprintf(summary_stream(s), "%.17g\n", exk_result_inertia(r.result));
    }
    run_end(&r);
    return code;
}

const command command_assign = {
    .name = "assign",
    .bit = CMD_ASSIGN,
    .synopsis = "INPUT --centroids F [options]",
    .summary = "Find the nearest of given centroids for every point of INPUT.",
    .text = "example:\n"
            "  exakt assign new.npy --centroids centroids.npy --labels labels.npy\n",
    .least = 1,
    .most = 1,
    .run = assign,
};

const command command_score = {
    .name = "score",
    .bit = CMD_SCORE,
    .synopsis = "INPUT --centroids F [options]",
    .summary = "Print the inertia of INPUT for given centroids: the sum of squared distances to the nearest.",
    .text = "example:\n"
            "  exakt score points.npy --centroids centroids.npy\n",
    .least = 1,
    .most = 1,
    .run = score,
};
