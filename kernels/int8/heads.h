/* Heads and tails: scores of a few coordinates instead of all.
 *
 * V is an almost orthonormal basis (basis.h) of much fewer directions than dimensions. For any w_j and m
 *
 *     c_j = V w_j + m + t_j        exactly, t_j being what is left: the head w_j = V'c_j rounded, m the mean tail
 * of a few groups of near centroids, written down once and never changed, and x.c_j = y.w_j + x.m + x.t_j,     y =
 * V'x.
 *
 * x.m is known once and for all. Heads are rounded to bytes, y = s p + e and w_j = b q_j + f_j, and with the
 * point's own tail z = x - s V p
 *
 *     |x.c_j - (s b p.q_j + x.m)| <= Y (||f_j|| + leak_j) + E ||w_j|| + Z ||t_j||,
 *
 * where Y, E, Z are ||s p||, ||e||, ||z||, leak_j bounds ||V't_j||, which would be 0 if nothing were rounded, and
 *
 *     ||t_j||^2 = ||c_j - m||^2 - ||w_j||^2,    ||z||^2 = ||x||^2 - ||y||^2 + ||e||^2     likewise.
 *
 * Points and centroids of one cloud agree in most directions or differ by little noise, which means of many points
 * have less of: tails of centroids are short, so that an eighth of the coordinates tell nearly as much as all do.
 *
 * All norms here are those of unscaled rows, and all are rounded outwards: sums of squares and products in float32
 * are off by dot_error, look_error of their lengths at most. A head's coordinates have dot_error each; rows of V
 * have length 1, nearly. */
#ifndef EXK_INT8_HEADS_H
#define EXK_INT8_HEADS_H

#include "kernels/int8/basis.h"
#include "kernels/int8/digits.h"

/* Tiles multiply so fast that a few candidates more cost more than longer heads. */
#ifdef EXK_DOT_TILES
enum { HEAD_FEW = 64, HEAD_MANY = 128 };
#else
enum { HEAD_FEW = 64, HEAD_MANY = 64 };
#endif
enum { MANY_DIMENSIONS = 384, TAILS = 32 };
_Static_assert((int)HEAD_FEW % (int)EXK_ALIGN == 0 && (int)HEAD_MANY % (int)EXK_ALIGN == 0 &&
                   (int)TAILS % (int)VEC_LANES == 0,
               "heads are whole lines");

static inline int64_t head_length(int64_t d) {
    return d < MANY_DIMENSIONS ? HEAD_FEW : HEAD_MANY;
}

/* A head needs no turning. */
static inline rotation head_rotation(int64_t length) {
    return (rotation){.d = length, .order = 1, .width = length, .lanes = 1, .stride = length, .bytes = length};
}

/* The groups that share tail m are consecutive, and so are the tails: m of group g is tail_of(g, groups). */
static inline int64_t groups_per_tail(int64_t groups) {
    return (groups + TAILS - 1) / TAILS;
}

/* Columns of y and of x.m, as many as whole groups hold. */
static inline int64_t head_columns(int64_t length) {
    return round_up_to(length + TAILS, GROUP);
}

static const double wider = 1.0 + 0x1p-20;

/* Relative, of a sum of squares by look_at. */
static inline double look_error(int64_t d) {
    return ((double)d / LOOK_CHAINS + 16.0) * 0x1p-22;
}

/* ||y - V'x|| of heads computed by dots, and by group_scores, for ||x|| = 1. */
static inline double head_error(int64_t d, int64_t length) {
    return dot_error(d) * sqrt((double)length) * (1.0 + 0x1p-8);
}

/* Columns of digits that points meet: V, and every m; as byte_groups, with the second digits beside them. Losses
 * are those of unscaled rows. */
typedef struct digit_columns {
    byte_groups first;
    int32_t *second; /* [group][quad][GROUP] */
    float *beyond;   /* of each column */
} digit_columns;

/* What the products with columns may be off by, of ||x||: less than what V loses beyond its digits, and this. */
#define COLUMNS_LOSE 0x1p-12

