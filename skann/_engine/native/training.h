/* What training has in memory: all of it is allocated before the first step. */
#ifndef SKANN_TRAINING_H
#define SKANN_TRAINING_H

#include "losses.h"
#include "signals.h"
#include "sparse.h"

/* What a layer has for every row of a batch. */
typedef struct {
    const real **rows; /* what goes in; of the first layer every thread knows itself */
    real *a, *slopes, *delta, *delta_panels;
    const real **delta_rows;
} Rows;

/* What a thread has for itself. A line of its own: it is written all the time. */
typedef struct {
    _Alignas(LINE) real *block; /* of the gradient */
    const real **inputs;        /* the batch's rows of X */
    real *u, *y, *price;        /* outputs without padding */
    Columns columns;
    Strips strips;
    Features features;
    double waited; /* seconds in this run */
} Own;

/* Products of a weight and a row below which a step may be too small for threads. */
enum { SMALL_STEP = 2000000, NEVER = -1 };

typedef struct {
    Network network;
    Layers layers;
    Rule rule;
    Samples samples;
    real *theta;
    Index batch_size;
    Rows *rows;   /* one a layer */
    real *copies; /* of rows of X, or NULL */
    /* Sums over the first and over the second half of the features, for every row of a
     * batch, where the first layer is multiplied in halves: see steps.h. */
    real *halves[2];
    Sleep sleep; /* of sparse X */
    double *row_losses;
    /* Of the weights from each unit, and then of each bias, layer after layer: sums
     * over them do not depend on how units are divided among threads. */
    double *weight_squares, *gradient_squares;
    Index n_lines; /* of these */
    Own *own;      /* one a thread */
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
    for (Index l = 0; t->rows && l < t->network.n_layers; l++) {
        Rows *rows = t->rows + l;
        free(rows->a), free(rows->slopes), free(rows->delta), free(rows->delta_panels);
        free(rows->rows), free(rows->delta_rows);
    }
    for (int i = 0; t->own && i < t->max_threads; i++) {
        Own *own = t->own + i;
        free(own->block), free(own->inputs);
        free(own->u), free(own->y), free(own->price);
        free(own->columns.numbers), free(own->columns.lines);
        strips_free(&own->strips);
        features_free(&own->features);
    }
    layers_free(&t->layers);
    sleep_free(&t->sleep);
    free(t->rows), free(t->copies), free(t->row_losses), free(t->own);
    free(t->halves[0]), free(t->halves[1]);
    free(t->weight_squares), free(t->gradient_squares);
    free(t);
}

static int rows_init(Training *t, Index l)
{
    const Index n = t->batch_size;
    const Layer *layer = t->layers.layers + l;
    Rows *rows = t->rows + l;
    rows->rows = l > 0 ? memory(n, sizeof *rows->rows) : NULL;
    rows->a = reals(product(n, layer->stride));
    rows->delta = reals(product(n, layer->stride));
    rows->delta_panels = reals(product(n, padded(layer->n_out)));
    rows->delta_rows = memory(n, sizeof *rows->delta_rows);
    if (saves_slope(layer->activation)) {
        rows->slopes = reals(product(n, layer->stride));
        if (!rows->slopes)
            return 0;
    }
    if (!(rows->a && rows->delta && rows->delta_panels && rows->delta_rows
          && (l == 0 || rows->rows)))
        return 0;
    for (Index i = 0; i < n; i++) {
        rows->delta_rows[i] = rows->delta + i * layer->stride;
        if (l > 0)
            rows->rows[i] = rows[-1].a + i * layer[-1].stride;
    }
    return 1;
}

static int is_sparse(const Training *t) { return t->samples.X.offsets != NULL; }

static int own_init(Training *t, int thread)
{
    Own *own = t->own + thread;
    const Index n_units = product(t->batch_size, t->network.sizes[t->network.n_layers]);
    own->block = reals(product(BLOCK, t->layers.widest));
    own->inputs = memory(t->batch_size, sizeof *own->inputs);
    own->u = reals(n_units);
    own->y = reals(n_units);
    own->price = reals(n_units);
    own->columns.numbers = reals(MAX_TILES * DEEP * TALL);
    own->columns.lines = memory(MAX_TILES * DEEP, sizeof *own->columns.lines);
    if (is_sparse(t)) {
        /* With fewer threads each has more features. */
        const Index most = t->network.sizes[0] / (thread + 1) + 1;
        if (!features_init(&own->features, &t->samples.X, most))
            return 0;
    }
    return own->block && own->inputs && own->u && own->y && own->price
           && own->columns.numbers && own->columns.lines
           && strips_init(&own->strips, t->batch_size);
}

/* Whether the first layer is multiplied in halves: where threads would otherwise hand
 * each other more weights than sums. It must not depend on their number. */
static int goes_in_halves(Index n_in, Index batch_size)
{
    return n_in >= BLOCK && n_in > batch_size;
}

/* Dense data: copies of what can't be read where it lies, and sums of halves. */
static int dense_init(Training *t)
{
    const Index n_in = t->network.sizes[0], n = t->batch_size;
    int complete = 1;
    if (!is_plain(&t->samples.X)) {
        t->copies = reals(product(n, n_in));
        complete = t->copies != NULL;
    }
    for (int half = 0; half < 2 && goes_in_halves(n_in, n); half++) {
        t->halves[half] = reals(product(n, t->layers.layers->stride));
        complete = complete && t->halves[half];
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
    t->n_to_trial = t->is_small ? 1 : NEVER;
    t->trial_after = t->is_small ? 8 : 1;
    t->rows = calloc((size_t)network->n_layers, sizeof *t->rows);
    t->own = memory(max_threads, sizeof *t->own);
    t->row_losses = memory(batch_size, sizeof *t->row_losses);
    for (Index l = 0; l < network->n_layers; l++)
        t->n_lines += network->sizes[l] + network->sizes[l + 1];
    t->weight_squares = memory(t->n_lines, sizeof *t->weight_squares);
    t->gradient_squares = memory(t->n_lines, sizeof *t->gradient_squares);
    int complete =
        t->rows && t->own && t->row_losses && t->weight_squares && t->gradient_squares;
    complete = complete && layers_init(&t->layers, network, theta, is_sparse(t), 1);
    if (complete && is_sparse(t))
        complete = sleep_init(&t->sleep, &t->samples.X, network->sizes[0], is_new);
    else if (complete)
        complete = dense_init(t);
    for (Index l = 0; complete && l < network->n_layers; l++)
        complete = rows_init(t, l);
    for (int i = 0; complete && i < max_threads; i++)
        complete = own_init(t, i);
    if (complete)
        return t;
    training_free(t);
    return NULL;
}

#endif
