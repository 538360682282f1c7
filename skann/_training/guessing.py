"""What a network has to beat: one constant prediction for all rows."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.sparse import issparse

from .._engine.choice import raw_outputs

# Rows that tell one mean loss from another, and values computed at a time.
_MAX_ROWS, _CHUNK_VALUES = 500, 2**17

# Outputs that vary by less than this share of what targets vary by are the same.
_SAME = 1e-4


@dataclass
class Comparison:
    """A network and the best constant prediction, on the same rows.

    Attributes
    ----------
    loss, guess : float
        Mean losses of the network's predictions and of the constant, without penalty.
        The constant's is infinite where it says nothing.
    error : float
        Standard error of their difference; zero if all rows were looked at.
    is_constant : bool
        Whether the network's outputs are the same for all rows, and rows are not.
    """

    loss: float
    guess: float
    error: float
    is_constant: bool


def compared_with_guessing(network, theta, data):
    """Compare predictions with the best constant, on a random sample of rows in use.

    Memory does not grow with rows times outputs.

    Parameters
    ----------
    network : Network
    theta : ndarray of shape (n_parameters,)
    data : Data

    Returns
    -------
    comparison : Comparison or None
        None where targets are the same in all rows, so that nothing can be learnt.
    """
    loss_function, rows = network.loss_function, data.sample(_MAX_ROWS)
    spread = _spread_of_targets(data, rows)
    if not np.any(spread):
        return None
    constant = _constant(loss_function, data)
    chunk = max(1, _CHUNK_VALUES // max(network.layer_sizes[1:]))
    losses, guesses = np.empty(len(rows)), np.full(len(rows), math.inf)
    low, high = math.inf, -math.inf
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for start in range(0, len(rows), chunk):
            part = slice(start, start + chunk)
            z, _ = raw_outputs(network, theta, data.X, rows[part])
            y = data.targets_of(z.dtype, rows[part])
            losses[part], _ = loss_function.value_and_delta(z, y)
            if constant is not None:
                guess = np.broadcast_to(constant.astype(z.dtype), y.shape)
                guesses[part], _ = loss_function.value_and_delta(guess, y)
            low, high = np.minimum(low, z.min(axis=0)), np.maximum(high, z.max(axis=0))
        unit = spread if loss_function.out_activation == "identity" else 1.0
        is_constant = (high - low <= _SAME * unit).all()
    weight = data.weight_of(rows)
    weight /= weight.sum()
    error = 0.0
    if constant is not None and len(rows) < data.n_rows:
        error = float(np.std(losses - guesses)) * math.sqrt(weight @ weight)
    return Comparison(
        float(weight @ losses),
        math.inf if constant is None else float(weight @ guesses),
        error,
        bool(is_constant) and not _are_same(data.X_of(rows)),
    )


def _spread_of_targets(data, rows):
    """Largest less smallest target of each output; 0 or 1 for codes of classes."""
    y = data.targets.y
    if y.ndim == 1:
        codes = data.take(y)
        return float((codes != codes[0]).any())
    y = y[:, rows]
    return np.fmax.reduce(y, axis=1) - np.fmin.reduce(y, axis=1)


def _constant(loss_function, data):
    """Raw outputs of the best constant over all rows in use; None if there is none."""
    if not loss_function.has_guess:
        return None
    y = data.targets.y
    if y.ndim == 1:
        # All rows, for a sample may lack some of many classes.
        weight = None if data.weight is None else data.weight_of(data.row_numbers)
        counts = np.bincount(data.take(y), weight, minlength=data.targets.n_outputs)
        return loss_function.link(counts / counts.sum())
    rows = data.sample(max(2 * _MAX_ROWS, 2**18 // len(y)))
    return loss_function.best_constant(
        data.targets_of(np.float64, rows), data.weight_of(rows)
    )


def _are_same(X):
    """Whether all rows of X are the same."""
    if issparse(X):
        return (X.max(axis=0) != X.min(axis=0)).nnz == 0
    return bool((X[:1] == X).all())
