/* What the counters say of the plan that tuning has chosen: kept for `exakt explain`, and told in a line. */
#include "harness/interrupt.h"
#include "harness/kept_counts.h"
#include "harness/report.h"
#include "harness/simulate.h"
#include "harness/tune.h"

#include <string.h>

static bool simulate(const tune_run *r, const exk_plan *plan, kept_counts *kept) {
    simulated_case c;
    char why[EXK_COUNTER_WHY];
    if (!simulate_choose(&r->points.shape, plan, &c, why, sizeof why)) {
        simulate_refuse(&kept->table, why);
        return true;
    }
    tune_show(r->s, "simulating %s", c.plan.variant);
    simulate_counts(r->points.topology, &c, &kept->table);
    kept->plan = c.plan;
    kept->points = c.shape.n;
    return !interrupted();
}

static bool count(tune_run *r, const exk_plan *plan, const exk_counters *counters, kept_counts *kept) {
    exk_error error;
    /* A search that was replayed as a whole has measured nothing yet. */
    if (tune_case_prepare(&r->points, &r->space, &error) != EXK_OK)
        return false;
    tune_show(r->s, "counting %s", plan->variant);
    kept->points = r->points.points.n;
    return tune_count(&r->points, plan, counters, &kept->table);
}

static void tell(const tune_run *r, const kept_counts *kept) {
    char text[32];
    bool any = false;
    tune_show(r->s, "%s", "");
    if (r->s->quiet)
        return;
    for (int i = 0; i < kept->table.count; i++) {
        const counted *c = &kept->table.list[i];
        if (c->status == EXK_COUNT_UNKNOWN)
            continue;
        printf("%s%s %s", any ? ", " : "  counted   ", c->event, count_text(c, text));
        any = true;
    }
    if (any)
        printf("\n            of %s\n", kept->table.scope);
    counts_print_unknown(stdout, &kept->table, "            ");
}

exit_code tune_count_chosen(tune_run *r, const exk_plan *plan, const exk_fingerprint *machine) {
    const char *source = counts_source(r->s->counters);
    const exk_counter_provider *providers[2];
    exk_counters counters;
    exk_error error = {0};
    char why[EXK_COUNTER_WHY];
    const int provider_count = exk_counter_providers(source, providers);
    exk_counters_choose(&counters, providers, provider_count, NULL, why, sizeof why);
    if (strcmp(source, "simulated") == 0)
        simulate_list(&counters);
    kept_counts kept = {
        .shape = r->points.shape, .threads = r->points.threads, .points = r->points.shape.n, .plan = *plan};
    snprintf(kept.variant, sizeof kept.variant, "%s", plan->variant);
    exit_code code = CLI_OK;
    if (counters.count > 0 && !interrupted() && counts_create(&kept.table, &counters)) {
        const bool done =
            strcmp(source, "simulated") == 0 ? simulate(r, plan, &kept) : count(r, plan, &counters, &kept);
        tell(r, &kept);
        if (done && kept_counts_save(machine, &kept, &error) != EXK_OK)
            code = fail_writing(&error);
    }
    kept_counts_free(&kept);
    exk_counters_end(&counters);
    return code;
}
