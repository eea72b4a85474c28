/* The formats of result files, as docs/results.md specifies them: which members or columns, of what type and
 * range, since which version. Files are told apart by what they say they are (JSON) or by their header line (CSV).
 */
#ifndef EXK_FORMATS_H
#define EXK_FORMATS_H

#include "tuner/json.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum format_kind {
    FORMAT_TEXT,
    FORMAT_INTEGER,
    FORMAT_REAL,
    FORMAT_NUMBERS, /* a list of reals */
    FORMAT_BOOL,
    FORMAT_TEXTS, /* a list of texts */
    FORMAT_OBJECT,
    FORMAT_LIST /* of objects */
} format_kind;

typedef struct format_field {
    const char *path; /* "rows[].samples[].seconds" */
    format_kind kind;
    double least, most;
    enum { FORMAT_ALWAYS, FORMAT_MAYBE_NULL, FORMAT_MAYBE_ABSENT } presence;
    int since; /* version */
} format_field;

typedef struct record_format {
    const char *name; /* "exakt bench" */
    int oldest, newest;
    const format_field *fields; /* ended by a path of NULL */
} record_format;

/* NULL beyond. */
const record_format *format_at(int index);

/* Which format a record has, and which version of it. NULL, and the error names what is wrong: no record of this
 * program, or one of a newer version. */
const record_format *format_of(const json *root, int *version, json_source *source);

/* The same where only one format will do: "exakt bench". */
bool format_demand(const json *root, const char *name, int *version, json_source *source);

/* Whether all members are there and in range. */
bool format_check(const record_format *format, int version, const json *root, json_source *source);

/* --- tables --- */

typedef struct table_column {
    const char *name;
    format_kind kind; /* text, integer or real */
    double least, most;
    bool may_be_unknown; /* NA, or empty */
} table_column;

typedef struct table_format {
    const char *name; /* "exakt bench table" */
    int version;
    const char *header;
    bool loose; /* anything may be unknown: claims that cannot be tested have no numbers */
} table_format;

/* NULL beyond. */
const table_format *table_at(int index);
const table_column *table_column_at(int index);

/* Check a whole CSV text: header, number of cells, their types and ranges. *rows: how many lines follow the
 * header. NULL, and the error names line and column, if something is wrong. */
const table_format *table_check(const char *text, const char *name, int64_t *rows, exk_error *error);

#ifdef __cplusplus
}
#endif

#endif
