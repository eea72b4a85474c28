/* Tables of bar charts: label,value,low,high,text,head. A head names the rows below it and has no bar. */
#include "harness/plot.h"
#include "tuner/stats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char columns[] = "label,value,low,high,text,head";
static const double level = 0.95, mib = 1024.0 * 1024.0;

static void add_head(table *t, const char *text) {
    table_add(t, text);
    for (int i = 0; i < 3; i++)
        table_add_real(t, NAN);
    table_add(t, "");
    table_add(t, "1");
}

static void add_bar(table *t, const char *label, double value, double low, double high, const char *text) {
    table_add(t, label);
    table_add_real(t, value);
    table_add_real(t, isfinite(low) ? low : value);
    table_add_real(t, isfinite(high) ? high : value);
    table_add(t, text);
    table_add(t, "0");
}

/* --- rows of a bench record, in groups of one input, k and number of threads --- */

typedef struct bench_item {
    const json *node;
    char variant[96];
    double seconds, scratch;
    double *samples;
    int count;
} bench_item;

typedef struct bench_set {
    char input[512];
    double n, d, k, threads;
    bench_item *items;
    int count;
} bench_set;

static void take_samples(bench_item *item) {
    const json *first = source_first(item->node, "samples");
    int count = 0;
    for (const json *s = first; s; s = json_next(s))
        count++;
    item->samples = malloc((size_t)(count + 1) * sizeof *item->samples);
    for (const json *s = first; s && item->samples; s = json_next(s)) {
        const double seconds = source_real(s, "seconds");
        if (seconds > 0)
            item->samples[item->count++] = seconds;
    }
}

static bool is_timed(const json *row) {
    json_source quiet = {.name = ""};
    bool verified = false;
    return json_read_bool(row, "verified", &verified, &quiet) && verified &&
           source_real(row, "median_seconds") > 0;
}

static bool belongs(const bench_set *set, const json *row) {
    char input[sizeof set->input];
    return strcmp(set->input, source_text(row, "input", input, sizeof input)) == 0 &&
           set->k == source_real(row, "k") && set->threads == source_real(row, "threads");
}

/* All timed rows that are like this one; false if memory is short. */
static bool gather(bench_set *set, const json *rows, const json *like) {
    int room = 0;
    *set = (bench_set){.n = source_real(like, "n"),
                       .d = source_real(like, "d"),
                       .k = source_real(like, "k"),
                       .threads = source_real(like, "threads")};
    source_text(like, "input", set->input, sizeof set->input);
    for (const json *row = rows; row; row = json_next(row))
        room++;
    set->items = calloc((size_t)room + 1, sizeof *set->items);
    for (const json *row = rows; row && set->items; row = json_next(row)) {
        if (!is_timed(row) || !belongs(set, row))
            continue;
        bench_item *item = &set->items[set->count++];
        item->node = row;
        source_text(row, "variant", item->variant, sizeof item->variant);
        item->seconds = source_real(row, "median_seconds");
        item->scratch = source_real(row, "scratch_bytes");
        take_samples(item);
    }
    return set->items != NULL;
}

static void release(bench_set *set) {
    for (int i = 0; i < set->count; i++)
        free(set->items[i].samples);
    free(set->items);
}

static bool is_first_like_it(const json *rows, const json *row) {
    bench_set key = {.k = source_real(row, "k"), .threads = source_real(row, "threads")};
    source_text(row, "input", key.input, sizeof key.input);
    for (const json *before = rows; before != row; before = json_next(before))
        if (is_timed(before) && belongs(&key, before))
            return false;
    return true;
}

static int by_seconds(const void *a, const void *b) {
    const double x = ((const bench_item *)a)->seconds, y = ((const bench_item *)b)->seconds;
    return (x < y) - (x > y);
}

/* Memory hardly depends on the number of threads: the most say enough. */
static bool has_more_threads(const json *rows, const bench_set *set) {
    bench_set more = *set;
    for (const json *row = rows; row; row = json_next(row)) {
        more.threads = source_real(row, "threads");
        if (more.threads > set->threads && is_timed(row) && belongs(&more, row))
            return true;
    }
    return false;
}

typedef void (*set_fn)(bench_set *set, const json *rows, table *t);

/* A picture with more rows than this is not looked at. */
enum { BARS_MOST = 150 };

