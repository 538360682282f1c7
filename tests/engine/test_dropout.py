"""Dropout: its gradient, what it expects, and that it can be repeated."""

import numpy as np
import pytest
from _helpers import (
    constant_rate,
    drawing,
    make_case,
    make_data,
    make_weight,
    objective_for,
    small_net,
    theta,
)
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from threadpoolctl import threadpool_limits

from skann import BPClassifier, BPRegressor
from skann._engine import native
from skann._engine.contract import UnfusedEpochs
from skann._engine.masks import mask, step_keys
from skann._engine.native import binding
from skann._engine.reference import DropoutObjective
from skann._network.network import Network
from skann._optimize.optimizers import OPTIMIZERS
from skann._optimize.schedule_base import Counts

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
        objective = DropoutObjective(network, 0.1, at, data, drawing(0.4, seed=1))
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
    dropped = DropoutObjective(network, 0.0, theta, data, drawing(0.5))
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
    dropped = DropoutObjective(network, 0.1, theta, data, drawing())
    plain = objective_for(network, theta, X, y, alpha=0.1)
    assert dropped.full() == pytest.approx(plain.full())
    assert_allclose(dropped.gradient, plain.gradient, rtol=1e-12)


def test_the_share_of_units_left_out():
    network = Network((2, 1000, 1), ("identity",), "squared_error")
    theta = np.ones(network.layout.n_parameters)
    data = make_data(np.ones((50, 2)), np.zeros((50, 1)), "squared_error")
    dropped = DropoutObjective(network, 0.0, theta, data, drawing(0.3))
    # Of a unit left out of one row the output weight's gradient is zero.
    dropped.batch(slice(0, 1))
    gradient = network.layout.weights(dropped.gradient)[1]
    assert np.mean(gradient == 0) == pytest.approx(0.3, abs=0.05)


class TestMasks:
    def kept(self, rate=0.5, n_steps=20, layer=1, shape=(200, 100), seed=0):
        keys = step_keys(np.random.default_rng(seed), n_steps)
        return np.array([mask(key, layer, rate, shape, float) > 0 for key in keys])

    @pytest.mark.parametrize("rate", [0.01, 0.3, 0.5, 0.9])
    def test_every_row_unit_and_step_keeps_its_share(self, rate):
        kept = self.kept(rate)
        for axes in ((0, 1), (0, 2), (1, 2)):
            n = np.prod([kept.shape[axis] for axis in axes])
            deviation = np.sqrt(rate * (1 - rate) / n)
            off = (kept.mean(axis=axes) - (1 - rate)) / deviation
            assert abs(off).max() < 5
            assert off.std() == pytest.approx(1, abs=0.6)

    def test_neighbours_have_nothing_to_do_with_each_other(self):
        signs = 2.0 * self.kept() - 1
        limit = 5 / np.sqrt(signs.size)
        for axis in range(3):
            for away in (1, 2, 3, 8):
                assert abs((signs * np.roll(signs, away, axis)).mean()) < limit
        other = 2.0 * self.kept(layer=2) - 1
        assert abs((signs * other).mean()) < limit

    def test_what_stays_makes_up_for_the_rest(self):
        found = mask(1, 1, 0.2, (50, 40), np.float32)
        assert found.dtype == np.float32
        assert_array_equal(np.unique(found), np.array([0, 1.25], np.float32))

    def test_is_a_function_of_the_place(self):
        whole = mask(2**64 - 1, 3, 0.5, (9, 7), float)
        assert_array_equal(mask(2**64 - 1, 3, 0.5, (4, 7), float), whole[:4])
        assert_array_equal(mask(2**64 - 1, 3, 0.5, (9, 2), float), whole[:, :2])


