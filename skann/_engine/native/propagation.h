/* The first phase of a step: every thread takes some rows of the batch forward through
 * all layers (but for the first, if that has many inputs: see forward_split_k), makes
 * the loss, and takes the deltas back.
 */
#ifndef SKANN_PROPAGATION_H
#define SKANN_PROPAGATION_H

#include "training.h"

/* Look for signals within a step that takes long; whether to abandon it. (Weights that
 * have caught up for a step must take it.) */
static int must_abandon(Training *t, int thread)
{
    if (t->step_work < WORK_TO_INTERRUPT || t->samples.X.is_lazy)
        return 0;
    if (thread == 0 && signal_is_raised(&t->watch, seconds_now()))
        __atomic_store_n(&t->is_abandoned, 1, __ATOMIC_RELAXED);
    return is_abandoned(t);
}

/* Copies of some columns of some of the batch's rows, for what can't be done to them
 * where they lie. */
static void copy_inputs(Training *t, Workspace *ws, const BatchRows *batch, Range rows,
                        Range columns)
{
    const Index n_in = t->network.sizes[0], n = columns.end - columns.begin;
    convert_rows(&t->samples.X, n_in, row_numbers_of(t, batch), batch->first, rows,
                 columns, t->copies);
    if (t->network.input_dropout == 0)
        return;
    const Masks masks = masks_of(batch->key, 0, t->network.input_dropout);
    for (Index i = rows.begin; i < rows.end; i++) {
        mask_of_row(&masks, i, columns.begin, n, ws->mask);
        multiply_by(t->copies + i * n_in + columns.begin, ws->mask, n);
    }
}

/* The first layer's products of some rows with the weights from some inputs; whether
 * they are its outputs. */
static int input_product(Training *t, Workspace *ws, const BatchRows *batch, Range rows,
                         Range inputs, int may_finish, real *z)
{
    const Layer *layer = t->layers.layers;
    if (t->copies)
        copy_inputs(t, ws, batch, rows, inputs);
    return forward_product(layer, ws->inputs, rows.begin, rows.end, inputs, may_finish,
                           batch->looks_for_zeros ? &ws->strips : NULL, z);
}

/* The first layer's products, split along the depth in two.
 *
 * Each half of the threads takes the half of the inputs whose weights it moves in the
 * other phase of the step: most weights are never read by another thread than the one
 * that moves them. (An odd number of threads can't be halved. Each of them takes both
 * halves, for the sums are to be the same.)
 */
static void forward_split_k(Training *t, int thread, const BatchRows *batch)
{
    const int n_threads = t->n_threads, is_even = n_threads % 2 == 0;
    const int first = is_even ? 2 * thread / n_threads : 0;
    const Index stride = t->layers.layers->stride;
    Range rows = {batch->begin, batch->end};
    if (is_even)
        partition(batch->n_rows, 4, thread % (n_threads / 2), n_threads / 2,
                  &rows.begin, &rows.end);
    for (int half = first; half < (is_even ? first + 1 : 2); half++) {
        Range inputs;
        partition(t->layers.layers->n_in, MR, half, 2, &inputs.begin, &inputs.end);
        input_product(t, t->ws + thread, batch, rows, inputs, 0, t->partial_sums[half]);
    }
    barrier(t, thread);
    for (Index i = batch->begin * stride; i < batch->end * stride; i++)
        t->buffers->a[i] = t->partial_sums[0][i] + t->partial_sums[1][i];
}

/* The first layer's products; whether they are its outputs. */
static int forward_input(Training *t, int thread, const BatchRows *batch)
{
    const Matrix *X = &t->samples.X;
    const Layer *layer = t->layers.layers;
    const Index *order = row_numbers_of(t, batch);
    Workspace *ws = t->ws + thread;
    if (is_sparse(t)) {
        sparse_product(X, layer, t->theta, order, batch->first, batch->begin,
                       batch->end, t->buffers->a);
        return 0;
    }
    point_at_rows(X, layer->n_in, order, batch->first, batch->n_rows, ws->inputs,
                  t->copies);
    if (t->partial_sums[0]) {
        forward_split_k(t, thread, batch);
        return 0;
    }
    return input_product(t, ws, batch, (Range){batch->begin, batch->end},
                         all_inputs(layer), 1, t->buffers->a);
}

static void forward(Training *t, int thread, const BatchRows *batch)
{
    int is_finished = forward_input(t, thread, batch);
    for (Index l = 0; l < t->layers.n_layers; l++) {
        const Layer *layer = t->layers.layers + l;
        const LayerBuffers *buffers = t->buffers + l;
        const Index offset = batch->begin * layer->stride;
        if (must_abandon(t, thread))
            return;
        if (l > 0)
            is_finished =
                forward_product(layer, buffers->inputs, batch->begin, batch->end,
                                all_inputs(layer), 1, NULL, buffers->a);
        if (layer->activation >= 0 && !is_finished)
            activate(layer->activation, buffers->a + offset, layer->bias,
                     buffers->slopes ? buffers->slopes + offset : NULL,
                     batch->end - batch->begin, layer->stride);
        if (layer->activation >= 0 && t->network.dropout > 0) {
            const Masks masks = masks_of(batch->key, l + 1, t->network.dropout);
            leave_out_units(&masks, layer->activation, batch->begin, batch->end,
                            layer->stride, buffers->a + offset,
                            buffers->slopes + offset, t->ws[thread].mask);
        }
    }
}

