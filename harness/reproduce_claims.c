#include "harness/reproduce.h"

#include "harness/report.h"
#include "harness/run.h"
#include "harness/shared_files.h"
#include "harness/variants.h"
#include "tuner/cgroup.h"
#include "tuner/store.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char claims_file[] = "harness/claims.csv";

const char *claim_text(const claim *c, const char *column) {
    return table_text(c->from, c->row, column);
}

double claim_real(const claim *c, const char *column) {
    return table_real(c->from, c->row, column);
}

bool claim_is_testable(const claim *c) {
    return !*claim_text(c, "obstacle");
}

void claim_command(const claim *c, int index, char *text, size_t size) {
    const char *typed = c->command[index];
    const size_t word = strcspn(typed, " ");
    const size_t set = memchr(typed, '=', word) ? word + 1 : 0;
    snprintf(text, size, "%.*sexakt %s", (int)set, typed, typed + set);
}

void reproduce_path(const reproduction *r, const char *folder, const char *id, const char *ending, char *path) {
    snprintf(path, PATH_MAX, "%s/%s%s%s%s", r->s->output, folder, *folder ? "/" : "", id, ending);
}

/* --- what commands are made of --- */

/* The instruction sets that `auto` would use for a large shape. */
static exit_code find_machine(reproduction *r) {
    static const exk_shape large = {1 << 20, 1024, 1024};
    static const char *const strategies[] = {"fused", "i8_fused", "i8_fused_yinyang"};
    char *const isas[] = {r->isa, r->bytes_isa, r->bytes_skipping_isa};
    exk_topology topology;
    for (int i = 0; i < 3; i++) {
        const exk_variant *variant;
        const exit_code code = variant_resolve(strategies[i], &large, &variant);
        if (code != CLI_OK)
            return code;
        snprintf(isas[i], sizeof r->isa, "%s", variant->isa);
    }
    r->threads = 1;
    if (topology_or_warning(&topology)) {
        r->threads = exk_topology_threads(&topology);
        exk_topology_free(&topology);
    }
    const double limit = exk_cgroup_memory("");
    r->memory = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    r->memory = limit > 0 && limit < r->memory ? limit : r->memory;
    return CLI_OK;
}

static exit_code read_size(const claim *c, const char *column, double *value) {
    static const double most = 1e15;
    *value = claim_real(c, column);
    if (*value >= 1 && *value <= most)
        return CLI_OK;
    return fail(CLI_INPUT, "claim %s: %s: '%s' is no size; use a number of 1 or more", claim_text(c, "id"), column,
                claim_text(c, column));
}

/* Of --full the points take at most half of the memory. */
static exit_code choose_shape(const reproduction *r, claim *c) {
    const bool full = r->s->full;
    double n, d, k, goal;
    exit_code code = read_size(c, full ? "full_n" : "quick_n", &n);
    if (code == CLI_OK)
        code = read_size(c, full ? "full_k" : "quick_k", &k);
    if (code == CLI_OK)
        code = read_size(c, "d", &d);
    goal = claim_real(c, "goal");
    if (code == CLI_OK && !isfinite(goal))
        code = fail(CLI_INPUT, "claim %s: goal: '%s' is no number", claim_text(c, "id"), claim_text(c, "goal"));
    if (code != CLI_OK)
        return code;
    const double most = floor(r->memory / 2 / (d * sizeof(float)));
    c->n = (int64_t)(n < most ? n : most);
    c->d = (int64_t)d;
    c->k = (int64_t)k;
    return CLI_OK;
}

/* What stands for a name in braces; false: no such name. */
static bool value_of(const reproduction *r, const claim *c, const char *name, size_t length, char *value,
                     size_t size) {
    char raw[PATH_MAX];
    reproduce_path(r, "raw", claim_text(c, "id"), "", raw);
    const struct {
        const char *name, *text;
        int64_t number;
    } known[] = {{"raw", raw, 0},
                 {"isa", r->isa, 0},
                 {"bytes", r->bytes_isa, 0},
                 {"bytes_skipping", r->bytes_skipping_isa, 0},
                 {"options", claim_text(c, r->s->full ? "full_options" : "quick_options"), 0},
                 {"threads", NULL, r->threads},
                 {"n", NULL, c->n},
                 {"d", NULL, c->d},
                 {"k", NULL, c->k}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strlen(known[i].name) != length || strncmp(known[i].name, name, length) != 0)
            continue;
        if (known[i].text)
            snprintf(value, size, "%s", known[i].text);
        else
            snprintf(value, size, "%" PRId64, known[i].number);
        return true;
    }
    return false;
}

static exit_code expand(const reproduction *r, const claim *c, const char *from, size_t length,
                        char to[CLAIM_TEXT]) {
    size_t used = 0;
    for (size_t i = 0; i < length && used < CLAIM_TEXT - 1; i++) {
        if (from[i] != '{') {
            to[used++] = from[i];
            continue;
        }
        char value[PATH_MAX];
        const size_t name = strcspn(from + i + 1, "}");
        if (i + 1 + name >= length || !value_of(r, c, from + i + 1, name, value, sizeof value))
            return fail(CLI_INPUT, "%s: %s: '%.*s}' is unknown", claims_file, claim_text(c, "id"), (int)name + 1,
                        from + i);
        used += (size_t)snprintf(to + used, CLAIM_TEXT - used, "%s", value);
        i += name + 1;
    }
    if (used >= CLAIM_TEXT - 1)
        return fail(CLI_USAGE, "--output: %s: too long a name", r->s->output);
    to[used] = 0;
    return CLI_OK;
}

