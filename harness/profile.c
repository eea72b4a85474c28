/* profile: what was tuned on this machine, shown, moved and forgotten. */
#include "tuner/profile.h"
#include "harness/json.h"
#include "harness/output.h"
#include "harness/report.h"
#include "harness/run.h"
#include "tuner/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The machine that a command is about, and its profile. */
typedef struct subject {
    exk_fingerprint here; /* this machine */
    exk_profile profile;
} subject;

static exit_code find_here(exk_fingerprint *here) {
    exk_topology topology;
    exk_error error = {0};
    if (exk_topology_load(&topology, &error) != EXK_OK)
        return fail_with(&error);
    exk_fingerprint_take(&topology, here);
    exk_topology_free(&topology);
    return CLI_OK;
}

typedef struct named {
    const char *hash;
    exk_profile *profile;
    exit_code code; /* CLI_USAGE until it is found */
} named;

static void take_named(const char *path, exk_status status, const exk_profile *profile, const exk_error *error,
                       void *user) {
    named *n = user;
    if (!strstr(path, n->hash))
        return;
    if (status != EXK_OK)
        n->code = fail_with(error);
    else if (exk_profile_add(n->profile, profile->entry, profile->count))
        n->code = CLI_OK;
    n->profile->machine = profile->machine;
}

static exit_code find_named(const char *hash, exk_profile *profile) {
    exk_error error = {0};
    named n = {hash, profile, CLI_USAGE};
    if (!exk_is_hash(hash))
        return fail(CLI_USAGE, "%s: not the hash of a machine; exakt profile list shows them", hash);
    if (exk_profile_each(take_named, &n, &error) != EXK_OK)
        return fail_with(&error);
    if (n.code == CLI_USAGE)
        fail(n.code, "%s: no profile of such a machine; exakt profile list shows them", hash);
    return n.code;
}

static exit_code find_own(subject *about) {
    char note[EXK_PROFILE_NOTE_ROOM];
    exk_error error = {0};
    if (exk_profile_load(&about->here, &about->profile, note, &error) != EXK_OK)
        return fail_with(&error);
    if (note[0])
        warn("%s", note);
    return CLI_OK;
}

/* The profile of the machine with this hash, or (NULL) of this machine. */
static exit_code find_subject(const char *hash, subject *about) {
    *about = (subject){.profile = {.count = 0}};
    const exit_code code = find_here(&about->here);
    if (code != CLI_OK)
        return code;
    return hash ? find_named(hash, &about->profile) : find_own(about);
}

static const char *relation(const exk_fingerprint *machine, const exk_fingerprint *here) {
    if (strcmp(machine->text, here->text) == 0)
        return "this machine";
    return strcmp(machine->geometry, here->geometry) == 0 && strcmp(here->geometry, "unknown") != 0
               ? "the same caches"
               : "another machine";
}

static void print_entry(const exk_profile_entry *e) {
    const char *obstacle = exk_profile_obstacle(e, &e->shape);
    printf("%9" PRId64 " %6" PRId64 " %7" PRId64 " %7d  %-28s %10" PRId64 " %13" PRId64 " %10" PRId64 "  %9.4g"
           " (%.4g to %.4g) %4d  %s%s%s\n",
           e->shape.n, e->shape.d, e->shape.k, e->threads, e->variant, e->point_tile, e->centroid_tile,
           e->depth_tile, e->seconds, e->low, e->high, e->ties, e->tuned, obstacle ? "; not used: " : "",
           obstacle ? obstacle : "");
}

static exit_code show(const settings *s) {
    subject about;
    const exit_code code = find_subject(s->positional[1], &about);
    if (code == CLI_OK) {
        const exk_profile *profile = &about.profile;
        printf("machine %s (%s): %s\n", profile->machine.hash, relation(&profile->machine, &about.here),
               profile->machine.text);
        printf("%d entr%s\n", profile->count, profile->count == 1 ? "y" : "ies");
        if (profile->count > 0)
            printf("%9s %6s %7s %7s  %-28s %10s %13s %10s  %9s %s %s  %s\n", "n", "d", "k", "threads", "variant",
                   "point_tile", "centroid_tile", "depth_tile", "seconds", "(interval)", "ties", "tuned");
        for (int i = 0; i < profile->count; i++)
            print_entry(&profile->entry[i]);
    }
    exk_profile_free(&about.profile);
    return code;
}

static void print_listed(const char *path, exk_status status, const exk_profile *profile, const exk_error *error,
                         void *user) {
    const subject *about = user;
    (void)path;
    if (status != EXK_OK) {
        warn("%s", error->message);
        return;
    }
    printf("%s  %4d  %-15s  %s\n", profile->machine.hash, profile->count,
           relation(&profile->machine, &about->here), profile->machine.text);
}

static exit_code list(const settings *s) {
    subject about;
    exk_error error = {0};
    if (s->positionals > 1)
        return fail(CLI_USAGE, "%s: unexpected argument; usage: exakt profile list", s->positional[1]);
    const exit_code code = find_here(&about.here);
    if (code != CLI_OK)
        return code;
    printf("%-16s  %4s  %-15s  %s\n", "machine", "size", "is", "fingerprint");
    if (exk_profile_each(print_listed, &about, &error) != EXK_OK)
        return fail_with(&error);
    return CLI_OK;
}

