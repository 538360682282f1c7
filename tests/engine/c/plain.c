/* See plain.h. */
#include "plain.h"

#include <math.h>

static double sigmoid(double z) { return 1 / (1 + exp(-z)); }

static double softplus(double z) { return fmax(z, 0) + log1p(exp(-fabs(z))); }

static double value(int activation, double z)
{
    const double below = 1.6732632423543772, scale = 1.0507009873554805;
    switch (activation) {
    case LOGISTIC: return sigmoid(z);
    case TANH: return tanh(z);
    case TANH_OPT: return 1.7159 * tanh(2 * z / 3);
    case RELU: return z > 0 ? z : 0;
    case LEAKY_RELU: return z > 0 ? z : 0.01 * z;
    case ELU: return z > 0 ? z : expm1(z);
    case SELU: return scale * (z > 0 ? z : below * expm1(z));
    case GELU: return z * erfc(-z / sqrt(2)) / 2;
    case SILU: return z * sigmoid(z);
    case SOFTPLUS: return softplus(z);
    case MISH: return z * tanh(softplus(z));
    default: return z;
    }
}

static double derivative(int activation, double z)
{
    const double below = 1.6732632423543772, scale = 1.0507009873554805;
    const double gate = tanh(softplus(z));
    switch (activation) {
    case LOGISTIC: return sigmoid(z) * sigmoid(-z);
    case TANH: return 1 - tanh(z) * tanh(z);
    case TANH_OPT: return 1.7159 * 2 / 3 * (1 - pow(tanh(2 * z / 3), 2));
    case RELU: return z > 0;
    case LEAKY_RELU: return z > 0 ? 1 : 0.01;
    case ELU: return z > 0 ? 1 : exp(z);
    case SELU: return scale * (z > 0 ? 1 : below * exp(z));
    case GELU:
        return erfc(-z / sqrt(2)) / 2 + z * exp(-z * z / 2) / sqrt(8 * atan(1.0));
    case SILU: return sigmoid(z) * (1 + z * sigmoid(-z));
    case SOFTPLUS: return sigmoid(z);
    case MISH: return gate + z * sigmoid(z) * (1 - gate * gate);
    default: return 1;
    }
}

/* The loss of outputs, and its derivative by each. */
static double loss_of(const Network *network, const double *z, const double *y,
                      double *delta)
{
    const Index n = network->sizes[network->n_layers];
    double loss = 0;
    for (Index k = 0; network->loss != SOFTMAX && k < n; k++) {
        const double a = sigmoid(z[k]);
        switch (network->loss) {
        case LOGISTIC_SQUARED_ERROR:
            loss += 0.5 * (a - y[k]) * (a - y[k]);
            delta[k] = (a - y[k]) * a * (1 - a);
            break;
        case CROSS_ENTROPY:
            loss += softplus(z[k]) - y[k] * z[k];
            delta[k] = a - y[k];
            break;
        default:
            delta[k] = isnan(y[k]) ? 0 : z[k] - y[k];
            loss += 0.5 * delta[k] * delta[k];
        }
    }
    if (network->loss == SOFTMAX) {
        double sum = 0;
        for (Index k = 0; k < n; k++)
            sum += exp(z[k]);
        for (Index k = 0; k < n; k++) {
            loss -= y[k] * (z[k] - log(sum));
            delta[k] = exp(z[k]) / sum - y[k];
        }
    }
    return loss;
}

/* One layer forward: z = a W + b. Returns where the next layer's parameters begin. */
static const double *forward(const double *parameters, Index n_in, Index n_out,
                             const double *a, double *z)
{
    const double *bias = parameters + n_in * n_out;
    for (Index j = 0; j < n_out; j++) {
        z[j] = bias[j];
        for (Index k = 0; k < n_in; k++)
            z[j] += a[k] * parameters[k * n_out + j];
    }
    return bias + n_out;
}

void plain_outputs(const Network *network, const double *theta, const double *x,
                   double *out)
{
    double a[MAX_UNITS], z[MAX_UNITS];
    for (Index k = 0; k < network->sizes[0]; k++)
        a[k] = x[k];
    for (Index l = 0; l < network->n_layers; l++) {
        const Index n_out = network->sizes[l + 1];
        theta = forward(theta, network->sizes[l], n_out, a, z);
        for (Index j = 0; j < n_out; j++)
            if (l + 1 < network->n_layers)
                a[j] = value(network->activations[l], z[j]);
            else
                out[j] = z[j];
    }
}

static uint32_t hash(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7feb352d;
    x ^= x >> 15;
    x *= 0x846ca68b;
    return x ^ x >> 16;
}

