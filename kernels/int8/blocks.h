/* The micro-kernel on bytes: lower scores of a panel of points, a point to each lane, against a block of EXK_MR
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

enum { CANDIDATES = 14 /* of a point that are kept; more, and the filter was too coarse for it */ };

/* The centroids as the micro-kernel wants them; per centroid, padded to whole blocks. */
typedef struct byte_centroids {
    int32_t *blocks;         /* [block][quad][EXK_MR]: four bytes of a centroid in each */
    int32_t *start;          /* -DOT_BIAS * the sum of p */
    float *minus_beta;       /* 0: the centroid cannot be quantised */
    float *loss_q, *loss_e;  /* beta ||f||, beta (||p|| + ||f||), widened */
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

EXK_INLINE void byte_steps(const int32_t *points, const int32_t *centroids, int64_t quads,
                           vec_i32 acc[EXK_MR][EXK_NV]) {
    for (int64_t t = 0; t < quads; t += 2) {
        vec_i32 point[EXK_NV][2];
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            point[v][0] = vec_load_i32(points + t * PANEL_POINTS + v * VEC_LANES);
            point[v][1] = vec_load_i32(points + (t + 1) * PANEL_POINTS + v * VEC_LANES);
        }
        EXK_UNROLL for (int r = 0; r < EXK_MR; r++) {
            const vec_i32 centroid[2] = {vec_set1_i32(centroids[t * EXK_MR + r]),
                                         vec_set1_i32(centroids[(t + 1) * EXK_MR + r])};
            EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
                acc[r][v] = dot_add(acc[r][v], point[v], centroid);
            }
        }
    }
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

static void add_candidate(byte_panel *panel, int64_t i, int32_t j, float lower, float loss) {
    const float upper = (lower + 2.0f * loss) + panel->slack[i];
    const float wider = upper + 0x1p-20f * (fabsf(lower) + loss);
    panel->limit[i] = wider < panel->limit[i] ? wider : panel->limit[i];
    panel->list[i][panel->count[i]++] = (candidate){j, lower};
    if (panel->count[i] == CANDIDATES)
        thin_out(panel, i);
}

/* lower[r][lane]: some of them are not above the limits of their points, VEC_LANES from `first` on. */
static __attribute__((noinline)) void add_candidates(byte_panel *panel, int64_t first, const float *lower, int32_t j,
                                                     const float *minus_loss) {
    for (int r = 0; r < EXK_MR; r++) {
        const vec_mask above = vec_less(vec_load(panel->limit + first), vec_load(lower + r * VEC_LANES));
        uint32_t hits = ~vec_bits(above) & (uint32_t)((UINT64_C(1) << VEC_LANES) - 1);
        for (; hits; hits &= hits - 1) {
            const int lane = __builtin_ctz(hits);
            add_candidate(panel, first + lane, j + r, lower[r * VEC_LANES + lane], -minus_loss[r]);
        }
    }
}

/* Centroids [j, j + EXK_MR). Never inlined, like micro_scores. */
static __attribute__((noinline)) void meet_block(byte_panel *panel, const byte_centroids *centroids, int64_t quads,
                                                 int64_t j, const byte_terms *terms) {
    vec_i32 acc[EXK_MR][EXK_NV];
    EXK_UNROLL for (int r = 0; r < EXK_MR; r++) {
        EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
            acc[r][v] = vec_set1_i32(centroids->start[j + r]);
        }
    }
    byte_steps(panel->quads, centroids->blocks + j * quads, quads, acc);
    EXK_UNROLL for (int v = 0; v < EXK_NV; v++) {
        const vec_f32 factor = vec_load(panel->factor + v * VEC_LANES);
        vec_f32 lower[EXK_MR], least;
        EXK_UNROLL for (int r = 0; r < EXK_MR; r++) {
            const vec_f32 fixed =
                vec_mul_add(vec_set1(terms->offset[j + r]), factor, vec_set1(terms->minus_loss[j + r]));
            lower[r] = vec_mul_add(vec_set1(centroids->minus_beta[j + r]), vec_from_i32(acc[r][v]), fixed);
            least = r ? vec_min(least, lower[r]) : lower[r];
        }
        const uint32_t above = vec_bits(vec_less(vec_load(panel->limit + v * VEC_LANES), least));
        if (__builtin_expect(above != (uint32_t)((UINT64_C(1) << VEC_LANES) - 1), 0)) {
            float stored[EXK_MR * VEC_LANES];
            EXK_UNROLL for (int r = 0; r < EXK_MR; r++) {
                vec_store(stored + r * VEC_LANES, lower[r]);
            }
            add_candidates(panel, v * VEC_LANES, stored, (int32_t)j, terms->minus_loss + j);
        }
    }
}

#endif
