/* The centroids that bytes leave to each point of a panel, and what float32 scores make of them.
 *
 * In units of a point's own factor r its score with centroid j is at least (quantise.h)
 *
 *     L_j = r offset_j - beta_j (q.p_j) - F_j,     beta_j = b_j / order,
 *     F_j = Q beta_j ||f_j|| + E beta_j (||p_j|| + ||f_j||),
 *
 * Q and E being the largest ||q|| and ||e|| of the panel; it is at most L_j + 2 F_j + 2 r error. A centroid whose
 * L_j is greater than the point's limit, an upper bound of its score with some centroid, is not its nearest. The
 * others are its candidates. */
#ifndef EXK_INT8_CANDIDATES_H
#define EXK_INT8_CANDIDATES_H

#include "kernels/body/argmin.h"
#include "kernels/int8/quantise.h"

enum { CANDIDATES = 48 /* of a point that are kept; more, and the filter was too coarse for it */ };
static const uint32_t ALL_LANES = (uint32_t)((UINT64_C(1) << VEC_LANES) - 1);

typedef struct candidate {
    int32_t centroid;
    float lower; /* L_j */
} candidate;

/* A panel of points on its way past the centroids. */
typedef struct byte_panel {
    float factor[PANEL_POINTS], limit[PANEL_POINTS];
    float slack[PANEL_POINTS]; /* 2 r error and the roundings of r offset_j */
    float largest_norm, largest_residual;
    int32_t count[PANEL_POINTS];  /* of candidates; -1: too many */
    int32_t former[PANEL_POINTS]; /* labels, where the filter asks for them */
    candidate list[PANEL_POINTS][CANDIDATES];
} byte_panel;

/* Of this factor, and no limit yet. */
static inline void enter(byte_panel *panel, int64_t i, float factor, float error, float largest_offset) {
    panel->factor[i] = factor;
    panel->slack[i] = factor * (2.0f * error + 0x1p-20f * largest_offset) * EXK_INT8_WIDER;
    panel->count[i] = 0;
    panel->limit[i] = INFINITY;
}

/* Nothing is compared with a point without bytes. */
static inline void leave_out(byte_panel *panel, int64_t i, int32_t count) {
    panel->factor[i] = 1.0f;
    panel->limit[i] = -INFINITY;
    panel->count[i] = count;
}

/* Whether a point's factor is such that bytes can stand for it. */
static inline bool is_moderate(float factor, float error, float largest_offset) {
    return factor > 0.0f && factor * (largest_offset + error) < 0x1p110f;
}

/* A score of which L is known is at most this. */
EXK_INLINE float upper_score(const byte_panel *panel, int64_t i, float lower, float loss) {
    return (lower + 2.0f * loss) + panel->slack[i] + 0x1p-20f * (fabsf(lower) + loss);
}

/* The same of a float32 score. */
EXK_INLINE float upper_of_float(const byte_panel *panel, int64_t i, float lower) {
    const float score = lower * panel->factor[i];
    return score + 0x1p-20f * fabsf(score) + panel->slack[i];
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

static inline void add_candidate(byte_panel *panel, int64_t i, int32_t j, float lower, float loss) {
    if (lower == INFINITY) /* a duplicate, or behind the last one */
        return;
    const float upper = upper_score(panel, i, lower, loss);
    panel->limit[i] = upper < panel->limit[i] ? upper : panel->limit[i];
    panel->list[i][panel->count[i]++] = (candidate){j, lower};
    if (panel->count[i] == CANDIDATES)
        thin_out(panel, i);
}

/* Moves the candidates that are left to the front, the most promising one first, and returns how many. */
static int32_t candidates_left(byte_panel *panel, int64_t i) {
    candidate *list = panel->list[i];
    int32_t count = 0, least = 0;
    for (int32_t c = 0; c < panel->count[i]; c++) {
        list[count] = list[c];
        if (list[c].lower > panel->limit[i])
            continue;
        least = list[c].lower < list[least].lower ? count : least;
        count++;
    }
    const candidate first = list[least];
    list[least] = list[0];
    list[0] = first;
    return count;
}

static int64_t lost_points(const byte_panel *panel) {
    int64_t lost = 0;
    for (int64_t i = 0; i < PANEL_POINTS; i++)
        lost += panel->count[i] < 0;
    return lost;
}

/* A tile whose points are settled by their float32 scores. */
typedef struct contest {
    const exk_score_centroids *centroids;
    const exk_tile *tile;
    int64_t evaluations;
} contest;

/* All centroids, in float32. */
static inline void meet_all(contest *c, int64_t i) {
    enum { CHUNK = 64 };
    const exk_tile *tile = c->tile;
    const int64_t k = c->centroids->k, d = c->centroids->d;
    lane_argmin state = argmin_start();
    for (int64_t first = 0; first < k; first += CHUNK) {
        float dot[CHUNK];
        const int64_t count = min_i64(CHUNK, k - first);
        for (int64_t j = 0; j < count; j += SCORES_CENTROIDS)
            dots(exk_tile_row(tile, i), c->centroids->c + (first + j) * d, d,
                 (int)min_i64(SCORES_CENTROIDS, count - j), dot + j);
        argmin_feed(&state, dot, tile->offset, first, count);
    }
    argmin_finish(&state, &tile->label[i], &tile->best[i], &tile->second[i]);
    c->evaluations += k;
}

/* Centroid j's float32 score counts. */
static inline void take_score(const exk_tile *tile, int64_t i, int32_t j, float lower) {
    if (lower < tile->best[i]) {
        tile->second[i] = tile->best[i];
        tile->best[i] = lower;
        tile->label[i] = j;
    } else if (lower < tile->second[i]) {
        tile->second[i] = lower;
    }
}

static inline void meet_one(contest *c, int64_t i, int32_t j) {
    const int64_t d = c->centroids->d;
    take_score(c->tile, i, j, c->tile->offset[j] - dot_one(exk_tile_row(c->tile, i), c->centroids->c + j * d, d));
    c->evaluations++;
}

/* Those candidates [first, ...) of `slot` that the best float32 score so far does not rule out. */
static inline void meet_candidates(contest *c, const byte_panel *panel, int64_t slot, int64_t i, int32_t first) {
    const float limit = upper_of_float(panel, slot, c->tile->best[i]);
    for (int32_t at = first; at < panel->count[slot]; at++) {
        if (!(panel->list[slot][at].lower > limit))
            meet_one(c, i, panel->list[slot][at].centroid);
    }
}

/* A point without candidates has too many. The only one is the nearest: its score need not be known better than by
 * a bound. Of several, the first one's float32 score rules out most of the others. */
static void settle(contest *c, const byte_panel *panel, int64_t slot, int64_t i) {
    const exk_tile *tile = c->tile;
    const candidate *list = panel->list[slot];
    if (panel->count[slot] <= 0) {
        meet_all(c, i);
        return;
    }
    tile->best[i] = tile->second[i] = INFINITY;
    if (panel->count[slot] == 1) {
        tile->label[i] = list[0].centroid;
        tile->best[i] = (list[0].lower - panel->slack[slot]) / panel->factor[slot];
        return;
    }
    meet_one(c, i, list[0].centroid);
    meet_candidates(c, panel, slot, i, 1);
}

#endif
