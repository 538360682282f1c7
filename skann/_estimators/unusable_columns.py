"""Which columns of X hold text or gaps, for an error that says what to do."""

import numpy as np
from scipy.sparse import issparse

_TEXT = (
    "could not convert string to float: X has text in the columns {}. Encode it "
    "before, for example by a ColumnTransformer with OneHotEncoder in a Pipeline; or "
    "use {}, which takes tables as they are."
)
_GAPS = (
    "Input X contains NaN, in the columns {}. Fill the gaps before, for example by "
    "SimpleImputer in a Pipeline; or use {}, which takes tables as they are."
)
_MOST_NAMED = 5


def explain(error, X, estimator):
    """The error to raise in place of one by scikit-learn's validation of X.

    Parameters
    ----------
    error : ValueError
    X : object
        What the user gave.
    estimator : estimator

    Returns
    -------
    error : ValueError
        The same one, where it is about something else.
    """
    message = str(error)
    if "could not convert" in message:
        columns, text = _columns(X, _is_text), _TEXT
    elif message.startswith("Input X contains NaN"):
        columns, text = _columns(X, _is_gap), _GAPS
    else:
        return error
    if not columns:
        return error
    named = ", ".join(map(repr, columns[:_MOST_NAMED]))
    if len(columns) > _MOST_NAMED:
        named += f" and {len(columns) - _MOST_NAMED} more"
    regression = estimator.__sklearn_tags__().estimator_type == "regressor"
    other = "TabularRegressor" if regression else "TabularClassifier"
    return ValueError(text.format(named, other))


def _columns(X, is_unusable):
    """Names or numbers of the columns with an unusable value."""
    if issparse(X):
        return _sparse_columns(X) if is_unusable is _is_gap else []
    if hasattr(X, "columns"):
        names = list(X.columns)
        values = [np.asarray(X[name]) for name in names]
    else:
        table = X if isinstance(X, np.ndarray) else np.asarray(X, dtype=object)
        if table.ndim != 2:
            return []
        names, values = list(range(table.shape[1])), list(table.T)
    return [
        name
        for name, column in zip(names, values, strict=True)
        if _any(is_unusable, column)
    ]


def _sparse_columns(X):
    """Numbers of the columns of a sparse matrix with a gap."""
    if X.dtype.kind != "f":
        return []
    X = X.tocoo()
    return np.unique(X.col[np.isnan(X.data)]).tolist()


def _any(is_unusable, column):
    if column.dtype.kind == "f":  # may be long
        return is_unusable is _is_gap and bool(np.isnan(column).any())
    return any(map(is_unusable, column.ravel()))


def _is_text(value):
    if not isinstance(value, str | bytes):
        return False
    try:
        float(value)
    except ValueError:
        return True
    return False


def _is_gap(value):
    # Whatever kind of missing value it is, it is not equal to itself, or is no number.
    try:
        return value is None or bool(value != value)
    except TypeError:  # pandas.NA, which is neither
        return True
