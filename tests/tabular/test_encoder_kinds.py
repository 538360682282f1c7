"""What the encoder makes of the kinds that it has decided."""

import pickle
from datetime import date

import numpy as np
import pandas as pd
import pytest

from skann import TabularRegressor
from skann.preprocessing import TableEncoder

N = 120


def kinds_and_names(X):
    encoder = TableEncoder(0).fit(X)
    return encoder.kinds_, encoder.get_feature_names_out().tolist()


def test_numbers_written_as_text_are_encoded_as_numbers():
    x = np.random.default_rng(0).normal(scale=3000, size=N).round(2)
    numbers = pd.DataFrame({"a": np.where(np.arange(N) % 9, x, np.nan)})
    expected = TableEncoder().fit_transform(numbers)
    for text in ("{:.2f}", "{:,.2f}"):
        written = [text.format(v) if v == v else "?" for v in numbers["a"]]
        for gaps in (written, [None if v == "?" else v for v in written]):
            encoder = TableEncoder()
            found = encoder.fit_transform(pd.DataFrame({"a": gaps}))
            assert encoder.kinds_ == ["number"]
            np.testing.assert_array_equal(found, expected)
            np.testing.assert_array_equal(encoder.transform(numbers), expected)


def test_fit_warns_of_a_key_and_leaves_it_out():
    X = pd.DataFrame({"customer": [f"C{i}" for i in range(N)], "size": np.arange(N)})
    with pytest.warns(UserWarning, match="column 'customer' of X is left out"):
        kinds, names = kinds_and_names(X)
    assert kinds == ["key", "number"]
    assert names == ["size"]


def test_fit_warns_of_a_category_that_is_mostly_numbers():
    X = pd.DataFrame({"size": [*map(str, range(N)), *["10 or so"] * 20] * 2})
    with pytest.warns(UserWarning, match="column 'size' of X is taken for a category"):
        TableEncoder(0).fit(X)


@pytest.mark.parametrize("dtype", [object, float, "category", "str", "M8[s]"])
def test_a_column_that_was_empty_in_fit_is_ignored(dtype):
    X = pd.DataFrame({"a": np.arange(5.0), "b": pd.Series([None] * 5, dtype=dtype)})
    encoder = TableEncoder().fit(X)
    assert encoder.kinds_ == ["number", "empty"]
    for b in (["x"] * 5, [1.5] * 5, [date(2024, 1, 1)] * 5):
        later = encoder.transform(X.assign(b=b))
        np.testing.assert_array_equal(later, encoder.transform(X))


def test_rows_of_weight_zero_decide_nothing():
    X = pd.DataFrame({"a": [1.0, 2.0, "three"], "b": [None, None, "x"]})
    encoder = TableEncoder().fit(X, sample_weight=[1, 1, 0])
    assert encoder.kinds_ == ["number", "empty"]
    with pytest.raises(ValueError, match=r"column 'a' .* such as 'three'"):
        encoder.transform(X)


def test_transform_of_a_list_names_the_text_among_numbers():
    encoder = TableEncoder().fit([[1.5], [2.0], [4.0]])
    with pytest.raises(ValueError, match=r"column 0 of X held numbers .* as '\?'"):
        encoder.transform([[1.5], ["?"]])


def test_a_level_alone_in_a_list_is_that_of_fit():
    X = [["007", 1.0, 2**60 + 1], ["x", 2.0, "k"], ["7", 3.0, 2**60]]
    encoder = TableEncoder(0).fit(X)
    Z = encoder.transform(X)
    for row, expected in zip(X, Z, strict=True):
        np.testing.assert_array_equal(encoder.transform([row])[0], expected)


def test_a_table_of_arrow_has_its_names_and_dates():
    pa = pytest.importorskip("pyarrow")
    days = [date(2024, 1, 1), None, date(2024, 1, 3)]
    table = pa.table({"day": pa.array(days, pa.date32()), "hue": ["red", "blue", None]})
    for X in (table, table.to_pandas(types_mapper=pd.ArrowDtype)):
        kinds, names = kinds_and_names(X)
        assert kinds == ["date", "category"]
        assert names[:2] == ["day_days", "day_day"]
        assert names[-3:] == ["hue_blue", "hue_red", "hue_missing"]


def test_what_fit_has_decided_is_in_a_pickle():
    X = pd.DataFrame(
        {
            "price": ["1.234,50", "12,5", "?"],
            "when": ["2024-01-01T10:00Z", "2024-01-02T10:00Z", ""],
            "flag": pd.Categorical([True, False, True]),
            "none": [None] * 3,
        }
    )
    encoder = TableEncoder(0).fit(X)
    other = pickle.loads(pickle.dumps(encoder))
    later = X.assign(flag=[1.0, 0.0, 1.0], none="x")
    np.testing.assert_array_equal(other.transform(later), encoder.transform(X))


def test_verbose_names_the_columns_that_were_text(capsys):
    X = pd.DataFrame({"price": [f"{i},5" for i in range(60)], "size": np.arange(60.0)})
    TabularRegressor(cv=2, verbose=1, random_state=0).fit(X, np.arange(60.0))
    assert "(number: 2), numbers and dates written as text in price," in (
        capsys.readouterr().out
    )
