/* What a reproduction leaves: the summary as CSV, JSON and Markdown, a figure for each claim, one HTML file. */
#include "harness/reproduce.h"

#include "harness/json.h"
#include "harness/manifest.h"
#include "harness/output.h"
#include "harness/plot.h"
#include "harness/report.h"
#include "harness/report_html.h"
#include "harness/run.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_told(const claim *c) {
    return c->verdict != CLAIM_OPEN;
}

static const char *mode(const reproduction *r) {
    return r->s->full ? "full" : "quick";
}

static void expected(const claim *c, char *text, size_t size) {
    snprintf(text, size, "%s %s%s%s", strcmp(claim_text(c, "sense"), "least") == 0 ? "at least" : "at most",
             claim_text(c, "goal"), strcmp(claim_text(c, "unit"), "x") == 0 ? "" : " ", claim_text(c, "unit"));
}

static double seconds_of(const claim *c) {
    double seconds = 0;
    for (int i = 0; i < c->commands; i++)
        seconds += c->wall[i];
    return seconds;
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Texts one behind the other. */
static void join(char *text, size_t size, const char *between, const char *next) {
    const size_t length = strlen(text);
    snprintf(text + length, size - length, "%s%s", length ? between : "", next);
}

static void list_commands(const claim *c, char *text, size_t size) {
    *text = 0;
    for (int i = 0; i < c->commands; i++) {
        char typed[CLAIM_TEXT + 8];
        claim_command(c, i, typed, sizeof typed);
        join(text, size, "; ", typed);
    }
}

static void list_files(const claim *c, char *text, size_t size) {
    *text = 0;
    for (int i = 0; i < c->files; i++) {
        char name[PATH_MAX];
        snprintf(name, sizeof name, "raw/%s", base_name(c->file[i]));
        join(text, size, " ", name);
    }
}

/* Whether there is one, and where. */
static bool figure_of(const reproduction *r, const claim *c, char path[PATH_MAX]) {
    reproduce_path(r, "figures", claim_text(c, "id"), ".svg", path);
    return *claim_text(c, "figure") && access(path, R_OK) == 0;
}

static void add_shape(table *t, const claim *c, int64_t size) {
    if (claim_is_testable(c))
        table_add_integer(t, size);
    else
        table_add(t, "NA");
}

static void fill_summary(const reproduction *r, table *t) {
    table_begin(t, "id,source,claim,unit,expected,goal,mode,n,d,k,threads,measured,low,high,over_gemm,over_naive,"
                   "verdict,reason,seconds,commands,raw,figure");
    for (int i = 0; i < r->count; i++) {
        const claim *c = &r->claims[i];
        char text[CLAIM_COMMANDS * (CLAIM_TEXT + 16)], path[PATH_MAX];
        if (!is_told(c))
            continue;
        table_add(t, claim_text(c, "id"));
        table_add(t, claim_text(c, "source"));
        table_add(t, claim_text(c, "claim"));
        table_add(t, claim_text(c, "unit"));
        expected(c, text, sizeof text);
        table_add(t, text);
        table_add(t, claim_text(c, "goal"));
        table_add(t, mode(r));
        add_shape(t, c, c->n);
        add_shape(t, c, c->d);
        add_shape(t, c, c->k);
        table_add_integer(t, r->threads);
        table_add_format(t, isfinite(c->measured.value) ? "%.4g" : "NA", c->measured.value);
        table_add_format(t, isfinite(c->measured.low) ? "%.4g" : "NA", c->measured.low);
        table_add_format(t, isfinite(c->measured.high) ? "%.4g" : "NA", c->measured.high);
        table_add_format(t, isfinite(c->over_gemm.value) ? "%.4g" : "NA", c->over_gemm.value);
        table_add_format(t, isfinite(c->over_naive.value) ? "%.4g" : "NA", c->over_naive.value);
        table_add(t, claim_verdict_name(c->verdict));
        table_add(t, c->reason);
        table_add_format(t, "%.1f", seconds_of(c));
        list_commands(c, text, sizeof text);
        table_add(t, text);
        list_files(c, text, sizeof text);
        table_add(t, text);
        table_add(t, figure_of(r, c, path) ? path + strlen(r->s->output) + 1 : "");
    }
}

exit_code reproduce_write_summary(const reproduction *r) {
    char path[PATH_MAX];
    table t;
    size_t length;
    fill_summary(r, &t);
    char *text = table_csv(&t, &length);
    table_free(&t);
    if (!text)
        return fail(CLI_LIMIT, "out of memory");
    reproduce_path(r, "", "summary", ".csv", path);
    const exit_code code = output_write(path, text, length > 0 ? length - 1 : 0);
    free(text);
    return code;
}

/* --- JSON --- */

static void add_value(json *node, const char *key, const claim_value *v) {
    json *value = json_add_object(node, key);
    json_add_real(value, "value", v->value);
    json_add_real(value, "low", v->low);
    json_add_real(value, "high", v->high);
}

static void add_claim(json *list, const claim *c) {
    char text[CLAIM_TEXT + 8];
    json *node = json_add_object(list, NULL);
    static const char *const copied[] = {"id", "source", "claim", "unit", "sense"};
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
        json_add_text(node, copied[i], claim_text(c, copied[i]));
    json_add_real(node, "goal", claim_real(c, "goal"));
    if (claim_is_testable(c)) {
        json_add_integer(node, "n", c->n);
        json_add_integer(node, "d", c->d);
        json_add_integer(node, "k", c->k);
    }
    add_value(node, "measured", &c->measured);
    add_value(node, "over_gemm", &c->over_gemm);
    add_value(node, "over_naive", &c->over_naive);
    json_add_text(node, "verdict", claim_verdict_name(c->verdict));
    json_add_text(node, "reason", c->reason);
    json *commands = json_add_array(node, "commands");
    for (int i = 0; i < c->commands; i++) {
        claim_command(c, i, text, sizeof text);
        json_add_text(commands, NULL, text);
    }
    json_add_real(node, "seconds", seconds_of(c));
}

static exit_code write_json(const reproduction *r) {
    char path[PATH_MAX];
    exk_topology topology;
    exk_fingerprint machine = {0};
    if (!json_available())
        return CLI_OK;
    json *root = json_object();
    json_add_text(root, "format", "exakt reproduce 1");
    json_add_text(root, "mode", mode(r));
    const bool known = topology_or_warning(&topology);
    if (known)
        exk_fingerprint_take(&topology, &machine);
    manifest_add(json_add_object(root, "manifest"), known ? &topology : NULL, &machine);
    if (known)
        exk_topology_free(&topology);
    json *list = json_add_array(root, "claims");
    for (int i = 0; i < r->count; i++)
        if (is_told(&r->claims[i]))
            add_claim(list, &r->claims[i]);
    reproduce_path(r, "", "summary", ".json", path);
    return json_write(root, path);
}

/* --- Markdown --- */

/* A bar would end the cell. */
static void put_cell(FILE *out, const char *text) {
    fputc(' ', out);
    for (; *text; text++) {
        if (*text == '|')
            fputc('\\', out);
        fputc(*text, out);
    }
    fputs(" |", out);
}

static void put_number(FILE *out, const char *format, double value) {
    char text[32];
    snprintf(text, sizeof text, format, value);
    put_cell(out, isfinite(value) ? text : "");
}

static void put_claim(FILE *out, const reproduction *r, const claim *c) {
    char text[96], path[PATH_MAX];
    const bool factor = strcmp(claim_text(c, "unit"), "x") == 0;
    fputs("\n|", out);
    if (figure_of(r, c, path)) {
        fprintf(out, " [%s](%s) |", claim_text(c, "id"), path + strlen(r->s->output) + 1);
    } else {
        put_cell(out, claim_text(c, "id"));
    }
    put_cell(out, claim_text(c, "source"));
    put_cell(out, claim_text(c, "claim"));
    *text = 0;
    if (claim_is_testable(c))
        snprintf(text, sizeof text, "%" PRId64 " x %" PRId64 ", k = %" PRId64, c->n, c->d, c->k);
    put_cell(out, text);
    expected(c, text, sizeof text);
    put_cell(out, text);
    put_number(out, factor ? "%.3gx" : "%.2g %%", c->measured.value);
    put_number(out, "%.3gx", c->over_gemm.value);
    put_number(out, "%.3gx", c->over_naive.value);
    snprintf(text, sizeof text, "**%s**", claim_verdict_name(c->verdict));
    put_cell(out, text);
    put_cell(out, c->reason);
}

static void put_markdown(FILE *out, const void *user) {
    const reproduction *r = user;
    fprintf(out,
            "# Reproduction of published claims\n\n`exakt reproduce --%s`, %d thread%s.\n\n"
            "| id | source | claim | measured with | expected | measured | over GEMM, float32 | over naive "
            "scalar code | verdict | why |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            mode(r), r->threads, r->threads == 1 ? "" : "s");
    for (int i = 0; i < r->count; i++)
        if (is_told(&r->claims[i]))
            put_claim(out, r, &r->claims[i]);
}

static exit_code write_markdown(const reproduction *r) {
    char path[PATH_MAX];
    reproduce_path(r, "", "summary", ".md", path);
    return output_print(path, put_markdown, r);
}

/* --- pictures and the HTML file --- */

static void draw(const reproduction *r, const claim *c) {
    char path[PATH_MAX], why[PATH_MAX + 512];
    const plot_kind *kind = plot_kind_find(claim_text(c, "figure"));
    plot_sources s = {0};
    table t;
    for (int i = 0; i < c->files; i++)
        plot_sources_add(&s, c->file[i], NULL);
    reproduce_path(r, "figures", claim_text(c, "id"), ".svg", path);
    if (kind && plot_table(kind, &s, &t)) {
        if (!plot_draw(kind, &t, path, why, sizeof why))
            warn("%s: no picture: %s", claim_text(c, "id"), why);
        table_free(&t);
    }
    plot_sources_free(&s);
}

static exit_code write_html(const reproduction *r) {
    char path[PATH_MAX];
    plot_sources s = {0};
    exk_error error = {0};
    reproduce_path(r, "", "summary", ".csv", path);
    exit_code code = plot_sources_add(&s, path, &error) == EXK_OK ? CLI_OK : fail_with(&error);
    for (int i = 0; i < r->count; i++)
        for (int f = 0; f < r->claims[i].files && is_told(&r->claims[i]); f++)
            plot_sources_add(&s, r->claims[i].file[f], NULL);
    reproduce_path(r, "", "report", ".html", path);
    if (code == CLI_OK)
        code = report_html_write(&s, "exakt: published claims, measured here", path);
    plot_sources_free(&s);
    return code;
}

exit_code reproduce_write_reports(const reproduction *r) {
    for (int i = 0; i < r->count; i++)
        if (is_told(&r->claims[i]) && claim_is_testable(&r->claims[i]))
            draw(r, &r->claims[i]);
    exit_code code = reproduce_write_summary(r);
    if (code == CLI_OK)
        code = write_json(r);
    if (code == CLI_OK)
        code = write_markdown(r);
    return code == CLI_OK ? write_html(r) : code;
}

void reproduce_print(const reproduction *r) {
    printf("%-22s %16s %10s %10s %10s  %s\n", "claim", "expected", "measured", "over GEMM", "over naive",
           "verdict");
    for (int i = 0; i < r->count; i++) {
        const claim *c = &r->claims[i];
        char goal[64], value[3][32];
        const double values[] = {c->measured.value, c->over_gemm.value, c->over_naive.value};
        const bool factor = strcmp(claim_text(c, "unit"), "x") == 0;
        if (!is_told(c))
            continue;
        expected(c, goal, sizeof goal);
        for (int v = 0; v < 3; v++) {
            snprintf(value[v], sizeof value[v], factor || v > 0 ? "%.3gx" : "%.2g %%", values[v]);
            if (!isfinite(values[v]))
                strcpy(value[v], "-");
        }
        printf("%-22s %16s %10s %10s %10s  %s\n", claim_text(c, "id"), goal, value[0], value[1], value[2],
               claim_verdict_name(c->verdict));
    }
    printf("\n%s: summary.csv, summary.json, summary.md, report.html, figures/, raw/\n", r->s->output);
}
