/* The compiled engine: what its parts know of each other.
 *
 * Training and prediction exist once for each kind of number (float, double) and each
 * level of the processor's vector instructions. The sources are the same: every
 * instance (f32_base.c ... f64_avx512.c) defines what differs and includes them, and
 * shows the rest of the program nothing but a struct Instance of functions. Which level
 * is used is decided when the module is loaded.
 *
 *   memory.h          memory on cache lines
 *   threads.h         threads, as every system has them
 *   thread_pool.c     threads that run one function together
 *   real.h            the number type, vectors of it, what all the rest is made of
 *   elementwise.h     exp and its relatives, written so that compilers vectorise them
 *   microtile.h       what stays in registers of a matrix product, for one width
 *   microkernel.h     the same for all widths
 *   packing.h         matrices in the order in which micro-kernels want them
 *   gemm.h            matrix products
 *   gemm_narrow.h     those with a matrix of few columns
 *   activations.h     hidden layers' functions and derivatives
 *   dropout.h         units that a step leaves out
 *   real_losses.h     losses of real targets
 *   focal_losses.h    those that look at hard rows
 *   losses.h          all losses, and their derivatives
 *   rules.h           what is done with a block of the gradient: optimisers
 *   layers.h          a network's weights, rows of data; the way forward
 *   sparse.h          sparse data and the first layer's weights
 *   signals.h         looks for signals while the engine works
 *   training.h        what training has in memory
 *   propagation.h     the first phase of a step: forward, loss, backward
 *   blocks.h          a block of the gradient, and of the parameters that it moves
 *   updates.h         the second phase, in which all of them move
 *   max_norm.h        a limit on the weights of a unit, after that
 *   steps.h           steps, epochs and how many threads take them
 *   prediction.h      raw outputs of many rows
 *   dispatch.c        the instances that the processor can run
 *   convert.c         from Python's objects to the structures below, and their checks
 *   training_type.c   training as a Python type
 *   module.c          the Python module
 *
 * Each includes only those above it. Rows are samples. What is done here trusts sizes
 * and indices: convert.c has checked them.
 */
#ifndef SKANN_ENGINE_H
#define SKANN_ENGINE_H

#include <stdint.h>

#include "thread_pool.h"

typedef int64_t Index;

#define INLINE static inline __attribute__((always_inline))

INLINE Index index_min(Index a, Index b) { return a < b ? a : b; }
INLINE Index index_max(Index a, Index b) { return a > b ? a : b; }

/* The number of a row, where there is an `order`, or rows as they are stored. */
INLINE Index row_number(const Index *order, Index first, Index i)
{
    return order ? order[i] : first + i;
}

/* Of integers of 4 or 8 bytes. */
INLINE Index index_at(const void *indices, int size, Index i)
{
    return size == 4 ? ((const int32_t *)indices)[i] : ((const int64_t *)indices)[i];
}

/* The order is that of the tables in _engine/native/binding.py. */
enum Activation {
    IDENTITY,
    LOGISTIC,
    TANH,
    TANH_OPT,
    RELU,
    LEAKY_RELU,
    ELU,
    SELU,
    GELU,
    SILU,
    SOFTPLUS,
    MISH,
    N_ACTIVATIONS
};
enum Loss {
    SQUARED_ERROR,
    MASKED_SQUARED_ERROR,
    LOGISTIC_SQUARED_ERROR,
    CROSS_ENTROPY,
    SOFTMAX,
    ABSOLUTE_ERROR,
    HUBER,
    QUANTILE,
    POISSON,
    GAMMA,
    TWEEDIE,
    GAUSSIAN,
    PERCEPTRON,
    FOCAL,
    SOFTMAX_FOCAL,
    N_LOSSES
};
/* STORE leaves the gradient, times the rate, in a vector; ADD adds it to one. */
enum RuleKind {
    STORE,
    ADD,
    SGD,
    ADAM,
    AMSGRAD,
    NADAM,
    RMSPROP,
    ADAGRAD,
    LION,
    N_RULES
};