/* Written by prepare; by place in the order of the centroids unless said otherwise, padded to whole groups. */
typedef struct byte_heads {
    float *v;                          /* length x d: the rows of the basis, */
    double *defect;                    /* and its defect */
    digit_columns columns;             /* V and every m */
    double *columns_lost;              /* what products with V lose of ||x|| */
    float *middle;                     /* TAILS x d: m, */
    double *middle_norm, *middle_leak; /* ||m|| and ||V'm|| */
    int32_t *order;                    /* which centroid is there */
    int32_t *place;                    /* k: where a centroid is */
    float *head;                       /* [place][length]: w */
    float *before;                     /* [place][d]: the centroid, unscaled */
    int32_t *blocks;                   /* q: [group][quad][GROUP] */
    float *scale;                      /* of each group: b; 0: no bytes can stand for it */
    float *loss_y, *loss_e, *loss_z;   /* ||f|| + leak, ||w|| and more, ||t|| */
} byte_heads;

/* How a head moved since the pass before: as byte_moves tell it of whole rows. */
typedef struct head_move {
    double change, length;        /* byte_moves */
    float beta;                   /* 0: not known */
    float loss_y, loss_e, loss_z; /* of the product with the movement */
} head_move;

/* Of each centroid. */
typedef struct head_moves {
    int8_t *rows; /* [centroid][byte], biased */
    head_move *of;
} head_moves;

static inline void lay_out_heads(exk_arena *arena, int64_t k, int64_t d, const rotation *turn, byte_heads *heads,
                                 head_moves *moves) {
    const size_t padded = (size_t)(groups_of(k) * GROUP), length = (size_t)head_length(d), row = (size_t)d;
    heads->v = exk_arena_take(arena, length * row, sizeof(float));
    heads->defect = exk_arena_take(arena, 1, sizeof(double));
    const size_t columns = (size_t)head_columns((int64_t)length);
    lay_out_byte_groups(arena, (int64_t)columns, turn, &heads->columns.first);
    heads->columns.second = exk_arena_take(arena, columns * (size_t)turn->bytes, 1);
    heads->columns.beyond = exk_arena_take(arena, columns, sizeof(float));
    heads->columns_lost = exk_arena_take(arena, 1, sizeof(double));
    heads->middle = exk_arena_take(arena, TAILS * row, sizeof(float));
    heads->middle_norm = exk_arena_take(arena, TAILS, sizeof(double));
    heads->middle_leak = exk_arena_take(arena, TAILS, sizeof(double));
    heads->order = exk_arena_take(arena, padded, sizeof(int32_t));
    heads->place = exk_arena_take(arena, (size_t)k, sizeof(int32_t));
    heads->head = exk_arena_take(arena, padded * length, sizeof(float));
    heads->before = exk_arena_take(arena, padded * row, sizeof(float));
    heads->blocks = exk_arena_take(arena, padded * length, 1);
    heads->scale = exk_arena_take(arena, (size_t)groups_of(k), sizeof(float));
    heads->loss_y = exk_arena_take(arena, padded, sizeof(float));
    heads->loss_e = exk_arena_take(arena, padded, sizeof(float));
    heads->loss_z = exk_arena_take(arena, padded, sizeof(float));
    moves->rows = exk_arena_take(arena, (size_t)k * length + EXK_ALIGN, 1);
    moves->of = exk_arena_take(arena, (size_t)k, sizeof *moves->of);
}

/* V'row, for a row of d floats. */
static inline void head_of(const float *v, int64_t length, const float *row, int64_t d, float *head) {
    for (int64_t a = 0; a < length; a += SCORES_CENTROIDS)
        dots(row, v + a * d, d, SCORES_CENTROIDS, head + a);
}

/* The same of BASIS_TOGETHER rows, one after the other, and so are their heads: V is read once for all of them. */
static inline void heads_of(const float *v, int64_t length, const float *rows, int64_t d, float *heads) {
    for (int64_t a = 0; a < length; a++) {
        float along[BASIS_TOGETHER];
        dots(v + a * d, rows, d, BASIS_TOGETHER, along);
        for (int64_t r = 0; r < BASIS_TOGETHER; r++)
            heads[r * length + a] = along[r];
    }
}

