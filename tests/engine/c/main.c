/* The compiled engine's tests without Python: kernels, elementwise functions, losses and
 * rules of every instance that the processor can run, whole networks, the thread pool.
 *
 *     engine_tests [--errors]
 *
 * --errors prints the largest error of each elementwise function.
 */
#include "check.h"

#include "dispatch.h"

long n_checks, n_failures;
int prints_errors;

/* SplitMix64. */
static uint64_t random_state = 1;

static uint64_t next_bits(void)
{
    uint64_t z = (random_state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

double uniform(void) { return (double)(next_bits() >> 11) * 0x1p-53; }

int64_t below(int64_t n) { return (int64_t)(uniform() * (double)n); }

double normal(void)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += uniform();
    return sum;
}

int main(int argc, char **argv)
{
    prints_errors = argc > 1 && strcmp(argv[1], "--errors") == 0;
    test_instance_f32_base();
    test_instance_f64_base();
#if defined(__x86_64__)
    if (n_levels() > 1)
        test_instance_f32_avx2(), test_instance_f64_avx2();
    if (n_levels() > 2)
        test_instance_f32_avx512(), test_instance_f64_avx512();
#endif
    test_networks();
    test_pool();
    for (int level = 0; level < n_levels(); level++)
        printf("%s%s", level ? ", " : "levels: ", level_name(level));
    printf("\n%ld passed, %ld failed\n", n_checks - n_failures, n_failures);
    return n_failures != 0;
}
