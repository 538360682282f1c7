"""What "auto" stands for: the rules, when they hold, and what they bring."""

import inspect
import math

import numpy as np
import pytest
from _helpers import theta
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from skann import BPClassifier, BPRegressor
from skann._estimators.auto import n_epochs, peak_rate, weight_decay
from skann.schedules import OneCycle
from skann.solvers import AdamW

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 5))
Y = {BPClassifier: (X[:, 0] * X[:, 1] > 0).astype(int), BPRegressor: X[:, 0] + X[:, 1]}

each_estimator = pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])


class TestRules:
    def test_decay_is_the_formula_between_its_bounds(self):
        wanted = 8 * math.sqrt(20 / 10_000)
        assert weight_decay(10_000, np.ones(20)) == pytest.approx(wanted)
        assert weight_decay(10**7, np.ones(20)) == pytest.approx(0.1)
        assert weight_decay(100, np.ones(20)) == pytest.approx(1.5)

    def test_decay_follows_classes_and_depth(self):
        one = weight_decay(10_000, np.ones(20))
        assert weight_decay(10_000, np.ones(20), 5) == pytest.approx(one / 2)
        assert weight_decay(10_000, np.ones(20), 2, 3) == pytest.approx(3 * one)
        assert weight_decay(10_000, np.ones(20), 2, 6) == pytest.approx(3 * one)
        assert weight_decay(10_000, np.ones(20), 2, 0) == pytest.approx(one / 10)

    @pytest.mark.parametrize("n_rows", [100, 10_000, 10**7])
    def test_decay_is_as_the_scale_of_the_inputs(self, n_rows):
        variances = np.linspace(0.5, 2, 20)
        one = weight_decay(n_rows, variances)
        assert weight_decay(n_rows, 9 * variances) == pytest.approx(3 * one)

    def test_constant_inputs_have_nothing_to_decay(self):
        assert weight_decay(100, np.zeros(3)) == 0

    @pytest.mark.parametrize(
        ("n_rows", "batch_size", "expected"),
        [
            (40, 40, 500),
            (150, 8, 60),
            (10_000, 200, 60),
            (40_000, 200, 30),
            (10**7, 200, 10),
        ],
    )
    def test_epochs(self, n_rows, batch_size, expected):
        assert n_epochs(n_rows, batch_size) == expected

    def test_rates(self):
        assert peak_rate((100,)) == peak_rate((64, 64)) == 0.01
        assert peak_rate((800, 10)) == 0.005
        assert peak_rate(()) == 0.05


@each_estimator
class TestCycle:
    def test_is_what_it_says(self, Estimator):
        net = Estimator(random_state=0).fit(X, Y[Estimator])
        chosen = net.auto_params_
        same = Estimator(
            solver=AdamW(weight_decay=chosen["solver"].weight_decay),
            alpha=chosen["alpha"],
            learning_rate=OneCycle(),
            learning_rate_init=chosen["learning_rate_init"],
            max_iter=chosen["max_iter"],
            batch_size=chosen["batch_size"],
            random_state=0,
        ).fit(X, Y[Estimator])
        assert_array_equal(theta(net), theta(same))
        assert net.n_iter_ == chosen["max_iter"] == 60
        assert same.auto_params_ == {}

    def test_decay_is_from_the_rows_in_use(self, Estimator):
        weight = np.repeat([1.0, 0.0], 150)
        net = Estimator(random_state=0).fit(X, Y[Estimator], sample_weight=weight)
        expected = weight_decay(150, X[:150].var(axis=0))
        assert_allclose(net.auto_params_["solver"].weight_decay, expected, rtol=1e-12)

    def test_sparse_data_are_the_same_data(self, Estimator):
        dense = Estimator(random_state=0).fit(X, Y[Estimator])
        net = Estimator(random_state=0).fit(sparse.csr_array(X), Y[Estimator])
        assert_allclose(net.predict(X), dense.predict(X), rtol=1e-6)

    def test_a_penalty_of_one_s_own_is_instead_of_the_decay(self, Estimator):
        net = Estimator(alpha=0.01, max_iter=2).fit(X, Y[Estimator])
        assert net.auto_params_["solver"].weight_decay == 0
        assert "alpha" not in net.auto_params_

    def test_epochs_can_be_fewer_and_not_more(self, Estimator):
        for given, expected in ((7, 7), (1000, 60)):
            assert Estimator(max_iter=given).fit(X, Y[Estimator]).n_iter_ == expected

    @pytest.mark.parametrize(
        "parameters",
        [
            {"solver": "adam"},
            {"learning_rate": "constant"},
            {"learning_rate_init": 0.001},
            {"tol": 1e-3},
            {"n_iter_no_change": 3},
            {"beta_1": 0.8},
            {"warm_start": True},
        ],
        ids=str,
    )
    def test_what_says_otherwise_trains_as_in_scikit_learn(self, Estimator, parameters):
        net = Estimator(random_state=0, **parameters).fit(X, Y[Estimator])
        there = {
            "solver": "adam",
            "alpha": 0.0,
            "learning_rate": "constant",
            "learning_rate_init": 0.001,
            "max_iter": 200,
        }
        twin = Estimator(random_state=0, **there | parameters).fit(X, Y[Estimator])
        assert_array_equal(theta(net), theta(twin))
        expected = {n: v for n, v in there.items() if n not in parameters}
        assert net.auto_params_ == expected | {"batch_size": 12}

    def test_passes_are_at_a_constant_rate(self, Estimator):
        classes = {"classes": [0, 1]} if Estimator is BPClassifier else {}
        net = Estimator(random_state=0).partial_fit(X, Y[Estimator], **classes)
        assert net.history_["learning_rate"] == [0.001]
        assert net.auto_params_["solver"] == "adam"

    def test_wide_sparse_data_train_as_in_scikit_learn(self, Estimator):
        where = np.repeat(np.arange(300), 2), rng.integers(20_000, size=600)
        wide = sparse.csr_array((np.ones(600), where), shape=(300, 20_000))
        net = Estimator((3,), max_iter=2).fit(wide, Y[Estimator])
        assert net.auto_params_["solver"] == "adam"

    def test_no_default_is_mistaken_for_a_choice(self, Estimator):
        # Given by hand, the values of the signature are still nobody's choice.
        defaults = {
            name: parameter.default
            for name, parameter in inspect.signature(Estimator).parameters.items()
        }
        net = Estimator(**defaults | {"random_state": 0}).fit(X, Y[Estimator])
        assert_array_equal(
            theta(net), theta(Estimator(random_state=0).fit(X, Y[Estimator]))
        )


class TestAccuracy:
    """What it is for: a first fit that does not memorise the noise."""

    def test_noisy_values(self):
        data = load_diabetes(return_X_y=True)
        scores = []
        for seed in range(5):
            X, X_test, y, y_test = train_test_split(*data, random_state=seed)
            scaler = StandardScaler().fit(X)
            net = BPRegressor(random_state=seed).fit(scaler.transform(X), y)
            scores.append(net.score(scaler.transform(X_test), y_test))
        assert np.mean(scores) > 0.4

    def test_classes(self):
        data = load_breast_cancer(return_X_y=True)
        scores = []
        for seed in range(5):
            X, X_test, y, y_test = train_test_split(*data, random_state=seed)
            scaler = StandardScaler().fit(X)
            net = BPClassifier(random_state=seed).fit(scaler.transform(X), y)
            scores.append(net.score(scaler.transform(X_test), y_test))
        assert np.mean(scores) > 0.96
