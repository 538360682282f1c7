/* A network's layers: where they lie in theta, their weights in panels, and the way
 * forward.
 *
 * Matrices with a row for every sample have lines of `stride` numbers: the units, and
 * zeros up to whole panels, so that micro-tiles need not mind the edge.
 */
#ifndef SKANN_LAYERS_H
#define SKANN_LAYERS_H

#include "dropout.h"
#include "gemm_narrow.h"

typedef struct {
    Index n_in, n_out, stride;
    Index weights, biases;   /* offsets in theta */
    Index squares;           /* units and biases of the layers before; see training.h */
    int activation;          /* -1 for the output layer */
    real *panels;            /* the weights; n_in deep; NULL where nobody wants them */
    real *panels_transposed; /* their transpose; n_out deep; NULL for the first layer */
    real *bias;              /* with zeros up to the stride */
} Layer;

typedef struct {
    Index n_layers, widest; /* stride */
    Layer *layers;
    const real *theta;
} Layers;

/* Lines of whole panels. Those of a multiple of 4096 bytes would all begin in the same
 * few places of the cache. */
static Index stride_for(Index n)
{
    const Index stride = rounded_up(padded_columns(n), LANES);
    return stride * (Index)sizeof(real) % 4096 ? stride : stride + NR;
}

/* Whether its products are those of gemm_narrow.h. */
static int is_narrow(const Layer *layer)
{
    return layer->panels_transposed && layer->n_out <= NARROW;
}

static void layers_free(Layers *all)
{
    for (Index l = 0; all->layers && l < all->n_layers; l++) {
        aligned_delete(all->layers[l].panels);
        aligned_delete(all->layers[l].panels_transposed);
        aligned_delete(all->layers[l].bias);
    }
    free(all->layers);
}

/* 0 without memory; layers_free is due in any case. */
static int layers_init(Layers *all, const Network *network, const real *theta,
                       int is_sparse, int trains)
{
    Index end = 0;
    int complete = 1;
    *all = (Layers){.n_layers = network->n_layers, .theta = theta};
    all->layers = calloc((size_t)network->n_layers, sizeof *all->layers);
    if (!all->layers)
        return 0;
    for (Index l = 0; l < all->n_layers; l++) {
        Layer *layer = all->layers + l;
        layer->n_in = network->sizes[l];
        layer->n_out = network->sizes[l + 1];
        layer->stride = stride_for(layer->n_out);
        layer->weights = end;
        layer->biases = end + layer->n_in * layer->n_out;
        end = layer->biases + layer->n_out;
        layer->squares = l ? layer[-1].squares + layer[-1].n_in + layer[-1].n_out : 0;
        layer->activation = l + 1 < all->n_layers ? network->activations[l] : -1;
        layer->bias = alloc_reals(layer->stride);
        complete = complete && layer->bias;
        if (trains && l > 0) {
            layer->panels_transposed =
                alloc_reals(padded_columns(layer->n_in) * layer->n_out);
            complete = complete && layer->panels_transposed;
        }
        if (l > 0 ? !is_narrow(layer) : !is_sparse) {
            layer->panels = alloc_reals(padded_columns(layer->n_out) * layer->n_in);
            complete = complete && layer->panels;
        }
        all->widest = all->widest > layer->stride ? all->widest : layer->stride;
    }
    return complete;
}

/* All units that a layer's weights come from. */
INLINE Range all_inputs(const Layer *layer) { return (Range){0, layer->n_in}; }

/* Bring lines [begin, end) of a layer's weights into its panels.
 *
 * Other threads have read the panels: a store waits until their caches have let go. The
 * processor is told some lines ahead what will be written.
 */
