"""Real targets of every kind that holds numbers, and their gaps."""

import datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import sklearn
from _helpers import theta
from numpy.testing import assert_array_equal

from skann import BPClassifier, BPRegressor
from skann._estimators.real_targets import real_targets

# Short fits on purpose: what they would still gain is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore:Training stopped at max_iter")

rng = np.random.RandomState(0)
X = rng.normal(size=(30, 3))
Y = np.round(X[:, 0] - X[:, 1], 3)
GAPS = np.where(np.arange(30) == 4, np.nan, Y)
HIDDEN = np.isnan(GAPS)


def make(**parameters):
    return BPRegressor(4, max_iter=5, random_state=0, **parameters)


WITH_GAPS = {
    "None": [None if np.isnan(value) else value for value in GAPS.tolist()],
    "objects": np.where(HIDDEN, None, Y.astype(object)),
    "NA": [pd.NA if np.isnan(value) else value for value in GAPS.tolist()],
    "Float64": pd.Series(np.where(HIDDEN, None, Y.astype(object)), dtype="Float64"),
    "decimals": [None if np.isnan(v) else Decimal(v) for v in GAPS.tolist()],
    "masked": np.ma.masked_array(Y, HIDDEN),
}
each_gap = pytest.mark.parametrize("y", WITH_GAPS.values(), ids=WITH_GAPS)


class TestGaps:
    @each_gap
    def test_are_not_observed(self, y):
        model = make(missing_targets="ignore").fit(X, y, X_val=X, y_val=y)
        same = make(missing_targets="ignore").fit(X, GAPS, X_val=X, y_val=GAPS)
        assert_array_equal(theta(model), theta(same))
        assert model.validation_loss_curve_ == same.validation_loss_curve_
        assert model.score(X, y) == same.score(X, GAPS)
        assert_array_equal(
            theta(model.partial_fit(X, y)), theta(same.partial_fit(X, GAPS))
        )

    @each_gap
    def test_are_refused_unless_they_are_allowed(self, y):
        with pytest.raises(ValueError, match=r"^Input y contains NaN"):
            make().fit(X, y)
        with pytest.raises(ValueError, match=r"^y_val: Input y contains NaN"):
            make().fit(X, Y, X_val=X, y_val=y)

    def test_in_a_frame(self):
        y = pd.DataFrame({"a": Y, "b": np.where(HIDDEN, None, Y.astype(object))})
        model = make(missing_targets="ignore").fit(X, y)
        same = make(missing_targets="ignore").fit(X, np.stack([Y, GAPS], axis=1))
        assert_array_equal(theta(model), theta(same))


class TestNumbers:
    @pytest.mark.parametrize("kind", [Decimal, Fraction, np.float64, str])
    @pytest.mark.parametrize("missing_targets", ["error", "ignore"])
    def test_of_all_types(self, kind, missing_targets):
        y = [kind(value) for value in Y.tolist()]
        model = make(missing_targets=missing_targets)
        if kind is str:
            with pytest.raises(ValueError, match="y must hold numbers"):
                model.fit(X, y)
            return
        model.fit(X, y, X_val=X, y_val=y)
        same = make(missing_targets=missing_targets).fit(X, Y, X_val=X, y_val=Y)
        assert_array_equal(theta(model), theta(same))
        assert model.validation_scores_ == same.validation_scores_
        assert model.score(X, y) == same.score(X, Y)

    def test_arrays_of_numbers_are_not_copied(self):
        assert real_targets(Y) is Y

    @pytest.mark.parametrize("y", [3.0, None, [[1], [1, 2]]])
    def test_what_is_no_array_is_left_to_scikit_learn(self, y):
        assert real_targets(y) is y


DATES = pd.date_range("2020-01-01", periods=30)


