/* Steps on mini-batches.
 *
 * A step has two halves, between which all threads meet. In the first every thread has
 * some rows of the batch: forward through all layers (but for the first, if that has
 * many inputs: see forward_in_halves), the loss, and back through all deltas. In the
 * second every thread has some of the units that each layer's weights come from, the
 * same in every step, and moves the weights: see updates.h.
 *
 * With sparse data there is something before: every thread wakes the weights of those
 * of its features that the batch has.
 */
#ifndef SKANN_STEPS_H
#define SKANN_STEPS_H

#include "updates.h"

/* -- the first half: rows -------------------------------------------------------- */

/* Wait for the other threads. */
static void meet(Training *t, int thread)
{
    if (t->n_threads > 1)
        t->own[thread].waited += pool_barrier(t->run->pool);
}

static int is_abandoned(const Training *t)
{
    return __atomic_load_n(&t->is_abandoned, __ATOMIC_RELAXED);
}

/* Whether all threads are there: a signal handler that forks comes back in the child as
 * well. */
static int is_complete(const Training *t)
{
    return pool_size(t->run->pool) >= t->n_threads;
}

/* Look for signals within a step that takes long; whether to abandon it. (Weights that
 * have been woken for a step must take it.) */
static int must_abandon(Training *t, int thread)
{
    if (t->step_work < WORK_TO_INTERRUPT || t->samples.X.sleeps)
        return 0;
    if (thread == 0 && (signal_is_raised(&t->watch, seconds_now()) || !is_complete(t)))
        __atomic_store_n(&t->is_abandoned, 1, __ATOMIC_RELAXED);
    return is_abandoned(t);
}

/* The first layer's products of some rows with the weights from some inputs. */
static void input_product(Training *t, Own *own, const Part *part, Span rows,
                          Span inputs, real *z)
{
    const Layer *layer = t->layers.layers;
    copy_rows(&t->samples.X, layer->n_in, order_of(t, part), part->first, rows, inputs,
              t->copies);
    forward_product(layer, own->inputs, rows.begin, rows.end, inputs,
                    t->looks_for_zeros ? &own->strips : NULL, z);
}

/* The first layer's products in halves.
 *
 * Each half of the threads takes the half of the inputs whose weights it moves in the
 * other half of the step: most weights are never read by another thread than the one
 * that moves them. (An odd number of threads can't be halved. Each of them takes both
 * halves, for the sums are to be the same.)
 */
static void forward_in_halves(Training *t, int thread, const Part *part)
{
    const int n_threads = t->n_threads, is_even = n_threads % 2 == 0;
    const int first = is_even ? 2 * thread / n_threads : 0;
    const Index stride = t->layers.layers->stride;
    Span rows = {part->begin, part->end};
    if (is_even)
        share_of(part->n_rows, 4, thread % (n_threads / 2), n_threads / 2, &rows.begin,
                 &rows.end);
    for (int half = first; half < (is_even ? first + 1 : 2); half++) {
        Span inputs;
        share_of(t->layers.layers->n_in, TALL, half, 2, &inputs.begin, &inputs.end);
        input_product(t, t->own + thread, part, rows, inputs, t->halves[half]);
    }
    meet(t, thread);
    for (Index i = part->begin * stride; i < part->end * stride; i++)
        t->rows->a[i] = t->halves[0][i] + t->halves[1][i];
}

/* The first layer's products. */
static void forward_input(Training *t, int thread, const Part *part)
{
    const Matrix *X = &t->samples.X;
    const Layer *layer = t->layers.layers;
    const Index *order = order_of(t, part);
    Own *own = t->own + thread;
    if (is_sparse(t)) {
        sparse_product(X, layer, t->theta, order, part->first, part->begin, part->end,
                       t->rows->a);
        return;
    }
    point_at_rows(X, layer->n_in, order, part->first, part->n_rows, own->inputs,
                  t->copies);
    if (t->halves[0])
        forward_in_halves(t, thread, part);
    else
        input_product(t, own, part, (Span){part->begin, part->end}, all_inputs(layer),
                      t->rows->a);
}

static void forward(Training *t, int thread, const Part *part)
{
    forward_input(t, thread, part);
    for (Index l = 0; l < t->layers.n_layers; l++) {
        const Layer *layer = t->layers.layers + l;
        const Rows *rows = t->rows + l;
        const Index offset = part->begin * layer->stride;
        if (must_abandon(t, thread))
            return;
        if (l > 0)
            forward_product(layer, rows->rows, part->begin, part->end,
                            all_inputs(layer), NULL, rows->a);
        if (layer->activation >= 0)
            activate(layer->activation, rows->a + offset, layer->bias,
                     rows->slopes ? rows->slopes + offset : NULL,
                     part->end - part->begin, layer->stride);
    }
}

