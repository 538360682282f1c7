/* A limit on the weights that lead to a unit, after a step: w becomes
 * w min(1, limit / |w|), as in _engine/step_options.py.
 *
 * Weights to a unit lie in lines that different threads have moved. So threads wait for
 * each other twice: each measures the weights to some of the units, and then scales
 * those that it has moved.
 */
#ifndef SKANN_MAX_NORM_H
#define SKANN_MAX_NORM_H

#include "updates.h"

/* By what weights to the units [begin, end) of a layer are multiplied. */
static void find_factors(const Layer *layer, const real *theta, real limit, Index begin,
                         Index end, real *restrict factors)
{
    for (Index j = begin; j < end; j++)
        factors[j] = R(0);
    for (Index k = 0; k < layer->n_in; k++) {
        const real *line = theta + layer->weights + k * layer->n_out;
        for (Index j = begin; j < end; j++)
            factors[j] = fused(line[j], line[j], factors[j]);
    }
    for (Index j = begin; j < end; j++)
        factors[j] = limit / real_max(real_sqrt(factors[j]), limit);
}

static int all_are_one(const real *factors, Index n)
{
    int found = 1;
    for (Index j = 0; j < n; j++)
        found &= factors[j] >= R(1);
    return found;
}

/* Scale a line of weights, but for those that stay. */
static void scale_line(Index n, const real *restrict factors,
                       const real *restrict trainable, real *restrict line)
{
    for (Index j = 0; j < n; j++) {
        const int moves = !trainable || trainable[j] != R(0);
        line[j] = blend(moves, line[j] * factors[j], line[j]);
    }
}

/* The lines [begin, end) of a layer. */
static void scale_lines(Training *t, const Layer *layer, const real *factors,
                        Index begin, Index end)
{
    for (Index k = begin; k < end; k++) {
        const Index start = layer->weights + k * layer->n_out;
        const real *trainable = t->rule.trainable;
        scale_line(layer->n_out, factors, trainable ? trainable + start : NULL,
                   t->theta + start);
    }
    pack_weights(layer, t->theta, begin, end);
}

static void limit_lengths(Training *t, int thread, const Step *step)
{
    barrier(t, thread);
    for (Index l = 0; l < t->layers.n_layers; l++) {
        const Layer *layer = t->layers.layers + l;
        Range units, biases;
        own_parts(layer, thread, t->n_threads, &units, &biases);
        find_factors(layer, t->theta, R(t->rule.max_norm), biases.begin, biases.end,
                     t->factors + layer->squares);
    }
    barrier(t, thread);
    for (Index l = 0; l < t->layers.n_layers; l++) {
        const Layer *layer = t->layers.layers + l;
        const real *factors = t->factors + layer->squares;
        Range units, biases;
        own_parts(layer, thread, t->n_threads, &units, &biases);
        if (!all_are_one(factors, layer->n_out))
            scale_lines(t, layer, factors, units.begin, units.end);
        const GradientBlock parts[] = {
            weight_block(t, l, units.begin, units.end - units.begin),
            bias_block(layer, biases.begin, biases.end)};
        for (int i = 0; i < 2; i++)
            follow(t, step, parts + i);
    }
}

#endif
