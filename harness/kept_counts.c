#include "harness/kept_counts.h"

#include "datasets/replace.h"
#include "harness/summary.h"
#include "kernels/status.h"
#include "tuner/store.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char schema[] = "exakt counters 1";
static const size_t bytes_most = (size_t)1 << 20;
static const int64_t size_most = INT64_C(1) << 50;

static exk_status find_path(const exk_fingerprint *machine, const exk_shape *shape, int threads, char *path,
                            size_t room, exk_error *error) {
    char name[160], build[EXK_HASH_ROOM];
    exk_build_hash(build);
    snprintf(name, sizeof name, "counters-%s-%s-%" PRId64 "x%" PRId64 "x%" PRId64 "-%d.json", machine->hash, build,
             shape->n, shape->d, shape->k, threads);
    return exk_store_path(name, path, room, error);
}

static char *print(const exk_fingerprint *machine, const kept_counts *kept) {
    json *root = json_object();
    exk_record_begin(root, schema, machine);
    json_add_integer(root, "n", kept->shape.n);
    json_add_integer(root, "d", kept->shape.d);
    json_add_integer(root, "k", kept->shape.k);
    json_add_integer(root, "threads", kept->threads);
    json_add_text(root, "variant", kept->variant);
    json_add_text(root, "counted", kept->counted);
    json_add_integer(root, "points", kept->points);
    summary_add_plan(json_add_object(root, "plan"), &kept->plan);
    counts_write(root, &kept->table);
    return json_print(root);
}

exk_status kept_counts_save(const exk_fingerprint *machine, kept_counts *kept, exk_error *error) {
    char path[PATH_MAX];
    exk_time_now(kept->counted);
    exk_status status = find_path(machine, &kept->shape, kept->threads, path, sizeof path, error);
    if (status == EXK_OK)
        status = exk_store_prepare(path, error);
    if (status != EXK_OK)
        return status;
    char *text = print(machine, kept);
    if (!text)
        return exk_fail(error, EXK_ERR_MEMORY, "%s: out of memory", path);
    const exk_piece piece = {text, strlen(text)};
    status = exk_file_replace(path, &piece, 1, error);
    free(text);
    return status;
}

static bool read_plan(const json *root, kept_counts *kept, json_source *source) {
    const json *node = json_read_object(root, "plan", source);
    exk_plan *plan = &kept->plan;
    int64_t threads;
    if (!node || !json_read_text(node, "variant", kept->plan_variant, sizeof kept->plan_variant, source) ||
        !json_read_integer(node, "threads", 1, INT32_MAX, &threads, source))
        return false;
    plan->variant = kept->plan_variant;
    plan->threads = (int)threads;
    return json_read_integer(node, "point_tile", 0, size_most, &plan->point_tile, source) &&
           json_read_integer(node, "centroid_tile", 0, size_most, &plan->centroid_tile, source) &&
           json_read_integer(node, "depth_tile", 0, size_most, &plan->depth_tile, source) &&
           json_read_integer(node, "matrix_bytes", 0, size_most, &plan->matrix_bytes, source);
}

static bool read_all(const json *root, const exk_fingerprint *machine, kept_counts *kept, json_source *source) {
    exk_fingerprint origin;
    int64_t threads;
    if (!exk_record_read(root, schema, &origin, source) ||
        !exk_record_demand(strcmp(origin.hash, machine->hash) == 0, "counted on another machine", source) ||
        !json_read_integer(root, "threads", 1, INT32_MAX, &threads, source))
        return false;
    kept->threads = (int)threads;
    return json_read_integer(root, "n", 1, size_most, &kept->shape.n, source) &&
           json_read_integer(root, "d", 1, size_most, &kept->shape.d, source) &&
           json_read_integer(root, "k", 1, INT32_MAX, &kept->shape.k, source) &&
           json_read_text(root, "variant", kept->variant, sizeof kept->variant, source) &&
           exk_record_read_time(root, "counted", kept->counted, source) &&
           json_read_integer(root, "points", 1, size_most, &kept->points, source) &&
           read_plan(root, kept, source) && counts_read(root, &kept->table, source);
}

exk_status kept_counts_load(const exk_fingerprint *machine, const exk_shape *shape, int threads, kept_counts *kept,
                            bool *found, exk_error *error) {
    char path[PATH_MAX], *text = NULL;
    size_t length;
    *kept = (kept_counts){.threads = 0};
    *found = false;
    exk_status status = find_path(machine, shape, threads, path, sizeof path, error);
    if (status == EXK_OK)
        status = exk_store_read(path, bytes_most, &text, &length, error);
    if (status != EXK_OK || !text)
        return status;
    json_source source = {path, "", error};
    json *root = json_parse(text, length, &source);
    *found = root && read_all(root, machine, kept, &source);
    json_free(root);
    free(text);
    if (!*found)
        kept_counts_free(kept);
    return *found ? EXK_OK : EXK_ERR_FORMAT;
}

void kept_counts_free(kept_counts *kept) {
    counts_free(&kept->table);
}