/* What multiplies unit k of a layer, the inputs being layer 0. */
static double factor(const Network *network, uint64_t key, Index layer, Index row,
                     Index k)
{
    const double rate = layer ? network->dropout : network->input_dropout;
    uint64_t z = key + (uint64_t)layer + 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    z ^= z >> 31;
    const uint32_t of_row = hash((uint32_t)z + (uint32_t)row * 0x9e3779b9);
    const double drawn = hash(of_row + (uint32_t)k * 0x9e3779b9);
    return drawn < floor(rate * 4294967296.0) ? 0 : 1 / (1 - rate);
}

double plain_gradient(const Network *network, const double *theta, const double *x,
                      const double *y, uint64_t key, Index row, double scale, double *g)
{
    double a[MAX_LAYERS + 1][MAX_UNITS], z[MAX_LAYERS][MAX_UNITS];
    double m[MAX_LAYERS][MAX_UNITS], delta[MAX_UNITS], below[MAX_UNITS];
    const Index *sizes = network->sizes;
    const double *end = theta;
    for (Index k = 0; k < sizes[0]; k++)
        a[0][k] = x[k] * factor(network, key, 0, row, k);
    for (Index l = 0; l < network->n_layers; l++) {
        end = forward(end, sizes[l], sizes[l + 1], a[l], z[l]);
        for (Index j = 0; l + 1 < network->n_layers && j < sizes[l + 1]; j++) {
            m[l][j] = factor(network, key, l + 1, row, j);
            a[l + 1][j] = m[l][j] * value(network->activations[l], z[l][j]);
        }
    }
    const double loss = loss_of(network, z[network->n_layers - 1], y, delta);
    g += end - theta;
    for (Index l = network->n_layers - 1; l >= 0; l--) {
        const Index n_in = sizes[l], n_out = sizes[l + 1];
        end -= (n_in + 1) * n_out;
        g -= (n_in + 1) * n_out;
        for (Index j = 0; j < n_out; j++)
            g[n_in * n_out + j] += scale * delta[j];
        for (Index k = 0; k < n_in; k++) {
            below[k] = 0;
            for (Index j = 0; j < n_out; j++) {
                g[k * n_out + j] += scale * a[l][k] * delta[j];
                below[k] += end[k * n_out + j] * delta[j];
            }
        }
        for (Index k = 0; l > 0 && k < n_in; k++)
            delta[k] = below[k] * m[l - 1][k]
                       * derivative(network->activations[l - 1], z[l - 1][k]);
    }
    return loss;
}

Index plain_n_parameters(const Network *network)
{
    Index n = 0;
    for (Index l = 0; l < network->n_layers; l++)
        n += (network->sizes[l] + 1) * network->sizes[l + 1];
    return n;
}

double plain_penalty(const Network *network, double alpha, const double *theta,
                     double *g)
{
    double squares = 0;
    for (Index l = 0; l < network->n_layers; l++) {
        const Index n = network->sizes[l] * network->sizes[l + 1];
        for (Index i = 0; i < n; i++) {
            squares += theta[i] * theta[i];
            g[i] += alpha * theta[i];
        }
        theta += n + network->sizes[l + 1];
        g += n + network->sizes[l + 1];
    }
    return alpha / 2 * squares;
}

static void decay_weights(const Network *network, double keep, double *theta)
{
    for (Index l = 0; l < network->n_layers; l++) {
        const Index n = network->sizes[l] * network->sizes[l + 1];
        for (Index i = 0; i < n; i++)
            theta[i] *= keep;
        theta += n + network->sizes[l + 1];
    }
}

void plain_step(const Network *network, const Rule *rule, double rate, Index t,
                const double *g, double *theta, double *first, double *second)
{
    const Index n = plain_n_parameters(network);
    const double seen_1 = 1 - pow(rule->beta_1, (double)t);
    const double seen_2 = 1 - pow(rule->beta_2, (double)t);
    decay_weights(network, 1 - rate * rule->decay, theta);
    for (Index i = 0; i < n; i++) {
        if (rule->kind == SGD) {
            first[i] = rule->momentum * first[i] - rate * g[i];
            theta[i] +=
                rule->nesterov ? rule->momentum * first[i] - rate * g[i] : first[i];
            continue;
        }
        first[i] = rule->beta_1 * first[i] + g[i];
        second[i] = rule->beta_2 * second[i] + g[i] * g[i];
        const double m = (1 - rule->beta_1) * first[i];
        const double v = (1 - rule->beta_2) * second[i];
        theta[i] -= rule->corrected
                        ? rate * m / seen_1 / (sqrt(v / seen_2) + rule->epsilon)
                        : rate * sqrt(seen_2) / seen_1 * m / (sqrt(v) + rule->epsilon);
    }
}
