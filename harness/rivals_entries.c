/* Who takes part, and what each needs. */
#include "harness/blas_core.h"
#include "harness/report.h"
#include "harness/rivals.h"
#include "harness/variants.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What --with knows; several words for one library are one row each. */
typedef enum rival_kind { KIND_LIBRARY, KIND_BLAS } rival_kind;
static const struct {
    const char *word, *name; /* what is typed; the row that it means */
    rival_kind kind;
} known[] = {{"sklearn", "sklearn-lloyd", KIND_LIBRARY},
             {"sklearn", "sklearn-elkan", KIND_LIBRARY},
             {"sklearn-lloyd", "sklearn-lloyd", KIND_LIBRARY},
             {"sklearn-elkan", "sklearn-elkan", KIND_LIBRARY},
             {"faiss", "faiss", KIND_LIBRARY},
             {"superkmeans", "superkmeans", KIND_LIBRARY},
             {"blas", "blas", KIND_BLAS}};
enum { KNOWN = sizeof known / sizeof known[0] };

/* Step through "a,b": the next word, or NULL after the last. */
static const char *next_word(const char *list, char word[RIVAL_WORD]) {
    const size_t length = strcspn(list, ",");
    snprintf(word, RIVAL_WORD, "%.*s", (int)(length < RIVAL_WORD ? length : RIVAL_WORD - 1), list);
    return list[length] ? list + length + 1 : NULL;
}

static bool is_known(const char *word) {
    for (int i = 0; i < KNOWN; i++)
        if (strcmp(known[i].word, word) == 0)
            return true;
    return false;
}

static exit_code unknown_name(const char *word) {
    nearest near = nearest_to(word);
    for (int i = 0; i < KNOWN; i++)
        nearest_offer(&near, known[i].word);
    return fail(CLI_USAGE,
                "--with: %s: not known%s%s; use sklearn, sklearn-lloyd, sklearn-elkan, faiss, superkmeans "
                "or blas, or name a program of your own with --rival",
                word, near.best ? "; did you mean " : "", near.best ? near.best : "");
}

/* NAME=COMMAND, the name fit for a table and for the name of a file. */
static exit_code check_command(const char *text) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    const size_t length = strspn(text, letters);
    if (length == 0 || length > 32 || text[length] != '=' || !text[length + 1] || text[0] == '.')
        return fail(CLI_USAGE,
                    "--rival: '%s' is not NAME=COMMAND; the name has letters, digits, - and _, for example "
                    "--rival mine='python3 mine.py'",
                    text);
    return CLI_OK;
}

exit_code rivals_check_names(const settings *s) {
    char word[RIVAL_WORD];
    for (const char *at = s->with; at;) {
        at = next_word(at, word);
        if (strcmp(word, "none") != 0 && !is_known(word))
            return unknown_name(word);
    }
    for (int i = 0; i < s->rival.count; i++) {
        const exit_code code = check_command(s->rival.value[i]);
        if (code != CLI_OK)
            return code;
    }
    return CLI_OK;
}

static rival_entry *find_entry(const rivals *r, const char *name) {
    for (int i = 0; i < r->count; i++)
        if (strcmp(r->entries[i].name, name) == 0)
            return &r->entries[i];
    return NULL;
}

/* NULL if there is one of that name. */
static rival_entry *add_entry(rivals *r, const char *name) {
    if (find_entry(r, name) || r->count == r->room)
        return NULL;
    rival_entry *e = &r->entries[r->count++];
    *e = (rival_entry){.all = r, .peak_bytes = -1, .beside_bytes = -1, .base_bytes = -1};
    snprintf(e->name, sizeof e->name, "%s", name);
    return e;
}

static void plan_variant(rival_entry *e, const exk_variant *variant) {
    const run *p = &e->all->problem;
    e->variant = variant;
    if (strcmp(variant->strategy, "blas") == 0 && blas_core_text())
        snprintf(e->blas, sizeof e->blas, "%s", blas_core_text());
    e->plan = plan_given(p->s, e->all->threads);
    e->plan_source = plan_for(p->has_topology ? &p->topology : NULL, variant, &p->shape, &e->plan);
}

