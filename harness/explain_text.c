/* What `exakt explain` tells: from the work to the caches to what was measured. */
#include "harness/explain.h"
#include "harness/json.h"
#include "harness/report.h"
#include "harness/summary.h"
#include "harness/variants.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef char text_room[32];

static const char *size_text(double bytes, char *text) {
    return format_bytes((int64_t)bytes, text, sizeof(text_room));
}

/* "1.23 s", "4.56 ms" or "7.8 us", whichever reads best. */
static const char *time_text(double seconds, char *text) {
    const double scale = seconds >= 1 ? 1 : seconds >= 1e-3 ? 1e3 : 1e6;
    const char *unit = seconds >= 1 ? "s" : seconds >= 1e-3 ? "ms" : "us";
    if (isnan(seconds))
        snprintf(text, sizeof(text_room), "?");
    else
        snprintf(text, sizeof(text_room), "%.3g %s", seconds * scale, unit);
    return text;
}

static void heading(const char *text) {
    printf("\n%s\n", text);
    for (size_t i = 0; i < strlen(text); i++)
        putchar('-');
    putchar('\n');
}

static const exk_cache *cache_of(const explanation *e, int level) {
    return &e->topology.level[level];
}

/* --- the work --- */

static void print_work(const explanation *e) {
    text_room points, centroids, floor;
    const exk_shape *s = &e->shape;
    const double n = (double)s->n, d = (double)s->d, k = (double)s->k;
    heading("The work of one pass");
    printf("n = %" PRId64 " points, d = %" PRId64 " dimensions, k = %" PRId64 " centroids, %d thread%s; a value "
           "takes 4 bytes\n",
           s->n, s->d, s->k, e->threads, e->threads == 1 ? "" : "s");
    printf("operations      2 n d k = %.4g billion: every point meets every centroid\n", e->bound.flops * 1e-9);
    printf("values          points n d * 4 = %s, centroids k d * 4 = %s\n", size_text(4 * n * d, points),
           size_text(4 * k * d, centroids));
    printf("reuse           a value of a point takes part in 2 k = %.0f operations, one of a centroid in 2 n.\n"
           "                Tiles exist so that a value, once fetched, is used often before it is evicted.\n",
           2 * k);
    if (!isnan(e->bound.compute))
        printf("floor           %.4g GFLOP/s of %s multiply-adds were measured here: no pass takes less than %s\n",
               e->bound.flops / e->bound.compute * 1e-9, e->variant->isa, time_text(e->bound.compute, floor));
}

/* --- the machine --- */

static void print_level(const explanation *e, int level) {
    const exk_cache *c = cache_of(e, level);
    text_room size, share, way;
    if (c->size == 0) {
        printf("%-6s  none, or size unknown\n", explain_level_name[level]);
        return;
    }
    printf("%-6s  %10s", explain_level_name[level], size_text((double)c->size, size));
    if (c->ways > 0)
        printf("  %3d ways of %-9s", c->ways, size_text((double)c->size / c->ways, way));
    else
        printf("  %-21s", c->ways < 0 ? "fully associative" : "ways unknown: 8");
    printf("  %10s for a core", size_text((double)explain_room(e, level), share));
    for (int i = 0; e->part && i < e->part->levels; i++)
        if (strcmp(e->part->level[i].name, explain_level_name[level]) == 0 && e->part->level[i].bytes > 0)
            printf(", reads at %.0f GB/s", e->part->level[i].rate.median * 1e-9);
    putchar('\n');
}

static void print_machine(const explanation *e) {
    heading("The machine");
    for (int level = 0; level < EXK_TOPOLOGY_LEVELS; level++)
        print_level(e, level);
    for (int i = 0; e->part && i < e->part->levels; i++)
        if (strcmp(e->part->level[i].name, "memory") == 0 && e->part->level[i].bytes > 0)
            printf("%-6s  reads at %.0f GB/s\n", "memory", e->part->level[i].rate.median * 1e-9);
    printf("(%s%s%s%s)\n", e->topology.source, e->topology.this_system ? "" : ", not this system",
           e->topology.note[0] ? "; " : "", e->topology.note);
    if (!e->part && e->topology.this_system)
        printf("Rates are unknown: exakt ceilings --threads %d measures and keeps them.\n", e->threads);
}

