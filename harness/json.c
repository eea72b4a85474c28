#include "harness/json.h"
#include "harness/output.h"
#include "harness/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef EXAKT_HAVE_CJSON

#include <cjson/cJSON.h>

exit_code json_check(const char *path) {
    return path ? output_check("--json", path) : CLI_OK;
}

/* Something could not be added for want of memory: the record must not be written as if it were whole. */
static bool incomplete;

static json *add(json *parent, const char *key, json *value) {
    const cJSON_bool added = key ? cJSON_AddItemToObject(parent, key, value) : cJSON_AddItemToArray(parent, value);
    incomplete = incomplete || !added;
    return value;
}

json *json_object(void) {
    return cJSON_CreateObject();
}

json *json_array(void) {
    return cJSON_CreateArray();
}

json *json_add_object(json *parent, const char *key) {
    return add(parent, key, cJSON_CreateObject());
}

json *json_add_array(json *parent, const char *key) {
    return add(parent, key, cJSON_CreateArray());
}

void json_add_text(json *parent, const char *key, const char *value) {
    add(parent, key, cJSON_CreateString(value));
}

/* cJSON's own number printing may drop the last bit of a double, and its integers pass through double. */
void json_add_real(json *parent, const char *key, double value) {
    char text[40] = "null";
    if (isfinite(value))
        snprintf(text, sizeof text, "%.17g", value);
    add(parent, key, cJSON_CreateRaw(text));
}

void json_add_integer(json *parent, const char *key, int64_t value) {
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    add(parent, key, cJSON_CreateRaw(text));
}

void json_add_unsigned(json *parent, const char *key, uint64_t value) {
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    add(parent, key, cJSON_CreateRaw(text));
}

void json_add_bool(json *parent, const char *key, bool value) {
    add(parent, key, cJSON_CreateBool(value));
}

void json_free(json *root) {
    cJSON_Delete(root);
}

exit_code json_write(json *root, const char *path) {
    char *text = incomplete ? NULL : cJSON_Print(root);
    cJSON_Delete(root);
    if (!text)
        return fail(CLI_LIMIT, "%s: out of memory while writing JSON", path);
    exit_code code = output_write(path, text, strlen(text));
    cJSON_free(text);
    return code;
}

#else

exit_code json_check(const char *path) {
    if (!path)
        return CLI_OK;
    return fail(CLI_USAGE, "--json: built without cJSON; install libcjson-dev and build again, or leave it out");
}

json *json_object(void) {
    return NULL;
}

json *json_array(void) {
    return NULL;
}

json *json_add_object(json *parent, const char *key) {
    (void)key;
    return parent;
}

json *json_add_array(json *parent, const char *key) {
    (void)key;
    return parent;
}

void json_add_text(json *parent, const char *key, const char *value) {
    (void)parent, (void)key, (void)value;
}

void json_add_real(json *parent, const char *key, double value) {
    (void)parent, (void)key, (void)value;
}

void json_add_integer(json *parent, const char *key, int64_t value) {
    (void)parent, (void)key, (void)value;
}

void json_add_unsigned(json *parent, const char *key, uint64_t value) {
    (void)parent, (void)key, (void)value;
}

void json_add_bool(json *parent, const char *key, bool value) {
    (void)parent, (void)key, (void)value;
}

void json_free(json *root) {
    (void)root;
}

exit_code json_write(json *root, const char *path) {
    (void)root, (void)path;
    return CLI_OK;
}

#endif
