"""Columns of a table, whatever brings them: frames of pandas, polars or Arrow, arrays.

Each column keeps its values as they are, since only the kind that `fit` has decided
says what is to be made of them: see :mod:`skann._tabular.kinds`.
"""

from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

DATE_TYPE = np.dtype("datetime64[us]")

# float64 holds every integer up to here.
EXACT = 2**53


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    name : object
        Its name, or its place in an array.
    values : ndarray
        Booleans, integers, floats, datetime64[us], timedelta64 or objects, with NaN,
        NaT, None or pandas' NA for gaps.
    codes : ndarray of int of shape (n_samples,) or None
        For categories, the place of each row's value, -1 for gaps; otherwise the values
        are those of the rows.
    """

    name: object
    values: np.ndarray
    codes: np.ndarray | None = None

    def rows(self, rows):
        """The column of some rows."""
        if self.codes is None:
            return Column(self.name, self.values[rows])
        return Column(self.name, self.values, self.codes[rows])

    def used(self):
        """Values that occur, each once if the column has codes."""
        if self.codes is None:
            return self.values
        return self.values[np.unique(self.codes[self.codes >= 0])]

    def mapped(self, function, gap):
        """An array with what the function makes of each row's value.

        Parameters
        ----------
        function : callable
            Takes an array of values and returns an array of as many.
        gap : object
            Stands for gaps of a category.
        """
        if self.codes is None:
            return function(self.values)
        used = np.unique(self.codes[self.codes >= 0])
        places = np.full(len(self.values) + 1, len(used))  # the last is that of gaps
        places[used] = np.arange(len(used))
        return np.append(function(self.values[used]), gap)[places[self.codes]]


def is_frame(X):
    """Whether X is a frame of pandas or polars, or a table of Arrow."""
    if _is_arrow(X):
        return True
    return hasattr(X, "columns") and hasattr(X, "dtypes") and hasattr(X, "shape")


def _is_arrow(X):
    return hasattr(X, "column_names") and hasattr(X, "schema") and hasattr(X, "shape")


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
            _with_values_kept(X),
            dtype=None,
            ensure_all_finite=False,
            estimator=estimator,
            input_name="X",
        )
    elif 0 in X.shape:
        what = "sample" if X.shape[0] == 0 else "feature"
        raise ValueError(
            f"Found array with 0 {what}(s) (shape={X.shape}) while a minimum of 1 is "
            "required."
        )
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    return X


def _with_values_kept(X):
    """Lists as objects where NumPy would make text of numbers, or round integers."""
    if not isinstance(X, list | tuple):
        return X
    try:
        array = np.asarray(X)
    except (TypeError, ValueError):
        return X  # ragged: scikit-learn has the words
    became_text = array.dtype.kind in "US"
    rounded = array.dtype.kind == "f" and np.nanmax(np.abs(array), initial=0) > EXACT
    return np.asarray(X, dtype=object) if became_text or rounded else array


def columns_of(X):
    """The columns of a table.

    Parameters
    ----------
    X : DataFrame, Table or ndarray of shape (n_samples, n_features)

    Returns
    -------
    columns : list of Column

    Raises
    ------
    TypeError, ValueError
        If a column is of a type that is not supported, with its name.
    """
    if hasattr(X, "iloc"):
        series = [X.iloc[:, j] for j in range(X.shape[1])]
        return [_column(s.name, _of_pandas, s) for s in series]
    if _is_arrow(X):
        pairs = zip(X.column_names, X.columns, strict=True)
        return [_column(name, _of_arrow, array) for name, array in pairs]
    if is_frame(X):
        return [_column(s.name, _of_polars, s) for s in X.get_columns()]
    return [_column(j, _of_array, X[:, j]) for j in range(X.shape[1])]


def _column(name, read, source):
    with named_errors(name):
        found = read(source)
    values, codes = found if isinstance(found, tuple) else (found, None)
    return Column(name, values, codes)


@contextmanager
def named_errors(name):
    """Put a column's name before an error."""
    try:
        yield
    except (TypeError, NotImplementedError) as error:
        raise TypeError(f"column {name!r} of X: {error}") from error
    except OverflowError as error:
        raise ValueError(f"column {name!r} of X: {error}") from error


