"""Checks on what users pass that scikit-learn's own checks do not cover.

Every error names the parameter, what was given and what is allowed.
"""

from contextlib import contextmanager
from numbers import Integral, Real

import numpy as np
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit
from sklearn.utils import check_array

from ._activations import ACTIVATIONS


@contextmanager
def unchanged_on_error(estimator):
    """Give the estimator its attributes back if the block raises.

    The block must not write to the arrays the attributes hold.
    """
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


def check_hidden_layer_sizes(hidden_layer_sizes):
    """``hidden_layer_sizes`` as a tuple of ints; an int is one layer."""
    given = hidden_layer_sizes
    if isinstance(hidden_layer_sizes, Integral):
        hidden_layer_sizes = (hidden_layer_sizes,)
    sizes = tuple(hidden_layer_sizes)
    if not all(_is_positive_integer(size) for size in sizes):
        raise ValueError(
            "hidden_layer_sizes must be an integer of at least 1 or a sequence of "
            f"them, empty for no hidden layer; got {given!r}."
        )
    return tuple(int(size) for size in sizes)


def _is_positive_integer(size):
    return isinstance(size, Integral) and not isinstance(size, bool) and size > 0


def check_activations(activation, n_hidden):
    """Names of the hidden layers' activations, one a layer."""
    if isinstance(activation, str):
        names = (activation,) * max(n_hidden, 1)
    else:
        names = tuple(activation)
        if len(names) != n_hidden:
            raise ValueError(
                "activation must be one name, or one for each of the "
                f"{n_hidden} hidden layers; got {len(names)} names: {activation!r}."
            )
    for name in names:
        if not isinstance(name, str) or name not in ACTIVATIONS:
            raise ValueError(
                f"activation {name!r} is unknown; the known ones are "
                f"{sorted(ACTIVATIONS)}."
            )
    return names[:n_hidden]


def check_sample_weight(sample_weight, X):
    """Row weights as float64, or None where None was given.

    Raises
    ------
    ValueError
        If the length is wrong, or a weight is negative or not finite, or all are
        zero.
    """
    if sample_weight is None:
        return None
    if isinstance(sample_weight, Real):
        weight = np.full(X.shape[0], sample_weight, dtype=np.float64)
    else:
        weight = check_array(
            sample_weight,
            ensure_2d=False,
            dtype=np.float64,
            input_name="sample_weight",
        )
    if weight.shape != (X.shape[0],):
        raise ValueError(
            f"sample_weight must have shape {(X.shape[0],)}, one weight a row of X; "
            f"got {weight.shape}."
        )
    if (weight < 0).any():
        raise ValueError(
            "sample_weight must not be negative; got a smallest weight of "
            f"{weight.min():g}."
        )
    if not weight.any():
        raise ValueError(
            "sample_weight must have at least one positive weight; got zeros only."
        )
    return weight


def split_rows(rows, labels, validation_fraction, rng):
    """Split row numbers into training and validation rows.

    Parameters
    ----------
    rows : ndarray of int
    labels : ndarray of shape (n_samples,) or None
        Classes to stratify by. A class of one row, or a validation set with fewer
        rows than classes, can't be stratified: the split is then plainly random.
    validation_fraction : float
    rng : numpy.random.Generator

    Returns
    -------
    train, validation : ndarray of int, sorted
    """
    seed = int(rng.integers(2**31))
    options = {
        "test_size": validation_fraction,
        "random_state": seed,
        "n_splits": 1,
    }
    if len(rows) < 2:
        raise ValueError(
            "early_stopping=True needs at least 2 samples of positive weight, to train "
            f"on one and validate on the other; got {len(rows)} sample."
        )
    n_validation = int(np.ceil(validation_fraction * len(rows)))
    if n_validation == len(rows):
        raise ValueError(
            f"validation_fraction={validation_fraction} of {len(rows)} samples leaves "
            "none to train on; it must leave at least one."
        )
    splitter = ShuffleSplit(**options)
    strata = None if labels is None else labels[rows]
    if strata is not None:
        _, counts = np.unique(strata, return_counts=True)
        smallest_side = min(n_validation, len(rows) - n_validation)
        if counts.min() > 1 and smallest_side >= len(counts):
            splitter = StratifiedShuffleSplit(**options)
    train, validation = next(splitter.split(rows, strata))
    return np.sort(rows[train]), np.sort(rows[validation])
