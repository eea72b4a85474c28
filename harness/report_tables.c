/* What reports show of each record, as tables. */
#include "harness/report_html.h"

#include "harness/plot.h"
#include "harness/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void add_figure(table *t, const char *format, double value) __attribute__((format(printf, 2, 0)));
static void add_figure(table *t, const char *format, double value) {
    char text[64];
    snprintf(text, sizeof text, format, value);
    table_add(t, isfinite(value) ? text : "-");
}

/* More than any machine has is damage. */
static const double bytes_most = 1e18;

static void add_bytes(table *t, double bytes) {
    char text[32];
    table_add(t, bytes >= 0 && bytes < bytes_most ? format_bytes((int64_t)bytes, text, sizeof text) : "-");
}

static void add_member(table *t, const json *object, const char *key) {
    char text[4352];
    table_add(t, source_text(object, key, text, sizeof text));
}

/* Median and interval, in seconds. */
static void add_seconds(table *t, const json *row) {
    const double median = source_real(row, "median_seconds");
    if (median > 0)
        table_add_format(t, "%.4g (%.4g to %.4g)", median, source_real(row, "ci_low"),
                         source_real(row, "ci_high"));
    else
        table_add(t, "-");
}

static void fill_bench(const json *root, table *t) {
    table_begin(t, "input,k,threads,variant,seconds (95 %),times the fastest,GFLOP/s executed,% of ceiling,"
                   "GFLOP/s effective,% of distances,memory,remark");
    for (const json *row = source_first(root, "rows"); row; row = json_next(row)) {
        const double all = source_real(row, "n") * source_real(row, "k") * source_real(row, "iterations");
        add_member(t, row, "input");
        add_figure(t, "%.0f", source_real(row, "k"));
        add_figure(t, "%.0f", source_real(row, "threads"));
        add_member(t, row, "variant");
        add_seconds(t, row);
        add_figure(t, "%.2f", source_real(row, "times_the_fastest"));
        add_figure(t, "%.1f", source_real(row, "executed_gflops"));
        add_figure(t, "%.0f", 100 * source_real(row, "ceiling_share"));
        add_figure(t, "%.1f", source_real(row, "effective_gflops"));
        add_figure(t, "%.1f", 100 * source_real(row, "evaluations") / all);
        add_bytes(t, source_real(row, "scratch_bytes"));
        add_member(t, row, "why");
    }
}

static void fill_compare(const json *root, table *t) {
    table_begin(t, "input,k,threads,name,library,seconds (95 %),times the first,iterations,inertia,labels wrong,"
                   "memory beside,state,remark");
    for (const json *row = source_first(root, "rows"); row; row = json_next(row)) {
        add_member(t, row, "input");
        add_figure(t, "%.0f", source_real(row, "k"));
        add_figure(t, "%.0f", source_real(row, "threads"));
        add_member(t, row, "name");
        add_member(t, row, "library");
        add_seconds(t, row);
        add_figure(t, "%.2f", source_real(row, "ratio"));
        add_figure(t, "%.0f", source_real(row, "iterations"));
        add_figure(t, "%.9g", source_real(row, "inertia"));
        add_figure(t, "%.0f", source_real(row, "labels_wrong"));
        add_bytes(t, source_real(row, "beside_bytes"));
        add_member(t, row, "state");
        add_member(t, row, "why");
    }
}

