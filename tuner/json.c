#include "tuner/json.h"

#include "kernels/status.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef EXAKT_HAVE_CJSON

#include <cjson/cJSON.h>

bool json_available(void) {
    return true;
}

/* Something could not be added for want of memory: the document must not be written as if it were whole. */
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

char *json_print(json *root) {
    char *text = incomplete ? NULL : cJSON_Print(root);
    incomplete = false;
    cJSON_Delete(root);
    return text;
}

/* Integers beyond this are not exact in the doubles that cJSON keeps. */
static const double integer_most = 9007199254740992.0;

static void complain(json_source *source, const char *key, const char *wanted) {
    exk_error_set(source->error, EXK_ERR_FORMAT, -1, -1, "%s: %s'%s' is missing or not %s", source->name,
                  source->where, key, wanted);
}

json *json_parse(const char *text, size_t length, json_source *source) {
    const bool whole = strlen(text) == length;
    json *root = whole ? cJSON_ParseWithLengthOpts(text, length + 1, NULL, true) : NULL;
    if (cJSON_IsObject(root))
        return root;
    cJSON_Delete(root);
    exk_error_set(source->error, EXK_ERR_FORMAT, -1, -1, "%s: not a JSON object", source->name);
    return NULL;
}

static const json *member(const json *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

bool json_read_integer(const json *object, const char *key, int64_t least, int64_t most, int64_t *value,
                       json_source *source) {
    const json *item = member(object, key);
    const double v = cJSON_IsNumber(item) ? item->valuedouble : NAN;
    if (v >= (double)least && v <= (double)most && fabs(v) <= integer_most && v == floor(v)) {
        *value = (int64_t)v;
        return true;
    }
    char wanted[80];
    snprintf(wanted, sizeof wanted, "a whole number from %" PRId64 " to %" PRId64, least, most);
    complain(source, key, wanted);
    return false;
}

bool json_read_real(const json *object, const char *key, double least, double most, double *value,
                    json_source *source) {
    const json *item = member(object, key);
    const double v = cJSON_IsNumber(item) ? item->valuedouble : NAN;
    if (v >= least && v <= most) {
        *value = v;
        return true;
    }
    char wanted[80];
    snprintf(wanted, sizeof wanted, "a number from %g to %g", least, most);
    complain(source, key, wanted);
    return false;
}

bool json_read_bool(const json *object, const char *key, bool *value, json_source *source) {
    const json *item = member(object, key);
    if (cJSON_IsBool(item)) {
        *value = cJSON_IsTrue(item);
        return true;
    }
    complain(source, key, "true or false");
    return false;
}

static bool is_printable(const char *text) {
    for (; *text; text++) {
        if (*text < ' ' || *text > '~')
            return false;
    }
    return true;
}

/* Neither C0 nor C1: a terminal would take them for orders. */
static bool is_one_line(const char *text) {
    const unsigned char *byte = (const unsigned char *)text;
    for (; *byte; byte++) {
        if (*byte < ' ' || *byte == 0x7f || (byte[0] == 0xc2 && byte[1] < 0xa0))
            return false;
    }
    return true;
}

static bool read_string(const json *object, const char *key, bool (*is_good)(const char *text), char *text,
                        size_t room, json_source *source) {
    const json *item = member(object, key);
    if (cJSON_IsString(item) && strlen(item->valuestring) < room && is_good(item->valuestring)) {
        strcpy(text, item->valuestring);
        return true;
    }
    char wanted[80];
    snprintf(wanted, sizeof wanted, "plain text of less than %zu characters", room);
    complain(source, key, wanted);
    return false;
}

bool json_read_text(const json *object, const char *key, char *text, size_t room, json_source *source) {
    return read_string(object, key, is_printable, text, room, source);
}

bool json_read_line(const json *object, const char *key, char *text, size_t room, json_source *source) {
    return read_string(object, key, is_one_line, text, room, source);
}

bool json_is_null(const json *object, const char *key) {
    return cJSON_IsNull(member(object, key));
}

bool json_has(const json *object, const char *key) {
    return member(object, key) != NULL;
}

static bool check_items(const json *object, const char *key, bool (*is_good)(const json *item), const char *wanted,
                        json_source *source) {
    const json *array = member(object, key);
    bool good = cJSON_IsArray(array);
    for (const json *item = good ? array->child : NULL; good && item; item = item->next)
        good = is_good(item);
    if (!good)
        complain(source, key, wanted);
    return good;
}

static bool is_number(const json *item) {
    return cJSON_IsNumber(item) && isfinite(item->valuedouble);
}

static bool is_line(const json *item) {
    return cJSON_IsString(item) && is_one_line(item->valuestring);
}

bool json_check_numbers(const json *object, const char *key, json_source *source) {
    return check_items(object, key, is_number, "an array of numbers", source);
}

bool json_check_texts(const json *object, const char *key, json_source *source) {
    return check_items(object, key, is_line, "an array of texts of one line", source);
}

const json *json_read_object(const json *object, const char *key, json_source *source) {
    const json *item = member(object, key);
    if (cJSON_IsObject(item))
        return item;
    complain(source, key, "an object");
    return NULL;
}

bool json_read_array(const json *object, const char *key, int most, const json **first, int *count,
                     json_source *source) {
    const json *array = member(object, key);
    bool fits = cJSON_IsArray(array);
    *first = fits ? array->child : NULL;
    *count = 0;
    for (const json *item = *first; fits && item; item = item->next)
        fits = cJSON_IsObject(item) && ++*count <= most;
    if (fits)
        return true;
    char wanted[80];
    snprintf(wanted, sizeof wanted, "an array of at most %d objects", most);
    complain(source, key, wanted);
    return false;
}

const json *json_next(const json *item) {
    return item->next;
}

#else

bool json_available(void) {
    return false;
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

char *json_print(json *root) {
    (void)root;
    return NULL;
}

json *json_parse(const char *text, size_t length, json_source *source) {
    (void)text, (void)length;
    exk_error_set(source->error, EXK_ERR_FORMAT, -1, -1, "%s: cannot be read: built without cJSON", source->name);
    return NULL;
}

bool json_read_integer(const json *object, const char *key, int64_t least, int64_t most, int64_t *value,
                       json_source *source) {
    (void)object, (void)key, (void)least, (void)most, (void)value, (void)source;
    return false;
}

bool json_read_real(const json *object, const char *key, double least, double most, double *value,
                    json_source *source) {
    (void)object, (void)key, (void)least, (void)most, (void)value, (void)source;
    return false;
}

bool json_read_bool(const json *object, const char *key, bool *value, json_source *source) {
    (void)object, (void)key, (void)value, (void)source;
    return false;
}

bool json_read_text(const json *object, const char *key, char *text, size_t room, json_source *source) {
    (void)object, (void)key, (void)text, (void)room, (void)source;
    return false;
}

bool json_read_line(const json *object, const char *key, char *text, size_t room, json_source *source) {
    (void)object, (void)key, (void)text, (void)room, (void)source;
    return false;
}

bool json_is_null(const json *object, const char *key) {
    (void)object, (void)key;
    return false;
}

bool json_has(const json *object, const char *key) {
    (void)object, (void)key;
    return false;
}

bool json_check_numbers(const json *object, const char *key, json_source *source) {
    (void)object, (void)key, (void)source;
    return false;
}

bool json_check_texts(const json *object, const char *key, json_source *source) {
    (void)object, (void)key, (void)source;
    return false;
}

const json *json_read_object(const json *object, const char *key, json_source *source) {
    (void)object, (void)key, (void)source;
    return NULL;
}

bool json_read_array(const json *object, const char *key, int most, const json **first, int *count,
                     json_source *source) {
    (void)object, (void)key, (void)most, (void)first, (void)count, (void)source;
    return false;
}

const json *json_next(const json *item) {
    (void)item;
    return NULL;
}

#endif
