"""Two numbers that a search can draw instead of a tuple of layer sizes."""

import numpy as np
import pytest
from _helpers import small_net, theta
from numpy.testing import assert_array_equal
from scipy.stats import randint
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV

from skann import BPClassifier, BPRegressor

rng = np.random.RandomState(0)
X = rng.normal(size=(40, 3))
y = (X[:, 0] > 0).astype(int)

over_estimators = pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])


def hidden(model):
    return tuple(W.shape[1] for W in model.coefs_[:-1])


@pytest.mark.parametrize(
    ("n_layers", "n_units", "sizes"),
    [
        (None, None, (100,)),
        (None, 7, (7,)),
        (2, None, (100, 100)),
        (3, 5, (5, 5, 5)),
        (1, 4, (4,)),
        (0, None, ()),
        (0, 6, ()),
        (np.int64(2), np.int32(3), (3, 3)),
    ],
)
@over_estimators
def test_are_layers_of_equal_size(Estimator, n_layers, n_units, sizes):
    numbers = {"n_hidden_layers": n_layers, "n_hidden_units": n_units}
    model = Estimator(max_iter=2, random_state=0, **numbers).fit(X, y)
    assert hidden(model) == sizes
    assert model.coefs_[0].shape[0] == 3
    same = Estimator(sizes, max_iter=2, random_state=0).fit(X, y)
    assert_array_equal(theta(model), theta(same))


@pytest.mark.parametrize(
    "numbers", [{"n_hidden_layers": 1}, {"n_hidden_units": 7}, {"n_hidden_layers": 0}]
)
@pytest.mark.parametrize("given", [(7,), 7, (), (100, 100)])
@over_estimators
def test_both_ways_at_once_are_refused(Estimator, given, numbers):
    model = Estimator(given, max_iter=2, **numbers)
    with pytest.raises(ValueError, match=r"hidden_layer_sizes=.* would not be used"):
        model.fit(X, y)


@pytest.mark.parametrize("given", [(100,), [100], 100])
def test_the_default_by_any_name_is_left_alone(given):
    model = BPClassifier(given, n_hidden_units=3, max_iter=2, random_state=0).fit(X, y)
    assert hidden(model) == (3,)


@pytest.mark.parametrize(
    "wrong", [{"n_hidden_layers": -1}, {"n_hidden_units": 0}, {"n_hidden_units": 2.5}]
)
@over_estimators
def test_what_is_no_number_of_layers_or_units(Estimator, wrong):
    with pytest.raises(ValueError, match=f"The '{next(iter(wrong))}' parameter"):
        Estimator(**wrong).fit(X, y)


def test_one_activation_for_each_layer():
    model = BPClassifier(
        activation=["tanh", "relu"], n_hidden_layers=2, max_iter=2, random_state=0
    ).fit(X, y)
    assert hidden(model) == (100, 100)
    with pytest.raises(ValueError, match="one for each of the 3 hidden layers"):
        model.set_params(n_hidden_layers=3).fit(X, y)


def test_a_warm_start_with_another_number_is_refused():
    model = small_net(
        BPClassifier, hidden_layer_sizes=(100,), n_hidden_units=4, warm_start=True
    ).fit(X, y)
    with pytest.raises(ValueError, match="Training can't go on"):
        model.set_params(n_hidden_units=5).fit(X, y)


def test_a_random_search_draws_them():
    search = RandomizedSearchCV(
        BPClassifier(max_iter=2, random_state=0),
        {"n_hidden_layers": randint(0, 4), "n_hidden_units": randint(2, 30)},
        n_iter=6,
        cv=2,
        random_state=0,
    ).fit(X, y)
    drawn = search.cv_results_["params"]
    assert len({params["n_hidden_layers"] for params in drawn}) > 1
    assert len({params["n_hidden_units"] for params in drawn}) > 1
    best = search.best_params_
    expected = (best["n_hidden_units"],) * best["n_hidden_layers"]
    assert hidden(search.best_estimator_) == expected


def test_a_grid_of_them():
    grid = {"n_hidden_layers": [0, 1, 2], "n_hidden_units": [3, 4]}
    search = GridSearchCV(BPClassifier(max_iter=2, random_state=0), grid, cv=2)
    search.fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
