/* Limits of groups by vectors; the same functions as above_tiles.h. */
#ifndef EXK_INT8_ABOVE_VECTORS_H
#define EXK_INT8_ABOVE_VECTORS_H

enum { KNOWN_LATER = 0, ROWS_COPIED = 1 };

_Static_assert((int)HEAD_FEW == (int)HEAD_MANY && (int)PANEL_POINTS % EXK_MR == 0,
               "heads have one length, and panels are whole blocks of rows");

/* Of EXK_MR points in rows of HEAD_MANY bytes, from[r] being the bias of each less its part of the limit. */
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
                const void *quad = rows + r * HEAD_MANY + t * QUAD;
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
    fetch_lines(fetch, HEAD_MANY);
    for (int slot = 0; slot < PANEL_POINTS; slot += VEC_LANES)
        vec_store_i32(from + slot,
                      vec_sub_i32(vec_load_i32(rows->start + slot), vec_load_i32(limits->reach + slot)));
    for (int first = 0; first < PANEL_POINTS; first += EXK_MR)
        meet_rows(rows->bytes + first * HEAD_MANY, from + first, limits->least, block, rows->quads, above + first);
}

static inline void meet_no_more(meeting_rows *rows, int64_t g, uint32_t above[PANEL_POINTS]) {
    (void)rows;
    (void)g;
    (void)above;
}

#endif
