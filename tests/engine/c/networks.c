/* Whole networks, trained and asked, against plain.c; the same to the last bit with any
 * number of threads. */
#include "check.h"

#include "dispatch.h"
#include "plain.h"

enum { MOST_ROWS = 70, MOST_THREADS = 4, MOST_PARAMETERS = 20000 };

/* A case: a network, its data and rule, in double and as the engine has them. */
typedef struct {
    Index sizes[MAX_LAYERS + 1], n_rows, batch_size, n_parameters;
    int activations[MAX_LAYERS];
    double loss_options[MAX_UNITS];
    Network network;
    Rule rule;
    int item_size, x_size, is_sparse, is_lazy, has_weights, has_order;
    double X[MOST_ROWS][MAX_UNITS], Y[MOST_ROWS][MAX_UNITS], weight[MOST_ROWS];
    double start[MOST_PARAMETERS], rates[2 * MOST_ROWS];
    Index order[MOST_ROWS];
    /* The same, for the engine: offsets and columns are those of CSR. */
    char data[MOST_ROWS * MAX_UNITS * 8], targets[MOST_ROWS * MAX_UNITS * 8];
    char weights[MOST_ROWS * 8];
    int32_t offsets[MOST_ROWS + 1], columns[MOST_ROWS * MAX_UNITS];
    Samples samples;
    uint64_t keys[2 * MOST_ROWS]; /* of every step */
    int is_averaged;
    double shares[2 * MOST_ROWS];
    char trainable[MOST_PARAMETERS * 8];
} Case;

typedef struct {
    char theta[MOST_PARAMETERS * 8], vectors[3][MOST_PARAMETERS * 8];
    char average[MOST_PARAMETERS * 8];
    double losses[2 * MOST_ROWS], gradient_square;
} Result;

/* Numbers of either size. */
static double get(const void *numbers, int size, Index i)
{
    return size == 4 ? (double)((const float *)numbers)[i]
                     : ((const double *)numbers)[i];
}

static void put(void *numbers, int size, Index i, double x)
{
    if (size == 4)
        ((float *)numbers)[i] = (float)x;
    else
        ((double *)numbers)[i] = x;
}

/* What is left of a number in the engine's precision. */
static double as_real(const Case *c, double x)
{
    return c->item_size == 4 ? (double)(float)x : x;
}

static void choose_network(Case *c)
{
    Network *network = &c->network;
    *network =
        (Network){.n_layers = 1 + below(MAX_LAYERS), .loss = (int)below(N_LOSSES)};
    for (Index l = 0; l <= network->n_layers; l++)
        c->sizes[l] = 1 + below(below(3) ? 20 : 50);
    /* So many inputs that products go in halves. */
    if (below(4) == 0)
        c->sizes[0] = 66 + below(100);
    for (Index l = 0; l + 1 < network->n_layers; l++)
        c->activations[l] = (int)below(N_ACTIVATIONS);
    if (network->loss == GAUSSIAN && c->sizes[network->n_layers] % 2)
        c->sizes[network->n_layers]++;
    network->sizes = c->sizes;
    network->loss_options = c->loss_options;
    network->n_loss_options =
        draw_loss_options(network->loss, c->sizes[network->n_layers], c->loss_options);
    network->activations = c->activations;
    c->n_parameters = plain_n_parameters(network);
    for (Index l = 0, i = 0; l < network->n_layers; l++) {
        const Index n = (c->sizes[l] + 1) * c->sizes[l + 1];
        /* exp() is of outputs, which activations may have enlarged. */
        const int has_exp = has_log_link(network->loss) || network->loss == GAUSSIAN;
        const int small = has_exp && l + 1 == network->n_layers;
        const double size = (small ? 0.02 : 1) / sqrt((double)c->sizes[l]);
        for (Index end = i + n; i < end; i++)
            c->start[i] = as_real(c, size * normal());
    }
}