def _of_array(array):
    kind = array.dtype.kind
    if kind == "c":
        raise ValueError("Complex data not supported: X must hold real numbers.")
    if kind == "M":
        return array.astype(DATE_TYPE)
    return array.astype(object) if kind in "US" else array


def _of_pandas(series):
    if hasattr(series, "cat"):
        values = _of_pandas(series.cat.categories.to_series())
        return values, series.cat.codes.to_numpy()  # -1 for gaps
    dtype = series.dtype
    if hasattr(dtype, "pyarrow_dtype"):
        return _of_arrow(series.array.__arrow_array__())
    if hasattr(series, "dt") and hasattr(series.dt, "start_time"):  # periods
        return series.dt.start_time.to_numpy(dtype=DATE_TYPE)
    if dtype.kind == "M":
        if getattr(dtype, "tz", None) is not None:
            series = series.dt.tz_localize(None)
        return series.to_numpy(dtype=DATE_TYPE)
    if isinstance(dtype, np.dtype):
        return _of_array(series.to_numpy())
    if dtype.kind not in "biuf":
        return _of_array(_shared(series.astype(object).to_numpy()))
    if series.hasnans:
        exact = dtype.kind in "iu" and _are_exact(series.dropna().to_numpy())
        if exact or dtype.kind == "f":
            return series.to_numpy(dtype=np.float64, na_value=np.nan)
        return series.astype(object).to_numpy()
    size = {"b": 1}.get(dtype.kind, getattr(dtype, "itemsize", 8))
    return series.to_numpy(dtype=f"{dtype.kind}{size}")


def _are_exact(integers):
    """Whether float64 can hold these integers."""
    return not len(integers) or (integers.min() >= -EXACT and integers.max() <= EXACT)


def _of_polars(series):
    dtype, name = series.dtype, str(series.dtype)
    if name == "Date":
        return series.to_numpy().astype(DATE_TYPE)
    if name.startswith("Datetime"):
        return series.dt.replace_time_zone(None).to_numpy().astype(DATE_TYPE)
    if name.startswith(("Categorical", "Enum")):
        return _with_codes(series.cast(str).to_list())
    if name.startswith("Decimal"):
        series = series.cast(float)  # polars knows Python's as its own
        dtype = series.dtype
    if dtype.is_numeric() or name == "Boolean":
        whole = dtype.is_integer() and _are_exact(series.drop_nulls().to_numpy())
        if whole or dtype.is_float() or not series.null_count():
            return series.to_numpy()
    elif name.startswith("Duration"):
        return series.to_numpy()
    return _shared(_objects(series.to_list()))


def _of_arrow(array):
    name = str(array.type)
    if name.startswith("dictionary"):
        return _with_codes(array.cast(array.type.value_type).to_pylist())
    is_number = name.startswith(("int", "uint", "bool"))
    if name.startswith(("float", "double", "halffloat", "date", "duration")) or (
        is_number and not array.null_count
    ):
        return _of_array(np.asarray(array))
    if name.startswith("timestamp") and "tz=" not in name:
        return _of_array(np.asarray(array))
    return _shared(_objects(array.to_pylist()))


def _shared(values):
    """Objects of which equal text is one: Arrow makes a new one of every entry."""
    known = {}
    return _objects([known.setdefault(v, v) if type(v) is str else v for v in values])


def _objects(values):
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def _with_codes(values):
    """Distinct values of a category, and the code of each row's."""
    places = {value: i for i, value in enumerate(dict.fromkeys(values))}
    places.pop(None, None)
    distinct = {value: i for i, value in enumerate(places)}
    codes = [-1 if value is None else distinct[value] for value in values]
    return _objects(list(distinct)), np.array(codes, dtype=np.intp)
