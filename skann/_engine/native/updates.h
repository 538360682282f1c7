/* The half of a step in which parameters move: each thread makes the gradient of some
 * of them, a block at a time, and moves them along it at once, while the block, the
 * parameters and the optimiser's state for them are in its own cache. Nothing of the
 * gradient is written to memory.
 */
#ifndef SKANN_UPDATES_H
#define SKANN_UPDATES_H

#include "training.h"

/* Rows [begin, end) of a batch that starts with row `first` of the run. */
typedef struct {
    Index first, n_rows, begin, end;
} Part;

/* The numbers of the batch's rows; NULL for part->first and those after it. */
static const Index *order_of(const Training *t, const Part *part)
{
    return t->run->order ? t->run->order + part->first : NULL;
}

/* Some of a layer's weights, all those from some units; or some of its biases, which
 * are lines of one. */
typedef struct {
    Index start;   /* in theta */
    Index squares; /* where the sums of squares of its lines go */
    Index n_lines, length;
    int is_weights;
} Block;

static Block weight_block(const Training *t, Index l, Index first_unit, Index n_units)
{
    const Layer *layer = t->layers.layers + l;
    return (Block){layer->weights + first_unit * layer->n_out,
                   layer->squares + first_unit, n_units, layer->n_out, 1};
}

static void squares_of(const Block *block, const real *numbers, double *squares)
{
    for (Index i = 0; i < block->n_lines; i++)
        squares[block->squares + i] =
            square_of(block->length, numbers + i * block->length);
}

/* Use up a block of the gradient. */
static void use_block(Training *t, const Step *step, const Block *block, real *g)
{
    real *theta = t->theta + block->start;
    const Index n = block->n_lines * block->length;
    if (block->is_weights && step->alpha != R(0)) {
        squares_of(block, theta, t->weight_squares);
        penalize(step->alpha, n, theta, g);
    }
    if (block->is_weights && step->keep != R(1))
        for (Index i = 0; i < n; i++)
            theta[i] *= step->keep;
    if (step->measures)
        squares_of(block, g, t->gradient_squares);
    apply(&t->rule, step, block->start, n, t->theta, g);
}

static void update_biases(Training *t, Own *own, const Step *step, Index l,
                          Index n_rows, Index begin, Index end)
{
    const Layer *layer = t->layers.layers + l;
    const real *delta = t->rows[l].delta + begin;
    const Index n = end - begin;
    const Index squares = layer->squares + layer->n_in + begin;
    const Block block = {layer->biases + begin, squares, n, 1, 0};
    real *sum = own->block;
    memset(sum, 0, (size_t)n * sizeof *sum);
    for (Index i = 0; i < n_rows; i++, delta += layer->stride)
        for (Index j = 0; j < n; j++)
            sum[j] += delta[j];
    use_block(t, step, &block, sum);
    memcpy(layer->bias + begin, t->theta + block.start, (size_t)n * sizeof *sum);
}

/* The part [begin, end) of the units below a layer. */
static void update_weights(Training *t, Own *own, const Step *step, Index l,
                           Index n_rows, Index begin, Index end)
{
    const Layer *layer = t->layers.layers + l;
    const real *const *rows = l > 0 ? t->rows[l].rows : own->inputs;
    for (Index k = begin; k < end; k += BLOCK) {
        const Index n = smaller(BLOCK, end - k);
        if (is_narrow(layer))
            narrow_columns(rows, n_rows, k, n, t->rows[l].delta, layer->stride,
                           layer->n_out, own->block);
        else
            multiply_columns(rows, n_rows, k, n, t->rows[l].delta_panels, layer->n_out,
                             &own->columns, own->block);
        const Block block = weight_block(t, l, k, n);
        use_block(t, step, &block, own->block);
        if (t->rule.kind >= SGD)
            pack_weights(layer, t->theta, k, k + n);
    }
}

/* All weights of a thread's features, most of which the batch may not have. */
static void update_features(Training *t, Own *own, const Step *step)
{
    const Layer *layer = t->layers.layers;
    const Features *features = &own->features;
    const Index n_out = layer->n_out, *starts = features->starts;
    for (Index f = features->first; f < features->end; f += BLOCK) {
        const Index n = smaller(BLOCK, features->end - f), slot = f - features->first;
        if (t->rule.kind == ADD && starts[slot] == starts[slot + n])
            continue;
        memset(own->block, 0, (size_t)(n * n_out) * sizeof(real));
        for (Index i = 0; i < n; i++)
            add_gradient(features, slot + i, t->rows->delta, layer->stride, n_out,
                         own->block + i * n_out);
        const Block block = weight_block(t, 0, f, n);
        use_block(t, step, &block, own->block);
    }
}