@pytest.mark.skipif(not binding.is_compiled(), reason="no compiled engine")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
class TestCompiled:
    """The compiled engine leaves out the same units, on any number of threads."""

    def epochs(self, engine, network, data, options, dtype, name="adam"):
        theta = np.linspace(-0.5, 0.5, network.layout.n_parameters).astype(dtype)
        optimizer = OPTIMIZERS[name]().start(theta.size, dtype)
        about = network, 0.01, theta, data
        if engine == "fused":
            return theta, native.FusedEpochs(*about, optimizer, 64, options)
        kind = native.Objective if engine == "compiled" else DropoutObjective
        sizes = (64,) if engine == "compiled" else ()
        return theta, UnfusedEpochs(kind(*about, *sizes, options), optimizer, 64)

    def trained(self, engine, *about, rates, n_threads=1):
        options = drawing(*rates, seed=5)
        theta, epochs = self.epochs(engine, *about[:2], options, *about[2:])
        schedule = constant_rate(0.01)
        with threadpool_limits(n_threads):
            losses = [
                epochs.epoch(schedule, Counts(), options.rng, np.inf)[0]
                for _ in range(2)
            ]
        return theta, np.concatenate(losses)

    def close(self, one, other, dtype):
        tolerance = 2e-4 if dtype == np.float32 else 1e-10
        for a, b in zip(one, other, strict=True):
            assert_allclose(a, b, rtol=tolerance, atol=tolerance)

    @pytest.mark.parametrize("rates", [(0.3, 0.0), (0.0, 0.2), (0.4, 0.1)])
    @pytest.mark.parametrize("activation", binding.ACTIVATIONS)
    def test_equals_the_reference(self, activation, rates, dtype):
        network = Network((5, 17, 4, 1), (activation, activation), "cross_entropy")
        rows = np.random.default_rng(1).normal(size=(150, 5)).astype(dtype)
        y = (rows[:, :1] > 0).astype(dtype)
        about = network, make_data(rows, y, "cross_entropy", dtype=dtype), dtype
        expected = self.trained("reference", *about, rates=rates)
        for engine in ("compiled", "fused"):
            self.close(self.trained(engine, *about, rates=rates), expected, dtype)

    @pytest.mark.parametrize("n_features", [5, 300])
    @pytest.mark.parametrize("kind", [np.asarray, np.asfortranarray, np.float32])
    def test_inputs_in_any_memory_on_any_threads(self, n_features, kind, dtype):
        network = Network((n_features, 200, 20, 1), ("relu", "gelu"), "squared_error")
        rows = np.random.default_rng(1).normal(size=(150, n_features)).astype(dtype)
        data = make_data(kind(rows), rows[:, :1], "squared_error", dtype=dtype)
        about, rates = (network, data, dtype), (0.3, 0.2)
        expected = self.trained("reference", *about, rates=rates)
        one, two, three = (
            self.trained("fused", *about, rates=rates, n_threads=n) for n in (1, 2, 3)
        )
        self.close(one, expected, dtype)
        for found in (two, three):
            assert_array_equal(found[0], one[0])
            assert_array_equal(found[1], one[1])

    def test_hidden_units_of_sparse_data(self, dtype):
        network = Network((40, 9, 1), ("tanh",), "squared_error")
        rows = sparse.random(150, 40, 0.1, "csr", dtype, random_state=0)
        data = make_data(rows, rows.toarray()[:, :1], "squared_error", dtype=dtype)
        about, rates = (network, data, dtype), (0.3, 0.0)
        expected = self.trained("reference", *about, rates=rates)
        self.close(self.trained("fused", *about, rates=rates), expected, dtype)

    def test_inputs_of_sparse_data_and_noise_are_the_reference_s(self, dtype):
        rows = sparse.random(20, 4, 0.5, "csr", dtype, random_state=0)
        assert not native.draws(drawing(0.0, 0.1), rows)
        assert native.draws(drawing(0.1), rows)
        assert native.draws(drawing(0.1, 0.1), rows.toarray())
        assert not native.draws(drawing(0.0, 0.0, 0.1), rows.toarray())


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
