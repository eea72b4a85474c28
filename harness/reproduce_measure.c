/* Figures out of records. A measure of harness/claims.csv is one of
 *
 *   seconds A / B     how many times the seconds of row B those of row A are: bench or compare
 *   assign A / B      the same of the seconds of assignment: prepare, assign, refine; bench
 *   update A / B      the same of the seconds of updating the centroids; bench
 *   share A           distances computed, in per cent of all; bench
 *   survivors A       points that bounds did not settle after the first iteration, in per cent; table of trace
 *   growth I J        memory by which the fit of file J exceeds that of file I, in per cent of the additional n *
 * k float32 scores seed I            by how many per cent the model's tiles are slower than the best; table of
 * explain wall I / J        how many times the seconds of command J those of command I are
 *
 * A and B are patterns for the name or the variant of a row, with | between, after the number of a file and a
 * colon if it is not the first; of the rows that match, the fastest counts. I and J are numbers of files or
 * commands. */
#include "harness/reproduce.h"

#include "tuner/stats.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const claim_value unknown = {NAN, NAN, NAN};
static const double level = 0.95;

static claim_value plain(double value) {
    return (claim_value){value, NAN, NAN};
}

/* --- rows --- */

static bool matches(const char *patterns, const char *name) {
    for (const char *at = patterns; *at;) {
        char pattern[128];
        const size_t length = strcspn(at, "|");
        snprintf(pattern, sizeof pattern, "%.*s", (int)length, at);
        if (*name && fnmatch(pattern, name, 0) == 0)
            return true;
        at += length + (at[length] == '|');
    }
    return false;
}

static const json *fastest(const json *root, const char *patterns, claim_doubt *doubt) {
    const json *best = NULL;
    for (const json *row = source_first(root, "rows"); row; row = json_next(row)) {
        char name[160], variant[160], state[32];
        const double seconds = source_real(row, "median_seconds");
        source_text(row, "name", name, sizeof name);
        source_text(row, "variant", variant, sizeof variant);
        if (!matches(patterns, name) && !matches(patterns, variant))
            continue;
        if (seconds > 0 && (!best || seconds < source_real(best, "median_seconds")))
            best = row;
        else if (strcmp(source_text(row, "state", state, sizeof state), "missing") == 0)
            doubt->missing = true;
    }
    return best;
}

static double part_of(const json *row, const char *quantity) {
    const json *parts = source_object(row, "parts");
    if (strcmp(quantity, "update") == 0)
        return source_real(parts, "update_seconds");
    if (strcmp(quantity, "assign") == 0)
        return source_real(parts, "prepare_seconds") + source_real(parts, "assign_seconds") +
               source_real(parts, "refine_seconds");
    return source_real(row, "median_seconds");
}

static void note_disturbance(const json *row, claim_doubt *doubt) {
    int count = 0, disturbed = 0;
    json_source quiet = {.name = ""};
    for (const json *s = source_first(row, "samples"); s; s = json_next(s)) {
        bool was = false;
        json_read_bool(s, "disturbed", &was, &quiet);
        disturbed += was;
        count++;
    }
    doubt->disturbed = doubt->disturbed || 2 * disturbed > count;
}

static int samples_of(const json *row, double **seconds) {
    int count = 0, taken = 0;
    const json *first = source_first(row, "samples");
    for (const json *s = first; s; s = json_next(s))
        count++;
    *seconds = malloc((size_t)(count + 1) * sizeof **seconds);
    for (const json *s = first; s && *seconds; s = json_next(s))
        (*seconds)[taken++] = source_real(s, "seconds");
    return taken;
}

static void add_interval(claim_value *v, const json *a, const json *b) {
    double *of_a, *of_b;
    const int count_a = samples_of(a, &of_a), count_b = samples_of(b, &of_b);
    if (count_a > 1 && count_b > 1) {
        const stats_interval i = stats_ratio_interval(of_b, count_b, of_a, count_a, level);
        v->low = i.low;
        v->high = i.high;
    }
    free(of_a);
    free(of_b);
}

/* --- operands --- */

/* "2:*_fused__*" */
typedef struct operand {
    int file; /* from 0 */
    const char *rest;
} operand;

static operand parse_operand(const char *text) {
    char *end;
    const long number = strtol(text, &end, 10);
    if (end == text || (*end && *end != ':'))
        return (operand){0, text};
    return (operand){(int)number - 1, *end ? end + 1 : end};
}