/* The weights of those features that the batch has. */
static void update_awake(Training *t, Own *own, const Step *step, int32_t now)
{
    const Layer *layer = t->layers.layers;
    const Features *features = &own->features;
    const Index n_out = layer->n_out;
    for (Index slot = 0; slot < features->n_slots; slot++) {
        const Index f = features->features[slot];
        if (slot + 1 < features->n_slots)
            foresee(&t->rule, t->theta,
                    layer->weights + features->features[slot + 1] * n_out, n_out);
        const int32_t n_steps = steps_asleep(&t->sleep, f, now);
        if (n_steps)
            fade(&t->rule, layer->weights + f * n_out, n_out, n_steps);
        memset(own->block, 0, (size_t)n_out * sizeof(real));
        add_gradient(features, slot, t->rows->delta, layer->stride, n_out, own->block);
        const Block block = weight_block(t, 0, f, 1);
        use_block(t, step, &block, own->block);
        t->sleep.asleep_since[f] = now + 1;
    }
}

static void update(Training *t, int thread, const Step *step, Index n_rows, int32_t now)
{
    const int n_threads = t->n_threads;
    Own *own = t->own + thread;
    for (Index l = 0; l < t->layers.n_layers; l++) {
        const Layer *layer = t->layers.layers + l;
        Index begin, end;
        share_of(layer->n_in, TALL, thread, n_threads, &begin, &end);
        if (l > 0 || !is_sparse(t))
            update_weights(t, own, step, l, n_rows, begin, end);
        else if (t->samples.X.sleeps)
            update_awake(t, own, step, now);
        else
            update_features(t, own, step);
        share_of(layer->n_out, WIDE, thread, n_threads, &begin, &end);
        if (begin < end)
            update_biases(t, own, step, l, n_rows, begin, end);
    }
}

/* -- features of sparse data ----------------------------------------------------- */

static void divide_features(Training *t, int n_threads)
{
    for (int i = 0; i < n_threads; i++) {
        Features *features = &t->own[i].features;
        share_of(t->network.sizes[0], 1, i, n_threads, &features->first,
                 &features->end);
    }
}

static void wake_features(Training *t, Own *own, const Part *part, const Step *step,
                          int32_t now)
{
    find_entries(&t->sleep, &own->features, order_of(t, part), part->first,
                 part->n_rows, now);
    sort_entries(&t->sleep, &own->features);
    const Layer *layer = t->layers.layers;
    const Features *features = &own->features;
    if (step->measures)
        memset(t->gradient_squares + features->first, 0,
               (size_t)(features->end - features->first) * sizeof(double));
    for (Index slot = 0; t->samples.X.sleeps && slot < features->n_slots; slot++) {
        if (slot + 1 < features->n_slots)
            foresee(&t->rule, t->theta,
                    layer->weights + features->features[slot + 1] * layer->n_out,
                    layer->n_out);
        wake(&t->sleep, &t->rule, layer, features->features[slot], now, t->theta);
    }
}

/* Bring everything that a thread's features sleep through up to date. */
static void settle_share(void *pointer, int thread)
{
    Training *t = pointer;
    const Layer *layer = t->layers.layers;
    const Features *features = &t->own[thread].features;
    const int32_t now = t->sleep.n_steps;
    const FloatControl before = flush_subnormals_to_zero();
    for (Index f = features->first; f < features->end; f++) {
        const int32_t n_steps = steps_asleep(&t->sleep, f, now);
        if (!n_steps)
            continue;
        wake(&t->sleep, &t->rule, layer, f, now, t->theta);
        fade(&t->rule, layer->weights + f * layer->n_out, layer->n_out, n_steps);
        t->sleep.asleep_since[f] = now;
    }
    restore_float_control(before);
}

static void training_settle(void *pointer, ThreadPool *pool)
{
    Training *t = pointer;
    if (!is_sparse(t) || !t->samples.X.sleeps)
        return;
    const int n_threads = (int)smaller(t->max_threads, pool_size(pool));
    divide_features(t, n_threads);
    pool_run(pool, n_threads, settle_share, t);
}

#endif