/* Targets of some rows, one output after the other. */
static void gather_targets(const Training *t, const BatchRows *batch, real *restrict y)
{
    const Samples *samples = &t->samples;
    const Index *order = row_numbers_of(t, batch);
    const Index n_outputs = t->network.sizes[t->network.n_layers];
    const Index n_rows = batch->end - batch->begin;
    for (Index first = 0, n; first < n_rows; first += n, y += n) {
        Index rows[ROWS_AT_ONCE];
        int32_t codes[ROWS_AT_ONCE];
        n = index_min(ROWS_AT_ONCE, n_rows - first);
        for (Index i = 0; i < n; i++)
            rows[i] = row_number(order, batch->first, batch->begin + first + i);
        for (Index i = 0; samples->codes && i < n; i++)
            codes[i] = samples->codes[rows[i]];
        for (Index k = 0; k < n_outputs; k++) {
            const real *targets = samples->y;
            if (samples->codes)
                for (Index i = 0; i < n; i++)
                    y[k * n_rows + i] = R(codes[i] == (int32_t)k);
            else
                for (Index i = 0; i < n; i++)
                    y[k * n_rows + i] = targets[k * samples->X.n_rows + rows[i]];
        }
    }
}

/* The loss, and the output layer's delta. */
static void loss_and_output_delta(Training *t, Workspace *ws, const BatchRows *batch)
{
    const Layer *layer = t->layers.layers + t->layers.n_layers - 1;
    const LayerBuffers *buffers = t->buffers + t->layers.n_layers - 1;
    const Index n = layer->n_out, n_rows = batch->end - batch->begin;
    const Index stride = layer->stride, *order = row_numbers_of(t, batch);
    const real *weights = t->samples.weight;
    const real scale = R(t->run->row_scale ? t->run->row_scale : 1.0 / batch->n_rows);
    double *row_losses = t->row_losses + batch->begin;
    const real *restrict outputs = buffers->a + batch->begin * stride;
    real *restrict delta = buffers->delta + batch->begin * stride, *restrict z = ws->z;
    for (Index k = 0; k < n; k++)
        for (Index i = 0; i < n_rows; i++)
            z[k * n_rows + i] = outputs[i * stride + k] + layer->bias[k];
    gather_targets(t, batch, ws->y);
    losses_of_rows(&t->network, n_rows, z, ws->y, ws->output_losses, row_losses);
    for (Index i = 0; weights && i < n_rows; i++) {
        const real weight = weights[row_number(order, batch->first, batch->begin + i)];
        row_losses[i] *= (double)weight;
        for (Index k = 0; k < n; k++)
            z[k * n_rows + i] *= weight;
    }
    for (Index k = 0; k < n; k++)
        for (Index i = 0; i < n_rows; i++)
            delta[i * stride + k] = scale * z[k * n_rows + i];
}

/* The deltas of the layer below, from this one's.
 *
 * Some rows at a time: they are in the first-level cache when the activation's turn
 * comes. Where nobody else reads them they all take the same place there.
 */
static void backward_below(Training *t, Index l, const BatchRows *batch)
{
    enum { STEP = 2 * MR, CACHED = 16384 };
    const Layer *layer = t->layers.layers + l, *below = layer - 1;
    const LayerBuffers *buffers = t->buffers + l, *below_buffers = buffers - 1;
    const int activation = t->network.dropout > 0 ? SAVED : below->activation;
    const real *known =
        below_buffers->slopes ? below_buffers->slopes : below_buffers->a;
    const int is_cached = STEP * below->stride * (Index)sizeof(real) <= CACHED;
    const Index step = is_cached ? STEP : batch->n_rows;
    Deltas deltas = {.n_rows = batch->n_rows,
                     .n_columns = below->n_out,
                     .stride = below->stride,
                     .rows = below_buffers->delta,
                     .n_factors = layer->n_out,
                     .factor_stride = layer->stride,
                     .weights = layer->panels_transposed,
                     .keeps_rows = l > 1 || is_sparse(t)};
    if (!is_narrow(below)) {
        deltas.panels = below_buffers->delta_panels;
        deltas.factors = is_narrow(layer) ? buffers->delta : NULL;
    }
    const int stays = deltas.keeps_rows || !deltas.panels;
    if (!stays) /* where the thread's own rows begin */
        deltas.rows += batch->begin * below->stride;
    for (Index i = batch->begin; i < batch->end; i += step) {
        const Range rows = {i, index_min(i + step, batch->end)};
        deltas.first_row = stays ? 0 : i;
        if (!deltas.factors)
            gemm_nn(buffers->delta_rows + deltas.first_row, i - deltas.first_row,
                    rows.end - deltas.first_row, layer->n_out, (Range){0, layer->n_out},
                    layer->panels_transposed, layer->n_in, NULL, NULL, deltas.rows,
                    below->stride);
        activate_backward(activation, &deltas, known, rows);
    }
}

static void backward(Training *t, int thread, const BatchRows *batch)
{
    const Index last = t->layers.n_layers - 1;
    const Layer *output = t->layers.layers + last;
    if (!is_narrow(output))
        pack_b(t->buffers[last].delta, output->stride, batch->begin, batch->end,
               batch->n_rows, output->n_out, t->buffers[last].delta_panels);
    for (Index l = last; l > 0 && !must_abandon(t, thread); l--)
        backward_below(t, l, batch);
}

#endif
