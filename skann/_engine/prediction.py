"""Raw outputs of any number of rows.

They are computed in chunks of rows, so that memory does not grow with the number of
rows asked for, by the compiled engine where it can and else by NumPy.
"""

import math

import numpy as np
from scipy import sparse

from .._network.network import multiply_input
from .native import binding

# A prediction works on as many rows at once as keep its arrays in the cache.
_CHUNK_BYTES = 1 << 20
_CHUNK_ROWS = 32


def raw_outputs(network, theta, X, *, rows=None, check_finite=False):
    """Raw outputs ``z`` of shape (n_rows, n_outputs), in theta's dtype.

    Parameters
    ----------
    network : Network
    theta : ndarray of shape (n_parameters,)
    X : ndarray or csr matrix of shape (n_samples, n_features)
    rows : ndarray of int or None
        Numbers of the rows wanted; None for all.
    check_finite : bool
        Whether to look for NaN and infinity on the way, while rows are in the cache:
        in the first layer's pre-activations, which are not finite for a row of X that
        is not (even a weight of zero makes NaN of infinity) and are usually fewer.

    Returns
    -------
    z : ndarray of shape (n_rows, n_outputs), or None
        None if X may not be finite: it is not, or pre-activations overflow.
    """
    if binding.takes(X, theta.dtype):
        z, finite = binding.raw_outputs(network, theta, X, rows)
        return None if check_finite and not finite else z
    layout, activations = network.layout, network.activation_functions
    weights, biases = layout.weights(theta), layout.biases(theta)
    n_rows = X.shape[0] if rows is None else len(rows)
    z_out = np.empty((n_rows, layout.layer_sizes[-1]), theta.dtype)
    sizes = layout.layer_sizes[1:] if sparse.issparse(X) else layout.layer_sizes
    chunk = max(_CHUNK_ROWS, _CHUNK_BYTES // (theta.itemsize * max(sizes)))
    widest = min(chunk, n_rows) * max(layout.layer_sizes[1:])
    memory = None
    if activations:
        memory = [np.empty(widest, theta.dtype) for _ in range(3)]
    # Outputs for huge rows may overflow; that is what infinity is for.
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for start in range(0, n_rows, chunk):
            part = slice(start, start + chunk)
            a = X if rows is None and chunk >= n_rows else X[_rows_of(rows, part)]
            if sparse.issparse(a):
                a = a.astype(theta.dtype, copy=False)
            else:
                a = np.ascontiguousarray(a, theta.dtype)
            first = _forward_chunk(a, weights, biases, activations, memory, z_out[part])
            if check_finite and not math.isfinite(first):
                return None
    return z_out


def _rows_of(rows, part):
    return part if rows is None else rows[part]


def _forward_chunk(a, weights, biases, activations, memory, z_out):
    """Outputs of some rows; returns the sum of squares of the first products."""
    if not activations:
        multiply_input(a, weights[-1], z_out)
        first = _sum_of_squares(z_out)
        np.add(z_out, biases[-1], z_out)
        return first
    n_rows = a.shape[0]
    here, other, scratch = memory
    for i, activation in enumerate(activations):
        z, free = (
            part[: n_rows * biases[i].size].reshape(n_rows, -1)
            for part in (here, scratch)
        )
        if i == 0:
            multiply_input(a, weights[i], z)
            first = _sum_of_squares(z)
        else:
            a.dot(weights[i], z)
        np.add(z, biases[i], z)
        activation.forward(z, z, free)
        a = z
        here, other = other, here
    a.dot(weights[-1], z_out)
    np.add(z_out, biases[-1], z_out)
    return first


def _sum_of_squares(z):
    flat = z.reshape(-1)
    return flat.dot(flat)
