#include "harness/evaluate.h"
#include "harness/json.h"
#include "harness/output.h"
#include "harness/summary.h"

#include <inttypes.h>
#include <stdio.h>

void evaluate_print_shape(const evaluate_shape *shape, int index, int count) {
    char tiles[128];
    if (index == 0)
        printf("%7s %6s %6s  %-8s %10s %8s %8s %8s  %s\n", "", "d", "k", "", "best", "model", "profile", "fixed",
               "the best plan");
    printf("%3d/%-3d %6" PRId64 " %6" PRId64 "  %-8s %8.4g s", index + 1, count, shape->shape.d, shape->shape.k,
           shape->held_out ? "held out" : "tuned", shape->best.seconds);
    for (int way = 0; way < EVALUATE_WAYS; way++)
        printf(" %+6.1f %%", 100 * shape->way[way].gap);
    printf("  %s__%s, %s\n", shape->best.variant->strategy, shape->best.variant->isa,
           tune_plan_text(shape->best.variant, &shape->best.plan, tiles, sizeof tiles));
    fflush(stdout);
}

static void print_summary(const evaluation *e, const char *what, evaluate_way way, int held_out,
                          const char *goal) {
    const evaluate_summary s = evaluate_summarise(e, way, held_out);
    printf("%-46s %6d %8.1f %% %8.1f %% %8.1f %%  %s\n", what, s.shapes, 100 * s.median, 100 * s.p90, 100 * s.most,
           goal);
}

/* To find the best of many plans whose times are noisy each needs several samples: as many as survivors of a
 * contest have. */
enum { FINE_SAMPLES = 4 };

static void print_effort(const evaluation *e) {
    double tune = 0, grid = 0, fine = 0;
    int shapes = 0, plans = 0, tuned_plans = 0, fine_plans = 0;
    for (int i = 0; i < e->count; i++) {
        if (e->shapes[i].held_out)
            continue;
        shapes++;
        tune += e->shapes[i].tune_seconds;
        grid += e->shapes[i].grid_seconds;
        plans += e->shapes[i].grid_plans;
        tuned_plans += e->shapes[i].tune_plans;
        fine_plans += e->shapes[i].fine_plans;
        fine += e->shapes[i].grid_seconds / e->shapes[i].grid_samples * e->shapes[i].fine_plans * FINE_SAMPLES;
    }
    if (shapes == 0)
        return;
    printf("tuning a shape took %.1f s on average and looked at %d plans; the grid took %.1f s for %d plans\n",
           tune / shapes, tuned_plans / shapes, grid / shapes, plans / shapes);
    printf(
        "all %d plans that tuning chooses from, %d samples each, would take %.0f s: tuning takes 1/%.0f of that\n",
        fine_plans / shapes, FINE_SAMPLES, fine / shapes, fine / tune);
}

void evaluate_print(const evaluation *e) {
    char tiles[128];
    const exk_variant *variant = exk_variant_find(e->fixed.variant);
    printf("\n%-46s %6s %10s %10s %10s  %s\n", "gap to the fastest plan known", "shapes", "median", "p90",
           "largest", "goal");
    print_summary(e, "model alone", EVALUATE_MODEL, -1, "median 8 %");
    print_summary(e, "tuned, on the shapes that were tuned", EVALUATE_PROFILE, 0, "median 1 %, largest 5 %");
    print_summary(e, "profile of the nearest, on shapes held out", EVALUATE_PROFILE, 1, "median 3 %");
    print_summary(e, "best single configuration", EVALUATE_FIXED, -1, "");
    printf("that configuration: %s, %s\n", variant->name, tune_plan_text(variant, &e->fixed, tiles, sizeof tiles));
    print_effort(e);
    printf("measurements: %s\n", e->log.path);
}

/* --- files --- */

static void put_csv(FILE *out, const void *user) {
    const evaluation *e = user;
    fprintf(out,
            "set,n,d,k,threads,best_variant,point_tile,centroid_tile,depth_tile,seconds,model_gap,profile_gap,"
            "fixed_gap,tune_seconds,tune_plans,grid_seconds,grid_plans");
    for (int i = 0; i < e->count; i++) {
        const evaluate_shape *s = &e->shapes[i];
        fprintf(out, "\n%s,%" PRId64 ",%" PRId64 ",%" PRId64 ",%d,%s,%" PRId64 ",%" PRId64 ",%" PRId64 ",%.9g",
                s->held_out ? "held_out" : "tuned", s->shape.n, s->shape.d, s->shape.k, e->threads,
                s->best.variant->name, s->best.plan.point_tile, s->best.plan.centroid_tile,
                s->best.plan.depth_tile, s->best.seconds);
        for (int way = 0; way < EVALUATE_WAYS; way++)
            fprintf(out, ",%.6g", s->way[way].gap);
        if (s->held_out)
            fprintf(out, ",,");
        else
            fprintf(out, ",%.6g,%d", s->tune_seconds, s->tune_plans);
        fprintf(out, ",%.6g,%d", s->grid_seconds, s->grid_plans);
    }
}

static void add_summary(json *list, const evaluation *e, evaluate_way way, int held_out) {
    const evaluate_summary s = evaluate_summarise(e, way, held_out);
    json *node = json_add_object(list, NULL);
    json_add_text(node, "way", evaluate_way_name[way]);
    json_add_text(node, "set", held_out < 0 ? "all" : held_out ? "held_out" : "tuned");
    json_add_integer(node, "shapes", s.shapes);
    json_add_real(node, "median", s.median);
    json_add_real(node, "p90", s.p90);
    json_add_real(node, "largest", s.most);
}

static exit_code write_json(const evaluation *e) {
    json *root = json_object(), *summary = json_add_array(root, "gaps");
    json_add_text(root, "schema", "exakt evaluation 1");
    for (int way = 0; way < EVALUATE_WAYS; way++)
        for (int held_out = -1; held_out <= 1; held_out++)
            add_summary(summary, e, (evaluate_way)way, held_out);
    summary_add_plan(json_add_object(root, "fixed"), &e->fixed);
    json *shapes = json_add_array(root, "shapes");
    for (int i = 0; i < e->count; i++) {
        const evaluate_shape *s = &e->shapes[i];
        json *node = json_add_object(shapes, NULL);
        json_add_integer(node, "n", s->shape.n);
        json_add_integer(node, "d", s->shape.d);
        json_add_integer(node, "k", s->shape.k);
        json_add_bool(node, "held_out", s->held_out);
        json_add_real(node, "seconds", s->best.seconds);
        summary_add_plan(json_add_object(node, "best"), &s->best.plan);
        for (int way = 0; way < EVALUATE_WAYS; way++) {
            json *plan = json_add_object(node, evaluate_way_name[way]);
            summary_add_plan(plan, &s->way[way].plan);
            json_add_real(plan, "gap", s->way[way].gap);
        }
        json_add_real(node, "tune_seconds", s->tune_seconds);
        json_add_real(node, "grid_seconds", s->grid_seconds);
        json_add_integer(node, "grid_plans", s->grid_plans);
    }
    return json_write(root, e->s->json);
}

exit_code evaluate_write(const evaluation *e) {
    exit_code code = e->s->csv ? output_print(e->s->csv, put_csv, e) : CLI_OK;
    if (code == CLI_OK && e->s->json)
        code = write_json(e);
    return code;
}
