/* Tests of one instance's parts; the Makefile defines REAL_BITS, VECTOR_BYTES, TEST. */
#include "check.h"

#include "gemm_narrow.h"
#include "layers.h"
#include "losses.h"
#include "plain.h"
#include "rules.h"

#if REAL_BITS == 32
#define EPSILON ((double)FLT_EPSILON)
#define SMALLEST ((double)FLT_MIN)
#define DIGITS FLT_MANT_DIG
#else
#define EPSILON DBL_EPSILON
#define SMALLEST DBL_MIN
#define DIGITS DBL_MANT_DIG
#endif

#include "elementwise_tests.h"
#include "loss_tests.h"
#include "product_tests.h"
#include "rule_tests.h"

static void test_float_control(void)
{
    volatile real small = R(SMALLEST), half = R(0.5);
    volatile real before = small * half;
    CHECK(before > R(0), "subnormal numbers count by default");
    const FloatControl control = flush_subnormals_to_zero();
    volatile real result = small * half, argument = before * R(4);
    restore_float_control(control);
#if defined(__x86_64__) || defined(__aarch64__)
    CHECK(result == R(0), "a subnormal result: %g", (double)result);
    CHECK(argument == R(0), "of a subnormal argument: %g", (double)argument);
#endif
    volatile real after = small * half;
    CHECK(after == before, "the control is restored");
}

void TEST(void)
{
    test_float_control();
    test_elementwise();
    test_activations();
    test_deltas();
    test_products();
    test_losses();
    test_rules();
}
