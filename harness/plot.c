#include "harness/plot.h"

#include "harness/output.h"
#include "harness/program.h"
#include "harness/shared_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char plot_install_hint[] = "gnuplot is not installed; on Debian and Ubuntu: apt-get install gnuplot-nox";

static const plot_kind kinds[] = {
    {"roofline", "roofline.gp", "Roofline: what each variant reaches of what the machine can do", "", "",
     "bench JSON; with ceilings JSON the roofs of each level of memory, too", plot_fill_roofline},
    {"speedup", "bars.gp", "Speedup, with 95 % confidence intervals", "times as fast as the baseline", "linear",
     "bench JSON; over naive scalar code on as many threads, or the slowest row", plot_fill_speedup},
    {"rivals", "bars.gp", "Other libraries, with 95 % confidence intervals", "times the seconds of the first row",
     "linear", "compare JSON", plot_fill_rivals},
    {"scaling", "scaling.gp", "Speedup over the fewest threads", "", "",
     "bench JSON of several numbers of threads (--threads 1,2,4)", plot_fill_scaling},
    {"memory", "bars.gp", "Memory beside the points", "MiB", "log", "bench JSON or compare JSON",
     plot_fill_memory},
    {"skipping", "skipping.gp", "", "", "",
     "trace CSV: share of the distances computed, seconds of every iteration", plot_fill_skipping},
    {"convergence", "convergence.gp", "Inertia against time", "", "",
     "trace CSV for curves, compare JSON for where each library ends, or both of the same input",
     plot_fill_convergence},
    {"tiles", "tiles.gp", "", "", "", "the CSV that explain --heat-map writes beside its picture",
     plot_fill_tiles},
    {"tuner", "tuner.gp", "Progress of the last search", "", "",
     "the samples of tune (tune-....csv in the cache folder)", plot_fill_tuner},
    {"gaps", "bars.gp", "How much slower than the fastest plan known", "% slower", "linear", "evaluate CSV",
     plot_fill_gaps},
    {"demo", "bars.gp", "Exact k-means: the same bits, at different speeds",
     "effective GFLOP/s, 2nkd for every pass (in brackets: speedup over naive scalar code)", "linear", "demo CSV",
     plot_fill_demo},
    {"claims", "bars.gp", "Published factors and what was measured here", "times as fast as", "log",
     "the summary.csv of reproduce", plot_fill_claims},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

const plot_kind *plot_kind_at(int index) {
    return index >= 0 && index < KINDS ? &kinds[index] : NULL;
}

const plot_kind *plot_kind_find(const char *name) {
    for (int i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

const char *plot_short_name(const char *variant) {
    if (strncmp(variant, "assign_", 7) == 0)
        variant += 7;
    return strncmp(variant, "f32_", 4) == 0 ? variant + 4 : variant;
}

bool plot_table(const plot_kind *kind, const plot_sources *s, table *t) {
    *t = (table){0};
    kind->fill(s, t);
    if (table_rows(t) > 0 && !t->failed)
        return true;
    table_free(t);
    return false;
}

/* --- drawing --- */

static const char *ending_of(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot && !strchr(dot, '/') ? dot + 1 : "";
}

bool plot_is_picture(const char *name) {
    return strcmp(ending_of(name), "png") == 0 || strcmp(ending_of(name), "svg") == 0;
}

static bool say(char *why, size_t size, const char *what, const char *name) {
    snprintf(why, size, "%s: %s", name, what);
    return false;
}

/* The table in a file for gnuplot; the caller removes it. */
static bool write_table(const table *t, char *path, size_t room, char *why, size_t size) {
    const char *folder = getenv("TMPDIR");
    if (snprintf(path, room, "%s/exakt-plot-XXXXXX", folder && *folder ? folder : "/tmp") >= (int)room)
        return say(why, size, "too long a name", "TMPDIR");
    size_t length;
    char *text = table_tsv(t, &length);
    const int file = text ? mkstemp(path) : -1;
    FILE *out = file >= 0 ? fdopen(file, "w") : NULL;
    bool good = out && fwrite(text, 1, length, out) == length;
    good = out && fclose(out) == 0 && good;
    free(text);
    if (good)
        return true;
    if (file >= 0)
        unlink(path);
    return say(why, size, "cannot be written; set TMPDIR to another folder", path);
}

static bool run_gnuplot(const char *gnuplot, const plot_kind *kind, const char *data, const char *picture,
                        char *why, size_t size) {
    char name[256], script[PATH_MAX], half[PATH_MAX + 32];
    snprintf(name, sizeof name, "plots/%s", kind->script);
    if (!shared_file_find(name, script, sizeof script))
        return say(why, size, "was not found", name);
    if (snprintf(half, sizeof half, "%s.%d.tmp", picture, (int)getpid()) >= (int)sizeof half)
        return say(why, size, "too long a name", picture);
    char *const arguments[] = {(char *)gnuplot,
                               (char *)"-d",
                               (char *)"-c",
                               script,
                               (char *)data,
                               half,
                               (char *)ending_of(picture),
                               (char *)kind->title,
                               (char *)kind->axis,
                               (char *)kind->scale,
                               NULL};
    if (program_run(gnuplot, arguments) != 0) {
        unlink(half);
        return say(why, size, "gnuplot failed on it", script);
    }
    if (rename(half, picture) == 0)
        return true;
    say(why, size, strerror(errno), picture);
    unlink(half);
    return false;
}

bool plot_draw(const plot_kind *kind, const table *t, const char *picture, char *why, size_t size) {
    char gnuplot[PATH_MAX], data[PATH_MAX];
    if (!program_find("gnuplot", gnuplot, sizeof gnuplot)) {
        snprintf(why, size, "%s", plot_install_hint);
        return false;
    }
    if (!plot_is_picture(picture))
        return say(why, size, "neither .png nor .svg", picture);
    if (!write_table(t, data, sizeof data, why, size))
        return false;
    const bool drawn = run_gnuplot(gnuplot, kind, data, picture, why, size);
    unlink(data);
    return drawn;
}

bool plot_file(const char *kind, const char *path, const char *picture, char *why, size_t size) {
    plot_sources s = {0};
    exk_error error = {0};
    table t;
    const plot_kind *wanted = plot_kind_find(kind);
    if (plot_sources_add(&s, path, &error) != EXK_OK) {
        snprintf(why, size, "%s", error.message);
        return false;
    }
    const bool filled = plot_table(wanted, &s, &t);
    const bool drawn =
        filled ? plot_draw(wanted, &t, picture, why, size) : say(why, size, "nothing to draw", path);
    if (filled)
        table_free(&t);
    plot_sources_free(&s);
    return drawn;
}
