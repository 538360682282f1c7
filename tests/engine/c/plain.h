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

Index plain_n_parameters(const Network *);

/* Adds the gradient of the penalty; returns the penalty. */
double plain_penalty(const Network *, double alpha, const double *theta, double *g);

/* One step along g, whose number is t, from 1 on. */
void plain_step(const Network *, const Rule *, double rate, Index t, const double *g,
                double *theta, double *first, double *second);

#endif