/* Every group of every bench record, its slowest row first. */
static void each_set(const plot_sources *s, table *t, set_fn each) {
    for (int i = 0; i < s->count; i++) {
        const json *rows = s->list[i].record == RECORD_BENCH ? source_first(s->list[i].root, "rows") : NULL;
        for (const json *row = rows; row; row = json_next(row)) {
            bench_set set;
            if (!is_timed(row) || !is_first_like_it(rows, row))
                continue;
            if (table_rows(t) > BARS_MOST) {
                add_head(t, "(further groups are left out)");
                return;
            }
            if (!gather(&set, rows, row)) {
                t->failed = true;
                return;
            }
            qsort(set.items, (size_t)set.count, sizeof *set.items, by_seconds);
            each(&set, rows, t);
            release(&set);
        }
    }
}

/* Naive scalar code, or the slowest row. */
static const bench_item *baseline(const bench_set *set) {
    for (int i = 0; i < set->count; i++)
        if (strstr(set->items[i].variant, "_naive__scalar"))
            return &set->items[i];
    return &set->items[0];
}

static void add_set_head(const bench_set *set, const char *over, table *t) {
    char head[1024];
    snprintf(head, sizeof head, "%s, k = %.0f, %.0f thread%s%s%s", set->input, set->k, set->threads,
             set->threads == 1 ? "" : "s", *over ? ", over " : "", over);
    add_head(t, head);
}

static void add_speedups(bench_set *set, const json *rows, table *t) {
    (void)rows;
    const bench_item *base = baseline(set);
    add_set_head(set, plot_short_name(base->variant), t);
    for (int i = 0; i < set->count; i++) {
        const bench_item *item = &set->items[i];
        const double ratio = stats_ratio(item->samples, item->count, base->samples, base->count);
        const stats_interval in =
            stats_ratio_interval(item->samples, item->count, base->samples, base->count, level);
        const double shown = item == base ? 1 : isfinite(ratio) ? ratio : base->seconds / item->seconds;
        char text[64];
        snprintf(text, sizeof text, "%.1fx  (%.3g s)", shown, item->seconds);
        add_bar(t, plot_short_name(item->variant), shown, item == base ? 1 : in.low, item == base ? 1 : in.high,
                text);
    }
}

void plot_fill_speedup(const plot_sources *s, table *t) {
    table_begin(t, columns);
    each_set(s, t, add_speedups);
}

static void add_memory_bar(table *t, const char *label, double bytes) {
    char text[32];
    snprintf(text, sizeof text, "%.3g MiB", bytes / mib);
    if (bytes > 0)
        add_bar(t, label, bytes / mib, NAN, NAN, text);
}

static void add_yardsticks(double n, double d, double k, table *t) {
    add_memory_bar(t, "(the points)", 4 * n * d);
    add_memory_bar(t, "(n * k float32 scores)", 4 * n * k);
}

static int by_scratch(const void *a, const void *b) {
    const double x = ((const bench_item *)a)->scratch, y = ((const bench_item *)b)->scratch;
    return (x < y) - (x > y);
}

static void add_memory(bench_set *set, const json *rows, table *t) {
    if (has_more_threads(rows, set))
        return;
    add_set_head(set, "", t);
    add_yardsticks(set->n, set->d, set->k, t);
    qsort(set->items, (size_t)set->count, sizeof *set->items, by_scratch);
    for (int i = 0; i < set->count; i++)
        add_memory_bar(t, plot_short_name(set->items[i].variant), set->items[i].scratch);
}

/* --- compare records --- */

static bool was_timed(const json *row) {
    char state[32];
    return strcmp(source_text(row, "state", state, sizeof state), "timed") == 0 &&
           source_real(row, "median_seconds") > 0;
}

static void add_compare_head(const json *row, table *t) {
    char input[512], head[1024];
    snprintf(head, sizeof head, "%s, k = %.0f, %.0f threads, %.0f iterations",
             source_text(row, "input", input, sizeof input), source_real(row, "k"), source_real(row, "threads"),
             source_real(row, "iterations"));
    add_head(t, head);
}

/* "faiss (FAISS 1.15)"; of our own rows the variant. */
static void label_of(const json *row, char *label, size_t size) {
    char name[128], library[128], variant[128];
    source_text(row, "name", name, sizeof name);
    source_text(row, "library", library, sizeof library);
    if (*source_text(row, "variant", variant, sizeof variant))
        snprintf(label, size, "exakt %s", plot_short_name(variant));
    else
        snprintf(label, size, "%s%s%s%s", name, *library ? " (" : "", library, *library ? ")" : "");
}

void plot_fill_rivals(const plot_sources *s, table *t) {
    table_begin(t, columns);
    for (int i = 0; i < s->count; i++) {
        const json *rows = s->list[i].record == RECORD_COMPARE ? source_first(s->list[i].root, "rows") : NULL;
        if (!rows || !was_timed(rows))
            continue;
        add_compare_head(rows, t);
        for (const json *row = rows; row; row = json_next(row)) {
            char label[300], text[64];
            if (!was_timed(row))
                continue;
            const double ratio = row == rows ? 1 : source_real(row, "ratio");
            label_of(row, label, sizeof label);
            snprintf(text, sizeof text, "%.2fx  (%.3g s)", ratio, source_real(row, "median_seconds"));
            add_bar(t, label, ratio, source_real(row, "ratio_low"), source_real(row, "ratio_high"), text);
        }
    }
}

