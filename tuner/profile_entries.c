/* The entries of a profile: in order, each once. */
#include "tuner/profile.h"

#include <stdlib.h>
#include <string.h>

void exk_profile_free(exk_profile *profile) {
    free(profile->entry);
    memset(profile, 0, sizeof *profile);
}

static int order(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

/* What tells entries apart; the first difference decides. */
static int compare(const exk_profile_entry *a, const exk_profile_entry *b) {
    const int by[] = {order(a->shape.d, b->shape.d), order(a->shape.k, b->shape.k),
                      order(a->shape.n, b->shape.n), order(a->threads, b->threads),
                      strcmp(a->isa, b->isa),        strcmp(a->variant, b->variant),
                      strcmp(a->build, b->build),    strcmp(a->registry, b->registry)};
    for (size_t i = 0; i < sizeof by / sizeof by[0]; i++) {
        if (by[i] != 0)
            return by[i];
    }
    return 0;
}

/* Of entries of one second, the one that came last lies last. */
static int by_key_then_age(const void *a, const void *b) {
    const exk_profile_entry *x = *(const exk_profile_entry *const *)a, *y = *(const exk_profile_entry *const *)b;
    const int key = compare(x, y), age = strcmp(x->tuned, y->tuned);
    return key ? key : age ? age : (x > y) - (x < y);
}

/* Of each key the last one is copied. */
static int copy_newest(exk_profile_entry *const *sorted, size_t count, exk_profile_entry *to) {
    int kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (i + 1 == count || compare(sorted[i], sorted[i + 1]) != 0)
            to[kept++] = *sorted[i];
    }
    return kept;
}

bool exk_profile_add(exk_profile *profile, const exk_profile_entry *entries, int count) {
    const size_t old = (size_t)profile->count, all = old + (size_t)count;
    exk_profile_entry *merged = calloc(all + 1, sizeof *merged), *kept = calloc(all + 1, sizeof *kept);
    exk_profile_entry **sorted = calloc(all + 1, sizeof *sorted);
    int number = EXK_PROFILE_ENTRIES + 1;
    if (merged && sorted && kept) {
        if (old > 0)
            memcpy(merged, profile->entry, old * sizeof *merged);
        if (count > 0)
            memcpy(merged + old, entries, (size_t)count * sizeof *merged);
        for (size_t i = 0; i < all; i++)
            sorted[i] = &merged[i];
        qsort(sorted, all, sizeof(exk_profile_entry *), by_key_then_age);
        number = copy_newest(sorted, all, kept);
    }
    const bool fits = number <= EXK_PROFILE_ENTRIES;
    free(merged);
    free(sorted);
    free(fits ? profile->entry : kept);
    if (fits) {
        profile->entry = kept;
        profile->count = number;
    }
    return fits;
}
