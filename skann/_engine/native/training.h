/* What training has in memory: all of it is allocated before the first step. */
#ifndef SKANN_TRAINING_H
#define SKANN_TRAINING_H

#include "losses.h"
#include "signals.h"
#include "sparse.h"

/* What a layer has for every row of a batch. */
typedef struct {
    const real *
        *inputs; /* what goes in; of the first layer every thread knows itself */
    real *a, *slopes, *delta, *delta_panels;
    const real **delta_rows;
} LayerBuffers;

/* What a thread has for itself. A line of its own: it is written all the time. */
typedef struct {
    _Alignas(CACHE_LINE) real *gradient; /* of the gradient */
    const real **inputs;                 /* the batch's rows of X */
    real *z, *y, *output_losses;         /* see losses.h */
    real *mask;                          /* of a row of any layer */
    real *orthant;                       /* of a block of weights, with an L1 penalty */
    real *kept;                          /* of a block, where some parameters stay */
    PackedA columns;
    NonzeroStrips strips;
    Features features;
    double waited; /* seconds in this run */
} Workspace;

/* Products of a weight and a row below which a step may be too small for threads, and
 * below which it is: it then takes one thread less than some 50 microseconds. */
enum { SMALL_STEP = 2000000, TINY_STEP = 500000, NEVER = -1 };

/* Runs of one thread before all are tried for such a step: they gain a tenth at most,
 * and to wake them can take milliseconds. */
enum { TINY_PATIENCE = 64 };

typedef struct {
    Network network;
    Layers layers;
    Rule rule;
    Samples samples;
    real *theta;
    Index batch_size;
    LayerBuffers *buffers; /* one a layer */
    real *copies;          /* of a batch's rows of X, or NULL */
    /* Sums over the first and over the second half of the features, for every row of a
     * batch, where the first layer's products are split: see propagation.h. */
    real *partial_sums[2];
    LazyUpdates lazy; /* of sparse X */
    double *row_losses;
    /* Of the weights from each unit, and then of each bias, layer after layer: sums
     * over them do not depend on how units are divided among threads. */
    double *weight_squares, *gradient_squares;
    double *weight_sizes;    /* Σ |w|, with an L1 penalty */
    double *clipped_squares; /* after a limit on every component, where there is one */
    real *gradient;          /* all of it, where its length has a limit */
    Index n_lines;           /* of these */
    real *factors;           /* of the weights to each unit, with a max-norm */
    Workspace *ws;           /* one a thread */
    Run *run;
    SignalWatch watch;   /* of the thread that has called */
    double step_work;    /* products of a weight and a row */
    int max_threads;     /* that there is memory for */
    int n_available;     /* of them, in this run */
    int n_threads;       /* in this run: all that are available, or one */
    int prefers_one;     /* rather than all, usually */
    int is_small;        /* too little work for all to be preferred unseen */
    int is_trial;        /* whether this run goes to the other choice */
    int n_to_trial;      /* runs before the next that does, or NEVER */
    int trial_after;     /* runs between the last two */
    double seconds[2];   /* a row of the last run by all, and by one */
    int looks_for_zeros; /* in this run, so far */
    /* Written by the thread that has called. */
    int stop;         /* after this step */
    int is_abandoned; /* this step, which nobody is to take; atomic */
} Training;

/* -- memory ---------------------------------------------------------------------- */

static void training_free(void *pointer)
{
    Training *t = pointer;
    if (!t)
        return;
    for (Index l = 0; t->buffers && l < t->network.n_layers; l++) {
        LayerBuffers *buffers = t->buffers + l;
        aligned_delete(buffers->a), aligned_delete(buffers->slopes),
            aligned_delete(buffers->delta), aligned_delete(buffers->delta_panels);
        aligned_delete(buffers->inputs), aligned_delete(buffers->delta_rows);
    }
    for (int i = 0; t->ws && i < t->max_threads; i++) {
        Workspace *ws = t->ws + i;
        aligned_delete(ws->gradient), aligned_delete(ws->inputs);
        aligned_delete(ws->z), aligned_delete(ws->y), aligned_delete(ws->output_losses);
        aligned_delete(ws->mask), aligned_delete(ws->orthant), aligned_delete(ws->kept);
        aligned_delete(ws->columns.numbers), aligned_delete(ws->columns.lines);
        features_free(&ws->features);
    }
    layers_free(&t->layers);
    lazy_free(&t->lazy);
    free(t->buffers);
    aligned_delete(t->copies), aligned_delete(t->row_losses), aligned_delete(t->ws);
    aligned_delete(t->partial_sums[0]), aligned_delete(t->partial_sums[1]);
    aligned_delete(t->weight_squares), aligned_delete(t->gradient_squares);
    aligned_delete(t->weight_sizes), aligned_delete(t->clipped_squares);
    aligned_delete(t->gradient), aligned_delete(t->factors);
    free(t);
}

