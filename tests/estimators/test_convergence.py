"""Warnings of training that learnt nothing, and none without need."""

import numpy as np
import pytest
from _helpers import small_net
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from skann import BPClassifier, BPRegressor
from skann._estimators.regression_losses import LOSS_NAMES

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 4))
TWO = (X[:, 0] > 0).astype(int)
REAL = X[:, 0] + 2
each_estimator = pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])
SAME = "no better than guessing: its outputs are the same for all rows"


class TestDeadNetworks:
    @pytest.mark.parametrize("sparse_rows", [False, True])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @each_estimator
    def test_saturated_layers_are_told(self, Estimator, dtype, sparse_rows):
        rows = X.astype(dtype)
        rows = sparse.csr_array(rows) if sparse_rows else rows
        net = small_net(Estimator, hidden_layer_sizes=(8,) * 8, activation="logistic")
        with pytest.warns(ConvergenceWarning, match=SAME):
            net.fit(rows, TWO)

    @pytest.mark.parametrize("loss", sorted(LOSS_NAMES))
    def test_a_penalty_that_leaves_nothing_is_told_for_every_loss(self, loss):
        net = BPRegressor((5,), loss=loss, alpha=100.0, l1_ratio=1.0, random_state=0)
        with pytest.warns(ConvergenceWarning, match=SAME):
            net.set_params(solver="sgd", learning_rate_init=0.01).fit(X, abs(REAL))

    @pytest.mark.parametrize(
        "loss", ["mse", "cross_entropy", "softmax", "perceptron", "focal"]
    )
    def test_the_same_for_every_loss_of_classes(self, loss):
        net = BPClassifier((5,), loss=loss, alpha=100.0, l1_ratio=1.0, random_state=0)
        three = np.digitize(X[:, 0], [-0.5, 0.5])
        with pytest.warns(ConvergenceWarning, match=SAME):
            net.set_params(solver="sgd", learning_rate_init=0.01).fit(X, three)


# The suite ignores this warning elsewhere, for many tests train for a few epochs only.
@pytest.mark.filterwarnings("error:The network is no better than guessing")
class TestNoFalseAlarm:
    @pytest.mark.parametrize("loss", sorted(LOSS_NAMES))
    @pytest.mark.parametrize("value", [7.0, 1e-6])
    def test_of_constant_targets(self, loss, value):
        BPRegressor((5,), loss=loss, random_state=0).fit(X, np.full(200, value))

    def test_of_constant_targets_and_a_full_batch(self):
        BPRegressor((5,), solver="lbfgs", random_state=0).fit(X, np.full(200, 7.0))

    def test_of_one_class(self):
        BPClassifier((5,), random_state=0).fit(X, np.zeros(200))

    @each_estimator
    def test_of_rows_in_a_pattern(self, Estimator):
        # Every third row has another target, as rows have that a sorted join repeats.
        rows = np.zeros((3000, 2000))
        y = np.tile([1.0, 0.0, 1.0], 1000)
        rows[:, 7] = y
        net = small_net(Estimator, learning_rate_init=0.02, n_iter_no_change=3)
        net.set_params(solver="adam", max_iter=3, batch_size=200).fit(
            sparse.csr_array(rows), y
        )

    @each_estimator
    def test_of_few_epochs_whose_mean_loss_is_that_of_the_way_down(self, Estimator):
        net = small_net(Estimator, hidden_layer_sizes=(), learning_rate_init=0.2)
        net.set_params(solver="adam", max_iter=1, n_iter_no_change=1, batch_size=2)
        net.fit(X, TWO, intercept_init=[[9.0]])

    def test_of_a_penalty(self):
        net = small_net(BPClassifier, solver="adam", alpha=2.0, learning_rate_init=0.1)
        net.set_params(max_iter=2, n_iter_no_change=2).fit(X, TWO)
