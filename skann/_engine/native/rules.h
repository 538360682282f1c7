/* What is done with a block of the gradient: keep it, or move parameters along it.
 *
 * A block is contiguous in theta, in the gradient and in the optimiser's vectors, and
 * small enough to stay in the cache from the product that made it on. The equations,
 * and what the vectors hold, are those of _optimize/optimizers.py and
 * _optimize/adam.py, so that training goes on from a state that either engine has left.
 */
#ifndef SKANN_RULES_H
#define SKANN_RULES_H

#include "elementwise.h"

/* The numbers of one step. */
typedef struct {
    int kind, nesterov;
    int measures;        /* whether the gradient's square is wanted */
    real rate, momentum; /* Adam's rate has its corrections */
    real beta_1, beta_2, epsilon;
    real keep; /* what is left of weights by decay */
    real alpha, l1, max_grad_value;
    real share; /* that an average of theta takes of it */
} Step;

static Step make_step(const Rule *rule, double rate, Index n_steps_before)
{
    Step step = {.kind = rule->kind,
                 .nesterov = rule->nesterov,
                 .alpha = R(rule->alpha),
                 .l1 = R(rule->l1),
                 .max_grad_value = R(rule->max_grad_value)};
    step.keep = R(1 - rate * rule->decay);
    step.rate = R(rate);
    step.momentum = R(rule->momentum);
    if (rule->kind != ADAM)
        return step;
    const double t = (double)(n_steps_before + 1);
    const double seen_1 = 1 - pow(rule->beta_1, t), seen_2 = 1 - pow(rule->beta_2, t);
    const double spread = sqrt(1 - rule->beta_2);
    step.rate = R(rate * sqrt(seen_2) / seen_1 * (1 - rule->beta_1) / spread);
    step.beta_1 = R(rule->beta_1);
    step.beta_2 = R(rule->beta_2);
    step.epsilon = R(rule->epsilon / spread * (rule->corrected ? sqrt(seen_2) : 1.0));
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
    real *first = rule->n_vectors > 0 ? (real *)rule->vectors[0] + start : NULL;
    real *second = rule->n_vectors > 1 ? (real *)rule->vectors[1] + start : NULL;
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
    }
}

#endif
