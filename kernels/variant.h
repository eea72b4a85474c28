/* The contract between the driver and the variants, and the registry that holds them.
 *
 * A variant labels points. It is pure computation on memory that the driver gives it: it opens no files, reads no
 * clock, allocates nothing, starts no threads and decides nothing about convergence or exactness.
 *
 * What it computes. For centroid j the driver prepares (exact/filter.h) a scaled, shifted centroid c'_j and the
 * numbers of an error bound, so that for every point x (centred like c'_j)
 *
 *     s_j = h_j - x.c'_j            has the same argmin over j as ||x - c_j||,
 *     l_j = offset_j - fl(x.c'_j)   is a proven lower bound of s_j, in whatever order fl() and the subtraction
 *                                   add up, as long as neither a product nor offset_j goes through more than
 *                                   kernel->roundings() float32 roundings,
 *
 * offset_j = h_j - E_j being handed to the variant per tile (E_j depends on the largest ||x|| in the tile). A
 * variant returns, for each point of a tile,
 *
 *     label   the index of the smallest l_j (any one of them when several are smallest)
 *     best    that smallest l_j
 *     second  the smallest l_j over all other j (+infinity if there is none)
 *
 * and certifies nothing: exact/certify.c decides from (label, best, second) whether the label is proven, and
 * settles the few points where it is not.
 *
 * Lifecycle: scratch_bytes once per run; then per iteration prepare (by all threads, each doing its part), and for
 * each tile of points assign; scores whenever the certificate needs all l_j of a few points.
 *
 * Variants that skip keep bounds per point from pass to pass and have two functions more, survivors and doubt.
 * Where prepare was told how the centroids moved, survivors looks at a tile before assign does, and assign sees
 * only the points whose label survivors could not prove to be what it was; of these it may leave out every
 * centroid that it proves strictly farther than the point's former label, whose score is always among those
 * computed. `second` is then the smallest l_j of the other centroids that were not left out (+infinity if all
 * were): the certificate holds as it stands. Where the label is not proven doubt is told, since the point's final
 * label comes from elsewhere; settled is told that label, and distances that are sharper than scores can be.
 *
 * A variant without survivors may keep something of each point as well (per_point > 0). It gets movement on the
 * same terms: only where each point's memory is as the pass before left it, and tile->label what that pass and the
 * certificate made of it. Then assign sees all points. Without movement nothing is known: that memory, and
 * what prepare wrote for an earlier pass, may be another run's or garbage.
 *
 * A variant may also leave out centroids by other proof, scores of low precision for instance: those that are
 * strictly farther than another. It is `selective` then. Where that leaves only one, the former label for
 * instance, its score need not be computed: second is +infinity, and best any lower bound of the score, -infinity
 * included.
 *
 * Adding a variant: one file that defines `const exk_kernel EXK_KERNEL = {...};`, one row in variants.inc. */
#ifndef EXK_VARIANT_H
#define EXK_VARIANT_H

#include "exakt.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct exk_shape {
    int64_t n, d, k;
} exk_shape;

/* Bytes of workspace a variant asks for; the driver aligns each piece to EXK_ALIGN. */
typedef struct exk_scratch {
    size_t shared;     /* once, written by prepare, read by all threads */
    size_t per_thread; /* for each thread, nothing kept from tile to tile */
    size_t per_point;  /* for each point, kept from pass to pass (bounds, bytes) */
} exk_scratch;

enum { EXK_ALIGN = 64, EXK_OFFSET_PAD = 64 };

/* This iteration's centroids as variants see them: scaled by a power of two and shifted (exact/filter.h). */
typedef struct exk_score_centroids {
    const float *c; /* k x d, row-major, dense: c'_j */
    /* k upper bounds on how far each centroid moved (unscaled) since the prepare before, where what is kept of the
     * points belongs to the pass before; else NULL. `unscale` may have changed meanwhile. */
    const float *movement;
    int64_t k, d;
    /* A permutation of 0..k-1 that puts near centroids side by side, the same from the first prepare on; NULL
     * unless the kernel is `ordered`. */
    const int32_t *order;
    double unscale; /* ||x - c_j||^2 = ||x - m||^2 + unscale * s_j, x - m being what the tiles hold */
} exk_score_centroids;

