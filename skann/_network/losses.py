"""Losses on raw outputs, each paired with its output activation.

Arrays here are *outputs first*: ``z``, ``y`` and the returned delta have shape
``(n_outputs, n_rows)``. With ten classes and two hundred rows a maximum or a sum over
the classes is then ten long vector operations instead of two hundred short ones,
about ten times as fast.

A loss is :meth:`Loss.value_and_delta`: the weighted sum over the rows of the loss, and
its derivative with respect to ``z``, which replaces ``z``. (Full-batch methods ask for
the second derivative as well, :meth:`Loss.hessian_product`.) Values are
computed from ``z`` itself (log-sum-exp, softplus), never from the logarithm of a
probability, so nothing is clipped and a confident mistake keeps its true price. Sums
run over outputs and rows; dividing by the weights is the objective's business.

To add a loss: write the class and add an instance to :data:`LOSSES`.
"""

import numpy as np
from scipy.special import expit, softmax

from .elementwise import SMALL, logistic, softplus


class Loss:
    """A loss together with the output activation that it belongs to.

    Attributes
    ----------
    out_activation : str
        Name of the output activation f in ``a = f(z)``.
    """

    out_activation: str

    def value_and_delta(self, z, y, weight, work):
        """Weighted loss summed over rows; ``z`` becomes its derivative.

        Parameters
        ----------
        z : ndarray of shape (n_outputs, n_rows)
            Raw outputs; overwritten by the derivative of the returned sum.
        y : ndarray of shape (n_outputs, n_rows)
            Targets.
        weight : ndarray of shape (n_rows,) or None
            Weight of each row; None for ones.
        work : tuple of three ndarrays
            Scratch memory: two arrays like ``z`` and one of shape ``(n_rows,)``.

        Returns
        -------
        value : float
        """
        raise NotImplementedError

    def hessian_product(self, z, direction, y):
        """How the derivative with respect to ``z`` changes along a direction.

        Parameters
        ----------
        z, direction, y : ndarray of shape (n_outputs, n_rows)
            Raw outputs, their change and targets; left as they are.

        Returns
        -------
        change : ndarray of shape (n_outputs, n_rows)
            Each row's Hessian with respect to ``z`` times its direction, for row
            weights of one. New, or ``direction`` itself.
        """
        raise NotImplementedError


class SquaredError(Loss):
    """½ ‖z - y‖² with linear outputs."""

    out_activation = "identity"

    def value_and_delta(self, z, y, weight, work):
        np.subtract(z, y, z)
        return _half_square(z, weight, work[0])

    def hessian_product(self, z, direction, y):
        return direction


class ObservedSquaredError(Loss):
    """½ ‖z - y‖² over the targets that are not NaN, with linear outputs."""

    out_activation = "identity"

    def value_and_delta(self, z, y, weight, work):
        np.subtract(z, y, z)
        np.copyto(z, 0, where=np.isnan(y))
        return _half_square(z, weight, work[0])

    def hessian_product(self, z, direction, y):
        return np.where(np.isnan(y), 0, direction)


class LogisticSquaredError(Loss):
    """½ ‖a - y‖² with a = σ(z), the lecture's first loss.

    delta = (a - y) · a (1 - a): the factor a (1 - a) is what makes it slow where
    an output is confidently wrong.
    """

    out_activation = "logistic"

    def value_and_delta(self, z, y, weight, work):
        a, slope, _ = work
        logistic(z, a)
        np.multiply(a, a, slope)
        np.subtract(a, slope, slope)
        np.subtract(a, y, z)
        value = _half_square(z, weight, a)
        np.multiply(z, slope, z)
        return value

    def hessian_product(self, z, direction, y):
        # Not convex: the second term is negative where a is on the wrong side.
        a = expit(z)
        slope = a * expit(-z)
        return slope * (slope + (a - y) * (1 - 2 * a)) * direction


