"""Columns in natural units: learnt from in one cycle, named in a warning elsewhere."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skann import BPClassifier, BPRegressor
from skann.datasets import load_mnist

N = 400
NAMES = ["area", "rooms", "year", "income"]


@pytest.fixture(scope="module")
def prices():
    """A price from four columns in natural units."""
    rng = np.random.default_rng(0)
    X = np.column_stack(
        [
            rng.uniform(30, 250, N),
            rng.integers(1, 8, N),
            rng.integers(1900, 2024, N),
            rng.lognormal(10.5, 0.5, N),
        ]
    )
    y = X @ [2000, 15000, 800, 1.5] + rng.normal(0, 20_000, N)
    return X, y


class TestOneCycle:
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_learns_as_behind_a_scaler(self, prices, dtype):
        X, y = prices[0].astype(dtype), prices[1]
        net = BPRegressor(random_state=0).fit(X, y)
        behind = make_pipeline(StandardScaler(), BPRegressor(random_state=0)).fit(X, y)
        assert net.auto_params_["standardize"]
        assert not behind[-1].auto_params_["standardize"]
        assert net.coefs_[0].dtype == dtype
        scale = np.abs(y).max()
        tol = 1e-9 if dtype == np.float64 else 1e-3
        assert_allclose(net.predict(X), behind.predict(X), atol=tol * scale)
        assert net.score(X, y) > 0.95

    def test_whatever_the_units(self, prices):
        X, y = prices
        net = BPRegressor(random_state=0).fit(X, y)
        other = BPRegressor(random_state=0).fit(X * [1e4, 1e-3, 1, 1e-2], y)
        other_predictions = other.predict(X * [1e4, 1e-3, 1, 1e-2])
        assert_allclose(other_predictions, net.predict(X), rtol=1e-6)

    def test_of_weights_and_of_repeated_rows_is_the_same(self, prices):
        X, y = prices[0][:40], prices[1][:40]
        weight = np.random.default_rng(1).integers(0, 3, 40)
        options = {"random_state": 0, "batch_size": 10**4}
        weighed = BPRegressor(**options).fit(X, y, sample_weight=weight)
        repeated = BPRegressor(**options).fit(X.repeat(weight, 0), y.repeat(weight))
        assert_allclose(weighed.predict(X), repeated.predict(X), rtol=1e-6)

    def test_of_small_numbers(self):
        X, y = load_iris(return_X_y=True)
        net = BPClassifier(random_state=0).fit(X * 1e-6, y)
        assert net.auto_params_["standardize"]
        assert net.score(X * 1e-6, y) > 0.95

    def test_of_sparse_data_keeps_their_zeros(self):
        X, y = load_iris(return_X_y=True)
        net = BPClassifier(random_state=0).fit(sparse.csr_array(X * 100), y)
        assert net.auto_params_["standardize"]
        assert net.score(sparse.csr_array(X * 100), y) > 0.95

    def test_with_validation_data_and_starting_weights(self, prices):
        X, y = prices
        first = BPRegressor(random_state=0).fit(X, y)
        start = first.coefs_, first.intercepts_
        net = BPRegressor(random_state=0, max_iter=1, alpha=0.0)
        net.fit(X, y, X_val=X, y_val=y, coef_init=start[0], intercept_init=start[1])
        # The very first step of one cycle is a small one.
        assert net.history_["loss"][0] < 0.1
        again = np.mean((net.predict(X) - y) ** 2) / 2 / y.var()
        assert_allclose(net.history_["validation_loss"][-1], again, rtol=1e-6)

    def test_of_constant_columns(self, prices):
        X, y = prices
        net = BPRegressor(random_state=0).fit(np.c_[X, np.full(N, 1e5)], y)
        assert net.score(np.c_[X, np.full(N, 1e5)], y) > 0.95

    def test_leaves_ordinary_columns_alone(self):
        rng = np.random.default_rng(0)
        y = rng.integers(0, 2, 200)
        rare = (rng.random((200, 2)) < 0.02).astype(float) * 0.05
        for X in (rng.normal(size=(200, 3)), rng.random((200, 3)), np.c_[y, rare]):
            net = BPClassifier(max_iter=2, random_state=0).fit(X, y)
            assert not net.auto_params_["standardize"]
        pixels, digits = load_mnist(subset="test", return_X_y=True)
        net = BPClassifier(max_iter=1, random_state=0).fit(pixels, digits)
        assert not net.auto_params_["standardize"]

    def test_does_not_touch_what_it_was_given(self, prices):
        X, y = prices[0].copy(), prices[1]
        BPRegressor(max_iter=1, random_state=0).fit(X, y)
        assert_array_equal(X, prices[0])


each_way = pytest.mark.parametrize(
    "parameters",
    [
        {"solver": "adam"},
        {"solver": "sgd"},
        {"solver": "lbfgs"},
        {"solver": "lm", "hidden_layer_sizes": (5,)},
        {"early_stopping": True},
        {"learning_rate_init": 0.005},
        {"learning_rate": "one_cycle"},
        {"warm_start": True},
        {"tol": 1e-5, "solver": "adam"},
    ],
    ids=str,
)


class TestEverySolver:
    @each_way
    @pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
    def test_columns_in_natural_units_are_learnt(self, prices, parameters):
        X, y = prices
        net = BPRegressor(random_state=0, **parameters).fit(X, y)
        assert net.auto_params_["standardize"]
        assert net.score(X, y) > 0.95

    @each_way
    @pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
    def test_ordinary_columns_are_trained_on_as_they_are(self, parameters):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(100, 3))
        made = [
            BPRegressor(random_state=0, standardize=how, **parameters).fit(X, X[:, 0])
            for how in ("auto", False)
        ]
        assert_array_equal(made[0].coefs_[0], made[1].coefs_[0])

    def test_standardize_true_is_a_scaler_before_the_network(self):
        X, y = load_iris(return_X_y=True)
        net = BPClassifier(solver="adam", standardize=True, random_state=0)
        behind = make_pipeline(
            StandardScaler(), BPClassifier(solver="adam", random_state=0)
        )
        expected = behind.fit(X, y).predict_proba(X)
        assert_allclose(net.fit(X, y).predict_proba(X), expected, atol=1e-9)

    def test_perceptron_is_left_in_its_scale(self):
        X, y = load_iris(return_X_y=True)
        net = BPClassifier((), loss="perceptron", solver="sgd", max_iter=3)
        net.fit(100 * X[:100], y[:100])
        assert not net.auto_params_["standardize"]

    def test_warm_start_goes_on_in_the_same_scale(self, prices):
        X, y = prices
        net = BPRegressor(warm_start=True, solver="adam", max_iter=20, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            loss = net.fit(X, y).loss_
            assert net.fit(X, y).loss_ < loss
            one = BPRegressor(solver="adam", max_iter=40, random_state=0).fit(X, y)
        assert_allclose(net.predict(X), one.predict(X), rtol=1e-6)


class TestStream:
    def stream(self, net, X, y, n_passes=10, **options):
        for _ in range(n_passes):
            for start in range(0, len(X), 40):
                rows = slice(start, start + 40)
                net.partial_fit(X[rows], y[rows], **options)
        return net

    @pytest.mark.parametrize("average", [None, "ema"])
    def test_learns_from_columns_in_natural_units(self, prices, average):
        X, y = prices
        net = BPRegressor(learning_rate_init=0.01, average=average, random_state=0)
        assert self.stream(net, X, y).score(X, y) > 0.95

    def test_early_stopping_brings_back_weights_in_the_given_units(self, prices):
        X, y = prices
        net = BPRegressor(early_stopping=True, n_iter_no_change=2, random_state=0)
        val = {"X_val": X, "y_val": y}
        for _ in range(200):
            net.partial_fit(X, y, **val)
            if net.stop_reason_ is not None:
                break
        assert net.score(X, y) == pytest.approx(net.best_validation_score_)

    def test_goes_on_after_a_copy_by_pickle_as_before(self, prices):
        X, y = prices
        net = self.stream(BPRegressor(random_state=0), X, y, 1)
        copied = pickle.loads(pickle.dumps(net))
        for each in (net, copied):
            each.partial_fit(X[:40], y[:40])
        assert_array_equal(net.coefs_[0], copied.coefs_[0])

    def test_sparse_rows_keep_their_zeros(self):
        X, y = load_iris(return_X_y=True)
        X = sparse.csr_array(X * 100)
        net = BPClassifier(random_state=0, learning_rate_init=0.01)
        for _ in range(60):
            net.partial_fit(X, y, classes=[0, 1, 2])
        assert net.score(X, y) > 0.95


class TestWarning:
    def test_names_columns_that_no_network_learns_from(self, prices):
        X, y = pd.DataFrame(prices[0], columns=NAMES), prices[1]
        net = BPRegressor(solver="sgd", standardize=False, random_state=0)
        with pytest.warns(ConvergenceWarning, match="no better than guessing") as said:
            net.fit(X, y)
        message = str(said[0].message)
        assert "StandardScaler" in message
        assert "'area', 'rooms', 'year' and 1 more" in message
        assert net.score(X, y) < 0.1

    def test_of_a_rate_that_is_too_high(self):
        X, y = load_iris(return_X_y=True)
        net = BPClassifier(solver="sgd", learning_rate_init=1.0, random_state=0)
        with pytest.warns(ConvergenceWarning, match="no better than guessing") as said:
            net.fit(X, y)
        message = str(said[0].message)
        assert "learning_rate_init" in message
        assert "StandardScaler" not in message
        assert net.score(X, y) < 0.4

    @pytest.mark.parametrize("loss", ["mse", "cross_entropy", "softmax"])
    def test_is_not_given_where_there_is_nothing_to_learn(self, loss):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(300, 3)), rng.integers(0, 3, 300)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            BPClassifier(loss=loss, random_state=0).fit(X, y)
            BPRegressor(random_state=0).fit(X, rng.normal(size=(300, 2)))

    def test_counts_targets_that_are_there(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(200, 2))
        y = np.c_[X[:, 0], X[:, 1]]
        y[:150, 0] = np.nan
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            BPRegressor(missing_targets="ignore", random_state=0).fit(X, y)
