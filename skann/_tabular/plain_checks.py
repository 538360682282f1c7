"""What is asked of plain data before an encoder is made of them."""

import numpy as np

from .._estimators.plain_state import are_names

# By the names that they have in plain data.
DTYPES = {kind.__name__: kind for kind in (np.float32, np.float64)}


def require(holds, what):
    """An error where it does not hold."""
    if not holds:
        raise ValueError(f"the encoder's {what}.")


def are_texts(value):
    """Whether it is a list of text."""
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


def are_levels(value):
    """Whether it is a list of a category's levels: text, or None for gaps."""
    return isinstance(value, list) and all(v is None or type(v) is str for v in value)


def are_places(value, n):
    """Whether it is a list of places among so many, in their order."""
    if not isinstance(value, list) or not all(type(v) is int for v in value):
        return False
    return all(0 <= v < n for v in value) and sorted(set(value)) == value


def are_numbers(array, shape):
    """Whether it is an array of finite reals, of this shape; None is any length."""
    if not isinstance(array, np.ndarray) or array.ndim != len(shape):
        return False
    if any(n not in (None, own) for n, own in zip(shape, array.shape, strict=True)):
        return False
    real = array.dtype in (np.float32, np.float64)
    return real and bool(np.isfinite(array).all())


def are_edges(value, n):
    """Whether it is a list with the edges of the bins of so many columns."""
    if not isinstance(value, list) or len(value) != n:
        return False
    right = all(are_numbers(own, (None,)) and len(own) for own in value)
    return right and all((np.diff(own) > 0).all() for own in value)


def check_names(state):
    """An error where an encoder has names, and not one for each column."""
    named = "feature_names_in_" not in state or are_names(
        state["feature_names_in_"], state["n_features_in_"]
    )
    require(named, "feature_names_in_ must be a name for each column")


def checked_edges(state):
    """The attributes of a :class:`PiecewiseLinearEncoder`, or an error."""
    if "bin_edges_" in state:
        n_columns = state.get("n_features_in_")
        right = isinstance(n_columns, int) and are_edges(state["bin_edges_"], n_columns)
        require(right, "bin_edges_ must increase, for each column")
        check_names(state)
    return state