class CrossEntropy(Loss):
    """Σ_k softplus(z_k) - y_k z_k with a = σ(z), the lecture's second loss.

    That is -Σ_k [y_k log a_k + (1 - y_k) log(1 - a_k)], both halves; delta = a - y.
    """

    out_activation = "logistic"

    def value_and_delta(self, z, y, weight, work):
        price, scratch, _ = work
        softplus(z, price, scratch)
        # Elementwise: where softplus(z) rounds to z their difference is exactly 0,
        # while the difference of two long sums could be anything, even negative.
        np.multiply(y, z, scratch)
        np.subtract(price, scratch, scratch)
        value = _total(scratch) if weight is None else np.dot(scratch, weight).sum()
        if z.size < SMALL:
            expit(z, z)
        else:
            # a = exp(log a), and log a = z - softplus(z) neither overflows nor cancels.
            np.subtract(z, price, z)
            np.exp(z, z)
        np.subtract(z, y, z)
        if weight is not None:
            np.multiply(z, weight, z)
        return float(value)

    def hessian_product(self, z, direction, y):
        return expit(z) * expit(-z) * direction


class SoftmaxLikelihood(Loss):
    """log Σ_j exp(z_j) - Σ_k y_k z_k with a = softmax(z), the lecture's third loss.

    That is -Σ_k y_k log a_k for targets that sum to one; delta = a - y.
    """

    out_activation = "softmax"

    def value_and_delta(self, z, y, weight, work):
        a, scratch, row = work
        np.maximum.reduce(z, 0, None, row)
        np.subtract(z, row, z)
        np.exp(z, a)
        np.add.reduce(a, 0, None, row)
        np.divide(a, row, a)
        np.log(row, row)
        if weight is None:
            value = np.add.reduce(row) - np.vdot(y, z)
            np.subtract(a, y, z)
            return float(value)
        np.multiply(y, z, scratch)
        value = np.dot(weight, row) - np.dot(scratch, weight).sum()
        np.subtract(a, y, z)
        np.multiply(z, weight, z)
        return float(value)

    def hessian_product(self, z, direction, y):
        a = softmax(z, axis=0)
        return a * (direction - (a * direction).sum(axis=0))


class ByTask(Loss):
    """The sum of a loss over several tasks, each with some of the outputs.

    Parameters
    ----------
    loss : Loss
    sizes : tuple of int
        Number of outputs of each task.
    """

    def __init__(self, loss, sizes):
        self.out_activation = loss.out_activation
        self._loss = loss
        ends = np.cumsum(sizes).tolist()
        self._parts = [slice(end - n, end) for end, n in zip(ends, sizes, strict=True)]

    def value_and_delta(self, z, y, weight, work):
        a, scratch, row = work
        return sum(
            self._loss.value_and_delta(
                z[part], y[part], weight, (a[part], scratch[part], row)
            )
            for part in self._parts
        )

    def hessian_product(self, z, direction, y):
        product = self._loss.hessian_product
        return np.concatenate(
            [product(z[part], direction[part], y[part]) for part in self._parts]
        )


def _total(array):
    """Sum of all elements; calling NumPy takes as long as adding up a hundred."""
    flat = array.ravel()
    return sum(flat.tolist()) if flat.size < SMALL else np.add.reduce(flat)


def _half_square(error, weight, scratch):
    """½ Σ_i w_i ‖error_i‖²; ``error`` becomes ``w * error``."""
    if weight is None:
        return 0.5 * float(np.vdot(error, error))
    np.multiply(error, weight, scratch)
    value = 0.5 * float(np.vdot(error, scratch))
    np.copyto(error, scratch)
    return value


LOSSES = {
    "squared_error": SquaredError(),
    "observed_squared_error": ObservedSquaredError(),
    "logistic_squared_error": LogisticSquaredError(),
    "cross_entropy": CrossEntropy(),
    "softmax": SoftmaxLikelihood(),
}
