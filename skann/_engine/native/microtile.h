/* Micro-kernels for vectors of one width: microkernel.h includes this for every width,
 * with VECTOR, UNALIGNED_VECTOR and KERNEL(name), the name for this width.
 */

enum { KERNEL(WIDTH) = sizeof(VECTOR) / sizeof(real) };
typedef signed_bits KERNEL(BITS) __attribute__((vector_size(sizeof(VECTOR))));

/* sum += the outer product of m numbers A and a micro-panel's line b. */
#define RANK_ONE_UPDATE(A)                                                             \
    do {                                                                               \
        VECTOR line[2];                                                                \
        for (int j = 0; j < n_vectors; j++)                                            \
            line[j] = *(const VECTOR *)(b + j * KERNEL(WIDTH));                        \
        for (int i = 0; i < m; i++)                                                    \
            for (int j = 0; j < n_vectors; j++)                                        \
                sum[i][j] += (A) * line[j];                                            \
    } while (0)

INLINE void KERNEL(clear_microtile)(const int m, const int n_vectors, VECTOR sum[MR][2])
{
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n_vectors; j++)
            sum[i][j] = (VECTOR){0};
}

/* A micro-tile to begin with: lines that lie `stride` apart, or zeros. */
INLINE void KERNEL(load_microtile)(const int m, const int n_vectors, VECTOR sum[MR][2],
                                   const real *start, Index stride)
{
    KERNEL(clear_microtile)(m, n_vectors, sum);
    for (int i = 0; start && i < m; i++, start += stride)
        for (int j = 0; j < n_vectors; j++)
            sum[i][j] = *(const UNALIGNED_VECTOR *)(start + j * KERNEL(WIDTH));
}

/* Zero instead of what is below it. NaN stays. */
INLINE void KERNEL(rectify_microtile)(const int m, const int n_vectors,
                                      VECTOR sum[MR][2])
{
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n_vectors; j++)
            sum[i][j] = (VECTOR)((KERNEL(BITS))sum[i][j] & ~(sum[i][j] < (VECTOR){0}));
}

/* Write or add a micro-tile to C, which has n_columns left. Where there are NR, a
 * vector of LANES is written: zeros behind the micro-tile. */
INLINE void KERNEL(store_microtile)(const int m, const int n_vectors, VECTOR sum[MR][2],
                                    real *out, Index stride, Index n_columns, int add)
{
    const int width = n_vectors * KERNEL(WIDTH);
    if (n_columns >= width) {
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n_vectors; j++) {
                UNALIGNED_VECTOR *place =
                    (UNALIGNED_VECTOR *)(out + i * stride + j * KERNEL(WIDTH));
                if (add)
                    *place += sum[i][j];
                else
                    *place = sum[i][j];
                if (width < LANES && n_columns >= NR)
                    place[1] = (VECTOR){0};
            }
        return;
    }
    real line[2 * KERNEL(WIDTH)];
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < n_vectors; j++)
            memcpy(line + j * KERNEL(WIDTH), &sum[i][j], sizeof(VECTOR));
        for (Index j = 0; j < n_columns; j++)
            out[i * stride + j] = add ? out[i * stride + j] + line[j] : line[j];
    }
}

/* C = start + A B over `depth` numbers of each row of A; and relu of that. */
INLINE void KERNEL(microkernel_nn)(const int m, const int n_vectors,
                                   const real *const *rows, Index from, Index depth,
                                   const real *b, const real *start, Index start_stride,
                                   int rectifies, real *out, Index stride)
{
    VECTOR sum[MR][2];
    const real *a[MR];
    KERNEL(load_microtile)(m, n_vectors, sum, start, start_stride);
    for (int i = 0; i < m; i++)
        a[i] = rows[i] + from;
    for (Index k = 0; k < depth; k++, b += n_vectors * KERNEL(WIDTH))
        RANK_ONE_UPDATE(a[i][k]);
    if (rectifies)
        KERNEL(rectify_microtile)(m, n_vectors, sum);
    KERNEL(store_microtile)(m, n_vectors, sum, out, stride, NR, 0);
}

/* The same, but of whole strips only those of a list. */
INLINE void KERNEL(microkernel_nn_strips)(const int m, const int n_vectors,
                                          const real *const *rows, Index from,
                                          Index depth, const uint16_t *strips,
                                          Index n_strips, const real *panel,
                                          const real *start, Index start_stride,
                                          int rectifies, real *out, Index stride)
{
    VECTOR sum[MR][2];
    const real *a[MR];
    KERNEL(load_microtile)(m, n_vectors, sum, start, start_stride);
    for (int i = 0; i < m; i++)
        a[i] = rows[i] + from;
    for (Index s = 0; s < n_strips; s++) {
        const Index k = (Index)STRIP * strips[s];
        const real *b = panel + k * n_vectors * KERNEL(WIDTH);
        for (int step = 0; step < STRIP; step++, b += n_vectors * KERNEL(WIDTH))
            RANK_ONE_UPDATE(a[i][k + step]);
    }
    for (Index k = depth / STRIP * STRIP; k < depth; k++) {
        const real *b = panel + k * n_vectors * KERNEL(WIDTH);
        RANK_ONE_UPDATE(a[i][k]);
    }
    if (rectifies)
        KERNEL(rectify_microtile)(m, n_vectors, sum);
    KERNEL(store_microtile)(m, n_vectors, sum, out, stride, NR, 0);
}

/* C = A^T B with A packed: MR numbers for each line of B, of which the micro-tile has
 * m. */
INLINE void KERNEL(microkernel_tn)(const int m, const int n_vectors, const real *a,
                                   Index depth, const real *b, real *out, Index stride,
                                   Index n_columns, int add)
{
    VECTOR sum[MR][2];
    KERNEL(clear_microtile)(m, n_vectors, sum);
    for (Index k = 0; k < depth; k++, a += MR, b += n_vectors * KERNEL(WIDTH))
        RANK_ONE_UPDATE(a[i]);
    KERNEL(store_microtile)(m, n_vectors, sum, out, stride, n_columns, add);
}

/* The same with numbers for each line of a list. */
INLINE void KERNEL(microkernel_tn_lines)(const int m, const int n_vectors,
                                         const real *a, const uint16_t *lines,
                                         Index n_lines, const real *panel, real *out,
                                         Index stride, Index n_columns, int add)
{
    VECTOR sum[MR][2];
    KERNEL(clear_microtile)(m, n_vectors, sum);
    for (Index l = 0; l < n_lines; l++, a += MR) {
        const real *b = panel + (Index)lines[l] * n_vectors * KERNEL(WIDTH);
        RANK_ONE_UPDATE(a[i]);
    }
    KERNEL(store_microtile)(m, n_vectors, sum, out, stride, n_columns, add);
}

#undef RANK_ONE_UPDATE
