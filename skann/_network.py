"""The network itself: the way forward and the way back.

Rows are samples. With ``a`` of shape ``(n_rows, n_units)`` the lecture's equations
read::

    z = a_previous W + b                    a = f(z)
    delta_previous = (delta W^T) * f'       dJ/dW = a_previous^T delta
                                            dJ/db = 1^T delta

so ``W`` is the transpose of the lecture's. The output layer alone is kept the other
way round, ``(n_outputs, n_rows)``, because the losses are many times faster on it
(see ``_losses.py``); BLAS takes either operand transposed at no cost.

:class:`TrainingPass` computes the gradient of one batch into memory that it allocates
once for its number of rows; :func:`raw_outputs` predicts in chunks, so that memory
does not grow with the number of rows asked for.

Sums over rows (``dJ/db``) are products with a vector of ones: BLAS does them several
times as fast as ``np.sum``. ``out`` buffers must be contiguous, or ``dot`` refuses
them. Sparse X meets only the first layer's two products.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ._activations import ACTIVATIONS
from ._layout import Layout
from ._losses import LOSSES


@dataclass(frozen=True)
class Network:
    """What a network is, apart from its parameters.

    Attributes
    ----------
    layer_sizes : tuple of int
        Units of every layer, inputs first and outputs last.
    activations : tuple of str
        Names of the hidden layers' activations.
    loss : str
        Name of the loss, which brings the output activation.
    """

    layer_sizes: tuple
    activations: tuple
    loss: str

    @property
    def layout(self):
        """Where the parameters lie in theta."""
        return Layout(self.layer_sizes)

    @property
    def activation_functions(self):
        """The activations themselves."""
        return [ACTIVATIONS[name] for name in self.activations]

    @property
    def loss_function(self):
        """The loss itself."""
        return LOSSES[self.loss]


# Rows a prediction works on at once: activations of a usual layer stay in cache.
_CHUNK_BYTES = 1 << 19
_CHUNK_ROWS = 32


class TrainingPass:
    """Loss and gradient of one batch, for a fixed number of rows.

    Parameters
    ----------
    network : Network
    theta, gradient : ndarray of shape (n_parameters,)
        Parameters, read; and their gradient, written. Both stay bound.
    n_rows : int
        Rows in every batch that this pass is called with.
    """

    def __init__(self, network, theta, gradient, n_rows):
        layout = network.layout
        self._loss = network.loss_function
        self._weights = layout.weights(theta)
        self._ones = np.ones(n_rows, theta.dtype)
        biases = layout.biases(theta)
        d_weights, d_biases = layout.weights(gradient), layout.biases(gradient)
        n_outputs = layout.layer_sizes[-1]

        def empty(*shape):
            return np.empty(shape, theta.dtype)

        self._z_out = empty(n_outputs, n_rows)
        self._work = empty(n_outputs, n_rows), empty(n_outputs, n_rows), empty(n_rows)
        self._output = (
            self._weights[-1].T,
            biases[-1][:, None],
            d_weights[-1],
            d_biases[-1],
        )
        self._hidden = []
        for size, activation, *parameters in zip(
            layout.layer_sizes[1:-1],
            network.activation_functions,
            self._weights[:-1],
            biases[:-1],
            d_weights[:-1],
            d_biases[:-1],
            strict=True,
        ):
            z = empty(n_rows, size)
            a = empty(n_rows, size) if activation.saves_derivative else z
            scratch, delta = empty(n_rows, size), empty(n_rows, size)
            self._hidden.append((activation, *parameters, z, a, scratch, delta))
        self._plan()

    def _plan(self):
        # Bound methods, transposes and buffers in the order of use: on small nets
        # looking them up anew would cost as much as the arithmetic.
        self._way_forward = []
        self._way_back = []
        for i, (f, W, b, dW, db, z, a, scratch, delta) in enumerate(self._hidden):
            forward = f.forward_saving if f.saves_derivative else f.forward
            self._way_forward.append((W, b, z, a, scratch, forward))
            known = z if f.saves_derivative else a
            below = self._hidden[i - 1] if i else None
            down = None if below is None else (below[6].T, W.T, below[8])
            self._way_back.append((delta, known, scratch, f.backward, dW, db, down))
        self._way_back.reverse()

    def __call__(self, X, y, weight, scale):
        """Weighted loss, summed over rows; its gradient times ``scale`` is stored."""
        z = self._forward(X)
        value = self._loss.value_and_delta(z, y, weight, self._work)
        np.multiply(z, scale, z)
        self._backward(X, z)
        return value

    def _forward(self, X):
        layer_input = X
        for W, b, z, a, scratch, forward in self._way_forward:
            if layer_input is X:
                _input_product(X, W, z)
            else:
                layer_input.dot(W, z)
            np.add(z, b, z)
            forward(z, a, scratch)
            layer_input = a
        W_t, b, _, _ = self._output
        z = self._z_out
        if layer_input is X and sparse.issparse(X):
            np.copyto(z, (X @ W_t.T).T)
        else:
            W_t.dot(layer_input.T, z)
        return np.add(z, b, z)

    def _backward(self, X, delta_out):
        W_t, _, dW, db = self._output
        delta_out.dot(self._ones, db)
        if not self._hidden:
            _input_gradient(X, delta_out.T, dW)
            return
        *_, a, _, delta = self._hidden[-1]
        a.T.dot(delta_out.T, dW)
        delta_out.T.dot(W_t, delta)
        for delta, known, scratch, backward, dW, db, down in self._way_back:
            backward(delta, known, scratch)
            self._ones.dot(delta, db)
            if down is None:
                _input_gradient(X, delta, dW)
            else:
                a_below_t, W_t, delta_below = down
                a_below_t.dot(delta, dW)
                delta.dot(W_t, delta_below)


def raw_outputs(network, theta, X):
    """Raw outputs ``z`` of shape (n_samples, n_outputs), in theta's dtype.

    Parameters
    ----------
    network : Network
    theta : ndarray of shape (n_parameters,)
    X : ndarray or csr matrix of shape (n_samples, n_features)

    Returns
    -------
    z : ndarray of shape (n_samples, n_outputs)
    """
    layout, activations = network.layout, network.activation_functions
    weights, biases = layout.weights(theta), layout.biases(theta)
    n_samples = X.shape[0]
    z_out = np.empty((n_samples, layout.layer_sizes[-1]), theta.dtype)
    widest = max(layout.layer_sizes[1:])
    chunk = max(_CHUNK_ROWS, _CHUNK_BYTES // (theta.itemsize * widest))
    memory = [np.empty(min(chunk, n_samples) * widest, theta.dtype) for _ in range(3)]
    for start in range(0, n_samples, chunk):
        rows = slice(start, start + chunk)
        a = X if chunk >= n_samples else X[rows]
        if a.dtype != theta.dtype:
            a = a.astype(theta.dtype)
        _forward_chunk(a, weights, biases, activations, memory, z_out[rows])
    return z_out


def _forward_chunk(a, weights, biases, activations, memory, z_out):
    n_rows = a.shape[0]
    here, other, scratch = memory
    for i, activation in enumerate(activations):
        z, free = (
            part[: n_rows * biases[i].size].reshape(n_rows, -1)
            for part in (here, scratch)
        )
        if i == 0:
            _input_product(a, weights[i], z)
        else:
            a.dot(weights[i], z)
        np.add(z, biases[i], z)
        activation.forward(z, z, free)
        a = z
        here, other = other, here
    if activations:
        a.dot(weights[-1], z_out)
    else:
        _input_product(a, weights[-1], z_out)
    np.add(z_out, biases[-1], z_out)


def _input_product(X, W, out):
    if sparse.issparse(X):
        np.copyto(out, X @ W)
    else:
        np.dot(X, W, out)


def _input_gradient(X, delta, out):
    if sparse.issparse(X):
        np.copyto(out, X.T @ delta)
    else:
        np.dot(X.T, delta, out)
