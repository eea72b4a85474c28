#include "harness/plot_sources.h"

#include "harness/tune_log.h"
#include "kernels/status.h"
#include "tuner/store.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t most_bytes = (size_t)64 << 20;

enum { ROWS_MOST = 1000000, FORMAT_ROOM = 96 };

const char *plot_record_text(plot_record record) {
    static const char *const texts[RECORD_TYPES] = {"a record of exakt bench (--json)",
                                                    "a record of exakt compare (--json)",
                                                    "a record of exakt ceilings (--json, or that of the cache)",
                                                    "a record of exakt fit (--json)",
                                                    "a table of exakt evaluate (--csv)",
                                                    "a table of exakt trace (--csv)",
                                                    "the samples of exakt tune (tune-....csv in the cache folder)",
                                                    "a table of exakt explain (beside the picture of --heat-map)",
                                                    "the table of exakt demo (out/demo.csv)",
                                                    "the summary of exakt reproduce (summary.csv)"};
    return texts[record];
}

/* --- members that may be missing --- */

static json_source silent(void) {
    return (json_source){.name = "", .error = NULL};
}

double source_real(const json *object, const char *key) {
    json_source quiet = silent();
    double value;
    return object && json_read_real(object, key, -DBL_MAX, DBL_MAX, &value, &quiet) ? value : NAN;
}

const char *source_text(const json *object, const char *key, char *text, size_t room) {
    json_source quiet = silent();
    if (!object || !json_read_line(object, key, text, room, &quiet))
        *text = 0;
    return text;
}

const json *source_object(const json *object, const char *key) {
    json_source quiet = silent();
    return object ? json_read_object(object, key, &quiet) : NULL;
}

const json *source_first(const json *object, const char *key) {
    json_source quiet = silent();
    const json *first = NULL;
    int count;
    return object && json_read_array(object, key, ROWS_MOST, &first, &count, &quiet) ? first : NULL;
}

/* --- telling records apart --- */

static bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

/* The first records of a run do not say what they are. */
static bool is_run(const json *root, const char *format) {
    if (*format)
        return begins(format, "exakt run");
    return isfinite(source_real(root, "peak_rss_bytes")) && isfinite(source_real(root, "inertia"));
}

/* By "format" or "schema", whatever their version. */
static bool know_json(plot_source *s) {
    char format[FORMAT_ROOM];
    if (!*source_text(s->root, "format", format, sizeof format))
        source_text(s->root, "schema", format, sizeof format);
    if (begins(format, "exakt bench"))
        s->record = RECORD_BENCH;
    else if (begins(format, "exakt compare"))
        s->record = RECORD_COMPARE;
    else if (begins(format, "exakt ceilings"))
        s->record = RECORD_CEILINGS;
    else if (is_run(s->root, format))
        s->record = RECORD_FIT;
    else
        return false;
    return true;
}

/* By columns that only such a table has; there may be others. */
static bool know_table(plot_source *s) {
    static const struct {
        plot_record record;
        const char *columns[3];
    } known[] = {{RECORD_TRACE, {"pass_by", "iteration", "share"}},
                 {RECORD_TUNE_LOG, {"session", "stage", "wall"}},
                 {RECORD_TILES, {"point_tile", "centroid_tile", "slower_percent"}},
                 {RECORD_DEMO, {"variant", "speedup", "same_bits"}},
                 {RECORD_EVALUATION, {"model_gap", "profile_gap", "fixed_gap"}},
                 {RECORD_CLAIMS, {"id", "claim", "verdict"}}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        bool all = true;
        for (int c = 0; c < 3; c++)
            all = all && table_find_column(&s->table, known[i].columns[c]) >= 0;
        if (all) {
            s->record = known[i].record;
            return true;
        }
    }
    return false;
}

/* Lines that a killed tuner left behind are no reason to refuse the others. */
static exk_status read_tune_log(const char *text, const char *name, table *t, exk_error *error) {
    tune_record *records;
    int count, damaged;
    const exk_status status = tune_log_parse(text, name, &records, &count, &damaged, error);
    if (status != EXK_OK)
        return status;
    table_begin(t, "session,input,n,d,k,threads,round,stage,variant,seconds,wall");
    for (int i = 0; i < count; i++) {
        const tune_record *r = &records[i];
        table_add(t, r->session);
        table_add(t, r->input);
        table_add_integer(t, r->shape.n);
        table_add_integer(t, r->shape.d);
        table_add_integer(t, r->shape.k);
        table_add_integer(t, r->threads);
        table_add_integer(t, r->round);
        table_add(t, r->stage);
        table_add(t, r->variant);
        table_add_real(t, r->seconds);
        table_add_real(t, r->wall);
    }
    free(records);
    return t->failed ? exk_fail(error, EXK_ERR_MEMORY, "%s: out of memory", name) : EXK_OK;
}

static exk_status read_table(const char *text, plot_source *s, exk_error *error) {
    if (begins(text, "session,build,"))
        return read_tune_log(text, s->name, &s->table, error);
    return table_parse(text, s->name, &s->table, error);
}

static exk_status unknown(const plot_source *s, exk_error *error) {
    return exk_fail(
        error, EXK_ERR_FORMAT,
        "%s: no record that can be shown; give files that --json of bench, compare, ceilings or fit, or "
        "--csv of trace or evaluate wrote (exakt plot --help)",
        s->name);
}

static exk_status parse(const char *text, size_t length, plot_source *s, exk_error *error) {
    const char *first = text + strspn(text, " \t\r\n");
    if (*first == '{') {
        json_source source = {.name = s->name, .error = error};
        s->root = json_parse(text, length, &source);
        if (!s->root)
            return error->status;
        return know_json(s) ? EXK_OK : unknown(s, error);
    }
    const exk_status status = read_table(text, s, error);
    return status != EXK_OK || know_table(s) ? status : unknown(s, error);
}

static void source_free(plot_source *s) {
    json_free(s->root);
    table_free(&s->table);
}

exk_status plot_sources_add(plot_sources *s, const char *path, exk_error *error) {
    exk_error own;
    error = error ? error : &own;
    if (s->count == PLOT_SOURCES_MOST)
        return exk_fail(error, EXK_ERR_ARGUMENT, "%s: more than %d files", path, PLOT_SOURCES_MOST);
    plot_source *grown = realloc(s->list, (size_t)(s->count + 1) * sizeof *grown);
    if (!grown)
        return exk_fail(error, EXK_ERR_MEMORY, "%s: out of memory", path);
    s->list = grown;
    plot_source *source = &s->list[s->count];
    *source = (plot_source){.root = NULL};
    snprintf(source->name, sizeof source->name, "%s", path);
    char *text;
    size_t length;
    exk_status status = exk_store_read(path, most_bytes, &text, &length, error);
    if (status == EXK_OK && !text)
        status = exk_fail(error, EXK_ERR_FILE, "%s: no such file", path);
    if (status != EXK_OK)
        return status;
    status = parse(text, length, source, error);
    free(text);
    if (status == EXK_OK)
        s->count++;
    else
        source_free(source);
    return status;
}

void plot_sources_free(plot_sources *s) {
    for (int i = 0; i < s->count; i++)
        source_free(&s->list[i]);
    free(s->list);
    *s = (plot_sources){0};
}

int plot_sources_count(const plot_sources *s, plot_record record) {
    int count = 0;
    for (int i = 0; i < s->count; i++)
        count += s->list[i].record == record;
    return count;
}
