"""From a table to a matrix: numbers, categories, dates, text, and what is new later."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from _tables import polars
from sklearn.linear_model import LinearRegression
from sklearn.utils.estimator_checks import estimator_checks_generator

from skann.preprocessing import PiecewiseLinearEncoder, TableEncoder

N = 200


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    size = rng.normal(50, 20, N)
    return pd.DataFrame(
        {
            "size": size,
            "rooms": np.where(rng.random(N) < 0.2, np.nan, rng.integers(1, 6, N)),
            "sold": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.random(N), "D"),
            "heating": pd.Categorical(rng.choice(["gas", "oil", None], N)),
            "street": rng.choice([f"street {i}" for i in range(100)], N),
            "garden": rng.random(N) < 0.5,
        }
    )


def column(encoder, Z, name):
    return Z[:, encoder.get_feature_names_out().tolist().index(name)]


class TestNumbers:
    def test_they_are_standardised_and_have_bins(self, frame):
        encoder = TableEncoder(dtype=np.float64).fit(frame)
        Z = encoder.transform(frame)
        size = column(encoder, Z, "size")
        z = (frame["size"] - frame["size"].mean()) / frame["size"].std(ddof=0)
        np.testing.assert_allclose(size, z / np.sqrt(1 + (z / 3) ** 2))
        bins = PiecewiseLinearEncoder(5, keep_values=False)
        expected = bins.fit_transform(size[:, None])
        for i in range(5):
            np.testing.assert_allclose(
                column(encoder, Z, f"size_bin{i}"), expected[:, i], atol=1e-10
            )

    def test_what_is_far_out_is_drawn_in(self):
        X = np.append(np.arange(50.0), 1e300)[:, None]
        assert np.abs(TableEncoder().fit(X[:-1]).transform(X)).max() <= 3

    @pytest.mark.parametrize(
        ("wild", "share"),
        [(1e12, 0), (-1e300, 0), (-1e9, 0.05), (-1e9, 0.3), (-999_999, 0.05)],
    )
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_fit_keeps_numbers_beside_wild_values_apart(self, wild, share, dtype):
        rng = np.random.default_rng(0)
        x = rng.normal(size=2000)
        coded = x.copy()
        coded[rng.random(2000) < share] = wild
        coded[0] = wild
        known = coded == x
        Z = TableEncoder(dtype=dtype).fit_transform(coded[:, None])
        y = np.sin(2 * x[known])
        plain = TableEncoder(dtype=dtype).fit_transform(x[known][:, None])
        found, best = (
            LinearRegression().fit(A, y).score(A, y) for A in (Z[known], plain)
        )
        assert found > best - 0.01
        if share < 0.1:
            size = TableEncoder(0, dtype=dtype).fit_transform(coded[:, None])[known]
            plain = TableEncoder(0, dtype=dtype).fit_transform(x[known][:, None])
            np.testing.assert_allclose(size, plain, atol=0.1)

    @pytest.mark.parametrize("unit", [1e-320, 1e-200, 1e200, 1e306, 5e306])
    def test_every_unit_is_encoded_alike(self, unit):
        x = np.arange(-20.0, 30)[:, None]
        found = TableEncoder(4).fit_transform(x * unit)
        np.testing.assert_allclose(found, TableEncoder(4).fit_transform(x), atol=1e-3)

    def test_numbers_that_float32_can_t_tell_apart_are_finite(self):
        X = np.append(1 + np.arange(200) * 1e-14, 1e6)[:, None]
        assert np.isfinite(TableEncoder().fit_transform(X)).all()

    def test_two_values_have_no_bins(self, frame):
        names = TableEncoder().fit(frame).get_feature_names_out()
        assert "garden" in names
        assert "garden_bin0" not in names

    def test_gaps_are_the_median_with_an_indicator(self, frame):
        encoder = TableEncoder().fit(frame)
        Z = encoder.transform(frame)
        gaps = frame["rooms"].isna()
        assert (column(encoder, Z, "rooms_missing") == gaps).all()
        median = frame["rooms"] == frame["rooms"].median()
        (filled,) = set(column(encoder, Z, "rooms")[gaps])
        assert filled == column(encoder, Z, "rooms")[median][0]

    def test_the_same_gaps_have_one_indicator(self):
        X = [[1.0, 2.0, np.nan], [np.nan, np.nan, 1.0], [2.0, 5.0, 4.0]]
        names = TableEncoder().fit(X).get_feature_names_out()
        assert names.tolist() == ["x0", "x1", "x2", "x0_missing", "x2_missing"]

    def test_constant_and_repeated_columns_are_left_out(self):
        X = np.array([[1.0, 7, 1, np.nan], [2, 7, 2, np.nan], [4, 7, 4, np.nan]])
        encoder = TableEncoder().fit(X)
        assert encoder.get_feature_names_out().tolist() == ["x0"]
        # What a column does that told nothing in fit plays no part.
        other = [[1.0, 0, 9, 3], [2, np.nan, 9, 3], [4, 7, 9, np.nan]]
        assert (encoder.transform(other) == encoder.transform(X)).all()

    def test_zeros_and_gaps(self):
        X = [[0.0, 1.0], [None, 2.0], [0.0, 3.0]]
        Z = TableEncoder().fit_transform(X)
        assert Z[:, [0, 2]].tolist() == [[0, 0], [0, 1], [0, 0]]

    def test_bins_where_no_column_has_more_than_two_values(self):
        assert TableEncoder(n_bins=4).fit_transform([[0.0], [1.0]]).shape == (2, 1)

    @pytest.mark.parametrize("n_bins", [199, 10**9, 10**400])
    def test_more_bins_than_rows_are_a_bin_between_each_two(self, frame, n_bins):
        names = TableEncoder(n_bins).fit(frame[["size"]]).get_feature_names_out()
        assert len(names) == 200

    def test_gaps_in_a_column_that_had_none(self, frame):
        encoder = TableEncoder().fit(frame)
        frame.loc[:, "size"] = np.nan
        assert np.isfinite(encoder.transform(frame)).all()

    def test_infinity_is_named(self, frame):
        frame.loc[3, "size"] = np.inf
        with pytest.raises(ValueError, match="infinity, in column 'size'"):
            TableEncoder().fit(frame)

    def test_bins_can_be_chosen(self, frame):
        def n_bins(encoder):
            names = encoder.fit(frame).get_feature_names_out()
            return sum(name.startswith("size_bin") for name in names)

        assert n_bins(TableEncoder(0)) == 0
        assert n_bins(TableEncoder(11)) == 11


class TestCategories:
    def test_every_level_has_a_column_and_gaps_are_one(self, frame):
        encoder = TableEncoder().fit(frame)
        Z = encoder.transform(frame)
        for level in ("gas", "oil"):
            found = column(encoder, Z, f"heating_{level}")
            assert (found == (frame["heating"] == level)).all()
        gaps = column(encoder, Z, "heating_missing")
        assert (gaps == frame["heating"].isna()).all()

    def test_fit_keeps_gaps_and_a_level_called_missing_apart(self):
        X = pd.DataFrame({"a": ["missing", None, "x"] * 10})
        y = np.tile([0.0, 1.0, 2.0], 10)
        for encoder in (TableEncoder(), TableEncoder(0, max_categories=2)):
            Z = encoder.fit(X, y).transform(X[:3])
            assert len(np.unique(Z, axis=0)) == 3

    def test_an_unseen_level_is_zeros(self, frame):
        encoder = TableEncoder().fit(frame)
        frame["heating"] = "sun"
        Z = encoder.transform(frame)
        for name in encoder.get_feature_names_out():
            if name.startswith("heating"):
                assert not column(encoder, Z, name).any()

    def test_levels_beyond_the_limit_share_a_column(self, frame):
        encoder = TableEncoder(max_categories=10).fit(frame)
        names = [n for n in encoder.get_feature_names_out() if n.startswith("street")]
        assert len(names) == 10
        assert names[-1] == "street_infrequent_sklearn"
        frame["street"] = "unheard of"
        assert column(encoder, encoder.transform(frame), names[-1]).all()

    def test_a_category_of_one_level_is_left_out(self):
        X = pd.DataFrame({"a": ["x", "x"], "b": [1.0, 2.0]})
        assert TableEncoder().fit(X).get_feature_names_out().tolist() == ["b"]

    def test_numbers_that_were_categories_are_spelt_out(self):
        X = pd.DataFrame({"zone": pd.Categorical([1, 2, 1])})
        encoder = TableEncoder().fit(X)
        later = pd.DataFrame({"zone": [2.0, 1.0]})
        assert encoder.transform(later).tolist() == [[0, 1], [1, 0]]


class TestTargetsOfManyLevels:
    levels = np.array([f"level {i}" for i in range(100)], dtype=object)

    def table(self, n=4000):
        rng = np.random.default_rng(0)
        codes = rng.integers(0, 100, n)
        y = codes / 100 + rng.normal(scale=0.1, size=n)
        return pd.DataFrame({"level": self.levels[codes]}), y, codes

    def test_real_targets_make_one_number(self):
        X, y, codes = self.table()
        encoder = TableEncoder(0, max_categories=64).fit(X, y)
        found = column(encoder, encoder.transform(X), "level_target")
        assert np.corrcoef(found, codes)[0, 1] > 0.99

    @pytest.mark.parametrize("labels", [["a", "b"], ["a", "b", "c"]])
    def test_classes_make_one_each_and_two_make_one(self, labels):
        X, _, codes = self.table()
        y = np.array(labels, dtype=object)[codes % len(labels)]
        encoder = TableEncoder(0, max_categories=64).fit(X, y)
        Z = encoder.transform(X)
        names = [n for n in encoder.get_feature_names_out() if "target" in n]
        with_own = labels[1:] if len(labels) == 2 else labels
        assert names == [f"level_target_{label}" for label in with_own]
        for name in names:
            found = column(encoder, Z, name)
            assert found[y == name[-1]].min() > found[y != name[-1]].max()

    def test_no_row_sees_its_own_target(self):
        X, _, _ = self.table()
        noise = np.random.default_rng(1).normal(size=len(X))
        encoder = TableEncoder(0, max_categories=64)
        own = column(encoder, encoder.fit_transform(X, noise), "level_target")
        later = column(encoder, encoder.transform(X), "level_target")
        assert np.corrcoef(later, noise)[0, 1] > 0.1
        assert np.corrcoef(own, noise)[0, 1] < 0.05

    def test_the_same_table_is_encoded_alike(self):
        X, y, _ = self.table(300)
        encoder = TableEncoder(max_categories=64)
        first, second = (encoder.fit_transform(X, y) for _ in range(2))
        assert (first == second).all()

    def test_three_rows(self):
        encoder = TableEncoder(max_categories=2).fit([["a"], ["b"], ["c"]], [1, 2, 3])
        assert "x0_infrequent_sklearn" in encoder.get_feature_names_out()

    @pytest.mark.parametrize("y", [None, np.zeros(4000), np.zeros((4000, 2))])
    def test_there_are_none_without_targets_that_vary(self, y):
        X, _, _ = self.table()
        names = TableEncoder(max_categories=64).fit(X, y).get_feature_names_out()
        assert not any("target" in name for name in names)


def test_dates_become_their_parts(frame):
    encoder = TableEncoder().fit(frame)
    names = [n for n in encoder.get_feature_names_out() if n.startswith("sold")]
    assert {"sold_days", "sold_hour", "sold_minute", "sold_second"} <= set(names)
    assert "sold_year" not in names
    frame.loc[:, "sold"] = pd.NaT
    assert np.isfinite(encoder.transform(frame)).all()


def test_text_becomes_directions():
    rng = np.random.default_rng(0)
    words = ["house", "garden", "quiet", "lake", "old", "near", "street"]
    X = pd.DataFrame({"text": [" ".join(rng.choice(words, 6)) for _ in range(N)]})
    X.loc[5, "text"] = None
    encoder = TableEncoder().fit(X)
    assert encoder.kinds_ == ["text"]
    assert encoder.transform(X).shape == (N, 30)
    assert encoder.get_feature_names_out()[:2].tolist() == ["text_text0", "text_text1"]


def test_kinds_are_those_of_the_columns(frame):
    encoder = TableEncoder().fit(frame)
    kinds = ["number", "number", "date", "category", "category", "number"]
    assert encoder.kinds_ == kinds


def test_names_are_as_many_as_columns(frame):
    y = np.arange(N, dtype=float)
    encoder = TableEncoder(max_categories=20)
    assert encoder.fit_transform(frame, y).shape == (
        N,
        len(encoder.get_feature_names_out()),
    )


def test_get_feature_names_out_returns_unique_names():
    X = pd.DataFrame(
        [["b_c", "c", 1.0], ["d", "e", 2.0], ["b_c", "c", None]],
        columns=["a", "a_b", "size"],
    )
    X["size_missing"] = ["x", "y", None]
    X["a_b_c"] = [1.0, 5.0, 6.0]
    names = TableEncoder().fit(X).get_feature_names_out()
    assert names.tolist() == [
        *("size", "a_b_c", "size_missing"),
        *("a_b_c_2", "a_d", "a_b_c_3", "a_b_e"),
        *("size_missing_x", "size_missing_y", "size_missing_missing"),
    ]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_what_was_asked_for(frame, dtype):
    assert TableEncoder(dtype=dtype).fit_transform(frame).dtype == dtype


def test_a_frame_of_polars_is_encoded_as_that_of_pandas(frame):
    pl = polars()
    other = pl.DataFrame(
        {
            name: pl.Series(
                [None if pd.isna(value) else value for value in frame[name].tolist()],
                dtype=pl.Categorical if name == "heating" else None,
            )
            for name in frame
        }
    )
    encoder = TableEncoder().fit(frame)
    assert (encoder.transform(other) == encoder.transform(frame)).all()
    assert (TableEncoder().fit_transform(other) == encoder.transform(frame)).all()


def test_rows_of_weight_zero_are_left_out(frame):
    weight = np.ones(N)
    weight[150:] = 0
    frame.loc[150:, "size"] = 1e6
    weighed = TableEncoder().fit(frame, sample_weight=weight)
    alone = TableEncoder().fit(frame[:150])
    assert (weighed.transform(frame) == alone.transform(frame)).all()


def test_weights_count_as_rows_do(frame):
    X = frame[["size", "garden"]][:40]
    weight = np.arange(40) % 3 + 1
    weighed = TableEncoder(dtype=np.float64).fit(X, sample_weight=weight)
    repeated = TableEncoder(dtype=np.float64).fit(X.loc[X.index.repeat(weight)])
    np.testing.assert_allclose(weighed.transform(X), repeated.transform(X))


class TestLaterTables:
    def test_text_for_numbers_is_named(self, frame):
        encoder = TableEncoder().fit(frame)
        frame["size"] = "large"
        with pytest.raises(ValueError, match=r"column 'size'.*held numbers.*'large'"):
            encoder.transform(frame)

    def test_other_columns_are_named(self, frame):
        encoder = TableEncoder().fit(frame)
        with pytest.raises(ValueError, match=r"(?s)yet now missing:\n- rooms"):
            encoder.transform(frame.drop(columns="rooms"))
        encoder.fit(frame.to_numpy())
        with pytest.raises(ValueError, match=r"has 5 features, but .* expecting 6"):
            encoder.transform(frame.to_numpy()[:, 1:])

    def test_no_rows_are_an_error(self, frame):
        with pytest.raises(ValueError, match=r"0 sample\(s\)"):
            TableEncoder().fit(frame[:0])


def test_a_table_that_tells_nothing_has_no_columns():
    encoder = TableEncoder().fit([[1.0, 2.0], [1.0, 2.0]])
    assert encoder.transform([[3.0, 4.0]]).shape == (1, 0)


def test_frames_come_out_where_that_is_set_everywhere(frame):
    expected = TableEncoder().fit_transform(frame)
    with sklearn.config_context(transform_output="pandas"):
        found = TableEncoder().fit_transform(frame)
    assert isinstance(found, pd.DataFrame)
    assert (found.to_numpy() == expected).all()


@pytest.mark.parametrize(
    ("instance", "check"),
    [
        pytest.param(
            instance, check, id=f"{type(instance).__name__}-{check.func.__name__}"
        )
        for encoder in (TableEncoder(), PiecewiseLinearEncoder())
        for instance, check in estimator_checks_generator(encoder, legacy=True)
    ],
)
def test_check(instance, check):
    check(instance)
