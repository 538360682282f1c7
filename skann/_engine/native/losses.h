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

/* Rows that are taken through a softmax together. */
enum { ROWS_AT_ONCE = 64 };

/* log Σ exp(u) - u of the true class, and softmax(u) - y, of one part of the outputs:
 * n lines, `stride` apart, of up to ROWS_AT_ONCE rows. */
static void softmax_of_part(Index n, Index n_rows, Index stride, real *restrict z,
                            const real *restrict y, double *row_losses)
{
    real largest[ROWS_AT_ONCE], picked[ROWS_AT_ONCE] = {0}, total[ROWS_AT_ONCE] = {0};
    memcpy(largest, z, (size_t)n_rows * sizeof(real));
    for (Index k = 1; k < n; k++)
        for (Index i = 0; i < n_rows; i++)
            largest[i] = real_max(z[k * stride + i], largest[i]);
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

static void softmax_of_rows(const Network *network, Index n_rows, real *z,
                            const real *y, double *row_losses)
{
    const Index one = network->sizes[network->n_layers];
    const Index n_parts = network->n_tasks ? network->n_tasks : 1;
    const Index *sizes = network->n_tasks ? network->tasks : &one;
    for (Index t = 0, k = 0; t < n_parts; k += sizes[t++])
        for (Index i = 0; i < n_rows; i += ROWS_AT_ONCE)
            softmax_of_part(sizes[t], index_min(ROWS_AT_ONCE, n_rows - i), n_rows,
                            z + k * n_rows + i, y + k * n_rows + i, row_losses + i);
}

/* Loss of every row, and z becomes its derivative. `output_losses` is memory like z. */
static void losses_of_rows(const Network *network, Index n_rows, real *z, const real *y,
                           real *output_losses, double *row_losses)
{
    memset(row_losses, 0, (size_t)n_rows * sizeof *row_losses);
    if (network->loss == SOFTMAX) {
        softmax_of_rows(network, n_rows, z, y, row_losses);
        return;
    }
    const Index n_outputs = network->sizes[network->n_layers];
    loss_of_outputs(network->loss, n_rows * n_outputs, z, y, output_losses);
    for (Index k = 0; k < n_outputs; k++, output_losses += n_rows)
        for (Index i = 0; i < n_rows; i++)
            row_losses[i] += (double)output_losses[i];
}

#endif
