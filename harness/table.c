#include "harness/table.h"

#include "harness/samples.h"
#include "kernels/status.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than any record has; what lies beyond is damage. */
enum { CELLS_MOST = 1 << 24, COLUMNS_MOST = 256, CELL_ROOM = 8192 };

/* --- building --- */

static void add_bytes(table *t, const char *text, size_t length) {
    if (t->cells == t->room && !t->failed) {
        const int room = t->room ? 2 * t->room : 64;
        char **grown = room <= CELLS_MOST ? realloc(t->cell, (size_t)room * sizeof *grown) : NULL;
        t->failed = !grown;
        t->cell = grown ? grown : t->cell;
        t->room = grown ? room : t->room;
    }
    char *copy = t->failed ? NULL : malloc(length + 1);
    t->failed = !copy;
    if (!copy)
        return;
    memcpy(copy, text, length);
    copy[length] = 0;
    t->cell[t->cells++] = copy;
}

void table_add(table *t, const char *text) {
    add_bytes(t, text, strlen(text));
}

void table_add_format(table *t, const char *format, ...) {
    char text[CELL_ROOM];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    table_add(t, text);
}

void table_add_real(table *t, double value) {
    if (isfinite(value))
        table_add_format(t, "%.9g", value);
    else
        table_add(t, "NA");
}

void table_add_integer(table *t, int64_t value) {
    table_add_format(t, "%" PRId64, value);
}

void table_begin(table *t, const char *columns) {
    *t = (table){0};
    for (const char *at = columns;; at++) {
        const size_t length = strcspn(at, ",");
        add_bytes(t, at, length);
        t->columns++;
        at += length;
        if (!*at)
            return;
    }
}

void table_free(table *t) {
    for (int i = 0; i < t->cells; i++)
        free(t->cell[i]);
    free(t->cell);
    *t = (table){0};
}

/* --- looking --- */

int table_rows(const table *t) {
    return t->columns > 0 && t->cells > 0 ? t->cells / t->columns - 1 : 0;
}

int table_find_column(const table *t, const char *name) {
    for (int i = 0; i < t->columns && i < t->cells; i++)
        if (strcmp(t->cell[i], name) == 0)
            return i;
    return -1;
}

const char *table_text(const table *t, int row, const char *column) {
    const int at = table_find_column(t, column);
    return at < 0 || row < 0 || row >= table_rows(t) ? "" : t->cell[(row + 1) * t->columns + at];
}

double table_real(const table *t, int row, const char *column) {
    const char *text = table_text(t, row, column);
    char *end;
    const double value = strtod(text, &end);
    return *text && !*end ? value : NAN;
}

/* --- CSV --- */

/* The next cell, without its quotes, into text; the line goes on behind it. False: too long, or quotes that do not
 * end. */
static bool take_cell(const char **at, char text[CELL_ROOM], size_t *length) {
    const char *p = *at;
    const bool quoted = *p == '"';
    bool open = quoted;
    *length = 0;
    for (p += quoted; *p && (open || (*p != ',' && *p != '\n' && *p != '\r')); p++) {
        if (open && *p == '"' && *++p != '"') {
            open = false;
            break;
        }
        if (*length + 1 == CELL_ROOM)
            return false;
        text[(*length)++] = *p;
    }
    *at = p;
    return !open;
}

/* The cells of a line; where it ends goes to *at. How many, or -1. */
static int take_line(const char **at, table *t) {
    char text[CELL_ROOM];
    size_t length;
    for (int count = 1; count <= COLUMNS_MOST; count++) {
        if (!take_cell(at, text, &length))
            return -1;
        add_bytes(t, text, length);
        if (**at == ',') {
            (*at)++;
            continue;
        }
        *at += **at == '\r';
        if (**at && **at != '\n')
            return -1;
        *at += **at == '\n';
        return count;
    }
    return -1;
}

exk_status table_parse(const char *text, const char *name, table *t, exk_error *error) {
    *t = (table){0};
    const char *at = text;
    for (int line = 1; *at; line++) {
        if (*at == '\n') {
            at++;
            continue;
        }
        const int count = take_line(&at, t);
        t->columns = t->columns == 0 ? count : t->columns;
        if (t->failed || count <= 0 || count != t->columns) {
            const bool short_of_memory = t->failed;
            const int wanted = t->columns;
            table_free(t);
            if (short_of_memory)
                return exk_fail(error, EXK_ERR_MEMORY, "%s: out of memory", name);
            return exk_fail(error, EXK_ERR_FORMAT, "%s: line %d: not %d cells as the first line has", name, line,
                            wanted > 0 ? wanted : 1);
        }
    }
    return EXK_OK;
}

static void put_cell(FILE *out, const char *text) {
    if (!*text || strpbrk(text, ",\"\n\r "))
        csv_put_text(out, text);
    else
        fputs(text, out);
}

/* Without quotes: what stands between cells becomes a blank, and quotes, which gnuplot would take off,
 * apostrophes. */
static void put_plain(FILE *out, const char *text) {
    for (; *text; text++)
        fputc(*text == '\t' || *text == '\n' || *text == '\r' ? ' ' : *text == '"' ? '\'' : *text, out);
}

typedef void (*put_fn)(FILE *out, const char *text);

static char *print(const table *t, put_fn put, char between, size_t *length) {
    char *text = NULL;
    FILE *out = t->failed ? NULL : open_memstream(&text, length);
    if (!out)
        return NULL;
    for (int i = 0; i < t->cells; i++) {
        put(out, t->cell[i]);
        fputc((i + 1) % t->columns ? between : '\n', out);
    }
    const bool whole = !ferror(out);
    if (fclose(out) == 0 && whole)
        return text;
    free(text);
    return NULL;
}

char *table_csv(const table *t, size_t *length) {
    return print(t, put_cell, ',', length);
}

char *table_tsv(const table *t, size_t *length) {
    return print(t, put_plain, '\t', length);
}
