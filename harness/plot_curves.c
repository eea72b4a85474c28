/* Tables of all pictures that are no bar charts. */
#include "harness/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- roofline: what,label,x,y,label_y; roofs: x is bytes a second of a level, y operations a second --- */

static const char roofline_columns[] = "what,label,x,y,label_y";

static void add_place(table *t, const char *what, const char *label, double x, double y) {
    table_add(t, what);
    table_add(t, label);
    table_add_real(t, x);
    table_add_real(t, y);
    table_add_real(t, y);
}

static double most_threads(const plot_sources *s) {
    double most = 0;
    for (int i = 0; i < s->count; i++) {
        const json *row = s->list[i].record == RECORD_BENCH ? source_first(s->list[i].root, "rows") : NULL;
        for (; row; row = json_next(row))
            most = fmax(most, source_real(row, "threads"));
    }
    return most;
}

static bool has_label(const table *t, const char *label) {
    for (int row = 0; row < table_rows(t); row++)
        if (strcmp(table_text(t, row, "label"), label) == 0)
            return true;
    return false;
}

/* What a bench record measured beside its samples: the first of each name counts. */
static void add_own_roofs(const json *root, double threads, table *t) {
    char isa[32], label[96];
    const json *manifest = source_object(root, "manifest");
    for (const json *c = source_first(manifest, "ceilings"); c; c = json_next(c)) {
        snprintf(label, sizeof label, "%s multiply-adds, float32", source_text(c, "isa", isa, sizeof isa));
        if (source_real(c, "threads") == threads && !has_label(t, label))
            add_place(t, "peak", label, NAN, source_real(c, "gflops"));
    }
    const double memory = source_real(manifest, "memory_read_gbs");
    if (memory > 0 && !has_label(t, "memory"))
        add_place(t, "level", "memory", memory, NAN);
}

static void add_surveyed_roofs(const json *root, double threads, table *t) {
    char name[32], label[96];
    for (const json *part = source_first(root, "parts"); part; part = json_next(part)) {
        if (source_real(part, "threads") != threads)
            continue;
        for (const json *level = source_first(part, "levels"); level; level = json_next(level)) {
            const double rate = source_real(level, "median");
            if (source_real(level, "working_set_bytes") > 0 && rate > 0)
                add_place(t, "level", source_text(level, "name", name, sizeof name), rate * 1e-9, NAN);
        }
        for (const json *f = source_first(part, "flops"); f; f = json_next(f)) {
            snprintf(label, sizeof label, "%s multiply-adds, float32", source_text(f, "isa", name, sizeof name));
            add_place(t, "peak", label, NAN, source_real(f, "median") * 1e-9);
        }
    }
}

static int add_variants(const json *rows, double threads, table *t) {
    int added = 0;
    for (const json *row = rows; row; row = json_next(row)) {
        char variant[96], label[160];
        const double rate = source_real(row, "executed_gflops"), seconds = source_real(row, "median_seconds");
        const double intensity = rate * 1e9 * seconds / source_real(row, "bytes");
        if (source_real(row, "threads") != threads || !(intensity > 0) || !(rate > 0))
            continue;
        source_text(row, "variant", variant, sizeof variant);
        snprintf(label, sizeof label, "%s, k = %.0f", plot_short_name(variant), source_real(row, "k"));
        add_place(t, "variant", label, intensity, rate);
        added++;
    }
    return added;
}

typedef struct placed {
    double y;
    int cell;
} placed;

static int by_height(const void *a, const void *b) {
    const double x = ((const placed *)a)->y, y = ((const placed *)b)->y;
    return (x > y) - (x < y);
}

static void set_real(table *t, int cell, double value) {
    char text[32];
    snprintf(text, sizeof text, "%.9g", value);
    char *copy = strdup(text);
    t->failed = t->failed || !copy;
    if (!copy)
        return;
    free(t->cell[cell]);
    t->cell[cell] = copy;
}

/* Names of points that lie one above the other move up until a line of text fits between them. */
static void spread_labels(table *t) {
    const int rows = table_rows(t), column = table_find_column(t, "label_y");
    placed *list = calloc((size_t)rows + 1, sizeof *list);
    int count = 0;
    t->failed = t->failed || !list;
    for (int row = 0; list && row < rows; row++)
        if (strcmp(table_text(t, row, "what"), "variant") == 0)
            list[count++] = (placed){log10(table_real(t, row, "y")), (row + 1) * t->columns + column};
    if (count > 0)
        qsort(list, (size_t)count, sizeof *list, by_height);
    const double apart = count > 1 ? fmax(0.045, (list[count - 1].y - list[0].y) / 38) : 0;
    for (int i = 0; i < count; i++) {
        if (i > 0 && list[i].y < list[i - 1].y + apart)
            list[i].y = list[i - 1].y + apart;
        set_real(t, list[i].cell, pow(10, list[i].y));
    }
    free(list);
}

