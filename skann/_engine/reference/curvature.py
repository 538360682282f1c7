"""The Hessian of J times a vector, exactly, without the Hessian.

Pearlmutter's R-operator, ``R{f}(theta) = d/dr f(theta + r v)`` at r = 0, applied to
the network's equations (``equations.py``). With V and c the parts of v that belong to W
and b::

    R{z} = R{a_previous} W + a_previous V + c       R{a} = f'(z) R{z}
    R{delta} at the output: the loss's Hessian times R{z}
    e = delta W^T                                   delta_previous = f' e
    R{e} = R{delta} W^T + delta V^T                 R{delta_previous} = f' R{e}
                                                                   + f'' R{z} e
    H v: R{dJ/dW} = R{a_previous}^T delta + a_previous^T R{delta},
         R{dJ/db} = 1^T R{delta}

This is the true Hessian, with f'' and with the loss's own curvature, and not the
Gauss-Newton matrix. At the kinks of relu and its relatives, a set of measure zero, it
is that of one side.

What depends on theta alone (half of the work) is kept from one product to the next as
long as theta is the same, where rows are not too many: memory would grow with them.

References
----------
Pearlmutter, B. A. (1994). Fast exact multiplication by the Hessian. Neural Computation
6, 147-160.
"""

from dataclasses import dataclass

import numpy as np

from .equations import forward
from .rows import Rows

# Up to so many rows what depends on theta alone is kept.
_KEPT_ROWS = 2048


@dataclass
class _Point:
    """What the network computes at theta for some rows, layer after layer.

    Attributes
    ----------
    y : ndarray of shape (n_rows, n_outputs)
    weight : ndarray of shape (n_rows, 1), or 1
    z, a : list of ndarray of shape (n_rows, n_units)
        As ``forward`` returns them.
    delta : list of ndarray
        Derivative of the weighted loss, summed over rows, with respect to each z.
    e : list of ndarray
        The same with respect to each hidden a.
    first, second : list of ndarray
        f'(z) and f''(z) of each hidden layer.
    """

    y: np.ndarray
    weight: np.ndarray
    z: list
    a: list
    delta: list
    e: list
    first: list
    second: list


class Curvature:
    """Products of the Hessian of J with vectors.

    Parameters
    ----------
    network : Network
    alpha : float
        Strength of the L2 penalty.
    data : Data
        The rows to train on.
    """

    def __init__(self, network, alpha, data):
        self.network, self.alpha, self._n_rows = network, alpha, data.n_rows
        self._rows = Rows(data, np.float64)  # as every full-batch computation
        self._kept_theta = self._kept = None

    def product(self, theta, vector):
        """H v at theta, a new array of shape (n_parameters,)."""
        total = np.zeros_like(theta)
        for point in self._points(theta):
            self._add(total, theta, vector, point)
        total /= self._n_rows
        for where in self.network.layout.weight_slices:
            total[where] += self.alpha * vector[where]
        return total

    def _points(self, theta):
        if self._n_rows > _KEPT_ROWS:
            return (self._point(theta, *chunk) for chunk in self._rows.chunks())
        if self._kept is None or not np.array_equal(theta, self._kept_theta):
            self._kept_theta = theta.copy()
            self._kept = [self._point(theta, *chunk) for chunk in self._rows.chunks()]
        return self._kept

    def _point(self, theta, X, y, weight):
        network, W = self.network, self.network.layout.weights(theta)
        z, a = forward(network, theta, X)
        hidden = list(zip(network.activation_functions, z[1:-1], a[1:], strict=True))
        first = [f.derivative(*at) for f, *at in hidden]
        second = [f.second_derivative(*at) for f, *at in hidden]
        _, delta = network.loss_function.value_and_delta(z[-1], y)
        delta, e = [weight * delta], []
        for i in reversed(range(1, len(W))):
            e.insert(0, delta[0] @ W[i].T)
            delta.insert(0, first[i - 1] * e[0])
        return _Point(y, weight, z, a, delta, e, first, second)

    def _add(self, total, theta, vector, at):
        """Add some rows' part of the product to ``total``."""
        layout = self.network.layout
        W, V, c = layout.weights(theta), layout.weights(vector), layout.biases(vector)
        dW, db = layout.weights(total), layout.biases(total)
        r_z, r_a = [], [None]
        for i in range(len(W)):
            r_z.append(at.a[i] @ V[i] + c[i])
            if i > 0:
                r_a.append(at.first[i - 1] * r_z[i - 1])
                r_z[i] += r_a[i] @ W[i]
        if self.network.skip:
            r_z[-1] += at.a[0] @ layout.skip(vector)
        r_delta = at.weight * self.network.loss_function.hessian_product(
            at.z[-1], at.y, r_z[-1]
        )
        if self.network.skip:
            layout.skip(total)[...] += at.a[0].T @ r_delta
        for i in reversed(range(len(W))):
            dW[i] += at.a[i].T @ r_delta
            db[i] += r_delta.sum(axis=0)
            if i > 0:
                dW[i] += r_a[i].T @ at.delta[i]
                r_e = r_delta @ W[i].T + at.delta[i] @ V[i].T
                r_delta = at.first[i - 1] * r_e
                r_delta += at.second[i - 1] * r_z[i - 1] * at.e[i - 1]
