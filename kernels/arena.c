#include "kernels/arena.h"

#include <stdint.h>
#include <stdlib.h>

#include "kernels/variant.h"

size_t exk_arena_pages(size_t bytes) {
    return (bytes + EXK_PAGE - 1) / EXK_PAGE * EXK_PAGE;
}

void exk_arena_turn_page(exk_arena *arena) {
    if (arena->used > SIZE_MAX - EXK_PAGE)
        arena->overflow = true;
    else
        arena->used = exk_arena_pages(arena->used);
}

void *exk_arena_take(exk_arena *arena, size_t count, size_t size) {
    size_t bytes, end;
    if (__builtin_mul_overflow(count, size, &bytes) || __builtin_add_overflow(bytes, EXK_ALIGN - 1, &bytes) ||
        __builtin_add_overflow(arena->used, bytes, &end)) {
        arena->overflow = true;
        return NULL;
    }
    void *piece = arena->base ? arena->base + arena->used : NULL;
    arena->used = end / EXK_ALIGN * EXK_ALIGN;
    return piece;
}

bool exk_arena_allocate(exk_arena *arena) {
    if (arena->overflow)
        return false;
    arena->base = aligned_alloc(EXK_PAGE, exk_arena_pages(arena->used > 0 ? arena->used : 1));
    arena->used = 0;
    return arena->base != NULL;
}

void exk_arena_free(exk_arena *arena) {
    free(arena->base);
    *arena = (exk_arena){0};
}
