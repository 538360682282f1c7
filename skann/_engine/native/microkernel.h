/* Micro-kernels: MR x NR micro-tiles of C = A B or C = A^T B stay in registers while
 * the depth passes by.
 *
 * B comes in micro-panels: NR columns of it, one line of NR numbers after the other, so
 * that memory is read in order. A last micro-panel that needs no more than LANES
 * columns has only those; beyond the true columns it holds zeros. Micro-tiles at the
 * lower edge have 4, 2 or 1 rows.
 *
 * Every element is summed in the order of the depth, whatever micro-tile it is in.
 */
#ifndef SKANN_MICROKERNEL_H
#define SKANN_MICROKERNEL_H

#include "real.h"

/* Columns of A that are looked at together for zeros. */
enum { STRIP = 4 };

INLINE Index panel_width(Index n_columns) { return n_columns > LANES ? NR : LANES; }

/* Columns of all panels of a matrix together. */
INLINE Index padded_columns(Index n_columns)
{
    const Index whole = n_columns / NR * NR;
    return n_columns == whole ? whole : whole + panel_width(n_columns - whole);
}

/* How many rows the next micro-tile has, of so many that are left. */
INLINE int microtile_rows(Index left)
{
    return left >= MR ? MR : left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

/* sum += the outer product of m numbers A and a micro-panel's line b. */
#define RANK_ONE_UPDATE(A)                                                             \
    do {                                                                               \
        vector line[2];                                                                \
        for (int j = 0; j < n_vectors; j++)                                            \
            line[j] = *(const vector *)(b + j * LANES);                                \
        for (int i = 0; i < m; i++)                                                    \
            for (int j = 0; j < n_vectors; j++)                                        \
                sum[i][j] += (A) * line[j];                                            \
    } while (0)

INLINE void clear_microtile(const int m, const int n_vectors, vector sum[MR][2])
{
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n_vectors; j++)
            sum[i][j] = (vector){0};
}

/* Write or add a micro-tile to C, which has n_columns left. */
INLINE void store_microtile(const int m, const int n_vectors, vector sum[MR][2],
                            real *out, Index stride, Index n_columns, int add)
{
    if (n_columns >= n_vectors * LANES) {
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n_vectors; j++) {
                unaligned_vector *place =
                    (unaligned_vector *)(out + i * stride + j * LANES);
                if (add)
                    *place += sum[i][j];
                else
                    *place = sum[i][j];
            }
        return;
    }
    real line[2 * LANES];
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < n_vectors; j++)
            memcpy(line + j * LANES, &sum[i][j], sizeof(vector));
        for (Index j = 0; j < n_columns; j++)
            out[i * stride + j] = add ? out[i * stride + j] + line[j] : line[j];
    }
}

/* C = A B over `depth` numbers of each row of A. */
INLINE void microkernel_nn(const int m, const int n_vectors, const real *const *rows,
                           Index from, Index depth, const real *b, real *out,
                           Index stride, int add)
{
    vector sum[MR][2];
    const real *a[MR];
    clear_microtile(m, n_vectors, sum);
    for (int i = 0; i < m; i++)
        a[i] = rows[i] + from;
    for (Index k = 0; k < depth; k++, b += n_vectors * LANES)
        RANK_ONE_UPDATE(a[i][k]);
    store_microtile(m, n_vectors, sum, out, stride, NR, add);
}

/* The same, but of whole strips only those of a list. */
INLINE void microkernel_nn_strips(const int m, const int n_vectors,
                                  const real *const *rows, Index from, Index depth,
                                  const uint16_t *strips, Index n_strips,
                                  const real *panel, real *out, Index stride, int add)
{
    vector sum[MR][2];
    const real *a[MR];
    clear_microtile(m, n_vectors, sum);
    for (int i = 0; i < m; i++)
        a[i] = rows[i] + from;
    for (Index s = 0; s < n_strips; s++) {
        const Index k = (Index)STRIP * strips[s];
        const real *b = panel + k * n_vectors * LANES;
        for (int step = 0; step < STRIP; step++, b += n_vectors * LANES)
            RANK_ONE_UPDATE(a[i][k + step]);
    }
    for (Index k = depth / STRIP * STRIP; k < depth; k++) {
        const real *b = panel + k * n_vectors * LANES;
        RANK_ONE_UPDATE(a[i][k]);
    }
    store_microtile(m, n_vectors, sum, out, stride, NR, add);
}

/* C = A^T B with A packed: MR numbers for each listed line of B, of which the
 * micro-tile has m. */
INLINE void microkernel_tn(const int m, const int n_vectors, const real *a,
                           const uint16_t *lines, Index n_lines, const real *panel,
                           real *out, Index stride, Index n_columns, int add)
{
    vector sum[MR][2];
    clear_microtile(m, n_vectors, sum);
    for (Index l = 0; l < n_lines; l++, a += MR) {
        const real *b = panel + (Index)lines[l] * n_vectors * LANES;
        RANK_ONE_UPDATE(a[i]);
    }
    store_microtile(m, n_vectors, sum, out, stride, n_columns, add);
}

#undef RANK_ONE_UPDATE

/* Call a micro-kernel with its size as constants, so that it is unrolled. */
#define BY_MICROTILE(m, width, kernel, ...)                                            \
    do {                                                                               \
        if ((width) == NR)                                                             \
            switch (m) {                                                               \
            case MR: kernel(MR, 2, __VA_ARGS__); break;                                \
            case 4: kernel(4, 2, __VA_ARGS__); break;                                  \
            case 2: kernel(2, 2, __VA_ARGS__); break;                                  \
            default: kernel(1, 2, __VA_ARGS__);                                        \
            }                                                                          \
        else                                                                           \
            switch (m) {                                                               \
            case MR: kernel(MR, 1, __VA_ARGS__); break;                                \
            case 4: kernel(4, 1, __VA_ARGS__); break;                                  \
            case 2: kernel(2, 1, __VA_ARGS__); break;                                  \
            default: kernel(1, 1, __VA_ARGS__);                                        \
            }                                                                          \
    } while (0)

#endif
