/* exp and its relatives on one number, without a branch or a call, so that loops over
 * them become vector instructions. Errors are a few units in the last place.
 *
 * All of them are made of expm1 of a number that is not positive:
 *
 *     x = n log 2 + r,  |r| <= log(2) / 2
 *     exp(x) - 1 = 2^n (exp(r) - 1) + (2^n - 1)
 *
 * with Taylor's series for exp(r) - 1. Nothing overflows, and where the argument is
 * tiny the result keeps its digits.
 */
#ifndef SKANN_ELEMENTWISE_H
#define SKANN_ELEMENTWISE_H

#include "real.h"

/* A number whose unit in the last place is one: adding it rounds to an integer, which
 * then stands in the sum's lowest bits. log 2 in two parts, of which the first has so
 * few digits that n times it is exact. exp(LOWEST) is a normal number. */
#if REAL_BITS == 32
#define ROUNDER 0x1.8p23f
#define LOG2_HIGH 0x1.62e4p-1f
#define LOG2_LOW 0x1.7f7d1cp-20f
#define LOWEST -87.0f
enum { MANTISSA = 23, BIAS = 127 };
#else
#define ROUNDER 0x1.8p52
#define LOG2_HIGH 0x1.62e42fee00000p-1
#define LOG2_LOW 0x1.a39ef35793c76p-33
#define LOWEST -708.0
enum { MANTISSA = 52, BIAS = 1023 };
#endif
#define R(x) ((real)(x))

INLINE real blend(int condition, real yes, real no) { return condition ? yes : no; }

INLINE real real_max(real a, real b) { return a > b ? a : b; }
INLINE real real_min(real a, real b) { return a < b ? a : b; }

INLINE real real_abs(real x)
{
    return REAL_BITS == 32 ? (real)__builtin_fabsf((float)x) : (real)__builtin_fabs(x);
}

/* |x| with the sign of y */
INLINE real real_copysign(real x, real y)
{
    return REAL_BITS == 32 ? (real)__builtin_copysignf((float)x, (float)y)
                           : (real)__builtin_copysign(x, y);
}

INLINE real real_sqrt(real x)
{
    return REAL_BITS == 32 ? (real)__builtin_sqrtf((float)x) : (real)__builtin_sqrt(x);
}

/* exp(r) - 1 for |r| <= log(2) / 2: r + r²/2! + r³/3! + ... */
INLINE real expm1_series(real r)
{
#if REAL_BITS == 32
    real p = R(1.0 / 5040);
#else
    real p = R(1.0 / 6227020800);
    p = p * r + R(1.0 / 479001600);
    p = p * r + R(1.0 / 39916800);
    p = p * r + R(1.0 / 3628800);
    p = p * r + R(1.0 / 362880);
    p = p * r + R(1.0 / 40320);
    p = p * r + R(1.0 / 5040);
#endif
    p = p * r + R(1.0 / 720);
    p = p * r + R(1.0 / 120);
    p = p * r + R(1.0 / 24);
    p = p * r + R(1.0 / 6);
    p = p * r + R(0.5);
    return r + r * r * p;
}

/* 2^n and exp(r) - 1 for x = n log 2 + r; x is not positive. NaN stays NaN. */
INLINE real split_exponent(real x, real *power)
{
    x = blend(x < R(LOWEST), R(LOWEST), x);
    const real rounded = x * R(1.4426950408889634) + R(ROUNDER);
    const real n = rounded - R(ROUNDER);
    const real r = (x - n * R(LOG2_HIGH)) - n * R(LOG2_LOW);
    bits exponent;
    memcpy(&exponent, &rounded, sizeof exponent);
    exponent = (exponent << MANTISSA) + ((bits)BIAS << MANTISSA);
    memcpy(power, &exponent, sizeof exponent);
    return expm1_series(r);
}

/* exp(x) for x <= 0 */
INLINE real exp_nonpositive(real x)
{
    real power;
    const real p = split_exponent(x, &power);
    return power + power * p;
}

/* exp(x) - 1 for x <= 0 */
INLINE real expm1_nonpositive(real x)
{
    real power;
    const real p = split_exponent(x, &power);
    return power * p + (power - R(1));
}

/* log(1 + t) for 0 <= t <= 1:
 * 2 artanh(s) = 2 (s + s³/3 + s⁵/5 + ...), s = t / (2 + t) */
INLINE real log1p_unit(real t)
{
    const real s = t / (R(2) + t), q = s * s;
    real p = R(1.0 / 17);
#if REAL_BITS == 64
    p = R(1.0 / 33);
    p = p * q + R(1.0 / 31);
    p = p * q + R(1.0 / 29);
    p = p * q + R(1.0 / 27);
    p = p * q + R(1.0 / 25);
    p = p * q + R(1.0 / 23);
    p = p * q + R(1.0 / 21);
    p = p * q + R(1.0 / 19);
    p = p * q + R(1.0 / 17);
#endif
    p = p * q + R(1.0 / 15);
    p = p * q + R(1.0 / 13);
    p = p * q + R(1.0 / 11);
    p = p * q + R(1.0 / 9);
    p = p * q + R(1.0 / 7);
    p = p * q + R(1.0 / 5);
    p = p * q + R(1.0 / 3);
    return R(2) * (s + s * q * p);
}

/* log(x) for x >= 1: x = 2^n (1 + t). NaN stays NaN. */
INLINE real log_from_one(real x)
{
    const bits one = (bits)BIAS << MANTISSA;
    bits number, exponent;
    real fraction, n;
    memcpy(&number, &x, sizeof number);
    /* In the lowest bits of a number whose unit in the last place is one. */
    exponent = (number >> MANTISSA) | ((bits)(BIAS + MANTISSA) << MANTISSA);
    number = (number & (((bits)1 << MANTISSA) - 1)) | one;
    memcpy(&fraction, &number, sizeof fraction);
    memcpy(&n, &exponent, sizeof n);
    n -= R((bits)1 << MANTISSA) + R(BIAS);
    const real result = fused(n, R(0.6931471805599453), log1p_unit(fraction - R(1)));
    return blend(x == x, result, x);
}

/* 1 / (1 + exp(-x)), with all digits of a small result */
INLINE real logistic(real x)
{
    const real e = exp_nonpositive(-real_abs(x)), share = R(1) / (R(1) + e);
    return blend(x < R(0), e * share, share);
}

/* tanh|x| = -t / (t + 2), t = exp(-2|x|) - 1 */
INLINE real real_tanh(real x)
{
    const real t = expm1_nonpositive(R(-2) * real_abs(x));
    return real_copysign(t / (t + R(2)), x);
}

/* log(1 + exp(x)) */
INLINE real softplus(real x)
{
    return real_max(x, R(0)) + log1p_unit(exp_nonpositive(-real_abs(x)));
}

#endif
