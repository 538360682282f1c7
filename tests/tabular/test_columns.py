"""What the columns of a table are taken for, from whatever brings them."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from skann._tabular.columns import DATE, LEVEL, NUMBER, as_kind, checked, kind_of, read

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
    "nothing": (pd.Series([None] * 3, dtype=object), [NAN] * 3),
    "category": (pd.Series(["b", None, "a"], dtype="category"), ["b", None, "a"]),
    "numbered": (pd.Series([2.0, None, 1.0], dtype="category"), ["2", None, "1"]),
    "string": (pd.Series(["b", None, "a"], dtype="string"), ["b", None, "a"]),
    "object": (pd.Series(["b", NAN, "a"], dtype=object), ["b", None, "a"]),
    "mixed": (pd.Series([1, "1.5", None], dtype=object), ["1", "1.5", None]),
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
    assert [kind_of(column) for column in read(frame)] == [NUMBER, LEVEL]


def test_arrays_of_objects_are_read_column_by_column():
    X = np.array([[1, "a", date(2024, 1, 1)], [None, "b", None]], dtype=object)
    assert [kind_of(column) for column in read(X)] == [NUMBER, LEVEL, DATE]


def test_numbers_that_an_array_has_made_text_are_numbers():
    number, level = read(np.array([["1.5", "a"], ["2", "3"]]))
    assert number.tolist() == [1.5, 2.0]
    assert level.tolist() == ["a", "3"]


def test_masked_values_are_gaps():
    X = np.ma.array([[1, 2], [3, 4]], mask=[[False, True], [False, False]])
    columns = read(checked(BaseEstimator(), X, reset=True))
    np.testing.assert_array_equal(columns, [[1, 3], [np.nan, 4]])


def test_arrays_of_dates_and_of_spans():
    (dates,) = read(np.array([["2024-01-01"], ["NaT"]], dtype="datetime64[D]"))
    assert kind_of(dates) == DATE
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


class TestLaterTables:
    def test_numbers_are_spelt_out_where_there_was_text(self):
        assert as_kind(np.array([1.0, np.nan, 1.5]), LEVEL, "c").tolist() == [
            "1",
            None,
            "1.5",
        ]

    @pytest.mark.parametrize("kind", [NUMBER, DATE])
    def test_gaps_alone_suit_every_kind(self, kind):
        column = as_kind(np.array([None, None], dtype=object), kind, "c")
        assert kind_of(column) == kind
        assert all(value != value or value is None for value in column.tolist())

    @pytest.mark.parametrize("kind", [NUMBER, DATE])
    def test_text_for_something_else_is_refused(self, kind):
        with pytest.raises(ValueError, match=r"column 'c' .* now it holds text, .*'x'"):
            as_kind(np.array([None, "x"], dtype=object), kind, "c")


def test_spans_of_python_are_seconds():
    X = np.array([[timedelta(minutes=2)], [timedelta(0)]], dtype=object)
    assert read(X)[0].tolist() == [120.0, 0.0]