void plot_fill_memory(const plot_sources *s, table *t) {
    table_begin(t, columns);
    each_set(s, t, add_memory);
    for (int i = 0; i < s->count; i++) {
        const json *rows = s->list[i].record == RECORD_COMPARE ? source_first(s->list[i].root, "rows") : NULL;
        if (!rows || !was_timed(rows))
            continue;
        add_compare_head(rows, t);
        add_yardsticks(source_real(rows, "n"), source_real(rows, "d"), source_real(rows, "k"), t);
        for (const json *row = rows; row; row = json_next(row)) {
            char label[300];
            label_of(row, label, sizeof label);
            if (was_timed(row))
                add_memory_bar(t, label, source_real(row, "beside_bytes"));
        }
    }
}

/* --- tables --- */

void plot_fill_demo(const plot_sources *s, table *t) {
    table_begin(t, columns);
    for (int i = 0; i < s->count; i++) {
        const table *from = &s->list[i].table;
        for (int row = 0; s->list[i].record == RECORD_DEMO && row < table_rows(from); row++) {
            char text[64];
            const double rate = table_real(from, row, "effective_gflops");
            snprintf(text, sizeof text, "%.1f  (%.1fx)", rate, table_real(from, row, "speedup"));
            add_bar(t, plot_short_name(table_text(from, row, "variant")), rate, NAN, NAN, text);
        }
    }
}

static void add_gap(const table *from, const char *set, const char *column, const char *head, table *t) {
    const int rows = table_rows(from);
    double *gap = malloc((size_t)(rows + 1) * sizeof *gap);
    int count = 0;
    t->failed = t->failed || !gap;
    for (int row = 0; gap && row < rows; row++) {
        const double value = 100 * table_real(from, row, column);
        if (isfinite(value) && (!*set || strcmp(table_text(from, row, "set"), set) == 0))
            gap[count++] = value;
    }
    if (count > 0) {
        char title[160];
        stats_sort(gap, count);
        const double figure[] = {stats_median(gap, count), gap[(count * 9 + 9) / 10 - 1], gap[count - 1]};
        static const char *const names[] = {"median", "90th percentile", "largest"};
        snprintf(title, sizeof title, "%s, %d shapes", head, count);
        add_head(t, title);
        for (int i = 0; i < 3; i++) {
            char text[32];
            snprintf(text, sizeof text, "%.1f %%", figure[i]);
            add_bar(t, names[i], figure[i], NAN, NAN, text);
        }
    }
    free(gap);
}

void plot_fill_gaps(const plot_sources *s, table *t) {
    table_begin(t, columns);
    for (int i = 0; i < s->count; i++) {
        const table *from = &s->list[i].table;
        if (s->list[i].record != RECORD_EVALUATION)
            continue;
        add_gap(from, "", "model_gap", "model alone", t);
        add_gap(from, "tuned", "profile_gap", "tuned", t);
        add_gap(from, "held_out", "profile_gap", "profile of the nearest, held out", t);
        add_gap(from, "", "fixed_gap", "best single configuration", t);
    }
}

static void add_factor(const table *from, int row, const char *column, const char *label, table *t) {
    const double value = table_real(from, row, column);
    char text[32];
    snprintf(text, sizeof text, "%.3gx", value);
    if (value > 0)
        add_bar(t, label, value, NAN, NAN, text);
}

/* Factors only: what is claimed in per cent has no place on their axis. */
void plot_fill_claims(const plot_sources *s, table *t) {
    table_begin(t, columns);
    for (int i = 0; i < s->count; i++) {
        const table *from = &s->list[i].table;
        for (int row = 0; s->list[i].record == RECORD_CLAIMS && row < table_rows(from); row++) {
            if (strcmp(table_text(from, row, "unit"), "x") != 0 || !isfinite(table_real(from, row, "measured")))
                continue;
            char head[160];
            snprintf(head, sizeof head, "%s: %s", table_text(from, row, "id"), table_text(from, row, "verdict"));
            add_head(t, head);
            add_factor(from, row, "goal", "claimed", t);
            add_factor(from, row, "measured", "measured", t);
            add_factor(from, row, "over_gemm", "float32, over GEMM", t);
            add_factor(from, row, "over_naive", "over naive scalar code", t);
        }
    }
}
