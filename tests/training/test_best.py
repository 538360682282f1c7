"""A run that has come to rest does not end in a spike of its loss."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.preprocessing import scale

from skann import BPClassifier
from skann._training.best import BestWeights, WeightsBeforeSpike
from skann._training.monitor import Limits, Monitor
from skann._training.stopping import Patience

X, y = load_iris(return_X_y=True)
X = scale(X)


def test_the_first_of_the_lowest_values_is_the_best():
    best, theta = BestWeights(), np.zeros(2)
    for epoch, value in enumerate([3.0, 1.0, 2.0, 1.0, np.nan], 1):
        theta[...] = epoch
        best.update(value, epoch, -value, theta)
    assert (best.epoch, best.value, best.score) == (2, 1, -1)
    np.testing.assert_array_equal(best.theta, 2)


def calmest_of(losses):
    """theta is the number of the epoch that it ends."""
    calmest, theta = WeightsBeforeSpike(), np.zeros(2)
    for epoch, loss in enumerate(losses, 1):
        theta[...] = epoch
        calmest.update(loss, epoch, theta)
    return calmest


class TestCalmest:
    @pytest.mark.parametrize(
        ("losses", "epoch", "value"),
        [
            ([3, 2, 1], 2, 2),  # of the last there is one side only
            ([3, 2, 1, 9], 2, 2),  # the third may be where it began
            ([3, 2, 1, 1.5, 9], 3, 1.5),
            ([3, 2, 1, 9, 1.2, 1.1, 9], 5, 1.2),
            ([1, 2, 3], 1, 2),
            ([2, 2, 2], 1, 2),
        ],
    )
    def test_lies_between_the_two_lowest_neighbours(self, losses, epoch, value):
        calmest = calmest_of(losses)
        assert (calmest.epoch, calmest.value) == (epoch, value)
        np.testing.assert_array_equal(calmest.theta, epoch)

    @pytest.mark.parametrize("losses", [[], [1.0]])
    def test_takes_two_epochs(self, losses):
        assert calmest_of(losses).theta is None


class TestMonitor:
    def run(self, losses, n_iter_no_change=3, max_iter=100, **limits):
        theta = np.zeros(2)
        patience = Patience(0.1, n_iter_no_change)
        monitor = Monitor(theta, Limits(patience, **limits), max_iter=max_iter)
        for epoch, loss in enumerate(losses, 1):
            theta[...] = epoch
            if monitor.end_of_epoch(loss, [loss], 10):
                break
        monitor.restore_best()
        return int(theta[0]), monitor

    def test_out_of_patience_in_a_spike(self):
        kept, monitor = self.run([3, 2, 1, 0.99, 9, 8])
        assert monitor.stop_reason
        assert kept == monitor.best.epoch == 3

    def test_out_of_patience_at_the_lowest_loss(self):
        kept, monitor = self.run([3, 2, 1, 0.99, 0.98, 0.97])
        assert monitor.stop_reason
        assert (kept, monitor.best) == (6, None)

    def test_a_run_that_is_cut_short_ends_where_it_is(self):
        # It can go on exactly from there.
        kept, monitor = self.run([3, 2, 1, 9], max_iter=4)
        assert (kept, monitor.best) == (4, None)
        kept, monitor = self.run([3, 2, 1, 9], max_time=0.0, n_iter_no_change=1)
        assert (kept, monitor.best) == (1, None)

    def test_nothing_is_kept_where_patience_can_not_run_out(self):
        assert self.run([1.0], max_iter=4)[1].reads_theta
        assert not self.run([1.0], max_iter=3)[1].reads_theta


@pytest.mark.parametrize("batch_size", [30, 150])
@pytest.mark.parametrize(
    ("solver", "rate", "leap"), [("sgd", 0.5, 300.0), ("rmsprop", 0.001, 3.0)]
)
def test_the_network_is_that_of_before_the_spike(solver, rate, leap, batch_size):
    epochs, n_steps = 60, 60 * 150 // batch_size
    settings = {
        "activation": "tanh",
        "solver": solver,
        "batch_size": batch_size,
        "random_state": 0,
        "learning_rate": lambda step: rate if step < n_steps else leap,
    }
    net = BPClassifier(
        (8,), tol=1.0, n_iter_no_change=epochs + 4, max_iter=300, **settings
    ).fit(X, y)
    losses = np.array(net.loss_curve_)
    assert net.n_iter_ == epochs + 5
    assert losses[-1] > 2 * losses.min()  # it did end in a spike
    calmest = 1 + np.maximum(losses[:-1], losses[1:]).argmin()
    assert net.best_iter_ == calmest <= epochs
    assert net.best_validation_score_ is None
    # What is kept is what a run of so many epochs ends with.
    short = BPClassifier(
        (8,), n_iter_no_change=np.inf, max_iter=net.best_iter_, **settings
    ).fit(X, y)
    for kept, expected in zip(net.coefs_, short.coefs_, strict=True):
        np.testing.assert_array_equal(kept, expected)