static inline double square_of(const float *row, int64_t d) {
    return (double)dot_one(row, row, d);
}

static inline double root_above(double square) {
    return sqrt(square > 0.0 ? square : 0.0) * wider + 0x1p-60;
}

/* What is known of one centroid, in double. */
typedef struct head_norms {
    double row;   /* ||c|| at most */
    double head;  /* ||w|| at most */
    double wrong; /* ||w - V'c|| at most, twice */
} head_norms;

static inline head_norms norms_of(const float *row, int64_t d, const float *head, int64_t length) {
    const double norm = root_above(square_of(row, d) * (1.0 + dot_error(d)));
    return (head_norms){.row = norm,
                        .head = root_above(square_of(head, length) * (1.0 + dot_error(length))),
                        .wrong = 2.0 * head_error(d, length) * norm};
}

/* ||r - V h|| at most, where ||r||^2 is `square` at most and V'r is h but for `wrong`. */
static inline double tail_above(double square, const float *head, int64_t length, double defect, double norm,
                                double wrong) {
    const double least = square_of(head, length) * (1.0 - dot_error(length));
    return root_above(square - least + root_above(least) * (defect * norm + 2.0 * wrong));
}

/* The mean tail of places [first, last), m = c - V V'c of the mean of its centroids, up to a rounding that does
 * not matter. row: d floats, head: length. */
static inline void find_middle(const byte_heads *heads, const float *v, const exk_score_centroids *centroids,
                               int64_t first, int64_t last, float *row, float *head, float *middle) {
    const int64_t d = centroids->d, length = head_length(d);
    const float share = (float)(0.5 * centroids->unscale) / (float)(last - first);
    memset(row, 0, (size_t)d * sizeof *row);
    for (int64_t at = first; at < last; at++)
        take_off(row, centroids->c + heads->order[at] * d, -share, d);
    head_of(v, length, row, d, head);
    memcpy(middle, row, (size_t)d * sizeof *middle);
    for (int64_t a = 0; a < length; a++)
        take_off(middle, v + a * d, head[a], d);
}

static inline void put_bytes(int32_t *blocks, int64_t quads, int64_t column, const int8_t *bytes) {
    int32_t *block = blocks + column / GROUP * GROUP * quads + column % GROUP;
    for (int64_t t = 0; t < quads; t++)
        memcpy(block + t * GROUP, bytes + t * QUAD, QUAD);
}

/* turned, bytes: for one row. */
static inline void put_column(const digit_columns *columns, const rotation *by, int64_t column, const float *row,
                              float *turned, int8_t *bytes) {
    const int64_t quads = by->bytes / QUAD;
    const float largest = turn(by, row, row, turned);
    const quantised found = quantise(by, turned, largest, true, bytes);
    const float beta = byte_loss_of(by, &found).beta;
    put_bytes(columns->first.blocks, quads, column, bytes);
    const float beyond = quantise_rest(by, turned, factor_for(largest, (float)DOT_POINT), true, bytes);
    put_bytes(columns->second, quads, column, bytes);
    columns->first.beta[column] = beta;
    columns->beyond[column] =
        beta * sqrtf(rotation_square(by)) * (beyond + 0x1p-18f * found.norm) * EXK_INT8_WIDER;
}

/* The movement of centroid j, from `before` to `row`, its heads being `old` and `head`. difference: length floats,
 * bytes: as many. */
