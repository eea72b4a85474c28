/* The JSON that commands write. */
#ifndef EXK_JSON_H
#define EXK_JSON_H

#include "harness/cli.h"
#include "tuner/json.h"

/* CLI_OK if path (the argument of --json, NULL if it was not given) can be served: JSON is in the build and the
 * file can be written. */
exit_code json_check(const char *path);

/* Write to path as a whole or not at all; "-" is stdout. Frees root. */
exit_code json_write(json *root, const char *path);

#endif