/* Targets of some rows, one row after the other. */
static void find_targets(const Training *t, const Part *part, real *restrict y)
{
    const Samples *samples = &t->samples;
    const Index n_outputs = t->network.sizes[t->network.n_layers];
    const Index n_samples = samples->X.n_rows;
    for (Index i = part->begin; i < part->end; i++, y += n_outputs) {
        const Index in_run = part->first + i;
        const Index row = t->run->order ? t->run->order[in_run] : in_run;
        for (Index k = 0; k < n_outputs; k++)
            y[k] = samples->codes ? R(samples->codes[row] == k)
                                  : ((const real *)samples->y)[k * n_samples + row];
    }
}

/* The loss, and the output layer's delta. */
static void judge(Training *t, Own *own, const Part *part)
{
    const Layer *layer = t->layers.layers + t->layers.n_layers - 1;
    const Rows *rows = t->rows + t->layers.n_layers - 1;
    const Index n = layer->n_out, n_rows = part->end - part->begin;
    const real *weights = t->samples.weight;
    const double row_scale = t->run->row_scale ? t->run->row_scale : 1.0 / part->n_rows;
    double *row_losses = t->row_losses + part->begin;
    const real *z = rows->a + part->begin * layer->stride;
    real *delta = rows->delta + part->begin * layer->stride;
    for (Index i = 0; i < n_rows; i++)
        for (Index k = 0; k < n; k++)
            own->u[i * n + k] = z[i * layer->stride + k] + layer->bias[k];
    find_targets(t, part, own->y);
    losses_of_rows(&t->network, n_rows, own->u, own->y, own->price, row_losses);
    for (Index i = 0; i < n_rows; i++) {
        real scale = R(row_scale);
        if (weights) {
            const Index in_run = part->first + part->begin + i;
            const real weight = weights[t->run->order ? t->run->order[in_run] : in_run];
            row_losses[i] *= (double)weight;
            scale *= weight;
        }
        for (Index k = 0; k < n; k++)
            delta[i * layer->stride + k] = scale * own->u[i * n + k];
    }
}

static void backward(Training *t, int thread, const Part *part)
{
    for (Index l = t->layers.n_layers - 1; l >= 0 && !must_abandon(t, thread); l--) {
        const Layer *layer = t->layers.layers + l;
        const Rows *rows = t->rows + l;
        if (!is_narrow(layer))
            pack_rows(rows->delta, layer->stride, part->begin, part->end, part->n_rows,
                      layer->n_out, rows->delta_panels);
        if (l == 0)
            return;
        const Layer *below = layer - 1;
        const Rows *to = rows - 1;
        const Index offset = part->begin * below->stride;
        multiply_rows(rows->delta_rows, part->begin, part->end, layer->n_out,
                      (Span){0, layer->n_out}, layer->panels_back, layer->n_in, NULL,
                      to->delta, below->stride);
        activate_back(below->activation, to->delta + offset,
                      (to->slopes ? to->slopes : to->a) + offset,
                      (part->end - part->begin) * below->stride);
    }
}

/* -- epochs ---------------------------------------------------------------------- */

/* The loss of a batch before its step, without the penalty. */
static double batch_loss(const Training *t, Index n_rows)
{
    double loss = 0;
    for (Index i = 0; i < n_rows; i++)
        loss += t->row_losses[i];
    return loss * (t->run->row_scale ? t->run->row_scale : 1.0 / (double)n_rows);
}

static double total(const Training *t, const double *squares)
{
    double sum = 0;
    for (Index i = 0; i < t->n_lines; i++)
        sum += squares[i];
    return sum;
}

/* What all threads have found out in the step that is over. */
static void gather(Training *t, Run *run, Index i, const Step *step)
{
    if (step->alpha != R(0))
        run->losses[i] += 0.5 * t->rule.alpha * total(t, t->weight_squares);
    if (step->measures)
        run->gradient_square = total(t, t->gradient_squares);
    run->n_done = i + 1;
}

/* Whether to end after this step. A look at the clock costs as much as the smallest
 * steps. */
static int must_stop(Training *t, const Run *run, Index step)
{
    if (run->deadline == HUGE_VAL && step % pieces_to_a_look(t->step_work))
        return 0;
    const double now = seconds_now();
    return signal_is_raised(&t->watch, now) || !is_complete(t) || now >= run->deadline;
}

/* One thread's part of a step; `now` steps have been taken before it. Returns 0 if it
 * has been abandoned: then no thread has taken it. */
