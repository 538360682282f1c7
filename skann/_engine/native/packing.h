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

/* The strips of columns of a micro-tile of A that are not all zeros. */
typedef struct {
    uint16_t strips[KC / STRIP];
    Index count;
    Index n_seen, n_left; /* strips looked at, and those of them to be multiplied */
} NonzeroStrips;

/* List the strips of some rows that are not all zeros. */
static void find_nonzero_strips(NonzeroStrips *found, const real *const *rows, int m,
                                Index from, Index n_strips)
{
    typedef bits strip __attribute__((vector_size(STRIP * sizeof(bits))));
    typedef bits unaligned_strip __attribute__((vector_size(STRIP * sizeof(bits)),
                                                aligned(sizeof(bits)), may_alias));
    Index count = 0;
    for (Index s = 0; s < n_strips; s++) {
        strip any = {0};
        for (int i = 0; i < m; i++)
            any |= *(const unaligned_strip *)(rows[i] + from + s * STRIP);
        found->strips[count] = (uint16_t)s;
        count += (any[0] | any[1] | any[2] | any[3]) != 0;
    }
    found->count = count;
    found->n_seen += n_strips;
    found->n_left += count;
}

/* -- A^T, packed ----------------------------------------------------------------- */

/* Columns of A, rows of A^T, that are packed at once, and micro-tiles that they make:
 * of the last ones three may have 4, 2 and 1. */
enum { MC = 8 * MR, MAX_MICROTILES = MC / MR + 4 };

/* MC columns of up to KC_TN rows of A, packed in micro-panels; without rows that are
 * zeros, where these are looked for. */
typedef struct {
    real *numbers;   /* MR for each row, `depth` times for each micro-panel */
    uint16_t *lines; /* of B, that go with them, where zeros are left out */
    Index depth;
    int skips_zeros;
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

/* Append m columns of row r to a micro-panel, unless they are zeros to be left out.
 * `numbers` and `depth` are those of `packed`, which a compiler can't tell from what is
 * written. */
INLINE void pack_a_row(const int m, const int skips_zeros, const real *from, Index r,
                       real *numbers, Index depth, PackedA *packed, Index tile)
{
    const Index first = tile * depth;
    if (!skips_zeros) {
        memcpy(numbers + (first + r) * MR, from, (size_t)m * sizeof(real));
        return;
    }
    Index *count = packed->counts + tile;
    memcpy(numbers + (first + *count) * MR, from, (size_t)m * sizeof(real));
    packed->lines[first + *count] = (uint16_t)r;
    *count += !all_zeros(from, m);
}

/* The last micro-panels of a block, which have less than MR columns. */
INLINE void pack_a_edge(const int skips_zeros, const real *from, Index n, Index r,
                        real *numbers, Index depth, PackedA *packed, int tile)
{
    for (int m; n > 0; n -= m, from += m, tile++) {
        m = microtile_rows(n);
        switch (m) {
        case 4:
            pack_a_row(4, skips_zeros, from, r, numbers, depth, packed, tile);
            break;
        case 2:
            pack_a_row(2, skips_zeros, from, r, numbers, depth, packed, tile);
            break;
        default: pack_a_row(1, skips_zeros, from, r, numbers, depth, packed, tile);
        }
    }
}

/* Pack n columns of some rows.
 *
 * A few numbers of each of many rows: what the hardware does not prefetch is asked for
 * some rows ahead.
 */
INLINE void pack_a_rows(const int skips_zeros, const real *const *rows, Index column,
                        Index n, PackedA *packed)
{
    enum { AHEAD = 6, PER_LINE = CACHE_LINE / sizeof(real) };
    real *numbers = packed->numbers;
    const Index depth = packed->depth;
    const int n_whole = (int)(n / MR);
    for (Index r = 0; r < depth; r++) {
        const real *from = rows[r] + column;
        if (r + AHEAD < depth)
            for (Index i = 0; i < n; i += PER_LINE)
                __builtin_prefetch(rows[r + AHEAD] + column + i);
        for (int tile = 0; tile < n_whole; tile++)
            pack_a_row(MR, skips_zeros, from + tile * MR, r, numbers, depth, packed,
                       tile);
        pack_a_edge(skips_zeros, from + n_whole * MR, n - n_whole * MR, r, numbers,
                    depth, packed, n_whole);
    }
}

static void pack_a(const real *const *rows, Index n_rows, Index column, Index n,
                   int skips_zeros, PackedA *packed)
{
    packed->depth = n_rows;
    packed->skips_zeros = skips_zeros;
    memset(packed->counts, 0, sizeof packed->counts);
    if (skips_zeros)
        pack_a_rows(1, rows, column, n, packed);
    else
        pack_a_rows(0, rows, column, n, packed);
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
    else if (n == HALF)
        memcpy(to, from, HALF * sizeof(real));
    else
        for (Index j = 0; j < n; j++)
            to[j] = from[j];
}

/* Where a row of B, n_rows x n_columns, begins when it is packed in micro-panels for
 * KC_TN rows after KC_TN rows; and the depth of those. */
INLINE Index packed_b_offset(Index row, Index n_rows, Index n_columns, Index *depth)
{
    const Index first = row / KC_TN * KC_TN;
    *depth = index_min(KC_TN, n_rows - first);
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
            copy_panel_line(block + j * depth + r % KC_TN * width,
                            matrix + r * stride + j, width);
        }
    }
}

#endif
