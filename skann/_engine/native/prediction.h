/* Raw outputs of any number of rows, in chunks that stay in the cache. */
#ifndef SKANN_PREDICTION_H
#define SKANN_PREDICTION_H

#include "signals.h"
#include "sparse.h"

/* Rows at once; and up to how many are not worth bringing the weights into panels. */
enum { CHUNK = 16 * MR, FEW = 4 };

typedef struct {
    Layers layers;
    const Matrix *X;
    const Index *order;
    Index n_rows;
    real *out;
    ThreadPool *pool;
    int n_threads;
    const Interrupt *interrupt;
    double chunk_work;    /* products of a weight and a row */
    Index next;           /* row that nobody has begun yet */
    int complete, finite; /* so far; threads only ever clear them */
    int is_interrupted;
} Prediction;

/* A thread's memory for a chunk. */
typedef struct {
    const real **rows;
    real *here, *other, *copies;
    NonzeroStrips strips;
} Chunk;

static void chunk_free(Chunk *chunk)
{
    aligned_delete(chunk->rows), aligned_delete(chunk->here),
        aligned_delete(chunk->other), aligned_delete(chunk->copies);
}

static int chunk_init(Chunk *chunk, const Prediction *p)
{
    const Index n_units = CHUNK * p->layers.widest;
    *chunk = (Chunk){0};
    chunk->rows = alloc_zeros(CHUNK, sizeof *chunk->rows);
    chunk->here = alloc_reals(n_units);
    chunk->other = alloc_reals(n_units);
    if (!p->X->offsets && !is_read_in_place(p->X)) {
        chunk->copies = alloc_reals(CHUNK * p->layers.layers[0].n_in);
        if (!chunk->copies)
            return 0;
    }
    return chunk->rows && chunk->here && chunk->other;
}

/* Zero times a number that is not finite is NaN, and so is every sum with it. */
static int all_finite(const real *z, Index n)
{
    real zero = 0;
    for (Index i = 0; i < n; i++)
        zero += R(0) * z[i];
    return zero == R(0);
}

/* The product of a few rows with weights as they lie in theta. */
static void few_products(const Layer *layer, const real *theta, const real *const *rows,
                         Index n_rows, real *z)
{
    const Index n = layer->n_out;
    memset(z, 0, (size_t)(n_rows * layer->stride) * sizeof *z);
    for (Index i = 0; i < n_rows; i++, z += layer->stride) {
        const real *line = theta + layer->weights;
        for (Index k = 0; k < layer->n_in; k++, line += n) {
            const real x = rows[i][k];
            if (x != R(0))
                for (Index j = 0; j < n; j++)
                    z[j] += x * line[j];
        }
    }
}

/* The first layer's products of n rows, to which the bias is still to be added. */
static void input_products(Prediction *p, Chunk *chunk, Index first, Index n, int few,
                           real *z)
{
    const Layer *layer = p->layers.layers;
    const Index *order = p->order ? p->order + first : NULL;
    if (p->X->offsets) {
        sparse_product(p->X, layer, p->layers.theta, order, first, 0, n, z);
        return;
    }
    point_at_rows(p->X, layer->n_in, order, first, n, chunk->rows, chunk->copies);
    if (chunk->copies)
        convert_rows(p->X, layer->n_in, order, first, (Range){0, n}, all_inputs(layer),
                     chunk->copies);
    if (few)
        few_products(layer, p->layers.theta, chunk->rows, n, z);
    else
        forward_product(layer, chunk->rows, 0, n, all_inputs(layer), 0,
                        may_look_for_zeros(&p->layers) ? &chunk->strips : NULL, z);
}

/* Give up if a signal says so. */
static void look_for_signals(Prediction *p, SignalWatch *watch)
{
    if (!signal_is_raised(watch, seconds_now()))
        return;
    __atomic_store_n(&p->is_interrupted, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&p->next, p->n_rows, __ATOMIC_RELAXED);
}

