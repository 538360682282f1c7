"""Loss and gradient of a batch that is not seen as it is.

Every hidden unit is left out of a row with probability p, and the others make up for
it, so that what the layer above expects stays the same::

    m = 1 / (1 - p) with probability 1 - p, else 0      for each row and unit
    a = m * f(z)                    delta_below = (delta W^T) * m * f'(z)

Inputs may be left out in the same way, and normal noise may be added to them; nothing
is below them, so that there is no other gradient. Predictions see everything.

References
----------
Srivastava, N., Hinton, G., Krizhevsky, A., Sutskever, I. & Salakhutdinov, R. (2014).
Dropout: a simple way to prevent neural networks from overfitting. Journal of Machine
Learning Research 15, 1929-1958.
"""

import numpy as np
from scipy.sparse import issparse

from .objective import Objective


class DropoutObjective(Objective):
    """As the reference's objective, with new units left out at every evaluation.

    Parameters
    ----------
    network, alpha, theta, data
        As there.
    rate : float
        p of the hidden units.
    rng : numpy.random.Generator
        Draws the units.
    input_rate : float
        p of the inputs.
    noise : float
        Deviation of what is added to inputs, which must then be dense.
    """

    def __init__(
        self, network, alpha, theta, data, rate, rng, input_rate=0.0, noise=0.0
    ):
        seen = _Thinned(network, rate, rng) if rate else network
        super().__init__(seen, alpha, theta, data)
        self._rng, self._input_rate, self._noise = rng, input_rate, noise

    def _loss_and_gradient(self, X, y, weight, n):
        if self._input_rate:
            if issparse(X):
                X = X.copy()
                X.data *= mask(self._rng, self._input_rate, X.data)
            else:
                X = X * mask(self._rng, self._input_rate, X)
        if self._noise:
            drawn = self._rng.standard_normal(X.shape, np.float32)
            X = X + np.multiply(self._noise, drawn, dtype=X.dtype)
        return super()._loss_and_gradient(X, y, weight, n)


def mask(rng, rate, like):
    """Zero with probability ``rate``, else what makes up for it: of an array's shape.

    Drawn in float32 whatever the dtype: the same are left out in all.
    """
    kept = rng.random(like.shape, np.float32) >= np.float32(rate)
    return np.multiply(kept, 1 / (1 - rate), dtype=like.dtype)


class _Thinned:
    """A network as the equations read it, whose activations leave units out."""

    def __init__(self, network, rate, rng):
        self.layout, self.loss_function = network.layout, network.loss_function
        self.skip, self.normalization = network.skip, network.normalization
        self.activation_functions = [
            _Masked(f, rate, rng) for f in network.activation_functions
        ]


class _Masked:
    """m * f: a mask is drawn with the values, and kept for their derivative."""

    def __init__(self, function, rate, rng):
        self._function, self._rate, self._rng = function, rate, rng

    def value(self, z):
        self._mask = mask(self._rng, self._rate, z)
        self._value = self._function.value(z)
        return self._mask * self._value

    def derivative(self, z, a):
        return self._mask * self._function.derivative(z, self._value)
