/* Micro-kernels: MR x NR micro-tiles of C = A B or C = A^T B stay in registers while
 * the depth passes by.
 *
 * B comes in micro-panels: NR columns of it, one line of NR numbers after the other, so
 * that memory is read in order. A last micro-panel that needs no more than LANES
 * columns has only those, and one that needs no more than HALF only those; beyond the
 * true columns it holds zeros. Micro-tiles at the lower edge have 4, 2 or 1 rows.
 *
 * Every element is summed in the order of the depth, whatever micro-tile it is in.
 */
#ifndef SKANN_MICROKERNEL_H
#define SKANN_MICROKERNEL_H

#include "real.h"

/* Columns of A that are looked at together for zeros. */
enum { STRIP = 4 };

INLINE Index panel_width(Index n_columns)
{
    return n_columns > LANES ? NR : n_columns > HALF ? LANES : HALF;
}

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

#define VECTOR vector
#define UNALIGNED_VECTOR unaligned_vector
#define KERNEL(name) name
#include "microtile.h"
#undef VECTOR
#undef UNALIGNED_VECTOR
#undef KERNEL
#define VECTOR half_vector
#define UNALIGNED_VECTOR unaligned_half_vector
#define KERNEL(name) name##_half
#include "microtile.h"
#undef VECTOR
#undef UNALIGNED_VECTOR
#undef KERNEL

/* Call a micro-kernel with its size as constants, so that it is unrolled. */
#define BY_ROWS(m, n_vectors, kernel, ...)                                             \
    switch (m) {                                                                       \
    case MR: kernel(MR, n_vectors, __VA_ARGS__); break;                                \
    case 4: kernel(4, n_vectors, __VA_ARGS__); break;                                  \
    case 2: kernel(2, n_vectors, __VA_ARGS__); break;                                  \
    default: kernel(1, n_vectors, __VA_ARGS__);                                        \
    }
#define BY_MICROTILE(m, width, kernel, ...)                                            \
    do {                                                                               \
        if ((width) == NR)                                                             \
            BY_ROWS(m, 2, kernel, __VA_ARGS__)                                         \
        else if (HALF == LANES || (width) == LANES)                                    \
            BY_ROWS(m, 1, kernel, __VA_ARGS__)                                         \
        else                                                                           \
            BY_ROWS(m, 1, kernel##_half, __VA_ARGS__)                                  \
    } while (0)

#endif