static int take_step(Training *t, int thread, const Part *part, const Step *step,
                     int32_t now)
{
    Own *own = t->own + thread;
    if (is_sparse(t)) {
        wake_features(t, own, part, step, now);
        meet(t, thread);
    }
    forward(t, thread, part);
    judge(t, own, part);
    backward(t, thread, part);
    /* Nobody asks for moves before the next step. */
    if (thread == 0 && t->samples.X.sleeps)
        note_moves(&t->sleep, &t->rule, (double)step->rate, now);
    meet(t, thread);
    if (is_abandoned(t))
        return 0;
    update(t, thread, step, part->n_rows, now);
    return 1;
}

/* What the first thread has to do between the halves of two steps. */
static void end_step(Training *t, Run *run, Index i, Index n_rows)
{
    Strips *strips = &t->own->strips;
    run->losses[i] = batch_loss(t, n_rows);
    t->stop = must_stop(t, run, i);
    /* A look at the rows costs a fortieth of their product. */
    if (strips->n_left > strips->n_seen - strips->n_seen / 32)
        t->looks_for_zeros = 0;
}

static void run_steps(void *pointer, int thread)
{
    Training *t = pointer;
    Run *run = t->run;
    const FloatControl before = flush_subnormals_to_zero();
    if (thread == 0)
        t->watch = watch_signals(&run->interrupt, before);
    pack_share(&t->layers, thread, t->n_threads);
    meet(t, thread);
    for (Index i = 0, first = 0; first < run->n_rows && !t->stop; i++) {
        Part part = {.first = run->first + first};
        part.n_rows = smaller(t->batch_size, run->n_rows - first);
        first += part.n_rows;
        share_of(part.n_rows, 4, thread, t->n_threads, &part.begin, &part.end);
        Step step = make_step(&t->rule, run->rates ? run->rates[i] : run->rate,
                              run->n_steps_before + i);
        step.measures = first == run->n_rows;
        if (!take_step(t, thread, &part, &step, t->sleep.n_steps + (int32_t)i))
            break;
        if (thread == 0)
            end_step(t, run, i, part.n_rows);
        meet(t, thread);
        /* The others can't write these again before they meet thread 0 once more. */
        if (thread == 0)
            gather(t, run, i, &step);
    }
    restore_float_control(before);
}

/* How many threads are to work in the next run: all, or one.
 *
 * They get the same results, and which is faster can't be known. Steps of a few dozen
 * microseconds may be too small for how far apart the processors are; and where
 * somebody else needs these, threads wait for the one that is kept from working. So now
 * and then, more and more seldom, a run goes to the other choice, for its time.
 */
static int threads_for_run(Training *t)
{
    const int n_threads = t->n_available;
    if (n_threads == 1)
        return 1;
    t->is_trial = t->n_to_trial == 0;
    t->n_to_trial -= t->n_to_trial > 0;
    return t->prefers_one != t->is_trial ? 1 : n_threads;
}

static void judge_run(Training *t, double seconds)
{
    enum { FIRST = 8, MOST = 128 };
    double waited = 0;
    if (t->n_available == 1)
        return;
    t->seconds[t->n_threads == 1] = seconds / (double)t->run->n_rows;
    if (t->is_trial) {
        const int one_is_faster = t->seconds[1] < t->seconds[0];
        const int changes = one_is_faster != t->prefers_one;
        t->trial_after = changes ? FIRST : (int)smaller(2 * t->trial_after, MOST);
        t->prefers_one = one_is_faster;
        t->n_to_trial = t->is_small || one_is_faster ? t->trial_after : NEVER;
        return;
    }
    for (int i = 0; i < t->n_threads; i++)
        waited += t->own[i].waited;
    /* All but one waiting all the time would be as slow as one, and what a thread waits
     * for a processor is not counted. */
    if (t->n_to_trial == NEVER && waited > 0.4 * (t->n_threads - 1) * seconds)
        t->n_to_trial = t->trial_after - 1;
}

static void training_run(void *pointer, Run *run)
{
    Training *t = pointer;
    const Index n_batches = (run->n_rows + t->batch_size - 1) / t->batch_size;
    run->n_done = -1;
    if (t->samples.X.sleeps && !sleep_reserve(&t->sleep, n_batches))
        return;
    t->run = run;
    t->stop = t->is_abandoned = 0;
    t->n_available = (int)smaller(t->max_threads, pool_size(run->pool));
    t->n_threads = threads_for_run(t);
    if (is_sparse(t))
        divide_features(t, t->n_threads);
    t->looks_for_zeros = may_look_for_zeros(&t->layers);
    for (int i = 0; i < t->n_threads; i++) {
        t->own[i].strips.n_seen = t->own[i].strips.n_left = 0;
        t->own[i].waited = 0;
    }
    run->n_done = 0;
    run->gradient_square = NAN;
    const double start = seconds_now();
    pool_run(run->pool, t->n_threads, run_steps, t);
    if (!t->stop && !t->is_abandoned)
        judge_run(t, seconds_now() - start);
    t->sleep.n_steps += (int32_t)run->n_done;
}

#endif
