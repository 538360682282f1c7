"""Columns of a table, whatever brings them: frames of pandas or polars, arrays.

Each column becomes a one-dimensional array of one of three kinds: *numbers*, float64
with NaN for gaps; *dates*, datetime64 with NaT for gaps; *levels* of a category,
objects that are text or None. Booleans are numbers, and so are spans of time, in
seconds. Dates with a time zone are taken as the clock there showed them, and a column
of text is dates where each of its entries is written as ISO 8601 has it.
"""

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from numbers import Complex, Real

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

NUMBER, DATE, LEVEL = "number", "date", "category"

_DATE = np.dtype("datetime64[us]")


def is_frame(X):
    """Whether X is a frame of pandas or polars."""
    return hasattr(X, "columns") and hasattr(X, "dtypes") and hasattr(X, "shape")


def checked(estimator, X, reset):
    """A table as a frame or an array of two dimensions, with the columns of `fit`.

    Parameters
    ----------
    estimator : estimator
        Whose table it is; ``n_features_in_`` and ``feature_names_in_`` are set, or
        compared.
    X : DataFrame or array-like
    reset : bool
        Whether this is `fit`.

    Raises
    ------
    ValueError
        If it is empty, not a table, or has other columns.
    """
    if hasattr(X, "collect"):
        raise TypeError(
            f"X must be a table in memory; got a {type(X).__name__}: pass X.collect()."
        )
    if np.ma.is_masked(X):  # scikit-learn would see what is masked
        X = np.where(np.ma.getmaskarray(X), None, np.ma.getdata(X))
    if not is_frame(X):
        X = check_array(
            X, dtype=None, ensure_all_finite=False, estimator=estimator, input_name="X"
        )
    elif 0 in X.shape:
        what = "sample" if X.shape[0] == 0 else "feature"
        raise ValueError(
            f"Found array with 0 {what}(s) (shape={X.shape}) while a minimum of 1 is "
            "required."
        )
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    return X


def read(X):
    """The columns of a table.

    Parameters
    ----------
    X : DataFrame or ndarray of shape (n_samples, n_features)

    Returns
    -------
    columns : list of ndarray of shape (n_samples,)
        Each of one of the three kinds.

    Raises
    ------
    TypeError
        If a column holds what is none of them, such as lists.
    """
    if hasattr(X, "iloc"):
        series = [X.iloc[:, j] for j in range(X.shape[1])]
        return [_read_named(_read_pandas, s, s.name) for s in series]
    if is_frame(X):
        return [_read_named(_read_polars, s, s.name) for s in X.get_columns()]
    return [_read_named(_read_array, X[:, j], j) for j in range(X.shape[1])]


def kind_of(values):
    """The kind of a column that :func:`read` has made."""
    return {"f": NUMBER, "M": DATE, "O": LEVEL}[values.dtype.kind]


def as_kind(values, kind, name):
    """A column as the kind that it was in `fit`.

    Raises
    ------
    ValueError
        If it can't be.
    """
    found = kind_of(values)
    if found == kind:
        return values
    if kind == LEVEL:
        return _levels(values.astype(object))
    known = [value for value in values.tolist() if not _is_missing(value)]
    if not known:
        empty = np.nan if kind == NUMBER else np.datetime64("NaT")
        return np.full(len(values), empty, np.float64 if kind == NUMBER else _DATE)
    raise ValueError(
        f"column {name!r} of X held {_PLURALS[kind]} in fit; now it holds "
        f"{_PLURALS[found]}, such as {known[0]!r}."
    )


_PLURALS = {NUMBER: "numbers", DATE: "dates", LEVEL: "text"}


def _read_named(how, column, name):
    try:
        return how(column)
    except TypeError as error:
        raise TypeError(f"column {name!r} of X: {error}") from error
    except OverflowError as error:
        raise ValueError(f"column {name!r} of X: {error}") from error


