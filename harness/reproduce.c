/* exakt reproduce: published claims, one by one, measured here. */
#include "harness/reproduce.h"

#include "harness/interrupt.h"
#include "harness/json.h"
#include "harness/report.h"
#include "harness/shared_files.h"
#include "tuner/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* With all folders on the way to it. */
static exit_code make_folder(const char *path) {
    char part[PATH_MAX];
    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part - 256)
        return fail(CLI_USAGE, "--output: %s: too long a name", path);
    for (char *at = part + 1;; at++) {
        const char end = *at;
        if (end && end != '/')
            continue;
        *at = 0;
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return fail(CLI_OUTPUT, "--output: %s: no folder can be made there: %s; choose another place", part,
                        strerror(errno));
        if (!end)
            return CLI_OK;
        *at = '/';
    }
}

static exit_code check(const settings *s) {
    if (s->quick && s->full)
        return fail(CLI_USAGE, "--quick and --full: choose one of them");
    if (!json_available())
        return fail(CLI_USAGE,
                    "built without cJSON, which the records need; install libcjson-dev and build again");
    if (!*s->output || strpbrk(s->output, " \t\n"))
        return fail(CLI_USAGE, "--output: '%s': a name without blanks, please: it becomes part of commands",
                    s->output);
    char folder[PATH_MAX];
    exit_code code = make_folder(s->output);
    snprintf(folder, sizeof folder, "%s/raw", s->output);
    if (code == CLI_OK)
        code = make_folder(folder);
    snprintf(folder, sizeof folder, "%s/figures", s->output);
    return code == CLI_OK ? make_folder(folder) : code;
}

static int selected(const reproduction *r) {
    int count = 0;
    for (int i = 0; i < r->count; i++)
        count += r->claims[i].selected;
    return count;
}

static exit_code test(reproduction *r, claim *c, int number, int count) {
    bool kept = false;
    fprintf(stderr, "[%2d/%d] %s\n", number, count, claim_text(c, "id"));
    const exit_code code = claim_is_testable(c) ? reproduce_run(r, c, &kept) : CLI_OK;
    if (code != CLI_OK)
        return code;
    reproduce_judge(c);
    if (c->verdict == CLAIM_RIVAL_MISSING)
        reproduce_forget(r, c);
    if (claim_is_testable(c))
        fprintf(stderr, "    %s%s: ", claim_verdict_name(c->verdict), kept ? " (from an earlier run)" : "");
    fprintf(stderr, "%s%s\n", claim_is_testable(c) ? "" : "    ", c->reason);
    return reproduce_write_summary(r);
}

static exit_code test_all(reproduction *r) {
    const int count = selected(r);
    int number = 0;
    for (int i = 0; i < r->count; i++) {
        if (!r->claims[i].selected)
            continue;
        const exit_code code = test(r, &r->claims[i], ++number, count);
        if (code != CLI_OK)
            return code;
    }
    return CLI_OK;
}

/* What earlier runs have finished stays in the summary, and with it what they could not test. */
static void recall_others(reproduction *r) {
    int recalled = 0;
    for (int i = 0; i < r->count; i++)
        recalled +=
            !r->claims[i].selected && claim_is_testable(&r->claims[i]) && reproduce_is_done(r, &r->claims[i]);
    for (int i = 0; i < r->count && recalled > 0; i++) {
        claim *c = &r->claims[i];
        if (!c->selected && (!claim_is_testable(c) || reproduce_is_done(r, c)))
            reproduce_judge(c);
    }
}

static int failures(const reproduction *r) {
    int count = 0;
    for (int i = 0; i < r->count; i++)
        count += r->claims[i].verdict == CLAIM_FAILED;
    return count;
}

/* Interrupted: what was finished is reported, and kept for the next run. */
static exit_code conclude(const reproduction *r, exit_code code) {
    const exit_code written = reproduce_write_reports(r);
    reproduce_print(r);
    if (code == CLI_INTERRUPTED)
        return fail(code, "interrupted; finished claims are kept, and the same command goes on with the others");
    if (written != CLI_OK)
        return written;
    return failures(r) > 0
               ? fail(CLI_DIFFERS, "%d claims could not be measured; see %s/raw/*.log", failures(r), r->s->output)
               : CLI_OK;
}

static exit_code reproduce(const settings *s) {
    reproduction r = {.s = s};
    exit_code code = check(s);
    if (code == CLI_OK)
        code = reproduce_read(&r);
    if (code == CLI_OK) {
        interrupt_arm();
        recall_others(&r);
        code = test_all(&r);
        if (code == CLI_OK || code == CLI_INTERRUPTED)
            code = conclude(&r, code);
    }
    reproduce_end(&r);
    return code;
}

/* The claims, as --help lists them. */
static const char *describe_claims(void) {
    static char text[8192];
    char path[PATH_MAX], *file = NULL;
    size_t length = 0;
    table t;
    if (!shared_file_find("harness/claims.csv", path, sizeof path) ||
        exk_store_read(path, (size_t)1 << 20, &file, &length, NULL) != EXK_OK || !file ||
        table_parse(file, path, &t, NULL) != EXK_OK) {
        free(file);
        return "claims: harness/claims.csv was not found\n";
    }
    int used = snprintf(text, sizeof text, "claims:\n");
    for (int row = 0; row < table_rows(&t) && used < (int)sizeof text; row++)
        used += snprintf(text + used, sizeof text - (size_t)used, "  %-22s %s\n", table_text(&t, row, "id"),
                         table_text(&t, row, "source"));
    table_free(&t);
    free(file);
    return text;
}

const command command_reproduce = {
    .name = "reproduce",
    .bit = CMD_REPRODUCE,
    .synopsis = "[--quick | --full] [options]",
    .summary = "Measure published claims about k-means here, and say which of them hold.",
    .text =
        "Each claim of harness/claims.csv is measured by commands of this program that can be typed by hand, and\n"
        "gets a verdict with its reason. Three figures tell what fusing brings from what a baseline makes of it:\n"
        "the claim's own, over a matrix product by OpenBLAS, over naive scalar code. --quick takes some minutes.\n"
        "Ctrl-C keeps finished claims, and the same command again goes on with the others. The folder gets\n"
        "summary.csv, summary.json, summary.md, report.html, figures/ and raw/ with every record.\n"
        "\n"
        "examples:\n"
        "  exakt reproduce --quick\n"
        "  exakt reproduce --full --claim flash-assign,flash-update --output results/mine\n",
    .more = describe_claims,
    .least = 0,
    .most = 0,
    .run = reproduce,
};
