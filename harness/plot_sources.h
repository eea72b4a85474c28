/* Files of results, told apart by what they hold: what pictures and reports are made of. */
#ifndef EXK_PLOT_SOURCES_H
#define EXK_PLOT_SOURCES_H

#include "harness/table.h"
#include "tuner/json.h"

#include <limits.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum plot_record {
    RECORD_BENCH,      /* JSON of exakt bench */
    RECORD_COMPARE,    /* JSON of exakt compare */
    RECORD_CEILINGS,   /* JSON of exakt ceilings */
    RECORD_FIT,        /* JSON of exakt fit, assign, score */
    RECORD_EVALUATION, /* CSV of exakt evaluate */
    RECORD_TRACE,      /* CSV of exakt trace */
    RECORD_TUNE_LOG,   /* tune-....csv of the cache folder */
    RECORD_TILES,      /* CSV beside the picture of exakt explain --heat-map */
    RECORD_DEMO,       /* CSV of exakt demo */
    RECORD_CLAIMS,     /* CSV of exakt reproduce */
    RECORD_TYPES
} plot_record;

typedef struct plot_source {
    char name[PATH_MAX];
    plot_record record;
    json *root;  /* of JSON, else NULL */
    table table; /* of CSV, else without cells */
} plot_source;

enum { PLOT_SOURCES_MOST = 256 };

typedef struct plot_sources {
    plot_source *list;
    int count;
} plot_sources;

/* "a record of exakt bench (--json)": what such a file is to its user. */
const char *plot_record_text(plot_record record);

/* Read one more file. On failure the others stay, and error names the file and what would be taken. */
exk_status plot_sources_add(plot_sources *s, const char *path, exk_error *error);
void plot_sources_free(plot_sources *s);

/* How many of the files are such records. */
int plot_sources_count(const plot_sources *s, plot_record record);

/* Members of JSON that may be missing: NAN, "" or NULL where they are. */
double source_real(const json *object, const char *key);
const char *source_text(const json *object, const char *key, char *text, size_t room);
const json *source_object(const json *object, const char *key);
const json *source_first(const json *object, const char *key); /* of an array of objects; go on with json_next */

#ifdef __cplusplus
}
#endif

#endif
