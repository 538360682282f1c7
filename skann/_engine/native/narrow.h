/* Products with a matrix of few columns: the weights of an output layer of up to NARROW
 * units.
 *
 * A tile is at least LANES columns wide, and for one, two or three units it would be
 * padding for the most part. Here vectors lie along the units below, and those above
 * take turns. Rows have numbers up to whole panels. A vector of columns may reach past
 * them by less than its own length: what it reads there is left out, and behind the
 * last row there is room, see memory() in real.h.
 */
#ifndef SKANN_NARROW_H
#define SKANN_NARROW_H

#include "products.h"

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

/* The sum of a vector's numbers. */
INLINE real sum_of(vector numbers)
{
    real line[LANES];
    memcpy(line, &numbers, sizeof line);
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            line[i] += line[i + half];
    return line[0];
}

/* Some rows times a matrix, of which the transpose is in panels, n_columns deep. */
INLINE void narrow_rows_tile(const int n_columns, const int tall,
                             const real *const *rows, Index depth, const real *panel,
                             real *out, Index stride)
{
    vector sum[4][NARROW];
    for (int i = 0; i < tall; i++)
        for (int c = 0; c < n_columns; c++)
            sum[i][c] = (vector){0};
    for (Index k = 0; k < depth; k += WIDE) {
        const Index width = panel_width(depth - k);
        for (Index part = 0; part < width; part += LANES)
            for (int i = 0; i < tall; i++) {
                const vector a = *(const loose_vector *)(rows[i] + k + part);
                for (int c = 0; c < n_columns; c++)
                    sum[i][c] += a * *(const vector *)(panel + c * width + part);
            }
        panel += n_columns * width;
    }
    for (int i = 0; i < tall; i++)
        for (int c = 0; c < n_columns; c++)
            out[i * stride + c] = sum_of(sum[i][c]);
}

INLINE void narrow_rows_of(const int n_columns, const real *const *rows, Index begin,
                           Index end, Index depth, const real *panels_back, real *out,
                           Index stride)
{
    Index i = begin;
    for (; i + 4 <= end; i += 4)
        narrow_rows_tile(n_columns, 4, rows + i, depth, panels_back, out + i * stride,
                         stride);
    for (; i < end; i++)
        narrow_rows_tile(n_columns, 1, rows + i, depth, panels_back, out + i * stride,
                         stride);
}

/* out[begin:end] = rows[begin:end] times a matrix with its transpose in panels. */
static void narrow_rows(const real *const *rows, Index begin, Index end, Index depth,
                        const real *panels_back, Index n_columns, real *out,
                        Index stride)
{
    BY_COLUMNS(n_columns, narrow_rows_of, rows, begin, end, depth, panels_back, out,
               stride);
}

/* Up to `vectors` vectors of columns of rows, transposed, times the right factor. */
INLINE void narrow_columns_tile(const int n_columns, const int vectors,
                                const real *const *rows, Index n_rows, Index column,
                                Index n, const real *right, Index stride, real *out)
{
    vector sum[NARROW][2];
    for (int c = 0; c < n_columns; c++)
        for (int v = 0; v < vectors; v++)
            sum[c][v] = (vector){0};
    for (Index r = 0; r < n_rows; r++, right += stride) {
        const loose_vector *a = (const loose_vector *)(rows[r] + column);
        for (int c = 0; c < n_columns; c++)
            for (int v = 0; v < vectors; v++)
                sum[c][v] += a[v] * right[c];
    }
    for (int c = 0; c < n_columns; c++) {
        real line[2 * LANES] = {0};
        memcpy(line, sum[c], (size_t)vectors * sizeof(vector));
        for (Index k = 0; k < n; k++)
            out[k * n_columns + c] = line[k];
    }
}

INLINE void narrow_columns_of(const int n_columns, const real *const *rows,
                              Index n_rows, Index column, Index n, const real *right,
                              Index stride, real *out)
{
    Index k = 0;
    for (; k + LANES < n; k += WIDE)
        narrow_columns_tile(n_columns, 2, rows, n_rows, column + k,
                            smaller(WIDE, n - k), right, stride, out + k * n_columns);
    if (k < n)
        narrow_columns_tile(n_columns, 1, rows, n_rows, column + k, n - k, right,
                            stride, out + k * n_columns);
}

/* out = rows[:, column : column + n]^T times a matrix with the given stride. */
static void narrow_columns(const real *const *rows, Index n_rows, Index column, Index n,
                           const real *right, Index stride, Index n_columns, real *out)
{
    BY_COLUMNS(n_columns, narrow_columns_of, rows, n_rows, column, n, right, stride,
               out);
}

#undef BY_COLUMNS

#endif
