/* A block of the gradient: what is done with it before parameters move, the move, and
 * whatever follows them.
 */
#ifndef SKANN_BLOCKS_H
#define SKANN_BLOCKS_H

#include "training.h"

/* Some of a layer's weights, all those from some units; or some of its biases, which
 * are lines of one. */
typedef struct {
    Index start;   /* in theta */
    Index squares; /* where the sums of squares of its lines go */
    Index n_lines, length;
    int is_weights;
} GradientBlock;

static GradientBlock weight_block(const Training *t, Index l, Index first_unit,
                                  Index n_units)
{
    const Layer *layer = t->layers.layers + l;
    return (GradientBlock){layer->weights + first_unit * layer->n_out,
                           layer->squares + first_unit, n_units, layer->n_out, 1};
}

static GradientBlock bias_block(const Layer *layer, Index begin, Index end)
{
    return (GradientBlock){layer->biases + begin, layer->squares + layer->n_in + begin,
                           end - begin, 1, 0};
}

/* What a function makes of every line of a block. */
INLINE void measure_lines(double measure(Index, const real *),
                          const GradientBlock *block, const real *numbers,
                          double *found)
{
    for (Index i = 0; i < block->n_lines; i++)
        found[block->squares + i] = measure(block->length, numbers + i * block->length);
}

/* Add the penalties to a block of the gradient, clip it, and take its measures. */
static void finish_gradient(Training *t, const Step *step, const GradientBlock *block,
                            real *g)
{
    const real *theta = t->theta + block->start;
    const Index n = block->n_lines * block->length;
    if (block->is_weights && step->alpha != R(0))
        measure_lines(square_of, block, theta, t->weight_squares);
    if (block->is_weights && step->l1 != R(0))
        measure_lines(size_of, block, theta, t->weight_sizes);
    if (block->is_weights)
        penalize(step, n, theta, g);
    if (t->rule.trainable)
        stay(n, (const real *)t->rule.trainable + block->start, NULL, g);
    if (step->measures)
        measure_lines(square_of, block, g, t->gradient_squares);
    if (step->max_grad_value > R(0))
        clip(step->max_grad_value, n, g);
    if (t->gradient)
        measure_lines(square_of, block, g, t->clipped_squares);
}

/* Let the average, if there is one, follow parameters that have moved. */
static void follow(Training *t, const Step *step, const GradientBlock *block)
{
    if (t->run->average)
        take_share(step->share, block->n_lines * block->length, t->theta + block->start,
                   (real *)t->run->average + block->start);
}

/* Move parameters of a layer along a block of the gradient, wherever they lie. */
static void move_block(Training *t, Workspace *ws, const Step *step, const Layer *layer,
                       const GradientBlock *block, real *g)
{
    real *theta = t->theta + block->start;
    const Index n = block->n_lines * block->length;
    const real *trainable = t->rule.trainable;
    const int has_orthant = block->is_weights && step->l1 != R(0);
    if (trainable)
        memcpy(ws->kept, theta, (size_t)n * sizeof *theta);
    if (has_orthant)
        find_orthant(n, theta, g, ws->orthant);
    if (block->is_weights && step->keep != R(1))
        scale_by(step->keep, n, theta);
    apply(&t->rule, step, block->start, n, t->theta, g);
    if (has_orthant)
        stay_in_orthant(n, ws->orthant, theta);
    if (trainable)
        stay(n, trainable + block->start, ws->kept, theta);
    if (!(t->rule.max_norm > 0))
        follow(t, step, block);
    const Index line = block->squares - layer->squares;
    if (!block->is_weights)
        memcpy(layer->bias + line - layer->n_in, theta, (size_t)n * sizeof(real));
    else if (t->rule.kind >= SGD)
        pack_weights(layer, t->theta, line, line + block->n_lines);
}

/* Use up a block of the gradient; or keep it, where its scale is not known yet. */
static void use_block(Training *t, Workspace *ws, const Step *step, const Layer *layer,
                      const GradientBlock *block, real *g)
{
    finish_gradient(t, step, block, g);
    if (t->gradient)
        memcpy(t->gradient + block->start, g,
               (size_t)(block->n_lines * block->length) * sizeof *g);
    else
        move_block(t, ws, step, layer, block, g);
}

#endif
