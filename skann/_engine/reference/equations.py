"""The network's equations: forward, and back.

Rows are samples. With ``a`` of shape ``(n_rows, n_units)`` the lecture's equations
read as below; ``W`` is the transpose of the lecture's. ``a[0]`` is X, dense or sparse,
``z[l]`` and ``a[l]`` belong to layer l, and ``z[-1]`` are the raw outputs, which the
loss takes as they are.

Networks may have what the lecture's have not: a direct path S from inputs to outputs,
and hidden layers that are normalised by objects of ``normalization.py``, ``norms``.
"""

import numpy as np


def forward(network, theta, X, norms=None):
    """z and a of every layer.

    ::

        z = a_below W + b               a = f(z)
        z = norm(a_below W + b)         of a hidden layer that is normalised
        z = a_below W + b + X S         of the outputs with a direct path
    """
    layout, f, S = network.layout, network.activation_functions, network.layout.skip
    z, a = [None], [X]
    for i, (W, b) in enumerate(
        zip(layout.weights(theta), layout.biases(theta), strict=True)
    ):
        if i > 0:
            a.append(f[i - 1].value(z[i]))
        z.append(a[i] @ W + b)
        if norms is not None and i < len(f):
            z[-1] = norms[i].forward(z[-1])
    if network.skip:
        z[-1] = z[-1] + X @ S(theta)
    return z, a


def input_derivatives(network, theta, z, a, norms=None):
    """dz/dX of every raw output, of shape (n_rows, n_outputs, n_features).

    ::

        d_below = (d W^T) * f'(z_below), from d = 1 at one output and 0 at the others
    """
    f, W = network.activation_functions, network.layout.weights(theta)
    n_rows, n_outputs = z[-1].shape
    found = np.empty((n_rows, n_outputs, W[0].shape[0]), theta.dtype)
    for k in range(n_outputs):
        d = np.zeros_like(z[-1])
        d[:, k] = 1
        for i in reversed(range(1, len(W))):
            d = (d @ W[i].T) * f[i - 1].derivative(z[i], a[i])
            if norms is not None:
                d = norms[i - 1].backward(d)[0]
        found[:, k] = d @ W[0].T
    if network.skip:
        found += network.layout.skip(theta).T
    return found


def parameter_derivatives(network, theta, z, a):
    """dz/dtheta of every raw output, of shape (n_rows, n_outputs, n_parameters).

    ::

        dz/dW = a_below ⊗ d     dz/db = d     d_below = (d W^T) * f'(z_below)
        dz/dS = X ⊗ d of the outputs

    from d = 1 at one output and 0 at the others; X must be dense.
    """
    layout, f = network.layout, network.activation_functions
    W = layout.weights(theta)
    slopes = [f[i].derivative(z[i + 1], a[i + 1]) for i in range(len(W) - 1)]
    n_rows, n_outputs = z[-1].shape
    found = np.empty((n_rows, n_outputs, layout.n_parameters), theta.dtype)
    for k in range(n_outputs):
        d = np.zeros_like(z[-1])
        d[:, k] = 1
        for i in reversed(range(len(W))):
            where = layout.weight_slices[i]
            of_weights = found[:, k, where].reshape(n_rows, *W[i].shape)  # a view
            np.multiply(a[i][:, :, None], d[:, None, :], out=of_weights)
            found[:, k, where.stop : where.stop + d.shape[1]] = d
            if i > 0:
                d = (d @ W[i].T) * slopes[i - 1]
    if network.skip:
        places = layout.skip(np.arange(layout.n_parameters))
        found[:, :, places] = 0
        for k in range(n_outputs):
            found[:, k, places[:, k]] = a[0]
    return found


def backward(network, theta, z, a, delta, gradient, norms=None):
    """Fill ``gradient``, given ``delta = dJ/dz`` of the outputs.

    ::

        dJ/dW = a_below^T delta         delta_below = (delta W^T) * f'(z_below)
        dJ/db = Σ_rows delta            dJ/dS = X^T delta of the outputs
    """
    layout, f = network.layout, network.activation_functions
    W, dW, db = layout.weights(theta), layout.weights(gradient), layout.biases(gradient)
    if network.skip:
        layout.skip(gradient)[...] = a[0].T @ delta
    if norms is not None:
        gains, shifts, *_ = layout.normalizers(gradient)
        gradient[layout.statistics] = 0
    for i in reversed(range(len(W))):
        if norms is not None and i < len(f):
            delta, gains[i][...], shifts[i][...] = norms[i].backward(delta)
        dW[i][...] = a[i].T @ delta
        db[i][...] = delta.sum(axis=0)
        if norms is not None and network.normalization == "batch" and i < len(f):
            db[i][...] = 0  # but for rounding, which some optimisers would blow up
        if i > 0:
            delta = (delta @ W[i].T) * f[i - 1].derivative(z[i], a[i])