static void choose_rule(Case *c)
{
    static const int n_vectors[N_RULES] = {[ADAM] = 2,    [AMSGRAD] = 3, [NADAM] = 2,
                                           [RMSPROP] = 1, [ADAGRAD] = 1, [LION] = 1};
    Rule *rule = &c->rule;
    *rule = (Rule){.kind = below(3) ? SGD + (int)below(N_RULES - SGD) : SGD};
    /* It steps by signs, about which rounding decides near zero. */
    if (rule->kind == LION && c->item_size == 4)
        rule->kind = SGD;
    rule->n_vectors = n_vectors[rule->kind];
    rule->beta_1 = 0.9, rule->beta_2 = 0.99;
    /* Where gradients are small, Adam's steps are their sign if epsilon is. */
    rule->epsilon = 0.1;
    if (rule->kind == ADAM)
        rule->corrected = (int)below(2);
    if (rule->kind == AMSGRAD || rule->kind == NADAM)
        rule->corrected = 1, rule->momentum_decay = 0.004;
    if (rule->kind == LION || (rule->kind == ADAM && rule->corrected))
        rule->decay = 0.1;
    if ((rule->kind == SGD || rule->kind == RMSPROP) && below(3)) {
        rule->momentum = 0.7, rule->nesterov = rule->kind == SGD && below(2);
        rule->n_vectors++;
    }
    rule->alpha = below(2) ? 0 : 0.01;
    rule->max_norm = below(3) ? 0 : 0.5 + uniform();
    rule->trainable = below(3) ? NULL : c->trainable;
    for (Index i = 0; i < c->n_parameters; i++)
        put(c->trainable, c->item_size, i, below(3) != 0);
    /* Exact for this rule alone. */
    c->is_lazy = c->is_sparse && !rule->alpha && rule->kind == SGD && !rule->max_norm
                 && !rule->trainable;
}

static void choose_rows(Case *c)
{
    const Index n_in = c->sizes[0], n_out = c->sizes[c->network.n_layers];
    c->n_rows = 2 + below(MOST_ROWS - 1);
    c->batch_size = 1 + below(c->n_rows);
    c->has_weights = (int)below(2), c->has_order = (int)below(2);
    for (Index i = 0; i < c->n_rows; i++) {
        for (Index k = 0; k < n_in; k++)
            c->X[i][k] = below(3) ? as_real(c, (double)(float)normal()) : 0;
        draw_targets(&c->network, c->Y[i]);
        for (Index k = 0; k < n_out; k++)
            c->Y[i][k] = as_real(c, c->Y[i][k]);
        c->weight[i] = c->has_weights ? as_real(c, 2 * uniform()) : 1;
        const Index other = below(i + 1);
        c->order[i] = c->order[other], c->order[other] = i;
    }
    /* A variance that has come close to zero makes gradients large. */
    const double largest = c->network.loss == GAUSSIAN ? 0.001 : 0.003;
    for (int i = 0; i < 2 * MOST_ROWS; i++)
        c->rates[i] = largest * (0.4 + 0.6 * uniform());
}

static void choose_options(Case *c)
{
    c->network.dropout = below(2) ? 0.5 * uniform() : 0;
    c->network.input_dropout = !c->is_sparse && below(2) ? 0.5 * uniform() : 0;
    c->is_averaged = !c->is_lazy && below(2);
    for (int i = 0; i < 2 * MOST_ROWS; i++) {
        c->keys[i] =
            (uint64_t)(uniform() * 0x1p32) << 32 | (uint64_t)(uniform() * 0x1p32);
        c->shares[i] = uniform();
    }
}

static void describe_rows(Case *c)
{
    const Index n_in = c->sizes[0], n_out = c->sizes[c->network.n_layers];
    int32_t n_stored = 0;
    for (Index i = 0; i < c->n_rows; i++) {
        c->offsets[i] = n_stored;
        for (Index k = 0; k < n_in; k++) {
            if (!c->is_sparse)
                put(c->data, c->x_size, i * n_in + k, c->X[i][k]);
            else if (c->X[i][k] != 0) {
                put(c->data, c->x_size, n_stored, c->X[i][k]);
                c->columns[n_stored++] = (int32_t)k;
            }
        }
        for (Index k = 0; k < n_out; k++)
            put(c->targets, c->item_size, k * c->n_rows + i, c->Y[i][k]);
        put(c->weights, c->item_size, i, c->weight[i]);
    }
    c->offsets[c->n_rows] = n_stored;
    c->samples =
        (Samples){.y = c->targets, .weight = c->has_weights ? c->weights : NULL};
    Matrix *X = &c->samples.X;
    X->start = c->data, X->n_rows = c->n_rows;
    X->row_stride = n_in * c->x_size, X->column_stride = c->x_size;
    X->item_size = c->x_size;
    if (c->is_sparse) {
        X->offsets = c->offsets, X->columns = c->columns, X->index_size = 4;
        X->n_stored = X->largest_batch = n_stored;
        X->is_lazy = c->is_lazy;
    }
}

