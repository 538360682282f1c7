/* The number type of an instance, vectors of it, and what all the rest is made of.
 *
 * An instance defines REAL_BITS (32 or 64) and VECTOR_BYTES. Vectors are those of GCC
 * and Clang, which make the same source into SSE, AVX, AVX-512 or NEON; elementwise
 * loops are left to the compiler. Only the matrix products name vectors at all.
 */
#ifndef SKANN_REAL_H
#define SKANN_REAL_H

#include <math.h>
#include <string.h>

#include "engine.h"
#include "memory.h"

#if REAL_BITS == 32
typedef float real;
typedef uint32_t bits;
typedef int32_t signed_bits;
#else
typedef double real;
typedef uint64_t bits;
typedef int64_t signed_bits;
#endif

typedef real vector __attribute__((vector_size(VECTOR_BYTES)));
/* The same, wherever it lies. */
typedef real unaligned_vector
    __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(real)), may_alias));

/* Half as wide, where that is half of the work: processors multiply two vectors of 32
 * bytes, or smaller, in the time of one of 64. */
enum { HALF_BYTES = VECTOR_BYTES == 64 ? 32 : VECTOR_BYTES };
typedef real half_vector __attribute__((vector_size(HALF_BYTES)));
typedef real smallest_vector __attribute__((vector_size(16)));
typedef real unaligned_half_vector
    __attribute__((vector_size(HALF_BYTES), aligned(sizeof(real)), may_alias));

enum {
    LANES = VECTOR_BYTES / sizeof(real),
    HALF = HALF_BYTES / sizeof(real),
    /* A micro-tile is MR x 2 vectors. That leaves half of AVX-512's 32 registers, but
     * the more rows, the fewer zeros side by side. */
    MR = VECTOR_BYTES == 64 ? 8 : 6,
    NR = 2 * LANES,
    /* Lines of B that are multiplied before sums go to memory: so deep, the rows of a
     * micro-tile of A stay in the first-level cache. */
    KC = 256,
    /* And where it is A^T that is multiplied, packed. Batches are seldom deeper. */
    KC_TN = 512,
    /* Columns of B, KC deep, that stay in the second-level cache. */
    NC = 16 * NR
};

/* Before a loop over as many numbers as a vector or two have, none of which is read
 * after it has been written through another pointer: to be made vector instructions,
 * not unrolled into single ones before anybody has looked for vectors. */
#if defined(__clang__)
#define VECTOR_LOOP _Pragma("clang loop unroll(disable)")
#else
#define VECTOR_LOOP _Pragma("GCC ivdep") _Pragma("GCC unroll 1")
#endif

INLINE Index rounded_up(Index n, Index unit) { return (n + unit - 1) / unit * unit; }

/* n m, or more than there can be memory for. */
INLINE Index index_mul(Index n, Index m)
{
    Index result;
    return __builtin_mul_overflow(n, m, &result) ? INT64_MAX : result;
}

/* a b + c, rounded once on processors that can. A compiler that fuses by itself may
 * take one product of x y + z w in a loop's vectors and the other in the rest after
 * them: then a thread's share of it would decide about the last bit. */
INLINE real fused(real a, real b, real c)
{
#if VECTOR_BYTES > 16 || defined(__aarch64__) || defined(__FP_FAST_FMAF)
    return REAL_BITS == 32 ? (real)__builtin_fmaf((float)a, (float)b, (float)c)
                           : (real)__builtin_fma(a, b, c);
#else
    return a * b + c;
#endif
}

/* Memory that begins on a cache line and is all zeros; NULL if there is none. There is
 * up to a line more of it than asked for: behind whole vectors, at least one vector.
 * aligned_delete() frees it. */
static void *alloc_zeros(Index n, size_t item_size)
{
    size_t size;
    if (n < 0 || __builtin_mul_overflow((size_t)n, item_size, &size)
        || size > PTRDIFF_MAX - CACHE_LINE)
        return NULL;
    size = (size / CACHE_LINE + 1) * CACHE_LINE;
    void *start = aligned_new(size);
    return start ? memset(start, 0, size) : NULL;
}

static real *alloc_reals(Index n) { return alloc_zeros(n, sizeof(real)); }

/* Subnormal numbers, which processors take a hundred times as long over, count as zero
 * in this thread. Returns what must be restored. */
#if defined(__x86_64__)
typedef unsigned FloatControl;

INLINE FloatControl flush_subnormals_to_zero(void)
{
    enum { FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x40 };
    const FloatControl before = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(before | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO);
    return before;
}

INLINE void restore_float_control(FloatControl before)
{
    __builtin_ia32_ldmxcsr(before);
}
#elif defined(__aarch64__)
typedef uint64_t FloatControl;

INLINE void restore_float_control(FloatControl before)
{
    __asm__ __volatile__("msr fpcr, %0" : : "r"(before));
}

/* FPCR.FZ: operands and results. */
INLINE FloatControl flush_subnormals_to_zero(void)
{
    FloatControl before;
    __asm__ __volatile__("mrs %0, fpcr" : "=r"(before));
    restore_float_control(before | (FloatControl)1 << 24);
    return before;
}
#else
typedef int FloatControl;

INLINE FloatControl flush_subnormals_to_zero(void) { return 0; }
INLINE void restore_float_control(FloatControl before) { (void)before; }
#endif

#endif
