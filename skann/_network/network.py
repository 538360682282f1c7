"""The network itself: the way forward and the way back.

Rows are samples. With ``a`` of shape ``(n_rows, n_units)`` the lecture's equations
read::

    z = a_previous W + b                    a = f(z)
    delta_previous = (delta W^T) * f'       dJ/dW = a_previous^T delta
                                            dJ/db = 1^T delta

so ``W`` is the transpose of the lecture's. The output layer alone is kept the other
way round, ``(n_outputs, n_rows)``, because the losses are many times faster on it
(see ``_network/losses.py``); BLAS takes either operand transposed at no cost.

:class:`TrainingPass` computes the gradient of one batch into memory that it allocates
once for its number of rows. It is what trains where the compiled engine does not; see
``_engine/native/binding.py``.

Sums over rows (``dJ/db``) are products with a vector of ones: BLAS does them several
times as fast as ``np.sum``. ``out`` buffers must be contiguous, or ``dot`` refuses
them. Sparse X meets only the first layer's two products.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from . import memory
from .activations import ACTIVATIONS
from .layout import Layout
from .losses import LOSSES, ByTask


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
    tasks : tuple of int
        Numbers of outputs that the loss is taken of apart; empty for all together.
    """

    layer_sizes: tuple
    activations: tuple
    loss: str
    tasks: tuple = ()

    @cached_property
    def layout(self):
        """Where the parameters lie in theta."""
        return Layout(self.layer_sizes)

    @cached_property
    def activation_functions(self):
        """The activations themselves."""
        return [ACTIVATIONS[name] for name in self.activations]

    @cached_property
    def loss_function(self):
        """The loss itself."""
        loss = LOSSES[self.loss]
        return ByTask(loss, self.tasks) if self.tasks else loss

    def __reduce__(self):
        return Network, (self.layer_sizes, self.activations, self.loss, self.tasks)


class TrainingPass:
    """Loss and gradient of one batch, for a fixed number of rows.

    Parameters
    ----------
    network : Network
    theta, gradient : ndarray of shape (n_parameters,)
        Parameters, read; and their gradient, written. Both stay bound.
    n_rows : int
        Rows in every batch that this pass is called with.
    ones_column : bool
        Whether X comes with a last column of ones, which takes care of the first
        layer's biases.
    skip_input_gradient : bool
        Whether to leave out the gradient of the first layer's weights, for who makes
        it from :attr:`input_delta`.

    Attributes
    ----------
    input_delta : ndarray of shape (n_rows, n_units)
        The derivative with respect to the first layer's pre-activations.
    """

    def __init__(
        self,
        network,
        theta,
        gradient,
        n_rows,
        *,
        ones_column=False,
        skip_input_gradient=False,
    ):
        layout = network.layout
        self._loss = network.loss_function
        self._ones = np.ones(n_rows, theta.dtype)
        weights, biases = layout.weights(theta), layout.biases(theta)
        d_weights, d_biases = layout.weights(gradient), layout.biases(gradient)
        if ones_column:
            weights[0], biases[0] = layout.first_block(theta), None
            d_weights[0], d_biases[0] = layout.first_block(gradient), None
        n_outputs = layout.layer_sizes[-1]

        def empty(*shape):
            return memory.empty(shape, theta.dtype)

        self._z_out = empty(n_outputs, n_rows)
        self._work = empty(n_outputs, n_rows), empty(n_outputs, n_rows), empty(n_rows)
        self._delta_out_t = self._z_out.T
        self._output_weights_t = weights[-1].T
        self._output_biases = biases[-1]
        if biases[-1] is not None:
            # One output's bias as a 0-d array: adding that does not broadcast.
            shape = (n_outputs, 1) if n_outputs > 1 else ()
            self._output_biases = biases[-1].reshape(shape)
        self._d_output_weights = d_weights[-1]
        self._d_output_biases = d_biases[-1]
        self._scale = np.empty((), theta.dtype)
        self._hidden = []
        for size, activation, *parameters in zip(
            layout.layer_sizes[1:-1],
            network.activation_functions,
            weights[:-1],
            biases[:-1],
            d_weights[:-1],
            d_biases[:-1],
            strict=True,
        ):
            z = empty(n_rows, size)
            a = empty(n_rows, size) if activation.saves_derivative else z
            scratch, delta = empty(n_rows, size), empty(n_rows, size)
            self._hidden.append((activation, *parameters, z, a, scratch, delta))
        if self._hidden:
            *_, last_a, _, self._last_delta = self._hidden[-1]
            self._last_a_t = last_a.T
        self.input_delta = self._hidden[0][-1] if self._hidden else self._delta_out_t
        self._skip_input_gradient = skip_input_gradient
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
        self._scale[()] = scale
        np.multiply(z, self._scale, z)
        self._backward(X, z)
        return value

    def _forward(self, X):
        W_t, b = self._output_weights_t, self._output_biases
        z_out = self._z_out
        if not self._hidden:
            multiply_input(X, W_t.T, z_out.T)
            return z_out if b is None else np.add(z_out, b, z_out)
        product = multiply_input
        layer_input = X
        for W, bias, z, a, scratch, forward in self._way_forward:
            product(layer_input, W, z)
            if bias is not None:
                np.add(z, bias, z)
            forward(z, a, scratch)
            layer_input, product = a, np.dot
        W_t.dot(self._last_a_t, z_out)
        return np.add(z_out, b, z_out)

    def _backward(self, X, delta_out):
        if self._output_biases is not None:
            delta_out.dot(self._ones, self._d_output_biases)
        delta_t = self._delta_out_t
        if not self._hidden:
            if not self._skip_input_gradient:
                _input_gradient(X, delta_t, self._d_output_weights)
            return
        self._last_a_t.dot(delta_t, self._d_output_weights)
        delta_t.dot(self._output_weights_t, self._last_delta)
        ones_dot = self._ones.dot
        for delta, known, scratch, backward, dW, db, down in self._way_back:
            backward(delta, known, scratch)
            if db is not None:
                ones_dot(delta, db)
            if down is not None:
                a_below_t, W_t, delta_below = down
                a_below_t.dot(delta, dW)
                delta.dot(W_t, delta_below)
            elif not self._skip_input_gradient:
                _input_gradient(X, delta, dW)


def multiply_input(X, W, out):
    """``X W``, for dense or sparse X."""
    if type(X) is np.ndarray:
        X.dot(W, out) if out.flags.c_contiguous else W.T.dot(X.T, out.T)
    else:
        np.copyto(out, X @ W)


def _input_gradient(X, delta, out):
    if type(X) is np.ndarray:
        X.T.dot(delta, out)
    else:
        np.copyto(out, X.T @ delta)
