"""Loss and gradient of a batch, and of all rows."""

import numpy as np

from .. import contract
from ..one_thread import one_thread
from .equations import backward, forward
from .normalization import normalizers
from .rows import Rows


class Objective(contract.Objective):
    """J and its gradient; see ``_engine/contract.py``."""

    engine = "reference"

    def __init__(self, network, alpha, theta, data):
        super().__init__(network, alpha, theta, data)
        self._rows = Rows(data, theta.dtype)

    def repeatable(self):
        return one_thread()

    def batch(self, rows):
        X, y, weight = self._rows.take(rows)
        value = self._loss_and_gradient(X, y, weight, y.shape[0])
        return value + self._add_penalty(), self._gradient_norm()

    def full(self):
        value, total = 0.0, np.zeros_like(self.gradient)
        for X, y, weight in self._rows.chunks():
            value += self._loss_and_gradient(X, y, weight, self.n_rows)
            total += self.gradient
        self.gradient[...] = total
        return value + self._add_penalty(), self._gradient_norm()

    def _loss_and_gradient(self, X, y, weight, n):
        """Σ weight · loss / n over these rows; the gradient becomes that's."""
        norms = normalizers(self.network, self.theta, weight)
        z, a = forward(self.network, self.theta, X, norms)
        value, delta = self.network.loss_function.value_and_delta(z[-1], y)
        scale = weight / n
        backward(self.network, self.theta, z, a, scale * delta, self.gradient, norms)
        return float((scale * value[:, None]).sum())
