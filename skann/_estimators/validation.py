"""Checks on what users pass that scikit-learn's own checks do not cover.

Every error names the parameter, what was given and what is allowed.
"""

from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from numbers import Integral, Real

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array, check_consistent_length

from .._network.activations import ACTIVATIONS
from .._training.divergence import DivergenceError
from .function_objects import Activation
from .hints import did_you_mean
from .rows import check_indices


@contextmanager
def prefix_errors(name):
    """Put the name of the argument that is being checked before an error."""
    try:
        yield
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name}: {error}") from None


@contextmanager
def explained_size(network):
    """Say by which parameter a network is too large for the machine's memory."""
    try:
        yield
    except (MemoryError, ValueError) as error:
        raise MemoryError(
            f"hidden_layer_sizes makes layers of {list(network.layer_sizes)} units, "
            f"with {network.layout.n_parameters:.3g} parameters, for which there is "
            "not the memory."
        ) from error


def hidden_layers(estimator):
    """Units of each hidden layer, by whichever parameters say it.

    Raises
    ------
    ValueError
        If they are not valid, or both ways are used.
    """
    given = estimator.hidden_layer_sizes
    depth, width = estimator.n_hidden_layers, estimator.n_hidden_units
    check_ordered(given, "hidden_layer_sizes")
    if isinstance(given, np.ndarray) and given.ndim == 0:
        given = given.item()
        if not isinstance(given, Integral):
            given = [given]
    sizes = (given,) if isinstance(given, Integral) else tuple(given)
    if not all(_is_positive_integer(size) for size in sizes):
        raise ValueError(
            "hidden_layer_sizes must be an integer of at least 1 or a sequence of "
            f"them, empty for no hidden layer; got {given!r}."
        )
    if depth is None and width is None:
        return tuple(int(size) for size in sizes)
    if sizes != _DEFAULT_SIZES:
        raise ValueError(
            f"hidden_layer_sizes={given!r} would not be used: n_hidden_layers={depth} "
            f"and n_hidden_units={width} say the same. Give one or the other."
        )
    return (int(width or _DEFAULT_SIZES[0]),) * (1 if depth is None else int(depth))


_DEFAULT_SIZES = (100,)


def _is_positive_integer(size):
    return isinstance(size, Integral) and not isinstance(size, bool) and size > 0


def check_activations(activation, n_hidden):
    """The hidden layers' activations, one a layer: names, or objects of a user's."""
    if isinstance(activation, str | Activation):
        names = (activation,) * max(n_hidden, 1)
    else:
        names = tuple(activation)
        if len(names) != n_hidden:
            raise ValueError(
                "activation must be one name, or one for each of the "
                f"{n_hidden} hidden layers; got {len(names)} names: {activation!r}."
            )
    for name in names:
        if isinstance(name, Activation):
            continue
        if not isinstance(name, str) or name not in ACTIVATIONS:
            raise ValueError(
                f"activation {name!r} is unknown; the known ones are "
                f"{sorted(ACTIVATIONS)}."
                + did_you_mean("activation", name, ACTIVATIONS)
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
        check_ordered(sample_weight, "sample_weight")
        with prefix_errors("sample_weight"):
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
    if not np.isfinite(weight).all():  # scikit-learn does not look in assume_finite
        raise ValueError("sample_weight contains NaN or infinity.")
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


def check_all_finite(X, name):
    """Look for NaN and infinity where scikit-learn's assume_finite has not."""
    values = X.data if issparse(X) else X
    if not np.isfinite(values).all():
        raise ValueError(
            f"{name} contains NaN or infinity, which scikit-learn's "
            "assume_finite=True has kept from being found earlier."
        ) from None


@contextmanager
def report_non_finite_data(**data):
    """Say so where training diverges because of what its data hold.

    Parameters
    ----------
    **data : Data or None
        By the name that users know the rows by.
    """
    try:
        yield
    except DivergenceError:
        for name, part in data.items():
            if part is not None:
                check_all_finite(part.X, name)
        raise


def check_ordered(values, name):
    """Refuse collections that have no order, and iterators, which are used up."""
    if isinstance(values, Set | Mapping | Iterator):
        raise ValueError(
            f"{name} must be array-like, with its values in order; got a "
            f"{type(values).__name__}."
        )


def check_targets(y, X, *, dtype=None, allow_nan=False):
    """Targets that belong to X as an array; sparse ones stay sparse."""
    check_indices(y, "y")
    y = check_array(
        y,
        accept_sparse="csr",
        ensure_2d=False,
        dtype=dtype,
        ensure_all_finite="allow-nan" if allow_nan else True,
        input_name="y",
    )
    check_consistent_length(X, y)
    return y
