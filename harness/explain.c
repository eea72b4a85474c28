/* explain: why a shape gets the plan that it gets. */
#include "harness/explain.h"
#include "harness/interrupt.h"
#include "harness/json.h"
#include "harness/report.h"
#include "harness/run.h"
#include "harness/simulate.h"
#include "harness/variants.h"
#include "tuner/survey_file.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const explain_level_name[EXPLAIN_LEVELS] = {"L1d", "L2", "L3", "memory"};

/* What the curve of working sets shows is believed before what the system reports. */
int64_t explain_room(const explanation *e, int level) {
    for (int i = 0; e->part && i < e->part->levels; i++)
        if (level < EXK_TOPOLOGY_LEVELS && strcmp(e->part->level[i].name, explain_level_name[level]) == 0)
            return e->part->level[i].believed;
    return level < EXK_TOPOLOGY_LEVELS ? e->topology.level[level].share : INT64_MAX;
}

/* --- where things lie --- */

/* The nearest level with room for so many bytes; one level down where that one is taken by what is used beside. */
static int level_for(const explanation *e, double bytes, int from) {
    int level = from;
    while (level < EXK_TOPOLOGY_LEVELS && (double)explain_room(e, level) < bytes)
        level++;
    return level;
}

static void add_use(explanation *e, const char *what, const char *formula, double bytes, int level) {
    if (e->uses < EXPLAIN_USES)
        e->use[e->uses++] = (explain_use){what, formula, bytes, level};
}

static double values(double count) {
    return count * (double)sizeof(float);
}

static void list_uses(explanation *e) {
    const exk_plan_reason *r = &e->reason;
    const exk_plan *p = &e->used;
    const double d = (double)e->shape.d, k = (double)e->shape.k, n = (double)e->shape.n;
    const double slice = (double)(p->depth_tile < e->shape.d ? p->depth_tile : e->shape.d);
    const double tile = (double)p->point_tile, centroids = fmin((double)p->centroid_tile, k);
    if (r->rule != EXK_RULE_MATRIX) {
        const double block = values((double)r->mr * slice), panel = values((double)r->nr * slice);
        add_use(e, "a block of centroids, one slice", "mr * depth_tile * 4", block, level_for(e, block, 0));
        add_use(e, "a panel of points, one slice", "nr * depth_tile * 4", panel, level_for(e, panel + block, 0));
        const double one = centroids * (values(d) + values(1));
        add_use(e, "a tile of centroids", "centroid_tile * (d + 1) * 4", one, level_for(e, one, 1));
        const double points = tile * (double)r->point_bytes;
        add_use(e, "a tile of points",
                r->rule == EXK_RULE_FUSED ? "point_tile * (3 d * 4 + 24)" : "point_tile * (scores + rows)", points,
                level_for(e, points + one, 1));
    } else {
        const double matrix = tile * values(k);
        add_use(e, "scores of a tile of points", "point_tile * k * 4", matrix, level_for(e, matrix, 1));
    }
    add_use(e, "all centroids, packed", "k * d * 4", values(k * d), level_for(e, values(k * d), 1));
    add_use(e, "sums of the clusters", "k * d * 8", 2 * values(k * d), level_for(e, 2 * values(k * d), 1));
    add_use(e, "all points", "n * d * 4", values(n * d), level_for(e, values(n * d) / e->threads, 2));
}

/* --- what a pass takes at least --- */

static double ceiling_flops(const explanation *e) {
    for (int i = 0; e->part && i < e->part->isas; i++)
        if (strcmp(e->part->flops[i].isa, e->variant->isa) == 0)
            return e->part->flops[i].rate.median;
    return NAN;
}

static double ceiling_read(const explanation *e, int level) {
    for (int i = 0; e->part && i < e->part->levels; i++)
        if (strcmp(e->part->level[i].name, explain_level_name[level]) == 0 && e->part->level[i].bytes > 0)
            return e->part->level[i].rate.median;
    return NAN;
}

/* Bytes that a pass reads from each level: registers take panels and blocks from L1 or, where they do not fit
 * there, from L2; every point tile meets all centroids, every centroid tile the whole point tile. */
