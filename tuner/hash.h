/* FNV-1a, 64 bits (Fowler, Noll, Vo; RFC 9923), a byte at a time; and of text, as 16 lower-case hexadecimal
 * digits. */
#ifndef EXK_TUNER_HASH_H
#define EXK_TUNER_HASH_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { EXK_HASH_ROOM = 17 };

/* Of nothing. */
#define EXK_HASH_OF_NONE UINT64_C(0xcbf29ce484222325)

/* Of what `hash` is of, and one byte more. */
static inline uint64_t exk_hash_byte(uint64_t hash, unsigned char byte) {
    return (hash ^ byte) * UINT64_C(0x100000001b3);
}

void exk_hash_text(const char *text, char hash[EXK_HASH_ROOM]);

/* Whether text looks like one. */
bool exk_is_hash(const char *text);

#ifdef __cplusplus
}
#endif
#endif
