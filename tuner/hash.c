#include "tuner/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void exk_hash_text(const char *text, char hash[EXK_HASH_ROOM]) {
    uint64_t value = EXK_HASH_OF_NONE;
    for (; *text; text++)
        value = exk_hash_byte(value, (unsigned char)*text);
    snprintf(hash, EXK_HASH_ROOM, "%016" PRIx64, value);
}

bool exk_is_hash(const char *text) {
    return strlen(text) == EXK_HASH_ROOM - 1 && strspn(text, "0123456789abcdef") == EXK_HASH_ROOM - 1;
}