/* Commands stand apart by " ; ". */
static exit_code make_commands(const reproduction *r, claim *c) {
    exit_code code = CLI_OK;
    for (const char *at = claim_text(c, "commands"); *at && code == CLI_OK && c->commands < CLAIM_COMMANDS;) {
        const char *end = strstr(at, " ; ");
        const size_t length = end ? (size_t)(end - at) : strlen(at);
        code = expand(r, c, at, length, c->command[c->commands++]);
        at += length + (end ? 3 : 0);
    }
    return code;
}

static void name_files(const reproduction *r, claim *c) {
    for (const char *at = claim_text(c, "files"); *at && c->files < CLAIM_FILES;) {
        char ending[64];
        const size_t length = strcspn(at, " ");
        snprintf(ending, sizeof ending, "%.*s", (int)length, at);
        reproduce_path(r, "raw", claim_text(c, "id"), ending, c->file[c->files++]);
        at += length + (at[length] == ' ');
    }
}

/* --- selection --- */

static bool is_named(const char *list, const char *id) {
    const size_t length = strlen(id);
    for (const char *at = list; *at;) {
        const size_t word = strcspn(at, ",");
        if (word == length && strncmp(at, id, word) == 0)
            return true;
        at += word + (at[word] == ',');
    }
    return false;
}

/* Every name of --claim must be that of a claim. */
static exit_code check_selection(const reproduction *r) {
    for (const char *at = r->s->claim; at && *at;) {
        char word[64];
        const size_t length = strcspn(at, ",");
        bool found = false;
        snprintf(word, sizeof word, "%.*s", (int)length, at);
        nearest near = nearest_to(word);
        for (int i = 0; i < r->count; i++) {
            found = found || strcmp(word, claim_text(&r->claims[i], "id")) == 0;
            nearest_offer(&near, claim_text(&r->claims[i], "id"));
        }
        if (!found)
            return fail(CLI_USAGE, "--claim: '%s' is unknown%s%s; exakt reproduce --help lists the claims", word,
                        near.best ? "; did you mean " : "", near.best ? near.best : "");
        at += length + (at[length] == ',');
    }
    return CLI_OK;
}

/* Columns without which a table of claims says nothing. */
static exit_code check_columns(const table *t, const char *path) {
    static const char *const names[] = {"id", "unit", "sense", "goal", "commands", "files", "measure", "obstacle"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (table_find_column(t, names[i]) < 0)
            return fail(CLI_INPUT, "%s: no column '%s'; harness/claims.csv shows how claims are written", path,
                        names[i]);
    for (int row = 0; row < table_rows(t); row++) {
        const char *id = table_text(t, row, "id");
        if (!*id || strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != strlen(id))
            return fail(CLI_INPUT, "%s: row %d: '%s' is no id; use letters, digits, - and _", path, row + 1, id);
    }
    return CLI_OK;
}

static exit_code read_table(const char *given, table *t) {
    char path[PATH_MAX], *text = NULL;
    size_t length;
    exk_error error = {0};
    if (given)
        snprintf(path, sizeof path, "%s", given);
    else if (!shared_file_find(claims_file, path, sizeof path))
        return fail(CLI_INPUT, "%s was not found where the program was installed or built", claims_file);
    exk_status status = exk_store_read(path, (size_t)1 << 20, &text, &length, &error);
    if (status == EXK_OK && !text)
        return fail(CLI_INPUT, "%s: no such file", path);
    if (status == EXK_OK)
        status = table_parse(text, path, t, &error);
    free(text);
    return status == EXK_OK ? check_columns(t, path) : fail_with(&error);
}

exit_code reproduce_read(reproduction *r) {
    exit_code code = read_table(r->s->claims, &r->table);
    if (code != CLI_OK)
        return code;
    r->count = table_rows(&r->table);
    r->claims = calloc((size_t)r->count + 1, sizeof *r->claims);
    if (!r->claims)
        return fail(CLI_LIMIT, "out of memory");
    for (int i = 0; i < r->count; i++)
        r->claims[i] = (claim){.from = &r->table, .row = i};
    code = check_selection(r);
    if (code == CLI_OK)
        code = find_machine(r);
    for (int i = 0; i < r->count && code == CLI_OK; i++) {
        claim *c = &r->claims[i];
        c->selected = !r->s->claim || is_named(r->s->claim, claim_text(c, "id"));
        if (!claim_is_testable(c))
            continue;
        name_files(r, c);
        code = choose_shape(r, c);
        if (code == CLI_OK)
            code = make_commands(r, c);
    }
    return code;
}

void reproduce_end(reproduction *r) {
    free(r->claims);
    table_free(&r->table);
}
