"""Rounds of mini-batch steps on every worker, and the mean after each."""

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_regression

from skann import BPClassifier, BPRegressor
from skann.dask import DaskBPClassifier, DaskBPRegressor
from skann.dask._averaging import RoundSettings, mean_of

pytest.importorskip("distributed", reason="the extra 'dask' is not installed")
da = pytest.importorskip("dask.array")

NET = {"hidden_layer_sizes": (8,), "max_iter": 3, "random_state": 0}


@pytest.fixture(scope="module")
def classes():
    X, y = make_classification(
        400, 6, n_classes=3, n_informative=5, n_redundant=0, random_state=0
    )
    return X.astype(np.float32), y


def cut(array, n_rows=100):
    return da.from_array(array, chunks=(n_rows, *array.shape[1:]))


class TestOneWorker:
    """Nothing is averaged: every bit is that of one machine."""

    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"solver": "adam", "early_stopping": True},
            {"solver": "sgd", "learning_rate": "one_cycle"},
            {"solver": "nadam", "dropout": 0.2, "shuffle": False},
            {"local_steps": 1, "outer_momentum": 0.9, "outer_learning_rate": 0.7},
        ],
    )
    def test_a_classifier_is_the_same_to_the_bit(self, options, classes, one_worker):
        X, y = classes
        found = DaskBPClassifier(**NET, **options).fit(cut(X), cut(y))
        for name in ("local_steps", "outer_momentum", "outer_learning_rate"):
            options.pop(name, None)
        expected = BPClassifier(**NET, **options).fit(X, y)
        for one, other in zip(found.coefs_, expected.coefs_, strict=True):
            np.testing.assert_array_equal(one, other)
        for name in found.history_.keys() - {"seconds"}:
            np.testing.assert_array_equal(found.history_[name], expected.history_[name])
        assert found.auto_params_.keys() == expected.auto_params_.keys()

    def test_so_is_a_regressor_with_weights_and_columns_to_scale(self, one_worker):
        X, y = make_regression(300, 3, n_targets=2, random_state=0)
        X[:, 1] *= 1000  # which one cycle scales
        weight = np.linspace(0, 2, 300)
        expected = BPRegressor(**NET).fit(X, y, sample_weight=weight)
        found = DaskBPRegressor(**NET)
        found.fit(cut(X), cut(y), sample_weight=cut(weight))
        assert found.auto_params_["standardize"]
        for one, other in zip(found.coefs_, expected.coefs_, strict=True):
            np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(found.predict(cut(X)), expected.predict(X))


class TestTwoWorkers:
    def test_they_learn_and_come_out_the_same_twice(self, classes, two_workers):
        X, y = classes
        net = {**NET, "max_iter": 15, "batch_size": 16}
        first, second = (DaskBPClassifier(**net).fit(cut(X), cut(y)) for _ in range(2))
        np.testing.assert_array_equal(first.coefs_[0], second.coefs_[0])
        one_machine = BPClassifier(**net).fit(X, y).score(X, y)
        assert first.score(cut(X), cut(y)) > one_machine - 0.05
        assert first.n_iter_ == 15
        # Every worker has seen its own rows, and together all of them.
        assert first.t_ == 15 * 400
        assert len(first.batch_loss_curve_) == 15 * 13

    @pytest.mark.parametrize(
        "options",
        [
            {"local_steps": 4},
            {"synchronous_steps": 5},
            {"outer_learning_rate": 0.7, "outer_momentum": 0.9},
            {"persist": False},
            {"early_stopping": True, "max_iter": 40},
        ],
    )
    def test_each_way_learns(self, options, classes, two_workers):
        X, y = classes
        net = {**NET, "max_iter": 25, "batch_size": 16, **options}
        found = DaskBPClassifier(**net).fit(cut(X), cut(y))
        assert found.history_["loss"][-1] < 0.8 * found.history_["loss"][0]
        assert found.score(cut(X), cut(y)) > 0.7

    def test_a_mean_after_every_plain_step_is_a_step_on_both_batches(self, two_workers):
        X, y = make_regression(64, 3, random_state=0)
        net = {
            **NET,
            "solver": "sgd",
            "momentum": 0,
            "nesterovs_momentum": False,
            "learning_rate_init": 0.05,
            "shuffle": False,
        }
        found = DaskBPRegressor(**net, batch_size=8, local_steps=1)
        found.fit(cut(X, 32), cut(y, 32))
        # One machine, with the batches that the two workers had side by side.
        order = np.arange(64).reshape(2, 4, 8).swapaxes(0, 1).ravel()
        expected = BPRegressor(**net, batch_size=16).fit(X[order], y[order])
        np.testing.assert_allclose(found.coefs_[0], expected.coefs_[0], rtol=1e-10)
        np.testing.assert_allclose(
            found.history_["loss"], expected.history_["loss"], rtol=1e-10
        )

    def test_columns_are_scaled_by_all_rows(self, two_workers):
        X, y = make_regression(400, 3, random_state=0)
        X *= [1, 1000, 1]
        net = {"hidden_layer_sizes": (8,), "max_iter": 30, "random_state": 0}
        found = DaskBPRegressor(**net).fit(cut(X), cut(y))
        assert found.auto_params_["standardize"]
        one_machine = BPRegressor(**net).fit(X, y).score(X, y)
        assert found.score(cut(X), cut(y)) > one_machine - 0.05


class TestAverage:
    def test_numbers_and_arrays_by_their_weights(self):
        assert mean_of([1.0, 4.0], [2, 1]) == pytest.approx(2)
        np.testing.assert_allclose(
            mean_of([np.array([1.0, 0]), np.array([3.0, 4])], [1, 3]), [2.5, 3]
        )

    def test_of_one_it_is_itself(self):
        only = np.array([0.1], np.float32)
        assert mean_of([only], [3]) is only

    def test_the_outer_step_is_nesterov_s(self):
        class End:
            n_seen = 1

            class optimizer:
                state = ()
                n_steps = 1

        class Progress:
            outer = None

        settings = RoundSettings(rate=0.5, momentum=0.8)
        theta, v = np.array([1.0, 2.0]), np.zeros(2)
        expected = theta.copy()
        progress = Progress()
        for ends in ([[0.0, 1.0], [1.0, 1.0]], [[-1.0, 0.0], [0.0, 3.0]]):
            found = []
            for end in ends:
                one = End()
                one.theta = np.array(end)
                found.append(one)
            d = expected - np.mean(ends, axis=0)
            v = 0.8 * v + d
            expected = expected - 0.5 * (d + 0.8 * v)
            settings.average(theta, End.optimizer(), found, progress)
            np.testing.assert_allclose(theta, expected)
