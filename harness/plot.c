#include "harness/plot.h"
#include "harness/program.h"

#include <stdio.h>
#include <unistd.h>

/* Where the program was built, or a folder plots/ here. */
static bool find_script(const char *script, char *path, size_t size) {
    static const char *const folders[] = {EXAKT_SOURCE_DIR "/plots", "plots"};
    for (int i = 0; i < 2; i++) {
        const int length = snprintf(path, size, "%s/%s", folders[i], script);
        if (length > 0 && (size_t)length < size && access(path, R_OK) == 0)
            return true;
    }
    return false;
}

bool plot_draw(const char *script, const char *data, const char *picture, char *why, size_t size) {
    char gnuplot[4096], path[4096];
    if (!program_find("gnuplot", gnuplot, sizeof gnuplot)) {
        snprintf(why, size, "gnuplot is not installed");
        return false;
    }
    if (!find_script(script, path, sizeof path)) {
        snprintf(why, size, "plots/%s was not found", script);
        return false;
    }
    char *arguments[] = {gnuplot, (char *)"-c", path, (char *)data, (char *)picture, NULL};
    if (program_run(gnuplot, arguments) == 0)
        return true;
    snprintf(why, size, "gnuplot failed on %s", path);
    return false;
}
