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
        super().__init__(network, alpha, theta, data)
        self._rate, self._rng = rate, rng

    def _loss_and_gradient(self, X, y, weight, n):
        layout, f = self.network.layout, self.network.activation_functions
        W, b = layout.weights(self.theta), layout.biases(self.theta)
        z, a, slopes = X @ W[0] + b[0], [X], []
        for i in range(1, len(W)):
            value = f[i - 1].value(z)
            mask = self._mask(z)
            slopes.append(mask * f[i - 1].derivative(z, value))
            a.append(mask * value)
            z = a[i] @ W[i] + b[i]
        value, delta = self.network.loss_function.value_and_delta(z, y)
        scale = weight / n
        self._backward(W, a, slopes, scale * delta)
        return float((scale * value[:, None]).sum())

    def _mask(self, z):
        # In float64 whatever the network's dtype: the same units are left out in both.
        kept = self._rng.random(z.shape) >= self._rate
        return (kept / (1 - self._rate)).astype(z.dtype)

    def _backward(self, W, a, slopes, delta):
        layout = self.network.layout
        dW, db = layout.weights(self.gradient), layout.biases(self.gradient)
        for i in reversed(range(len(W))):
            dW[i][...] = a[i].T @ delta
            db[i][...] = delta.sum(axis=0)
            if i > 0:
                delta = (delta @ W[i].T) * slopes[i - 1]
