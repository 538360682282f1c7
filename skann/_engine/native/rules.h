/* What is done with a block of the gradient: keep it, or move parameters along it.
 *
 * A block is contiguous in theta, in the gradient and in the optimiser's vectors, and
 * small enough to stay in the cache from the product that made it on. The equations,
 * and what the vectors hold, are those of _optimize/, so that training goes on from a
 * state that either engine has left.
 */
#ifndef SKANN_RULES_H
#define SKANN_RULES_H

#include "elementwise.h"

/* The numbers of one step. */
typedef struct {
    int kind, nesterov;
    int measures;        /* whether the gradient's square is wanted */
    real rate, momentum; /* rates have their corrections */
    real gradient_rate;  /* NADAM's of the gradient itself */
    real beta_1, beta_2, epsilon;
    real keep; /* what is left of weights by decay */
    real alpha, l1, max_grad_value;
    real share; /* that an average of theta takes of it */
} Step;

/* Adam's corrections and those of its relatives, whose moments are divided by
 * 1 - beta. */
static void correct_moments(const Rule *rule, double rate, Index t,
                            double *momenta_product, Step *step)
{
    const double seen_1 = 1 - pow(rule->beta_1, (double)t);
    const double seen_2 = 1 - pow(rule->beta_2, (double)t);
    const double spread = sqrt(1 - rule->beta_2);
    rate *= sqrt(seen_2) / spread;
    step->rate = R(rate * (1 - rule->beta_1) / seen_1);
    step->epsilon = R(rule->epsilon / spread * (rule->corrected ? sqrt(seen_2) : 1.0));
    if (rule->kind != NADAM)
        return;
    double momenta[2]; /* of this step and the next */
    for (int i = 0; i < 2; i++)
        momenta[i] = rule->beta_1
                     * (1 - 0.5 * pow(0.96, (double)(t + i) * rule->momentum_decay));
    const double product = *momenta_product *= momenta[0];
    step->gradient_rate = R(rate * (1 - momenta[0]) / (1 - product));
    step->rate = R(rate * (1 - rule->beta_1) * momenta[1] / (1 - product * momenta[1]));
}

/* A step at this rate, after some others, of whose momenta NADAM needs the product. */
static Step make_step(const Rule *rule, double rate, Index n_steps_before,
                      double *momenta_product)
{
    Step step = {.kind = rule->kind,
                 .nesterov = rule->nesterov,
                 .rate = R(rate),
                 .momentum = R(rule->momentum),
                 .beta_1 = R(rule->beta_1),
                 .beta_2 = R(rule->beta_2),
                 .epsilon = R(rule->epsilon),
                 .keep = R(1 - rate * rule->decay),
                 .alpha = R(rule->alpha),
                 .l1 = R(rule->l1),
                 .max_grad_value = R(rule->max_grad_value)};
    if (rule->kind == ADAM || rule->kind == AMSGRAD || rule->kind == NADAM)
        correct_moments(rule, rate, n_steps_before + 1, momenta_product, &step);
    if (rule->kind == RMSPROP) { /* whose squares are divided by 1 - rho */
        step.rate = R(rate / sqrt(1 - rule->beta_2));
        step.epsilon = R(rule->epsilon / sqrt(1 - rule->beta_2));
    }
    if (rule->kind == LION) /* whose momentum is divided by 1 - beta_2 */
        step.beta_1 = R(rule->beta_1 * (1 - rule->beta_2) / (1 - rule->beta_1));
    return step;
}

INLINE double square(real x) { return (double)x * (double)x; }
INLINE double magnitude(real x) { return (double)real_abs(x); }

