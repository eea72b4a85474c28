#include "harness/json.h"
#include "harness/report.h"
#include "harness/variants.h"

#include <inttypes.h>
#include <stdio.h>

static const char *scratch_rule(const exk_variant *row) {
    const exk_kernel *kernel = exk_variant_kernel(row);
    return kernel ? kernel->scratch_rule : "";
}

static void add_tunables(json *node, const exk_variant *row) {
    json *list = json_add_array(node, "tunables");
    for (int i = 0; i < EXK_TUNABLES_MAX && row->tunables[i].max; i++) {
        json *tunable = json_add_object(list, NULL);
        json_add_text(tunable, "name", plan_field_name(row->tunables[i].field));
        json_add_integer(tunable, "min", row->tunables[i].min);
        json_add_integer(tunable, "max", row->tunables[i].max);
        json_add_integer(tunable, "multiple", exk_tunable_multiple(row, &row->tunables[i]));
    }
}

static void add_row(json *root, const exk_variant *row) {
    const char *obstacle = exk_variant_obstacle(row);
    json *node = json_add_object(root, NULL);
    json_add_text(node, "name", row->name);
    json_add_text(node, "isa", row->isa);
    json_add_bool(node, "available", !obstacle);
    json_add_text(node, "reason", obstacle ? obstacle : "");
    json_add_text(node, "strategy", row->strategy);
    json_add_text(node, "source", row->source);
    json *micro = json_add_object(node, "micro_kernel");
    json_add_integer(micro, "mr", row->mr);
    json_add_integer(micro, "nr", exk_variant_nr(row));
    add_tunables(node, row);
    json_add_text(node, "scratch_rule", scratch_rule(row));
}

static exit_code list_json(const char *path) {
    json *root = json_array();
    for (int i = 0; i < exk_variant_rows(); i++)
        add_row(root, exk_variant_row(i));
    return json_write(root, path);
}

static void print_row(const exk_variant *row) {
    const char *obstacle = exk_variant_obstacle(row);
    char tile[32];
    snprintf(tile, sizeof tile, "%d x %" PRId64, row->mr, exk_variant_nr(row));
    printf("%-36s %-10s %-16s ", row->name, tile, row->source);
    if (obstacle) {
        printf("no: %s\n", obstacle);
        return;
    }
    printf("yes; tunes");
    for (int i = 0; i < EXK_TUNABLES_MAX && row->tunables[i].max; i++)
        printf(" %s", plan_field_name(row->tunables[i].field));
    putchar('\n');
}

static exit_code list(const settings *s) {
    exit_code code = json_check(s->json);
    if (code != CLI_OK)
        return code;
    if (s->json)
        return list_json(s->json);
    printf("%-36s %-10s %-16s %s\n", "variant", "kernel", "source", "runs here");
    for (int i = 0; i < exk_variant_rows(); i++)
        print_row(exk_variant_row(i));
    return CLI_OK;
}

const command command_list = {
    .name = "list",
    .bit = CMD_LIST,
    .synopsis = "[--json]",
    .summary = "List the variants: which run here, and why the others do not.",
    .text = "EXAKT_ISA=avx2 (scalar, avx2, avx512, neon) hides stronger instruction sets from every command.\n"
            "\n"
            "example:\n"
            "  EXAKT_ISA=avx2 exakt list\n",
    .run = list,
};