/* --- the kernel --- */

static void print_kernel(const explanation *e) {
    const exk_plan_reason *r = &e->reason;
    heading("The kernel");
    printf("%s (%s): ", e->variant->name, e->variant->source);
    if (r->rule == EXK_RULE_MATRIX) {
        printf("scores of a tile of points with all centroids are\nwritten to a matrix, then searched. The matrix "
               "takes more of the caches than anything else.\n");
        return;
    }
    printf("%" PRId64 " centroids x %" PRId64 " points stay in\nregisters while one dimension after the other is "
           "added.\n",
           r->mr, r->nr);
    printf("registers       mr * nr = %" PRId64 " sums, for %" PRId64 " loads a dimension: mr + nr = %" PRId64
           " values give %" PRId64 " multiply-adds,\n                %.1f for a value\n",
           r->mr * r->nr, e->variant->mr + (int64_t)e->variant->nv, r->mr + r->nr, r->mr * r->nr,
           (double)(r->mr * r->nr) / (double)(r->mr + r->nr));
    printf(
        "                (fixed when it is compiled, as packing and prefetching are: another variant is another "
        "choice)\n");
}

/* --- the model --- */

static void print_unequal(int64_t fits, int64_t chosen, const char *why) {
    if (fits != chosen)
        printf("                -> %" PRId64 ", %s\n", chosen, why);
}

static void print_depth(const explanation *e) {
    const exk_plan_reason *r = &e->reason;
    if (r->rule == EXK_RULE_TILED)
        printf("depth_tile      what panel and block leave of L1: (W1 - 1) ways of %" PRId64
               " bytes, shared nr : mr, fit %" PRId64
               " dimensions;\n                sums are folded after %" PRId64
               " at most, for a tight error bound\n",
               r->l1_way, r->depth_fits, r->fold);
    else
        printf("depth_tile      sums are folded after %" PRId64
               " dimensions at most: often enough for a tight error "
               "bound\n",
               r->fold);
    const int64_t most = r->depth_fits < r->fold ? r->depth_fits : r->fold;
    print_unequal(most, e->model.depth_tile, "d cut into equal slices");
}

static void print_centroids(const explanation *e) {
    const exk_plan_reason *r = &e->reason;
    if (r->rule == EXK_RULE_FUSED)
        printf("centroid_tile   a quarter of L2: W2 Q2 / 4 / (d * 4 + 4) = %" PRId64 " * %" PRId64
               " / 4 / %" PRId64 " = %" PRId64 "\n",
               r->l2_ways, r->l2_way, r->centroid_bytes, r->centroids_fit);
    else
        printf("centroid_tile   as many as points, t, so that t (4 t + other) fills W2 - 1 = %" PRId64
               " ways of L2: %" PRId64 "\n",
               r->l2_ways - 1, r->centroids_fit);
    print_unequal(r->centroids_fit, e->model.centroid_tile, "k cut into equal tiles, multiples of mr");
}

static void print_points(const explanation *e) {
    const exk_plan_reason *r = &e->reason;
    text_room way;
    printf("point_tile      the rest of L2, without one way for what passes through:\n"
           "                (W2 - 1 - centroids' ways) Q2 / %" PRId64 " = %" PRId64 ", Q2 = %s\n",
           r->point_bytes, r->points_fit, size_text((double)r->l2_way, way));
    printf("                at most %" PRId64
           " (all points of a tile share the longest one's error bound), and n / (4 "
           "threads) = %" PRId64 "\n",
           r->points_most, r->points_share);
    print_unequal(r->points_fit, e->model.point_tile, "n cut into equal tiles, multiples of nr");
}