/* The sum of a function of n numbers, in an order that depends on nothing but n. */
INLINE double sum_over(double term(real), Index n, const real *x)
{
    double sums[4] = {0};
    Index i = 0;
    for (; i + 4 <= n; i += 4)
        for (int j = 0; j < 4; j++)
            sums[j] += term(x[i + j]);
    for (; i < n; i++)
        sums[0] += term(x[i]);
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/* Σ x² and Σ |x| */
static double square_of(Index n, const real *x) { return sum_over(square, n, x); }
static double size_of(Index n, const real *x) { return sum_over(magnitude, n, x); }

/* The sum of n numbers: several sums side by side, for each waits for its last
 * addition. */
static double sum_of_doubles(const double *numbers, Index n)
{
    double sums[8] = {0};
    Index i = 0;
    for (; i + 8 <= n; i += 8)
        for (int j = 0; j < 8; j++)
            sums[j] += numbers[i + j];
    for (int j = 0; i < n; i++, j++)
        sums[j] += numbers[i];
    return ((sums[0] + sums[4]) + (sums[1] + sums[5]))
           + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

/* -- the gradient before the rule ------------------------------------------------- */

/* The penalties' part: of L1 where a weight is zero, what it leaves of the slope. */
static void penalize(const Step *step, Index n, const real *restrict theta,
                     real *restrict g)
{
    if (step->alpha != R(0))
        for (Index i = 0; i < n; i++)
            g[i] = fused(step->alpha, theta[i], g[i]);
    if (step->l1 == R(0))
        return;
    for (Index i = 0; i < n; i++) {
        const real left = real_abs(g[i]) - step->l1;
        const real at_zero = real_copysign(blend(left < R(0), R(0), left), g[i]);
        g[i] =
            blend(theta[i] == R(0), at_zero, g[i] + real_copysign(step->l1, theta[i]));
    }
}

static void clip(real limit, Index n, real *g)
{
    for (Index i = 0; i < n; i++)
        g[i] = blend(g[i] > limit, limit, blend(g[i] < -limit, -limit, g[i]));
}

static void scale_by(real factor, Index n, real *g)
{
    for (Index i = 0; i < n; i++)
        g[i] *= factor;
}

/* -- the rule --------------------------------------------------------------------- */

/* Signs that weights may have after a step with an L1 penalty: their own, or where they
 * are zero the one to which the gradient sends them. */
static void find_orthant(Index n, const real *restrict theta, const real *restrict g,
                         real *restrict orthant)
{
    for (Index i = 0; i < n; i++)
        orthant[i] = blend(theta[i] == R(0), -g[i], theta[i]);
}

/* Zero what has left its orthant. */
static void stay_in_orthant(Index n, const real *restrict orthant, real *restrict theta)
{
    for (Index i = 0; i < n; i++) {
        const int stays = (theta[i] > R(0)) & (orthant[i] > R(0));
        theta[i] =
            blend(stays | ((theta[i] < R(0)) & (orthant[i] < R(0))), theta[i], R(0));
    }
}

/* What is not trained becomes what was kept of it, or zero. */
static void stay(Index n, const real *restrict trainable, const real *restrict kept,
                 real *restrict x)
{
    for (Index i = 0; i < n; i++)
        x[i] = blend(trainable[i] != R(0), x[i], kept ? kept[i] : R(0));
}

static void descend(const Step *step, Index n, real *restrict theta,
                    const real *restrict g, real *restrict v)
{
    const real rate = step->rate, mu = step->momentum;
    if (!v) {
        for (Index i = 0; i < n; i++)
            theta[i] = fused(-rate, g[i], theta[i]);
    } else if (step->nesterov) {
        for (Index i = 0; i < n; i++) {
            const real move = -rate * g[i];
            v[i] = fused(mu, v[i], move);
            theta[i] += fused(mu, v[i], move);
        }
    } else {
        for (Index i = 0; i < n; i++) {
            v[i] = fused(mu, v[i], -rate * g[i]);
            theta[i] += v[i];
        }
    }
}

static void adam(const Step *step, Index n, real *restrict theta,
                 const real *restrict g, real *restrict m, real *restrict v)
{
    const real rate = step->rate, beta_1 = step->beta_1, beta_2 = step->beta_2;
    const real epsilon = step->epsilon;
    for (Index i = 0; i < n; i++) {
        m[i] = fused(beta_1, m[i], g[i]);
        v[i] = fused(g[i], g[i], beta_2 * v[i]);
        theta[i] -= rate * m[i] / (real_sqrt(v[i]) + epsilon);
    }
}

static void amsgrad(const Step *step, Index n, real *restrict theta,
                    const real *restrict g, real *restrict m, real *restrict v,
                    real *restrict largest)
{
    const real rate = step->rate, beta_1 = step->beta_1, beta_2 = step->beta_2;
    const real epsilon = step->epsilon;
    for (Index i = 0; i < n; i++) {
        m[i] = fused(beta_1, m[i], g[i]);
        v[i] = fused(g[i], g[i], beta_2 * v[i]);
        largest[i] = real_max(largest[i], v[i]);
        theta[i] -= rate * m[i] / (real_sqrt(largest[i]) + epsilon);
    }
}

static void nadam(const Step *step, Index n, real *restrict theta,
                  const real *restrict g, real *restrict m, real *restrict v)
{
    const real rate = step->rate, beta_1 = step->beta_1, beta_2 = step->beta_2;
    const real epsilon = step->epsilon, gradient_rate = step->gradient_rate;
    for (Index i = 0; i < n; i++) {
        m[i] = fused(beta_1, m[i], g[i]);
        v[i] = fused(g[i], g[i], beta_2 * v[i]);
        const real ahead = fused(rate, m[i], gradient_rate * g[i]);
        theta[i] -= ahead / (real_sqrt(v[i]) + epsilon);
    }
}

static void rmsprop(const Step *step, Index n, real *restrict theta,
                    const real *restrict g, real *restrict v, real *restrict b)
{
    const real rate = step->rate, rho = step->beta_2, mu = step->momentum;
    const real epsilon = step->epsilon;
    for (Index i = 0; i < n; i++) {
        v[i] = fused(g[i], g[i], rho * v[i]);
        const real move = g[i] / (real_sqrt(v[i]) + epsilon);
        if (b)
            b[i] = fused(mu, b[i], move);
        theta[i] = fused(-rate, b ? b[i] : move, theta[i]);
    }
}

static void adagrad(const Step *step, Index n, real *restrict theta,
                    const real *restrict g, real *restrict sum)
{
    const real rate = step->rate, epsilon = step->epsilon;
    for (Index i = 0; i < n; i++) {
        sum[i] = fused(g[i], g[i], sum[i]);
        theta[i] = fused(-rate, g[i] / (real_sqrt(sum[i]) + epsilon), theta[i]);
    }
}

static void lion(const Step *step, Index n, real *restrict theta,
                 const real *restrict g, real *restrict m)
{
    const real rate = step->rate, beta_1 = step->beta_1, beta_2 = step->beta_2;
    for (Index i = 0; i < n; i++) {
        const real x = fused(beta_1, m[i], g[i]);
        theta[i] -= blend(x > R(0), rate, blend(x < R(0), -rate, R(0)));
        m[i] = fused(beta_2, m[i], g[i]);
    }
}

/* Let an average take its share of theta. */
static void take_share(real share, Index n, const real *restrict theta,
                       real *restrict average)
{
    for (Index i = 0; i < n; i++)
        average[i] = fused(share, theta[i] - average[i], average[i]);
}

/* Use up a block of n numbers of the gradient that begins at `start` in theta. */
static void apply(const Rule *rule, const Step *step, Index start, Index n, real *theta,
                  real *g)
{
    real *vectors[3] = {NULL};
    for (int i = 0; i < rule->n_vectors; i++)
        vectors[i] = (real *)rule->vectors[i] + start;
    real *first = vectors[0], *second = vectors[1];
    theta += start;
    switch (step->kind) {
    case STORE:
        for (Index i = 0; i < n; i++)
            first[i] = step->rate * g[i];
        break;
    case ADD:
        for (Index i = 0; i < n; i++)
            first[i] = fused(step->rate, g[i], first[i]);
        break;
    case SGD: descend(step, n, theta, g, first); break;
    case ADAM: adam(step, n, theta, g, first, second); break;
    case AMSGRAD: amsgrad(step, n, theta, g, first, second, vectors[2]); break;
    case NADAM: nadam(step, n, theta, g, first, second); break;
    case RMSPROP: rmsprop(step, n, theta, g, first, second); break;
    case ADAGRAD: adagrad(step, n, theta, g, first); break;
    case LION: lion(step, n, theta, g, first); break;
    }
}

#endif
