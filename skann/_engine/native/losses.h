/* Losses of raw outputs and their derivatives, as in _network/losses.py.
 *
 * A thread's outputs and targets are matrices with a line for every output unit here,
 * of one number for each row of data: loops run along rows, of which there are many,
 * and few outputs are as fast as one. Losses are added up row by row: what a batch
 * costs does not depend on how its rows are divided among threads.
 */
#ifndef SKANN_LOSSES_H
#define SKANN_LOSSES_H

#include "elementwise.h"
#include "focal_losses.h"
#include "real_losses.h"

/* -- loss of one output, and z becomes its derivative ---------------------------- */

INLINE real l_squared_error(real *z, real y, double unused)
{
    (void)unused;
    *z -= y;
    return R(0.5) * *z * *z;
}

INLINE real l_logistic_squared_error(real *z, real y, double unused)
{
    (void)unused;
    const real a = logistic(*z), error = a - y;
    *z = error * (a - a * a);
    return R(0.5) * error * error;
}

/* softplus(z) - y z, both of which may be huge where their difference is not: for y = 1
 * and z > 0 it is log1p alone. */
INLINE real l_cross_entropy(real *z, real y, double unused)
{
    (void)unused;
    const real x = *z, rest = log1p_unit(exp_nonpositive(-real_abs(x)));
    *z = logistic(x) - y;
    return real_max(x, R(0)) - y * x + rest;
}

INLINE real l_perceptron(real *z, real y, double unused)
{
    (void)unused;
    const real t = R(2) * y - R(1), margin = t * *z;
    *z = blend(margin <= R(0), -t, R(0));
    return real_max(R(0), -margin);
}

INLINE void map_loss(real loss(real *, real, double), double option, Index n,
                     real *restrict z, const real *restrict y, real *restrict losses)
{
    for (Index i = 0; i < n; i++) {
        real slope = z[i];
        losses[i] = loss(&slope, y[i], option);
        z[i] = slope;
    }
}

/* Targets that are not a number cost nothing. */
INLINE void map_known(real loss(real *, real, double), double option, Index n,
                      real *restrict z, const real *restrict y, real *restrict losses)
{
    for (Index i = 0; i < n; i++) {
        real slope = z[i];
        const real value = loss(&slope, y[i], option);
        losses[i] = blend(y[i] == y[i], value, R(0));
        z[i] = blend(y[i] == y[i], slope, R(0));
    }
}

/* Of every output: its loss, in `losses`; and z becomes its derivative. */
static void losses_of_outputs(const Network *network, Index n_rows, real *z,
                              const real *y, real *losses)
{
    const Index n_outputs = network->sizes[network->n_layers], n = n_rows * n_outputs;
    const double *options = network->loss_options;
    const double option = network->n_loss_options ? *options : 0;
    const Index half = n / 2; /* numbers of half of the outputs */
    switch (network->loss) {
    case SQUARED_ERROR: map_loss(l_squared_error, 0, n, z, y, losses); break;
    case MASKED_SQUARED_ERROR: map_known(l_squared_error, 0, n, z, y, losses); break;
    case LOGISTIC_SQUARED_ERROR:
        map_loss(l_logistic_squared_error, 0, n, z, y, losses);
        break;
    case CROSS_ENTROPY: map_loss(l_cross_entropy, 0, n, z, y, losses); break;
    case ABSOLUTE_ERROR: map_known(l_absolute_error, 0, n, z, y, losses); break;
    case HUBER: map_known(l_huber, option, n, z, y, losses); break;
    case QUANTILE:
        for (Index k = 0; k < n; k += n_rows, options += network->n_loss_options > 1)
            map_known(l_quantile, *options, n_rows, z + k, y + k, losses + k);
        break;
    case POISSON: map_known(l_poisson, 0, n, z, y, losses); break;
    case GAMMA: map_known(l_gamma, 0, n, z, y, losses); break;
    case TWEEDIE: map_known(l_tweedie, option, n, z, y, losses); break;
    case GAUSSIAN:
        l_gaussian(half, z, z + half, y, losses);
        memset(losses + half, 0, (size_t)half * sizeof *losses);
        break;
    case PERCEPTRON: map_loss(l_perceptron, 0, n, z, y, losses); break;
    case FOCAL: map_loss(l_focal, option, n, z, y, losses); break;
    }
}

/* -- over all outputs together --------------------------------------------------- */

/* Rows that are taken through a softmax together. */
enum { ROWS_AT_ONCE = 64 };

