/* The micro-kernel on bytes: lower scores of a panel of points, a point to each lane, against a block of BLOCK
 * centroids, and what they rule out.
 *
 * In units of a point's own factor r its score with centroid j is at least (quantise.h)
 *
 *     L_j = r offset_j - beta_j (q.p_j) - F_j,     beta_j = b_j / order,
 *     F_j = Q beta_j ||f_j|| + E beta_j (||p_j|| + ||f_j||),
 *
 * Q and E being the largest ||q|| and ||e|| of the panel; it is at most L_j + 2 F_j + 2 r error. A centroid whose
 * L_j is greater than the point's limit, an upper bound of its score with some centroid, is not its nearest. The
 * others are its candidates. */
#ifndef EXK_INT8_BLOCKS_H
#define EXK_INT8_BLOCKS_H

#include "kernels/int8/quantise.h"

enum { CANDIDATES = 48 /* of a point that are kept; more, and the filter was too coarse for it */ };
static const uint32_t ALL_LANES = (uint32_t)((UINT64_C(1) << VEC_LANES) - 1);

#ifdef EXK_DOT_TILES
#include "kernels/int8/block_tiles.h"
#else
#include "kernels/int8/block_vectors.h"
#endif

/* The centroids as the micro-kernel wants them; per centroid, padded to whole blocks. */
typedef struct byte_centroids {
    int32_t *blocks;        /* four bytes of a centroid in each: block_place */
    int8_t *rows;           /* [centroid][byte] */
    int32_t *start;         /* -DOT_BIAS * the sum of p */
    float *minus_beta;      /* 0: the centroid cannot be quantised */
    float *loss_q, *loss_e; /* beta ||f||, beta (||p|| + ||f||), widened */
} byte_centroids;

typedef struct candidate {
    int32_t centroid;
    float lower; /* L_j */
} candidate;

/* A panel of points on its way past the centroids. */
typedef struct byte_panel {
    int32_t *quads; /* [quad][point] */
    float factor[PANEL_POINTS], limit[PANEL_POINTS];
    float slack[PANEL_POINTS]; /* 2 r error and the roundings of r offset_j */
    float largest_norm, largest_residual;
    int32_t count[PANEL_POINTS]; /* of candidates; -1: too many */
    candidate list[PANEL_POINTS][CANDIDATES];
} byte_panel;

/* Of the centroids in hand, from a whole block on. */
typedef struct byte_terms {
    const float *offset, *minus_loss; /* -F_j */
} byte_terms;

/* F_j */
EXK_INLINE float loss_of(const byte_panel *panel, const byte_centroids *centroids, int64_t j) {
    return panel->largest_norm * centroids->loss_q[j] + panel->largest_residual * centroids->loss_e[j];
}

/* q.p of one row of bytes each. */
static inline int32_t row_dot(const int8_t *point, const int8_t *centroid, int64_t bytes, int32_t start) {
    enum { STEP_BYTES = VEC_LANES * QUAD };
    vec_i32 sum = vec_set1_i32(0), x[DOT_TOGETHER], c[DOT_TOGETHER];
    int32_t lane[VEC_LANES];
    int64_t t = 0;
    for (; t + DOT_TOGETHER * STEP_BYTES <= bytes; t += DOT_TOGETHER * STEP_BYTES) {
        EXK_UNROLL for (int u = 0; u < DOT_TOGETHER; u++) {
            x[u] = vec_load_i32((const int32_t *)(const void *)(point + t + u * STEP_BYTES));
            c[u] = vec_load_i32((const int32_t *)(const void *)(centroid + t + u * STEP_BYTES));
        }
        sum = dot_add(sum, x, c);
    }
    vec_store_i32(lane, sum);
    for (int i = 0; i < VEC_LANES; i++)
        start += lane[i];
    for (; t < bytes; t++)
        start += (DOT_BIAS == 128 ? (int32_t)(uint8_t)point[t] : (int32_t)point[t]) * centroid[t];
    return start;
}