def _read_pandas(series):
    dtype = series.dtype
    if hasattr(series, "cat"):
        texts = [_text(level) for level in series.cat.categories]
        # The code of a gap is -1.
        return np.array([*texts, None], dtype=object)[series.cat.codes.to_numpy()]
    if dtype.kind in "biuf":
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    if dtype.kind == "M":
        if getattr(series.dt, "tz", None) is not None:
            series = series.dt.tz_localize(None)
        return series.to_numpy(dtype=_DATE)
    if dtype.kind == "O" and hasattr(series, "dt") and hasattr(series.dt, "start_time"):
        return series.dt.start_time.to_numpy(dtype=_DATE)  # periods
    return _read_array(series.to_numpy())


def _read_polars(series):
    dtype = series.dtype
    if dtype.is_numeric() or str(dtype) in ("Boolean", "Null"):
        series = series.cast(float)  # polars knows Python's as its own
        return series.to_numpy().astype(np.float64)
    if str(dtype) == "Date":
        return series.to_numpy().astype(_DATE)
    if str(dtype).startswith("Datetime"):
        return series.dt.replace_time_zone(None).to_numpy().astype(_DATE)
    if str(dtype).startswith(("Categorical", "Enum")):
        return np.array(series.cast(str).to_list(), dtype=object)
    return _read_objects(series.to_list())


def _read_array(array):
    kind = array.dtype.kind
    if kind in "biuf":
        return array.astype(np.float64)
    if kind == "c":
        raise ValueError("Complex data not supported: X must hold real numbers.")
    if kind == "M":
        return array.astype(_DATE)
    if kind == "m":
        return array / np.timedelta64(1, "s")
    if kind in "US":
        # Numbers beside text have become text in such an array.
        try:
            return array.astype(np.float64)
        except ValueError:
            array = array.astype(str)
    return _read_objects(array.tolist())


def _read_objects(values):
    known = [value for value in values if not _is_missing(value)]
    for kinds, function, missing, dtype in _OBJECTS:
        if all(isinstance(value, kinds) for value in known) and (known or missing):
            return np.array(
                [missing if _is_missing(v) else function(v) for v in values], dtype
            )
    levels = _levels(values)
    dates = _dates_in(levels)
    return levels if dates is None else dates


# A day, and perhaps a time of it, as ISO 8601 writes them and files of text hold them.
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?")


def _dates_in(levels):
    """The dates that a column of text is made of, or None where it is not."""
    known = [level for level in levels if level is not None]
    if not all(map(_ISO.fullmatch, known)):
        return None
    try:
        return np.array(["NaT" if v is None else v for v in levels], dtype=_DATE)
    except ValueError:  # the 30th of February
        return None


def _naive(value):
    if isinstance(value, datetime):
        value = value.replace(tzinfo=None)
    return np.datetime64(value, "us")


# (types, what a value becomes, what a gap becomes, dtype), the first that suits.
_OBJECTS = (
    ((Real, np.bool_, Decimal), float, np.nan, np.float64),
    ((date, np.datetime64), _naive, np.datetime64("NaT", "us"), _DATE),
    (timedelta, timedelta.total_seconds, np.nan, np.float64),
    (
        time,
        lambda t: t.hour * 3600 + t.minute * 60 + t.second + t.microsecond / 1e6,
        np.nan,
        np.float64,
    ),
)


def _levels(values):
    return np.array([_text(value) for value in values], dtype=object)


def _text(value):
    """What names a level: 1 and 1.0 are one."""
    if type(value) is str:
        return value
    if _is_missing(value):
        return None
    if isinstance(value, dict | list | set | tuple | np.ndarray):
        raise TypeError(
            # As scikit-learn says it.
            "argument must be a string, a date or a real number, not "
            f"{type(value).__name__!r}."
        )
    if isinstance(value, Complex) and not isinstance(value, Real):
        raise ValueError("Complex data not supported: X must hold real numbers.")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def _is_missing(value):
    if value is None:
        return True
    try:
        return bool(value != value)  # NaN and NaT
    except (TypeError, ValueError):  # pandas' NA has no truth value; nor have arrays
        return not hasattr(value, "__len__")
