"""What a network makes of rows on the way, and how its outputs depend on them."""

import numpy as np

from .equations import forward, input_derivatives
from .normalization import normalizers
from .rows import CHUNK_ROWS


def hidden_values(network, theta, X, layer):
    """a of a hidden layer, of shape (n_rows, n_units).

    Parameters
    ----------
    network : Network
    theta : ndarray of shape (n_parameters,)
    X : ndarray or csr matrix of shape (n_rows, n_features)
    layer : int
        1 is the first hidden layer.
    """
    found = np.empty((X.shape[0], network.layer_sizes[layer]), theta.dtype)
    for rows, _, a, _ in _chunks(network, theta, X):
        found[rows] = a[layer]
    return found


def input_gradients(network, theta, X):
    """dz/dX of every raw output, of shape (n_rows, n_outputs, n_features)."""
    sizes = network.layer_sizes
    found = np.empty((X.shape[0], sizes[-1], sizes[0]), theta.dtype)
    for rows, *layers in _chunks(network, theta, X):
        found[rows] = input_derivatives(network, theta, *layers)
    return found


def _chunks(network, theta, X):
    """Slices of the rows, with z and a of every layer, and what normalises it."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for start in range(0, X.shape[0], CHUNK_ROWS):
            rows = slice(start, start + CHUNK_ROWS)
            norms = normalizers(network, theta)
            part = X[rows].astype(theta.dtype, copy=False)
            yield (rows, *forward(network, theta, part, norms), norms)
