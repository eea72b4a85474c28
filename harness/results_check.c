/* results: check files of results against docs/results.md, and say what they hold. */
#include "harness/formats.h"
#include "harness/json.h"
#include "harness/output.h"
#include "harness/report.h"
#include "harness/results.h"
#include "tuner/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Thirty times what a hundred inputs with all variants write. */
static const size_t most_bytes = (size_t)64 << 20;

typedef struct found {
    const char *path, *format; /* format "": unknown */
    int version;
    bool valid;
    int64_t rows, samples; /* -1: has none */
    char about[400];
    exk_error error;
} found;

/* The files of a JSON record have more to say than their fields: bench's rules beyond them are those of --vs. */
static bool read_bench(found *f, const char *text, size_t length) {
    results r;
    if (results_parse(text, length, f->path, &r, &f->error) != EXK_OK)
        return false;
    int disturbed = 0;
    f->rows = r.count;
    f->samples = 0;
    for (int i = 0; i < r.count; i++) {
        f->samples += r.rows[i].count;
        disturbed += r.rows[i].disturbed;
    }
    snprintf(f->about, sizeof f->about, "%d disturbed; machine %s, commit %s, %s", disturbed, r.machine, r.commit,
             r.started);
    results_free(&r);
    return true;
}

static int64_t count_rows(const json *root) {
    static const char *const lists[] = {"rows", "shapes"};
    json_source silent = {"", "", NULL};
    const json *first;
    int count;
    for (int i = 0; i < 2; i++)
        if (json_has(root, lists[i]) && json_read_array(root, lists[i], RESULTS_ROWS, &first, &count, &silent))
            return count;
    return -1;
}

static bool check_record(found *f, const char *text, size_t length) {
    json_source source = {f->path, "", &f->error};
    json *root = json_parse(text, length, &source);
    const record_format *format = root ? format_of(root, &f->version, &source) : NULL;
    bool good = format && format_check(format, f->version, root, &source);
    if (good) {
        f->format = format->name;
        f->rows = count_rows(root);
        good = strcmp(format->name, "exakt bench") != 0 || read_bench(f, text, length);
    }
    json_free(root);
    return good;
}

static bool check_table(found *f, const char *text) {
    const table_format *table = table_check(text, f->path, &f->rows, &f->error);
    if (!table)
        return false;
    f->format = table->name;
    f->version = table->version;
    return true;
}

static void check_file(found *f, const char *path) {
    char *text = NULL;
    size_t length = 0;
    *f = (found){.path = path, .format = "", .rows = -1, .samples = -1};
    if (exk_store_read(path, most_bytes, &text, &length, &f->error) != EXK_OK)
        return;
    if (!text) {
        snprintf(f->error.message, sizeof f->error.message, "%.400s: no such file", path);
        return;
    }
    const bool is_record = text[strspn(text, " \t\r\n")] == '{';
    f->valid = is_record ? check_record(f, text, length) : check_table(f, text);
    free(text);
}

static void print_found(const found *f) {
    printf("%s: %s %d", f->path, f->format, f->version);
    if (f->rows >= 0)
        printf(", %" PRId64 " row%s", f->rows, f->rows == 1 ? "" : "s");
    if (f->samples >= 0)
        printf(", %" PRId64 " sample%s", f->samples, f->samples == 1 ? "" : "s");
    printf("%s%s\n", f->about[0] ? ", " : "", f->about);
}

static void add_found(json *list, const found *f) {
    json *node = json_add_object(list, NULL);
    json_add_text(node, "file", f->path);
    json_add_bool(node, "valid", f->valid);
    json_add_text(node, "format", f->format);
    json_add_integer(node, "version", f->version);
    json_add_integer(node, "rows", f->rows);
    json_add_text(node, "why", f->valid ? "" : f->error.message);
}

static exit_code check_all(const settings *s) {
    const bool aside = s->json && output_is_stdout(s->json);
    exit_code code = json_check(s->json);
    if (code != CLI_OK)
        return code;
    json *root = s->json ? json_object() : NULL;
    json *list = root ? json_add_array(root, "files") : NULL;
    for (int i = 0; i < s->positionals; i++) {
        found f;
        check_file(&f, s->positional[i]);
        if (!f.valid)
            code = fail(CLI_INPUT, "%s", f.error.message);
        else if (!aside)
            print_found(&f);
        if (root)
            add_found(list, &f);
    }
    const exit_code written = root ? json_write(root, s->json) : CLI_OK;
    return code != CLI_OK ? code : written;
}

const command command_results = {
    .name = "results",
    .bit = CMD_RESULTS,
    .synopsis = "FILE...",
    .summary = "Check files of results and say what they hold.",
    .text =
        "FILEs are what --json and --csv of bench, compare, trace and evaluate have written, now or in earlier\n"
        "versions; docs/results.md specifies them. Each is checked as a whole: all members or columns, their\n"
        "types and ranges. Exit code 3 if one is damaged, of a newer version, or something else.\n"
        "\n"
        "example:\n"
        "  exakt results results/*/*.json results/*/*.csv\n",
    .least = 1,
    .most = POSITIONALS_MAX,
    .run = check_all,
};