/* The largest of n lines, `stride` apart, of up to ROWS_AT_ONCE rows. */
static void largest_of_part(Index n, Index n_rows, Index stride, const real *z,
                            real *largest)
{
    memcpy(largest, z, (size_t)n_rows * sizeof(real));
    for (Index k = 1; k < n; k++)
        for (Index i = 0; i < n_rows; i++)
            largest[i] = real_max(z[k * stride + i], largest[i]);
}

/* log Σ exp(u) - u of the true class, and softmax(u) - y, of a part of the outputs. */
static void softmax_of_part(Index n, Index n_rows, Index stride, real *restrict z,
                            const real *restrict y, double *row_losses)
{
    real largest[ROWS_AT_ONCE], picked[ROWS_AT_ONCE] = {0}, total[ROWS_AT_ONCE] = {0};
    largest_of_part(n, n_rows, stride, z, largest);
    for (Index k = 0; k < n; k++)
        for (Index i = 0; i < n_rows; i++) {
            const real shifted = z[k * stride + i] - largest[i];
            picked[i] += y[k * stride + i] * shifted;
            z[k * stride + i] = exp_nonpositive(shifted);
            total[i] += z[k * stride + i];
        }
    for (Index i = 0; i < n_rows; i++) {
        row_losses[i] += (double)log_from_one(total[i]) - (double)picked[i];
        total[i] = R(1) / total[i];
    }
    for (Index k = 0; k < n; k++)
        for (Index i = 0; i < n_rows; i++)
            z[k * stride + i] = z[k * stride + i] * total[i] - y[k * stride + i];
}

/* The focal loss, and its derivative h - a Σ h; `slopes` is memory for h. */
static void softmax_focal_of_part(double gamma, Index n, Index n_rows, Index stride,
                                  real *restrict z, const real *restrict y,
                                  real *restrict slopes, double *row_losses)
{
    real largest[ROWS_AT_ONCE], total[ROWS_AT_ONCE] = {0}, sum[ROWS_AT_ONCE] = {0};
    largest_of_part(n, n_rows, stride, z, largest);
    for (Index k = 0; k < n; k++)
        for (Index i = 0; i < n_rows; i++) {
            z[k * stride + i] -= largest[i];
            total[i] += exp_nonpositive(z[k * stride + i]);
        }
    for (Index i = 0; i < n_rows; i++)
        total[i] = log_from_one(total[i]);
    for (Index k = 0; k < n; k++)
        for (Index i = 0; i < n_rows; i++) {
            const Index at = k * stride + i;
            const real log_a = real_min(R(0), z[at] - total[i]);
            slopes[at] = R(0);
            if (y[at] != R(0))
                row_losses[i] +=
                    l_softmax_focal((double)log_a, (double)y[at], gamma, slopes + at);
            sum[i] += slopes[at];
            z[at] = exp_nonpositive(log_a);
        }
    for (Index k = 0; k < n; k++)
        for (Index i = 0; i < n_rows; i++)
            z[k * stride + i] = slopes[k * stride + i] - z[k * stride + i] * sum[i];
}

static void losses_of_parts(const Network *network, Index n_rows, real *z,
                            const real *y, real *slopes, double *row_losses)
{
    const Index one = network->sizes[network->n_layers];
    const Index n_parts = network->n_tasks ? network->n_tasks : 1;
    const Index *sizes = network->n_tasks ? network->tasks : &one;
    for (Index t = 0, k = 0; t < n_parts; k += sizes[t++])
        for (Index i = 0; i < n_rows; i += ROWS_AT_ONCE) {
            const Index n = index_min(ROWS_AT_ONCE, n_rows - i), at = k * n_rows + i;
            if (network->loss == SOFTMAX)
                softmax_of_part(sizes[t], n, n_rows, z + at, y + at, row_losses + i);
            else
                softmax_focal_of_part(*network->loss_options, sizes[t], n, n_rows,
                                      z + at, y + at, slopes + at, row_losses + i);
        }
}

/* Loss of every row, and z becomes its derivative. `losses` is memory like z. */
static void losses_of_rows(const Network *network, Index n_rows, real *z, const real *y,
                           real *losses, double *row_losses)
{
    memset(row_losses, 0, (size_t)n_rows * sizeof *row_losses);
    if (network->loss == SOFTMAX || network->loss == SOFTMAX_FOCAL) {
        losses_of_parts(network, n_rows, z, y, losses, row_losses);
        return;
    }
    losses_of_outputs(network, n_rows, z, y, losses);
    for (Index k = 0; k < network->sizes[network->n_layers]; k++, losses += n_rows)
        for (Index i = 0; i < n_rows; i++)
            row_losses[i] += (double)losses[i];
}

#endif
