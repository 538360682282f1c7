"""Dropout: its gradient, what it expects, and that it can be repeated."""

import numpy as np
import pytest
from _helpers import make_case, make_data, make_weight, objective_for, small_net, theta
from numpy.testing import assert_allclose, assert_array_equal

from skann import BPClassifier, BPRegressor
from skann._engine.reference import DropoutObjective
from skann._network.network import Network

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 4))
TWO = (X[:, 0] * X[:, 1] > 0).astype(int)
each_estimator = pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])


@pytest.mark.parametrize("activations", [("tanh",), ("gelu", "tanh")])
@pytest.mark.parametrize("weighted", [False, True])
def test_gradient_is_the_differences_with_the_same_units_left_out(
    activations, weighted
):
    network, point, X, y = make_case("softmax", activations, n_rows=9)
    data = make_data(X, y, "softmax", make_weight(9) if weighted else None)
    at = point.copy()

    def value(where):
        at[...] = where
        draws = np.random.default_rng(1)
        objective = DropoutObjective(network, 0.1, at, data, 0.4, draws)
        return objective.batch(np.arange(9))[0], objective.gradient

    gradient = value(point)[1].copy()
    steps = 1e-6 * np.eye(len(point))
    numeric = [(value(point + s)[0] - value(point - s)[0]) / 2e-6 for s in steps]
    assert_allclose(gradient, numeric, atol=1e-8)


def test_what_the_next_layer_expects_stays():
    # One hidden layer and a squared error: the mean of the outputs' gradient over
    # draws is that without dropout, as delta is linear in the outputs.
    network, theta, X, y = make_case("squared_error", ("tanh",), n_rows=5)
    data = make_data(X, y, "squared_error")
    dropped = DropoutObjective(network, 0.0, theta, data, 0.5, np.random.default_rng(0))
    plain = objective_for(network, theta, X, y)
    plain.full()
    biases = network.layout.biases
    total = np.zeros(3)
    for _ in range(20_000):
        dropped.full()
        total += biases(dropped.gradient)[1]
    assert_allclose(total / 20_000, biases(plain.gradient)[1], atol=0.02)


def test_a_rate_of_zero_is_the_objective_itself():
    network, theta, X, y = make_case("softmax", ("tanh", "relu"))
    data = make_data(X, y, "softmax")
    dropped = DropoutObjective(network, 0.1, theta, data, 0.0, np.random.default_rng(0))
    plain = objective_for(network, theta, X, y, alpha=0.1)
    assert dropped.full() == pytest.approx(plain.full())
    assert_allclose(dropped.gradient, plain.gradient, rtol=1e-12)


def test_the_share_of_units_left_out():
    network = Network((2, 1000, 1), ("identity",), "squared_error")
    theta = np.ones(network.layout.n_parameters)
    data = make_data(np.ones((50, 2)), np.zeros((50, 1)), "squared_error")
    dropped = DropoutObjective(network, 0.0, theta, data, 0.3, np.random.default_rng(0))
    # Of a unit left out of one row the output weight's gradient is zero.
    dropped.batch(slice(0, 1))
    gradient = network.layout.weights(dropped.gradient)[1]
    assert np.mean(gradient == 0) == pytest.approx(0.3, abs=0.05)


@each_estimator
class TestEstimators:
    def test_off_changes_nothing(self, Estimator):
        one, other = (
            small_net(Estimator, **options).fit(X, TWO)
            for options in ({}, {"dropout": 0.0})
        )
        assert_array_equal(theta(one), theta(other))

    @pytest.mark.parametrize("shuffle", [True, False])
    def test_can_be_repeated_and_went_another_way(self, Estimator, shuffle):
        one, other, plain = (
            small_net(Estimator, dropout=rate, shuffle=shuffle).fit(X, TWO)
            for rate in (0.3, 0.3, 0.0)
        )
        assert_array_equal(theta(one), theta(other))
        assert (theta(one) != theta(plain)).any()
        assert_array_equal(one.predict(X), one.predict(X))

    def test_training_that_goes_on_is_training_without_a_break(self, Estimator):
        whole = small_net(Estimator, dropout=0.3, warm_start=True, solver="adam")
        parts = small_net(Estimator, dropout=0.3, warm_start=True, solver="adam")
        whole.set_params(max_iter=4, n_iter_no_change=np.inf).fit(X, TWO)
        parts.set_params(max_iter=2, n_iter_no_change=np.inf).fit(X, TWO).fit(X, TWO)
        assert_array_equal(theta(parts), theta(whole))

    def test_float32_and_learning(self, Estimator):
        model = small_net(Estimator, dropout=0.2, hidden_layer_sizes=(60,))
        model.set_params(max_iter="auto").fit(X.astype(np.float32), TWO)
        assert theta(model).dtype == np.float32
        assert model.score(X, TWO) > 0.5

    @pytest.mark.parametrize("solver", ["lbfgs", "rprop"])
    def test_solvers_that_can_t(self, Estimator, solver):
        with pytest.raises(ValueError, match=r"dropout=0\.5 can't be used with solver"):
            Estimator(dropout=0.5, solver=solver).fit(X, TWO)

    @pytest.mark.parametrize("wrong", [1.0, -0.1, None])
    def test_what_is_no_probability(self, Estimator, wrong):
        with pytest.raises(ValueError, match="'dropout' parameter"):
            Estimator(dropout=wrong).fit(X, TWO)

    def test_no_hidden_layer_to_leave_units_out_of(self, Estimator):
        model = Estimator((), dropout=0.5)
        with pytest.raises(ValueError, match=r"dropout=0\.5 would not be used"):
            model.fit(X, TWO)
        assert not hasattr(model, "coefs_")