static void print_model(const explanation *e) {
    char tiles[128];
    heading("The tiles, by the model (W ways of Q bytes each)");
    if (strcmp(e->model_source, "default") == 0) {
        printf("No cache sizes are known: fixed defaults.\n");
    } else if (e->reason.rule == EXK_RULE_MATRIX) {
        printf("matrix_bytes    %" PRId64 " for all threads; rows of (k + d) * 4 = %" PRId64 " bytes: %" PRId64
               " points at a time for each thread\n",
               e->model.matrix_bytes, e->reason.point_bytes, e->reason.points_fit);
    } else {
        print_depth(e);
        print_centroids(e);
        print_points(e);
    }
    printf("model           %s\n", tune_plan_text(e->variant, &e->model, tiles, sizeof tiles));
    printf("a run takes     %s, from the %s\n", tune_plan_text(e->variant, &e->used, tiles, sizeof tiles),
           e->used_source);
}

/* --- footprint --- */

static void print_footprint(const explanation *e) {
    heading("Where everything lies during a pass");
    printf("%-34s %-28s %10s   %-7s %s\n", "what", "bytes", "", "nearest", "of what a core has there");
    for (int i = 0; i < e->uses; i++) {
        const explain_use *u = &e->use[i];
        text_room size;
        printf("%-34s %-28s %10s   %-7s", u->what, u->formula, size_text(u->bytes, size),
               explain_level_name[u->level]);
        if (u->level < EXK_TOPOLOGY_LEVELS)
            printf(" %5.0f %%", 100 * u->bytes / (double)explain_room(e, u->level));
        putchar('\n');
    }
}

static void print_bound(const explanation *e) {
    const explain_bound *b = &e->bound;
    text_room size, time;
    heading("What a pass takes at least");
    printf("%-12s %12s operations  %10s%s\n", "arithmetic", "", time_text(b->compute, time),
           b->binding < 0 && !isnan(b->seconds) ? "   <- this binds" : "");
    for (int i = 0; i < EXPLAIN_LEVELS; i++)
        if (b->bytes[i] > 0)
            printf("%-12s %12s read        %10s%s\n", explain_level_name[i], size_text(b->bytes[i], size),
                   time_text(b->read[i], time), b->binding == i ? "   <- this binds" : "");
    if (!isnan(b->seconds))
        printf(
            "If all of it overlaps, the longest is the time of the pass; what is measured beyond it is packing, "
            "the argmin,\nthe certificate, and overlap that is not perfect.\n");
}

/* --- measured --- */

static void print_trial(const explanation *e, const char *what, int trial, double best) {
    const exk_search *s = &e->run.search;
    const exk_trial *t = &s->trials[trial];
    const exk_variant *variant = e->run.space.variants[t->choice.arm];
    const exk_plan plan = tune_plan(&e->run.space, &e->topology, s, &t->choice, &e->shape, e->threads);
    char tiles[128], name[64];
    text_room time;
    snprintf(name, sizeof name, "%s__%s", variant->strategy, variant->isa);
    printf("%-9s %-15s %-52s %9s  %+6.1f %%", what, name, tune_plan_text(variant, &plan, tiles, sizeof tiles),
           time_text(t->level, time), 100 * (t->level / best - 1));
    if (variant == e->variant) {
        const explain_bound b = explain_bound_of(e, &plan);
        if (!isnan(b.seconds))
            printf("   %3.0f %% of the floor's speed", 100 * b.seconds / t->level);
    }
    putchar('\n');
}

/* Whether two choices differ on this axis alone. */
static bool differ_on(const exk_choice *a, const exk_choice *b, int axis) {
    bool same = a->arm == b->arm && a->at[axis] != b->at[axis];
    for (int field = 0; field < EXK_FIELD_COUNT; field++)
        same = same && (field == axis || a->at[field] == b->at[field]);
    return same;
}