static exit_code forget(const settings *s) {
    subject about;
    exk_error error = {0};
    int forgotten = 0;
    exit_code code = find_subject(s->positional[1], &about);
    if (code == CLI_OK && exk_profile_forget(&about.profile.machine, s->stale, &forgotten, &error) != EXK_OK)
        code = fail_writing(&error);
    if (code == CLI_OK)
        printf("%d entr%s forgotten\n", forgotten, forgotten == 1 ? "y" : "ies");
    exk_profile_free(&about.profile);
    return code;
}

static exit_code export(const settings *s) {
    subject about;
    const char *path = s->positional[1];
    if (!path)
        return fail(CLI_USAGE, "an argument is missing; usage: exakt profile export F|- [MACHINE]");
    exit_code code = output_check("export", path);
    if (code == CLI_OK)
        code = find_subject(s->positional[2], &about);
    if (code != CLI_OK)
        return code;
    char *text = exk_profile_print(&about.profile);
    code = text ? output_write(path, text, strlen(text)) : fail(CLI_LIMIT, "out of memory");
    free(text);
    exk_profile_free(&about.profile);
    return code;
}

static void tell_imported(const exk_profile *profile, const exk_fingerprint *here) {
    int unusable = 0;
    const char *reason = "";
    for (int i = 0; i < profile->count; i++) {
        const char *obstacle = exk_profile_obstacle(&profile->entry[i], &profile->entry[i].shape);
        unusable += obstacle != NULL;
        reason = obstacle ? obstacle : reason;
    }
    printf("%d entr%s for machine %s (%s)", profile->count, profile->count == 1 ? "y" : "ies",
           profile->machine.hash, relation(&profile->machine, here));
    if (unusable > 0)
        printf("; %d of no use here: %s", unusable, reason);
    putchar('\n');
}

static exit_code import_profile(const exk_profile *profile) {
    exk_fingerprint here;
    char note[EXK_PROFILE_NOTE_ROOM];
    exk_error error = {0};
    const exit_code code = find_here(&here);
    if (code != CLI_OK)
        return code;
    if (exk_profile_merge(&profile->machine, profile->entry, profile->count, note, &error) != EXK_OK)
        return fail_writing(&error);
    if (note[0])
        warn("%s", note);
    tell_imported(profile, &here);
    return CLI_OK;
}

static exit_code import(const settings *s) {
    exk_profile profile;
    exk_error error = {0};
    char *text;
    size_t length;
    const char *path = s->positional[1];
    if (!path)
        return fail(CLI_USAGE, "an argument is missing; usage: exakt profile import F");
    if (exk_store_read(path, EXK_PROFILE_BYTES_MOST, &text, &length, &error) != EXK_OK)
        return fail_with(&error);
    if (!text)
        return fail(CLI_INPUT, "%s: no such file", path);
    const exk_status status = exk_profile_parse(text, length, path, &profile, &error);
    free(text);
    if (status != EXK_OK)
        return fail_with(&error);
    const exit_code code = import_profile(&profile);
    exk_profile_free(&profile);
    return code;
}

typedef struct action {
    const char *name;
    exit_code (*run)(const settings *s);
} action;

static const action actions[] = {
    {"show", show}, {"list", list}, {"forget", forget}, {"export", export}, {"import", import}};

static exit_code profile(const settings *s) {
    nearest near = nearest_to(s->positional[0]);
    if (!json_available())
        return fail(CLI_USAGE, "profiles need cJSON; install libcjson-dev and build again");
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(s->positional[0], actions[i].name) == 0)
            return actions[i].run(s);
        nearest_offer(&near, actions[i].name);
    }
    return fail(CLI_USAGE, "%s: unknown; %s%s%suse show, list, forget, export or import", s->positional[0],
                near.best ? "did you mean " : "", near.best ? near.best : "", near.best ? "? " : "");
}

const command command_profile = {
    .name = "profile",
    .bit = CMD_PROFILE,
    .synopsis = "show|list|forget|export|import [arguments]",
    .summary = "Show, move or forget the plans that were tuned on this machine.",
    .text = "exakt profile show [MACHINE]             the tuned plans of this machine, or of another by its hash\n"
            "exakt profile list                       the machines that there are plans for\n"
            "exakt profile forget [MACHINE] [--stale] remove them\n"
            "exakt profile export F|- [MACHINE]       write them to a file\n"
            "exakt profile import F                   merge those of a file with those of its machine\n"
            "\n"
            "They are kept in $EXAKT_CACHE, else $XDG_CACHE_HOME/exakt, else ~/.cache/exakt. A run uses the plan "
            "that\n"
            "was tuned for its shape on this machine; else that of the nearest shape (d and k within a factor of\n"
            "two); else one of a machine with the same caches; else the cache model, and says which it was.\n"
            "\n"
            "example:\n"
            "  exakt profile export tuned.json\n",
    .least = 1,
    .most = 3,
    .run = profile,
};
