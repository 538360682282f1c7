"""The record of a run: what it keeps, what it says, when it ends a run."""

import math

import numpy as np
import pytest

from skann._monitor import Monitor
from skann._schedule_base import Counts
from skann._schedules import SCHEDULES
from skann._stopping import Patience


def make(patience=None, theta=None, **keywords):
    return Monitor(np.zeros(2) if theta is None else theta, patience, **keywords)


def adaptive(initial=0.1):
    schedule = SCHEDULES["adaptive"]().begin(initial)
    schedule.start(Counts(), Counts(10, 10, 10))
    return schedule


class Validation:
    """Answers with given losses; the score is the loss negated."""

    def __init__(self, losses):
        self.losses = iter(losses)

    def __call__(self):
        loss = next(self.losses)
        return loss, -loss


class TestRecord:
    def test_losses_and_rows(self):
        monitor = make()
        assert not monitor.end_of_epoch(3.0, [4.0, 2.0], 10)
        assert not monitor.end_of_epoch(1.5, [2.0, 1.0], 10)
        assert monitor.losses == [3.0, 1.5]
        assert monitor.loss == 1.5
        assert list(monitor.batch_losses) == [4.0, 2.0, 2.0, 1.0]
        assert monitor.n_seen == 20
        assert monitor.validation_losses == monitor.validation_scores == []
        assert monitor.best_epoch is None
        assert monitor.stop_reason is None

    def test_validation(self):
        monitor = make(validate=Validation([5.0, 3.0, 4.0]))
        for _ in range(3):
            assert not monitor.end_of_epoch(1.0, [1.0], 10)
        assert monitor.validation_losses == [5.0, 3.0, 4.0]
        assert monitor.validation_scores == [-5.0, -3.0, -4.0]
        assert monitor.best_epoch == 1

    def test_theta_is_read_where_there_is_validation(self):
        assert make(validate=Validation([])).reads_theta
        assert not make().reads_theta


class TestBest:
    def run(self, losses):
        """theta is the number of the epoch, and then the best one."""
        theta = np.zeros(2)
        monitor = make(theta=theta, validate=Validation(losses))
        for epoch in range(len(losses)):
            theta[...] = epoch
            monitor.end_of_epoch(1.0, [1.0], 10)
        monitor.restore_best()
        return theta, monitor

    @pytest.mark.parametrize(
        ("losses", "best"),
        [([3, 2, 1], 2), ([1, 2, 3], 0), ([2, 1, 3], 1), ([2, 1, 1], 1)],
    )
    def test_lowest_validation_loss_is_restored(self, losses, best):
        theta, monitor = self.run(losses)
        assert monitor.best_epoch == best
        np.testing.assert_array_equal(theta, best)

    def test_without_validation_there_is_nothing_to_restore(self):
        theta = np.ones(2)
        monitor = make(theta=theta)
        monitor.end_of_epoch(1.0, [1.0], 10)
        theta[...] = 2
        monitor.restore_best()
        np.testing.assert_array_equal(theta, 2)

    def test_a_loss_that_is_not_a_number_is_not_the_best(self):
        theta, monitor = self.run([math.nan, 2.0, 3.0])
        assert monitor.best_epoch == 1
        np.testing.assert_array_equal(theta, 1)


class TestStopping:
    def test_patience_judges_the_training_loss(self):
        monitor = make(Patience(0.5, 2))
        ends = [monitor.end_of_epoch(loss, [loss], 1) for loss in (3.0, 2.8, 2.7)]
        assert ends == [False, False, True]
        assert monitor.stop_reason == (
            "training loss did not improve by more than tol=0.5 for 2 consecutive "
            "iterations"
        )

    def test_patience_judges_the_validation_loss_where_there_is_one(self):
        monitor = make(Patience(0.0, 1), validate=Validation([1.0, 2.0]))
        assert not monitor.end_of_epoch(5.0, [5.0], 1)
        assert monitor.end_of_epoch(4.0, [4.0], 1)
        assert monitor.stop_reason.startswith("validation loss did not improve")

    def test_a_lower_rate_renews_the_patience(self):
        monitor, schedule = make(Patience(0.0, 2)), adaptive(0.1)
        ends = [
            monitor.end_of_epoch(1.0, [1.0], 1, schedule=schedule) for _ in range(5)
        ]
        assert not any(ends)
        assert schedule.epoch_rate(Counts()) == pytest.approx(0.1 / 25)
        assert monitor.stop_reason is None

    def test_a_rate_at_its_lowest_does_not(self):
        monitor, schedule = make(Patience(0.0, 2)), adaptive(1e-6)
        ends = [
            monitor.end_of_epoch(1.0, [1.0], 1, schedule=schedule) for _ in range(3)
        ]
        assert ends == [False, False, True]
        assert monitor.stop_reason is not None


class TestDivergence:
    @pytest.mark.parametrize("loss", [math.inf, -math.inf, math.nan])
    def test_is_an_error_that_says_what_to_change(self, loss):
        monitor = make(n_iter_before=5)
        monitor.end_of_epoch(1.0, [1.0], 1)
        message = rf"diverged: the loss is {loss} at iteration 7\..*learning_rate_init"
        with pytest.raises(ValueError, match=message):
            monitor.end_of_epoch(loss, [loss], 1)


class TestVerbose:
    def test_silent_unless_asked(self, capsys):
        monitor = make(Patience(0.0, 1), validate=Validation([1.0, 1.0]))
        monitor.end_of_epoch(1.0, [1.0], 1)
        monitor.end_of_epoch(1.0, [1.0], 1, schedule=adaptive())
        assert capsys.readouterr().out == ""

    def test_counts_on_from_the_life_before(self, capsys):
        monitor = make(verbose=True, n_iter_before=3)
        monitor.end_of_epoch(0.25, [0.25], 1)
        assert capsys.readouterr().out == "Iteration 4, loss = 0.25000000\n"

    def test_says_validation_rate_and_end(self, capsys):
        monitor = make(
            Patience(0.0, 1), validate=Validation([0.5, 0.5, 0.5]), verbose=True
        )
        schedule = adaptive(2e-6)
        monitor.end_of_epoch(1.0, [1.0], 1, schedule=schedule)
        assert "Validation loss = 0.50000000, score = -0.5" in capsys.readouterr().out
        assert not monitor.end_of_epoch(1.0, [1.0], 1, schedule=schedule)
        assert "Learning rate lowered to 4e-07" in capsys.readouterr().out
        assert monitor.end_of_epoch(1.0, [1.0], 1, schedule=schedule)
        assert f"Stopping: {monitor.stop_reason}." in capsys.readouterr().out