static int buffers_init(Training *t, Index l)
{
    const Index n = t->batch_size;
    const Layer *layer = t->layers.layers + l;
    LayerBuffers *buffers = t->buffers + l;
    buffers->inputs = l > 0 ? alloc_zeros(n, sizeof *buffers->inputs) : NULL;
    buffers->a = alloc_reals(index_mul(n, layer->stride));
    buffers->delta = alloc_reals(index_mul(n, layer->stride));
    buffers->delta_panels = alloc_reals(index_mul(n, padded_columns(layer->n_out)));
    buffers->delta_rows = alloc_zeros(n, sizeof *buffers->delta_rows);
    if (saves_slope(layer->activation) || t->network.dropout > 0) {
        buffers->slopes = alloc_reals(index_mul(n, layer->stride));
        if (!buffers->slopes)
            return 0;
    }
    if (!(buffers->a && buffers->delta && buffers->delta_panels && buffers->delta_rows
          && (l == 0 || buffers->inputs)))
        return 0;
    for (Index i = 0; i < n; i++) {
        buffers->delta_rows[i] = buffers->delta + i * layer->stride;
        if (l > 0)
            buffers->inputs[i] = buffers[-1].a + i * layer[-1].stride;
    }
    return 1;
}

static int is_sparse(const Training *t) { return t->samples.X.offsets != NULL; }

static int workspace_init(Training *t, int thread)
{
    Workspace *ws = t->ws + thread;
    const Index n_units =
        index_mul(t->batch_size, t->network.sizes[t->network.n_layers]);
    const Index depth = index_min(t->batch_size, KC_TN);
    ws->gradient = alloc_reals(index_mul(MC, t->layers.widest));
    ws->inputs = alloc_zeros(t->batch_size, sizeof *ws->inputs);
    ws->z = alloc_reals(n_units);
    ws->y = alloc_reals(n_units);
    ws->output_losses = alloc_reals(n_units);
    ws->mask = alloc_reals(index_max(t->layers.widest, t->network.sizes[0]));
    if (t->rule.l1 > 0) {
        ws->orthant = alloc_reals(MC * t->layers.widest);
        if (!ws->orthant)
            return 0;
    }
    if (t->rule.trainable) {
        ws->kept = alloc_reals(MC * t->layers.widest);
        if (!ws->kept)
            return 0;
    }
    ws->columns.numbers = alloc_reals(MAX_MICROTILES * depth * MR);
    ws->columns.lines = alloc_zeros(MAX_MICROTILES * depth, sizeof *ws->columns.lines);
    if (is_sparse(t)) {
        /* With fewer threads each has more features. */
        const Index most = t->network.sizes[0] / (thread + 1) + 1;
        if (!features_init(&ws->features, &t->samples.X, most))
            return 0;
    }
    return ws->gradient && ws->inputs && ws->z && ws->y && ws->output_losses && ws->mask
           && ws->columns.numbers && ws->columns.lines;
}

/* Whether the first layer's products are split: where threads would otherwise hand
 * each other more weights than sums. It must not depend on their number. */
static int uses_split_k(Index n_in, Index batch_size)
{
    return n_in >= MC && n_in > batch_size;
}

/* Dense data: copies of what can't be read where it lies or is changed, and partial
 * sums. */
static int dense_init(Training *t)
{
    const Index n_in = t->network.sizes[0], n = t->batch_size;
    int complete = 1;
    if (!is_read_in_place(&t->samples.X) || t->network.input_dropout > 0) {
        t->copies = alloc_reals(index_mul(n, n_in));
        complete = t->copies != NULL;
    }
    for (int half = 0; half < 2 && uses_split_k(n_in, n); half++) {
        t->partial_sums[half] = alloc_reals(index_mul(n, t->layers.layers->stride));
        complete = complete && t->partial_sums[half];
    }
    return complete;
}

static Index n_weights(const Network *network)
{
    Index sum = 0;
    for (Index l = 0; l < network->n_layers; l++)
        sum += network->sizes[l] * network->sizes[l + 1];
    return sum;
}

