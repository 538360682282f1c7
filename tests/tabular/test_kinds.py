"""What a column is taken for in fit, and that it holds in every later table."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from skann._tabular.columns import columns_of
from skann._tabular.kinds import (
    DATE,
    EMPTY,
    KEY,
    LEVEL,
    NUMBER,
    TEXT,
    as_kind,
    decided,
)

KEYS = [2**60, 2**60 + 1, 2**60 + 2]


def decided_of(values, dtype=object):
    (column,) = columns_of(pd.Series(values, dtype=dtype).to_frame("a"))
    return decided(column)


def later(X, found):
    """A later column, as what it was decided to be."""
    (column,) = columns_of(X if hasattr(X, "shape") else np.asarray(X, dtype=object))
    return as_kind(column, found.kind, found.form, in_fit=False).tolist()


def frame(values, dtype=object):
    return pd.Series(values, dtype=dtype).to_frame("a")


# What a category had in fit (values, dtype), and later columns in which entry k is
# fit's entry k, or None.
CATEGORIES = {
    "text and dates": (
        ["a", date(2024, 1, 1), datetime(2024, 1, 2, 3)],
        object,
        [
            frame([None, "2024-01-01", "2024-01-02 03:00"], "M8[ns]"),
            frame([None, date(2024, 1, 1), None]),
            frame([None, pd.Timestamp("2024-01-01"), None]),
            frame([None, "2024-01-01", "2024-01-02T03:00:00"]),
            frame([None, np.datetime64("2024-01-01"), None]),
            frame(pd.Series([None, "2024-01-01", None], dtype="M8[s, UTC]"), None),
        ],
    ),
    "text and booleans": (
        ["a", True, False],
        object,
        [
            frame([None, True, False], "boolean"),
            frame([None, True, False]),
            frame([None, np.True_, "False"]),
        ],
    ),
    "text and times": (
        ["a", time(1), time(0, 0, 1, 5)],
        object,
        [frame([None, time(1), None]), frame([None, "01:00:00", "00:00:01.000005"])],
    ),
    "text and spans": (
        ["a", timedelta(hours=30), timedelta(0)],
        object,
        [frame([None, timedelta(hours=30), timedelta(0)], "m8[ns]")],
    ),
    "text and decimals": (
        ["a", Decimal("1.50"), Decimal(2)],
        object,
        [
            frame([None, 1.5, 2.0], float),
            frame([None, 1.5, 2], "float32"),
            frame([None, Decimal("1.5"), Decimal("2.00")]),
            frame([None, "1.5", "2"]),
        ],
    ),
    "booleans": (
        [True, False, None],
        "category",
        [
            frame([True, False, None]),
            frame([True, False, None], "boolean"),
            frame([True, False, None], "category"),
            frame([1.0, 0.0, None], float),
            frame([1, 0, None], "Int64"),
            frame(["True", "False", None]),
        ],
    ),
    "numbered": (
        [1, 0, 25],
        "category",
        [
            frame([True, False, None]),
            frame([1.0, 0.0, 25.0], float),
            frame([1, 0, 25], "uint8"),
            frame([Decimal(1), Decimal("0.0"), "25"]),
            frame(["1", "0", "25"], "category"),
        ],
    ),
    "dates": (
        pd.Series([datetime(2024, 1, 1), datetime(2024, 1, 2, 3), None]),
        "category",
        [
            frame(["2024-01-01", "2024-01-02 03:00", None], "M8[us]"),
            frame(["2024-01-01", "2024-01-02 03:00:00", None]),
            frame([date(2024, 1, 1), datetime(2024, 1, 2, 3), None]),
        ],
    ),
    "keys": (
        KEYS,
        "category",
        [
            frame(KEYS, "int64"),
            frame(KEYS, "uint64"),
            frame([KEYS[0], None, KEYS[2]], "Int64"),
            frame([*map(str, KEYS)]),
            frame([KEYS[0], "none", KEYS[2]]),
            np.array(KEYS)[:, None],
        ],
    ),
    "float32": (
        np.array([0.1, 0.25, 3], "float32"),
        "category",
        [frame([0.1, 0.25, 3.0], float), frame([0.1, 0.25, 3], "float32")],
    ),
    "codes": (
        ["007", "a7", "7"],
        object,
        [
            frame(["007", None, "7"]),
            np.array([["007"], ["a7"], ["7"]]),
            np.array([[b"007"], [b"a7"], [b"7"]]),
            frame([None, None, 7.0], float),
        ],
    ),
    "dates that are words": (
        ["2024-01-01", "soon", "2024-01-01 00:00"],
        object,
        [frame(["2024-01-01", None, "2024-01-01 00:00"])],
    ),
}


@pytest.mark.parametrize("name", CATEGORIES)
def test_as_kind_spells_levels_as_in_fit_in_every_dtype(name):
    values, dtype, others = CATEGORIES[name]
    fitted = frame(values, dtype)
    found = decided(columns_of(fitted)[0])
    assert found.kind == LEVEL
    levels = later(fitted, found)
    assert len(set(levels)) == 3
    for other in others:
        spelt = later(other, found)
        assert spelt != [None] * 3
        for k, level in enumerate(spelt):
            assert level in (levels[k], None, "none")
        for k in range(3):  # alone, too
            assert later(other[k : k + 1], found) == spelt[k : k + 1]


def test_rounded_keys_are_no_other_key():
    found = decided_of(KEYS, "category")
    assert later(frame(KEYS, float), found) != later(frame([KEYS[0]] * 3), found)


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["12", "-7", "1e3"], [12, -7, 1000]),
        (["1,234.50", "12", "1,000,000"], [1234.5, 12, 1e6]),
        (["1.234,50", "12", "3,5"], [1234.5, 12, 3.5]),
        (["0,123", "1,234"], [0.123, 1.234]),
        (["1 234,5", "12,25"], [1234.5, 12.25]),
        (["1'234.5", "12"], [1234.5, 12]),
        (["\u22125", " 3 ", ".5"], [-5, 3, 0.5]),
        ([1.5, "?", 2, None], [1.5, np.nan, 2, np.nan]),
        (["1.5", "", "N/A", "nan"], [1.5, np.nan, np.nan, np.nan]),
        ([Decimal(1), "2.5"], [1, 2.5]),
        (["13:45", "00:00:01.5", "23:59:59+02:00"], [49500, 1.5, 86399]),
        (["007.5", "12"], [7.5, 12]),
    ],
)
def test_numbers_written_as_text_are_numbers(texts, numbers):
    tables = [np.array(texts, dtype=object)[:, None]]
    if all(isinstance(text, str) for text in texts):
        tables += [np.array(texts)[:, None], frame(texts, "str")]
    for table in tables:
        found = decided(columns_of(table)[0])
        assert found.kind == NUMBER
        np.testing.assert_array_equal(later(table, found), numbers)


@pytest.mark.parametrize(
    ("texts", "dates"),
    [
        (["2024-01-31", "2024-02-01 12:30"], ["2024-01-31", "2024-02-01T12:30"]),
        (
            [
                "2024-01-31T23:59:59Z",
                "2024-01-31T00:00:00+05:30",
                "2024-01-31 01:00-08",
            ],
            ["2024-01-31T23:59:59", "2024-01-31", "2024-01-31T01"],
        ),
        (
            ["2024-01-31 23:59:59.123456789+00:00", "?"],
            ["2024-01-31T23:59:59.123456", "NaT"],
        ),
        ([date(2024, 1, 31), "2024-02-01"], ["2024-01-31", "2024-02-01"]),
        (
            ["2024/01/31 10:00 CET", "2024-01-31T10:00+01:00[Europe/Berlin]"],
            ["2024-01-31T10", "2024-01-31T10"],
        ),
    ],
)
def test_dates_and_times_with_zones_written_as_text_are_dates(texts, dates):
    found = decided_of(texts)
    assert found.kind == DATE
    expected = np.array(dates, "M8[us]").tolist()
    assert later(frame(texts), found) == expected


@pytest.mark.parametrize(
    "values",
    [
        ["02134", "90210", "10001"],  # postal codes
        ["1000000000000000001", "1000000000000000002"],  # keys
        ["1", "2", "3+"] * 100,  # few levels
        [*map(str, range(300)), "?"] * 20,  # shops
        ["1", "2", "soon", "later"],
        ["24:61", "12:30"],
        ["01:30 PM", "12:30 AM"],
        ["2024-02-30", "2024-02-29"],
        ["?", "-"],
        ["yes", 1.5, date(2024, 1, 1)],
    ],
)
def test_text_that_is_partly_or_no_numbers_is_a_category(values):
    found = decided_of(values)
    assert found.kind == LEVEL
    assert not found.remark


def test_nearly_all_numbers_leave_gaps_then_and_later():
    values = [*map(str, np.arange(400) / 8), "see below"] * 2
    found = decided_of(values)
    assert found.kind == NUMBER
    np.testing.assert_array_equal(
        later(frame(["1,000.5", "elsewhere", None]), found), [1000.5, np.nan, np.nan]
    )


@pytest.mark.parametrize(
    ("kind", "values", "bad", "shown"),
    [
        (NUMBER, [1.5, 2.0], [1.5, "?"], r"numbers in fit.*text, such as '\?'"),
        (NUMBER, [1.5, 2.0], ["1.5", ""], "text, such as ''"),
        (NUMBER, ["1.5", "2"], ["1.5", "x"], "text, such as 'x'"),
        (NUMBER, ["1.5", "2,000.1"], ["1,5"], "text, such as '1,5'"),
        (NUMBER, [1, 2], [date(2024, 1, 1)], "dates, such as datetime"),
        (DATE, ["2024-01-01"], ["2024-01-01", "soon"], "dates in fit.*'soon'"),
        (DATE, [date(2024, 1, 1)], [5.0], "numbers, such as 5.0"),
    ],
)
def test_as_kind_names_the_entry_that_is_of_another_kind(kind, values, bad, shown):
    found = decided_of(values)
    assert found.kind == kind
    with pytest.raises(ValueError, match=rf"column 0 of X held .*{shown}"):
        later([[value] for value in bad], found)


@pytest.mark.parametrize(
    ("values", "bad"), [([1.5, 2.0], [None, np.nan]), ([date(2024, 1, 1)], [None] * 2)]
)
@pytest.mark.parametrize("dtype", [object, float, "M8[s]", "category"])
def test_gaps_alone_suit_every_kind(values, bad, dtype):
    found = decided_of(values)
    assert pd.isna(later(frame(bad, dtype), found)).all()


def test_text_that_is_a_number_suits_numbers():
    found = decided_of([1.5, 2.0])
    assert later([["1.5"], [2]], found) == [1.5, 2]
    assert later(frame(["3", "4"], "category"), found) == [3, 4]


class TestKeys:
    texts = tuple(f"C{i:05}" for i in range(200))

    @pytest.mark.parametrize("dtype", [object, "str", "category"])
    def test_a_column_of_different_entries_is_a_key(self, dtype):
        found = decided_of([*self.texts[:-4], None, None, *self.texts[:2]], dtype)
        assert found.kind == KEY
        assert found.remark.startswith("column 'a' of X is left out")

    def test_repeated_few_or_wordy_entries_are_none(self):
        assert decided_of(self.texts[:100] * 2).kind == LEVEL
        assert decided_of(self.texts[:20]).kind == LEVEL
        sentences = [f"the house of number {i}" for i in range(200)]
        assert decided_of(sentences).kind == TEXT
        assert decided_of(np.arange(200), int).kind == NUMBER

    def test_anything_is_left_out_later(self):
        assert as_kind(columns_of(frame([{}, 1.5]))[0], KEY, "", in_fit=False) is None
        assert as_kind(columns_of(frame(["x"]))[0], EMPTY, "", in_fit=False) is None


def test_a_remark_names_the_entry_that_is_no_number():
    values = [*map(str, np.arange(100) / 8), *["approx."] * 20]
    found = decided_of(values * 2)
    assert found.kind == LEVEL
    assert "column 'a' of X is taken for a category" in found.remark
    assert "'approx.' is not" in found.remark
    found = decided_of([*map(str, np.arange(100) / 8), *(f"~{i}" for i in range(20))])
    assert found.kind == KEY
    assert "'~0' is not" in found.remark
