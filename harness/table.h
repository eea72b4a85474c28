/* Tables of text with named columns: what pictures are drawn from and what reports show. */
#ifndef EXK_TABLE_H
#define EXK_TABLE_H

#include "exakt.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct table {
    char **cell; /* the names of the columns, then row by row */
    int columns, cells, room;
    bool failed; /* memory was short: the table is not whole */
} table;

/* No rows, and these columns: "variant,threads,seconds". Ends with table_free. */
void table_begin(table *t, const char *columns);
void table_free(table *t);

/* The next cell, from left to right, row after row. A number that is not finite becomes NA. */
void table_add(table *t, const char *text);
void table_add_format(table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_add_real(table *t, double value);
void table_add_integer(table *t, int64_t value);

int table_rows(const table *t);

/* The position of a column; -1 if there is none of that name. */
int table_find_column(const table *t, const char *name);

/* A cell, rows from 0; "" without such a column or row. The number in it; NAN if it has none. */
const char *table_text(const table *t, int row, const char *column);
double table_real(const table *t, int row, const char *column);

/* RFC 4180: the first line names the columns. EXK_ERR_FORMAT names the line that has another number of cells. */
exk_status table_parse(const char *text, const char *name, table *t, exk_error *error);

/* The table as CSV, to be freed with free(); NULL if memory is or was short. */
char *table_csv(const table *t, size_t *length);

/* The same with tabs between cells and without quotes, which is what gnuplot reads best. */
char *table_tsv(const table *t, size_t *length);

#ifdef __cplusplus
}
#endif

#endif