void plot_fill_roofline(const plot_sources *s, table *t) {
    const double threads = most_threads(s);
    int variants = 0;
    table_begin(t, roofline_columns);
    for (int i = 0; i < s->count; i++)
        if (s->list[i].record == RECORD_CEILINGS)
            add_surveyed_roofs(s->list[i].root, threads, t);
    for (int i = 0; i < s->count; i++) {
        if (s->list[i].record != RECORD_BENCH)
            continue;
        add_own_roofs(s->list[i].root, threads, t);
        variants += add_variants(source_first(s->list[i].root, "rows"), threads, t);
    }
    if (variants > 0) {
        spread_labels(t);
        return;
    }
    table_free(t);
    table_begin(t, roofline_columns);
}

/* --- scaling: series,label,threads,speedup,low,high --- */

enum { SERIES_MOST = 8 };

/* Whether both rows are of one input, k and variant. */
static bool same_series(const json *a, const json *b) {
    char one[512], other[512];
    static const char *const names[] = {"input", "variant"};
    for (int i = 0; i < 2; i++)
        if (strcmp(source_text(a, names[i], one, sizeof one), source_text(b, names[i], other, sizeof other)) != 0)
            return false;
    return source_real(a, "k") == source_real(b, "k");
}

/* The row like this one with the fewest or the most threads. */
static const json *extreme(const json *rows, const json *like, bool most) {
    const json *found = like;
    for (const json *row = rows; row; row = json_next(row)) {
        const double threads = source_real(row, "threads"), best = source_real(found, "threads");
        if (same_series(row, like) && source_real(row, "median_seconds") > 0 &&
            (most ? threads > best : threads < best))
            found = row;
    }
    return found;
}

/* How many variants are faster on as many threads, for the same input and k. */
static int rank_of(const json *rows, const json *like) {
    const json *top = extreme(rows, like, true);
    const double seconds = source_real(top, "median_seconds");
    char input[512], other[512];
    int faster = 0;
    source_text(top, "input", input, sizeof input);
    for (const json *row = rows; row; row = json_next(row))
        faster += source_real(row, "median_seconds") < seconds && source_real(row, "k") == source_real(top, "k") &&
                  source_real(row, "threads") == source_real(top, "threads") &&
                  strcmp(source_text(row, "input", other, sizeof other), input) == 0;
    return faster;
}

static void add_series(const json *rows, const json *fewest, int series, table *t) {
    char variant[96];
    const double base = source_real(fewest, "median_seconds"), threads = source_real(fewest, "threads");
    for (const json *row = rows; row; row = json_next(row)) {
        const double seconds = source_real(row, "median_seconds");
        if (!same_series(row, fewest) || !(seconds > 0))
            continue;
        table_add_integer(t, series);
        table_add_format(t, "%s, k = %.0f", plot_short_name(source_text(row, "variant", variant, sizeof variant)),
                         source_real(row, "k"));
        table_add_real(t, source_real(row, "threads"));
        table_add_real(t, threads * base / seconds);
        table_add_real(t, threads * base / source_real(row, row == fewest ? "median_seconds" : "ci_high"));
        table_add_real(t, threads * base / source_real(row, row == fewest ? "median_seconds" : "ci_low"));
    }
}

void plot_fill_scaling(const plot_sources *s, table *t) {
    int series = 0;
    table_begin(t, "series,label,threads,speedup,low,high");
    for (int i = 0; i < s->count; i++) {
        const json *rows = s->list[i].record == RECORD_BENCH ? source_first(s->list[i].root, "rows") : NULL;
        for (const json *row = rows; row && series < SERIES_MOST; row = json_next(row))
            if (source_real(row, "median_seconds") > 0 && row == extreme(rows, row, false) &&
                row != extreme(rows, row, true) && rank_of(rows, row) < SERIES_MOST)
                add_series(rows, row, series++, t);
    }
}

/* --- skipping: series,label,iteration,share,seconds --- */

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Of one trace the variants say enough. */
static void add_trace_label(const plot_sources *s, int source, int row, table *t) {
    const char *variant = plot_short_name(table_text(&s->list[source].table, row, "variant"));
    if (plot_sources_count(s, RECORD_TRACE) > 1)
        table_add_format(t, "%s, %s", variant, base_name(s->list[source].name));
    else
        table_add(t, variant);
}

typedef void (*trace_fn)(const plot_sources *s, int source, int row, int series, table *t, void *user);

/* Every row of every trace, with a number of its curve that counts through all of them. */
static void each_traced(const plot_sources *s, table *t, trace_fn each, void *user) {
    int first = 0;
    for (int i = 0; i < s->count; i++) {
        const table *from = &s->list[i].table;
        int last = 0;
        for (int row = 0; s->list[i].record == RECORD_TRACE && row < table_rows(from); row++) {
            const double arm = table_real(from, row, "row");
            if (!(arm >= 0 && arm < 1000))
                continue;
            last = (int)fmax(last, arm + 1);
            each(s, i, row, first + (int)arm, t, user);
        }
        first += last;
    }
}

static void add_skipping(const plot_sources *s, int source, int row, int series, table *t, void *user) {
    (void)user;
    const table *from = &s->list[source].table;
    table_add_integer(t, series);
    add_trace_label(s, source, row, t);
    table_add_real(t, table_real(from, row, "iteration"));
    table_add_real(t, table_real(from, row, "share"));
    table_add_real(t, table_real(from, row, "seconds"));
}

