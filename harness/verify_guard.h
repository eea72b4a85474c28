/* Memory against pages that nobody may touch: one element too far is a signal, not a silent mistake. */
#ifndef EXK_VERIFY_GUARD_H
#define EXK_VERIFY_GUARD_H

#include <stdbool.h>
#include <stddef.h>

typedef enum guard_side {
    GUARD_BEHIND, /* the last byte touches the page behind */
    GUARD_BEFORE  /* the first byte touches the page before */
} guard_side;

typedef struct guard {
    const char *name; /* for messages */
    char *map;        /* a forbidden page, `capacity` bytes, a forbidden page */
    size_t capacity;
    char *data;
    size_t bytes;
} guard;

/* Room for up to `bytes`; false if there is none. At most GUARDS_MAX exist at a time. */
enum { GUARDS_MAX = 32 };
bool guard_create(guard *g, const char *name, size_t bytes);
void guard_free(guard *g);

/* Lay out `bytes` anew, at a multiple of `alignment` (a power of two), as near to that side as this allows. Every
 * byte of the mapping becomes 0xff: a NaN to whoever reads floats that were never written. */
void *guard_place(guard *g, size_t bytes, size_t alignment, guard_side side);

/* Only reading is allowed from now on; until it is thawed or placed again. */
void guard_freeze(guard *g);
void guard_thaw(guard *g);

/* Nothing was written between the data and the forbidden pages. */
bool guard_is_intact(const guard *g);

/* For a signal handler: what an access to this address did wrong, in a few words; NULL if no guard knows. */
typedef struct guard_offence {
    const char *what, *name;
} guard_offence;
bool guard_find_offence(const void *address, guard_offence *offence);

#endif
