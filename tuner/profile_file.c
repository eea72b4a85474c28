/* Profiles in the cache folder: locked while they are written, with a copy to fall back to. */
#include "tuner/profile.h"

#include "datasets/replace.h"
#include "kernels/status.h"
#include "tuner/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/* A writer holds the lock for milliseconds; one that holds it longer is stuck. */
enum { LOCK_TRIES = 100, LOCK_PAUSE_MS = 100 };

static const char prefix[] = "profile-", suffix[] = ".json";

/* The files of one machine. */
typedef struct paths {
    char file[PATH_MAX], copy[PATH_MAX + 16], damaged[PATH_MAX + 16], lock[PATH_MAX + 16];
} paths;

static exk_status find_paths(const char *hash, paths *p, exk_error *error) {
    char name[64];
    snprintf(name, sizeof name, "%s%s%s", prefix, hash, suffix);
    const exk_status status = exk_store_path(name, p->file, sizeof p->file, error);
    snprintf(p->copy, sizeof p->copy, "%s.old", p->file);
    snprintf(p->damaged, sizeof p->damaged, "%s.damaged", p->file);
    snprintf(p->lock, sizeof p->lock, "%s.lock", p->file);
    return status;
}

/* A file read and understood, or the reason why not. */
typedef struct reading {
    exk_status status;
    bool found;
    char *text;
    exk_profile profile;
    exk_error error;
} reading;

static reading read_profile(const char *path, const exk_fingerprint *machine) {
    reading r = {.status = EXK_OK};
    size_t length;
    r.status = exk_store_read(path, EXK_PROFILE_BYTES_MOST, &r.text, &length, &r.error);
    r.found = r.status == EXK_OK && r.text;
    if (!r.found)
        return r;
    r.status = exk_profile_parse(r.text, length, path, &r.profile, &r.error);
    if (r.status == EXK_OK && machine && strcmp(r.profile.machine.text, machine->text) != 0) {
        r.status = exk_fail(&r.error, EXK_ERR_FORMAT, "%s: of another machine (%s)", path, r.profile.machine.hash);
        exk_profile_free(&r.profile);
    }
    return r;
}

static void end_reading(reading *r) {
    exk_profile_free(&r->profile);
    free(r->text);
}

/* The profile of a reading passes to its new owner. */
static void take_profile(reading *r, exk_profile *profile) {
    *profile = r->profile;
    memset(&r->profile, 0, sizeof r->profile);
}

/* The file, else the copy before it, else nothing. main is what was read of the file itself. */
static void load(const paths *p, const exk_fingerprint *machine, exk_profile *profile, char *note, reading *main) {
    *main = read_profile(p->file, machine);
    *profile = (exk_profile){.machine = *machine};
    note[0] = '\0';
    if (main->status == EXK_OK) {
        if (main->found)
            take_profile(main, profile);
        return;
    }
    reading copy = read_profile(p->copy, machine);
    const bool saved = copy.status == EXK_OK && copy.found;
    if (saved)
        take_profile(&copy, profile);
    snprintf(note, EXK_PROFILE_NOTE_ROOM, "%s; %s", main->error.message,
             saved ? "the copy from before the last change is used"
                   : "and there is no usable copy: it is ignored");
    end_reading(&copy);
}

exk_status exk_profile_load(const exk_fingerprint *machine, exk_profile *profile, char *note, exk_error *error) {
    paths p;
    reading main;
    *profile = (exk_profile){.machine = *machine};
    note[0] = '\0';
    if (!json_available())
        return EXK_OK;
    const exk_status status = find_paths(machine->hash, &p, error);
    if (status != EXK_OK)
        return status;
    load(&p, machine, profile, note, &main);
    end_reading(&main);
    return EXK_OK;
}

static void pause_ms(long ms) {
    const struct timespec time = {.tv_nsec = ms * 1000000};
    nanosleep(&time, NULL);
}

/* The descriptor that holds the lock, to be closed; -1 on failure. */
static int take_lock(const paths *p, exk_error *error) {
    const int file = open(p->lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
        exk_error_set(error, EXK_ERR_FILE, -1, -1, "%s: cannot be created: %s", p->lock, strerror(errno));
        return -1;
    }
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(file, LOCK_EX | LOCK_NB) == 0)
            return file;
        if (errno != EWOULDBLOCK && errno != EINTR)
            break;
        pause_ms(LOCK_PAUSE_MS);
    }
    exk_error_set(error, EXK_ERR_FILE, -1, -1, "%s: cannot be locked: %s", p->lock,
                  errno == EWOULDBLOCK ? "another program holds it" : strerror(errno));
    close(file);
    return -1;
}

static exk_status replace(const char *path, const char *text, exk_error *error) {
    const exk_piece piece = {text, strlen(text)};
    return exk_file_replace(path, &piece, 1, error);
}

/* Someone may want to look at it. */
static void keep_damaged(const paths *p) {
    unlink(p->damaged);
    (void)!link(p->file, p->damaged);
}

/* Under the lock. A good file becomes the copy before it is replaced; a damaged one never does. */
static exk_status save(const paths *p, const reading *main, const exk_profile *profile, exk_error *error) {
    char *text = exk_profile_print(profile);
    if (!text)
        return exk_fail(error, EXK_ERR_MEMORY, "%s: out of memory", p->file);
    exk_status status = EXK_OK;
    if (main->status != EXK_OK)
        keep_damaged(p);
    else if (main->found)
        status = replace(p->copy, main->text, error);
    if (status == EXK_OK)
        status = replace(p->file, text, error);
    free(text);
    return status;
}

