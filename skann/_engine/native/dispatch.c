/* See dispatch.h. */
#include "dispatch.h"

#if defined(__x86_64__)

#include <cpuid.h>

enum { BASE, AVX2, AVX512 };

/* Registers that the operating system saves for threads: bits of XCR0. */
static unsigned saved_registers(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
        return 0;
    __asm__ __volatile__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    return a;
}

static int has_prefetchw(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(0x80000001, &a, &b, &c, &d) && (c & bit_PRFCHW);
}

/* Asked of the processor itself: what compilers have for it needs a library that is not
 * everywhere, and does not know all of it. */
int n_levels(void)
{
    enum { YMM = 0x06, ZMM = 0xe6 };
    const unsigned saved = saved_registers();
    const unsigned avx512 = bit_AVX512F | bit_AVX512VL | bit_AVX512DQ | bit_AVX512BW;
    unsigned a, b, c, d, extended;
    if ((saved & YMM) != YMM || !__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_FMA)
        || !__get_cpuid_count(7, 0, &a, &extended, &c, &d) || !(extended & bit_AVX2))
        return BASE + 1;
    return (saved & ZMM) == ZMM && (extended & avx512) == avx512 && has_prefetchw()
               ? AVX512 + 1
               : AVX2 + 1;
}

const Instance *instance_for(int level, Index item_size)
{
    const int is_double = item_size == 8;
    if (level == BASE)
        return is_double ? &skann_f64_base : &skann_f32_base;
    if (level == AVX512)
        return is_double ? &skann_f64_avx512 : &skann_f32_avx512;
    if (has_prefetchw())
        return is_double ? &skann_f64_avx2 : &skann_f32_avx2;
    return is_double ? &skann_f64_avx2_plain : &skann_f32_avx2_plain;
}

#else

int n_levels(void) { return 1; }

const Instance *instance_for(int level, Index item_size)
{
    (void)level;
    return item_size == 8 ? &skann_f64_base : &skann_f32_base;
}

#endif

const char *level_name(int level) { return instance_for(level, 4)->name; }
