/* Profiles as text. */
#include "tuner/profile.h"

#include "kernels/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char schema[] = "exakt profile 1";

/* What is beyond this is damage. */
static const int64_t size_most = INT64_C(1) << 50;
static const double seconds_most = 1e9;
enum { THREADS_MOST = 1 << 20, TIES_MOST = 1 << 20 };

static void write_entry(json *node, const exk_profile_entry *e) {
    json_add_integer(node, "n", e->shape.n);
    json_add_integer(node, "d", e->shape.d);
    json_add_integer(node, "k", e->shape.k);
    json_add_integer(node, "threads", e->threads);
    json_add_text(node, "isa", e->isa);
    json_add_text(node, "variant", e->variant);
    json_add_integer(node, "point_tile", e->point_tile);
    json_add_integer(node, "centroid_tile", e->centroid_tile);
    json_add_integer(node, "depth_tile", e->depth_tile);
    json_add_integer(node, "matrix_bytes", e->matrix_bytes);
    json_add_real(node, "seconds", e->seconds);
    json_add_real(node, "low", e->low);
    json_add_real(node, "high", e->high);
    json_add_integer(node, "ties", e->ties);
    json_add_real(node, "budget_seconds", e->budget);
    json_add_text(node, "tuned", e->tuned);
    json_add_text(node, "build", e->build);
    json_add_text(node, "registry", e->registry);
}

char *exk_profile_print(const exk_profile *profile) {
    json *root = json_object();
    exk_record_begin(root, schema, &profile->machine);
    json *entries = json_add_array(root, "entries");
    for (int i = 0; i < profile->count; i++)
        write_entry(json_add_object(entries, NULL), &profile->entry[i]);
    return json_print(root);
}

static bool read_shape(const json *node, exk_shape *shape, json_source *source) {
    return json_read_integer(node, "n", 1, size_most, &shape->n, source) &&
           json_read_integer(node, "d", 1, size_most, &shape->d, source) &&
           json_read_integer(node, "k", 1, INT32_MAX, &shape->k, source);
}

static bool read_count(const json *node, const char *key, int least, int most, int *value, json_source *source) {
    int64_t wide = 0;
    const bool good = json_read_integer(node, key, least, most, &wide, source);
    *value = (int)wide;
    return good;
}

static bool read_tiles(const json *node, exk_profile_entry *e, json_source *source) {
    return json_read_integer(node, "point_tile", 0, size_most, &e->point_tile, source) &&
           json_read_integer(node, "centroid_tile", 0, size_most, &e->centroid_tile, source) &&
           json_read_integer(node, "depth_tile", 0, size_most, &e->depth_tile, source) &&
           json_read_integer(node, "matrix_bytes", 0, size_most, &e->matrix_bytes, source);
}

static bool read_times(const json *node, exk_profile_entry *e, json_source *source) {
    return json_read_real(node, "seconds", 1e-12, seconds_most, &e->seconds, source) &&
           json_read_real(node, "low", 0, seconds_most, &e->low, source) &&
           json_read_real(node, "high", 0, seconds_most, &e->high, source) &&
           exk_record_demand(e->low <= e->seconds && e->seconds <= e->high,
                             "'seconds' is not from 'low' to 'high'", source);
}

static bool read_entry(const json *node, exk_profile_entry *e, json_source *source) {
    return read_shape(node, &e->shape, source) &&
           read_count(node, "threads", 1, THREADS_MOST, &e->threads, source) &&
           json_read_text(node, "isa", e->isa, sizeof e->isa, source) &&
           json_read_text(node, "variant", e->variant, sizeof e->variant, source) && read_tiles(node, e, source) &&
           read_times(node, e, source) && read_count(node, "ties", 1, TIES_MOST, &e->ties, source) &&
           json_read_real(node, "budget_seconds", 0, seconds_most, &e->budget, source) &&
           exk_record_read_time(node, "tuned", e->tuned, source) &&
           exk_record_read_hash(node, "build", e->build, source) &&
           exk_record_read_hash(node, "registry", e->registry, source);
}

static exk_status out_of_memory(const json_source *source) {
    return exk_fail(source->error, EXK_ERR_MEMORY, "%s: out of memory", source->name);
}

/* Entries in any order, and twice the same, become a profile as exk_profile_add makes it. */
static exk_status read_entries(const json *root, exk_profile *profile, json_source *source) {
    const json *item;
    int count;
    if (!json_read_array(root, "entries", EXK_PROFILE_ENTRIES, &item, &count, source))
        return EXK_ERR_FORMAT;
    exk_profile_entry *entries = calloc((size_t)count + 1, sizeof *entries);
    if (!entries)
        return out_of_memory(source);
    exk_status status = EXK_OK;
    for (int i = 0; status == EXK_OK && item; item = json_next(item), i++) {
        snprintf(source->where, sizeof source->where, "entry %d: ", i + 1);
        status = read_entry(item, &entries[i], source) ? EXK_OK : EXK_ERR_FORMAT;
    }
    if (status == EXK_OK && !exk_profile_add(profile, entries, count))
        status = out_of_memory(source);
    free(entries);
    return status;
}

exk_status exk_profile_parse(const char *text, size_t length, const char *name, exk_profile *profile,
                             exk_error *error) {
    json_source source = {.name = name, .error = error};
    memset(profile, 0, sizeof *profile);
    json *root = json_parse(text, length, &source);
    const bool begins = root && exk_record_read(root, schema, &profile->machine, &source);
    const exk_status status = begins ? read_entries(root, profile, &source) : EXK_ERR_FORMAT;
    json_free(root);
    if (status != EXK_OK)
        exk_profile_free(profile);
    return status;
}
