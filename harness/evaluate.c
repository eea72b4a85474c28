/* evaluate: how far from the best the plans of model, profile and a fixed configuration are, over many shapes. */
#include "harness/evaluate.h"
#include "harness/interrupt.h"
#include "harness/json.h"
#include "harness/output.h"
#include "harness/report.h"
#include "harness/run.h"
#include "harness/variants.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const evaluate_way_name[EVALUATE_WAYS] = {"model", "profile", "fixed"};

/* From a few dimensions to embeddings, from a few clusters to thousands; the second half is never tuned, and each
 * of its shapes has a tuned one within a factor of two. */
static const exk_shape all_shapes[] = {
    {200000, 2, 16},    {200000, 2, 100},   {200000, 2, 1000},  {200000, 8, 64},     {200000, 8, 512},
    {200000, 16, 16},   {200000, 16, 256},  {200000, 32, 100},  {200000, 32, 1000},  {200000, 64, 32},
    {200000, 64, 256},  {200000, 128, 16},  {200000, 128, 256}, {200000, 128, 1000}, {200000, 256, 64},
    {200000, 256, 512}, {200000, 512, 256}, {200000, 768, 100}, {200000, 768, 1000}, {200000, 1536, 256},
    {200000, 3, 24},    {200000, 3, 128},   {200000, 2, 700},   {200000, 6, 80},     {200000, 10, 400},
    {200000, 12, 20},   {200000, 20, 200},  {200000, 24, 128},  {200000, 40, 800},   {200000, 48, 40},
    {200000, 80, 200},  {200000, 100, 20},  {200000, 96, 300},  {200000, 160, 900},  {200000, 200, 80},
    {200000, 300, 400}, {200000, 384, 256}, {200000, 600, 120}, {200000, 960, 700},  {200000, 1200, 200}};
enum { SHAPES = sizeof all_shapes / sizeof all_shapes[0], TUNED = 20 };

/* The tile variants of the instruction set that "auto" takes. */
static exit_code choose_grid_variants(evaluation *e) {
    const exk_variant *automatic = exk_variant_auto(&all_shapes[0]);
    e->grid_variants = calloc((size_t)exk_variant_rows(), sizeof *e->grid_variants);
    if (!automatic || !e->grid_variants)
        return fail(CLI_LIMIT, "no variant, or no memory");
    for (int i = 0; i < e->variant_count; i++) {
        const exk_variant *v = e->variants[i];
        bool has_tiles = false;
        for (int j = 0; j < EXK_TUNABLES_MAX && v->tunables[j].max > 0; j++)
            has_tiles = has_tiles || v->tunables[j].field == EXK_CENTROID_TILE;
        if (has_tiles && !variant_skips(v) && strcmp(v->isa, automatic->isa) == 0)
            e->grid_variants[e->grid_variant_count++] = v;
    }
    return e->grid_variant_count > 0
               ? CLI_OK
               : fail(CLI_VARIANT, "--variants: none of them has tiles and the strongest instruction set");
}

static exit_code open_log(evaluation *e) {
    exk_error error = {0};
    int damaged = 0;
    if (tune_log_open(&e->machine, &e->log, &error) != EXK_OK)
        return fail_writing(&error);
    memcpy(e->session, e->log.stamp.session, sizeof e->session);
    if (e->log.busy)
        warn("another exakt tune runs on this machine just now: each disturbs what the other measures");
    if (e->s->resume && tune_log_read(e->log.path, &e->past, &e->past_count, &damaged, &error) != EXK_OK)
        return fail_with(&error);
    if (damaged > 0)
        warn("%s: %d damaged line%s left out", e->log.path, damaged, damaged == 1 ? "" : "s");
    return CLI_OK;
}

static exit_code choose_shapes(evaluation *e) {
    e->shapes = calloc(SHAPES, sizeof *e->shapes);
    if (!e->shapes)
        return fail(CLI_LIMIT, "out of memory");
    for (int i = 0; i < SHAPES; i++) {
        evaluate_shape shape = {.shape = all_shapes[i], .held_out = i >= TUNED, .tune_seconds = NAN};
        e->shapes[e->count++] = shape;
    }
    return CLI_OK;
}

