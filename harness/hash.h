/* FNV-1a, 64 bits (tuner/hash.h): a fingerprint of labels and centroids for records. */
#ifndef EXK_HASH_H
#define EXK_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Of `count` 4-byte values, taken as little-endian bytes on every machine. */
uint64_t hash_words(const void *words, size_t count);

/* "fnv1a64:0123456789abcdef"; text holds HASH_TEXT bytes. */
enum { HASH_TEXT = 32 };
char *hash_text(const void *words, size_t count, char text[HASH_TEXT]);

#endif
