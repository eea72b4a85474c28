/* What kernels/int8/projected.c, on scalar code, knows and does: its kernel, and what is in its memory. */
#ifndef EXK_PROJECTED_PROBE_H
#define EXK_PROJECTED_PROBE_H

#include "kernels/variant.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const exk_kernel exk_projected_probe_kernel;

/* Directions of find_basis: count x d of them (a power of two) from k x d centroids whose largest coordinate
 * times scale is about 1. Returns the defect; NaN: out of memory. */
double projected_basis(const float *c, int64_t k, int64_t d, int64_t count, float scale, float *rows);

enum { PROJECTED_LENGTH = 64, PROJECTED_TAILS = 32, PROJECTED_PANEL = 4, PROJECTED_LIST = 48 };

/* Written by prepare: kernels/int8/heads.h has what it means. */
typedef struct projected_heads {
    int64_t length, places, group, tails, groups_per_tail;
    const float *v;
    double defect;
    const float *middle;
    const int32_t *order;
    const float *head, *scale, *loss_y, *loss_e, *loss_z; /* by place; scale by group */
} projected_heads;

projected_heads projected_heads_of(const exk_score_centroids *centroids, const exk_plan *plan,
                                   const exk_workspace *workspace);

/* What is known of a movement; beta 0: nothing. */
typedef struct projected_moved {
    double change, length;
    float beta, y, e, z;
} projected_moved;

/* The bytes of the head at a place, and of the movement of centroid j; PROJECTED_LENGTH or fewer. */
void projected_head(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                    int64_t place, int8_t *bytes);
projected_moved projected_move(const exk_score_centroids *centroids, const exk_plan *plan,
                               const exk_workspace *workspace, int64_t j, int8_t *bytes);

/* What is kept of point i. */
typedef struct projected_point {
    double square;
    float scale, norm, lost, tail; /* scale 0: nothing */
    float tails[PROJECTED_TAILS];
    int8_t bytes[PROJECTED_LENGTH];
} projected_point;

projected_point projected_point_of(const exk_score_centroids *centroids, const exk_workspace *workspace,
                                   int64_t i);

/* What became of a point that met the heads. */
typedef struct projected_meeting {
    int32_t count; /* -1: too many, or nothing is known */
    int32_t list[PROJECTED_LIST];
} projected_meeting;

/* The panel that begins with point `first` of the tile meets all heads, and assign goes no further: the points'
 * memory is as it is then. threshold: PROJECTED_PANEL x places; a product less than that is out of reach. */
void projected_meet(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                    const exk_tile *tile, int64_t first, int32_t *threshold, projected_meeting *met);

/* The range of the score offset - x.c, off by up to `error`, by two digits. d <= 1024. */
typedef struct projected_range {
    double least, most;
} projected_range;

projected_range projected_digits(const float *x, const float *c, int64_t d, float offset, float error);

#ifdef __cplusplus
}
#endif

#endif