static exit_code begin(evaluation *e) {
    exk_error error = {0};
    if (exk_topology_load(&e->topology, &error) != EXK_OK)
        return fail_with(&error);
    if (!e->topology.this_system)
        return fail(CLI_USAGE, "%s: another machine; only this one can be measured", e->topology.source);
    exk_fingerprint_take(&e->topology, &e->machine);
    const count_list *given = &e->s->thread_list;
    e->threads = given->count > 0 ? (int)given->value[0] : exk_topology_threads(&e->topology);
    e->window = e->s->quick ? 0.02 : 0.05;
    e->budget = e->s->quick ? 8 : 15;
    e->variants = calloc((size_t)exk_variant_rows(), sizeof *e->variants);
    if (!e->variants)
        return fail(CLI_LIMIT, "out of memory");
    exit_code code = variants_select(e->s->variants, e->variants, &e->variant_count);
    if (code != CLI_OK)
        return code;
    e->variant_count = tune_choose_variants(e->variants, e->variant_count);
    code = choose_grid_variants(e);
    if (code == CLI_OK)
        code = choose_shapes(e);
    return code == CLI_OK ? open_log(e) : code;
}

/* Grids first, and tuning where it is due. */
static exit_code measure_shapes(evaluation *e) {
    exit_code code = CLI_OK;
    for (int i = 0; i < e->count && code == CLI_OK; i++) {
        evaluate_shape *shape = &e->shapes[i];
        tune_show(e->s, "shape %d of %d", i + 1, e->count);
        code = evaluate_grid(e, shape);
        if (code == CLI_OK && !shape->held_out)
            code = evaluate_tune(e, shape);
        tune_case_end(&shape->grid.points);
    }
    return code;
}

static exit_code compare_shapes(evaluation *e) {
    exit_code code = CLI_OK;
    exk_profile profile = {.machine = e->machine};
    for (int i = 0; i < e->count; i++)
        if (!e->shapes[i].held_out && !exk_profile_add(&profile, &e->shapes[i].entry, 1))
            code = fail(CLI_LIMIT, "out of memory");
    evaluate_choose_fixed(e);
    for (int i = 0; i < e->count && code == CLI_OK; i++) {
        code = evaluate_compare(e, &e->shapes[i], &profile);
        if (code == CLI_OK && !e->s->quiet)
            evaluate_print_shape(&e->shapes[i], i, e->count);
    }
    exk_profile_free(&profile);
    return code;
}

static void end(evaluation *e) {
    for (int i = 0; i < e->count; i++)
        evaluate_end_run(&e->shapes[i].grid);
    free(e->shapes);
    free(e->past);
    free(e->variants);
    free(e->grid_variants);
    tune_log_close(&e->log);
    exk_topology_free(&e->topology);
}

static exit_code check_outputs(const settings *s) {
    exit_code code = json_check(s->json);
    if (code == CLI_OK && s->csv)
        code = output_check("--csv", s->csv);
    return code;
}

static exit_code evaluate(const settings *s) {
    evaluation e = {.s = s, .log = {.file = -1, .lock = -1}};
    exit_code code = check_outputs(s);
    if (code != CLI_OK)
        return code;
    code = begin(&e);
    if (code == CLI_OK) {
        tune_keep_memory();
        interrupt_arm();
        code = measure_shapes(&e);
    }
    if (code == CLI_OK)
        code = compare_shapes(&e);
    tune_show(s, "%s", "");
    if (code == CLI_OK) {
        evaluate_print(&e);
        code = evaluate_write(&e);
    }
    if (code == CLI_INTERRUPTED)
        fail(code, "interrupted; what was measured is kept, --resume goes on from there");
    end(&e);
    return code;
}

const command command_evaluate = {
    .name = "evaluate",
    .bit = CMD_EVALUATE,
    .synopsis = "[--quick] [--resume] [options]",
    .summary = "How far from the best the plans of model, profile and a fixed configuration are, over 40 shapes.",
    .text =
        "Of every shape all plans of a grid are measured: the tile variants of the strongest instruction set,\n"
        "every tile at powers of two from the model's own; all plans once, the fastest eighth of them twice "
        "more.\n"
        "20 of the shapes are tuned, the other 20 get the profile of the nearest tuned shape. At last the plans\n"
        "of model, profile and the one configuration that is best over all shapes are measured side by side with\n"
        "the three fastest of the grid, in 16 rounds; gaps are to the fastest of them all, which is found in one\n"
        "half of the rounds and compared with in the other, so that luck gains nothing. Nothing goes into the\n"
        "profile. Takes about an hour, --quick (shorter samples) about 15 minutes; Ctrl-C and --resume cut it "
        "into "
        "pieces.\n"
        "\n"
        "example:\n"
        "  exakt evaluate --quick --threads 1 --csv gaps.csv\n",
    .run = evaluate,
};