static void fill_ceilings(const json *root, table *t) {
    table_begin(t, "threads,what,rate,half of the samples,size");
    for (const json *part = source_first(root, "parts"); part; part = json_next(part)) {
        for (const json *f = source_first(part, "flops"); f; f = json_next(f)) {
            char isa[32];
            add_figure(t, "%.0f", source_real(part, "threads"));
            table_add_format(t, "%s multiply-adds, float32", source_text(f, "isa", isa, sizeof isa));
            add_figure(t, "%.1f GFLOP/s", source_real(f, "median") * 1e-9);
            table_add_format(t, "%.1f to %.1f", source_real(f, "low") * 1e-9, source_real(f, "high") * 1e-9);
            table_add(t, "");
        }
        for (const json *level = source_first(part, "levels"); level; level = json_next(level)) {
            if (!(source_real(level, "median") > 0))
                continue;
            add_figure(t, "%.0f", source_real(part, "threads"));
            add_member(t, level, "name");
            add_figure(t, "%.1f GB/s", source_real(level, "median") * 1e-9);
            table_add_format(t, "%.1f to %.1f", source_real(level, "low") * 1e-9,
                             source_real(level, "high") * 1e-9);
            add_bytes(t, source_real(level, "believed_bytes"));
        }
    }
}

static void fill_fit(const json *root, table *t) {
    table_begin(t, "input,n,d,k,variant,threads,iterations,inertia,seconds,memory beside,peak of the process");
    add_member(t, root, "input");
    add_figure(t, "%.0f", source_real(root, "n"));
    add_figure(t, "%.0f", source_real(root, "d"));
    add_figure(t, "%.0f", source_real(root, "k"));
    add_member(t, root, "variant");
    add_figure(t, "%.0f", source_real(root, "threads"));
    add_figure(t, "%.0f", source_real(root, "iterations"));
    add_figure(t, "%.9g", source_real(root, "inertia"));
    add_figure(t, "%.4g", source_real(source_object(root, "seconds"), "iterate"));
    add_bytes(t, source_real(root, "scratch_bytes"));
    add_bytes(t, source_real(root, "peak_rss_bytes"));
}

/* The sums of each variant. */
static void fill_trace(const table *from, table *t) {
    table_begin(t, "variant,iterations,seconds,passes");
    for (int row = 0; row < table_rows(from);) {
        const char *arm = table_text(from, row, "row");
        double seconds = 0, passes = 0;
        int iterations = 0;
        const char *variant = table_text(from, row, "variant");
        for (; row < table_rows(from) && strcmp(table_text(from, row, "row"), arm) == 0; row++, iterations++) {
            seconds += table_real(from, row, "seconds");
            passes += table_real(from, row, "share");
        }
        table_add(t, variant);
        table_add_integer(t, iterations);
        add_figure(t, "%.4g", seconds);
        add_figure(t, "%.2f", passes);
    }
}

/* The sums of each search: its rows stand together. */
static void fill_tune_log(const table *from, table *t) {
    table_begin(t, "search,input,threads,samples,seconds spent,fastest sample,of");
    for (int row = 0; row < table_rows(from);) {
        const int first = row;
        int best = row;
        double spent = 0;
        for (; row < table_rows(from) &&
               strcmp(table_text(from, row, "session"), table_text(from, first, "session")) == 0;
             row++) {
            spent += table_real(from, row, "wall");
            if (table_real(from, row, "seconds") < table_real(from, best, "seconds"))
                best = row;
        }
        table_add(t, table_text(from, first, "session"));
        table_add(t, table_text(from, first, "input"));
        table_add(t, table_text(from, first, "threads"));
        table_add_integer(t, row - first);
        add_figure(t, "%.1f", spent);
        add_figure(t, "%.4g", table_real(from, best, "seconds"));
        table_add(t, table_text(from, best, "variant"));
    }
}

static void copy(const table *from, table *t) {
    char names[4096] = "";
    size_t length = 0;
    for (int c = 0; c < from->columns && length < sizeof names; c++)
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", c ? "," : "", from->cell[c]);
    table_begin(t, names);
    for (int i = from->columns; i < from->cells; i++)
        table_add(t, from->cell[i]);
}

static void add_shape(const table *from, int row, table *t) {
    if (isfinite(table_real(from, row, "n")))
        table_add_format(t, "%s x %s, k = %s", table_text(from, row, "n"), table_text(from, row, "d"),
                         table_text(from, row, "k"));
    else
        table_add(t, "-");
}

