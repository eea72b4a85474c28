/* The folder where results about this machine are kept from run to run. */
#ifndef EXK_STORE_H
#define EXK_STORE_H

#include "exakt.h"

#ifdef __cplusplus
extern "C" {
#endif

/* $EXAKT_CACHE, else $XDG_CACHE_HOME/exakt, else ~/.cache/exakt; EXK_ERR_FILE if none of them is set. The path of
 * a file in it goes to path; nothing is created. */
exk_status exk_store_path(const char *name, char *path, size_t room, exk_error *error);

/* Make the folders on the way to path, for this user only. */
exk_status exk_store_prepare(const char *path, exk_error *error);

/* The whole of a regular file of at most `most` bytes, with a 0 behind it, to be freed with free(). *text is NULL,
 * and the status EXK_OK, if there is no such file. */
exk_status exk_store_read(const char *path, size_t most, char **text, size_t *length, exk_error *error);

#ifdef __cplusplus
}
#endif
#endif
