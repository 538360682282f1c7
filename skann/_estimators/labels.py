"""Class labels as users hold them, to arrays in which no two labels become one.

NumPy and scikit-learn take 64-bit integers through float64 where they meet another
type (signed and unsigned, pandas' nullable ones, a list with one that is larger than
the others), and numbers to text where a row has both. Ids of 2**60 and 2**60 + 1 are
then one class, and the number 1 is predicted as "1". Labels of several columns are
therefore taken column by column, and compared as what they are.
"""

from numbers import Integral, Real

import numpy as np
from scipy.sparse import issparse

from .validation import check_ordered

# float64 holds every integer up to here.
_EXACT = 2**53


def labels_as_array(y, name="y"):
    """Labels as an array; a matrix of several types becomes one of objects.

    Parameters
    ----------
    y : array-like, frame or sparse matrix
        What is no array of labels is returned as it is, for scikit-learn's checks.
    name : str
        What users know it by, for the errors.

    Raises
    ------
    ValueError
        If a label is of a type that labels can't have.
    """
    if issparse(y):
        return y
    check_ordered(y, name)
    if np.ma.is_masked(y):
        raise ValueError(f"{name} has masked labels; leave their rows out.")
    columns = _frame_columns(y)
    if columns is not None:
        return stack_columns([labels_as_array(column, name) for column in columns])
    array = y if type(y) is np.ndarray else _as_array(y)
    if array is None:
        return y
    if array.dtype == object and array.ndim in (1, 2) and array.size:
        columns = [_narrowed(column, name) for column in np.atleast_2d(array.T)]
        array = columns[0] if array.ndim == 1 else stack_columns(columns)
    if array.dtype.kind == "f" and name == "y":
        gaps = np.isnan(array)
        if gaps.any():
            row = np.argwhere(gaps)[0, 0]
            raise ValueError(
                f"Input y contains NaN, in row {row}. Leave rows without a label out."
            )
    return array


def label_columns(y):
    """The columns of a matrix of labels, each in a dtype of its own."""
    if y.dtype != object:
        return list(y.T)
    return [_narrowed(column, "y") for column in y.T]


def stack_columns(columns):
    """Columns side by side: in their common dtype if that keeps them, else as objects.

    Parameters
    ----------
    columns : list of ndarray of shape (n_samples,)

    Returns
    -------
    matrix : ndarray of shape (n_samples, n_columns)
    """
    if _share_a_dtype(columns):
        return np.stack(columns, axis=1)
    matrix = np.empty((len(columns[0]), len(columns)), dtype=object)
    for i, column in enumerate(columns):
        matrix[:, i] = column.tolist()
    return matrix


def encode_labels(labels, classes):
    """The index of each label's class.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)
    classes : array-like of shape (n_classes,)
        Sorted.

    Raises
    ------
    ValueError
        If a label is not among the classes.
    """
    found, codes = np.unique(labels, return_inverse=True)
    classes = np.asarray(classes)
    if found.dtype.kind == classes.dtype.kind:
        unknown = np.setdiff1d(found, classes).tolist()
        positions = np.searchsorted(classes, found)
    else:
        # Python compares numbers of all types exactly, and none with a text.
        known = {label: i for i, label in enumerate(classes.tolist())}
        unknown = [label for label in found.tolist() if label not in known]
        positions = np.array([known.get(label, 0) for label in found.tolist()])
    if unknown:
        raise ValueError(
            f"y has classes {unknown} that are not among the known ones, "
            f"{classes.tolist()}."
        )
    return positions[codes]


def _frame_columns(y):
    """The columns of a frame of pandas or polars; None for what is none."""
    if hasattr(y, "iloc") and hasattr(y, "columns"):
        return [y.iloc[:, i] for i in range(y.shape[1])] or None
    if hasattr(y, "get_columns"):
        return y.get_columns() or None
    return None


def _as_array(y):
    """What NumPy makes of it; objects where that may have changed a label."""
    try:
        array = np.asarray(y)
        if not isinstance(y, list | tuple):
            return array if array.ndim else None
        became_text = array.dtype.kind in "US"
        rounded = array.dtype.kind == "f" and np.abs(array).max(initial=0) > _EXACT
        if not (became_text or rounded):
            return array
        objects = np.asarray(y, dtype=object)
        return array if _all_text(objects.ravel().tolist()) else objects
    except (TypeError, ValueError):
        return None  # ragged, or no array at all: scikit-learn has the words


def _all_text(values):
    return all(isinstance(value, str) for value in values)


def _narrowed(labels, name):
    """Objects as an array of their type; text stays as it is."""
    values = labels.tolist()
    types = set(map(type, values))
    if _all_text(values):
        return labels
    if all(issubclass(kind, bool | np.bool_) for kind in types):
        return labels.astype(bool)
    if all(issubclass(kind, Integral) for kind in types):
        return _integers(values, name)
    if all(issubclass(kind, Real) for kind in types):
        return labels.astype(np.float64)
    _refuse(values, types, name)


def _integers(values, name):
    for dtype in (np.int64, np.uint64):
        limits = np.iinfo(dtype)
        if limits.min <= min(values) and max(values) <= limits.max:
            return np.array(values, dtype)
    raise ValueError(
        f"{name} has integers that 64 bits can't hold, from {min(values)} to "
        f"{max(values)}; give them as text."
    )


def _refuse(values, types, name):
    known = str | bool | np.bool_ | Real
    for row, value in enumerate(values):
        if _is_gap(value):
            raise ValueError(
                f"{name} must hold class labels without gaps; got {value!r} in row "
                f"{row}. Leave rows without a label out."
            )
        if not isinstance(value, known):
            raise ValueError(
                f"{name} must hold class labels: text, integers or booleans; got "
                f"{value!r} of type {type(value).__name__} in row {row}."
            )
    raise ValueError(
        f"{name} must hold class labels of one type in a column; got "
        f"{', '.join(sorted(kind.__name__ for kind in types))}."
    )


def _is_gap(value):
    if isinstance(value, Real):
        return value != value
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def _share_a_dtype(columns):
    kinds = {column.dtype.kind for column in columns}
    if len(kinds) == 1:
        return True
    if not kinds <= set("buif"):
        return False
    # Signed and unsigned 64 bits, or such with fractions, would meet in float64.
    common = np.result_type(*columns)
    return common.kind != "f" or all(
        np.abs(column.astype(np.float64)).max(initial=0) <= _EXACT for column in columns
    )
