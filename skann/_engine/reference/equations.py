"""The network's equations: forward, and back.

Rows are samples. With ``a`` of shape ``(n_rows, n_units)`` the lecture's equations
read as below; ``W`` is the transpose of the lecture's. ``a[0]`` is X, dense or sparse,
``z[l]`` and ``a[l]`` belong to layer l, and ``z[-1]`` are the raw outputs, which the
loss takes as they are.
"""

import numpy as np


def forward(network, theta, X):
    """z and a of every layer.

    ::

        z = a_below W + b               a = f(z)
    """
    layout, f = network.layout, network.activation_functions
    z, a = [None], [X]
    for i, (W, b) in enumerate(
        zip(layout.weights(theta), layout.biases(theta), strict=True)
    ):
        if i > 0:
            a.append(f[i - 1].value(z[i]))
        z.append(a[i] @ W + b)
    return z, a


def input_derivatives(network, theta, z, a):
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
        found[:, k] = d @ W[0].T
    return found


def parameter_derivatives(network, theta, z, a):
    """dz/dtheta of every raw output, of shape (n_rows, n_outputs, n_parameters).

    ::

        dz/dW = a_below ⊗ d     dz/db = d     d_below = (d W^T) * f'(z_below)

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
    return found


def backward(network, theta, z, a, delta, gradient):
    """Fill ``gradient``, given ``delta = dJ/dz`` of the outputs.

    ::

        dJ/dW = a_below^T delta         delta_below = (delta W^T) * f'(z_below)
        dJ/db = Σ_rows delta
    """
    layout, f = network.layout, network.activation_functions
    W, dW, db = layout.weights(theta), layout.weights(gradient), layout.biases(gradient)
    for i in reversed(range(len(W))):
        dW[i][...] = a[i].T @ delta
        db[i][...] = delta.sum(axis=0)
        if i > 0:
            delta = (delta @ W[i].T) * f[i - 1].derivative(z[i], a[i])