void plot_fill_skipping(const plot_sources *s, table *t) {
    table_begin(t, "series,label,iteration,share,seconds");
    each_traced(s, t, add_skipping, NULL);
}

/* --- convergence: series,label,seconds,excess; series -1: a point without a curve --- */

/* What is nearer to the lowest inertia than this is drawn there: an axis of powers has no 0. */
static const double least_excess = 1e-6;

static double lowest_inertia(const plot_sources *s) {
    double lowest = INFINITY;
    for (int i = 0; i < s->count; i++) {
        const plot_source *source = &s->list[i];
        for (int row = 0; source->record == RECORD_TRACE && row < table_rows(&source->table); row++)
            lowest = fmin(lowest, table_real(&source->table, row, "inertia"));
        const json *row = source->record == RECORD_COMPARE ? source_first(source->root, "rows") : NULL;
        for (; row; row = json_next(row))
            lowest = fmin(lowest, source_real(row, "inertia"));
    }
    return lowest;
}

/* In per cent. */
static double excess(double inertia, double lowest) {
    return fmax(least_excess, 100 * (inertia / lowest - 1));
}

/* Where the curves stand: rows of one follow each other. */
typedef struct descent {
    double lowest, seconds;
    int series;
} descent;

/* The inertia of a pass is known when the pass is over. */
static void add_descent(const plot_sources *s, int source, int row, int series, table *t, void *user) {
    const table *from = &s->list[source].table;
    descent *d = user;
    d->seconds = (series == d->series ? d->seconds : 0) + table_real(from, row, "seconds");
    d->series = series;
    table_add_integer(t, series);
    add_trace_label(s, source, row, t);
    table_add_real(t, d->seconds);
    table_add_real(t, excess(table_real(from, row, "inertia"), d->lowest));
}

static void add_ends(const json *rows, double lowest, table *t) {
    for (const json *row = rows; row; row = json_next(row)) {
        char name[128], variant[128];
        const double seconds = source_real(row, "median_seconds"), inertia = source_real(row, "inertia");
        if (!(seconds > 0) || !(inertia > 0))
            continue;
        source_text(row, "name", name, sizeof name);
        source_text(row, "variant", variant, sizeof variant);
        table_add_integer(t, -1);
        table_add_format(t, "%s%s, %.0f iterations", *variant ? "exakt " : "",
                         *variant ? plot_short_name(variant) : name, source_real(row, "iterations"));
        table_add_real(t, seconds);
        table_add_real(t, excess(inertia, lowest));
    }
}

void plot_fill_convergence(const plot_sources *s, table *t) {
    descent d = {.lowest = lowest_inertia(s), .series = -1};
    table_begin(t, "series,label,seconds,excess");
    if (!isfinite(d.lowest))
        return;
    each_traced(s, t, add_descent, &d);
    for (int i = 0; i < s->count; i++)
        if (s->list[i].record == RECORD_COMPARE)
            add_ends(source_first(s->list[i].root, "rows"), d.lowest, t);
}

/* --- tiles: the table as it is --- */

void plot_fill_tiles(const plot_sources *s, table *t) {
    static const char *const names[] = {
        "variant", "n", "d", "k", "threads", "x", "y", "point_tile", "centroid_tile", "slower_percent", "mark"};
    table_begin(t, "variant,n,d,k,threads,x,y,point_tile,centroid_tile,slower_percent,mark");
    for (int i = 0; i < s->count; i++) {
        const table *from = &s->list[i].table;
        if (s->list[i].record != RECORD_TILES || table_rows(t) > 0)
            continue;
        for (int row = 0; row < table_rows(from); row++) {
            for (size_t c = 0; c < sizeof names / sizeof *names; c++) {
                const char *text = table_text(from, row, names[c]);
                table_add(t, *text ? text : "-"); /* gnuplot takes an empty cell for that of the row before */
            }
        }
    }
}

/* --- tuner: stage,spent,seconds,best,what --- */

/* The last search of the last file: its rows stand together at the end. */
void plot_fill_tuner(const plot_sources *s, table *t) {
    const table *from = NULL;
    table_begin(t, "stage,spent,seconds,best,what");
    for (int i = 0; i < s->count; i++)
        if (s->list[i].record == RECORD_TUNE_LOG)
            from = &s->list[i].table;
    const int rows = from ? table_rows(from) : 0;
    int first = rows - 1;
    while (first > 0 && strcmp(table_text(from, first - 1, "session"), table_text(from, rows - 1, "session")) == 0)
        first--;
    double spent = 0, best = INFINITY;
    for (int row = first < 0 ? 0 : first; row < rows; row++) {
        const double seconds = table_real(from, row, "seconds"), wall = table_real(from, row, "wall");
        spent += wall > 0 ? wall : 0;
        best = fmin(best, seconds);
        table_add(t, table_text(from, row, "stage"));
        table_add_real(t, spent);
        table_add_real(t, seconds);
        table_add_real(t, best);
        table_add_format(t, "%s, %s thread(s)", table_text(from, row, "input"), table_text(from, row, "threads"));
    }
}