static void count_reads(const explanation *e, const exk_plan *p, double bytes[EXPLAIN_LEVELS]) {
    const exk_plan_reason *r = &e->reason;
    const double n = (double)e->shape.n, d = (double)e->shape.d, k = (double)e->shape.k;
    const double slice = (double)(p->depth_tile < e->shape.d ? p->depth_tile : e->shape.d);
    const double panel = values((double)r->nr * slice), block = values((double)r->mr * slice);
    memset(bytes, 0, EXPLAIN_LEVELS * sizeof *bytes);
    bytes[level_for(e, values(n * d) / e->threads, 2)] += values(n * d);
    if (r->rule == EXK_RULE_MATRIX) {
        bytes[level_for(e, (double)p->point_tile * values(k), 1)] += 2 * values(n * k);
        return;
    }
    const double from_panels = values(n * k * d) / (double)r->mr, from_blocks = values(n * k * d) / (double)r->nr;
    bytes[0] += from_panels + from_blocks;
    if (panel + block > (double)explain_room(e, 0))
        bytes[1] += from_panels;
    const double centroids = fmin((double)p->centroid_tile, k) * values(d + 1);
    bytes[level_for(e, centroids, 1)] += from_blocks;
    const double tiles = ceil(n / (double)p->point_tile), points = (double)p->point_tile * (double)r->point_bytes;
    bytes[level_for(e, points + centroids, 1)] += values(n * d) * ceil(k / (double)p->centroid_tile);
    bytes[level_for(e, values(k * d) + points, 1)] += tiles * values(k * d);
    if (r->rule == EXK_RULE_TILED)
        bytes[level_for(e, points + centroids, 1)] += 2 * values(n * k) * ceil(d / slice);
}

explain_bound explain_bound_of(const explanation *e, const exk_plan *plan) {
    explain_bound b = {.flops = 2.0 * (double)e->shape.n * (double)e->shape.d * (double)e->shape.k, .binding = -1};
    count_reads(e, plan, b.bytes);
    b.compute = b.seconds = b.flops / ceiling_flops(e);
    for (int i = 0; i < EXPLAIN_LEVELS; i++) {
        b.read[i] = b.bytes[i] > 0 ? b.bytes[i] / ceiling_read(e, i) : 0;
        if (b.read[i] > b.seconds) {
            b.seconds = b.read[i];
            b.binding = i;
        }
    }
    return b;
}

/* --- gathering --- */

static void load_survey(explanation *e) {
    char path[PATH_MAX];
    exk_error error = {0};
    exk_fingerprint machine;
    bool found = false;
    if (!json_available() || !e->topology.this_system)
        return;
    exk_fingerprint_take(&e->topology, &machine);
    e->survey = calloc(1, sizeof *e->survey);
    if (e->survey && exk_survey_path(&machine, path, sizeof path, &error) == EXK_OK &&
        exk_survey_load(path, &machine, e->survey, &found, &error) != EXK_OK)
        warn("%s; the ceilings are ignored", error.message);
    e->part = found ? exk_survey_find(e->survey, e->threads) : NULL;
}

/* Everything that the last search for this shape measured. */
static void load_measurements(explanation *e) {
    char path[PATH_MAX];
    exk_error error = {0};
    exk_fingerprint machine;
    tune_record *records = NULL, like;
    int count = 0, damaged = 0;
    exk_fingerprint_take(&e->topology, &machine);
    tune_stamp(&like);
    like.shape = e->shape;
    like.threads = e->threads;
    if (!e->topology.this_system || tune_log_path(&machine, path, sizeof path, &error) != EXK_OK)
        return;
    if (tune_log_read(path, &records, &count, &damaged, &error) != EXK_OK)
        warn("%s; the measurements are ignored", error.message);
    tune_find_past(&e->run, records, count, &like);
    free(records);
    if (e->run.past_count > 0 && exk_search_begin(&e->run.search)) {
        e->run.search.prior = tune_prior(&e->run.space, &e->shape);
        tune_recall(&e->run);
    }
}

static int measured_trial(const explanation *e, const exk_plan *plan) {
    exk_choice choice;
    if (!tune_choice(&e->run.space, plan, &choice))
        return -1;
    for (int i = 0; i < e->run.search.count; i++) {
        const exk_trial *t = &e->run.search.trials[i];
        if (t->count > 0 && t->choice.arm == choice.arm && memcmp(t->choice.at, choice.at, sizeof choice.at) == 0)
            return i;
    }
    return -1;
}