static int is_raised(void *unused) { return unused != NULL; }

/* Two runs over all rows. */
static void train(Case *c, const Instance *instance, int n_threads, Result *result)
{
    const Index n_batches = (c->n_rows + c->batch_size - 1) / c->batch_size;
    memset(result, 0, sizeof *result);
    for (Index i = 0; i < c->n_parameters; i++)
        put(result->theta, c->item_size, i, c->start[i]);
    for (int k = 0; k < 3; k++)
        c->rule.vectors[k] = result->vectors[k];
    double product = 1;
    void *training = instance->training_new(&c->network, result->theta, &c->rule,
                                            &c->samples, c->batch_size, 1, n_threads);
    CHECK(training, "memory for training");
    ThreadPool *pool = pool_acquire(n_threads);
    for (Index epoch = 0; training && epoch < 2; epoch++) {
        Run run = {.pool = pool, .n_rows = c->n_rows, .deadline = HUGE_VAL};
        run.interrupt.is_raised = is_raised;
        run.order = c->has_order ? c->order : NULL;
        run.rates = c->rates + epoch * n_batches;
        run.keys = c->keys + epoch * n_batches;
        if (c->is_averaged)
            run.average = result->average, run.shares = c->shares + epoch * n_batches;
        run.n_steps_before = epoch * n_batches;
        run.momenta_product = product;
        for (Index i = 0; i < n_batches; i++)
            product *= plain_momentum(&c->rule, run.n_steps_before + i + 1);
        run.losses = result->losses + epoch * n_batches;
        instance->training_run(training, &run);
        CHECK(run.n_done == n_batches, "all batches: %ld", (long)run.n_done);
        result->gradient_square = run.gradient_square;
    }
    instance->training_flush(training, pool);
    pool_release(pool);
    instance->training_free(training);
}

static int is_trainable(const Case *c, Index i)
{
    return !c->rule.trainable || get(c->trainable, c->item_size, i) > 0;
}

/* What stays is what it was. */
static void put_back(const Case *c, const double *before, double *theta)
{
    for (Index i = 0; i < c->n_parameters; i++)
        if (!is_trainable(c, i))
            theta[i] = before[i];
}

/* The same by plain.c. */
static void train_plainly(const Case *c, double *theta, double *average, double *losses)
{
    static double g[MOST_PARAMETERS], kept[4][MOST_PARAMETERS];
    double *state[3] = {kept[0], kept[1], kept[2]}, product = 1;
    memcpy(theta, c->start, sizeof c->start);
    memset(average, 0, sizeof c->start);
    memset(kept, 0, sizeof kept);
    for (Index epoch = 0, step = 0; epoch < 2; epoch++)
        for (Index begin = 0; begin < c->n_rows; begin += c->batch_size, step++) {
            const Index end = index_min(begin + c->batch_size, c->n_rows);
            const double scale = 1.0 / (double)(end - begin);
            losses[step] = 0;
            memset(g, 0, sizeof g);
            for (Index i = begin; i < end; i++) {
                const Index row = c->has_order ? c->order[i] : i;
                const double s = scale * c->weight[row];
                losses[step] +=
                    s
                    * plain_gradient(&c->network, theta, c->X[row], c->Y[row],
                                     c->keys[step], i - begin, s, g);
            }
            losses[step] += plain_penalty(&c->network, c->rule.alpha, theta, g);
            for (Index i = 0; i < c->n_parameters; i++)
                g[i] *= is_trainable(c, i), kept[3][i] = theta[i];
            plain_step(&c->network, &c->rule, c->rates[step], step + 1, product, g,
                       theta, state);
            put_back(c, kept[3], theta);
            if (c->rule.max_norm > 0)
                plain_max_norm(&c->network, c->rule.max_norm, theta);
            put_back(c, kept[3], theta);
            product *= plain_momentum(&c->rule, step + 1);
            for (Index i = 0; c->is_averaged && i < c->n_parameters; i++)
                average[i] += c->shares[step] * (theta[i] - average[i]);
        }
}

