/* Files that the program reads while it runs and that come with it: gnuplot scripts, the driver of rivals. */
#ifndef EXK_SHARED_FILES_H
#define EXK_SHARED_FILES_H

#include <stdbool.h>
#include <stddef.h>

/* The path of a file by its name in the source ("plots/trace.gp"): in share/exakt beside an installed program,
 * where the program was built, or here. False if it is in none of them. */
bool shared_file_find(const char *name, char *path, size_t size);

#endif
