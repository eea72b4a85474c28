/* Which centroids of a group products of bytes put out of reach, for each point of a panel: those whose product
 * with the point is less than a limit, which is the sum of a part of the centroid's and one of the point's.
 *
 * Vectors compare sums where they are: they begin with what is taken off, and their signs tell. Tiles multiply one
 * group while vectors compare the last one, so what became of a group is known one group later. */
#ifndef EXK_INT8_ABOVE_H
#define EXK_INT8_ABOVE_H

#include "kernels/int8/heads.h"

/* Both parts are at most MOST_LIMIT in magnitude, or NEVER_ABOVE: then no product is less than their sum. */
enum { MOST_LIMIT = 1 << 27, NEVER_ABOVE = -(1 << 28) };

typedef struct group_limits {
    vec_i32 least[EXK_NV];       /* the centroids' parts */
    int32_t reach[PANEL_POINTS]; /* the points' */
} group_limits;

/* A panel on its way past all groups. */
typedef struct meeting_rows {
    const int8_t *bytes; /* `stride` bytes apart, which is HEAD_ROOM where vectors multiply */
    int64_t stride, quads;
    const int32_t *start; /* of each point: group_dots */
    group_limits limits[2];
    int32_t *dot; /* 2 x PANEL_POINTS x GROUP */
} meeting_rows;

static inline group_limits *limits_of(meeting_rows *rows, int64_t g) {
    return &rows->limits[g % 2];
}

#ifdef EXK_DOT_TILES

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

static inline comparison comparison_of(meeting_rows *rows, int64_t g, uint32_t *above) {
    return (comparison){g < 0 ? NULL : limits_of(rows, g), rows->dot + (g & 1) * PANEL_POINTS * GROUP, above};
}

/* The products of the panel with group g, whose limits are there; `above` is that of the group before. As many
 * bytes as a row has are fetched. */
static __attribute__((noinline)) void meet_group(meeting_rows *rows, int64_t g, const int32_t *block,
                                                 const char *fetch, uint32_t above[PANEL_POINTS]) {
    const comparison last = comparison_of(rows, g - 1, above);
    panel_dots(rows->bytes, rows->stride, rows->start, block, rows->quads, fetch,
               rows->dot + (g & 1) * PANEL_POINTS * GROUP, compare, &last);
}

/* `above` of the last group. */
static inline void meet_no_more(meeting_rows *rows, int64_t g, uint32_t above[PANEL_POINTS]) {
    const comparison last = comparison_of(rows, g, above);
    compare(&last, 0, 1);
}

#else

enum { KNOWN_LATER = 0, ROWS_COPIED = 1 };

_Static_assert((int)PANEL_POINTS % EXK_MR == 0, "panels are whole blocks of rows");

/* Of EXK_MR points in rows of HEAD_ROOM bytes, from[r] being the bias of each less its part of the limit. */
EXK_INLINE void meet_rows(const int8_t *rows, const int32_t *from, const vec_i32 least[EXK_NV],
                          const int32_t *block, int64_t quads, uint32_t *above) {
    vec_i32 acc[EXK_MR][EXK_NV];
    EXK_UNROLL for (int r = 0; r < EXK_MR; r++) {
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            acc[r][v] = vec_sub_i32(vec_set1_i32(from[r]), least[v]);
        }
    }
    for (int64_t t = 0; t < quads; t += DOT_TOGETHER) {
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            vec_i32 centroid[DOT_TOGETHER];
            EXK_UNROLL for (int w = 0; w < DOT_TOGETHER; w++) {
                centroid[w] = vec_load_i32(block + (t + w) * GROUP + v * VEC_LANES);
            }
            EXK_UNROLL for (int r = 0; r < EXK_MR; r++) {
                const void *quad = rows + r * HEAD_ROOM + t * QUAD;
                acc[r][v] = dot_add_all(acc[r][v], centroid, quad);
            }
        }
    }
    const vec_i32 zero = vec_set1_i32(0);
    EXK_UNROLL for (int r = 0; r < EXK_MR; r++) {
        uint32_t bits = 0;
        EXK_UNROLL for (int v = 0; v < EXK_NV; v += 2) {
            bits |= vec_bits_pair(vec_less_i32(acc[r][v], zero), vec_less_i32(acc[r][v + 1], zero))
                    << v * (int)VEC_LANES;
        }
        above[r] = bits;
    }
}

static __attribute__((noinline)) void meet_group(meeting_rows *rows, int64_t g, const int32_t *block,
                                                 const char *fetch, uint32_t above[PANEL_POINTS]) {
    const group_limits *limits = limits_of(rows, g);
    int32_t from[PANEL_POINTS];
    fetch_lines(fetch, HEAD_ROOM);
    for (int slot = 0; slot < PANEL_POINTS; slot += VEC_LANES)
        vec_store_i32(from + slot,
                      vec_sub_i32(vec_load_i32(rows->start + slot), vec_load_i32(limits->reach + slot)));
    for (int first = 0; first < PANEL_POINTS; first += EXK_MR)
        meet_rows(rows->bytes + first * HEAD_ROOM, from + first, limits->least, block, rows->quads, above + first);
}

static inline void meet_no_more(meeting_rows *rows, int64_t g, uint32_t above[PANEL_POINTS]) {
    (void)rows;
    (void)g;
    (void)above;
}

#endif
#endif
