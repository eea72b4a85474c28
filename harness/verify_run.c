#include "harness/verify_run.h"
#include "harness/interrupt.h"
#include "harness/report.h"

#include <stdio.h>
#include <string.h>

const char verify_reference_variant[] = "assign_f32_naive__scalar";

/* The library's own choice, then tiles that divide nothing. */
// clang-format off
const verify_setup verify_setups[VERIFY_SETUPS] = {
    {"chosen",      {.threads = 1}, true},
    {"odd",         {.threads = 2, .point_tile = 5, .centroid_tile = 7, .depth_tile = 3, .matrix_bytes = 4096,
                     .update = EXK_UPDATE_SORTED}, true},
    {"wide",        {.threads = 3, .point_tile = 96, .centroid_tile = 33, .depth_tile = 17, .matrix_bytes = 65536},
     true},
    {"chosen",      {.threads = 2}, false},
    {"chosen",      {.threads = 3, .update = EXK_UPDATE_SCATTER}, false},
    {"one by one",  {.threads = 1, .point_tile = 1, .centroid_tile = 1, .depth_tile = 1, .matrix_bytes = 1}, false},
    {"odd",         {.threads = 3, .point_tile = 37, .centroid_tile = 11, .depth_tile = 64, .matrix_bytes = 999,
                     .update = EXK_UPDATE_SORTED}, false},
};
// clang-format on

static exk_options *make_options(const verify_problem *p, const exk_plan *plan) {
    exk_options *options;
    if (exk_options_create(&options) != EXK_OK)
        return NULL;
    exk_options_set_plan(options, plan);
    exk_options_set_init(options, p->init);
    exk_options_set_empty(options, p->empty);
    exk_options_set_seed(options, p->seed);
    exk_options_set_tol(options, 0);
    if (p->kind == VERIFY_FIT)
        exk_options_set_max_iter(options, p->max_iter);
    exk_options_set_stop_flag(options, interrupt_flag());
    return options;
}

/* NULL, and why, if there is no whole result. */
static exk_result *solve(const verify_problem *p, const char *variant, const exk_plan *tiles, char *why,
                         size_t size) {
    exk_plan plan = *tiles;
    plan.variant = variant;
    exk_result *result = NULL;
    exk_error error = {.message = "out of memory"};
    exk_status status = EXK_ERR_MEMORY;
    exk_options *options = make_options(p, &plan);
    if (options && p->kind == VERIFY_FIT)
        status = exk_fit(&p->points, p->k, options, &result, &error);
    else if (options)
        status = exk_assign(&p->points, p->centroids, p->k, options, &result, &error);
    exk_options_free(options);
    if (status == EXK_OK)
        return result;
    snprintf(why, size, "%.*s", (int)size - 1, error.message);
    exk_result_free(result);
    return NULL;
}

bool verify_standard_create(const verify_problem *p, verify_standard *standard, char *why, size_t size) {
    *standard = (verify_standard){0};
    if (p->kind == VERIFY_KERNEL) {
        standard->truth = verify_truth_create(p);
        if (!standard->truth)
            snprintf(why, size, "out of memory for the check");
        return standard->truth != NULL;
    }
    standard->reference.result = solve(p, verify_reference_variant, &verify_setups[0].plan, why, size);
    if (standard->reference.result)
        verify_judge_reference(p, &standard->reference);
    return standard->reference.result != NULL;
}

void verify_standard_free(verify_standard *standard) {
    verify_truth_free(standard->truth);
    exk_result_free(standard->reference.result);
    *standard = (verify_standard){0};
}

/* All judges are heard: where one finds a difference, another may say who is right. */
static bool judged(const verify_problem *p, const verify_reference *reference, const exk_result *result, char *why,
                   size_t size) {
    bool accepted = true;
    size_t used = 0;
    for (const verify_judge *judge = verify_judges; judge->name; judge++) {
        char says[VERIFY_WHY / 2] = "accepts it";
        accepted = judge->accepts(p, reference, result, says, sizeof says) && accepted;
        int length = snprintf(why + used, size - used, "%s%s: %s", used ? "; " : "", judge->name, says);
        used += (size_t)length < size - used ? (size_t)length : 0;
    }
    return accepted;
}

static void run_result(const verify_problem *p, const verify_standard *standard, const exk_variant *variant,
                       const exk_plan *plan, verify_verdict *verdict) {
    exk_result *result = solve(p, variant->name, plan, verdict->why, sizeof verdict->why);
    if (!result)
        return;
    exk_totals totals = exk_result_totals(result);
    verdict->ambiguous = totals.ambiguous_points;
    verdict->exact = totals.exactly_decided_points;
    verdict->passed = judged(p, &standard->reference, result, verdict->why, sizeof verdict->why);
    exk_result_free(result);
}

verify_verdict verify_run(const verify_problem *p, const verify_standard *standard, const exk_variant *variant,
                          const verify_setup *setup) {
    verify_verdict verdict = {.passed = false};
    double started = seconds_now();
    if (p->kind == VERIFY_KERNEL)
        verdict.passed = verify_kernel(p, standard->truth, variant, &setup->plan, &verdict.ambiguous, verdict.why,
                                       sizeof verdict.why);
    else
        run_result(p, standard, variant, &setup->plan, &verdict);
    verdict.seconds = seconds_now() - started;
    return verdict;
}
