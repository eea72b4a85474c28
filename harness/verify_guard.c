#include "harness/verify_guard.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { UNTOUCHED = 0xff };

/* Those that exist: where a fault handler looks. */
static const guard *guards[GUARDS_MAX];

static size_t page_bytes(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

static char *first_byte(const guard *g) {
    return g->map + page_bytes();
}

static void enlist(const guard *g, const guard *instead_of) {
    for (int i = 0; i < GUARDS_MAX; i++) {
        if (guards[i] == instead_of) {
            guards[i] = g;
            return;
        }
    }
}

bool guard_create(guard *g, const char *name, size_t bytes) {
    size_t page = page_bytes();
    *g = (guard){.name = name, .capacity = (bytes + page) / page * page};
    void *map = mmap(NULL, g->capacity + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return false;
    g->map = map;
    guard_thaw(g);
    guard_place(g, bytes, 1, GUARD_BEHIND);
    enlist(g, NULL);
    return true;
}

void guard_free(guard *g) {
    if (!g->map)
        return;
    enlist(NULL, g);
    munmap(g->map, g->capacity + 2 * page_bytes());
    g->map = NULL;
}

void *guard_place(guard *g, size_t bytes, size_t alignment, guard_side side) {
    guard_thaw(g);
    memset(first_byte(g), UNTOUCHED, g->capacity);
    size_t offset = side == GUARD_BEHIND ? (g->capacity - bytes) / alignment * alignment : 0;
    g->data = first_byte(g) + offset;
    g->bytes = bytes;
    return g->data;
}

void guard_freeze(guard *g) {
    mprotect(first_byte(g), g->capacity, PROT_READ);
}

void guard_thaw(guard *g) {
    mprotect(first_byte(g), g->capacity, PROT_READ | PROT_WRITE);
}

static bool is_untouched(const char *from, const char *to) {
    return from == to ||
           ((unsigned char)*from == UNTOUCHED && memcmp(from, from + 1, (size_t)(to - from - 1)) == 0);
}

bool guard_is_intact(const guard *g) {
    return is_untouched(first_byte(g), g->data) && is_untouched(g->data + g->bytes, first_byte(g) + g->capacity);
}

bool guard_find_offence(const void *address, guard_offence *offence) {
    uintptr_t at = (uintptr_t)address;
    for (int i = 0; i < GUARDS_MAX; i++) {
        const guard *g = guards[i];
        if (!g || at < (uintptr_t)g->map || at >= (uintptr_t)g->map + g->capacity + 2 * page_bytes())
            continue;
        offence->name = g->name;
        offence->what = at < (uintptr_t)g->data               ? "touched what lies before the"
                        : at >= (uintptr_t)g->data + g->bytes ? "touched what lies behind the"
                                                              : "wrote to the";
        return true;
    }
    return false;
}
