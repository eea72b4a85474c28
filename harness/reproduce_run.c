/* Commands of claims, run by this very program in processes of their own: what one leaves behind in memory or on
 * threads does not disturb the next, and each can be typed again by hand. */
#include "harness/reproduce.h"

#include "harness/interrupt.h"
#include "harness/output.h"
#include "harness/program.h"
#include "harness/report.h"
#include "tuner/store.h"

#include "commit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MOST = 64, LOG_BYTES = 1 << 20 };

/* --- what an earlier run has finished --- */

/* A claim is done when this file is there: the build, then for each command its seconds and its words. */
static void mark_path(const reproduction *r, const claim *c, char path[PATH_MAX]) {
    reproduce_path(r, "raw", claim_text(c, "id"), ".done", path);
}

static const char build[] = EXAKT_VERSION " " EXAKT_COMMIT;

static void put_mark(FILE *out, const void *user) {
    const claim *c = user;
    fprintf(out, "%s", build);
    for (int i = 0; i < c->commands; i++)
        fprintf(out, "\n%.6f %s", c->wall[i], c->command[i]);
}

static exit_code write_mark(const reproduction *r, const claim *c) {
    char path[PATH_MAX];
    mark_path(r, c, path);
    return output_print(path, put_mark, c);
}

void reproduce_forget(const reproduction *r, const claim *c) {
    char path[PATH_MAX];
    mark_path(r, c, path);
    unlink(path);
}

static bool read_mark(claim *c, const char *text) {
    const size_t length = strlen(build);
    if (strncmp(text, build, length) != 0)
        return false;
    text += length;
    for (int i = 0; i < c->commands; i++) {
        char *end;
        if (*text != '\n')
            return false;
        c->wall[i] = strtod(text + 1, &end);
        const size_t words = strcspn(end + (*end == ' '), "\n");
        if (*end != ' ' || words != strlen(c->command[i]) || strncmp(end + 1, c->command[i], words) != 0)
            return false;
        text = end + 1 + words;
    }
    return true;
}

bool reproduce_is_done(const reproduction *r, claim *c) {
    char path[PATH_MAX], *text = NULL;
    size_t length;
    mark_path(r, c, path);
    bool done = exk_store_read(path, LOG_BYTES, &text, &length, NULL) == EXK_OK && text && read_mark(c, text);
    free(text);
    for (int i = 0; i < c->files && done; i++)
        done = access(c->file[i], R_OK) == 0;
    return done;
}

/* --- running --- */

/* Words apart by blanks; those with = before the command's name go to the environment, and stay out of ours. */
typedef struct order {
    char text[CLAIM_TEXT];
    char *words[WORDS_MOST];
    char *variable; /* at most one; NULL: none */
} order;

static void split(order *o, const char *typed) {
    char *save = NULL;
    int count = 0;
    snprintf(o->text, sizeof o->text, "%s", typed);
    o->variable = NULL;
    o->words[count++] = (char *)"exakt";
    for (char *word = strtok_r(o->text, " ", &save); word && count < WORDS_MOST - 1;
         word = strtok_r(NULL, " ", &save)) {
        if (count == 1 && strchr(word, '='))
            o->variable = word;
        else
            o->words[count++] = word;
    }
    o->words[count] = NULL;
}

static int start(const order *o, const char *log) {
    char self[PATH_MAX], name[64] = "", *before = NULL;
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0)
        return -1;
    self[length] = 0;
    if (o->variable) {
        snprintf(name, sizeof name, "%.*s", (int)strcspn(o->variable, "="), o->variable);
        const char *now = getenv(name);
        before = now ? strdup(now) : NULL;
        setenv(name, o->variable + strlen(name) + 1, 1);
    }
    const int status = program_run_logged(self, (char **)o->words, log);
    if (before)
        setenv(name, before, 1);
    else if (o->variable)
        unsetenv(name);
    free(before);
    return status;
}

/* What a command said last. */
static void last_line(const char *log, char *line, size_t size) {
    char *text = NULL;
    size_t length;
    *line = 0;
    if (exk_store_read(log, LOG_BYTES, &text, &length, NULL) != EXK_OK || !text)
        return;
    while (length > 0 && text[length - 1] == '\n')
        text[--length] = 0;
    const char *last = strrchr(text, '\n');
    snprintf(line, size, "%s", last ? last + 1 : text);
    free(text);
}

/* compare says by 1 that some rival is missing; what it measured is written all the same. */
static bool is_good(const order *o, int status) {
    return status == CLI_OK || (status == CLI_DIFFERS && o->words[1] && strcmp(o->words[1], "compare") == 0);
}

static exit_code run_command(const reproduction *r, claim *c, int index) {
    char log[PATH_MAX], ending[32], line[512], typed[CLAIM_TEXT + 8];
    order o;
    split(&o, c->command[index]);
    snprintf(ending, sizeof ending, "-%d.log", index + 1);
    reproduce_path(r, "raw", claim_text(c, "id"), ending, log);
    claim_command(c, index, typed, sizeof typed);
    fprintf(stderr, "    %s\n", typed);
    const double began = seconds_now();
    const int status = start(&o, log);
    c->wall[index] = seconds_now() - began;
    if (interrupted())
        return CLI_INTERRUPTED;
    if (is_good(&o, status))
        return CLI_OK;
    last_line(log, line, sizeof line);
    snprintf(c->failure, sizeof c->failure, "exakt %s ended with code %d: %s", o.words[1] ? o.words[1] : "",
             status, line);
    return CLI_OK;
}

exit_code reproduce_run(const reproduction *r, claim *c, bool *kept) {
    *kept = !r->s->again && reproduce_is_done(r, c);
    if (*kept)
        return CLI_OK;
    reproduce_forget(r, c);
    for (int i = 0; i < c->commands && !*c->failure; i++) {
        const exit_code code = run_command(r, c, i);
        if (code != CLI_OK)
            return code;
    }
    return *c->failure ? CLI_OK : write_mark(r, c);
}
