/* Losses of real targets besides the squared error, as in _network/real_losses.py and
 * gaussian_loss.py. Those behind exp() are in double: they are differences of what may
 * be large numbers, and outputs are few.
 */
#ifndef SKANN_REAL_LOSSES_H
#define SKANN_REAL_LOSSES_H

#include "elementwise.h"

/* -- loss of one output, and z becomes its derivative ---------------------------- */

INLINE real l_absolute_error(real *z, real y, double unused)
{
    (void)unused;
    const real error = *z - y;
    *z = R(error > R(0)) - R(error < R(0));
    return real_abs(error);
}

INLINE real l_huber(real *z, real y, double threshold)
{
    const real error = *z - y, limit = R(threshold);
    *z = blend(error > limit, limit, blend(error < -limit, -limit, error));
    return *z * (error - R(0.5) * *z);
}

INLINE real l_quantile(real *z, real y, double level)
{
    const real error = *z - y;
    *z = blend(error > R(0), R(1 - level), blend(error < R(0), R(-level), R(0)));
    return *z * error;
}

/* x, or zero where rounding has made it negative; NaN stays NaN. */
INLINE double not_negative(double x) { return x < 0 ? 0 : x; }

INLINE real l_poisson(real *z, real y, double unused)
{
    (void)unused;
    const double output = (double)*z, target = (double)y, mean = exp(output);
    *z = R(mean - target);
    if (!(target > 0))
        return R(mean);
    const double u = output - log(target);
    return R(target * not_negative(expm1(u) - u));
}

INLINE real l_gamma(real *z, real y, double unused)
{
    (void)unused;
    const double u = (double)*z - log((double)y), slope = -expm1(-u);
    *z = R(slope);
    return R(not_negative(u - slope));
}

INLINE real l_tweedie(real *z, real y, double power)
{
    const double output = (double)*z, target = (double)y;
    const double p = 1 - power, q = 2 - power;
    const double up = exp(q * output), down = exp(p * output);
    *z = R(up - target * down);
    if (!(target > 0))
        return R(up / q);
    const double log_y = log(target), u = output - log_y;
    return R(exp(q * log_y) * not_negative(expm1(q * u) / q - expm1(p * u) / p));
}

/* -- a mean and the logarithm of a variance -------------------------------------- */

/* The same of n numbers of two outputs. */
static void l_gaussian(Index n, real *restrict means, real *restrict log_variances,
                       const real *restrict y, real *restrict losses)
{
    const double least = log(1e-6); /* LEAST_VARIANCE */
    for (Index i = 0; i < n; i++) {
        const double x = (double)log_variances[i] - least;
        const double error = (double)means[i] - (double)y[i], e = exp(-fabs(x));
        const double share = (x < 0 ? e : 1) / (1 + e);
        const double log_v = least + (x < 0 ? 0 : x) + log1p(e);
        const double precision = exp(-log_v), square = error * error * precision;
        const int known = y[i] == y[i];
        means[i] = blend(known, R(error * precision), R(0));
        log_variances[i] = blend(known, R(0.5 * share * (1 - square)), R(0));
        losses[i] = blend(known, R(0.5 * (log_v + square)), R(0));
    }
}

#endif