/* The candidates that are still any, of a full list. */
static void thin_out(byte_panel *panel, int64_t i) {
    int32_t kept = 0;
    for (int32_t c = 0; c < panel->count[i]; c++) {
        panel->list[i][kept] = panel->list[i][c];
        kept += !(panel->list[i][c].lower > panel->limit[i]);
    }
    panel->count[i] = kept;
    if (kept == CANDIDATES) {
        panel->count[i] = -1;
        panel->limit[i] = -INFINITY;
    }
}

/* A score of which L is known is at most this. */
EXK_INLINE float upper_score(const byte_panel *panel, int64_t i, float lower, float loss) {
    return (lower + 2.0f * loss) + panel->slack[i] + 0x1p-20f * (fabsf(lower) + loss);
}

static void add_candidate(byte_panel *panel, int64_t i, int32_t j, float lower, float loss) {
    if (lower == INFINITY) /* a duplicate, or behind the last one */
        return;
    const float upper = upper_score(panel, i, lower, loss);
    panel->limit[i] = upper < panel->limit[i] ? upper : panel->limit[i];
    panel->list[i][panel->count[i]++] = (candidate){j, lower};
    if (panel->count[i] == CANDIDATES)
        thin_out(panel, i);
}

/* lower[r][point]: some of them are not above the limits of their points, VEC_LANES from `first` on. */
static __attribute__((noinline)) void add_candidates(byte_panel *panel, int64_t first, const float *lower,
                                                     int32_t j, const float *minus_loss) {
    for (int r = 0; r < BLOCK; r++) {
        const float *row = lower + r * PANEL_POINTS + first;
        uint32_t hits = ~vec_bits(vec_less(vec_load(panel->limit + first), vec_load(row))) & ALL_LANES;
        for (; hits; hits &= hits - 1) {
            const int lane = __builtin_ctz(hits);
            add_candidate(panel, first + lane, j + r, row[lane], -minus_loss[r]);
        }
    }
}

/* lower[r][point] = L of the block's centroids; the least of each point of vector v. */
EXK_INLINE vec_f32 block_lower(const byte_panel *panel, const byte_centroids *centroids, int64_t j,
                               const byte_terms *terms, const int32_t *dot, int v, float *lower) {
    const vec_f32 factor = vec_load(panel->factor + v * VEC_LANES);
    vec_f32 least = vec_set1(INFINITY);
    EXK_UNROLL for (int r = 0; r < BLOCK; r++) {
        const int at = r * PANEL_POINTS + v * VEC_LANES;
        const vec_f32 fixed =
            vec_mul_add(vec_set1(terms->offset[j + r]), factor, vec_set1(terms->minus_loss[j + r]));
        const vec_f32 one =
            vec_mul_add(vec_set1(centroids->minus_beta[j + r]), vec_from_i32(vec_load_i32(dot + at)), fixed);
        vec_store(lower + at, one);
        least = vec_min(least, one);
    }
    return least;
}

/* Centroids [j, j + BLOCK). */
static inline void meet_block(byte_panel *panel, const byte_centroids *centroids, int64_t quads, int64_t j,
                              const byte_terms *terms, micro_fetch *fetch) {
    int32_t dot[BLOCK * PANEL_POINTS] __attribute__((aligned(EXK_ALIGN)));
    float lower[BLOCK * PANEL_POINTS] __attribute__((aligned(EXK_ALIGN)));
    block_dots(panel->quads, centroids->blocks + j * quads, quads, centroids->start + j, fetch, dot);
    EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
        const vec_f32 least = block_lower(panel, centroids, j, terms, dot, v, lower);
        if (vec_bits(vec_less(vec_load(panel->limit + v * VEC_LANES), least)) != ALL_LANES)
            add_candidates(panel, v * VEC_LANES, lower, (int32_t)j, terms->minus_loss + j);
    }
}

#endif