/* The records of a claim's files, those that can be read. */
typedef struct records {
    plot_sources sources;
    const plot_source *of[CLAIM_FILES];
} records;

static void open_records(const claim *c, records *r) {
    int position[CLAIM_FILES];
    *r = (records){.sources = {0}};
    for (int i = 0; i < c->files; i++) {
        position[i] = r->sources.count;
        if (plot_sources_add(&r->sources, c->file[i], NULL) != EXK_OK)
            position[i] = -1;
    }
    for (int i = 0; i < c->files; i++)
        r->of[i] = position[i] < 0 ? NULL : &r->sources.list[position[i]];
}

static const plot_source *record_of(const claim *c, const records *r, const operand *o) {
    return o->file >= 0 && o->file < c->files ? r->of[o->file] : NULL;
}

/* --- measures --- */

typedef struct question {
    const claim *c;
    const records *r;
    const char *quantity;
    operand a, b;
    claim_doubt *doubt;
} question;

typedef claim_value (*measure_fn)(const question *q);

static claim_value ratio(const question *q) {
    const plot_source *first = record_of(q->c, q->r, &q->a), *second = record_of(q->c, q->r, &q->b);
    const json *a = first ? fastest(first->root, q->a.rest, q->doubt) : NULL;
    const json *b = second ? fastest(second->root, q->b.rest, q->doubt) : NULL;
    if (!a || !b)
        return unknown;
    note_disturbance(a, q->doubt);
    note_disturbance(b, q->doubt);
    claim_value v = plain(part_of(a, q->quantity) / part_of(b, q->quantity));
    if (strcmp(q->quantity, "seconds") == 0)
        add_interval(&v, a, b);
    return v;
}

static claim_value share(const question *q) {
    const plot_source *from = record_of(q->c, q->r, &q->a);
    const json *row = from ? fastest(from->root, q->a.rest, q->doubt) : NULL;
    return row ? plain(100 * source_real(row, "evaluations") /
                       (source_real(row, "n") * source_real(row, "k") * source_real(row, "iterations")))
               : unknown;
}

static claim_value survivors(const question *q) {
    const plot_source *from = record_of(q->c, q->r, &q->a);
    double sum = 0;
    int count = 0;
    for (int row = 0; from && row < table_rows(&from->table); row++) {
        if (table_real(&from->table, row, "iteration") > 1 &&
            matches(q->a.rest, table_text(&from->table, row, "variant"))) {
            sum += table_real(&from->table, row, "survivors");
            count++;
        }
    }
    return count > 0 ? plain(100 * sum / count) : unknown;
}

static claim_value growth(const question *q) {
    const plot_source *few = record_of(q->c, q->r, &q->a), *many = record_of(q->c, q->r, &q->b);
    if (!few || !many)
        return unknown;
    const double n = source_real(few->root, "n");
    const double bytes = source_real(many->root, "scratch_bytes") - source_real(few->root, "scratch_bytes");
    return plain(100 * bytes / (4 * n * (source_real(many->root, "k") - source_real(few->root, "k"))));
}

static claim_value seed(const question *q) {
    const plot_source *from = record_of(q->c, q->r, &q->a);
    for (int row = 0; from && row < table_rows(&from->table); row++)
        if (strstr(table_text(&from->table, row, "mark"), "seed"))
            return plain(table_real(&from->table, row, "slower_percent"));
    return unknown;
}

static claim_value wall(const question *q) {
    const int a = q->a.file, b = q->b.file;
    return a >= 0 && a < q->c->commands && b >= 0 && b < q->c->commands ? plain(q->c->wall[a] / q->c->wall[b])
                                                                        : unknown;
}

claim_value reproduce_measure(const claim *c, const char *measure, claim_doubt *doubt) {
    static const struct {
        const char *name;
        measure_fn take;
    } known[] = {{"seconds", ratio},       {"assign", ratio},  {"update", ratio}, {"share", share},
                 {"survivors", survivors}, {"growth", growth}, {"seed", seed},    {"wall", wall}};
    char quantity[32] = "", a[256] = "", b[256] = "";
    if (sscanf(measure, "%31s %255s / %255s", quantity, a, b) == 2)
        sscanf(measure, "%31s %255s %255s", quantity, a, b);
    records r;
    open_records(c, &r);
    const question q = {c, &r, quantity, parse_operand(a), parse_operand(b), doubt};
    claim_value v = unknown;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, quantity) == 0)
            v = known[i].take(&q);
    plot_sources_free(&r.sources);
    return v;
}
