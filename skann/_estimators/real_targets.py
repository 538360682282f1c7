"""Real targets as users hold them, to an array of numbers in which NaN is a gap."""

from decimal import Decimal
from numbers import Real

import numpy as np
from scipy.sparse import issparse

from .validation import check_ordered


def real_targets(y):
    """Targets as an array of numbers; gaps of every kind become NaN.

    None, pandas' NA and what a masked array hides are gaps. What is no number is named;
    what is no array is returned as it is, for scikit-learn's checks.

    Parameters
    ----------
    y : array-like, frame or sparse matrix
    """
    if issparse(y):
        raise ValueError(
            "y must be a dense array of numbers for regression; got a sparse "
            "matrix. Use y.toarray()."
        )
    check_ordered(y, "y")
    if isinstance(y, np.ma.MaskedArray) and y.dtype.kind in "biuf":
        return np.ma.filled(y.astype(np.float64), np.nan) if y.mask.any() else y.data
    try:
        array = y if type(y) is np.ndarray else np.asarray(y)
    except (TypeError, ValueError):
        return y  # ragged: scikit-learn has the words
    kind = array.dtype.kind
    if kind in "SUMm":
        # Words and dates; scikit-learn's error does not say where they are.
        raise ValueError(f"y must hold numbers; got an array of {array.dtype}.")
    if kind != "O" or array.ndim not in (1, 2):
        return array if array.ndim else y
    rows = array.reshape(len(array), -1)
    columns = [_numbers(rows[:, i].tolist()) for i in range(rows.shape[1])]
    if not columns:
        return y
    return np.stack(columns, axis=1).reshape(array.shape)


def refuse_gaps(y, instead="set missing_targets='ignore'"):
    """Refuse targets of :func:`real_targets` that have gaps.

    Parameters
    ----------
    y : ndarray or object
        What is no array of numbers is left to scikit-learn's checks.
    instead : str
        What there is to do besides leaving rows out.
    """
    is_real = isinstance(y, np.ndarray) and y.dtype.kind == "f" and y.ndim in (1, 2)
    if not is_real:
        return
    gaps = np.isnan(y).any(axis=tuple(range(1, y.ndim)))
    if gaps.any():
        raise ValueError(
            f"Input y contains NaN, in {np.count_nonzero(gaps)} of {len(y)} rows; the "
            f"first is row {gaps.argmax()}. Leave rows without a target out, or "
            f"{instead}: a row then trains the outputs whose targets it has, and rows "
            "without any are left out."
        )


def _numbers(values):
    kinds = set(map(type, values))
    if all(issubclass(kind, Real) for kind in kinds):
        return np.array(values, dtype=np.float64)
    return np.array([_number(value, row) for row, value in enumerate(values)])


def _number(value, row):
    if isinstance(value, Real | Decimal):
        return float(value)
    if value is None or type(value).__name__ == "NAType":
        return np.nan
    raise ValueError(
        f"y must hold numbers; got {value!r} of type {type(value).__name__} in row "
        f"{row}."
    )
