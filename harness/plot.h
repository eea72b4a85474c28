/* Pictures: each kind makes a table of what records hold, and a gnuplot script of plots/ draws it. A picture is a
 * bonus: what is missing is said, nothing else fails. */
#ifndef EXK_PLOT_H
#define EXK_PLOT_H

#include "harness/plot_sources.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct plot_kind {
    const char *name;                              /* of --kind */
    const char *script;                            /* in plots/ */
    const char *title;                             /* of the picture */
    const char *axis;                              /* of the values of a bar chart, or "" */
    const char *scale;                             /* "linear" or "log", likewise */
    const char *needs;                             /* which records, for --help */
    void (*fill)(const plot_sources *s, table *t); /* t gets columns, and rows as far as the records have them */
} plot_kind;

/* The kinds in the order of --help; NULL for an index out of range. */
const plot_kind *plot_kind_at(int index);
const plot_kind *plot_kind_find(const char *name);

/* The table of a picture; false, and nothing to free, if the records have no row of it or memory is short. */
bool plot_table(const plot_kind *kind, const plot_sources *s, table *t);

/* Whether the name ends as a picture does: .png or .svg. */
bool plot_is_picture(const char *name);

/* Draw a table. The picture is replaced as a whole. False, and why, if there is none. */
bool plot_draw(const plot_kind *kind, const table *t, const char *picture, char *why, size_t size);

/* The same for what one file holds. */
bool plot_file(const char *kind, const char *path, const char *picture, char *why, size_t size);

/* Where gnuplot comes from, for messages. */
extern const char plot_install_hint[];

/* What fills tables: plot_bars.c and plot_curves.c. */
void plot_fill_speedup(const plot_sources *s, table *t);
void plot_fill_rivals(const plot_sources *s, table *t);
void plot_fill_memory(const plot_sources *s, table *t);
void plot_fill_demo(const plot_sources *s, table *t);
void plot_fill_gaps(const plot_sources *s, table *t);
void plot_fill_claims(const plot_sources *s, table *t);
void plot_fill_roofline(const plot_sources *s, table *t);
void plot_fill_scaling(const plot_sources *s, table *t);
void plot_fill_skipping(const plot_sources *s, table *t);
void plot_fill_convergence(const plot_sources *s, table *t);
void plot_fill_tuner(const plot_sources *s, table *t);
void plot_fill_tiles(const plot_sources *s, table *t);

/* "assign_f32_fused__avx2" without what all variants share. */
const char *plot_short_name(const char *variant);

#ifdef __cplusplus
}
#endif

#endif
