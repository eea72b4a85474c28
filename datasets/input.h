/* Buffered input: one file, gzip unpacked on the fly, no seeking, so that pipes work too. Private to datasets/. */
#ifndef EXK_DATASETS_INPUT_H
#define EXK_DATASETS_INPUT_H

#include "exakt.h"

typedef struct exk_input exk_input;

/* The path is kept, not copied. Errors of all functions go to `error`. */
exk_status exk_input_open(const char *path, exk_input **input, exk_error *error);
void exk_input_close(exk_input *input);
const char *exk_input_path(const exk_input *input);

/* Bytes still to come, or -1 where only reading can tell (gzip, pipes). */
int64_t exk_input_left(const exk_input *input);
/* Bytes handed out so far. */
int64_t exk_input_position(const exk_input *input);

/* Look ahead without taking: *have < want only at the end of the content; more than asked for may be there. Valid
 * until the next call. */
exk_status exk_input_peek(exk_input *input, size_t want, const uint8_t **bytes, size_t *have);
/* Take bytes: *got < bytes only at the end of the content. */
exk_status exk_input_read(exk_input *input, void *to, size_t bytes, size_t *got);
/* Take one line, without its \n or \r\n. *line is NULL at the end of the content. Valid until the next call. */
exk_status exk_input_line(exk_input *input, const char **line, size_t *length);

/* The whole file mapped read-only, or NULL where that cannot be done (gzip, pipes, odd file systems). */
void *exk_input_map(const exk_input *input, size_t *bytes);

#endif
