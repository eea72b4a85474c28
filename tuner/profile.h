/* Tuned plans, kept per machine: which variant and tiles were fastest for which shape.
 *
 * One JSON file for each fingerprint lies in the cache folder, beside the copy that it replaced and a lock.
 * Writers take turns and merge into what they find, so none loses another's entries; readers see one whole file or
 * the other. */
#ifndef EXK_PROFILE_H
#define EXK_PROFILE_H

#include "kernels/variant.h"
#include "tuner/record.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    EXK_PROFILE_ENTRIES = 4096,
    EXK_PROFILE_BYTES_MOST = 16 << 20,
    EXK_PROFILE_NAME_ROOM = 64,
    EXK_PROFILE_ISA_ROOM = 16,
    EXK_PROFILE_NOTE_ROOM = 1024
};

/* The outcome of tuning one shape. */
typedef struct exk_profile_entry {
    exk_shape shape;
    int threads;
    char isa[EXK_PROFILE_ISA_ROOM]; /* the strongest that was allowed: EXAKT_ISA counts */
    char variant[EXK_PROFILE_NAME_ROOM];
    int64_t point_tile, centroid_tile, depth_tile, matrix_bytes; /* as in exk_plan */
    double seconds, low, high;                                   /* of an iteration: median and its interval */
    int ties;                  /* candidates, this one included, that could not be told apart from the fastest */
    double budget;             /* seconds that tuning was given */
    char tuned[EXK_TIME_ROOM]; /* when */
    char build[EXK_HASH_ROOM], registry[EXK_HASH_ROOM];
} exk_profile_entry;

/* Entries by d, k, n, threads and the rest of what tells them apart. */
typedef struct exk_profile {
    exk_fingerprint machine;
    exk_profile_entry *entry;
    int count;
} exk_profile;

/* Fill isa, tuned, build and registry of an entry with those of now and here. */
void exk_profile_stamp(exk_profile_entry *entry);

void exk_profile_free(exk_profile *profile);

/* A whole profile from a text (a 0 stands at its end), or an error, one line that starts with name, and an
 * empty profile. */
exk_status exk_profile_parse(const char *text, size_t length, const char *name, exk_profile *profile,
                             exk_error *error);

/* The profile as text, to be freed with free(); NULL if memory is short or there is no JSON in this build. */
char *exk_profile_print(const exk_profile *profile);

/* Put entries in, each in the place of an older one with the same shape, threads, isa, variant, build and
 * registry. False, and nothing is changed, if there is no room or no memory. */
bool exk_profile_add(exk_profile *profile, const exk_profile_entry *entries, int count);

/* --- the files --- */

/* The profile of a machine from the cache folder; empty if there is none. A damaged file is replaced by the copy
 * that was kept before it, and that by nothing: note (EXK_PROFILE_NOTE_ROOM bytes) then says so in one line, and
 * is "" otherwise. */
exk_status exk_profile_load(const exk_fingerprint *machine, exk_profile *profile, char *note, exk_error *error);

/* Merge entries into the file of a machine; the one that was there is kept as a copy, a damaged one under another
 * name. Waits for other writers, but not for ever. What exk_profile_load notes is noted here too. */
exk_status exk_profile_merge(const exk_fingerprint *machine, const exk_profile_entry *entries, int count,
                             char *note, exk_error *error);

/* Remove the entries of other builds and registries, or all entries and both files. *forgotten says how many. */
exk_status exk_profile_forget(const exk_fingerprint *machine, bool only_stale, int *forgotten, exk_error *error);

/* Called for each file that looks like a profile, in rising order of names; profile is empty where status is not
 * EXK_OK. */
typedef void (*exk_profile_fn)(const char *path, exk_status status, const exk_profile *profile,
                               const exk_error *error, void *user);
exk_status exk_profile_each(exk_profile_fn visit, void *user, exk_error *error);

/* --- the answers --- */

/* Whether it was tuned with another build, or other variants to choose from. */
bool exk_profile_is_stale(const exk_profile_entry *entry);

/* Why the entry is of no use here and now (a static string), or NULL. */
const char *exk_profile_obstacle(const exk_profile_entry *entry, const exk_shape *shape);

/* The entry for this shape, number of threads and variant (NULL: any), or of several the fastest; NULL if there is
 * none. */
const exk_profile_entry *exk_profile_exact(const exk_profile *profile, const exk_shape *shape, int threads,
                                           const char *variant);

/* The entry for the nearest shape: d and k each within a factor of two, n no smaller than half of that tuned, the
 * distance being that of (log2 d, log2 k); of equally near ones the one with the nearest n, of those the fastest.
 */
const exk_profile_entry *exk_profile_near(const exk_profile *profile, const exk_shape *shape, int threads,
                                          const char *variant);

/* The entry's plan for a shape. Tiles of points and centroids keep their bytes, so they hold more shorter rows; a
 * depth tile of all dimensions stays one. */
exk_plan exk_profile_plan(const exk_profile_entry *entry, const exk_shape *shape, int threads);

#ifdef __cplusplus
}
#endif
#endif
