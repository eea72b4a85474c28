#include "harness/hash.h"
#include "tuner/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

uint64_t hash_words(const void *words, size_t count) {
    uint64_t hash = EXK_HASH_OF_NONE;
    for (size_t i = 0; i < count; i++) {
        uint32_t word;
        memcpy(&word, (const char *)words + 4 * i, sizeof word);
        for (int shift = 0; shift < 32; shift += 8)
            hash = exk_hash_byte(hash, (unsigned char)(word >> shift));
    }
    return hash;
}

char *hash_text(const void *words, size_t count, char text[HASH_TEXT]) {
    snprintf(text, HASH_TEXT, "fnv1a64:%016" PRIx64, hash_words(words, count));
    return text;
}
