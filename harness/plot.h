/* Pictures, by gnuplot and the scripts in plots/. A picture is a bonus: what is missing is said, nothing fails. */
#ifndef EXK_PLOT_H
#define EXK_PLOT_H

#include <stdbool.h>
#include <stddef.h>

/* Run plots/SCRIPT on a data file. False, and why, if there is no picture. */
bool plot_draw(const char *script, const char *data, const char *picture, char *why, size_t size);

#endif
