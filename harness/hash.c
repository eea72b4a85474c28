#include "harness/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const uint64_t offset_basis = 0xcbf29ce484222325u, prime = 0x100000001b3u;

uint64_t hash_words(const void *words, size_t count) {
    uint64_t hash = offset_basis;
    for (size_t i = 0; i < count; i++) {
        uint32_t word;
        memcpy(&word, (const char *)words + 4 * i, sizeof word);
        for (int shift = 0; shift < 32; shift += 8)
            hash = (hash ^ ((word >> shift) & 0xff)) * prime;
    }
    return hash;
}

char *hash_text(const void *words, size_t count, char text[HASH_TEXT]) {
    snprintf(text, HASH_TEXT, "fnv1a64:%016" PRIx64, hash_words(words, count));
    return text;
}
