/* The phase of a step in which parameters move: each thread makes the gradient of some
 * of them, a block at a time, and moves them along it at once, while the block, the
 * parameters and the optimiser's state for them are in its own cache. Nothing of the
 * gradient is written to memory.
 */
#ifndef SKANN_UPDATES_H
#define SKANN_UPDATES_H

#include "blocks.h"

/* The sum of a micro-panel's lines. */
INLINE void sum_lines(const Index width, const real *panel, Index depth, real *sum)
{
    real total[NR] = {0};
    for (Index r = 0; r < depth; r++)
        for (Index j = 0; j < width; j++)
            total[j] += panel[r * width + j];
    for (Index j = 0; j < width; j++)
        sum[j] += total[j];
}

/* The sum of n numbers that lie `stride` apart: several sums side by side, for each
 * waits for its last addition. */
INLINE real sum_column(const real *numbers, Index stride, Index n)
{
    real sums[4] = {0};
    Index i = 0;
    for (; i + 4 <= n; i += 4, numbers += 4 * stride)
        for (int k = 0; k < 4; k++)
            sums[k] += numbers[k * stride];
    for (; i < n; i++, numbers += stride)
        sums[0] += *numbers;
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/* The sum of a layer's deltas over a batch, for the part [begin, end) of its units:
 * whole panels. */
static void sum_deltas(const Layer *layer, const LayerBuffers *buffers, Index n_rows,
                       Index begin, Index end, real *sum)
{
    memset(sum, 0, (size_t)rounded_up(end - begin, NR) * sizeof *sum);
    if (is_narrow(layer)) {
        for (Index j = begin; j < end; j++)
            sum[j - begin] = sum_column(buffers->delta + j, layer->stride, n_rows);
        return;
    }
    for (Index first = 0, depth; first < n_rows; first += depth) {
        const real *block = buffers->delta_panels
                            + packed_b_offset(first, n_rows, layer->n_out, &depth);
        for (Index j = begin; j < end; j += NR) {
            const Index width = panel_width(layer->n_out - j);
            if (width == NR)
                sum_lines(NR, block + j * depth, depth, sum + j - begin);
            else if (width == LANES)
                sum_lines(LANES, block + j * depth, depth, sum + j - begin);
            else
                sum_lines(HALF, block + j * depth, depth, sum + j - begin);
        }
    }
}

static void update_biases(Training *t, Workspace *ws, const Step *step, Index l,
                          Index n_rows, Index begin, Index end)
{
    const Layer *layer = t->layers.layers + l;
    const GradientBlock block = bias_block(layer, begin, end);
    sum_deltas(layer, t->buffers + l, n_rows, begin, end, ws->gradient);
    use_block(t, ws, step, layer, &block, ws->gradient);
}

/* The part [begin, end) of the units below a layer. */
static void update_weights(Training *t, Workspace *ws, const Step *step, Index l,
                           const BatchRows *batch, Index begin, Index end)
{
    const Layer *layer = t->layers.layers + l;
    const LayerBuffers *buffers = t->buffers + l;
    const real *const *rows = l > 0 ? buffers->inputs : ws->inputs;
    const int skips_zeros = l == 0 && batch->looks_for_zeros;
    for (Index k = begin; k < end; k += MC) {
        const Index n = index_min(MC, end - k);
        if (is_narrow(layer))
            gemm_tn_narrow(rows, batch->n_rows, k, n, buffers->delta, layer->stride,
                           layer->n_out, ws->gradient);
        else
            gemm_tn(rows, batch->n_rows, k, n, buffers->delta_panels, layer->n_out,
                    skips_zeros, &ws->columns, ws->gradient);
        const GradientBlock block = weight_block(t, l, k, n);
        use_block(t, ws, step, layer, &block, ws->gradient);
    }
}

/* All weights of a thread's features, most of which the batch may not have. */
static void update_features(Training *t, Workspace *ws, const Step *step)
{
    const Layer *layer = t->layers.layers;
    const Features *features = &ws->features;
    const Index n_out = layer->n_out, *starts = features->starts;
    for (Index f = features->first; f < features->end; f += MC) {
        const Index n = index_min(MC, features->end - f), slot = f - features->first;
        if (t->rule.kind == ADD && starts[slot] == starts[slot + n])
            continue;
        memset(ws->gradient, 0, (size_t)(n * n_out) * sizeof(real));
        for (Index i = 0; i < n; i++)
            add_gradient(features, slot + i, t->buffers->delta, layer->stride, n_out,
                         ws->gradient + i * n_out);
        const GradientBlock block = weight_block(t, 0, f, n);
        use_block(t, ws, step, layer, &block, ws->gradient);
    }
}

/* The weights of those features that the batch has. */
static void update_features_lazily(Training *t, Workspace *ws, const Step *step,
                                   int32_t now)
{
    const Layer *layer = t->layers.layers;
    const Features *features = &ws->features;
    const Index n_out = layer->n_out;
    for (Index slot = 0; slot < features->n_slots; slot++) {
        const Index f = features->ids[slot];
        if (slot + 1 < features->n_slots)
            prefetch_parameters(&t->rule, t->theta,
                                layer->weights + features->ids[slot + 1] * n_out,
                                n_out);
        const int32_t n_steps = steps_missed(&t->lazy, f, now);
        if (n_steps)
            decay_state(&t->rule, layer->weights + f * n_out, n_out, n_steps);
        memset(ws->gradient, 0, (size_t)n_out * sizeof(real));
        add_gradient(features, slot, t->buffers->delta, layer->stride, n_out,
                     ws->gradient);
        const GradientBlock block = weight_block(t, 0, f, 1);
        use_block(t, ws, step, layer, &block, ws->gradient);
        t->lazy.last_update[f] = now + 1;
    }
}

/* What a thread has of a layer: weights from some of the units below, and biases. */
static void own_parts(const Layer *layer, int thread, int n_threads, Range *units,
                      Range *biases)
{
    partition(layer->n_in, MR, thread, n_threads, &units->begin, &units->end);
    partition(layer->n_out, NR, thread, n_threads, &biases->begin, &biases->end);
}

/* Move all parameters of a thread along the gradient that has been kept, which is no
 * longer than it may be. */
static void move_along_kept(Training *t, int thread, const Step *step)
{
    Workspace *ws = t->ws + thread;
    const double length = sqrt(sum_of_doubles(t->clipped_squares, t->n_lines));
    const double limit = t->rule.max_grad_norm;
    const real factor = R(length > limit ? limit / length : 1.0);
    for (Index l = 0; l < t->layers.n_layers; l++) {
        const Layer *layer = t->layers.layers + l;
        Range units, biases;
        own_parts(layer, thread, t->n_threads, &units, &biases);
        for (Index k = units.begin, n; k < units.end; k += n) {
            n = index_min(MC, units.end - k);
            const GradientBlock block = weight_block(t, l, k, n);
            scale_by(factor, n * layer->n_out, t->gradient + block.start);
            move_block(t, ws, step, layer, &block, t->gradient + block.start);
        }
        const GradientBlock block = bias_block(layer, biases.begin, biases.end);
        scale_by(factor, block.n_lines, t->gradient + block.start);
        if (block.n_lines)
            move_block(t, ws, step, layer, &block, t->gradient + block.start);
    }
}

static void update(Training *t, int thread, const Step *step, const BatchRows *batch,
                   int32_t now)
{
    Workspace *ws = t->ws + thread;
    for (Index l = 0; l < t->layers.n_layers; l++) {
        Range units, biases;
        own_parts(t->layers.layers + l, thread, t->n_threads, &units, &biases);
        if (l > 0 || !is_sparse(t))
            update_weights(t, ws, step, l, batch, units.begin, units.end);
        else if (t->samples.X.is_lazy)
            update_features_lazily(t, ws, step, now);
        else
            update_features(t, ws, step);
        if (biases.begin < biases.end)
            update_biases(t, ws, step, l, batch->n_rows, biases.begin, biases.end);
    }
    if (!t->gradient)
        return;
    barrier(t, thread);
    move_along_kept(t, thread, step);
}

/* -- features of sparse data ----------------------------------------------------- */

static void divide_features(Training *t, int n_threads)
{
    for (int i = 0; i < n_threads; i++) {
        Features *features = &t->ws[i].features;
        partition(t->network.sizes[0], 1, i, n_threads, &features->first,
                  &features->end);
    }
}

static void prepare_features(Training *t, Workspace *ws, const BatchRows *batch,
                             const Step *step, int32_t now)
{
    find_entries(&t->lazy, &ws->features, row_numbers_of(t, batch), batch->first,
                 batch->n_rows, now);
    sort_entries(&t->lazy, &ws->features);
    const Layer *layer = t->layers.layers;
    const Features *features = &ws->features;
    if (step->measures)
        memset(t->gradient_squares + features->first, 0,
               (size_t)(features->end - features->first) * sizeof(double));
    for (Index slot = 0; t->samples.X.is_lazy && slot < features->n_slots; slot++) {
        if (slot + 1 < features->n_slots)
            prefetch_parameters(&t->rule, t->theta,
                                layer->weights + features->ids[slot + 1] * layer->n_out,
                                layer->n_out);
        catch_up(&t->lazy, &t->rule, layer, features->ids[slot], now, t->theta);
    }
}

/* Let all of a thread's features catch up. */
static void flush_partition(void *pointer, int thread)
{
    Training *t = pointer;
    const Layer *layer = t->layers.layers;
    const Features *features = &t->ws[thread].features;
    const int32_t now = t->lazy.n_steps;
    const FloatControl before = flush_subnormals_to_zero();
    for (Index f = features->first; f < features->end; f++) {
        const int32_t n_steps = steps_missed(&t->lazy, f, now);
        if (!n_steps)
            continue;
        catch_up(&t->lazy, &t->rule, layer, f, now, t->theta);
        decay_state(&t->rule, layer->weights + f * layer->n_out, layer->n_out, n_steps);
        t->lazy.last_update[f] = now;
    }
    restore_float_control(before);
}

static void training_flush(void *pointer, ThreadPool *pool)
{
    Training *t = pointer;
    if (!is_sparse(t) || !t->samples.X.is_lazy)
        return;
    const int n_threads = (int)index_min(t->max_threads, pool_size(pool));
    divide_features(t, n_threads);
    pool_run(pool, n_threads, flush_partition, t);
}

#endif
