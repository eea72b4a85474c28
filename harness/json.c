#include "harness/json.h"
#include "harness/output.h"
#include "harness/report.h"

#include <stdlib.h>
#include <string.h>

exit_code json_check(const char *path) {
    if (path && !json_available())
        return fail(CLI_USAGE,
                    "--json: built without cJSON; install libcjson-dev and build again, or leave it out");
    return path ? output_check("--json", path) : CLI_OK;
}

exit_code json_write(json *root, const char *path) {
    char *text = json_print(root);
    if (!text)
        return fail(CLI_LIMIT, "%s: out of memory while writing JSON", path);
    exit_code code = output_write(path, text, strlen(text));
    free(text);
    return code;
}
