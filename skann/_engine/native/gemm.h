/* Matrix products, in BLAS's words C = A B (nn) and C = A^T B (tn), blocked as in Goto
 * & van de Geijn, "Anatomy of high-performance matrix multiplication" (2008): the depth
 * in parts of up to KC, of which a micro-panel of B stays in the first-level cache.
 *
 * A of gemm_nn is read where it lies, row by row: rows of a batch need not be gathered.
 * Zeros are left out: by gemm_nn STRIP columns where all rows of a micro-tile have
 * zeros, by gemm_tn rows that have zeros in all columns of one.
 *
 * Results do not depend on how rows and columns are divided among threads.
 */
#ifndef SKANN_GEMM_H
#define SKANN_GEMM_H

#include "packing.h"

/* All rows of A times one micro-panel, over `depth` columns. */
static void macrokernel_nn(const real *const *rows, Index begin, Index end, Index from,
                           Index depth, Index width, const real *panel,
                           NonzeroStrips *found, real *out, Index stride, int add)
{
    int m;
    for (Index i = begin, tile = 0; i < end; i += m, tile++) {
        m = microtile_rows(end - i);
        real *place = out + i * stride;
        if (!found || found->counts[tile] == depth / STRIP)
            BY_MICROTILE(m, width, microkernel_nn, rows + i, from, depth, panel, place,
                         stride, add);
        else
            BY_MICROTILE(m, width, microkernel_nn_strips, rows + i, from, depth,
                         found->strips + tile * (KC / STRIP), found->counts[tile],
                         panel, place, stride, add);
    }
}

/* out[begin:end] = rows[begin:end] times a matrix in panels, of which only the lines of
 * the span count.
 *
 * Lines of `out` have room for the padded columns. With `found`, zeros are looked for.
 */
static void gemm_nn(const real *const *rows, Index begin, Index end, Index depth,
                    Range span, const real *panels, Index n_columns,
                    NonzeroStrips *found, real *out, Index stride)
{
    const Index n_lines = span.end - span.begin;
    const Index n_parts = (n_lines + KC - 1) / KC;
    const Index most = rounded_up((n_lines + n_parts - 1) / n_parts, STRIP);
    for (Index from = span.begin; from < span.end; from += most) {
        const Index part = index_min(most, span.end - from);
        int m;
        if (found)
            for (Index i = begin, tile = 0; i < end; i += m, tile++) {
                m = microtile_rows(end - i);
                found->counts[tile] =
                    find_nonzero_strips(rows + i, m, from, part / STRIP,
                                        found->strips + tile * (KC / STRIP));
                found->n_seen += part / STRIP;
                found->n_left += found->counts[tile];
            }
        for (Index j = 0; j < n_columns; j += NR) {
            const Index width = panel_width(n_columns - j);
            macrokernel_nn(rows, begin, end, from, part, width,
                           panels + j * depth + from * width, found, out + j, stride,
                           from > span.begin);
        }
    }
}

/* out = rows[:, column : column + n]^T times the matrix that pack_b has packed.
 *
 * At most BLOCK columns at once. Lines of `out` have n_columns numbers, no padding.
 */
static void gemm_tn(const real *const *rows, Index n_rows, Index column, Index n,
                    const real *panels, Index n_columns, PackedA *packed, real *out)
{
    int m;
    for (Index first = 0; first < n_rows; first += KC) {
        Index depth;
        const real *block = panels + packed_b_offset(first, n_rows, n_columns, &depth);
        pack_a(rows + first, depth, column, n, packed);
        for (Index j = 0; j < n_columns; j += NR)
            for (Index i = 0, tile = 0; i < n; i += m, tile++) {
                m = microtile_rows(n - i);
                BY_MICROTILE(m, panel_width(n_columns - j), microkernel_tn,
                             packed->numbers + tile * KC * MR,
                             packed->lines + tile * KC, packed->counts[tile],
                             block + j * depth, out + i * n_columns + j, n_columns,
                             n_columns - j, first > 0);
            }
    }
}

#endif
