"""Normalised hidden layers: forward, and back.

Each object stands for one layer, keeps what it needs on the way forward, and has for
the way back the derivative by its inputs z, given ``d``, that by its results::

    h = (z - mean) / √(variance + ε)        n = γ h + β
    dγ = Σ_rows d h                         dβ = Σ_rows d
    g = d γ                                 dz = (g - mean(g) - h mean(g h)) / √(...)

with means over the rows of a batch, by their weights, or over the units of a row. Where
running statistics stand for a batch's, dz is g / √(...) alone.
"""

import numpy as np

from ..._network.normalization import EPSILON, MOMENTUM


def normalizers(network, theta, batch_weight=None):
    """An object for each hidden layer; None for a network without normalisation.

    Parameters
    ----------
    network : Network
    theta : ndarray of shape (n_parameters,)
    batch_weight : ndarray of shape (n_rows, 1), 1 or None
        Weights of the rows of a batch that is trained on, which may change the running
        statistics; None for predictions.
    """
    kind, layout = network.normalization, network.layout
    if kind is None:
        return None
    layers = zip(*layout.normalizers(theta), strict=True)
    if kind == "layer":
        return [_Layer(*views) for views in layers]
    if batch_weight is None:
        return [_Running(*views) for views in layers]
    count = theta[layout.statistics.stop - 1 : layout.statistics.stop]
    # The first batch's statistics are all that is known.
    share = max(MOMENTUM, 1 / (1 + float(count[0])))
    count[0] = min(count[0] + 1, 1 / MOMENTUM)
    return [_Batch(*views, batch_weight, share) for views in layers]


def set_statistics(network, theta, X, weight):
    """Make the running statistics those of some rows, as theta is now.

    Parameters
    ----------
    network : Network
        Normalised by batches.
    theta : ndarray of shape (n_parameters,)
        Changed in place.
    X : ndarray or csr matrix of shape (n_rows, n_features)
    weight : ndarray of shape (n_rows,)
        Weights of the rows.
    """
    layout, f, a = network.layout, network.activation_functions, X
    W, b = layout.weights(theta), layout.biases(theta)
    share, n = weight / weight.sum(), X.shape[0]
    for i, views in enumerate(zip(*layout.normalizers(theta), strict=True)):
        z = a @ W[i] + b[i]
        mean = share @ z
        _, _, own_mean, variance = views
        own_mean[...] = mean
        # As in training; of one row there is none.
        if n > 1:
            variance[...] = share @ np.square(z - mean) * (n / (n - 1))
        a = f[i].value(_Running(*views).forward(z))


class _Layer:
    def __init__(self, gain, shift):
        self._gain, self._shift = gain, shift

    def forward(self, z):
        self._h, self._scale = self._standardized(z)
        return self._gain * self._h + self._shift

    def backward(self, d):
        """dz, dγ and dβ."""
        return self._back(self._gain * d), (d * self._h).sum(axis=0), d.sum(axis=0)

    def _standardized(self, z):
        z = z - z.mean(axis=1, keepdims=True)
        scale = _inverse_root(np.square(z).mean(axis=1, keepdims=True))
        return z * scale, scale

    def _back(self, g):
        h = self._h
        own = g.mean(axis=1, keepdims=True) + h * (g * h).mean(axis=1, keepdims=True)
        return self._scale * (g - own)


class _Running(_Layer):
    def __init__(self, gain, shift, mean, variance):
        super().__init__(gain, shift)
        self._mean, self._variance = mean, variance

    def _standardized(self, z):
        scale = _inverse_root(self._variance)
        return (z - self._mean) * scale, scale

    def _back(self, g):
        return self._scale * g


class _Batch(_Running):
    def __init__(self, gain, shift, mean, variance, weight, share):
        super().__init__(gain, shift, mean, variance)
        self._weight, self._share = weight, share

    def _standardized(self, z):
        n = z.shape[0]
        p = np.broadcast_to(np.asarray(self._weight, z.dtype), (n, 1))
        self._p = p = p / p.sum()
        mean = (p * z).sum(axis=0)
        z = z - mean
        variance = (p * np.square(z)).sum(axis=0)
        self._update(self._mean, mean)
        if n > 1:  # of one row there is none
            self._update(self._variance, variance * (n / (n - 1)))
        scale = _inverse_root(variance)
        return z * scale, scale

    def _update(self, running, new):
        running += running.dtype.type(self._share) * (new - running)

    def _back(self, g):
        h = self._h
        return self._scale * (g - self._p * (g.sum(axis=0) + h * (g * h).sum(axis=0)))


def _inverse_root(variance):
    return 1 / np.sqrt(variance + variance.dtype.type(EPSILON))
