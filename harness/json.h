/* JSON, built up value by value. A key of NULL appends to an array. Numbers are written with %.17g, so that a
 * double survives; what is not finite becomes null. Without cJSON in the build every call does nothing. */
#ifndef EXK_JSON_H
#define EXK_JSON_H

#include "harness/cli.h"

#include <stddef.h>

typedef struct cJSON json;

/* CLI_OK if path (the argument of --json, NULL if it was not given) can be served: JSON is in the build and the
 * file can be written. */
exit_code json_check(const char *path);

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

/* Write to path as a whole or not at all; "-" is stdout. Frees root. */
exit_code json_write(json *root, const char *path);

#endif
