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

from ..masks import mask, mask_at, step_keys
from .objective import Objective


class DropoutObjective(Objective):
    """As the reference's objective, with new units left out at every evaluation.

    Parameters
    ----------
    network, alpha, theta, data
        As there.
    options : StepOptions
        What is left out and added, and what draws it. Noise needs dense inputs.
    """

    def __init__(self, network, alpha, theta, data, options):
        self._seen = _Thinned(network, options.dropout) if options.dropout else network
        super().__init__(self._seen, alpha, theta, data)
        self._options = options

    def _loss_and_gradient(self, X, y, weight, n):
        options = self._options
        if options.leave_out:
            (key,) = step_keys(options.rng, 1)
        if options.dropout:
            self._seen.key = key
        if options.input_dropout:
            X = _thinned_inputs(X, key, options.input_dropout)
        if options.input_noise:
            drawn = options.rng.standard_normal(X.shape, np.float32)
            X = X + np.multiply(options.input_noise, drawn, dtype=X.dtype)
        return super()._loss_and_gradient(X, y, weight, n)


def _thinned_inputs(X, key, rate):
    if not issparse(X):
        return X * mask(key, 0, rate, X.shape, X.dtype)
    # Of stored numbers alone: a mask of all places may not fit in memory.
    X = X.copy()
    rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
    X.data *= mask_at(key, 0, rate, rows, X.indices, X.dtype)
    return X


class _Thinned:
    """A network as the equations read it, whose activations leave units out."""

    def __init__(self, network, rate):
        self.layout, self.loss_function = network.layout, network.loss_function
        self.skip, self.normalization = network.skip, network.normalization
        self.activation_functions = [
            _Masked(f, self, layer, rate)
            for layer, f in enumerate(network.activation_functions, start=1)
        ]
        self.key = None  # of the step


class _Masked:
    """m * f: a mask is made with the values, and kept for their derivative."""

    def __init__(self, function, network, layer, rate):
        self._function, self._network = function, network
        self._layer, self._rate = layer, rate

    def value(self, z):
        about = self._network.key, self._layer, self._rate
        self._mask = mask(*about, z.shape, z.dtype)
        self._value = self._function.value(z)
        return self._mask * self._value

    def derivative(self, z, a):
        return self._mask * self._function.derivative(z, self._value)
