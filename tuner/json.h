/* JSON, built up value by value and read strictly. Without cJSON in the build nothing is built or read. */
#ifndef EXK_JSON_VALUES_H
#define EXK_JSON_VALUES_H

#include "exakt.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cJSON json;

/* Whether cJSON is in this build. */
bool json_available(void);

/* Building. A key of NULL appends to an array. Numbers are written with %.17g, so that a double survives; what is
 * not finite becomes null. */
json *json_object(void);
json *json_array(void);
json *json_add_object(json *parent, const char *key);
json *json_add_array(json *parent, const char *key);
void json_add_text(json *parent, const char *key, const char *value);
void json_add_real(json *parent, const char *key, double value);
void json_add_integer(json *parent, const char *key, int64_t value);
void json_add_unsigned(json *parent, const char *key, uint64_t value);
void json_add_bool(json *parent, const char *key, bool value);

void json_free(json *root);

/* The document as text, to be freed with free(); NULL if memory was short, now or while it was built. Frees root.
 */
char *json_print(json *root);

/* Reading: every function says what is wrong in one line that names the document and the place, once, and returns
 * false or NULL. */
typedef struct json_source {
    const char *name; /* of the document, for errors */
    char where[64];   /* "entry 3: ", for errors; set while a part is read */
    exk_error *error; /* may be NULL */
} json_source;

/* Nothing but one object may be in the text; it ends at length, where a 0 stands. */
json *json_parse(const char *text, size_t length, json_source *source);

/* Members of an object, each of the stated type and range. Text must be printable ASCII and have room, its end
 * included; it is never NULL afterwards. */
bool json_read_integer(const json *object, const char *key, int64_t least, int64_t most, int64_t *value,
                       json_source *source);
bool json_read_real(const json *object, const char *key, double least, double most, double *value,
                    json_source *source);
bool json_read_bool(const json *object, const char *key, bool *value, json_source *source);
bool json_read_text(const json *object, const char *key, char *text, size_t room, json_source *source);
/* One line in UTF-8, as names of files are: anything but control characters. */
bool json_read_line(const json *object, const char *key, char *text, size_t room, json_source *source);
/* Whether the member is there and null, which a number that was not finite has become. */
bool json_is_null(const json *object, const char *key);
bool json_has(const json *object, const char *key);
/* Whether the member is an array of nothing but numbers, or of one-line texts. */
bool json_check_numbers(const json *object, const char *key, json_source *source);
bool json_check_texts(const json *object, const char *key, json_source *source);
const json *json_read_object(const json *object, const char *key, json_source *source);

/* An array of at most `most` objects: its first one goes to *first (NULL if there is none), their number to
 * *count. */
bool json_read_array(const json *object, const char *key, int most, const json **first, int *count,
                     json_source *source);
const json *json_next(const json *item);

#ifdef __cplusplus
}
#endif

#endif