typedef struct {
    Index n_layers;         /* layers of weights: hidden ones and the output */
    const Index *sizes;     /* n_layers + 1 numbers of units, inputs first */
    const int *activations; /* n_layers - 1 of enum Activation */
    int loss;
    Index n_loss_options; /* and its settings, as in _network/ */
    const double *loss_options;
    Index n_tasks;      /* parts of the outputs that the loss is taken of apart */
    const Index *tasks; /* their sizes */
    /* In training: with which probability a hidden unit, or an input, is left out. */
    double dropout, input_dropout;
} Network;

/* Rows in memory, in any layout and either precision; or compressed ones (CSR) in the
 * engine's own precision, where `offsets` is not NULL. */
typedef struct {
    const char *start; /* of the numbers */
    Index n_rows;
    Index row_stride, column_stride; /* bytes */
    int item_size;                   /* 4 or 8 */
    const void *offsets, *columns;   /* of rows in the numbers, and of each number */
    Index n_stored;                  /* numbers and columns that there are */
    int index_size;                  /* 4 or 8, of both */
    Index largest_batch;             /* stored numbers that a batch may have */
    int is_lazy;                     /* whether updates are: see sparse.h */
} Matrix;

typedef struct {
    Matrix X;
    const int32_t *codes; /* classes, or NULL */
    const void *y;        /* else targets, one output after the other */
    const void *weight;   /* or NULL for ones */
} Samples;

typedef struct {
    int kind;
    double momentum;
    int nesterov;
    double beta_1, beta_2, epsilon; /* beta_2 is RMSPROP's rho */
    int corrected;         /* whether epsilon stands beside the corrected moments */
    double decay;          /* of weights, past the gradient */
    double momentum_decay; /* NADAM */
    double alpha;          /* strength of the L2 penalty, part of the objective */
    /* Of rules that move parameters, as in _engine/step_options.py; 0 for none. */
    double l1, max_grad_value, max_grad_norm, max_norm;
    const void *trainable; /* of every parameter, 0 or 1; NULL for all */
    int n_vectors;         /* the gradient, or the optimiser's state */
    void *vectors[3];      /* each of theta's length */
} Rule;

/* Whether a signal has raised an exception, or has forked and this is the child; asked
 * from time to time by the thread that has called. */
typedef struct {
    int (*is_raised)(void *);
    void *data;
} Interrupt;

/* One call's worth of steps. */
typedef struct {
    ThreadPool *pool;
    Interrupt interrupt;
    const Index *order; /* row numbers, or NULL for rows as they are stored */
    Index first;        /* of the rows in use, in order or in memory */
    Index n_rows;
    const double *rates;    /* of every step */
    double rate;            /* of all steps, where rates is NULL */
    const uint64_t *keys;   /* of every step, for what it leaves out */
    void *average;          /* of theta, or NULL */
    const double *shares;   /* what it takes of theta after every step */
    double row_scale;       /* of each row's gradient; 0 for the mean over a batch */
    Index n_steps_before;   /* in the life of the optimiser */
    double momenta_product; /* of these steps, of NADAM */
    double deadline;        /* seconds on seconds_now()'s clock */
    double *losses;         /* of each batch before its step; filled */
    Index n_done;           /* batches; set */
    double gradient_square; /* of the last step, NaN if that was not taken; set */
} Run;

enum Outcome { IS_FINITE, IS_NOT_FINITE, NO_MEMORY, INTERRUPTED };

typedef struct {
    const char *name;
    /* is_new: the optimiser has taken no step yet. */
    void *(*training_new)(const Network *, void *theta, const Rule *, const Samples *,
                          Index batch_size, int is_new, int max_threads);
    void (*training_free)(void *);
    void (*training_run)(void *, Run *); /* n_done is -1 without memory */
    void (*training_flush)(void *, ThreadPool *);
    /* Writes n_rows x n_outputs numbers; IS_FINITE says so of the first layer's
     * products. */
    enum Outcome (*predict)(const Network *, const void *theta, const Matrix *,
                            const Index *order, Index n_rows, void *out, ThreadPool *,
                            int n_threads, const Interrupt *);
} Instance;

extern const Instance skann_f32_base, skann_f64_base;
#if defined(__x86_64__)
extern const Instance skann_f32_avx2, skann_f64_avx2;
extern const Instance skann_f32_avx2_plain, skann_f64_avx2_plain;
extern const Instance skann_f32_avx512, skann_f64_avx512;
#endif

#endif
