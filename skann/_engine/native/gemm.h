/* Matrix products, in BLAS's words C = A B (nn) and C = A^T B (tn), blocked as in Goto
 * & van de Geijn, "Anatomy of high-performance matrix multiplication" (2008).
 *
 * A of gemm_nn is read where it lies, row by row: rows of a batch need not be gathered.
 * A micro-tile's rows stay in the first-level cache while the micro-panels of a block
 * of B, which stays in the second, pass by. In gemm_tn both are packed.
 *
 * Zeros are left out: by gemm_nn STRIP columns where all rows of a micro-tile have
 * zeros, by gemm_tn rows that have zeros in all columns of one.
 *
 * Results do not depend on how rows and columns are divided among threads.
 */
#ifndef SKANN_GEMM_H
#define SKANN_GEMM_H

#include "packing.h"

/* m rows of A, from column `from` on, times columns [begin, end) of B, in addition to
 * `start`: lines like those of `out`, or NULL. */
INLINE void macrokernel_nn(int m, const real *const *rows, Index from, Index part,
                           Index depth, const real *panels, Index begin, Index end,
                           Index n_columns, const NonzeroStrips *found,
                           const real *start, Index start_stride, int rectifies,
                           real *out, Index stride)
{
    for (Index j = begin; j < end; j += NR) {
        const Index width = panel_width(n_columns - j);
        const real *panel = panels + j * depth + from * width;
        const real *here = start ? start + j : NULL;
        if (!found || found->count == part / STRIP)
            BY_MICROTILE(m, width, microkernel_nn, rows, from, part, panel, here,
                         start_stride, rectifies, out + j, stride);
        else
            BY_MICROTILE(m, width, microkernel_nn_strips, rows, from, part,
                         found->strips, found->count, panel, here, start_stride,
                         rectifies, out + j, stride);
    }
}

/* Ask for the beginnings of some rows, which lie anywhere: how they go on the hardware
 * sees for itself. */
INLINE void prefetch_rows(const real *const *rows, Index n, Index from)
{
    for (Index i = 0; i < n; i++) {
        __builtin_prefetch(rows[i] + from);
        __builtin_prefetch(rows[i] + from + CACHE_LINE / sizeof(real));
    }
}

/* out[begin:end] = rows[begin:end] times a matrix in panels, of which only the lines of
 * the span count.
 *
 * Lines of `out` have room for the padded columns. With `found`, zeros are looked for.
 * With a bias, as long as a line of `out`, it becomes relu(out + bias): that costs
 * nothing while sums are in registers.
 */
static void gemm_nn(const real *const *rows, Index begin, Index end, Index depth,
                    Range span, const real *panels, Index n_columns,
                    const real *relu_bias, NonzeroStrips *found, real *out,
                    Index stride)
{
    const Index n_lines = span.end - span.begin;
    const Index n_parts = (n_lines + KC - 1) / KC;
    const Index most = rounded_up((n_lines + n_parts - 1) / n_parts, STRIP);
    for (Index j = 0; j < n_columns; j += NC)
        for (Index from = span.begin; from < span.end; from += most) {
            const Index part = index_min(most, span.end - from);
            int m;
            for (Index i = begin; i < end; i += m) {
                m = microtile_rows(end - i);
                prefetch_rows(rows + i + m, index_min(m, end - i - m), from);
                if (found)
                    find_nonzero_strips(found, rows + i, m, from, part / STRIP);
                const int is_first = from == span.begin;
                macrokernel_nn(
                    m, rows + i, from, part, depth, panels, j,
                    index_min(j + NC, n_columns), n_columns, found,
                    is_first ? relu_bias : out + i * stride, is_first ? 0 : stride,
                    relu_bias && from + part == span.end, out + i * stride, stride);
            }
        }
}

/* n packed columns of A, transposed, times a part of B. */
static void macrokernel_tn(const PackedA *packed, Index n, const real *block,
                           Index n_columns, real *out, int add)
{
    const Index depth = packed->depth;
    int m;
    for (Index j = 0; j < n_columns; j += NR) {
        const Index width = panel_width(n_columns - j), left = n_columns - j;
        const real *panel = block + j * depth;
        for (Index i = 0, first = 0, tile = 0; i < n; i += m, first += depth, tile++) {
            m = microtile_rows(n - i);
            real *place = out + i * n_columns + j;
            if (packed->skips_zeros)
                BY_MICROTILE(m, width, microkernel_tn_lines,
                             packed->numbers + first * MR, packed->lines + first,
                             packed->counts[tile], panel, place, n_columns, left, add);
            else
                BY_MICROTILE(m, width, microkernel_tn, packed->numbers + first * MR,
                             depth, panel, place, n_columns, left, add);
        }
    }
}

/* out = rows[:, column : column + n]^T times the matrix that pack_b has packed.
 *
 * At most MC columns at once. Lines of `out` have n_columns numbers, no padding.
 */
static void gemm_tn(const real *const *rows, Index n_rows, Index column, Index n,
                    const real *panels, Index n_columns, int skips_zeros,
                    PackedA *packed, real *out)
{
    for (Index first = 0; first < n_rows; first += KC_TN) {
        Index depth;
        const real *block = panels + packed_b_offset(first, n_rows, n_columns, &depth);
        pack_a(rows + first, depth, column, n, skips_zeros, packed);
        macrokernel_tn(packed, n, block, n_columns, out, first > 0);
    }
}

#endif
