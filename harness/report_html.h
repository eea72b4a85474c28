/* One HTML file of result files: pictures, tables, and the machine they are of. */
#ifndef EXK_REPORT_HTML_H
#define EXK_REPORT_HTML_H

#include "harness/cli.h"
#include "harness/plot_sources.h"

/* Write it, as a whole or not at all. What cannot be drawn is shown as a table. */
exit_code report_html_write(const plot_sources *s, const char *title, const char *path);

/* report_tables.c: what a record says, row by row; and the machine and program that a JSON record names. No rows:
 * it says nothing of that. */
void report_fill_record(const plot_source *source, table *t);
void report_fill_machine(const plot_source *source, table *t);

#endif
