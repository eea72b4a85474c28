/* Writing files that are either the old one or the whole new one. */
#ifndef EXK_DATASETS_REPLACE_H
#define EXK_DATASETS_REPLACE_H

#include "exakt.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct exk_piece {
    const void *data;
    size_t bytes;
} exk_piece;

/* Make the pieces, one after the other, the content of `path`. They are written to a file without a name where the
 * file system can do that, synced, named PATH.PID-N.tmp and renamed; elsewhere the file has that name from the
 * start, and only a killed process leaves it behind. A symbolic link is followed; anything but a regular file is
 * refused. */
exk_status exk_file_replace(const char *path, const exk_piece *pieces, int count, exk_error *error);

#ifdef __cplusplus
}
#endif
#endif
