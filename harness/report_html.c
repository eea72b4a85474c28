/* exakt report: one HTML file of result files. */
#include "harness/report_html.h"

#include "harness/html.h"
#include "harness/output.h"
#include "harness/plot.h"
#include "harness/program.h"
#include "harness/report.h"
#include "tuner/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS_SHOWN = 200 };

typedef struct report_page {
    FILE *out;
    bool can_draw;
    int pictures;
    char drawing[PATH_MAX]; /* where gnuplot writes */
} report_page;

/* --- the machine --- */

/* Of the first record that says something; the others are mostly of the same one. */
static void put_machine(const plot_sources *s, report_page *page) {
    for (int i = 0; i < s->count; i++) {
        table t;
        report_fill_machine(&s->list[i], &t);
        const bool found = table_rows(&t) > 0;
        if (found)
            html_table(page->out, &t, ROWS_SHOWN);
        table_free(&t);
        if (found)
            return;
    }
    html_paragraph(page->out, "None of the files says which machine it is of.");
}

/* --- pictures --- */

/* The picture as text, to be freed; NULL, after a warning, if there is none. */
static char *draw(const plot_kind *kind, const table *t, report_page *page) {
    char why[PATH_MAX + 512];
    char *svg = NULL;
    size_t length;
    if (!page->can_draw)
        return NULL;
    if (!plot_draw(kind, t, page->drawing, why, sizeof why)) {
        warn("%s: no picture: %s", kind->name, why);
        return NULL;
    }
    exk_store_read(page->drawing, (size_t)16 << 20, &svg, &length, NULL);
    unlink(page->drawing);
    return svg;
}

static void put_picture(const plot_kind *kind, const plot_sources *s, report_page *page) {
    table t;
    if (!plot_table(kind, s, &t))
        return;
    char *svg = draw(kind, &t, page);
    if (svg) {
        html_picture(page->out, svg, ++page->pictures, *kind->title ? kind->title : kind->name);
    } else {
        html_heading(page->out, 3, *kind->title ? kind->title : kind->name);
        html_table(page->out, &t, ROWS_SHOWN);
    }
    free(svg);
    table_free(&t);
}

/* Each record by itself; ceilings belong to every bench, and one trace and one compare are of the same fit. */
static plot_sources beside(const plot_sources *s, int index) {
    plot_sources own = {.list = calloc((size_t)s->count + 1, sizeof *own.list)};
    const bool pair = plot_sources_count(s, RECORD_TRACE) == 1 && plot_sources_count(s, RECORD_COMPARE) == 1;
    for (int i = 0; own.list && i < s->count; i++) {
        const plot_record record = s->list[i].record, mine = s->list[index].record;
        const bool helps = (record == RECORD_CEILINGS && mine == RECORD_BENCH) ||
                           (pair && record == RECORD_COMPARE && mine == RECORD_TRACE);
        if (i == index || helps)
            own.list[own.count++] = s->list[i];
    }
    return own;
}

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void put_record(const plot_sources *s, int index, report_page *page) {
    const plot_source *source = &s->list[index];
    table t;
    html_heading(page->out, 2, last_part(source->name));
    html_paragraph(page->out, plot_record_text(source->record));
    report_fill_record(source, &t);
    html_table(page->out, &t, ROWS_SHOWN);
    table_free(&t);
    plot_sources own = beside(s, index);
    for (int i = 0; plot_kind_at(i) && own.list; i++)
        put_picture(plot_kind_at(i), &own, page);
    free(own.list);
}

/* --- the file --- */

/* A name beside nothing of the user's. */
static bool choose_drawing(report_page *page) {
    const char *folder = getenv("TMPDIR");
    const int length = snprintf(page->drawing, sizeof page->drawing, "%s/exakt-report-%d.svg",
                                folder && *folder ? folder : "/tmp", (int)getpid());
    return length > 0 && (size_t)length < sizeof page->drawing;
}

typedef struct report_contents {
    const plot_sources *sources;
    const char *title;
} report_contents;

static void put_page(FILE *out, const void *user) {
    const report_contents *c = user;
    report_page page = {.out = out};
    char gnuplot[PATH_MAX];
    page.can_draw = choose_drawing(&page) && program_find("gnuplot", gnuplot, sizeof gnuplot);
    html_begin(out, c->title);
    if (!page.can_draw) {
        warn("no pictures, tables in their place: %s", plot_install_hint);
        html_paragraph(out, "Tables stand in the place of pictures: gnuplot was not installed.");
    }
    put_machine(c->sources, &page);
    for (int i = 0; i < c->sources->count; i++)
        put_record(c->sources, i, &page);
    html_end(out);
}

exit_code report_html_write(const plot_sources *s, const char *title, const char *path) {
    return output_print(path, put_page, &(report_contents){s, title});
}

static exit_code report(const settings *s) {
    plot_sources sources = {0};
    exk_error error = {0};
    exit_code code = output_check("--output", s->output);
    for (int i = 0; i < s->positionals && code == CLI_OK; i++) {
        const named_file output = {"--output", s->output}, input = {"a file of results", s->positional[i]};
        code = outputs_distinct(&output, 1, &input, 1);
        if (code == CLI_OK && plot_sources_add(&sources, s->positional[i], &error) != EXK_OK)
            code = fail_with(&error);
    }
    if (code == CLI_OK)
        code = report_html_write(&sources, "exakt: results", s->output);
    if (code == CLI_OK && !output_is_stdout(s->output))
        printf("%s\n", s->output);
    plot_sources_free(&sources);
    return code;
}

const command command_report = {
    .name = "report",
    .bit = CMD_REPORT,
    .synopsis = "RESULTS... [--output report.html]",
    .summary = "One HTML file of result files: pictures, tables and the machine.",
    .text = "RESULTS are what exakt plot takes. The file needs no network and no scripts, and follows the light "
            "or dark\n"
            "mode of the reader. Without gnuplot the numbers of each picture stand in its place.\n"
            "\n"
            "example:\n"
            "  exakt report bench.json compare.json trace.csv --output report.html\n",
    .least = 1,
    .most = POSITIONALS_MAX,
    .run = report,
};