static void pack_weights(const Layer *layer, const real *theta, Index begin, Index end)
{
    enum { AHEAD = 8 };
    const Index n = layer->n_out;
    if (!layer->panels && !layer->panels_transposed)
        return;
    if (!layer->panels && n == 1) { /* a column is its transpose */
        memcpy(layer->panels_transposed + begin, theta + layer->weights + begin,
               (size_t)(end - begin) * sizeof(real));
        return;
    }
    for (Index k = begin; k < end; k++) {
        const real *line = theta + layer->weights + k * n;
        for (Index j = 0; layer->panels && j < n; j += NR) {
            const Index width = panel_width(n - j);
            real *to = layer->panels + j * layer->n_in + k * width;
            if (k + AHEAD < end)
                __builtin_prefetch(to + AHEAD * width, 1);
            copy_panel_line(to, line + j, index_min(width, n - j));
        }
        if (layer->panels_transposed) {
            const Index first = k / NR * NR;
            const Index width = panel_width(layer->n_in - first);
            real *column = layer->panels_transposed + first * n + (k - first);
            for (Index j = 0; j < n; j++)
                column[j * width] = line[j];
        }
    }
}

static void pack_bias(const Layer *layer, const real *theta)
{
    memcpy(layer->bias, theta + layer->biases, (size_t)layer->n_out * sizeof(real));
}

/* Part i of n items that are divided among the threads in whole units. */
INLINE void partition(Index n, Index unit, int i, int n_threads, Index *begin,
                      Index *end)
{
    const Index units = (n + unit - 1) / unit;
    *begin = index_min(n, units * i / n_threads * unit);
    *end = index_min(n, units * (i + 1) / n_threads * unit);
}

/* A thread's part of bringing all parameters into panels. */
static void pack_partition(const Layers *all, int i, int n_threads)
{
    for (Index l = 0; l < all->n_layers; l++) {
        const Layer *layer = all->layers + l;
        Index begin, end;
        partition(layer->n_in, MR, i, n_threads, &begin, &end);
        pack_weights(layer, all->theta, begin, end);
        if (l % n_threads == i)
            pack_bias(layer, all->theta);
    }
}

/* A layer's products for some rows, to which the bias is still to be added. Where it
 * `may_finish` and that costs nothing, z becomes the layer's output. Returns whether it
 * has. */
static int forward_product(const Layer *layer, const real *const *rows, Index begin,
                           Index end, Range inputs, int may_finish,
                           NonzeroStrips *found, real *z)
{
    if (is_narrow(layer)) {
        gemm_nn_narrow(rows, begin, end, layer->n_in, layer->panels_transposed,
                       layer->n_out, z, layer->stride);
        return 0;
    }
    const int finishes = may_finish && layer->activation == RELU;
    gemm_nn(rows, begin, end, layer->n_in, inputs, layer->panels, layer->n_out,
            finishes ? layer->bias : NULL, found, z, layer->stride);
    return finishes;
}

/* Whether it pays to look for zeros in the data: with few units a look costs as much as
 * the product. (Hidden layers seldom have zeros side by side.) */
INLINE int may_look_for_zeros(const Layers *all)
{
    return padded_columns(all->layers[0].n_out) >= 2 * NR;
}

/* -- rows of X ------------------------------------------------------------------- */

/* Whether rows can be read where they lie. */
INLINE int is_read_in_place(const Matrix *X)
{
    return X->item_size == (int)sizeof(real)
           && (X->column_stride == (Index)sizeof(real));
}

/* Point `rows` at n rows of X, the numbers of which are order[0], ... or first,
 * first + 1, ...; or, where there are `copies`, at their places in these. */
static void point_at_rows(const Matrix *X, Index n_columns, const Index *order,
                          Index first, Index n, const real **rows, real *copies)
{
    for (Index i = 0; i < n; i++) {
        const Index row = row_number(order, first, i);
        rows[i] = copies ? copies + i * n_columns
                         : (const real *)(X->start + row * X->row_stride);
    }
}

/* Copy some columns of some of these rows to their places. */
static void convert_rows(const Matrix *X, Index n_columns, const Index *order,
                         Index first, Range rows, Range columns, real *copies)
{
    for (Index i = rows.begin; i < rows.end; i++) {
        const char *from = X->start + row_number(order, first, i) * X->row_stride
                           + columns.begin * X->column_stride;
        real *copy = copies + i * n_columns;
        if (is_read_in_place(X)) {
            memcpy(copy + columns.begin, from,
                   (size_t)(columns.end - columns.begin) * sizeof *copy);
            continue;
        }
        for (Index j = columns.begin; j < columns.end; j++, from += X->column_stride)
            copy[j] =
                X->item_size == 4 ? R(*(const float *)from) : R(*(const double *)from);
    }
}

#endif
