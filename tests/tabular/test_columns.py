"""What the columns of a table are taken for, from whatever brings them."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from skann._tabular.columns import checked, columns_of
from skann._tabular.kinds import DATE, EMPTY, LEVEL, NUMBER, as_kind, decided

DATES = [datetime(2024, 2, 29, 13, 5), None, datetime(1969, 12, 31)]
AS_DATES = np.array(["2024-02-29T13:05", "NaT", "1969-12-31"], "datetime64[us]")
NAN = float("nan")

# (a pandas column, its values as they are read)
SERIES = {
    "int": (pd.Series([1, 2, 3]), [1.0, 2.0, 3.0]),
    "float32": (pd.Series([1, NAN, 3], dtype="float32"), [1.0, NAN, 3.0]),
    "bool": (pd.Series([True, False, True]), [1.0, 0.0, 1.0]),
    "Int64": (pd.Series([1, None, 3], dtype="Int64"), [1.0, NAN, 3.0]),
    "boolean": (pd.Series([True, None, False], dtype="boolean"), [1.0, NAN, 0.0]),
    "sparse": (pd.Series(pd.arrays.SparseArray([0, 1, 0])), [0.0, 1.0, 0.0]),
    "decimal": (pd.Series([Decimal("1.5"), None, Decimal(2)]), [1.5, NAN, 2.0]),
    "span": (pd.Series(pd.to_timedelta([60, None, 1], unit="s")), [60.0, NAN, 1.0]),
    "time": (pd.Series([time(1), time(0, 1), None]), [3600.0, 60.0, NAN]),
    "category": (pd.Series(["b", None, "a"], dtype="category"), ["b", None, "a"]),
    "numbered": (pd.Series([2.0, None, 1.0], dtype="category"), ["2", None, "1"]),
    "string": (pd.Series(["b", None, "a"], dtype="string"), ["b", None, "a"]),
    "object": (pd.Series(["b", NAN, "a"], dtype=object), ["b", None, "a"]),
    "mixed": (pd.Series([1, "a", None], dtype=object), ["1", "a", None]),
    "datetime": (pd.Series(pd.to_datetime(DATES)), AS_DATES),
    "zone": (pd.Series(pd.to_datetime(DATES).tz_localize("Asia/Tokyo")), AS_DATES),
    "python": (pd.Series(DATES, dtype=object), AS_DATES),
    "date": (
        pd.Series([date(2024, 2, 29), None, date(1969, 12, 31)], dtype=object),
        AS_DATES.astype("M8[D]"),
    ),
    "iso": (pd.Series(["2024-02-29 13:05", None, "1969-12-31"]), AS_DATES),
    "no day": (pd.Series(["2024-02-30", None]), ["2024-02-30", None]),
    "nearly": (pd.Series(["2024-02-29", "soon", None]), ["2024-02-29", "soon", None]),
    "period": (
        pd.Series(pd.PeriodIndex(["2024-02", None, "1969-12"], freq="M")),
        np.array(["2024-02-01", "NaT", "1969-12-01"], "M8[us]"),
    ),
}


def kinds_of(X):
    return [decided(column).kind for column in columns_of(X)]


def read(X):
    """The columns of a table, each as what it is."""
    pairs = [(column, decided(column)) for column in columns_of(X)]
    return [as_kind(c, found.kind, found.form, in_fit=True) for c, found in pairs]


@pytest.mark.parametrize("name", SERIES)
def test_columns_of_pandas(name):
    series, values = SERIES[name]
    (column,) = read(series.to_frame(name))
    assert column.dtype.kind == np.array(values).dtype.kind
    np.testing.assert_array_equal(column, np.array(values))


@pytest.mark.parametrize("name", sorted(set(SERIES) - {"sparse", "period", "mixed"}))
def test_columns_of_polars_are_as_those_of_pandas(name):
    pl = pytest.importorskip("polars")
    series, _ = SERIES[name]
    (expected,) = read(series.to_frame(name))
    values = [None if pd.isna(value) else value for value in series.tolist()]
    kind = {"category": pl.Categorical}.get(str(series.dtype))
    if name == "numbered":
        values, kind = ["2", None, "1"], pl.Enum(["1", "2"])
    frame = pl.DataFrame({name: pl.Series(values, dtype=kind, strict=False)})
    (column,) = read(frame)
    np.testing.assert_array_equal(column, expected)


def test_a_zone_of_polars_is_read_as_the_clock_showed():
    pl = pytest.importorskip("polars")
    series = pl.Series([datetime(2024, 7, 1, 13)]).dt.replace_time_zone("Asia/Tokyo")
    (column,) = read(pl.DataFrame({"when": series}))
    assert column.tolist() == [datetime(2024, 7, 1, 13)]


def test_names_that_stand_twice_are_two_columns():
    frame = pd.DataFrame([[1, "a"]], columns=["same", "same"])
    assert kinds_of(frame) == [NUMBER, LEVEL]


def test_arrays_of_objects_are_read_column_by_column():
    X = np.array([[1, "a", date(2024, 1, 1)], [None, "b", None]], dtype=object)
    assert kinds_of(X) == [NUMBER, LEVEL, DATE]


def test_numbers_that_an_array_has_made_text_are_numbers():
    number, level = read(np.array([["1.5", "a"], ["2", "3"]]))
    assert number.tolist() == [1.5, 2.0]
    assert level.tolist() == ["a", "3"]


def test_masked_values_are_gaps():
    X = np.ma.array([[1, 2], [3, 4]], mask=[[False, True], [False, False]])
    columns = read(checked(BaseEstimator(), X, reset=True))
    np.testing.assert_array_equal(columns, [[1, 3], [np.nan, 4]])


@pytest.mark.parametrize(
    "X",
    [
        [["a", 1], ["b", 2.5]],
        [["a", 2**60 + 1], ["b", 0.5]],
        [[1.5, 2**60 + 1], [0.5, 2**60]],
        [["a", True], ["b", 1.0]],
    ],
)
def test_checked_keeps_values_of_lists(X):
    checked_values = checked(BaseEstimator(), X, reset=True)
    assert checked_values.tolist() == X
    assert list(map(type, checked_values[0])) == list(map(type, X[0]))


def test_arrays_of_dates_and_of_spans():
    assert kinds_of(np.array([["2024-01-01"], ["NaT"]], dtype="M8[D]")) == [DATE]
    (spans,) = read(np.array([[90], [30]], dtype="timedelta64[s]"))
    assert spans.tolist() == [90.0, 30.0]


@pytest.mark.parametrize("value", [{"a": 1}, [1], {1}, np.zeros(2)])
def test_what_is_no_value_is_named(value):
    column = np.empty(2, dtype=object)
    column[:] = "a"
    column[1] = value
    with pytest.raises(TypeError, match=r"column 'odd' of X.*string.*number"):
        read(pd.DataFrame({"odd": column}))


@pytest.mark.parametrize("values", [[1j, 2], np.array([1j, 2])])
def test_complex_numbers_are_refused(values):
    with pytest.raises(ValueError, match="Complex data not supported"):
        read(np.array(values, dtype=getattr(values, "dtype", object))[:, None])


def test_numbers_that_are_too_large_are_named():
    with pytest.raises(ValueError, match="column 0 of X: int too large"):
        read(np.array([[10**400], [1]], dtype=object))


def test_a_table_that_is_not_in_memory_is_refused():
    pl = pytest.importorskip("polars")
    with pytest.raises(TypeError, match=r"LazyFrame: pass X\.collect\(\)"):
        checked(BaseEstimator(), pl.DataFrame({"a": [1]}).lazy(), reset=True)


def test_spans_of_python_are_seconds():
    X = np.array([[timedelta(minutes=2)], [timedelta(0)]], dtype=object)
    assert read(X)[0].tolist() == [120.0, 0.0]


class TestArrow:
    """Columns of Arrow are as those of pandas, in its tables and in pandas."""

    VALUES: ClassVar = {
        "int64": [2**60, 2**60 + 1, 3],
        "uint8": [1, None, 3],
        "float": [0.5, None, 3],
        "bool": [True, None, False],
        "date32": [date(2024, 2, 29), None, date(1969, 12, 31)],
        "date64": [date(2024, 2, 29), None, date(1969, 12, 31)],
        "timestamp[us]": DATES,
        "time64[us]": [time(1), time(0, 1), None],
        "duration[s]": [timedelta(seconds=60), None, timedelta(seconds=1)],
        "string": ["b", None, "a"],
        "large_string": ["2024-02-29 13:05", None, "1969-12-31"],
        "binary": [b"b", None, b"a"],
        "decimal": [Decimal("1.5"), None, Decimal(2)],
        "zone": DATES,
        "dictionary": ["b", None, "a"],
        "null": [None, None, None],
    }

    @pytest.mark.parametrize("name", VALUES)
    def test_columns_of_arrow_are_as_those_of_python(self, name):
        pa = pytest.importorskip("pyarrow")
        values = self.VALUES[name]
        kinds = {
            "decimal": pa.decimal128(5, 2),
            "zone": pa.timestamp("us", "Asia/Tokyo"),
            "dictionary": pa.dictionary(pa.int32(), pa.string()),
        }
        array = pa.array(values, kinds.get(name) or pa.type_for_alias(name))
        if name == "zone":
            values = [v and v.replace(tzinfo=None) for v in array.to_pylist()]
        table = pa.table({name: pa.chunked_array([array[:1], array[1:]])})
        of_pandas = table.to_pandas(types_mapper=pd.ArrowDtype)
        plain = np.array(values, dtype=object)[:, None]
        for X in (table, of_pandas):
            assert kinds_of(X) == kinds_of(plain)
            np.testing.assert_array_equal(read(X), read(plain))

    def test_names_are_those_of_the_table(self):
        pa = pytest.importorskip("pyarrow")
        encoder = BaseEstimator()
        table = pa.table({"a": [1, 2], "b": ["x", None]})
        assert checked(encoder, table, reset=True) is table
        assert encoder.feature_names_in_.tolist() == ["a", "b"]


@pytest.mark.parametrize("dtype", [object, "str", "category", float, "Int64", "M8[s]"])
def test_a_column_of_gaps_alone_is_empty(dtype):
    assert kinds_of(pd.Series([None] * 3, dtype=dtype).to_frame("a")) == [EMPTY]
