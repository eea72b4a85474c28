/* Pieces of one HTML file that needs no network and no scripts, in light and dark. */
#ifndef EXK_HTML_H
#define EXK_HTML_H

#include "harness/table.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Everything before and after the content. */
void html_begin(FILE *out, const char *title);
void html_end(FILE *out);

/* Text with what HTML would take for its own replaced. */
void html_text(FILE *out, const char *text);

/* <h2>text</h2> or, for level 3, <h3>. */
void html_heading(FILE *out, int level, const char *text);
void html_paragraph(FILE *out, const char *text);

/* At most so many rows; what was left out is said. */
void html_table(FILE *out, const table *t, int most);

/* An SVG document as it is, its identifiers made unique by the number; what it shows is said to those who cannot
 * see it. */
void html_picture(FILE *out, const char *svg, int number, const char *shows);

#ifdef __cplusplus
}
#endif

#endif