/* What people look for first; the CSV has the rest. */
static void fill_claims(const table *from, table *t) {
    table_begin(
        t, "claim,source,what is claimed,measured with,expected,measured here,over GEMM,over naive scalar code,"
           "verdict,why");
    for (int row = 0; row < table_rows(from); row++) {
        const bool factor = strcmp(table_text(from, row, "unit"), "x") == 0;
        table_add(t, table_text(from, row, "id"));
        table_add(t, table_text(from, row, "source"));
        table_add(t, table_text(from, row, "claim"));
        add_shape(from, row, t);
        table_add(t, table_text(from, row, "expected"));
        add_figure(t, factor ? "%.3gx" : "%.2g %%", table_real(from, row, "measured"));
        add_figure(t, "%.3gx", table_real(from, row, "over_gemm"));
        add_figure(t, "%.3gx", table_real(from, row, "over_naive"));
        table_add(t, table_text(from, row, "verdict"));
        table_add(t, table_text(from, row, "reason"));
    }
}

void report_fill_record(const plot_source *source, table *t) {
    switch (source->record) {
    case RECORD_BENCH:
        fill_bench(source->root, t);
        break;
    case RECORD_COMPARE:
        fill_compare(source->root, t);
        break;
    case RECORD_CEILINGS:
        fill_ceilings(source->root, t);
        break;
    case RECORD_FIT:
        fill_fit(source->root, t);
        break;
    case RECORD_TRACE:
        fill_trace(&source->table, t);
        break;
    case RECORD_TUNE_LOG:
        fill_tune_log(&source->table, t);
        break;
    case RECORD_CLAIMS:
        fill_claims(&source->table, t);
        break;
    default:
        copy(&source->table, t);
    }
}

/* --- the machine --- */

static void add_line(table *t, const char *what, const char *value) {
    if (!*value)
        return;
    table_add(t, what);
    table_add(t, value);
}

static void add_text_of(table *t, const char *what, const json *object, const char *key) {
    char text[1024];
    add_line(t, what, source_text(object, key, text, sizeof text));
}

static void add_caches(table *t, const json *machine) {
    char text[256] = "", size[32];
    size_t length = 0;
    for (const json *c = source_first(machine, "caches"); c && length < sizeof text; c = json_next(c))
        if (source_real(c, "size") > 0 && source_real(c, "size") < bytes_most)
            length += (size_t)snprintf(
                text + length, sizeof text - length, "%s%s for %.0f core(s)", length ? ", " : "",
                format_bytes((int64_t)source_real(c, "size"), size, sizeof size), source_real(c, "sharing"));
    add_line(t, "caches", text);
}

void report_fill_machine(const plot_source *source, table *t) {
    table_begin(t, "machine and program,");
    const json *manifest = source_object(source->root, "manifest");
    const json *machine = source_object(manifest, "machine"), *build = source_object(manifest, "build");
    char text[256], commit[96], version[64], compiler[96];
    if (!machine)
        return;
    add_text_of(t, "processor", machine, "cpu");
    snprintf(text, sizeof text, "%.0f cores, %.0f processing units", source_real(machine, "cores"),
             source_real(machine, "processing_units"));
    add_line(t, "cores", isfinite(source_real(machine, "cores")) ? text : "");
    add_caches(t, machine);
    add_text_of(t, "note", machine, "topology_note");
    add_text_of(t, "kernel", machine, "kernel");
    snprintf(text, sizeof text, "%s, commit %s, %s", source_text(build, "version", version, sizeof version),
             source_text(build, "commit", commit, sizeof commit),
             source_text(build, "compiler", compiler, sizeof compiler));
    add_line(t, "exakt", text);
    add_text_of(t, "flags", build, "flags");
    add_text_of(t, "OpenBLAS core", manifest, "openblas_core");
    add_text_of(t, "EXAKT_ISA", manifest, "exakt_isa");
    add_text_of(t, "measured", manifest, "started");
}
