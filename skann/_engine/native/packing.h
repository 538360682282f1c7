/* Packing: A and B in the order in which micro-kernels want them, and where A has
 * zeros.
 *
 * Data that are fed to networks are often full of zeros (images, one-hot codes), and
 * zeros next to each other are found at a small part of the price of multiplying them.
 */
#ifndef SKANN_PACKING_H
#define SKANN_PACKING_H

#include "microkernel.h"

/* -- A as rows where they lie ---------------------------------------------------- */

/* Lines of B, or rows of A. */
typedef struct {
    Index begin, end;
} Range;

/* The strips of columns of A that are not all zeros, micro-tile by micro-tile. */
typedef struct {
    uint16_t *strips; /* KC / STRIP for each micro-tile */
    Index *counts;
    Index n_seen, n_left; /* strips looked at, and those of them to be multiplied */
} NonzeroStrips;

/* List the strips of some rows that are not all zeros. */
static Index find_nonzero_strips(const real *const *rows, int m, Index from,
                                 Index n_strips, uint16_t *strips)
{
    typedef bits strip __attribute__((vector_size(STRIP * sizeof(bits))));
    typedef bits unaligned_strip __attribute__((vector_size(STRIP * sizeof(bits)),
                                                aligned(sizeof(bits)), may_alias));
    Index count = 0;
    for (Index s = 0; s < n_strips; s++) {
        strip any = {0};
        for (int i = 0; i < m; i++)
            any |= *(const unaligned_strip *)(rows[i] + from + s * STRIP);
        strips[count] = (uint16_t)s;
        count += (any[0] | any[1] | any[2] | any[3]) != 0;
    }
    return count;
}

/* -- A^T, packed ----------------------------------------------------------------- */

/* Columns of A, rows of A^T, that are packed at once, and micro-tiles that they make:
 * of the last ones three may have 4, 2 and 1. */
enum { MC = 8 * MR, MAX_MICROTILES = MC / MR + 4 };

/* MC columns of KC rows of A, packed in micro-panels without rows that are zeros. */
typedef struct {
    real *numbers;   /* KC * MR for each micro-panel */
    uint16_t *lines; /* of B, that go with them: KC for each */
    Index counts[MAX_MICROTILES];
} PackedA;

/* Whether n numbers are all +0. */
INLINE int all_zeros(const real *numbers, const int n)
{
    const char *bytes = (const char *)numbers;
    const int size = n * (int)sizeof(real);
    uint64_t any = 0, word;
    uint32_t half = 0;
    for (int i = 0; i + 8 <= size; i += 8) {
        memcpy(&word, bytes + i, 8);
        any |= word;
    }
    if (size % 8)
        memcpy(&half, bytes + size - 4, 4);
    return !(any | half);
}

/* Append m columns of row r to a micro-panel, unless they are all zeros. */
INLINE void pack_a_row(const int m, const real *from, Index r, const PackedA *packed,
                       int tile, Index *count)
{
    memcpy(packed->numbers + (tile * KC + *count) * MR, from, (size_t)m * sizeof(real));
    packed->lines[tile * KC + *count] = (uint16_t)r;
    *count += !all_zeros(from, m);
}

/* The last micro-panels of a block, which have less than MR columns. */
static void pack_a_edge(const real *from, Index n, Index r, PackedA *packed, int tile)
{
    for (int m; n > 0; n -= m, from += m, tile++) {
        m = microtile_rows(n);
        switch (m) {
        case 4: pack_a_row(4, from, r, packed, tile, packed->counts + tile); break;
        case 2: pack_a_row(2, from, r, packed, tile, packed->counts + tile); break;
        default: pack_a_row(1, from, r, packed, tile, packed->counts + tile);
        }
    }
}

/* Pack n columns of some rows.
 *
 * A few numbers of each of many rows: what the hardware does not prefetch is asked for
 * some rows ahead.
 */
static void pack_a(const real *const *rows, Index n_rows, Index column, Index n,
                   PackedA *packed)
{
    enum { AHEAD = 6, PER_LINE = CACHE_LINE / sizeof(real) };
    const int n_whole = (int)(n / MR);
    memset(packed->counts, 0, sizeof packed->counts);
    for (Index r = 0; r < n_rows; r++) {
        const real *from = rows[r] + column;
        if (r + AHEAD < n_rows)
            for (Index i = 0; i < n; i += PER_LINE)
                __builtin_prefetch(rows[r + AHEAD] + column + i);
        for (int tile = 0; tile < n_whole; tile++)
            pack_a_row(MR, from + tile * MR, r, packed, tile, packed->counts + tile);
        pack_a_edge(from + n_whole * MR, n - n_whole * MR, r, packed, n_whole);
    }
}

/* -- B --------------------------------------------------------------------------- */

/* Copy up to NR numbers. For a size that it does not know the compiler calls in what
 * is made for many more. */
INLINE void copy_panel_line(real *to, const real *from, Index n)
{
    if (n == NR)
        memcpy(to, from, NR * sizeof(real));
    else if (n == LANES)
        memcpy(to, from, LANES * sizeof(real));
    else
        for (Index j = 0; j < n; j++)
            to[j] = from[j];
}

/* Where a row of B, n_rows x n_columns, begins when it is packed in micro-panels for KC
 * rows after KC rows; and the depth of those. */
INLINE Index packed_b_offset(Index row, Index n_rows, Index n_columns, Index *depth)
{
    const Index first = row / KC * KC;
    *depth = index_min(KC, n_rows - first);
    return first * padded_columns(n_columns);
}

/* Pack rows [begin, end) of B, for gemm_tn. */
static void pack_b(const real *matrix, Index stride, Index begin, Index end,
                   Index n_rows, Index n_columns, real *panels)
{
    for (Index r = begin; r < end; r++) {
        Index depth;
        real *block = panels + packed_b_offset(r, n_rows, n_columns, &depth);
        for (Index j = 0; j < n_columns; j += NR) {
            const Index width = panel_width(n_columns - j);
            copy_panel_line(block + j * depth + r % KC * width, matrix + r * stride + j,
                            width);
        }
    }
}

#endif
