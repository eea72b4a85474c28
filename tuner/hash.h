/* FNV-1a, 64 bits (Fowler, Noll, Vo; RFC 9923), of text, as 16 lower-case hexadecimal digits. */
#ifndef EXK_TUNER_HASH_H
#define EXK_TUNER_HASH_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { EXK_HASH_ROOM = 17 };

void exk_hash_text(const char *text, char hash[EXK_HASH_ROOM]);

/* Whether text looks like one. */
bool exk_is_hash(const char *text);

#ifdef __cplusplus
}
#endif
#endif
