#include "harness/plot.h"
#include "harness/program.h"
#include "harness/shared_files.h"

#include <stdio.h>

bool plot_draw(const char *script, const char *data, const char *picture, char *why, size_t size) {
    char gnuplot[4096], name[256], path[4096];
    if (!program_find("gnuplot", gnuplot, sizeof gnuplot)) {
        snprintf(why, size, "gnuplot is not installed");
        return false;
    }
    snprintf(name, sizeof name, "plots/%s", script);
    if (!shared_file_find(name, path, sizeof path)) {
        snprintf(why, size, "plots/%s was not found", script);
        return false;
    }
    char *arguments[] = {gnuplot, (char *)"-c", path, (char *)data, (char *)picture, NULL};
    if (program_run(gnuplot, arguments) == 0)
        return true;
    snprintf(why, size, "gnuplot failed on %s", path);
    return false;
}