/* A file that cannot be read just now may be a good one: it must not be replaced. */
static exk_status check_readable(const reading *main, exk_error *error) {
    if (main->status != EXK_OK && main->status != EXK_ERR_FORMAT)
        return exk_fail(error, main->status, "%s", main->error.message);
    return EXK_OK;
}

static exk_status merge_locked(const paths *p, const exk_fingerprint *machine, const exk_profile_entry *entries,
                               int count, char *note, exk_error *error) {
    exk_profile profile;
    reading main;
    load(p, machine, &profile, note, &main);
    exk_status status = check_readable(&main, error);
    if (status == EXK_OK && !exk_profile_add(&profile, entries, count))
        status = exk_fail(error, EXK_ERR_MEMORY,
                          "%s: no room for %d more entries; exakt profile forget --stale may make some", p->file,
                          count);
    if (status == EXK_OK)
        status = save(p, &main, &profile, error);
    exk_profile_free(&profile);
    end_reading(&main);
    return status;
}

/* Paths, folder and lock: what every writer needs. *lock is to be closed. */
static exk_status begin_writing(const char *hash, paths *p, int *lock, exk_error *error) {
    *lock = -1;
    if (!json_available())
        return exk_fail(error, EXK_ERR_FILE, "profiles cannot be kept: built without cJSON");
    exk_status status = find_paths(hash, p, error);
    if (status == EXK_OK)
        status = exk_store_prepare(p->file, error);
    if (status == EXK_OK)
        *lock = take_lock(p, error);
    return status != EXK_OK ? status : *lock < 0 ? EXK_ERR_FILE : EXK_OK;
}

exk_status exk_profile_merge(const exk_fingerprint *machine, const exk_profile_entry *entries, int count,
                             char *note, exk_error *error) {
    paths p;
    int lock;
    note[0] = '\0';
    exk_status status = begin_writing(machine->hash, &p, &lock, error);
    if (status != EXK_OK)
        return status;
    status = merge_locked(&p, machine, entries, count, note, error);
    close(lock);
    return status;
}

static int drop_stale(exk_profile *profile) {
    int kept = 0;
    for (int i = 0; i < profile->count; i++) {
        if (!exk_profile_is_stale(&profile->entry[i]))
            profile->entry[kept++] = profile->entry[i];
    }
    const int dropped = profile->count - kept;
    profile->count = kept;
    return dropped;
}

static exk_status remove_file(const char *path, exk_error *error) {
    if (unlink(path) == 0 || errno == ENOENT)
        return EXK_OK;
    return exk_fail(error, EXK_ERR_FILE, "%s: cannot be removed: %s", path, strerror(errno));
}

/* The copy first: without it a damaged file could bring back what was to be forgotten. */
static exk_status remove_files(const paths *p, exk_error *error) {
    const exk_status status = remove_file(p->copy, error);
    return status == EXK_OK ? remove_file(p->file, error) : status;
}

exk_status exk_profile_forget(const exk_fingerprint *machine, bool only_stale, int *forgotten, exk_error *error) {
    paths p;
    int lock;
    char note[EXK_PROFILE_NOTE_ROOM];
    exk_profile profile;
    reading main;
    *forgotten = 0;
    exk_status status = begin_writing(machine->hash, &p, &lock, error);
    if (status != EXK_OK)
        return status;
    load(&p, machine, &profile, note, &main);
    *forgotten = only_stale ? drop_stale(&profile) : profile.count;
    if (!only_stale)
        status = remove_files(&p, error);
    else
        status = check_readable(&main, error);
    if (status == EXK_OK && only_stale && *forgotten > 0)
        status = save(&p, &main, &profile, error);
    exk_profile_free(&profile);
    end_reading(&main);
    close(lock);
    return status;
}

static int is_profile(const struct dirent *item) {
    const size_t length = strlen(item->d_name), start = sizeof prefix - 1, end = sizeof suffix - 1;
    char hash[EXK_HASH_ROOM];
    if (length != start + EXK_HASH_ROOM - 1 + end || strncmp(item->d_name, prefix, start) != 0 ||
        strcmp(item->d_name + length - end, suffix) != 0)
        return 0;
    snprintf(hash, sizeof hash, "%s", item->d_name + start);
    return exk_is_hash(hash);
}

static void visit_file(const char *name, exk_profile_fn visit, void *user) {
    char path[PATH_MAX];
    exk_error error = {0};
    if (exk_store_path(name, path, sizeof path, &error) != EXK_OK)
        return;
    reading r = read_profile(path, NULL);
    if (r.found && r.status == EXK_OK && strncmp(r.profile.machine.hash, name + sizeof prefix - 1, 16) != 0) {
        r.status = exk_fail(&r.error, EXK_ERR_FORMAT, "%s: of another machine (%s)", path, r.profile.machine.hash);
        exk_profile_free(&r.profile);
    }
    if (r.found || r.status != EXK_OK)
        visit(path, r.status, &r.profile, &r.error, user);
    end_reading(&r);
}

exk_status exk_profile_each(exk_profile_fn visit, void *user, exk_error *error) {
    char folder[PATH_MAX];
    struct dirent **items;
    const exk_status status = exk_store_path("", folder, sizeof folder, error);
    if (status != EXK_OK || !json_available())
        return status;
    const int count = scandir(folder, &items, is_profile, alphasort);
    if (count < 0)
        return errno == ENOENT ? EXK_OK
                               : exk_fail(error, EXK_ERR_FILE, "%s: cannot be read: %s", folder, strerror(errno));
    for (int i = 0; i < count; i++) {
        visit_file(items[i]->d_name, visit, user);
        free(items[i]);
    }
    free(items);
    return EXK_OK;
}
