"""Hidden layers that are normalised: what the numbers are, without batches and rows.

With gain γ and shift β of each unit, what comes before the activation is::

    n = γ (z - mean) / √(variance + ε) + β

"batch": mean and variance of each unit over the rows of a mini-batch, by their weights;
predictions take running means of them, or those of all rows, so that a row's does not
depend on others. There the layer is one with other weights, which :func:`folded` gives.

"layer": mean and variance of each row over the units of the layer.

References
----------
Ioffe, S. & Szegedy, C. (2015). Batch normalization: accelerating deep network training
by reducing internal covariate shift. ICML.

Ba, J. L., Kiros, J. R. & Hinton, G. E. (2016). Layer normalization. arXiv:1607.06450.
"""

from dataclasses import replace

import numpy as np

EPSILON = 1e-5  # PyTorch's
# A new batch's share in the running statistics, PyTorch's; the first ones' is larger.
MOMENTUM = 0.1


def start(layout, theta):
    """Gains of one, shifts of zero, and no batch so far."""
    views = layout.normalizers(theta)
    for kind, value in zip(views, (1, 0, 0, 1), strict=False):
        for view in kind:
            view[...] = value
    if layout.statistics.stop > layout.statistics.start:
        theta[layout.statistics.stop - 1] = 0


def folded(network, theta):
    """The same predictions without batch normalisation: a network and its parameters.

    Parameters
    ----------
    network : Network
        Normalised by batches.
    theta : ndarray of shape (n_parameters,)
    """
    plain = replace(network, normalization=None)
    found, layout = np.empty(plain.layout.n_parameters, theta.dtype), network.layout
    found[...] = theta[: found.size]
    W, b = plain.layout.weights(found), plain.layout.biases(found)
    for i, (gain, shift, mean, variance) in enumerate(
        zip(*layout.normalizers(theta), strict=True)
    ):
        scale = gain / np.sqrt(variance + theta.dtype.type(EPSILON))
        b[i][...] = (b[i] - mean) * scale + shift
        W[i] *= scale
    return plain, found
