/* Products with a matrix of few columns: the weights of an output layer of up to NARROW
 * units.
 *
 * A micro-tile is at least LANES columns wide, and for one, two or three units it would
 * be padding for the most part. Here vectors lie along the units below, and those above
 * take turns. Rows have numbers up to whole panels. A vector of columns may reach past
 * them by less than its own length: what it reads there is left out, and behind the
 * last row there is room, see alloc_zeros() in real.h.
 */
#ifndef SKANN_GEMM_NARROW_H
#define SKANN_GEMM_NARROW_H

#include "gemm.h"

enum { NARROW = 4 };

/* Call a function with the number of columns as a constant, so that it is unrolled. */
#define BY_COLUMNS(n_columns, function, ...)                                           \
    do {                                                                               \
        switch (n_columns) {                                                           \
        case 1: function(1, __VA_ARGS__); break;                                       \
        case 2: function(2, __VA_ARGS__); break;                                       \
        case 3: function(3, __VA_ARGS__); break;                                       \
        default: function(NARROW, __VA_ARGS__);                                        \
        }                                                                              \
    } while (0)

/* The sum of a vector's numbers and half a vector's: halves onto each other, as long as
 * there are any. */
INLINE real sum_of(vector numbers, half_vector more)
{
    half_vector wide;
    smallest_vector rest;
    if (HALF < LANES) {
        half_vector upper;
        memcpy(&wide, &numbers, sizeof wide);
        memcpy(&upper, (const char *)&numbers + sizeof wide, sizeof upper);
        wide += upper + more;
    } else
        memcpy(&wide, &numbers, sizeof wide);
    memcpy(&rest, &wide, sizeof rest);
    if (sizeof rest < sizeof wide) {
        smallest_vector upper;
        memcpy(&upper, (const char *)&wide + sizeof rest, sizeof upper);
        rest += upper;
    }
#if REAL_BITS == 32
    return (rest[0] + rest[2]) + (rest[1] + rest[3]);
#else
    return rest[0] + rest[1];
#endif
}

/* Some rows times a matrix, of which the transpose is in panels, n_columns deep. */
INLINE void microkernel_nn_narrow(const int n_columns, const int m,
                                  const real *const *rows, Index depth,
                                  const real *panel, real *out, Index stride)
{
    vector sum[4][NARROW];
    half_vector last[4][NARROW];
    for (int i = 0; i < m; i++)
        for (int c = 0; c < n_columns; c++) {
            sum[i][c] = (vector){0};
            last[i][c] = (half_vector){0};
        }
    for (Index k = 0; k < depth; k += NR) {
        const Index width = panel_width(depth - k);
        if (width < LANES) {
            for (int i = 0; i < m; i++) {
                const half_vector a = *(const unaligned_half_vector *)(rows[i] + k);
                for (int c = 0; c < n_columns; c++)
                    last[i][c] = a * *(const half_vector *)(panel + c * width);
            }
            break;
        }
        for (Index part = 0; part < width; part += LANES)
            for (int i = 0; i < m; i++) {
                const vector a = *(const unaligned_vector *)(rows[i] + k + part);
                for (int c = 0; c < n_columns; c++)
                    sum[i][c] += a * *(const vector *)(panel + c * width + part);
            }
        panel += n_columns * width;
    }
    for (int i = 0; i < m; i++)
        for (int c = 0; c < n_columns; c++)
            out[i * stride + c] = sum_of(sum[i][c], last[i][c]);
}

INLINE void loop_nn_narrow(const int n_columns, const real *const *rows, Index begin,
                           Index end, Index depth, const real *panels_transposed,
                           real *out, Index stride)
{
    Index i = begin;
    for (; i + 4 <= end; i += 4)
        microkernel_nn_narrow(n_columns, 4, rows + i, depth, panels_transposed,
                              out + i * stride, stride);
    for (; i < end; i++)
        microkernel_nn_narrow(n_columns, 1, rows + i, depth, panels_transposed,
                              out + i * stride, stride);
}

/* out[begin:end] = rows[begin:end] times a matrix with its transpose in panels. */
static void gemm_nn_narrow(const real *const *rows, Index begin, Index end, Index depth,
                           const real *panels_transposed, Index n_columns, real *out,
                           Index stride)
{
    BY_COLUMNS(n_columns, loop_nn_narrow, rows, begin, end, depth, panels_transposed,
               out, stride);
}

/* Up to `vectors` vectors of columns of rows, transposed, times the right factor. */
INLINE void microkernel_tn_narrow(const int n_columns, const int n_vectors,
                                  const real *const *rows, Index n_rows, Index column,
                                  Index n, const real *right, Index stride, real *out)
{
    vector sum[NARROW][2];
    for (int c = 0; c < n_columns; c++)
        for (int v = 0; v < n_vectors; v++)
            sum[c][v] = (vector){0};
    for (Index r = 0; r < n_rows; r++, right += stride) {
        const unaligned_vector *a = (const unaligned_vector *)(rows[r] + column);
        for (int c = 0; c < n_columns; c++)
            for (int v = 0; v < n_vectors; v++)
                sum[c][v] += a[v] * right[c];
    }
    for (int c = 0; c < n_columns; c++) {
        real line[2 * LANES] = {0};
        memcpy(line, sum[c], (size_t)n_vectors * sizeof(vector));
        for (Index k = 0; k < n; k++)
            out[k * n_columns + c] = line[k];
    }
}

INLINE void loop_tn_narrow(const int n_columns, const real *const *rows, Index n_rows,
                           Index column, Index n, const real *right, Index stride,
                           real *out)
{
    Index k = 0;
    for (; k + LANES < n; k += NR)
        microkernel_tn_narrow(n_columns, 2, rows, n_rows, column + k,
                              index_min(NR, n - k), right, stride, out + k * n_columns);
    if (k < n)
        microkernel_tn_narrow(n_columns, 1, rows, n_rows, column + k, n - k, right,
                              stride, out + k * n_columns);
}

/* out = rows[:, column : column + n]^T times a matrix with the given stride. */
static void gemm_tn_narrow(const real *const *rows, Index n_rows, Index column, Index n,
                           const real *right, Index stride, Index n_columns, real *out)
{
    BY_COLUMNS(n_columns, loop_tn_narrow, rows, n_rows, column, n, right, stride, out);
}

#undef BY_COLUMNS

#endif
