/* Networks written out plainly in double: loss, gradient and optimisers' steps. */
#ifndef SKANN_PLAIN_H
#define SKANN_PLAIN_H

#include "engine.h"

enum { MAX_LAYERS = 4, MAX_UNITS = 256 };

/* Raw outputs of a row. */
void plain_outputs(const Network *, const double *theta, const double *x, double *z);

/* Adds the gradient of a row, times `scale`, to g; returns its loss. Targets are
 * indicators for classes. What is left out of the row follows from the step's key and
 * the row's place in the batch. */
double plain_gradient(const Network *, const double *theta, const double *x,
                      const double *y, uint64_t key, Index row, double scale,
                      double *g);

/* The loss of a row's raw outputs, and its derivative by each. */
double plain_losses(const Network *, const double *z, const double *y, double *delta);

/* Settings of a loss, drawn; how many. */
Index draw_loss_options(int loss, Index n_outputs, double *options);

/* A row's targets, some of them NaN where the loss takes that. */
void draw_targets(const Network *, double *y);

/* Whether raw outputs are logarithms of predictions. */
int has_log_link(int loss);

Index plain_n_parameters(const Network *);

/* Adds the gradient of the penalty; returns the penalty. */
double plain_penalty(const Network *, double alpha, const double *theta, double *g);

/* A parameter, its gradient, and what a rule keeps for it, as rules.h has it: moments
 * are divided by 1 - beta. */
typedef struct {
    double theta, g, state[3];
} Parameter;

/* Step t, from 1 on, of the textbook's equations, without decay. `product` is that of
 * NADAM's momenta before it. */
Parameter plain_rule(const Rule *, double rate, Index t, double product, Parameter);

/* NADAM's momentum of step t. */
double plain_momentum(const Rule *, Index t);

/* Scale the weights that lead to a unit to this length, if they are longer. */
void plain_max_norm(const Network *, double limit, double *theta);

/* Step t along g, with decay of weights. */
void plain_step(const Network *, const Rule *, double rate, Index t, double product,
                const double *g, double *theta, double *state[3]);

#endif
