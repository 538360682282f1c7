"""Targets of any kind as columns of numbers, of which categories take means."""

import numpy as np
from sklearn.utils import check_consistent_length

# Columns at most. More of them, of many classes or outputs, are projected.
_MAX_COLUMNS = 30


def columns_of_classes(columns):
    """Indicators of classes; of two classes, the second one's alone.

    Parameters
    ----------
    columns : list of (list of str, ndarray of int of shape (n_samples,))
        For each column of the targets the classes' names and the rows' codes.

    Returns
    -------
    targets : ndarray of float64 of shape (n_samples, n_targets)
    labels : list of str
        Unique names of the targets.
    """
    names, places, start = [], [], 0
    for i, (classes, codes) in enumerate(columns):
        first = 1 if len(classes) == 2 else 0
        prefix = f"{i}_" if len(columns) > 1 else ""
        names += [f"{prefix}{name}" for name in classes[first:]]
        # The first of two classes has no column: a negative place.
        places.append(codes + start if not first else np.where(codes, start, -1))
        start = len(names)
    if len(names) <= _MAX_COLUMNS:
        table = np.eye(len(names))
    else:
        table = _projection(len(names))
    table = np.vstack([table, np.zeros(table.shape[1])])  # for the place -1
    targets = sum(table[place] for place in places)
    return targets, (names if len(names) <= _MAX_COLUMNS else _numbered(targets))


def columns_of_values(y):
    """Real targets; more than 30 outputs are standardised and projected.

    Parameters
    ----------
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        NaN where a target is missing.

    Returns
    -------
    targets : ndarray of float64 of shape (n_samples, n_targets)
    labels : list of str or None
        None for one target.
    """
    targets = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
    if targets.shape[1] == 1:
        return targets, None
    if targets.shape[1] > _MAX_COLUMNS:
        spread = np.nanstd(targets, axis=0)
        spread[~(spread > 0)] = 1
        scaled = np.nan_to_num((targets - np.nanmean(targets, axis=0)) / spread)
        targets = scaled @ _projection(targets.shape[1])
    return targets, _numbered(targets)


def target_columns(y, X):
    """Columns for targets of a kind that nobody has told.

    Text and booleans are classes, and so are up to 30 different numbers in one column;
    other numbers are real targets.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    X : table of shape (n_samples, n_features)

    Returns
    -------
    targets, labels
        As :func:`columns_of_values`.
    """
    check_consistent_length(X, y)
    y = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y.ravel()
    if y.ndim not in (1, 2):
        raise ValueError(f"y must have one or two dimensions; got {y.ndim}.")
    numeric = y.dtype.kind in "iuf"
    if numeric and (y.ndim == 2 or len(np.unique(y)) > _MAX_COLUMNS):
        return columns_of_values(y)
    return columns_of_classes(
        [_coded(column.tolist()) for column in np.atleast_2d(y.T)]
    )


def _coded(labels):
    """Classes as text, in order, and each label's code."""
    known = set(labels)
    try:
        known = sorted(known)
    except TypeError:  # None beside text
        known = sorted(known, key=str)
    places = {label: i for i, label in enumerate(known)}
    codes = np.array([places[label] for label in labels], dtype=np.intp)
    return list(map(str, known)), codes


def _numbered(targets):
    return list(map(str, range(targets.shape[1])))


def _projection(n_columns):
    """A fixed random orthonormal map to :data:`_MAX_COLUMNS`, which keeps distances."""
    drawn = np.random.default_rng(0).normal(size=(n_columns, _MAX_COLUMNS))
    return np.linalg.qr(drawn)[0]
