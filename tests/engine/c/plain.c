/* See plain.h. */
#include "plain.h"

#include "check.h"

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

/* -log a (1 - a)^gamma from a = sigmoid(z), and its derivative. */
static double focal(double z, double gamma, double *slope)
{
    const double log_a = -softplus(-z), weight = exp(-gamma * softplus(z));
    *slope = weight * (gamma * sigmoid(z) * log_a - sigmoid(-z));
    return -weight * log_a;
}

/* Half of Tweedie's deviance of a = exp(z), as it stands in textbooks. */
static double tweedie(double z, double y, double p, double *slope)
{
    const double a = exp(z), q = 2 - p;
    *slope = pow(a, q) - y * pow(a, 1 - p);
    return (y > 0 ? pow(y, q) / ((1 - p) * q) : 0) - y * pow(a, 1 - p) / (1 - p)
           + pow(a, q) / q;
}

/* The loss of output k, of those with one for each, and its derivative. */
static double loss_of_output(const Network *network, Index k, double z, double y,
                             double *slope)
{
    const double *options = network->loss_options, a = sigmoid(z), error = z - y;
    const double level = network->n_loss_options > 1 ? options[k] : options[0];
    double no;
    switch (network->loss) {
    case LOGISTIC_SQUARED_ERROR:
        *slope = (a - y) * a * (1 - a);
        return 0.5 * (a - y) * (a - y);
    case CROSS_ENTROPY: *slope = a - y; return y * softplus(-z) + (1 - y) * softplus(z);
    case ABSOLUTE_ERROR: *slope = (error > 0) - (error < 0); return fabs(error);
    case HUBER:
        *slope = fmax(-options[0], fmin(options[0], error));
        return fabs(error) <= options[0]
                   ? 0.5 * error * error
                   : options[0] * (fabs(error) - 0.5 * options[0]);
    case QUANTILE:
        *slope = error > 0 ? 1 - level : -level;
        return fmax((1 - level) * error, -level * error);
    case POISSON:
        *slope = exp(z) - y;
        return exp(z) - y + (y > 0 ? y * (log(y) - z) : 0);
    case GAMMA: *slope = 1 - y * exp(-z); return z - log(y) + y * exp(-z) - 1;
    case TWEEDIE: return tweedie(z, y, options[0], slope);
    case PERCEPTRON:
        *slope = (2 * y - 1) * z <= 0 ? 1 - 2 * y : 0;
        return fmax(0, (1 - 2 * y) * z);
    case FOCAL:
        if (y == 1)
            return focal(z, options[0], slope);
        no = focal(-z, options[0], slope);
        *slope = -*slope;
        return no;
    default: *slope = error; return 0.5 * error * error;
    }
}

/* The same of one part of a softmax. */
static double loss_of_part(const Network *network, Index n, const double *z,
                           const double *y, double *slopes)
{
    const double gamma = network->loss == SOFTMAX_FOCAL ? network->loss_options[0] : 0;
    double largest = z[0], sum = 0, loss = 0, total = 0;
    for (Index k = 1; k < n; k++)
        largest = fmax(largest, z[k]);
    for (Index k = 0; k < n; k++)
        sum += exp(z[k] - largest);
    for (Index k = 0; k < n; k++) {
        const double log_a = z[k] - largest - log(sum), rest = -expm1(log_a);
        const double weight = pow(rest, gamma);
        loss -= y[k] * weight * log_a;
        slopes[k] = -y[k] * weight;
        if (gamma > 0 && rest > 0)
            slopes[k] += y[k] * gamma * exp(log_a) * weight / rest * log_a;
        total += slopes[k];
    }
    for (Index k = 0; k < n; k++)
        slopes[k] -= exp(z[k] - largest - log(sum)) * total;
    return loss;
}

/* The likelihood of means, half of the outputs, with variances. */
static double gaussian(Index half, const double *z, const double *y, double *delta)
{
    double loss = 0;
    for (Index k = 0; k < half; k++) {
        const double v = exp(z[half + k]) + 1e-6, error = z[k] - y[k];
        delta[k] = delta[half + k] = 0;
        if (isnan(y[k]))
            continue;
        loss += 0.5 * (log(v) + error * error / v);
        delta[k] = error / v;
        delta[half + k] = 0.5 * exp(z[half + k]) / v * (1 - error * error / v);
    }
    return loss;
}

double plain_losses(const Network *network, const double *z, const double *y,
                    double *delta)
{
    const Index n = network->sizes[network->n_layers];
    const Index n_parts = network->n_tasks ? network->n_tasks : 1;
    double loss = 0;
    if (network->loss == GAUSSIAN)
        return gaussian(n / 2, z, y, delta);
    if (network->loss == SOFTMAX || network->loss == SOFTMAX_FOCAL) {
        for (Index t = 0, k = 0; t < n_parts; t++) {
            const Index size = network->n_tasks ? network->tasks[t] : n;
            loss += loss_of_part(network, size, z + k, y + k, delta + k);
            k += size;
        }
        return loss;
    }
    for (Index k = 0; k < n; k++) {
        delta[k] = 0;
        if (!isnan(y[k]))
            loss += loss_of_output(network, k, z[k], y[k], delta + k);
    }
    return loss;
}

Index draw_loss_options(int loss, Index n_outputs, double *options)
{
    const double power = below(2) ? 1.1 + 0.8 * uniform() : 3;
    Index n = 1;
    switch (loss) {
    case QUANTILE:
        n = below(2) ? 1 : n_outputs;
        for (Index k = 0; k < n; k++)
            options[k] = 0.1 + 0.8 * uniform();
        return n;
    case TWEEDIE: options[0] = power; return 1;
    case HUBER:
    case FOCAL:
    case SOFTMAX_FOCAL: options[0] = 0.5 + 2 * uniform(); return 1;
    default: return 0;
    }
}

