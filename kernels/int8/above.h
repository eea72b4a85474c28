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
    const int8_t *bytes; /* `stride` bytes apart: a head, where vectors multiply */
    int64_t stride, quads;
    const int32_t *start; /* of each point: group_dots */
    group_limits limits[2];
    int32_t *dot; /* 2 x PANEL_POINTS x GROUP */
} meeting_rows;

static inline group_limits *limits_of(meeting_rows *rows, int64_t g) {
    return &rows->limits[g % 2];
}

#ifdef EXK_DOT_TILES
#include "kernels/int8/above_tiles.h"
#else
#include "kernels/int8/above_vectors.h"
#endif

#endif
