"""Loss and gradient of a batch some of whose hidden units are left out.

Every hidden unit is left out of a row with probability p, and the others make up for
it, so that what the layer above expects stays the same::

    m = 1 / (1 - p) with probability 1 - p, else 0      for each row and unit
    a = m * f(z)                    delta_below = (delta W^T) * m * f'(z)

Predictions leave nothing out.

References
----------
Srivastava, N., Hinton, G., Krizhevsky, A., Sutskever, I. & Salakhutdinov, R. (2014).
Dropout: a simple way to prevent neural networks from overfitting. Journal of Machine
Learning Research 15, 1929-1958.
"""

from .objective import Objective


class DropoutObjective(Objective):
    """As the reference's objective, with new units left out at every evaluation.

    Parameters
    ----------
    network, alpha, theta, data
        As there.
    rate : float
        p.
    rng : numpy.random.Generator
        Draws the units.
    """

    def __init__(self, network, alpha, theta, data, rate, rng):
        super().__init__(_Thinned(network, rate, rng), alpha, theta, data)


class _Thinned:
    """A network as the equations read it, whose activations leave units out."""

    def __init__(self, network, rate, rng):
        self.layout, self.loss_function = network.layout, network.loss_function
        self.activation_functions = [
            _Masked(f, rate, rng) for f in network.activation_functions
        ]


class _Masked:
    """m * f: a mask is drawn with the values, and kept for their derivative."""

    def __init__(self, function, rate, rng):
        self._function, self._rate, self._rng = function, rate, rng

    def value(self, z):
        # In float64 whatever the network's dtype: the same units are left out in both.
        kept = self._rng.random(z.shape) >= self._rate
        self._mask = (kept / (1 - self._rate)).astype(z.dtype)
        self._value = self._function.value(z)
        return self._mask * self._value

    def derivative(self, z, a):
        return self._mask * self._function.derivative(z, self._value)