/* A tile of points, centred if that pays (the variant need not know). rows >= 1. Of the last row only d
 * floats may be read, and of the gaps between rows nothing; label, best and second hold exactly `rows` entries. */
typedef struct exk_tile {
    const float *x; /* rows x d */
    int64_t rows, stride;
    const float *next;   /* where the points lie that this thread takes next: worth fetching; NULL if unknown */
    int64_t first;       /* index of row 0 in the whole point set, if `row` is NULL */
    const int32_t *row;  /* row i is point first + row[i], rising; NULL: first + i */
    bool scattered;      /* row i lies at x + row[i] * stride, not at x + i * stride */
    const float *norm;   /* ||x|| of each row, rounded up */
    float error;         /* the largest E_j, rounded up */
    const float *offset; /* h_j - E_j rounded down; +infinity for a duplicate of a lower centroid, and from k on up
                          * to the next multiple of EXK_OFFSET_PAD */
    int32_t *label;      /* in: the label before, -1 if there is none; out */
    float *best;         /* out */
    float *second;       /* out */
} exk_tile;

/* The index of row i of the tile in the whole point set. */
static inline int64_t exk_tile_point(const exk_tile *tile, int64_t i) {
    return tile->first + (tile->row ? tile->row[i] : i);
}

static inline const float *exk_tile_row(const exk_tile *tile, int64_t i) {
    return tile->x + (tile->scattered ? tile->row[i] : i) * tile->stride;
}

/* Memory the driver gives. Each piece starts at EXK_ALIGN, is exactly as long as asked for and holds garbage at
 * first. shared is written by prepare alone and kept until the next prepare, which finds it as the last one left
 * it; so a variant can tell how its centroids moved. */
typedef struct exk_workspace {
    void *shared;
    void *thread;
    void *point; /* per_point bytes a point, from point tile->first on; aligned as that leaves it */
} exk_workspace;

/* What was found out about a point that was in doubt: its label, and true distances rounded outwards. */
typedef struct exk_settled {
    int32_t label;
    float upper;  /* of the distance to the label */
    float others; /* no other centroid is nearer than that; 0: not known */
} exk_settled;

typedef struct exk_kernel {
    const char *scratch_rule; /* scratch_bytes in words and symbols, for `exakt list` */

    exk_scratch (*scratch_bytes)(const exk_shape *shape, const exk_plan *plan);

    /* The most float32 roundings that any one product x_t * c'_jt, its own included, or offset_j meets on its way
     * into l_j, in assign and in scores; one last subtraction need not be counted. */
    int64_t (*roundings)(const exk_shape *shape, const exk_plan *plan);

    /* Pack the centroids into workspace->shared. Called by every thread with 0 <= part < parts; the parts together
     * must write everything, each part its own share. NULL if there is nothing to pack. */
    void (*prepare)(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                    int part, int parts);

    /* Returns the number of scores it computed. */
    int64_t (*assign)(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                      const exk_tile *tile);

    /* All lower scores of a few points: lower[i * k + j] = l_j of row i. Between prepare and the next prepare;
     * best, second and label of the tile are not touched and may be NULL. */
    void (*scores)(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                   const exk_tile *tile, float *lower);

    /* For variants that skip points, else NULL. List in rows (rising; tile->rows entries) the rows whose label is
     * not proven to be tile->label still, and return how many. Only label, rows and first of the tile are valid.
     * Once for every point and pass with movement. */
    int64_t (*survivors)(const exk_score_centroids *centroids, const exk_plan *plan,
                         const exk_workspace *workspace, const exk_tile *tile, int32_t *rows);

    /* For variants that keep something of each point, else NULL: assign's label of row i is not proven, and
     * another one may become the point's. */
    void (*doubt)(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                  const exk_tile *tile, int64_t i);

    /* Likewise, or NULL: after doubt, the point being workspace->point. */
    void (*settled)(const exk_score_centroids *centroids, const exk_plan *plan, const exk_workspace *workspace,
                    const exk_settled *found);

    int finding;    /* passes that tell nothing about later ones: they find what is kept of the points */
    bool ordered;   /* wants exk_score_centroids.order */
    bool selective; /* leaves out centroids without bounds, too */
} exk_kernel;

/* Which fields of the plan a variant reacts to, and the values that make sense for it. */
typedef enum exk_field {
    EXK_POINT_TILE,
    EXK_CENTROID_TILE,
    EXK_DEPTH_TILE,
    EXK_MATRIX_BYTES,
    EXK_FIELD_COUNT
} exk_field;

