#include "harness/program.h"
#include "harness/report.h"
#include "harness/rivals.h"
#include "harness/shared_files.h"
#include "tuner/store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What pip calls them; the name is the driver's. threadpoolctl tells which BLAS they brought along. */
static const struct {
    const char *name, *package;
} libraries[] = {{"sklearn-lloyd", "scikit-learn"}, {"faiss", "faiss-cpu"}, {"superkmeans", "superkmeans"}};
enum { LIBRARIES = sizeof libraries / sizeof libraries[0] };

/* The Python of the environment that --setup makes; false if there is no cache folder. */
static bool environment_python(char python[PATH_MAX], exk_error *error) {
    return exk_store_path("rivals/bin/python", python, PATH_MAX, error) == EXK_OK;
}

/* --python, else the environment's, else the system's. */
static void find_python(const settings *s, char python[PATH_MAX]) {
    exk_error error;
    const bool is_path = s->python && strchr(s->python, '/');
    if (is_path)
        snprintf(python, PATH_MAX, "%s", s->python);
    if (is_path || (!s->python && environment_python(python, &error) && access(python, X_OK) == 0))
        return;
    if (!program_find(s->python ? s->python : "python3", python, PATH_MAX))
        *python = 0;
}

static bool is_driver(const char *folder, char driver[PATH_MAX]) {
    return snprintf(driver, PATH_MAX, "%s/rivals.py", folder) < PATH_MAX && access(driver, R_OK) == 0;
}

/* --rivals or $EXAKT_RIVALS and nothing else, or the one that came with the program. */
static void find_driver(const settings *s, char driver[PATH_MAX]) {
    const char *folder = s->rivals ? s->rivals : getenv("EXAKT_RIVALS");
    if (!(folder ? is_driver(folder, driver) : shared_file_find("harness/rivals/rivals.py", driver, PATH_MAX)))
        *driver = 0;
}

void rivals_find_python(rivals *r) {
    find_python(r->s, r->python);
    find_driver(r->s, r->driver);
}

static exit_code make_environment(const settings *s, char python[PATH_MAX]) {
    char base[PATH_MAX], folder[PATH_MAX];
    exk_error error;
    if (!environment_python(python, &error) || exk_store_path("rivals", folder, sizeof folder, &error) != EXK_OK ||
        exk_store_prepare(folder, &error) != EXK_OK)
        return fail_with(&error);
    if (access(python, X_OK) == 0)
        return CLI_OK;
    find_python(s, base);
    if (!*base || access(base, X_OK) != 0)
        return fail(CLI_OUTPUT, "--setup: %s was not found; install python3 and python3-venv",
                    s->python ? s->python : "python3");
    char *const arguments[] = {base, (char *)"-m", (char *)"venv", (char *)"--system-site-packages", folder, NULL};
    if (program_run(base, arguments) == 0 && access(python, X_OK) == 0)
        return CLI_OK;
    return fail(CLI_OUTPUT, "--setup: %s -m venv %s failed; it needs the package python3-venv", base, folder);
}

static bool is_there(char *python, char *driver, const char *name) {
    char *const arguments[] = {python, driver, (char *)"--check", (char *)name, NULL};
    return program_run(python, arguments) == 0;
}

/* What the system's Python has already is used as it is. */
static bool install(char *python, char *driver, int library) {
    if (is_there(python, driver, libraries[library].name))
        return true;
    char *const arguments[] = {python,
                               (char *)"-m",
                               (char *)"pip",
                               (char *)"install",
                               (char *)"threadpoolctl",
                               (char *)libraries[library].package,
                               NULL};
    return program_run(python, arguments) == 0 && is_there(python, driver, libraries[library].name);
}

exit_code rivals_setup(const settings *s) {
    char python[PATH_MAX], driver[PATH_MAX];
    int missing = 0;
    const exit_code code = make_environment(s, python);
    if (code != CLI_OK)
        return code;
    find_driver(s, driver);
    if (!*driver)
        return fail(CLI_INPUT, "rivals.py was not found; name its folder (harness/rivals) with --rivals");
    for (int i = 0; i < LIBRARIES; i++) {
        const bool there = install(python, driver, i);
        missing += !there;
        fprintf(stderr, "%s: %s\n", libraries[i].package, there ? "ready" : "cannot be installed");
    }
    return missing == LIBRARIES ? fail(CLI_OUTPUT, "--setup: none of the libraries can be installed") : CLI_OK;
}
