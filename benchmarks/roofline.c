/* How near to the processor's peak one thread's matrix products are.
 *
 *     cd benchmarks
 *     gcc -std=gnu11 -O3 -fno-math-errno -fno-trapping-math -march=native \
 *         -I../skann/_engine/native roofline.c ../skann/_engine/native/thread_pool.c \
 *         -lm -lpthread -o /tmp/roofline && taskset -c 1 /tmp/roofline
 *
 * The peak is what a micro-kernel reaches on panels that stay in the first-level cache.
 * Of each case: the first layer's products of a batch with rows in random order, as the
 * forward pass makes them, and its gradient, with SGD's update and the packing of the
 * new weights. Work is counted without padding.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define REAL_BITS 32
#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX2__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif
#include "prediction.h"
#include "steps.h"

enum { REPEATS = 5 };

typedef struct {
    const char *name;
    Index n_rows, n_in, n_out, batch_size;
} Shape;

/* 10^9 operations a second that a micro-kernel reaches in the first-level cache. */
static double peak(void)
{
    enum { DEPTH = 160, N = 200000 };
    real *a = alloc_reals(DEPTH * MR), *b = alloc_reals(DEPTH * NR);
    real *out = alloc_reals(MR * NR);
    double best = HUGE_VAL;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        const double start = seconds_now();
        for (int i = 0; i < N; i++) {
            microkernel_tn(MR, 2, a, DEPTH, b, out, NR, NR, 0);
            __asm__ volatile("" ::: "memory");
        }
        best = fmin(best, seconds_now() - start);
    }
    return 2.0 * N * DEPTH * MR * NR / best / 1e9;
}

/* Seconds that all batches take in forward products, and in gradients and updates. */
static void time_epoch(const Shape *s, const real **rows, const real *X,
                       const Index *order, Layer *layer, real *theta, double seconds[2])
{
    const Index columns = padded_columns(s->n_out);
    real *out = alloc_reals(s->batch_size * layer->stride);
    real *delta = alloc_reals(s->batch_size * columns);
    real *gradient = alloc_reals(MC * layer->stride);
    PackedA packed = {.numbers = alloc_reals(MAX_MICROTILES * KC_TN * MR),
                      .lines = alloc_zeros(MAX_MICROTILES * KC_TN, sizeof(uint16_t))};
    const Rule rule = {.kind = SGD};
    double momenta_product = 1;
    const Step step = make_step(&rule, 1e-6, 0, &momenta_product);
    seconds[0] = seconds[1] = 0;
    for (Index first = 0; first + s->batch_size <= s->n_rows; first += s->batch_size) {
        for (Index i = 0; i < s->batch_size; i++)
            rows[i] = X + order[first + i] * s->n_in;
        const double start = seconds_now();
        gemm_nn(rows, 0, s->batch_size, s->n_in, all_inputs(layer), layer->panels,
                s->n_out, NULL, NULL, out, layer->stride);
        const double middle = seconds_now();
        for (Index k = 0; k < s->n_in; k += MC) {
            const Index n = index_min(MC, s->n_in - k);
            gemm_tn(rows, s->batch_size, k, n, delta, s->n_out, 0, &packed, gradient);
            apply(&rule, &step, k * s->n_out, n * s->n_out, theta, gradient);
            pack_weights(layer, theta, k, k + n);
        }
        seconds[0] += middle - start;
        seconds[1] += seconds_now() - middle;
    }
    aligned_delete(out), aligned_delete(delta), aligned_delete(gradient);
    aligned_delete(packed.numbers), aligned_delete(packed.lines);
}

static void time_shape(const Shape *s, double limit)
{
    real *X = alloc_reals(s->n_rows * s->n_in),
         *theta = alloc_reals(s->n_in * s->n_out);
    const real **rows = alloc_zeros(s->batch_size, sizeof *rows);
    Index *order = alloc_zeros(s->n_rows, sizeof *order);
    Layer layer = {.n_in = s->n_in, .n_out = s->n_out, .stride = stride_for(s->n_out)};
    double best[2] = {HUGE_VAL, HUGE_VAL}, seconds[2];
    layer.panels = alloc_reals(padded_columns(s->n_out) * s->n_in);
    for (Index i = 0; i < s->n_rows; i++) {
        const Index j = rand() % (i + 1);
        order[i] = order[j], order[j] = i;
    }
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        time_epoch(s, rows, X, order, &layer, theta, seconds);
        for (int i = 0; i < 2; i++)
            best[i] = fmin(best[i], seconds[i]);
    }
    const double work = 2e-9 * (double)(s->n_rows * s->n_in * s->n_out);
    printf("| %s | %.0f %% | %.0f %% |\n", s->name, 100 * work / best[0] / limit,
           100 * work / best[1] / limit);
    aligned_delete(X), aligned_delete(theta), aligned_delete(rows);
    aligned_delete(order), aligned_delete(layer.panels);
}

int main(void)
{
    static const Shape shapes[] = {
        {"60,000 x 784 to 100, batches of 200", 60000, 784, 100, 200},
        {"10,000 x 20 to 100, batches of 200", 10000, 20, 100, 200},
        {"10,000 x 256 to 128, batches of 200", 10000, 256, 128, 200},
        {"20,000 x 784 to 1,000, batches of 200", 20000, 784, 1000, 200},
        {"10,240 x 512 to 2,048, batches of 512", 10240, 512, 2048, 512},
    };
    const double limit = peak();
    printf("peak: %.0f GFLOP/s\n\n| layer | forward | gradient and update "
           "|\n|---|---|---|\n",
           limit);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        time_shape(shapes + i, limit);
    return 0;
}
