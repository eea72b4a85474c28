#include "harness/json.h"
#include "harness/report.h"
#include "harness/run.h"
#include "tuner/fingerprint.h"

#include <inttypes.h>
#include <stdio.h>

/* Shapes whose plans show what the model makes of this machine. */
static const exk_shape samples[] = {
    {.n = 100000, .d = 2, .k = 100}, {.n = 500000, .d = 128, .k = 1000}, {.n = 200000, .d = 768, .k = 1000}};
enum { SAMPLES = sizeof samples / sizeof samples[0] };

static exk_plan sample_plan(const exk_topology *t, const exk_shape *shape, const char **source) {
    exk_plan plan = {0};
    const exk_variant *variant = exk_variant_auto(shape);
    *source = variant ? plan_for(t, variant, shape, &plan) : "none";
    return plan;
}

static void print_plans(const exk_topology *t) {
    printf("\nplans for sample shapes (variant auto):\n%8s %5s %5s  %-28s %8s %10s %13s %10s  %s\n", "n", "d", "k",
           "variant", "threads", "point_tile", "centroid_tile", "depth_tile", "source");
    for (int i = 0; i < SAMPLES; i++) {
        const char *source;
        const exk_shape *shape = &samples[i];
        exk_plan plan = sample_plan(t, shape, &source);
        printf("%8" PRId64 " %5" PRId64 " %5" PRId64 "  %-28s %8d %10" PRId64 " %13" PRId64 " %10" PRId64 "  %s\n",
               shape->n, shape->d, shape->k, plan.variant ? plan.variant : "-", plan.threads, plan.point_tile,
               plan.centroid_tile, plan.depth_tile, source);
    }
}

static void add_caches(json *root, const exk_topology *t) {
    static const char *const names[] = {"L1d", "L2", "L3"};
    json *list = json_add_array(root, "caches");
    for (int i = 0; i < 3; i++) {
        json *node = json_add_object(list, NULL);
        json_add_text(node, "name", names[i]);
        json_add_integer(node, "size", t->level[i].size);
        json_add_integer(node, "share", t->level[i].share);
        json_add_integer(node, "line", t->level[i].line);
        json_add_integer(node, "ways", t->level[i].ways);
        json_add_integer(node, "sharing", t->level[i].sharing);
    }
}

static void add_plans(json *root, const exk_topology *t) {
    json *list = json_add_array(root, "sample_plans");
    for (int i = 0; i < SAMPLES; i++) {
        const char *source;
        exk_plan plan = sample_plan(t, &samples[i], &source);
        json *node = json_add_object(list, NULL);
        json_add_integer(node, "n", samples[i].n);
        json_add_integer(node, "d", samples[i].d);
        json_add_integer(node, "k", samples[i].k);
        json_add_text(node, "variant", plan.variant ? plan.variant : "");
        json_add_integer(node, "threads", plan.threads);
        json_add_integer(node, "point_tile", plan.point_tile);
        json_add_integer(node, "centroid_tile", plan.centroid_tile);
        json_add_integer(node, "depth_tile", plan.depth_tile);
        json_add_text(node, "source", source);
    }
}

static void add_machine(json *root, const exk_topology *t) {
    exk_fingerprint machine;
    exk_fingerprint_take(t, &machine);
    json *node = json_add_object(root, "machine");
    json_add_text(node, "hash", machine.hash);
    json_add_text(node, "text", machine.text);
}

static void print_machine(const exk_topology *t) {
    exk_fingerprint machine;
    exk_fingerprint_take(t, &machine);
    printf("%-9s %s: %s\n", "machine", machine.hash, machine.text);
}

static exit_code topo_json(const exk_topology *t, const char *path) {
    json *root = json_object();
    add_machine(root, t);
    json_add_text(root, "source", t->source);
    json_add_text(root, "note", t->note);
    json_add_bool(root, "this_system", t->this_system);
    json_add_integer(root, "pus", t->pus);
    json_add_integer(root, "cores", t->cores);
    json_add_integer(root, "packages", t->packages);
    json_add_integer(root, "numa_nodes", t->numa_nodes);
    json *kinds = json_add_array(root, "kind_pus");
    for (int i = 0; i < t->kinds && i < EXK_TOPOLOGY_KINDS; i++)
        json_add_integer(kinds, NULL, t->kind_pus[i]);
    json_add_integer(root, "threads", exk_topology_threads(t));
    add_caches(root, t);
    add_plans(root, t);
    return json_write(root, path);
}

static exit_code topo(const settings *s) {
    exk_error error = {0};
    exk_topology topology;
    exit_code code = json_check(s->json);
    if (code != CLI_OK)
        return code;
    if (exk_topology_load(&topology, &error) != EXK_OK)
        return fail_with(&error);
    if (s->json) {
        code = topo_json(&topology, s->json);
    } else {
        exk_topology_print(&topology, stdout);
        print_machine(&topology);
        print_plans(&topology);
    }
    exk_topology_free(&topology);
    return code;
}

const command command_topo = {
    .name = "topo",
    .bit = CMD_TOPO,
    .synopsis = "[--json]",
    .summary = "Show caches, cores, who shares what, and the tiles that the cache model derives from them.",
    .text = "HWLOC_XMLFILE and HWLOC_SYNTHETIC replay another machine.\n"
            "\n"
            "example:\n"
            "  HWLOC_SYNTHETIC=\"node:1 core:4 pu:1\" exakt topo\n",
    .run = topo,
};
