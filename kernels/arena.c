#include "kernels/arena.h"

#include <stdlib.h>

#include "kernels/variant.h"

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
    arena->base = aligned_alloc(EXK_ALIGN, arena->used ? arena->used : EXK_ALIGN);
    arena->used = 0;
    return arena->base != NULL;
}

void exk_arena_free(exk_arena *arena) {
    free(arena->base);
    *arena = (exk_arena){0};
}
