/* Losses of raw outputs and their derivatives, as in _network/losses.py.
 *
 * A thread's rows of outputs and targets are one array each here, row after row without
 * padding, so that one output is as fast as many. Losses are added up row by row: what
 * a batch costs does not depend on how its rows are divided among threads.
 */
#ifndef SKANN_LOSSES_H
#define SKANN_LOSSES_H

#include "elementwise.h"

/* Of each of n outputs: the loss; and z becomes its derivative. */
static void loss_of_outputs(int loss, Index n, real *restrict z, const real *restrict y,
                            real *restrict output_losses)
{
    switch (loss) {
    case SQUARED_ERROR:
        for (Index i = 0; i < n; i++) {
            z[i] -= y[i];
            output_losses[i] = R(0.5) * z[i] * z[i];
        }
        break;
    case OBSERVED_SQUARED_ERROR:
        for (Index i = 0; i < n; i++) {
            z[i] = blend(y[i] == y[i], z[i] - y[i], R(0));
            output_losses[i] = R(0.5) * z[i] * z[i];
        }
        break;
    case LOGISTIC_SQUARED_ERROR:
        for (Index i = 0; i < n; i++) {
            const real a = logistic(z[i]), error = a - y[i];
            output_losses[i] = R(0.5) * error * error;
            z[i] = error * (a - a * a);
        }
        break;
    case CROSS_ENTROPY:
        /* softplus(u) - y u, both of which may be huge where their difference is not:
         * for y = 1 and u > 0 it is log1p alone. */
        for (Index i = 0; i < n; i++) {
            const real x = z[i];
            const real rest = log1p_unit(exp_nonpositive(-real_abs(x)));
            output_losses[i] = real_max(x, R(0)) - y[i] * x + rest;
            z[i] = logistic(x) - y[i];
        }
        break;
    }
}

/* Call what(row, first output, number of outputs) for every part of every row that has
 * a softmax of its own. */
#define FOR_EACH_PART(what)                                                            \
    for (Index i = 0; i < n_rows; i++) {                                               \
        if (!network->n_tasks)                                                         \
            what(i, 0, n_outputs);                                                     \
        for (Index t = 0, first = 0; t < network->n_tasks;                             \
             first += network->tasks[t++])                                             \
            what(i, first, network->tasks[t]);                                         \
    }

/* u = u - max u; returns what y picks from it. */
INLINE real shift_part(Index n, real *restrict z, const real *restrict y)
{
    real largest = z[0], picked = 0;
    for (Index k = 1; k < n; k++)
        largest = real_max(z[k], largest);
    for (Index k = 0; k < n; k++) {
        z[k] -= largest;
        picked += y[k] * z[k];
    }
    return picked;
}

/* u = u / Σ u - y; returns Σ u. */
INLINE real finish_part(Index n, real *restrict z, const real *restrict y)
{
    real total = 0;
    for (Index k = 0; k < n; k++)
        total += z[k];
    const real share = R(1) / total;
    for (Index k = 0; k < n; k++)
        z[k] = z[k] * share - y[k];
    return total;
}

/* log Σ exp(u) - u of the true class, and softmax(u) - y. */
static void softmax_of_rows(const Network *network, Index n_rows, real *z,
                            const real *y, double *row_losses)
{
    const Index n_outputs = network->sizes[network->n_layers];
#define SHIFT(row, first, n)                                                           \
    row_losses[row] -= (double)shift_part(n, z + row * n_outputs + first,              \
                                          y + row * n_outputs + first)
#define FINISH(row, first, n)                                                          \
    row_losses[row] += log((double)finish_part(n, z + row * n_outputs + first,         \
                                               y + row * n_outputs + first))
    memset(row_losses, 0, (size_t)n_rows * sizeof *row_losses);
    FOR_EACH_PART(SHIFT)
    /* All at once: a row of its own would be a few numbers. */
    for (Index i = 0; i < n_rows * n_outputs; i++)
        z[i] = exp_nonpositive(z[i]);
    FOR_EACH_PART(FINISH)
#undef SHIFT
#undef FINISH
}

/* Loss of every row, and z becomes its derivative. `output_losses` is memory like z. */
static void losses_of_rows(const Network *network, Index n_rows, real *z, const real *y,
                           real *output_losses, double *row_losses)
{
    if (network->loss == SOFTMAX) {
        softmax_of_rows(network, n_rows, z, y, row_losses);
        return;
    }
    const Index n_outputs = network->sizes[network->n_layers];
    loss_of_outputs(network->loss, n_rows * n_outputs, z, y, output_losses);
    for (Index i = 0; i < n_rows; i++) {
        double value = 0;
        for (Index k = 0; k < n_outputs; k++)
            value += (double)output_losses[i * n_outputs + k];
        row_losses[i] = value;
    }
}

#endif
