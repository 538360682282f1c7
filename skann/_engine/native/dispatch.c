/* See dispatch.h. */
#include "dispatch.h"

#if defined(__x86_64__)

#include <cpuid.h>

enum { BASE, AVX2, AVX512 };

/* __builtin_cpu_supports does not know it. */
static int has_prefetchw(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(0x80000001, &a, &b, &c, &d) && (c & bit_PRFCHW);
}

int n_levels(void)
{
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return BASE + 1;
    return has_prefetchw() && __builtin_cpu_supports("avx512f")
                   && __builtin_cpu_supports("avx512vl")
                   && __builtin_cpu_supports("avx512dq")
                   && __builtin_cpu_supports("avx512bw")
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
