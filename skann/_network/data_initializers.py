"""Starting weights that depend on the rows to train on.

nguyen_widrow
    The units of a sigmoid or tangent layer share its inputs' range among them (Nguyen
    & Widrow 1990), as MATLAB's ``initnw`` does it. For inputs between -1 and 1 and H
    units of n inputs: weights drawn from U(-1, 1) and scaled to a length of
    0.7 H^(1/n), biases evenly spread over plus and minus that length; both times half
    of the activation's active range, and then in terms of the inputs as they are.

lsuv
    Orthonormal weights, scaled layer after layer so that the mean square of the
    pre-activations over the rows is one (layer-sequential unit variance, Mishkin &
    Matas 2016; the variance there, which is the same for inputs of mean zero and
    saturates for others).

To add one: write the function and add it to :data:`DATA_INITIALIZERS`.
"""

import numpy as np
from scipy.sparse import issparse

from .activations import ACTIVATIONS
from .initializers import INITIALIZERS
from .normalization import start as start_normalization
from .own_functions import OwnActivation

# Where an activation is neither flat nor full, and between what its values lie.
_RANGES = {
    "logistic": ((-4.0, 4.0), (0.0, 1.0)),
    "tanh": ((-2.0, 2.0), (-1.0, 1.0)),
    "tanh_opt": ((-3.0, 3.0), (-1.7159, 1.7159)),
}


def nguyen_widrow(layout, theta, activations, rng, X):
    """Fill ``theta`` by Nguyen's and Widrow's rule; the output layer by Glorot's.

    Parameters
    ----------
    layout : Layout
    theta : ndarray of shape (n_parameters,)
        Overwritten.
    activations : sequence of str
        Of the hidden layers.
    rng : numpy.random.Generator
    X : ndarray or csr matrix of shape (n_samples, n_features)

    Raises
    ------
    ValueError
        If an activation has no range that units could share.
    """
    for name in activations:
        if name not in _RANGES:
            raise ValueError(
                "weight_init='nguyen_widrow' shares out the range in which an "
                f"activation is active: it is for {sorted(_RANGES)}. Got "
                f"activation={name!r}."
            )
    low, high = _bounds(X)
    *hidden, last = layout.weights(theta)
    *biases, last_bias = layout.biases(theta)
    for W, b, name in zip(hidden, biases, activations, strict=True):
        active, values = _RANGES[name]
        W[...], b[...] = _shared_range(rng, W.shape, active, low, high)
        low, high = (np.full(W.shape[1], bound) for bound in values)
    last[...] = INITIALIZERS["glorot_uniform"](rng, *last.shape)
    last_bias[...] = 0
    _start_others(layout, theta)


def _start_others(layout, theta):
    """A direct path starts at zero, and normalisation with gains of one."""
    start_normalization(layout, theta)
    if layout.skip(theta) is not None:
        layout.skip(theta)[...] = 0


def _bounds(X):
    low, high = X.min(axis=0), X.max(axis=0)
    if issparse(X):
        low, high = low.toarray(), high.toarray()
    return (np.asarray(bound, np.float64).ravel() for bound in (low, high))


def _shared_range(rng, shape, active, low, high):
    """Weights and biases of a layer whose inputs lie between ``low`` and ``high``."""
    n_in, n_out = shape
    length = 0.7 * n_out ** (1 / n_in)
    W = rng.uniform(-1, 1, shape)
    W *= length / np.linalg.norm(W, axis=0)
    b = np.linspace(-length, length, n_out) if n_out > 1 else np.zeros(1)
    b *= np.sign(W[0])
    half = (active[1] - active[0]) / 2
    W, b = half * W, half * b + (active[0] + active[1]) / 2
    # From inputs between -1 and 1 to the ones there are. A constant one tells nothing.
    width = high - low
    scale = np.divide(2, width, out=np.zeros(n_in), where=width > 0)
    shift = np.where(width > 0, 1 - high * scale, 0)
    return scale[:, np.newaxis] * W, b + shift @ W


def lsuv(layout, theta, activations, rng, X):
    """Fill ``theta`` with orthonormal weights, z of size one; zero biases.

    Parameters
    ----------
    layout : Layout
    theta : ndarray of shape (n_parameters,)
        Overwritten.
    activations : sequence of str
        Of the hidden layers.
    rng : numpy.random.Generator
    X : ndarray or csr matrix of shape (n_samples, n_features)
    """
    a = X
    names = (*activations, "identity")
    for W, b, name in zip(
        layout.weights(theta), layout.biases(theta), names, strict=True
    ):
        draw = INITIALIZERS["orthogonal"](rng, *W.shape)
        z = a @ draw
        size = np.sqrt(np.mean(np.square(z)))
        # Rows of zeros leave nothing to go by.
        factor = 1 / size if size > 0 and np.isfinite(size) else 1.0
        W[...], b[...] = factor * draw, 0
        f = ACTIVATIONS[name] if isinstance(name, str) else OwnActivation(name)
        a = f.value(factor * z)
    _start_others(layout, theta)


DATA_INITIALIZERS = {"nguyen_widrow": nguyen_widrow, "lsuv": lsuv}