class TestErrors:
    @pytest.mark.parametrize(
        ("y", "message"),
        [
            (pd.Series(DATES.tz_localize("UTC")), "of type Timestamp in row 0"),
            (pd.Series(DATES.to_period("D")), "of type Period in row 0"),
            (
                pd.DataFrame({"a": Y, "b": DATES.tz_localize("UTC")}),
                "of type Timestamp",
            ),
            ([1.0] * 29 + [datetime.date(2020, 1, 1)], "of type date in row 29"),
            (np.full(30, "2020", "M8[Y]"), "array of datetime64"),
            (np.zeros(30, "m8[s]"), "array of timedelta64"),
            (["a"] * 30, "array of <U1"),
            (np.full(30, b"a"), "array of |S1"),
            (pd.Series(["a"] * 30).astype("category"), "'a' of type str in row 0"),
            ([*Y[1:], "a"], "array of <U"),
        ],
    )
    @pytest.mark.parametrize("missing_targets", ["error", "ignore"])
    def test_what_is_no_number_is_named(self, y, message, missing_targets):
        model = make(missing_targets=missing_targets)
        with pytest.raises(ValueError, match=rf"^y must hold numbers; got .*{message}"):
            model.fit(X, y)
        with pytest.raises(ValueError, match=r"^y_val: y must hold numbers; got"):
            model.fit(X, Y, X_val=X, y_val=y)

    @pytest.mark.parametrize("kind", [set, iter, dict.fromkeys])
    def test_what_has_no_order_is_named(self, kind):
        with pytest.raises(ValueError, match=r"^y must be array-like, with its values"):
            make().fit(X, kind(Y.tolist()))

    # scikit-learn's own check for NaN sums them.
    @pytest.mark.filterwarnings("ignore:invalid value encountered in reduce")
    @pytest.mark.parametrize("normalize_y", [True, False])
    @pytest.mark.parametrize("shape", [(30,), (30, 2)])
    def test_numbers_too_large_to_be_squared_are_named(self, normalize_y, shape):
        y = np.broadcast_to(np.where(Y > 0, 1.5e308, -1.5e308), shape[::-1]).T
        message = r"^y has values as large as 1.5e\+308; .* overflow float64"
        with pytest.raises(ValueError, match=message):
            make(normalize_y=normalize_y).fit(X, y)

    def test_numbers_too_large_for_float32_are_named(self):
        with pytest.raises(ValueError, match="overflow float32"):
            make(normalize_y=False).fit(X.astype(np.float32), 1e25 * Y)
        model = make().fit(X.astype(np.float32), 1e25 * Y)
        assert np.isfinite(model.loss_)

    @pytest.mark.parametrize("factor", [1e-300, 1e150, 1e300])
    def test_other_large_and_small_numbers_are_learnt(self, factor):
        model = make().fit(X, factor * Y)
        assert model.loss_ == pytest.approx(make().fit(X, Y).loss_, rel=1e-9)


class TestAssumeFinite:
    @pytest.fixture(autouse=True)
    def _unchecked(self):
        with sklearn.config_context(assume_finite=True):
            yield

    @pytest.mark.parametrize("Estimator", [BPRegressor, BPClassifier])
    @pytest.mark.parametrize("value", [np.nan, np.inf])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_what_is_not_finite_in_X_is_named(self, Estimator, value, dtype):
        rows, y = X.astype(dtype), (Y > 0).astype(int)
        spoilt = rows.copy()
        spoilt[3, 1] = value
        model = Estimator(4, max_iter=2, random_state=0)
        with pytest.raises(ValueError, match=r"^X contains NaN or infinity"):
            model.fit(spoilt, y)
        with pytest.raises(ValueError, match=r"^X_val contains NaN or infinity"):
            model.fit(rows, y, X_val=spoilt, y_val=y)
        model.fit(rows, y)
        with pytest.raises(ValueError, match=r"^X contains NaN or infinity"):
            model.predict(spoilt)

    def test_gaps_in_y_are_named(self):
        with pytest.raises(ValueError, match=r"^Input y contains NaN"):
            make().fit(X, GAPS)
        with pytest.raises(ValueError, match=r"^Input y contains NaN"):
            make().fit(X, np.stack([Y, GAPS], axis=1))
        with pytest.raises(ValueError, match=r"^Input y contains NaN"):
            BPClassifier().fit(X, np.where(HIDDEN, np.nan, Y > 0))

    def test_weights_that_are_not_finite_are_named(self):
        with pytest.raises(ValueError, match=r"^sample_weight contains NaN"):
            make().fit(X, Y, GAPS)
