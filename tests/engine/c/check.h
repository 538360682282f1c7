/* What all parts of the test program share. */
#ifndef SKANN_CHECK_H
#define SKANN_CHECK_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_THREAD__)
#define HAS_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAS_TSAN 1
#endif
#endif

/* One assertion; what is printed where it fails. */
#define CHECK(condition, ...)                                                          \
    do {                                                                               \
        n_checks++;                                                                    \
        if (!(condition)) {                                                            \
            n_failures++;                                                              \
            printf("%s:%d: %s: ", __FILE__, __LINE__, #condition);                     \
            printf(__VA_ARGS__);                                                       \
            putchar('\n');                                                             \
        }                                                                              \
    } while (0)

extern long n_checks, n_failures;
extern int prints_errors; /* the largest errors of functions, to set budgets by */

/* The larger one, or what is not a number. */
static inline double larger(double a, double b) { return isnan(a) || b <= a ? a : b; }

/* Random numbers, the same in every run: in [0, 1), below n, of a normal shape. */
double uniform(void);
int64_t below(int64_t n);
double normal(void);

/* The parts. Those of an instance exist once for each. */
void test_pool(void);
void test_networks(void);
void test_instance_f32_base(void);
void test_instance_f64_base(void);
#if defined(__x86_64__)
void test_instance_f32_avx2(void);
void test_instance_f64_avx2(void);
void test_instance_f32_avx512(void);
void test_instance_f64_avx512(void);
#endif

#endif
