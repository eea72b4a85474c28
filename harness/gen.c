#include "datasets/datasets.h"
#include "harness/output.h"
#include "harness/report.h"

#include <stdio.h>
#include <string.h>

static const char prefix[] = "gen:";

static exit_code write_points(const exk_dataset *data, const settings *s) {
    const exk_points *points = &data->points;
    exk_error error = {0};
    if (points->stride != points->d)
        return fail(CLI_OUTPUT, "%s: rows are not contiguous", s->positional[0]);
    if (exk_npy_write_f32(s->positional[1], points->x, points->n, points->d, &error) != EXK_OK)
        return fail_writing(&error);
    if (!s->quiet)
        printf("%s: %lld x %lld float32\n", s->positional[1], (long long)points->n, (long long)points->d);
    return CLI_OK;
}

static exit_code gen(const settings *s) {
    char input[1024];
    bool prefixed = strncmp(s->positional[0], prefix, strlen(prefix)) == 0;
    if (snprintf(input, sizeof input, "%s%s", prefixed ? "" : prefix, s->positional[0]) >= (int)sizeof input)
        return fail(CLI_USAGE, "%.40s...: the specification is too long", s->positional[0]);
    exit_code code = output_check_file("OUT.npy", s->positional[1]);
    if (code != CLI_OK)
        return code;
    exk_error error = {0};
    exk_dataset *data = NULL;
    const exk_load_options options = {.standardise = s->standardise};
    if (exk_dataset_load(input, &options, &data, &error) != EXK_OK)
        return fail_with(&error);
    code = write_points(data, s);
    exk_dataset_free(data);
    return code;
}

const command command_gen = {
    .name = "gen",
    .bit = CMD_GEN,
    .synopsis = "SPEC OUT.npy [options]",
    .summary = "Write a generated point set: the same bits on every machine.",
    .text = "SPEC is NAME,key=value,...; every command that reads an INPUT takes gen:SPEC too.\n"
            "\n"
            "example:\n"
            "  exakt gen embed,n=20000,d=256,seed=1 points.npy\n",
    .more = exk_generators_help,
    .least = 2,
    .most = 2,
    .run = gen,
};