/* The variant that --variant asks for, auto as a rule. */
static void add_exakt(rivals *r) {
    const run *p = &r->problem;
    rival_entry *e = add_entry(r, "exakt");
    if (!e)
        return;
    e->variant = p->variant;
    e->plan = p->plan;
    e->plan_source = p->plan_source;
}

static exit_code add_selected(rivals *r, const char *pattern) {
    if (strcmp(pattern, "auto") == 0) {
        add_exakt(r);
        return CLI_OK;
    }
    const exk_variant **rows = calloc((size_t)exk_variant_rows(), sizeof *rows);
    int count = 0;
    exit_code code = rows ? variants_select(pattern, rows, &count) : fail(CLI_LIMIT, "out of memory");
    for (int i = 0; i < count && code == CLI_OK; i++)
        if (exk_variant_fits(rows[i], &r->problem.shape) && !find_entry(r, rows[i]->name))
            plan_variant(add_entry(r, rows[i]->name), rows[i]);
    free((void *)rows);
    return code;
}

static exit_code add_ours(rivals *r) {
    char word[RIVAL_WORD];
    exit_code code = CLI_OK;
    if (!r->s->variants)
        add_exakt(r);
    for (const char *at = r->s->variants; at && code == CLI_OK;) {
        at = next_word(at, word);
        code = add_selected(r, word);
    }
    if (code == CLI_OK && r->count == 0)
        code = fail(CLI_VARIANT, "--variants: none of them takes this shape; exakt list shows the limits");
    return code;
}

static void add_blas(rivals *r) {
    rival_entry *e = add_entry(r, "blas");
    if (!e)
        return;
    const exk_variant *variant = exk_variant_strongest("blas", &r->problem.shape);
    if (variant) {
        plan_variant(e, variant);
        return;
    }
    e->state = ENTRY_MISSING;
    snprintf(e->why, sizeof e->why,
             "not in this build or not for this shape; install libopenblas-dev, build again");
}

static void add_library(rivals *r, const char *name) {
    rival_entry *e = add_entry(r, name);
    if (!e)
        return;
    e->state = *r->python && *r->driver ? ENTRY_WAITING : ENTRY_MISSING;
    if (!*r->python)
        snprintf(e->why, sizeof e->why,
                 "no Python; install python3 and python3-venv, then: exakt compare --setup");
    else if (!*r->driver)
        snprintf(e->why, sizeof e->why, "rivals.py was not found; name its folder with --rivals");
    e->arguments[0] = r->python;
    e->arguments[1] = r->driver;
    e->arguments[2] = e->name;
}

static exit_code add_command(rivals *r, const char *text) {
    char name[RIVAL_WORD];
    const char *equals = strchr(text, '=');
    snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
    rival_entry *e = add_entry(r, name);
    if (!e)
        return fail(CLI_USAGE, "--rival: %s: there is one of that name; choose another", name);
    e->arguments[0] = (char *)"/bin/sh";
    e->arguments[1] = (char *)"-c";
    e->arguments[2] = (char *)(equals + 1);
    return CLI_OK;
}

static void add_known(rivals *r) {
    char word[RIVAL_WORD];
    for (const char *at = r->s->with; at;) {
        at = next_word(at, word);
        for (int i = 0; i < KNOWN; i++) {
            if (strcmp(known[i].word, word) != 0)
                continue;
            if (known[i].kind == KIND_BLAS)
                add_blas(r);
            else
                add_library(r, known[i].name);
        }
    }
}

