/* Limits of groups by tiles; included by above.h alone, behind its types. */
#ifndef EXK_INT8_ABOVE_TILES_H
#define EXK_INT8_ABOVE_TILES_H

enum { KNOWN_LATER = 1, ROWS_COPIED = 0 };

/* above[slot]: bits of the centroids that are out of the point's reach. */
typedef struct comparison {
    const group_limits *limits; /* NULL: there is nothing to compare */
    const int32_t *dot;
    uint32_t *above;
} comparison;

EXK_INLINE void compare(const void *work, int64_t part, int64_t parts) {
    const comparison *c = work;
    const int64_t each = (PANEL_POINTS + parts - 1) / parts, end = min_i64((part + 1) * each, PANEL_POINTS);
    if (!c->limits)
        return;
    for (int64_t slot = part * each; slot < end; slot++) {
        const vec_i32 reach = vec_set1_i32(c->limits->reach[slot]);
        const int32_t *dot = c->dot + slot * GROUP;
        uint32_t above = 0;
        EXK_UNROLL for (int v = 0; v < EXK_NV; v += 2) {
            const vec_i32 low = vec_add_i32(c->limits->least[v], reach),
                          high = vec_add_i32(c->limits->least[v + 1], reach);
            above |= vec_bits_pair(vec_less_i32(vec_load_i32(dot + v * VEC_LANES), low),
                                   vec_less_i32(vec_load_i32(dot + (v + 1) * VEC_LANES), high))
                     << v * (int)VEC_LANES;
        }
        c->above[slot] = above;
    }
}

static inline int32_t *dots_of(const meeting_rows *rows, int64_t g) {
    return rows->dot + (g & 1) * PANEL_POINTS * GROUP;
}

static inline comparison comparison_of(meeting_rows *rows, int64_t g, uint32_t *above) {
    return (comparison){g < 0 ? NULL : limits_of(rows, g), dots_of(rows, g), above};
}

/* The products of the panel with group g, whose limits are there; `above` is that of the group before. As many
 * bytes as a row has are fetched. */
static __attribute__((noinline)) void meet_group(meeting_rows *rows, int64_t g, const int32_t *block,
                                                 const char *fetch, uint32_t above[PANEL_POINTS]) {
    const comparison last = comparison_of(rows, g - 1, above);
    panel_dots(rows->bytes, rows->stride, rows->start, block, rows->quads, fetch, dots_of(rows, g), compare,
               &last);
}

/* `above` of the last group. */
static inline void meet_no_more(meeting_rows *rows, int64_t g, uint32_t above[PANEL_POINTS]) {
    const comparison last = comparison_of(rows, g, above);
    compare(&last, 0, 1);
}

#endif