/* What a run takes that knows no profile: the model's plan of the variant that "auto" stands for. */
static int model_trial(const explanation *e) {
    const int prior = tune_prior(&e->run.space, &e->shape);
    return prior >= 0 && prior < e->run.search.count && e->run.search.trials[prior].count > 0
               ? prior
               : measured_trial(e, &e->model);
}

/* --- counters --- */

void explain_expected_lines(const explanation *e, double lines[EXK_TOPOLOGY_LEVELS]) {
    explanation of = *e;
    of.shape.n = e->kept.points;
    of.threads = e->kept.plan.threads;
    of.variant = exk_variant_find(e->kept.plan.variant);
    of.reason = exk_plan_explain(&e->topology, &of.shape, &e->kept.plan);
    const explain_bound bound = explain_bound_of(&of, &e->kept.plan);
    for (int level = 0; level < EXK_TOPOLOGY_LEVELS; level++) {
        const int line = e->topology.level[level].line > 0 ? e->topology.level[level].line : 64;
        lines[level] = 0;
        for (int from = level + 1; from < EXPLAIN_LEVELS; from++)
            lines[level] += bound.bytes[from] / line;
    }
}

static void simulate_plan(explanation *e) {
    simulated_case c;
    exk_counters counters;
    simulate_list(&counters);
    if (!simulate_choose(&e->shape, &e->used, &c, e->uncounted, sizeof e->uncounted) ||
        !counts_create(&e->kept.table, &counters))
        return;
    e->kept.points = c.shape.n;
    e->kept.plan = c.plan;
    /* The caches that the expectation rests on. */
    exk_topology believed = e->topology;
    for (int level = 0; level < EXK_TOPOLOGY_LEVELS; level++)
        believed.level[level].share = explain_room(e, level);
    interrupt_arm();
    simulate_counts(&believed, &c, &e->kept.table);
}

static void load_kept(explanation *e) {
    exk_fingerprint machine;
    exk_error error = {0};
    bool found = false;
    exk_fingerprint_take(&e->topology, &machine);
    if (json_available() && e->topology.this_system &&
        kept_counts_load(&machine, &e->shape, e->threads, &e->kept, &found, &error) != EXK_OK)
        warn("%s; the counters are ignored", error.message);
    if (!found)
        snprintf(e->uncounted, sizeof e->uncounted,
                 "nothing was counted: exakt tune counts the plan it chooses, --counters simulated simulates a "
                 "small case");
    else if (strcmp(e->kept.variant, e->variant->name) != 0 || !exk_variant_find(e->kept.plan_variant))
        snprintf(e->uncounted, sizeof e->uncounted, "what was counted is of another variant, %.64s",
                 e->kept.variant);
}

static void find_counts(explanation *e) {
    enum { KEPT, SIMULATED };
    if (e->s->counters == KEPT)
        load_kept(e);
    else if (e->s->counters == SIMULATED)
        simulate_plan(e);
}

static exit_code make_space(explanation *e) {
    const exk_variant **variants = calloc((size_t)exk_variant_rows(), sizeof *variants);
    int count = 0;
    if (!variants)
        return fail(CLI_LIMIT, "out of memory");
    for (int i = 0; i < exk_variant_rows(); i++)
        if (!exk_variant_obstacle(exk_variant_row(i)))
            variants[count++] = exk_variant_row(i);
    const exit_code code =
        tune_space_create(&e->run.space, &e->topology, variants, count, &e->shape, e->threads, tune_axis_ratio);
    free(variants);
    e->run.s = e->s;
    e->run.points =
        (tune_case){.input = e->input, .shape = e->shape, .threads = e->threads, .topology = &e->topology};
    e->run.search = (exk_search){.arms = e->run.space.arms,
                                 .arm_count = e->run.space.count,
                                 .measure = tune_measure_round,
                                 .user = &e->run,
                                 .best = -1,
                                 .chosen = -1};
    return code;
}

