#include "tuner/record.h"

#include "kernels/status.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void exk_time_now(char text[EXK_TIME_ROOM]) {
    const time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(text, EXK_TIME_ROOM, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

bool exk_record_demand(bool holds, const char *otherwise, json_source *source) {
    if (!holds)
        exk_error_set(source->error, EXK_ERR_FORMAT, -1, -1, "%s: %s%s", source->name, source->where, otherwise);
    return holds;
}

void exk_record_begin(json *root, const char *schema, const exk_fingerprint *machine) {
    json_add_text(root, "schema", schema);
    json *node = json_add_object(root, "machine");
    json_add_text(node, "hash", machine->hash);
    json_add_text(node, "text", machine->text);
    json_add_text(node, "caches", machine->geometry);
}

/* Whether hash and caches are those of the text. */
static bool is_sound(const exk_fingerprint *machine) {
    char hash[EXK_HASH_ROOM], caches[EXK_GEOMETRY_ROOM + 16];
    exk_hash_text(machine->text, hash);
    snprintf(caches, sizeof caches, "; caches=%s;", machine->geometry);
    return strcmp(hash, machine->hash) == 0 && strstr(machine->text, caches);
}

bool exk_record_read(const json *root, const char *schema, exk_fingerprint *machine, json_source *source) {
    char found[64];
    if (!json_read_text(root, "schema", found, sizeof found, source) ||
        !exk_record_demand(strcmp(found, schema) == 0, "'schema' is another than this program writes", source))
        return false;
    const json *node = json_read_object(root, "machine", source);
    return node && exk_record_read_hash(node, "hash", machine->hash, source) &&
           json_read_text(node, "text", machine->text, sizeof machine->text, source) &&
           json_read_text(node, "caches", machine->geometry, sizeof machine->geometry, source) &&
           exk_record_demand(is_sound(machine), "'machine' contradicts itself", source);
}

bool exk_record_read_hash(const json *object, const char *key, char hash[EXK_HASH_ROOM], json_source *source) {
    char otherwise[64];
    snprintf(otherwise, sizeof otherwise, "'%s' is not 16 hexadecimal digits", key);
    return json_read_text(object, key, hash, EXK_HASH_ROOM, source) &&
           exk_record_demand(exk_is_hash(hash), otherwise, source);
}

static bool is_time(const char *text) {
    static const char shape[] = "0000-00-00T00:00:00Z";
    size_t i = 0;
    while (shape[i] && (shape[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == shape[i]))
        i++;
    return !shape[i] && !text[i];
}

bool exk_record_read_time(const json *object, const char *key, char text[EXK_TIME_ROOM], json_source *source) {
    char otherwise[80];
    snprintf(otherwise, sizeof otherwise, "'%s' is not a time like 2026-01-31T12:00:00Z", key);
    return json_read_text(object, key, text, EXK_TIME_ROOM, source) &&
           exk_record_demand(is_time(text), otherwise, source);
}