/* `watch` is NULL for who does not watch signals. */
static void predict_chunk(Prediction *p, Chunk *chunk, Index first, Index n, int few,
                          SignalWatch *watch)
{
    for (Index l = 0; l < p->layers.n_layers; l++) {
        if (watch && p->chunk_work > WORK_TO_INTERRUPT)
            look_for_signals(p, watch);
        if (__atomic_load_n(&p->is_interrupted, __ATOMIC_RELAXED))
            return;
        const Layer *layer = p->layers.layers + l;
        real *z = chunk->here;
        if (l == 0)
            input_products(p, chunk, first, n, few, z);
        else if (few)
            few_products(layer, p->layers.theta, chunk->rows, n, z);
        else
            forward_product(layer, chunk->rows, 0, n, all_inputs(layer), 0, NULL, z);
        if (l == 0 && !all_finite(z, n * layer->stride))
            __atomic_store_n(&p->finite, 0, __ATOMIC_RELAXED);
        if (layer->activation < 0) {
            real *out = p->out + first * layer->n_out;
            for (Index i = 0; i < n; i++)
                for (Index k = 0; k < layer->n_out; k++)
                    *out++ = z[i * layer->stride + k] + layer->bias[k];
            return;
        }
        activate(layer->activation, z, layer->bias, NULL, n, layer->stride);
        for (Index i = 0; i < n; i++)
            chunk->rows[i] = z + i * layer->stride;
        chunk->here = chunk->other;
        chunk->other = z;
    }
}

/* Chunks go to whoever is free: a thread that has lost its processor for a while does
 * not keep the others waiting for half of all rows. */
static void predict_share(void *pointer, int thread)
{
    Prediction *p = pointer;
    const int few = p->n_rows <= FEW;
    const FloatControl before = flush_subnormals_to_zero();
    SignalWatch watch = watch_signals(p->interrupt, before);
    const Index to_a_look = pieces_to_a_look(p->chunk_work);
    Index first;
    Chunk chunk;
    if (!few)
        pack_partition(&p->layers, thread, p->n_threads);
    else if (thread == 0)
        for (Index l = 0; l < p->layers.n_layers; l++)
            pack_bias(p->layers.layers + l, p->layers.theta);
    pool_barrier(p->pool);
    if (!chunk_init(&chunk, p))
        __atomic_store_n(&p->complete, 0, __ATOMIC_RELAXED);
    else
        for (Index i = 1;
             (first = __atomic_fetch_add(&p->next, CHUNK, __ATOMIC_RELAXED))
             < p->n_rows;
             i++) {
            predict_chunk(p, &chunk, first, index_min(CHUNK, p->n_rows - first), few,
                          thread == 0 ? &watch : NULL);
            if (thread == 0 && i % to_a_look == 0)
                look_for_signals(p, &watch);
        }
    chunk_free(&chunk);
    restore_float_control(before);
}

static double work_of_chunk(const Network *network, const Matrix *X)
{
    double n_weights = 0;
    for (Index l = X->offsets != NULL; l < network->n_layers; l++)
        n_weights += (double)network->sizes[l] * (double)network->sizes[l + 1];
    return CHUNK * n_weights;
}

static enum Outcome predict(const Network *network, const void *theta, const Matrix *X,
                            const Index *order, Index n_rows, void *out,
                            ThreadPool *pool, int n_threads, const Interrupt *interrupt)
{
    Prediction p = {.X = X, .order = order, .n_rows = n_rows, .out = out};
    p.pool = pool;
    p.n_threads = (int)index_min(n_threads, pool_size(pool));
    p.interrupt = interrupt;
    p.chunk_work = work_of_chunk(network, X);
    p.complete = layers_init(&p.layers, network, theta, X->offsets != NULL, 0);
    p.finite = 1;
    if (p.complete)
        pool_run(pool, p.n_threads, predict_share, &p);
    layers_free(&p.layers);
    if (p.is_interrupted)
        return INTERRUPTED;
    if (!p.complete)
        return NO_MEMORY;
    return p.finite ? IS_FINITE : IS_NOT_FINITE;
}

#endif