/* The variant and plan of a run that is told nothing. */
static exit_code choose_plans(explanation *e) {
    const char *source = NULL;
    exit_code code = variant_resolve(e->s->variant, &e->shape, &e->variant);
    if (code != CLI_OK)
        return code;
    const exk_profile_entry *entry =
        strcmp(e->s->variant, "auto") == 0
            ? exk_profiles_find(profiles_here(&e->topology), &e->shape, e->threads, NULL, &source)
            : NULL;
    if (entry && variant_skips(exk_variant_find(entry->variant)) == variant_skips(e->variant))
        e->variant = exk_variant_find(entry->variant);
    e->model = e->used = (exk_plan){.variant = e->variant->name, .threads = e->threads};
    e->model_source = exk_plan_model(&e->topology, &e->shape, &e->model);
    e->used_source = plan_for(&e->topology, e->variant, &e->shape, &e->used);
    e->reason = exk_plan_explain(&e->topology, &e->shape, &e->model);
    return CLI_OK;
}

static exit_code gather(explanation *e) {
    exk_error error = {0};
    if (exk_topology_load(&e->topology, &error) != EXK_OK)
        return fail_with(&error);
    const count_list *given = &e->s->thread_list;
    e->threads = given->count > 0 ? (int)given->value[0] : exk_topology_threads(&e->topology);
    exit_code code = choose_plans(e);
    if (code == CLI_OK)
        code = make_space(e);
    if (code != CLI_OK)
        return code;
    load_survey(e);
    load_measurements(e);
    list_uses(e);
    e->bound = explain_bound_of(e, &e->used);
    e->seed = model_trial(e);
    e->chosen = measured_trial(e, &e->used);
    find_counts(e);
    return CLI_OK;
}

static exit_code find_shape(explanation *e) {
    const settings *s = e->s;
    e->input = s->positional[0];
    if (tune_is_shape(e->input))
        return tune_parse_shape(e->input, &e->shape);
    if (s->k_list.count == 0)
        return fail(CLI_USAGE, "-k: missing; give the number of clusters, or a shape such as 200000x768x1000");
    const exit_code code = tune_look_at(s, e->input, &e->shape);
    e->shape.k = s->k_list.value[0];
    if (code == CLI_OK && e->shape.k > e->shape.n)
        return fail(CLI_USAGE, "-k: %lld clusters for %lld points; use at most as many", (long long)e->shape.k,
                    (long long)e->shape.n);
    return code;
}

static void end(explanation *e) {
    exk_search_free(&e->run.search);
    tune_space_free(&e->run.space);
    free(e->run.past);
    free(e->survey);
    kept_counts_free(&e->kept);
    exk_topology_free(&e->topology);
}

static exit_code explain(const settings *s) {
    explanation e = {.s = s, .seed = -1, .chosen = -1};
    exit_code code = json_check(s->json);
    if (code == CLI_OK)
        code = explain_map_check(s);
    if (code == CLI_OK)
        code = find_shape(&e);
    if (code != CLI_OK)
        return code;
    code = gather(&e);
    if (code == CLI_OK && interrupted())
        code = fail(CLI_INTERRUPTED, "interrupted while the caches were simulated");
    if (code == CLI_OK && !(s->json && strcmp(s->json, "-") == 0))
        explain_print(&e);
    if (code == CLI_OK && s->json)
        code = explain_json(&e);
    if (code == CLI_OK && s->heat_map)
        code = explain_map(&e);
    end(&e);
    return code;
}

const command command_explain = {
    .name = "explain",
    .bit = CMD_EXPLAIN,
    .synopsis = "SHAPE | INPUT -k K [options]",
    .summary = "Why a shape gets its tiles: the formulas with this machine's numbers, and what was measured.",
    .text =
        "SHAPE is points x dimensions x clusters. The ceilings are those that `exakt ceilings` has kept, the\n"
        "measurements those of the last `exakt tune` for this shape; without them their parts are left out.\n"
        "Counters are those of the plan that was tuned, or simulated now (--counters simulated, takes seconds);\n"
        "beside them stands what the cache model expects.\n"
        "HWLOC_XMLFILE and HWLOC_SYNTHETIC explain the plan of another machine.\n"
        "\n"
        "--heat-map draws what was measured for the winner's variant over tiles of points and centroids, with\n"
        "seed, winner and ties marked, and writes the numbers beside it; exakt tune --grid fills the map.\n"
        "\n"
        "examples:\n"
        "  exakt explain 200000x768x1000\n"
        "  exakt explain 200000x768x1000 --heat-map tiles.png\n",
    .least = 1,
    .most = 1,
    .run = explain,
};
