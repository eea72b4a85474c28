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

/* What one thread or node uses alone has its own pages, to be near whoever touches them first. */
enum { EXK_PAGE = 4096 };

/* Bytes of whole pages. */
size_t exk_arena_pages(size_t bytes);

/* The next piece begins a page. */
void exk_arena_turn_page(exk_arena *arena);

/* Allocate what was measured and rewind. False if there is not enough memory. */
bool exk_arena_allocate(exk_arena *arena);

void exk_arena_free(exk_arena *arena);

#endif