/* Products of a weight and a row in a step. */
static double work_of_step(const Training *t)
{
    const Network *network = &t->network;
    const double n_first = (double)network->sizes[0] * (double)network->sizes[1];
    const double n = (double)t->batch_size, n_all = (double)n_weights(network);
    const double n_stored = (double)t->samples.X.largest_batch;
    return is_sparse(t) ? n * (n_all - n_first) + n_stored * (double)network->sizes[1]
                        : n * n_all;
}

/* What is known of every line of the gradient, and the gradient where it is kept. */
static int lines_init(Training *t)
{
    const Network *network = &t->network;
    Index n_parameters = 0;
    for (Index l = 0; l < network->n_layers; l++) {
        t->n_lines += network->sizes[l] + network->sizes[l + 1];
        n_parameters += (network->sizes[l] + 1) * network->sizes[l + 1];
    }
    t->weight_squares = alloc_zeros(t->n_lines, sizeof *t->weight_squares);
    t->gradient_squares = alloc_zeros(t->n_lines, sizeof *t->gradient_squares);
    int complete = t->weight_squares && t->gradient_squares;
    if (t->rule.l1 > 0) {
        t->weight_sizes = alloc_zeros(t->n_lines, sizeof *t->weight_sizes);
        complete = complete && t->weight_sizes;
    }
    if (t->rule.max_grad_norm > 0) {
        t->gradient = alloc_reals(n_parameters);
        t->clipped_squares = alloc_zeros(t->n_lines, sizeof *t->clipped_squares);
        complete = complete && t->gradient && t->clipped_squares;
    }
    if (t->rule.max_norm > 0) {
        t->factors = alloc_reals(t->n_lines);
        complete = complete && t->factors;
    }
    return complete;
}

static void *training_new(const Network *network, void *theta, const Rule *rule,
                          const Samples *samples, Index batch_size, int is_new,
                          int max_threads)
{
    Training *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->network = *network;
    t->rule = *rule;
    t->samples = *samples;
    t->theta = theta;
    t->batch_size = batch_size;
    t->max_threads = max_threads;
    t->step_work = work_of_step(t);
    /* Every thread looks at all stored numbers of a batch. */
    t->is_small = is_sparse(t) || t->step_work < SMALL_STEP;
    t->prefers_one = !is_sparse(t) && t->step_work < TINY_STEP;
    t->n_to_trial = t->prefers_one ? TINY_PATIENCE : t->is_small ? 1 : NEVER;
    t->trial_after = t->prefers_one ? TINY_PATIENCE : t->is_small ? 8 : 1;
    t->buffers = calloc((size_t)network->n_layers, sizeof *t->buffers);
    t->ws = alloc_zeros(max_threads, sizeof *t->ws);
    t->row_losses = alloc_zeros(batch_size, sizeof *t->row_losses);
    int complete = t->buffers && t->ws && t->row_losses && lines_init(t);
    complete = complete && layers_init(&t->layers, network, theta, is_sparse(t), 1);
    if (complete && is_sparse(t))
        complete = lazy_init(&t->lazy, &t->samples.X, network->sizes[0], is_new);
    else if (complete)
        complete = dense_init(t);
    for (Index l = 0; complete && l < network->n_layers; l++)
        complete = buffers_init(t, l);
    for (int i = 0; complete && i < max_threads; i++)
        complete = workspace_init(t, i);
    if (complete)
        return t;
    training_free(t);
    return NULL;
}

/* -- a step, seen by a thread ----------------------------------------------------- */

/* Rows [begin, end) of a batch that starts with row `first` of the run. */
typedef struct {
    Index first, n_rows, begin, end;
    int looks_for_zeros; /* among the inputs; the same for all threads */
    uint64_t key;        /* of the step */
} BatchRows;

/* The numbers of the batch's rows; NULL for part->first and those after it. */
static const Index *row_numbers_of(const Training *t, const BatchRows *batch)
{
    return t->run->order ? t->run->order + batch->first : NULL;
}

/* Wait for the other threads. */
static void barrier(Training *t, int thread)
{
    if (t->n_threads > 1)
        t->ws[thread].waited += pool_barrier(t->run->pool);
}

static int is_abandoned(const Training *t)
{
    return __atomic_load_n(&t->is_abandoned, __ATOMIC_RELAXED);
}

#endif