/* What was measured on a line through a trial, along one axis. */
static void print_line(const explanation *e, int trial, int axis) {
    const exk_search *s = &e->run.search;
    const exk_trial *center = &s->trials[trial];
    const exk_axis *values = &s->arms[center->choice.arm].axis[axis];
    int found = 0;
    for (int at = 0; at < values->count; at++) {
        for (int i = 0; i < s->count; i++) {
            const exk_trial *t = &s->trials[i];
            const bool is_it = i == trial && at == center->choice.at[axis];
            if (!is_it &&
                (t->count == 0 || t->choice.at[axis] != at || !differ_on(&t->choice, &center->choice, axis)))
                continue;
            if (found++ == 0)
                printf("  %-14s", plan_field_name((exk_field)axis));
            if (is_it)
                printf("  [%" PRId64 "]", values->value[at]);
            else
                printf("  %" PRId64 ": %+.1f %%", values->value[at], 100 * (t->level / center->level - 1));
        }
    }
    if (found > 0)
        putchar('\n');
}

static void print_verdict(const explanation *e) {
    const exk_search *s = &e->run.search;
    if (e->seed < 0)
        return;
    const exk_trial *seed = &s->trials[e->seed], *chosen = &s->trials[s->chosen];
    const double gap = seed->level / chosen->level - 1;
    if (seed->tied || e->seed == s->chosen) {
        printf("The model was right: its plan cannot be told apart from the fastest (noise %.1f %%).\n",
               100 * s->noise);
        return;
    }
    printf("The model was wrong by %.1f %%", 100 * gap);
    if (seed->choice.arm != chosen->choice.arm) {
        printf(": another variant is faster.\n");
        return;
    }
    const char *between = ":";
    for (int field = 0; field < EXK_FIELD_COUNT; field++) {
        const int64_t from = exk_choice_value(s, &seed->choice, (exk_field)field);
        const int64_t to = exk_choice_value(s, &chosen->choice, (exk_field)field);
        if (from == to)
            continue;
        printf("%s %s %" PRId64 " instead of %" PRId64, between, plan_field_name((exk_field)field), to, from);
        between = ",";
    }
    printf(" (noise %.1f %%).\n", 100 * s->noise);
}

static void print_choice(const explanation *e) {
    const exk_search *s = &e->run.search;
    text_room size;
    const char *why = s->noise > 0.01
                          ? "measured too noisily to tell more: the model's stays where it is one of them"
                          : "the one with the smallest tiles wins, since it leaves most to others";
    if (s->ties > 1)
        printf("%d plans tie with the fastest; %s (%s of cache).\n", s->ties, why,
               size_text(exk_choice_weight(s, &s->trials[s->chosen].choice), size));
    else
        printf("No other plan ties with the fastest.\n");
}

static void print_measured(const explanation *e) {
    const exk_search *s = &e->run.search;
    if (!e->topology.this_system)
        return;
    heading("Predicted and measured");
    if (s->best < 0) {
        printf("Nothing was measured yet: exakt tune %s%s\n", e->input, tune_is_shape(e->input) ? "" : " -k ...");
        return;
    }
    const double best = s->trials[s->best].level;
    if (e->seed >= 0)
        print_trial(e, "model", e->seed, best);
    if (e->chosen >= 0 && e->chosen != e->seed)
        print_trial(e, "in use", e->chosen, best);
    if (s->best != e->chosen && s->best != e->seed)
        print_trial(e, "fastest", s->best, best);
    if (s->chosen != s->best && s->chosen != e->chosen && s->chosen != e->seed)
        print_trial(e, "chosen", s->chosen, best);
    print_verdict(e);
    print_choice(e);
    printf("Around the winner, one tile at a time:\n");
    for (int axis = 0; axis < EXK_FIELD_COUNT; axis++)
        print_line(e, s->chosen, axis);
}

/* --- counted --- */

/* The events that count lines fetched into a level; the first that is known. */
static const counted *misses_of(const count_table *table, int level) {
    static const char *const names[EXK_TOPOLOGY_LEVELS][3] = {
        {"L1D_misses", "PAPI_L1_DCM", "L1-dcache-load-misses"},
        {"L2_misses", "PAPI_L2_DCM", "PAPI_L2_TCM"},
        {"L3_misses", "PAPI_L3_TCM", "LLC-load-misses"}};
    for (int i = 0; i < 3; i++) {
        const counted *found = counts_find(table, names[level][i]);
        if (found)
            return found;
    }
    return NULL;
}

