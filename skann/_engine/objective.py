"""The one place that says what is minimised.

::

    J(theta) = Σ_i s_i loss_i / Σ_i s_i  +  alpha/2 · ‖W‖²

with the sum over the training rows and ``W`` all weights without the biases. Every
solver sees this and nothing else of the network: a value and a gradient at ``theta``.

Row weights arrive scaled to mean one over the training rows, so the mean of
``s_i loss_i`` over a mini-batch is an unbiased estimate of the first term whatever the
batch's size, and a batch whose weights are all zero is no special case. The penalty
does not depend on the batch.
"""

import numpy as np

from .._network import memory
from .._network.network import TrainingPass

# Rows evaluated at once where all are: memory does not grow with their number.
CHUNK_ROWS = 2048


class Objective:
    """Value and gradient of J at a parameter vector that it is bound to.

    Parameters
    ----------
    network : Network
    alpha : float
        Strength of the L2 penalty.
    theta : ndarray of shape (n_parameters,)
        Bound: solvers change it in place.
    ones_column : bool
        Whether every X comes with a last column of ones; see ``Batches``.
    skip_input_gradient : bool
        Whether to leave out the gradient of the first layer's weights.

    Attributes
    ----------
    gradient : ndarray of shape (n_parameters,)
        Gradient at the last evaluation. The caller may destroy it, and must copy it to
        keep it.
    """

    def __init__(
        self, network, alpha, theta, *, ones_column=False, skip_input_gradient=False
    ):
        self.network = network
        self.alpha = alpha
        self.theta = theta
        self._options = {
            "ones_column": ones_column,
            "skip_input_gradient": skip_input_gradient,
        }
        self.gradient = memory.empty(theta.shape, theta.dtype)
        self._passes = {}
        self._weight_slices = network.layout.weight_slices
        self._penalty_gradient = None
        if alpha:
            self._penalty_gradient = memory.empty(theta.shape, theta.dtype)

    def batch(self, X, y, weight, factor=1.0):
        """J estimated on one batch; :attr:`gradient` becomes ``factor`` times its own.

        The factor costs nothing here, while in an optimiser it would be another pass
        over the parameters.
        """
        n_rows = X.shape[0]
        data_term = self.pass_for(n_rows)(X, y, weight, factor / n_rows) / n_rows
        return data_term + self._add_penalty(factor) if self.alpha else data_term

    def full(self, batches, batch_size):
        """J on all rows of ``batches``, summed a chunk at a time.

        Fills :attr:`gradient`.
        """
        total = np.zeros_like(self.gradient)
        value = 0.0
        scale = 1 / batches.n_rows
        for X, y, weight in batches.epoch(batch_size):
            value += self.pass_for(X.shape[0])(X, y, weight, scale) * scale
            total += self.gradient
        np.copyto(self.gradient, total)
        return value + self._add_penalty(1.0) if self.alpha else value

    def pass_for(self, n_rows):
        """The training pass for batches of so many rows."""
        # An epoch has at most two batch sizes, the full one and the last.
        training_pass = self._passes.get(n_rows)
        if training_pass is None:
            training_pass = self._passes[n_rows] = TrainingPass(
                self.network, self.theta, self.gradient, n_rows, **self._options
            )
        return training_pass

    def _add_penalty(self, factor):
        squares = 0.0
        for where in self._weight_slices:
            weights, extra = self.theta[where], self._penalty_gradient[where]
            np.multiply(weights, factor * self.alpha, extra)
            gradient = self.gradient[where]
            np.add(gradient, extra, gradient)
            squares += float(np.dot(weights, weights))
        return 0.5 * self.alpha * squares


def mean_loss(loss, raw, y, weight):
    """Weighted mean of ``loss`` over rows, without the penalty.

    Parameters
    ----------
    loss : Loss
    raw : ndarray of shape (n_samples, n_outputs)
        Raw outputs, left as they are.
    y : ndarray of shape (n_outputs, n_samples)
        Targets.
    weight : ndarray of shape (n_samples,) or None

    Returns
    -------
    value : float
    """
    z = np.array(raw.T, order="C")
    work = np.empty_like(z), np.empty_like(z), np.empty(z.shape[1], z.dtype)
    total = loss.value_and_delta(z, y, weight, work)
    return total / (z.shape[1] if weight is None else float(weight.sum()))