static void test_training(Case *c, int level)
{
    static Result one, many;
    static double theta[MOST_PARAMETERS], average[MOST_PARAMETERS];
    static double losses[2 * MOST_ROWS];
    const Instance *instance = instance_for(level, c->item_size);
    const double tolerance = c->item_size == 4 ? 2e-3 : 1e-10;
    double worst = 0;
    train(c, instance, 1, &one);
    train_plainly(c, theta, average, losses);
    for (Index i = 0; i < c->n_parameters; i++) {
        worst = larger(worst, fabs(get(one.theta, c->item_size, i) - theta[i])
                                  / (1 + fabs(theta[i])));
        worst = larger(worst, fabs(get(one.average, c->item_size, i) - average[i])
                                  / (1 + fabs(average[i])));
    }
    for (Index i = 0; i < 2 * ((c->n_rows + c->batch_size - 1) / c->batch_size); i++)
        worst = larger(worst, fabs(one.losses[i] - losses[i]) / (1 + fabs(losses[i])));
    CHECK(worst <= tolerance, "%s, %d bytes, loss %d, rule %d, sparse %d: off by %g",
          instance->name, c->item_size, c->network.loss, c->rule.kind, c->is_sparse,
          worst);
    for (int n = 2; n <= MOST_THREADS; n++) {
        train(c, instance, n, &many);
        CHECK(!memcmp(&one, &many, sizeof one), "%d threads change results", n);
    }
}

static void test_prediction(const Case *c, int level)
{
    static char theta[MOST_PARAMETERS * 8];
    static char one[MOST_ROWS * MAX_UNITS * 8], many[MOST_ROWS * MAX_UNITS * 8];
    const Instance *instance = instance_for(level, c->item_size);
    const Index n_out = c->sizes[c->network.n_layers];
    const Interrupt interrupt = {is_raised, NULL};
    const Index *order = c->has_order ? c->order : NULL;
    const double tolerance = c->item_size == 4 ? 1e-4 : 1e-12;
    double right[MAX_UNITS], worst = 0;
    for (Index i = 0; i < c->n_parameters; i++)
        put(theta, c->item_size, i, c->start[i]);
    for (int n = 1; n <= MOST_THREADS; n++) {
        ThreadPool *pool = pool_acquire(n);
        void *out = n == 1 ? one : many;
        CHECK(instance->predict(&c->network, theta, &c->samples.X, order, c->n_rows,
                                out, pool, n, &interrupt)
                  == IS_FINITE,
              "a prediction");
        CHECK(n == 1 || !memcmp(one, many, (size_t)(c->n_rows * n_out * c->item_size)),
              "%d threads change predictions", n);
        pool_release(pool);
    }
    for (Index i = 0; i < c->n_rows; i++) {
        plain_outputs(&c->network, c->start, c->X[order ? order[i] : i], right);
        for (Index k = 0; k < n_out; k++)
            worst = larger(worst, fabs(get(one, c->item_size, i * n_out + k) - right[k])
                                      / (1 + fabs(right[k])));
    }
    CHECK(worst <= tolerance, "%s, %d bytes: a prediction is off by %g", instance->name,
          c->item_size, worst);
}

void test_networks(void)
{
    enum { N_CASES = 120 };
    static Case c;
    for (int i = 0; i < N_CASES; i++)
        for (int level = 0; level < n_levels(); level++) {
            c.item_size = below(2) ? 4 : 8;
            c.is_sparse = below(3) == 0;
            c.x_size = c.is_sparse || below(2) ? c.item_size : 12 - c.item_size;
            choose_network(&c);
            choose_rule(&c);
            choose_rows(&c);
            choose_options(&c);
            describe_rows(&c);
            test_training(&c, level);
            test_prediction(&c, level);
        }
}