static void print_misses(const explanation *e) {
    double expected[EXK_TOPOLOGY_LEVELS];
    char text[32];
    explain_expected_lines(e, expected);
    printf("%-6s %16s %16s   %s\n", "", "lines expected", "counted", "");
    for (int level = 0; level < EXK_TOPOLOGY_LEVELS; level++) {
        const counted *c = misses_of(&e->kept.table, level);
        printf("%-6s %16.4g %16s", explain_level_name[level], expected[level], c ? count_text(c, text) : "NA");
        if (c)
            printf("   %s, %s by %s", c->event, exk_count_status_name(c->status), c->provider);
        if (c && expected[level] > 0)
            printf(": %.2f times", c->value / expected[level]);
        putchar('\n');
    }
}

static void print_other_events(const explanation *e) {
    char text[32];
    for (int i = 0; i < e->kept.table.count; i++) {
        const counted *c = &e->kept.table.list[i];
        bool shown = c->status == EXK_COUNT_UNKNOWN;
        for (int level = 0; level < EXK_TOPOLOGY_LEVELS && !shown; level++)
            shown = misses_of(&e->kept.table, level) == c;
        if (!shown)
            printf("%-24s %s\n", c->event, count_text(c, text));
    }
}

static void print_counted(const explanation *e) {
    const count_table *table = &e->kept.table;
    char tiles[128];
    if (!e->uncounted[0] && table->count == 0)
        return;
    heading("What was counted");
    if (e->uncounted[0]) {
        printf("NA: %s.\n", e->uncounted);
        return;
    }
    printf("Of %s%s%s.\n", table->scope, e->kept.counted[0] ? ", " : "", e->kept.counted);
    printf("%s\n", tune_plan_text(exk_variant_find(e->kept.plan.variant), &e->kept.plan, tiles, sizeof tiles));
    print_misses(e);
    print_other_events(e);
    counts_print_unknown(stdout, table, "");
    if (counts_known(table) > 0)
        printf("(expected: what the tiles make a pass over as many points read from the next levels, all of it "
               "once;\n"
               "prefetching hides some, packing, bounds and sums add some)\n");
}

void explain_print(const explanation *e) {
    printf("%s on %d thread%s: %s\n", e->input, e->threads, e->threads == 1 ? "" : "s", e->variant->name);
    print_work(e);
    print_machine(e);
    print_kernel(e);
    print_model(e);
    print_footprint(e);
    print_bound(e);
    print_measured(e);
    print_counted(e);
}

/* --- JSON --- */

static void add_reason(json *root, const explanation *e) {
    const exk_plan_reason *r = &e->reason;
    static const char *const rules[] = {"fused", "tiled", "matrix"};
    json *node = json_add_object(root, "formulas");
    json_add_text(node, "rule", rules[r->rule]);
    json_add_integer(node, "mr", r->mr);
    json_add_integer(node, "nr", r->nr);
    json_add_integer(node, "l1_ways", r->l1_ways);
    json_add_integer(node, "l1_way_bytes", r->l1_way);
    json_add_integer(node, "l2_ways", r->l2_ways);
    json_add_integer(node, "l2_way_bytes", r->l2_way);
    json_add_integer(node, "depth_fits", r->depth_fits);
    json_add_integer(node, "centroid_bytes", r->centroid_bytes);
    json_add_integer(node, "centroids_fit", r->centroids_fit);
    json_add_integer(node, "point_bytes", r->point_bytes);
    json_add_integer(node, "points_fit", r->points_fit);
    json_add_integer(node, "points_most", r->points_most);
    json_add_integer(node, "points_share", r->points_share);
}

