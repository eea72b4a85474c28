/* exakt plot: pictures of what result files hold. */
#include "harness/cli.h"
#include "harness/output.h"
#include "harness/plot.h"
#include "harness/program.h"
#include "harness/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static exit_code unknown_kind(const char *name) {
    nearest near = nearest_to(name);
    for (int i = 0; plot_kind_at(i); i++)
        nearest_offer(&near, plot_kind_at(i)->name);
    return fail(CLI_USAGE, "--kind: '%s' is unknown%s%s; exakt plot --help lists the kinds", name,
                near.best ? "; did you mean " : "", near.best ? near.best : "");
}

static exit_code check(const settings *s) {
    char gnuplot[4096];
    if (s->kind && !plot_kind_find(s->kind))
        return unknown_kind(s->kind);
    if (s->output && !plot_is_picture(s->output))
        return fail(CLI_USAGE, "--output: %s: pictures end in .png or .svg", s->output);
    if (!program_find("gnuplot", gnuplot, sizeof gnuplot))
        return fail(CLI_OUTPUT, "%s", plot_install_hint);
    return output_check_file("--output", s->output);
}

static exit_code read_all(const settings *s, plot_sources *sources) {
    exk_error error = {0};
    for (int i = 0; i < s->positionals; i++)
        if (plot_sources_add(sources, s->positional[i], &error) != EXK_OK)
            return fail_with(&error);
    return CLI_OK;
}

/* F.png of one picture; F-KIND.png where there are several; KIND.png where nothing was asked for. */
static void name_picture(const settings *s, const plot_kind *kind, int pictures, char *name, size_t size) {
    if (!s->output) {
        snprintf(name, size, "%s.png", kind->name);
    } else if (pictures == 1) {
        snprintf(name, size, "%s", s->output);
    } else {
        const int stem = (int)strlen(s->output) - 4;
        snprintf(name, size, "%.*s-%s%s", stem, s->output, kind->name, s->output + stem);
    }
}

static exit_code draw(const settings *s, const plot_kind *kind, const table *t, int pictures) {
    char name[PATH_MAX], why[PATH_MAX + 512];
    name_picture(s, kind, pictures, name, sizeof name);
    const exit_code code = output_check_file("--output", name);
    if (code != CLI_OK)
        return code;
    for (int i = 0; i < s->positionals; i++) {
        const named_file output = {"the picture", name}, input = {"a file of results", s->positional[i]};
        if (outputs_distinct(&output, 1, &input, 1) != CLI_OK)
            return CLI_USAGE;
    }
    if (!plot_draw(kind, t, name, why, sizeof why))
        return fail(CLI_OUTPUT, "no picture: %s", why);
    printf("%s\n", name);
    return CLI_OK;
}

typedef struct drawing {
    const plot_kind *kind;
    table table;
} drawing;

enum { DRAWINGS_MOST = 64 };

/* What is wanted and the records allow; how many. */
static int collect(const settings *s, const plot_sources *sources, drawing list[DRAWINGS_MOST]) {
    int count = 0;
    const plot_kind *kind;
    for (int i = 0; (kind = plot_kind_at(i)) && count < DRAWINGS_MOST; i++) {
        table t;
        const bool wanted = !s->kind || strcmp(s->kind, kind->name) == 0;
        if (wanted && plot_table(kind, sources, &t))
            list[count++] = (drawing){kind, t};
    }
    return count;
}

static exit_code draw_all(const settings *s, const plot_sources *sources) {
    drawing list[DRAWINGS_MOST];
    const int count = collect(s, sources, list);
    exit_code code = CLI_OK;
    if (count == 0 && s->kind)
        code = fail(CLI_INPUT, "nothing to draw: %s needs %s", s->kind, plot_kind_find(s->kind)->needs);
    else if (count == 0)
        code = fail(CLI_INPUT, "nothing to draw: exakt plot --help tells which kind needs which record");
    for (int i = 0; i < count; i++) {
        code = code == CLI_OK ? draw(s, list[i].kind, &list[i].table, count) : code;
        table_free(&list[i].table);
    }
    return code;
}

static exit_code plot(const settings *s) {
    plot_sources sources = {0};
    exit_code code = check(s);
    if (code == CLI_OK)
        code = read_all(s, &sources);
    if (code == CLI_OK)
        code = draw_all(s, &sources);
    plot_sources_free(&sources);
    return code;
}

static const char *describe_kinds(void) {
    static char text[4096];
    int length = snprintf(text, sizeof text, "kinds, and the record that each needs:\n");
    for (int i = 0; plot_kind_at(i) && length < (int)sizeof text; i++)
        length += snprintf(text + length, sizeof text - (size_t)length, "  %-12s %s\n", plot_kind_at(i)->name,
                           plot_kind_at(i)->needs);
    return text;
}

const command command_plot = {
    .name = "plot",
    .bit = CMD_PLOT,
    .synopsis = "RESULTS... [--kind K] [--output FILE]",
    .summary = "Draw what result files hold: rooflines, speedups, convergence and more.",
    .text =
        "RESULTS are files that --json and --csv of other commands wrote. Without --kind every picture is drawn\n"
        "that they allow. gnuplot draws, by the scripts in plots/; all pictures can be read in black and white.\n"
        "\n"
        "examples:\n"
        "  exakt plot bench.json ceilings.json --kind roofline --output roofline.png\n"
        "  exakt plot trace.csv compare.json --output run.svg\n",
    .more = describe_kinds,
    .least = 1,
    .most = POSITIONALS_MAX,
    .run = plot,
};