typedef struct exk_tunable {
    exk_field field;
    int64_t min, max;
    int64_t multiple; /* of 1, of mr (-1: centroids in the micro-kernel), or of nr (-2: points in it) */
} exk_tunable;

enum { EXK_TUNABLES_MAX = 4, EXK_OF_MR = -1, EXK_OF_NR = -2 };

/* The centroid set and dimension a variant can take; the driver refuses it elsewhere. */
typedef struct exk_limits {
    int64_t d_max, k_max;
    int64_t kd_pays; /* k * d from which it is worth what it costs beside its scores: `auto` leaves smaller ones */
} exk_limits;

/* What the products are of that a variant chooses by, as the name says too. Points and centroids are float32. */
typedef enum exk_numbers { EXK_F32, EXK_F16, EXK_BF16, EXK_I8 } exk_numbers;

/* One row of variants.inc. */
typedef struct exk_variant {
    const char *name; /* op_dtype_strategy__isa, also the symbol of its exk_kernel */
    const char *strategy;
    const char *isa;
    const char *source; /* file, relative to the folder of its rows file */
    int mr, nv;         /* micro-kernel: mr centroids x nv vectors of points */
    exk_numbers numbers;
    exk_tunable tunables[EXK_TUNABLES_MAX]; /* ended by max == 0 */
    exk_limits limits;
} exk_variant;

int exk_variant_rows(void);
const exk_variant *exk_variant_row(int index);                    /* NULL out of range */
const exk_variant *exk_variant_find(const char *name);            /* NULL if unknown */
const exk_kernel *exk_variant_kernel(const exk_variant *variant); /* NULL if not in this build */

/* Why the variant cannot run here (a static string), or NULL if it can. */
const char *exk_variant_obstacle(const exk_variant *variant);

/* Points per panel of the micro-kernel: nv vectors of the ISA's lanes. */
int64_t exk_variant_nr(const exk_variant *variant);

/* The variant that "auto" stands for: the last row of variants.inc that this machine and shape can take (rows are
 * ordered from the weakest to the strongest). NULL if there is none. */
const exk_variant *exk_variant_auto(const exk_shape *shape);

/* The strongest row of a strategy that can run here on this shape; NULL if there is none. */
const exk_variant *exk_variant_strongest(const char *strategy, const exk_shape *shape);

/* The variant that takes over from that one where skipping pays: one bound a point in few dimensions or with few
 * centroids, else one for each group of them. NULL if no variant that can run here skips. */
const exk_variant *exk_variant_skipping(const exk_shape *shape);

/* The variant that does in a fit what that one does and keeps of each point what makes later passes cheaper. NULL
 * if there is none or it does not pay here. */
const exk_variant *exk_variant_keeping(const exk_variant *plain, const exk_shape *shape);

/* One of the same instruction set that needs less memory for its bounds; NULL if there is none. */
const exk_variant *exk_variant_leaner(const exk_variant *variant, const exk_shape *shape);

/* Whether the shape is inside the variant's limits. */
bool exk_variant_fits(const exk_variant *variant, const exk_shape *shape);

/* The multiple a tunable's values must be of, in elements. */
int64_t exk_tunable_multiple(const exk_variant *variant, const exk_tunable *tunable);

/* The number of points that the variant takes at a time: its point tile is a multiple of it. */
int64_t exk_variant_points(const exk_variant *variant);

/* Rows of the score matrix, and of the points it is made from, that each of plan->threads may hold under
 * plan->matrix_bytes (both positive); and no more than a thread gets through in half a second or so even without
 * vector instructions, since a run can only be stopped between tiles. At least 1. */
int64_t exk_plan_matrix_rows(const exk_plan *plan, const exk_shape *shape);

/* The faster way to update the sums: per thread while they stay in an L2, then sorted. */
exk_update exk_plan_update(const exk_shape *shape);

/* Fill the zero fields of a plan with fixed defaults and round all fields to what the variant can do: multiples
 * of mr and nr, inside the tunables' ranges, not beyond the shape. `update` is left alone: a run chooses it when
 * it knows its memory limit. */
void exk_plan_complete(exk_plan *plan, const exk_variant *variant, const exk_shape *shape);

#ifdef __cplusplus
}
#endif

#endif