static void add_uses(json *root, const explanation *e) {
    json *list = json_add_array(root, "footprint");
    for (int i = 0; i < e->uses; i++) {
        json *node = json_add_object(list, NULL);
        json_add_text(node, "what", e->use[i].what);
        json_add_text(node, "formula", e->use[i].formula);
        json_add_real(node, "bytes", e->use[i].bytes);
        json_add_text(node, "level", explain_level_name[e->use[i].level]);
    }
}

static void add_bound(json *root, const explanation *e) {
    const explain_bound *b = &e->bound;
    json *node = json_add_object(root, "predicted");
    json_add_real(node, "operations", b->flops);
    json_add_real(node, "compute_seconds", b->compute);
    json_add_real(node, "seconds", b->seconds);
    json_add_text(node, "bound_by", b->binding < 0 ? "arithmetic" : explain_level_name[b->binding]);
    json *list = json_add_array(node, "reads");
    for (int i = 0; i < EXPLAIN_LEVELS; i++) {
        json *read = json_add_object(list, NULL);
        json_add_text(read, "level", explain_level_name[i]);
        json_add_real(read, "bytes", b->bytes[i]);
        json_add_real(read, "seconds", b->read[i]);
    }
}

static void add_measured(json *root, const explanation *e) {
    const exk_search *s = &e->run.search;
    json *node = json_add_object(root, "measured");
    json *list = json_add_array(node, "plans");
    json_add_integer(node, "ties", s->best < 0 ? 0 : s->ties);
    json_add_real(node, "noise", s->best < 0 ? NAN : s->noise);
    for (int i = 0; i < s->count; i++) {
        const exk_trial *t = &s->trials[i];
        if (t->count == 0)
            continue;
        json *plan = json_add_object(list, NULL);
        json_add_text(plan, "variant", e->run.space.variants[t->choice.arm]->name);
        for (int field = 0; field < EXK_FIELD_COUNT; field++)
            json_add_integer(plan, plan_field_name((exk_field)field),
                             exk_choice_value(s, &t->choice, (exk_field)field));
        json_add_integer(plan, "samples", t->count);
        json_add_real(plan, "seconds", t->level);
        json_add_real(plan, "low", t->low);
        json_add_real(plan, "high", t->high);
        json_add_bool(plan, "tied", t->tied);
        json_add_bool(plan, "is_model", i == e->seed);
        json_add_bool(plan, "is_fastest", i == s->best);
        json_add_bool(plan, "is_chosen", i == s->chosen);
    }
}

static void add_counted(json *root, const explanation *e) {
    double expected[EXK_TOPOLOGY_LEVELS];
    json *node = json_add_object(root, "counted");
    json_add_text(node, "why_not", e->uncounted);
    if (e->uncounted[0] || e->kept.table.count == 0)
        return;
    json_add_integer(node, "points", e->kept.points);
    summary_add_plan(json_add_object(node, "plan"), &e->kept.plan);
    counts_write(node, &e->kept.table);
    explain_expected_lines(e, expected);
    json *list = json_add_array(node, "expected_lines");
    for (int level = 0; level < EXK_TOPOLOGY_LEVELS; level++)
        json_add_real(list, NULL, expected[level]);
}

exit_code explain_json(const explanation *e) {
    json *root = json_object();
    json_add_text(root, "schema", "exakt explain 2");
    json_add_text(root, "input", e->input);
    json_add_integer(root, "n", e->shape.n);
    json_add_integer(root, "d", e->shape.d);
    json_add_integer(root, "k", e->shape.k);
    json_add_integer(root, "threads", e->threads);
    json_add_text(root, "topology", e->topology.source);
    json_add_bool(root, "this_system", e->topology.this_system);
    json *model = json_add_object(root, "model");
    summary_add_plan(model, &e->model);
    json_add_text(model, "source", e->model_source);
    json *used = json_add_object(root, "plan");
    summary_add_plan(used, &e->used);
    json_add_text(used, "source", e->used_source);
    add_reason(root, e);
    add_uses(root, e);
    add_bound(root, e);
    add_measured(root, e);
    add_counted(root, e);
    return json_write(root, e->s->json);
}