int has_log_link(int loss) { return loss >= POISSON && loss <= TWEEDIE; }

void draw_targets(const Network *network, double *y)
{
    const Index n = network->sizes[network->n_layers], one[] = {n};
    const int loss = network->loss;
    for (Index k = 0; k < n; k++) {
        y[k] = loss == SOFTMAX || loss == SOFTMAX_FOCAL ? 0 : (double)below(2);
        if (has_log_link(loss))
            y[k] = 0.1 + uniform();
        else if (loss < LOGISTIC_SQUARED_ERROR || (loss > SOFTMAX && loss < PERCEPTRON))
            y[k] = normal();
        if ((loss == POISSON || loss == TWEEDIE) && below(4) == 0
            && !(network->n_loss_options && network->loss_options[0] >= 2))
            y[k] = 0;
        if ((loss == MASKED_SQUARED_ERROR || (loss > SOFTMAX && loss < PERCEPTRON))
            && below(4) == 0)
            y[k] = NAN;
    }
    const Index n_parts = network->n_tasks ? network->n_tasks : 1;
    const Index *sizes = network->n_tasks ? network->tasks : one;
    for (Index t = 0, first = 0; t < n_parts; first += sizes[t++])
        if (loss == SOFTMAX || loss == SOFTMAX_FOCAL)
            y[first + below(sizes[t])] = 1;
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
    double a[MAX_LAYERS + 1][MAX_UNITS], z[MAX_LAYERS][MAX_UNITS] = {0};
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
    const double loss = plain_losses(network, z[network->n_layers - 1], y, delta);
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

double plain_momentum(const Rule *rule, Index t)
{
    return rule->beta_1 * (1 - 0.5 * pow(0.96, (double)t * rule->momentum_decay));
}

Parameter plain_rule(const Rule *rule, double rate, Index t, double product,
                     Parameter p)
{
    const double seen_1 = 1 - pow(rule->beta_1, (double)t);
    const double seen_2 = 1 - pow(rule->beta_2, (double)t);
    const double now = plain_momentum(rule, t), next = plain_momentum(rule, t + 1);
    double m, v, slope;
    double *first = p.state, *second = p.state + 1, *third = p.state + 2;
    switch (rule->kind) {
    case STORE: *first = rate * p.g; return p;
    case ADD: *first += rate * p.g; return p;
    case SGD:
        if (!rule->n_vectors) {
            p.theta -= rate * p.g;
            return p;
        }
        *first = rule->momentum * *first - rate * p.g;
        p.theta += rule->nesterov ? rule->momentum * *first - rate * p.g : *first;
        return p;
    case RMSPROP:
        *first = rule->beta_2 * *first + p.g * p.g;
        slope = p.g / (sqrt((1 - rule->beta_2) * *first) + rule->epsilon);
        if (rule->n_vectors > 1) {
            /* which is divided by the root of 1 - rho as well */
            *second = rule->momentum * *second + slope * sqrt(1 - rule->beta_2);
            slope = *second / sqrt(1 - rule->beta_2);
        }
        p.theta -= rate * slope;
        return p;
    case ADAGRAD:
        *first += p.g * p.g;
        p.theta -= rate * p.g / (sqrt(*first) + rule->epsilon);
        return p;
    case LION:
        m = (1 - rule->beta_2) * *first;
        slope = rule->beta_1 * m + (1 - rule->beta_1) * p.g;
        p.theta -= rate * ((slope > 0) - (slope < 0));
        *first = rule->beta_2 * *first + p.g;
        return p;
    }
    *first = rule->beta_1 * *first + p.g;
    *second = rule->beta_2 * *second + p.g * p.g;
    *third = fmax(*third, *second);
    m = (1 - rule->beta_1) * *first;
    v = (1 - rule->beta_2) * (rule->kind == AMSGRAD ? *third : *second);
    slope = m / seen_1;
    if (rule->kind == NADAM)
        slope = (1 - now) / (1 - product * now) * p.g
                + next / (1 - product * now * next) * m;
    p.theta -= rule->corrected
                   ? rate * slope / (sqrt(v / seen_2) + rule->epsilon)
                   : rate * sqrt(seen_2) * slope / (sqrt(v) + rule->epsilon);
    return p;
}

void plain_step(const Network *network, const Rule *rule, double rate, Index t,
                double product, const double *g, double *theta, double *state[3])
{
    const Index n = plain_n_parameters(network);
    decay_weights(network, 1 - rate * rule->decay, theta);
    for (Index i = 0; i < n; i++) {
        Parameter p = {theta[i], g[i], {state[0][i], state[1][i], state[2][i]}};
        p = plain_rule(rule, rate, t, product, p);
        theta[i] = p.theta;
        for (int k = 0; k < 3; k++)
            state[k][i] = p.state[k];
    }
}

void plain_max_norm(const Network *network, double limit, double *theta)
{
    for (Index l = 0; l < network->n_layers; l++) {
        const Index n_in = network->sizes[l], n_out = network->sizes[l + 1];
        for (Index j = 0; j < n_out; j++) {
            double squares = 0;
            for (Index k = 0; k < n_in; k++)
                squares += theta[k * n_out + j] * theta[k * n_out + j];
            for (Index k = 0; sqrt(squares) > limit && k < n_in; k++)
                theta[k * n_out + j] *= limit / sqrt(squares);
        }
        theta += (n_in + 1) * n_out;
    }
}
