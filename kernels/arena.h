/* One block of memory for a whole run. A layout function takes pieces from an arena without memory to learn the
 * size, then, after exk_arena_allocate, takes the same pieces for real. */
#ifndef EXK_ARENA_H
#define EXK_ARENA_H

#include <stdbool.h>
#include <stddef.h>

typedef struct exk_arena {
    char *base; /* NULL while measuring */
    size_t used;
    bool overflow; /* more than the address space was asked for */
} exk_arena;

/* count * size bytes at EXK_ALIGN, not initialised; NULL while measuring. */
void *exk_arena_take(exk_arena *arena, size_t count, size_t size);

/* Allocate what was measured and rewind. False if there is not enough memory. */
bool exk_arena_allocate(exk_arena *arena);

void exk_arena_free(exk_arena *arena);

#endif
