/* Arithmetic of sizes and counts, for the cache model and the space of plans. */
#ifndef EXK_INTEGERS_H
#define EXK_INTEGERS_H

#include <stdint.h>

static inline int64_t min64(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static inline int64_t max64(int64_t a, int64_t b) {
    return a > b ? a : b;
}

/* a / b rounded up, of numbers that are not negative. */
static inline int64_t ceil_div(int64_t a, int64_t b) {
    return a / b + (a % b != 0);
}

#endif
