/* The number type of an instance, vectors of it, and what all the rest is made of.
 *
 * An instance defines REAL_BITS (32 or 64) and VECTOR_BYTES. Vectors are those of GCC
 * and Clang, which make the same source into SSE, AVX, AVX-512 or NEON; elementwise
 * loops are left to the compiler. Only the matrix products name vectors at all.
 */
#ifndef SKANN_REAL_H
#define SKANN_REAL_H

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

#if REAL_BITS == 32
typedef float real;
typedef uint32_t bits;
#else
typedef double real;
typedef uint64_t bits;
#endif

typedef real vector __attribute__((vector_size(VECTOR_BYTES)));
/* The same, wherever it lies. */
typedef real loose_vector
    __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(real)), may_alias));

enum {
    LANES = VECTOR_BYTES / sizeof(real),
    /* Accumulators of a tile are TALL x 2 vectors. That leaves half of AVX-512's 32
     * registers, but the taller a tile, the fewer zeros it has side by side. */
    TALL = VECTOR_BYTES == 64 ? 8 : 6,
    WIDE = 2 * LANES,
    /* A panel of so many rows, WIDE columns each, takes most of a first-level cache;
     * and the usual batch of 200 is no deeper. */
    DEEP = 25600 / (WIDE * sizeof(real)),
    LINE = 64
};

INLINE Index rounded_up(Index n, Index unit) { return (n + unit - 1) / unit * unit; }

/* Memory that begins on a cache line and is all zeros; NULL if there is none. There is
 * up to a line more of it than asked for: behind whole vectors, at least one vector. */
static void *memory(Index n, size_t item_size)
{
    const size_t size = ((size_t)n * item_size / LINE + 1) * LINE;
    void *start = aligned_alloc(LINE, size);
    return start ? memset(start, 0, size) : NULL;
}

static real *reals(Index n) { return memory(n, sizeof(real)); }

/* Numbers next to zero that processors take a hundred times as long over count as zero
 * in this thread; returns what must be restored. */
INLINE unsigned flush_tiny_numbers(void)
{
#if defined(__x86_64__)
    const unsigned before = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(before | 0x8040);
    return before;
#else
    return 0;
#endif
}

INLINE void restore_tiny_numbers(unsigned before)
{
#if defined(__x86_64__)
    __builtin_ia32_ldmxcsr(before);
#else
    (void)before;
#endif
}

#endif
