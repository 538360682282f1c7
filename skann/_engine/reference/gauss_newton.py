"""The Gauss-Newton matrix of J, row block by row block.

With J_i the derivative of a row's raw outputs by theta (``equations.py``) and B_i the
second derivative of its loss by them::

    G = Σ_i s_i J_i^T B_i J_i / n  +  alpha on the diagonal, for weights

It is the Hessian of J without the curvature of the network itself, and with no
direction of negative curvature (a loss that has one leaves it out, see
``Loss.gauss_newton_product``).
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import issparse

from .equations import forward, parameter_derivatives
from .rows import Rows

# Numbers in the Jacobians that are made at once: 2 MB, which stays in the cache.
_BLOCK = 1 << 18


@dataclass
class GaussNewton:
    """The matrix at a theta, and what it is made of.

    Attributes
    ----------
    matrix : ndarray of shape (n_parameters, n_parameters)
    n_rows : int
        Rows in use.
    n_targets : int
        Their targets that are known.
    dispersion : str or None
        As the loss has it.
    """

    matrix: np.ndarray
    n_rows: int
    n_targets: int
    dispersion: str | None


def gauss_newton(network, alpha, data, theta):
    """The matrix at theta, in float64.

    Parameters
    ----------
    network : Network
    alpha : float
        Strength of the L2 penalty.
    data : Data
        The rows to train on.
    theta : ndarray of shape (n_parameters,)

    Returns
    -------
    found : GaussNewton
    """
    loss, n_targets = network.loss_function, 0
    total = np.zeros((theta.size, theta.size))
    for X, y, weight in _blocks(network, data):
        z, a = forward(network, theta, X)
        jacobian = parameter_derivatives(network, theta, z, a)
        _add(total, jacobian, weight, _curvatures(loss, z[-1], y))
        n_targets += int((~np.isnan(y)).sum())
    total /= data.n_rows
    diagonal = np.einsum("ii->i", total)  # a view
    for where in network.layout.weight_slices:
        diagonal[where] += alpha
    return GaussNewton(total, data.n_rows, n_targets, loss.dispersion)


def jacobian_blocks(network, theta, X):
    """dz/dtheta of so many rows at a time, with the slice of them."""
    for rows in _slices(network, X.shape[0]):
        part = _dense(X[rows].astype(theta.dtype, copy=False))
        yield (
            rows,
            parameter_derivatives(network, theta, *forward(network, theta, part)),
        )


def _slices(network, n_rows):
    per_row = network.layout.n_parameters * network.layer_sizes[-1]
    size = max(1, _BLOCK // per_row)
    for start in range(0, n_rows, size):
        yield slice(start, min(start + size, n_rows))


def _blocks(network, data):
    source = Rows(data, np.float64)
    for rows in _slices(network, data.n_rows):
        X, y, weight = source.take(rows if data.rows is None else data.rows[rows])
        yield _dense(X), y, weight


def _dense(X):
    return X.toarray() if issparse(X) else X


def _curvatures(loss, z, y):
    """B of every row, of shape (n_rows, n_outputs, n_outputs)."""
    n_outputs = z.shape[1]
    found = np.empty((*z.shape, n_outputs))
    for k in range(n_outputs):
        direction = np.zeros_like(z)
        direction[:, k] = 1
        found[:, :, k] = loss.gauss_newton_product(z, y, direction)
    return found


def _add(total, jacobian, weight, curvatures):
    """Add Σ_i s_i J_i^T B_i J_i over these rows."""
    n_outputs = curvatures.shape[1]
    diagonal = np.einsum("ikk->ik", curvatures)
    if n_outputs == 1 or np.count_nonzero(curvatures) == np.count_nonzero(diagonal):
        # The product of an array with its own transpose takes half of the work.
        scale = np.sqrt(weight * diagonal)
        if (scale != 1).any():
            jacobian *= scale[:, :, None]
        flat = jacobian.reshape(-1, jacobian.shape[2])
        total += flat.T @ flat
        return
    flat = jacobian.reshape(-1, jacobian.shape[2])
    bent = np.matmul(np.reshape(weight, (-1, 1, 1)) * curvatures, jacobian)
    total += flat.T @ bent.reshape(flat.shape)