/* The variables that say how many threads to use, and how; a rival gets ours, not the user's. */
static bool is_about_threads(const char *variable) {
    static const char *const prefixes[] = {"OMP_",
                                           "GOMP_",
                                           "KMP_",
                                           "OPENBLAS_NUM_THREADS=",
                                           "MKL_NUM_THREADS=",
                                           "BLIS_NUM_THREADS=",
                                           "OPENBLAS_DEFAULT_NUM_THREADS="};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(variable, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static bool is_about_core(const char *variable) {
    char name[RIVAL_WORD];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(variable, "="), variable);
    return blas_core_is_ours(name);
}

void rivals_force_core(rivals *r, const char *core) {
    static const char name[] = "OPENBLAS_CORETYPE=";
    char text[RIVAL_WORD];
    size_t last = 0;
    for (; r->environment[last]; last++) {
        if (strncmp(r->environment[last], name, sizeof name - 1) == 0) {
            free(r->environment[last]);
            break;
        }
    }
    snprintf(text, sizeof text, "%s%s", name, core ? core : "");
    r->environment[last] = core ? strdup(text) : NULL;
}

enum { OWN_VARIABLES = 6 };

/* Ours without what concerns threads and core types, then those; the last place is left for the core type that may
 * have to be forced. */
static bool make_environment(rivals *r) {
    static const char *const counts[] = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
                                         "BLIS_NUM_THREADS"};
    const char *core = blas_core_given();
    size_t count = 0, kept = 0;
    while (environ[count])
        count++;
    r->environment = calloc(count + OWN_VARIABLES + 1, sizeof *r->environment);
    if (!r->environment)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!is_about_threads(environ[i]) && !is_about_core(environ[i]))
            r->environment[kept++] = strdup(environ[i]);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s=%d", counts[i], r->threads);
        r->environment[kept++] = strdup(text);
    }
    if (core)
        rivals_force_core(r, core);
    for (size_t i = 0; i < kept; i++)
        if (!r->environment[i])
            return false;
    return true;
}

/* The names of rivals are short, and the folder's leaves room for them. */
static void name_files(rival_entry *e) {
    const char *folder = e->all->folder;
    snprintf(e->labels, sizeof e->labels, "%s/%.40s.labels", folder, e->name);
    snprintf(e->centroids, sizeof e->centroids, "%s/%.40s.centroids", folder, e->name);
    snprintf(e->log, sizeof e->log, "%s/%.40s.log", folder, e->name);
}

static exit_code add_all(rivals *r) {
    exit_code code = add_ours(r);
    if (code == CLI_OK)
        add_known(r);
    for (int i = 0; i < r->s->rival.count && code == CLI_OK; i++)
        code = add_command(r, r->s->rival.value[i]);
    return code;
}

static bool make_candidates(rivals *r) {
    r->measure.candidates = calloc((size_t)r->room, sizeof *r->measure.candidates);
    r->measure.gauges = calloc(1, sizeof *r->measure.gauges);
    if (!r->measure.candidates || !r->measure.gauges)
        return false;
    r->measure.gauges[0] = (measure_gauge){rivals_read_ceiling, r};
    r->measure.gauge_count = 1;
    r->measure.count = r->count;
    for (int i = 0; i < r->count; i++)
        r->measure.candidates[i] = (measure_candidate){.run = rivals_sample,
                                                       .user = &r->entries[i],
                                                       .gauge = 0,
                                                       .threads = r->threads,
                                                       .cpus = r->cpus,
                                                       .cpu_count = r->threads};
    return true;
}

exit_code rivals_lay_out(rivals *r) {
    r->judge = exk_variant_strongest("tiled", &r->problem.shape);
    r->judge = r->judge ? r->judge : r->problem.variant;
    r->room = exk_variant_rows() + KNOWN + LIST_MAX;
    r->entries = calloc((size_t)r->room, sizeof *r->entries);
    if (!r->entries || !make_environment(r))
        return fail(CLI_LIMIT, "out of memory");
    const exit_code code = add_all(r);
    if (code != CLI_OK)
        return code;
    if (r->count < 2)
        return fail(CLI_USAGE, "nobody to compare with; name somebody by --with, --rival or --variants");
    for (int i = 0; i < r->count; i++)
        name_files(&r->entries[i]);
    return make_candidates(r) ? CLI_OK : fail(CLI_LIMIT, "out of memory");
}

void rivals_free_entries(rivals *r) {
    for (int i = 0; i < r->count; i++) {
        exk_result_free(r->entries[i].result);
        free(r->entries[i].outcomes);
    }
    for (char **variable = r->environment; variable && *variable; variable++)
        free(*variable);
    free((void *)r->environment);
    free(r->entries);
    free(r->measure.candidates);
    free(r->measure.gauges);
}
