/* Steps on mini-batches, epochs, and how many threads take them.
 *
 * A step has two phases, with a barrier between them. In the first every thread has
 * some rows of the batch (propagation.h), in the second some of the weights
 * (updates.h). With sparse data there is something before: every thread sorts what the
 * batch has of its features, and lets their weights catch up.
 */
#ifndef SKANN_STEPS_H
#define SKANN_STEPS_H

#include "propagation.h"
#include "max_norm.h"

/* -- epochs ---------------------------------------------------------------------- */

/* The loss of a batch before its step, without the penalty. */
static double batch_loss(const Training *t, Index n_rows)
{
    const double loss = sum_of_doubles(t->row_losses, n_rows);
    return loss * (t->run->row_scale ? t->run->row_scale : 1.0 / (double)n_rows);
}

/* What all threads have found out in the step that is over. */
static void report_step(Training *t, Run *run, Index i, const Step *step)
{
    if (step->alpha != R(0))
        run->losses[i] +=
            0.5 * t->rule.alpha * sum_of_doubles(t->weight_squares, t->n_lines);
    if (step->l1 != R(0))
        run->losses[i] += t->rule.l1 * sum_of_doubles(t->weight_sizes, t->n_lines);
    if (step->measures)
        run->gradient_square = sum_of_doubles(t->gradient_squares, t->n_lines);
    run->n_done = i + 1;
}

/* Whether to end after this step. A look at the clock costs as much as the smallest
 * steps. */
static int must_stop(Training *t, const Run *run, Index step)
{
    if (run->deadline == HUGE_VAL && step % pieces_to_a_look(t->step_work))
        return 0;
    const double now = seconds_now();
    return signal_is_raised(&t->watch, now) || now >= run->deadline;
}

/* One thread's part of a step; `now` steps have been taken before it. Returns 0 if it
 * has been abandoned: then no thread has taken it. */
static int take_step(Training *t, int thread, const BatchRows *batch, const Step *step,
                     int32_t now)
{
    Workspace *ws = t->ws + thread;
    if (is_sparse(t)) {
        prepare_features(t, ws, batch, step, now);
        barrier(t, thread);
    }
    forward(t, thread, batch);
    loss_and_output_delta(t, ws, batch);
    backward(t, thread, batch);
    /* Nobody asks for movements before the next step. */
    if (thread == 0 && t->samples.X.is_lazy)
        record_movement(&t->lazy, &t->rule, (double)step->rate, now);
    barrier(t, thread);
    if (is_abandoned(t))
        return 0;
    update(t, thread, step, batch, now);
    if (t->rule.max_norm > 0)
        limit_lengths(t, thread, step);
    return 1;
}

/* What the first thread has to do between two steps. */
static void end_step(Training *t, Run *run, Index i, Index n_rows)
{
    NonzeroStrips *strips = &t->ws->strips;
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
    double momenta_product = run->momenta_product;
    if (thread == 0)
        t->watch = watch_signals(&run->interrupt, before);
    pack_partition(&t->layers, thread, t->n_threads);
    barrier(t, thread);
    for (Index i = 0, first = 0; first < run->n_rows && !t->stop; i++) {
        BatchRows batch = {.first = run->first + first,
                           .looks_for_zeros = t->looks_for_zeros};
        batch.n_rows = index_min(t->batch_size, run->n_rows - first);
        first += batch.n_rows;
        partition(batch.n_rows, 4, thread, t->n_threads, &batch.begin, &batch.end);
        batch.key = run->keys ? run->keys[i] : 0;
        Step step = make_step(&t->rule, run->rates ? run->rates[i] : run->rate,
                              run->n_steps_before + i, &momenta_product);
        step.share = run->average ? R(run->shares[i]) : R(0);
        step.measures = first == run->n_rows;
        if (!take_step(t, thread, &batch, &step, t->lazy.n_steps + (int32_t)i))
            break;
        if (thread == 0)
            end_step(t, run, i, batch.n_rows);
        barrier(t, thread);
        /* The others can't write these again before the next barrier. */
        if (thread == 0)
            report_step(t, run, i, &step);
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

static void record_run(Training *t, double seconds)
{
    enum { FIRST = 8, MOST = 128 };
    double waited = 0;
    if (t->n_available == 1)
        return;
    t->seconds[t->n_threads == 1] = seconds / (double)t->run->n_rows;
    if (t->is_trial) {
        const int one_is_faster = t->seconds[1] < t->seconds[0];
        const int changes = one_is_faster != t->prefers_one;
        t->trial_after = changes ? FIRST : (int)index_min(2 * t->trial_after, MOST);
        t->prefers_one = one_is_faster;
        t->n_to_trial = t->is_small || one_is_faster ? t->trial_after : NEVER;
        return;
    }
    for (int i = 0; i < t->n_threads; i++)
        waited += t->ws[i].waited;
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
    if (t->samples.X.is_lazy && !lazy_reserve(&t->lazy, n_batches))
        return;
    t->run = run;
    t->stop = t->is_abandoned = 0;
    t->n_available = (int)index_min(t->max_threads, pool_size(run->pool));
    t->n_threads = threads_for_run(t);
    if (is_sparse(t))
        divide_features(t, t->n_threads);
    t->looks_for_zeros = may_look_for_zeros(&t->layers);
    for (int i = 0; i < t->n_threads; i++) {
        t->ws[i].strips.n_seen = t->ws[i].strips.n_left = 0;
        t->ws[i].waited = 0;
    }
    run->n_done = 0;
    run->gradient_square = NAN;
    const double start = seconds_now();
    pool_run(run->pool, t->n_threads, run_steps, t);
    if (!t->stop && !t->is_abandoned)
        record_run(t, seconds_now() - start);
    t->lazy.n_steps += (int32_t)run->n_done;
}

#endif
