/* The file of measurements: every sample that tuning ever took on this machine, a line each, comma-separated under
 * a header line. Later searches, plots and simulations read it; nothing is ever removed from it.
 *
 *   session   when the search began, and the process: 20260131T120000Z-4711
 *   build, registry, isa   as in profiles: what the times depend on beside the machine
 *   input     as it was given; quoted
 *   n, d, k, threads       the shape that was tuned, and for how many threads
 *   round     of the search, from 0; times of one round were measured side by side
 *   stage     of the search: arms, near, final; of an evaluation: grid, compare
 *   variant, point_tile, centroid_tile, depth_tile, matrix_bytes   the plan; 0: not a tunable of this variant
 *   points, repeats        a pass took so many of the points, and the sample so many passes
 *   seconds   of a pass over all n points, the median of the repeats; empty if the plan failed
 *   wall      seconds that the sample took with all that surrounds it
 *   flags     what disturbed it: stolen, preempted, faulted, with + between; such a sample is measured again
 *             and the last one of its round counts */
#ifndef EXK_TUNE_LOG_H
#define EXK_TUNE_LOG_H

#include "harness/cli.h"
#include "kernels/variant.h"
#include "tuner/fingerprint.h"
#include "tuner/hash.h"

#include "exakt.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TUNE_SESSION_ROOM = 40, TUNE_INPUT_ROOM = 256, TUNE_WORD_ROOM = 64 };

typedef struct tune_record {
    char session[TUNE_SESSION_ROOM];
    char build[EXK_HASH_ROOM], registry[EXK_HASH_ROOM], isa[16];
    char input[TUNE_INPUT_ROOM];
    exk_shape shape;
    int threads, round;
    char stage[16];
    char variant[TUNE_WORD_ROOM];
    int64_t value[EXK_FIELD_COUNT];
    int64_t points;
    int repeats;
    double seconds; /* NAN: failed */
    double wall;
    unsigned flags; /* measure_flag */
} tune_record;

/* Where measurements are appended. */
typedef struct tune_log {
    int file, lock; /* -1: none */
    char path[4096];
    bool busy;         /* another program tunes this machine just now */
    bool failed;       /* a write failed; nothing more is written */
    tune_record stamp; /* what all records of this session share */
} tune_log;

/* The file for a machine in the cache folder, made if it is not there. Refused: a file with another header. */
exk_status tune_log_open(const exk_fingerprint *machine, tune_log *log, exk_error *error);
void tune_log_close(tune_log *log);

/* Append records, all of them at once so that two writers do not mix. */
exk_status tune_log_append(tune_log *log, const tune_record *records, int count, exk_error *error);

/* All records of a text (a 0 stands at its end) in their order; lines that are none are counted in *damaged. The
 * caller frees *records. EXK_ERR_FORMAT if the first line is not the header. */
exk_status tune_log_parse(const char *text, const char *name, tune_record **records, int *count, int *damaged,
                          exk_error *error);

/* The same for a file; none if it is not there. */
exk_status tune_log_read(const char *path, tune_record **records, int *count, int *damaged, exk_error *error);

/* The path of a machine's file. */
exk_status tune_log_path(const exk_fingerprint *machine, char *path, size_t room, exk_error *error);

/* What all records of this process share: session, build, registry, isa. */
void tune_stamp(tune_record *stamp);

/* Whether two records are of the same search: what, where, with what. An empty input of b is any, and then only
 * searches and grids count. */
bool tune_same_search(const tune_record *a, const tune_record *b);

#ifdef __cplusplus
}
#endif

#endif