static inline void find_head_move(const head_moves *moves, int64_t j, double defect, const float *before,
                                  const float *row, int64_t d, const float *old, const float *head,
                                  float *difference, int8_t *bytes) {
    const int64_t length = head_length(d);
    const rotation by = head_rotation(length);
    const exk_look moved = look_at(row, before, d, 0.0f, 1.0f, row, before);
    const double first = root_above(square_of(before, d) * (1.0 + dot_error(d)));
    const double now = root_above(square_of(row, d) * (1.0 + dot_error(d)));
    const double square = (double)moved.square * (1.0 + look_error(d)), distance = root_above(square);
    vec_f32 change = vec_set1(0.0f);
    for (int64_t t = 0; t < d; t += VEC_LANES) {
        const vec_f32 a = vec_load_part(row + t, d - t), b = vec_load_part(before + t, d - t);
        change = vec_mul_add(vec_sub(a, b), vec_add(a, b), change);
    }
    float largest = 0.0f;
    for (int64_t a = 0; a < length; a++) {
        difference[a] = head[a] - old[a];
        largest = max_f32(largest, fabsf(difference[a]));
    }
    const quantised found = quantise(&by, difference, largest, false, bytes);
    const double beta = found.factor > 0.0f ? 1.0 / (double)found.factor : 0.0;
    const double wrong = 2.0 * head_error(d, length) * (first + now);
    const double leak = wrong + defect * (first + now);
    keep_biased(bytes, length, moves->rows + j * length);
    head_move *move = &moves->of[j];
    move->beta = (float)beta;
    move->loss_y = (float)((beta * ((double)found.residual + 0x1p-22 * (double)found.norm) + leak) * wider);
    move->loss_e = (float)(beta * ((double)found.norm + (double)found.residual) * wider);
    move->loss_z = (float)(tail_above(square, difference, length, defect, first + now, wrong) * wider);
    move->change = (double)vec_sum(change) + dot_error(d) * distance * (first + now);
    move->length = now > first ? now : first;
}

/* What is lost of the centroid at a place, whose head's bytes were found with the group's factor. */
static inline void find_head_losses(const byte_heads *heads, int64_t at, int64_t tail, double defect,
                                    const float *row, const float *middle, int64_t d, const quantised *found,
                                    float scale) {
    const int64_t length = head_length(d);
    const float *head = heads->head + at * length;
    const head_norms norms = norms_of(row, d, head, length);
    const exk_look from = look_at(row, middle, d, 0.0f, 1.0f, row, middle);
    const double leak = defect * norms.row + norms.wrong + heads->middle_leak[tail];
    const double lost = (double)scale * ((double)found->residual + 0x1p-22 * (double)found->norm);
    heads->loss_y[at] = (float)((lost + leak) * wider);
    heads->loss_e[at] = (float)((norms.head + heads->middle_norm[tail]) * wider);
    heads->loss_z[at] = (float)(tail_above((double)from.square * (1.0 + look_error(d)), head, length, defect,
                                           norms.row, norms.wrong + heads->middle_leak[tail]) *
                                wider);
}

/* What is kept of a point's head. */
typedef struct head_point {
    float scale;            /* s; 0: not known */
    float norm, lost, tail; /* ||s p||, ||e|| and more, ||z||; at most */
    int32_t start;          /* -DOT_BIAS times the sum of p */
} head_point;

/* From y, of which the largest coordinate of a panel is `largest`; norm: ||x|| at most; wrong: ||y - V'x||.
 * length bytes, and a vector beyond, are written. */
static inline head_point quantise_head(const float *y, int64_t d, float largest, double defect, float norm,
                                       double wrong, int8_t *bytes) {
    const int64_t length = head_length(d);
    const rotation by = head_rotation(length);
    const quantised found = quantise(&by, y, largest, false, bytes);
    const double scale = found.factor > 0.0f ? (double)(1.0f / found.factor) : 0.0;
    const double head = scale * (double)found.norm,
                 rounded = scale * ((double)found.residual + 0x1p-22 * (double)found.norm);
    const double square = (double)norm * (double)norm - square_of(y, length) * (1.0 - dot_error(length)) +
                          rounded * rounded + defect * head * head + 2.0 * head * wrong;
    return (head_point){.scale = (float)scale,
                        .norm = (float)(head * wider),
                        .lost = (float)((rounded + wrong) * wider),
                        .tail = (float)root_above(square),
                        .start = bias_of(bytes, length)};
}

#endif
