#include "harness/results.h"
#include "harness/formats.h"

#include "kernels/status.h"
#include "tuner/json.h"
#include "tuner/store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char results_format[] = "exakt bench 2";

/* Thirty times what a hundred inputs with all variants write. */
static const size_t most_bytes = (size_t)64 << 20;

/* Ranges that no measurement leaves; what lies beyond is damage. */
static const double least_seconds = 1e-9, most_seconds = 1e9, least_rate = 1e-6, most_rate = 1e12;

bool results_row_allocate(results_row *row, int samples) {
    const size_t room = (size_t)(samples > 0 ? samples : 1);
    row->seconds = malloc(room * sizeof *row->seconds);
    row->ceiling = malloc(room * sizeof *row->ceiling);
    row->count = samples;
    return row->seconds && row->ceiling;
}

void results_free(results *r) {
    for (int i = 0; i < r->count; i++) {
        free(r->rows[i].seconds);
        free(r->rows[i].ceiling);
    }
    free(r->rows);
    *r = (results){0};
}

static bool out_of_memory(const json_source *source) {
    exk_error_set(source->error, EXK_ERR_MEMORY, -1, -1, "%s: out of memory", source->name);
    return false;
}

static bool read_sample(const json *item, results_row *row, int index, json_source *source) {
    if (json_is_null(item, "ceiling_gflops")) {
        row->has_ceiling = false;
        row->ceiling[index] = NAN;
    } else if (!json_read_real(item, "ceiling_gflops", least_rate, most_rate, &row->ceiling[index], source)) {
        return false;
    }
    bool disturbed;
    if (!json_read_bool(item, "disturbed", &disturbed, source))
        return false;
    row->disturbed += disturbed;
    return json_read_real(item, "seconds", least_seconds, most_seconds, &row->seconds[index], source);
}

static bool read_samples(const json *object, results_row *row, json_source *source) {
    const json *item;
    int count;
    if (!json_read_array(object, "samples", RESULTS_SAMPLES, &item, &count, source))
        return false;
    if (!results_row_allocate(row, count))
        return out_of_memory(source);
    row->has_ceiling = true;
    for (int i = 0; i < count; i++, item = json_next(item))
        if (!read_sample(item, row, i, source))
            return false;
    return true;
}

static bool read_names(const json *object, results_row *row, json_source *source) {
    return json_read_line(object, "input", row->input, sizeof row->input, source) &&
           json_read_text(object, "variant", row->variant, sizeof row->variant, source) &&
           json_read_text(object, "labels_hash", row->labels_hash, sizeof row->labels_hash, source) &&
           json_read_text(object, "ceiling_isa", row->ceiling_isa, sizeof row->ceiling_isa, source) &&
           json_read_bool(object, "verified", &row->verified, source);
}

static bool read_numbers(const json *object, results_row *row, json_source *source) {
    int64_t threads;
    if (!json_read_integer(object, "threads", 1, 4096, &threads, source))
        return false;
    row->threads = (int)threads;
    return json_read_integer(object, "n", 1, INT64_MAX, &row->n, source) &&
           json_read_integer(object, "d", 1, INT64_MAX, &row->d, source) &&
           json_read_integer(object, "k", 1, INT32_MAX, &row->k, source) &&
           json_read_integer(object, "iterations", 0, INT64_MAX, &row->iterations, source);
}

bool results_same_row(const results_row *a, const results_row *b) {
    return a->threads == b->threads && a->k == b->k && strcmp(a->variant, b->variant) == 0 &&
           strcmp(a->input, b->input) == 0;
}

static bool is_new(const results *r, const results_row *row, const json_source *source) {
    for (const results_row *other = r->rows; other < row; other++) {
        if (results_same_row(other, row)) {
            exk_error_set(source->error, EXK_ERR_FORMAT, -1, -1,
                          "%s: %sthe same input, k, variant and threads as row %d", source->name, source->where,
                          (int)(other - r->rows));
            return false;
        }
    }
    return true;
}

static bool read_rows(const json *root, results *r, json_source *source) {
    const json *item;
    int count;
    if (!json_read_array(root, "rows", RESULTS_ROWS, &item, &count, source))
        return false;
    r->rows = calloc((size_t)(count > 0 ? count : 1), sizeof *r->rows);
    if (!r->rows)
        return out_of_memory(source);
    for (; r->count < count; item = json_next(item)) {
        results_row *row = &r->rows[r->count++];
        snprintf(source->where, sizeof source->where, "row %d: ", r->count - 1);
        if (!read_names(item, row, source) || !read_numbers(item, row, source) ||
            !read_samples(item, row, source) || !is_new(r, row, source))
            return false;
    }
    return true;
}

static bool read_manifest(const json *root, results *r, json_source *source) {
    const json *manifest = json_read_object(root, "manifest", source);
    const json *machine = manifest ? json_read_object(manifest, "machine", source) : NULL;
    const json *build = machine ? json_read_object(manifest, "build", source) : NULL;
    return build && json_read_text(machine, "fingerprint", r->machine, sizeof r->machine, source) &&
           json_read_text(build, "commit", r->commit, sizeof r->commit, source) &&
           json_read_text(manifest, "started", r->started, sizeof r->started, source);
}

exk_status results_parse(const char *text, size_t length, const char *name, results *r, exk_error *error) {
    exk_error own;
    json_source source = {name, "", error ? error : &own};
    *r = (results){0};
    snprintf(r->name, sizeof r->name, "%s", name);
    json *root = json_parse(text, length, &source);
    const bool good = root && format_demand(root, "exakt bench", &r->version, &source) &&
                      read_manifest(root, r, &source) && read_rows(root, r, &source);
    json_free(root);
    if (good)
        return EXK_OK;
    results_free(r);
    return source.error->status;
}

exk_status results_read(const char *path, results *r, exk_error *error) {
    char *text;
    size_t length;
    *r = (results){0};
    exk_status status = exk_store_read(path, most_bytes, &text, &length, error);
    if (status != EXK_OK)
        return status;
    if (!text)
        return exk_fail(error, EXK_ERR_FILE, "%s: no such file", path);
    status = results_parse(text, length, path, r, error);
    free(text);
    return status;
}
