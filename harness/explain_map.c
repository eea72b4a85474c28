/* What was measured over tiles of points and centroids, as a table and a picture. */
#include "harness/explain.h"
#include "harness/output.h"
#include "harness/plot.h"
#include "harness/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* F.png and F.svg have their numbers in F.csv. */
static void table_path(const char *picture, char *path, size_t size) {
    const size_t length = strlen(picture);
    const bool has_ending = length > 4 && plot_is_picture(picture);
    snprintf(path, size, "%.*s.csv", (int)(has_ending ? length - 4 : length), picture);
}

exit_code explain_map_check(const settings *s) {
    char path[4096];
    if (!s->heat_map)
        return CLI_OK;
    table_path(s->heat_map, path, sizeof path);
    const exit_code code = output_check_file("--heat-map", s->heat_map);
    return code == CLI_OK ? output_check_file("--heat-map", path) : code;
}

/* The fastest trial of the winner's variant with these tiles, whatever the others are; -1: none was measured. */
static int fastest_with(const exk_search *s, int arm, int points, int centroids) {
    int best = -1;
    for (int i = 0; i < s->count; i++) {
        const exk_trial *t = &s->trials[i];
        if (t->count > 0 && t->choice.arm == arm && t->choice.at[EXK_POINT_TILE] == points &&
            t->choice.at[EXK_CENTROID_TILE] == centroids && (best < 0 || t->level < s->trials[best].level))
            best = i;
    }
    return best;
}

/* "winner", "seed", "tie" or "": what is to be seen in a cell. */
static const char *mark_of(const exk_search *s, int arm, int points, int centroids) {
    const char *mark = "";
    for (int i = 0; i < s->count; i++) {
        const exk_trial *t = &s->trials[i];
        if (t->count == 0 || t->choice.arm != arm || t->choice.at[EXK_POINT_TILE] != points ||
            t->choice.at[EXK_CENTROID_TILE] != centroids)
            continue;
        if (i == s->chosen)
            return i == arm ? "seed+winner" : "winner";
        if (i == arm) /* the seeds are the first trials */
            mark = "seed";
        else if (t->tied && !*mark)
            mark = "tie";
    }
    return mark;
}

/* Whether anything was measured at this place of an axis: what was not has no row in the picture. */
static bool has_row(const exk_search *s, int arm, exk_field field, int place) {
    bool found = field == EXK_FIELD_COUNT;
    for (int i = 0; i < s->count && !found; i++) {
        const exk_trial *t = &s->trials[i];
        found = t->count > 0 && t->choice.arm == arm && t->choice.at[field] == place;
    }
    return found;
}

static void put_table(FILE *out, const void *user) {
    const explanation *e = user;
    const exk_search *s = &e->run.search;
    const int arm = s->trials[s->chosen].choice.arm;
    const exk_axis *points = &s->arms[arm].axis[EXK_POINT_TILE],
                   *centroids = &s->arms[arm].axis[EXK_CENTROID_TILE];
    fprintf(out, "variant,n,d,k,threads,x,y,point_tile,centroid_tile,depth_tile,seconds,slower_percent,mark");
    for (int i = 0, column = -1; i < points->count; i++) {
        bool first = true;
        for (int j = 0, row = -1; j < centroids->count; j++) {
            row += has_row(s, arm, centroids->count > 1 ? EXK_CENTROID_TILE : EXK_FIELD_COUNT, j);
            const int trial = fastest_with(s, arm, i, j);
            if (trial < 0)
                continue;
            column += first;
            first = false;
            const exk_trial *t = &s->trials[trial];
            fprintf(out,
                    "\n%s,%" PRId64 ",%" PRId64 ",%" PRId64 ",%d,%d,%d,%" PRId64 ",%" PRId64 ",%" PRId64
                    ",%.9g,%.4g,%s",
                    e->run.space.variants[arm]->name, e->shape.n, e->shape.d, e->shape.k, e->threads, column, row,
                    points->value[i], centroids->value[j], exk_choice_value(s, &t->choice, EXK_DEPTH_TILE),
                    t->level, 100 * (t->level / s->trials[s->chosen].level - 1), mark_of(s, arm, i, j));
        }
    }
}

exit_code explain_map(const explanation *e) {
    const exk_search *s = &e->run.search;
    char path[4096], why[512];
    FILE *out = e->s->json && output_is_stdout(e->s->json) ? stderr : stdout;
    if (s->chosen < 0)
        return fail(CLI_INPUT, "--heat-map: nothing was measured for this shape; exakt tune %s --grid does",
                    e->input);
    table_path(e->s->heat_map, path, sizeof path);
    const exit_code code = output_print(path, put_table, e);
    if (code != CLI_OK)
        return code;
    if (plot_file("tiles", path, e->s->heat_map, why, sizeof why))
        fprintf(out, "\nNumbers: %s. Picture: %s.\n", path, e->s->heat_map);
    else
        fprintf(out, "\nNo picture: %s. The numbers are in %s.\n", why, path);
    return CLI_OK;
}
