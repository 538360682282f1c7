/* Losses of classes that care less for rows that are right already, as in
 * _network/focal_losses.py: in double, for (1 - p)^gamma is a call of the C library
 * anyhow.
 */
#ifndef SKANN_FOCAL_LOSSES_H
#define SKANN_FOCAL_LOSSES_H

#include "elementwise.h"

/* With a = 1 / (1 + exp(-z)): -y (1 - a)^gamma log a - (1 - y) a^gamma log(1 - a); and
 * z becomes its derivative. */
INLINE real l_focal(real *z, real y, double gamma)
{
    const double output = (double)*z, yes = (double)y, no = 1 - yes;
    const double rest = log1p(exp(-fabs(output)));
    const double log_a = (output < 0 ? output : 0) - rest;
    const double log_b = (output > 0 ? -output : 0) - rest;
    const double a = exp(log_a), b = exp(log_b);
    const double of_yes = yes * exp(gamma * log_b), of_no = no * exp(gamma * log_a);
    *z = R(of_yes * (gamma * a * log_a - b) - of_no * (gamma * b * log_b - a));
    return R(-of_yes * log_a - of_no * log_b);
}

/* -y (1 - a)^gamma log a of one class, from log a; and a part of its derivative. */
INLINE double l_softmax_focal(double log_a, double y, double gamma, real *slope)
{
    const double rest = -expm1(log_a), weight = y * pow(rest, gamma);
    const double ratio = rest > 0 ? log_a / rest : -1; /* and its limit */
    *slope = R(weight * (gamma * exp(log_a) * ratio - 1));
    return -weight * log_a;
}

#endif
