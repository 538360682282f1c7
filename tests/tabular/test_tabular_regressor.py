"""Real values of the rows of a table."""

import numpy as np
import pytest
from _tables import table, weighed
from sklearn.metrics import r2_score

from skann import TabularRegressor

X, VALUES, _ = table()
QUICK = {"cv": 3, "random_state": 0}


def test_what_is_predicted_is_the_mean_of_the_members():
    model = TabularRegressor(**QUICK).fit(X, VALUES)
    Z = model.vectorizer_.transform(X)
    np.testing.assert_allclose(model.predict(X), weighed(model, Z))
    assert model.oof_score_ == pytest.approx(r2_score(VALUES, model.oof_prediction_))


def test_several_outputs():
    y = np.stack([VALUES, -10 * VALUES, X["garden"]], axis=1)
    model = TabularRegressor(random_state=0).fit(X, y)
    assert model.predict(X).shape == model.oof_prediction_.shape == (240, 3)
    assert model.oof_score_ > 0.7


def test_units_change_nothing():
    small, large = (
        TabularRegressor(**QUICK).fit(X, VALUES * unit).predict(X) / unit
        for unit in (1.0, 1e6)
    )
    np.testing.assert_allclose(small, large, rtol=1e-4)


def test_the_score_out_of_fold_is_weighted():
    weight = np.random.default_rng(0).integers(1, 5, 240)
    model = TabularRegressor(**QUICK).fit(X, VALUES, sample_weight=weight)
    expected = r2_score(VALUES, model.oof_prediction_, sample_weight=weight)
    assert model.oof_score_ == pytest.approx(expected)


def test_numbers_of_all_types_are_targets():
    A = np.arange(240)[:, None]
    expected = TabularRegressor(**QUICK).fit(A, np.arange(240.0)).predict(A)
    for y in (np.arange(240), list(range(240)), np.arange(240).astype(object)):
        found = TabularRegressor(**QUICK).fit(A, y).predict(A)
        np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize(
    ("y", "match"),
    [
        (np.full(240, np.nan), "y contains NaN"),
        (np.full(240, np.inf), "y contains infinity"),
        (np.full(240, "much"), "y must hold numbers"),
    ],
)
def test_what_is_no_target_is_named(y, match):
    with pytest.raises(ValueError, match=match):
        TabularRegressor().fit(X, y)


def test_integers_of_many_values_are_no_classes():
    street = np.array([f"street {i}" for i in range(300)], dtype=object)
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 300, 3000)
    model = TabularRegressor(**QUICK).fit(street[codes, None], codes * 10)
    names = model.vectorizer_.get_feature_names_out()
    numbers = [n for n in names if "target" in n and "bin" not in n]
    assert numbers == ["x0_target"]
    assert model.oof_score_ > 0.95
