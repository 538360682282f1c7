"""The record of a run: what it keeps, what it says, when it ends a run."""

import math

import numpy as np
import pytest

from skann._optimize.schedule_base import Counts
from skann._optimize.schedules import SCHEDULES
from skann._training.best import BestWeights
from skann._training.monitor import COLUMNS, Limits, Monitor, new_history
from skann._training.report import Table
from skann._training.stopping import Patience


def make(patience=None, theta=None, limits=None, **keywords):
    """A monitor that watches the validation loss where there is one."""
    keywords.setdefault("watched", WATCHED["validate" in keywords])
    theta = np.zeros(2) if theta is None else theta
    return Monitor(theta, limits or Limits(patience), **keywords)


WATCHED = {False: "training loss", True: "validation loss"}


def recorded(monitor):
    history = monitor.appended_to(new_history())
    return history


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
        history = recorded(monitor)
        assert history["epoch"] == [1, 2]
        assert history["loss"] == [3.0, 1.5]
        assert monitor.loss == 1.5
        assert list(monitor.batch_losses) == [4.0, 2.0, 2.0, 1.0]
        assert monitor.n_seen == 20
        assert monitor.n_iter == 2
        for name in ("validation_loss", "validation_score", "learning_rate"):
            assert all(map(math.isnan, history[name]))
        assert monitor.best is None
        assert monitor.stop_reason is None

    def test_validation(self):
        monitor = make(validate=Validation([5.0, 3.0, 4.0]), best=BestWeights())
        for _ in range(3):
            assert not monitor.end_of_epoch(1.0, [1.0], 10)
        history = recorded(monitor)
        assert history["validation_loss"] == [5.0, 3.0, 4.0]
        assert history["validation_score"] == [-5.0, -3.0, -4.0]
        assert (monitor.best.epoch, monitor.best.value) == (2, 3.0)
        assert monitor.best.score == -3.0

    def test_the_rest_of_an_epoch_is_written_too(self):
        monitor = make(n_iter_before=7, seconds_before=100.0)
        monitor.end_of_epoch(3.0, [3.0], 10, rate=0.1, gradient_norm=2.0)
        history = recorded(monitor)
        assert tuple(history) == COLUMNS
        assert history["epoch"] == [8]
        assert history["learning_rate"] == [0.1]
        assert history["gradient_norm"] == [2.0]
        assert 100 <= history["seconds"][0] <= monitor.seconds

    def test_a_history_is_written_on(self):
        history = new_history()
        for before, loss in ((0, 3.0), (1, 2.0)):
            monitor = make(n_iter_before=before)
            monitor.end_of_epoch(loss, [loss], 1)
            history = monitor.appended_to(history)
        assert history["epoch"] == [1, 2]
        assert history["loss"] == [3.0, 2.0]
        assert {len(column) for column in history.values()} == {2}

    @pytest.mark.parametrize(
        ("losses", "n_iter", "fall"),
        [
            ([8.0, 4.0, 3.0], 1, 0.25),
            ([8.0, 4.0, 3.0], 2, 0.625),
            ([8.0, 4.0, 3.0], 3, 0.0),
            ([8.0, 4.0, 3.0], math.inf, 0.0),
            ([1.0, 2.0], 1, -1.0),
            ([-1.0, -2.0], 1, 1.0),
            ([0.0, 0.0], 1, 0.0),
        ],
    )
    def test_fall(self, losses, n_iter, fall):
        monitor = make()
        for loss in losses:
            monitor.end_of_epoch(loss, [loss], 1)
        assert monitor.fall(n_iter) == pytest.approx(fall)

    def test_theta_is_read_where_there_is_validation(self):
        assert make(validate=Validation([])).reads_theta
        assert not make().reads_theta


class TestBest:
    def run(self, losses, **keywords):
        """theta is the number of the epoch, and then the best one."""
        theta = np.zeros(2)
        keywords = {"best": BestWeights()} | keywords
        monitor = make(theta=theta, validate=Validation(losses), **keywords)
        for epoch in range(len(losses)):
            theta[...] = epoch + 1
            monitor.end_of_epoch(1.0, [1.0], 10)
        monitor.restore_best()
        return theta, monitor

    @pytest.mark.parametrize(
        ("losses", "best"),
        [([3, 2, 1], 3), ([1, 2, 3], 1), ([2, 1, 3], 2), ([2, 1, 1], 2)],
    )
    def test_lowest_validation_loss_is_restored(self, losses, best):
        theta, monitor = self.run(losses)
        assert monitor.best.epoch == best
        np.testing.assert_array_equal(theta, best)

    def test_the_highest_score_where_it_is_watched(self):
        theta, monitor = self.run([2, 1, 3], watched="validation score")
        assert (monitor.best.epoch, monitor.best.score) == (2, -1)
        np.testing.assert_array_equal(theta, 2)

    def test_a_score_that_is_not_a_number_is_not_the_best(self):
        theta, monitor = self.run([math.nan, 2.0, 3.0], watched="validation score")
        assert monitor.best.epoch == 2
        np.testing.assert_array_equal(theta, 2)

    def test_is_kept_over_several_runs(self):
        best = BestWeights()
        self.run([2.0, 1.0], best=best)
        theta, _ = self.run([5.0, 4.0], best=best, n_iter_before=2)
        assert best.epoch == 2
        np.testing.assert_array_equal(theta, 2)

    def test_without_being_asked_for_there_is_none(self):
        theta, monitor = self.run([1.0, 2.0], best=None)
        assert monitor.best is None
        np.testing.assert_array_equal(theta, 2)

    def test_without_validation_there_is_nothing_to_restore(self):
        theta = np.ones(2)
        monitor = make(theta=theta)
        monitor.end_of_epoch(1.0, [1.0], 10)
        theta[...] = 2
        monitor.restore_best()
        np.testing.assert_array_equal(theta, 2)

    def test_a_loss_that_is_not_a_number_is_not_the_best(self):
        theta, monitor = self.run([math.nan, 2.0, 3.0])
        assert monitor.best.epoch == 2
        np.testing.assert_array_equal(theta, 2)


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

    def test_patience_judges_the_score_where_it_is_watched(self):
        scores = Validation([1.0, 0.5, 2.0])
        monitor = make(Patience(0.0, 1), validate=scores, watched="validation score")
        ends = [monitor.end_of_epoch(1.0, [1.0], 1) for _ in range(3)]
        assert ends == [False, False, True]
        assert monitor.stop_reason.startswith("validation score did not improve")

    def test_a_training_loss_at_rest_ends_it_besides(self):
        limits = Limits(Patience(0.0, 2), Patience(0.0, 2))
        monitor = make(limits=limits, validate=Validation([3.0, 2.0, 1.0]))
        ends = [monitor.end_of_epoch(1.0, [1.0], 1) for _ in range(3)]
        assert ends == [False, False, True]
        assert monitor.stop_reason.startswith("training loss did not improve")

    def test_a_target_is_of_the_validation_loss_where_there_is_one(self):
        monitor = make(limits=Limits(target_loss=1.0))
        assert not monitor.end_of_epoch(1.5, [1.5], 1)
        assert monitor.end_of_epoch(1.0, [1.0], 1)
        assert monitor.stop_reason == "target_loss=1 reached"
        monitor = make(limits=Limits(target_loss=1.0), validate=Validation([2.0, 0.5]))
        assert not monitor.end_of_epoch(0.1, [0.1], 1)
        assert monitor.end_of_epoch(5.0, [5.0], 1)

    def test_time_that_is_up(self):
        monitor = make(limits=Limits(max_time=1e-9))
        assert monitor.end_of_epoch(1.0, [1.0], 1)
        assert monitor.stop_reason == "max_time=1e-09 seconds are over"
        assert not make(limits=Limits(max_time=1e9)).end_of_epoch(1.0, [1.0], 1)

    def test_no_limit_no_end(self):
        monitor = make(max_iter=3)
        assert not any(monitor.end_of_epoch(1.0, [1.0], 1) for _ in range(20))
        assert monitor.stop_reason is None
        assert monitor.limit == ("max_iter", 3)

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


class TestReport:
    def test_silent_unless_asked(self, capsys):
        monitor = make(Patience(0.0, 1), validate=Validation([1.0, 1.0]))
        monitor.end_of_epoch(1.0, [1.0], 1)
        monitor.end_of_epoch(1.0, [1.0], 1, schedule=adaptive())
        assert capsys.readouterr().out == ""

    def test_counts_on_from_the_life_before(self, capsys):
        monitor = make(report=Table(1, 3, 9), n_iter_before=3)
        monitor.end_of_epoch(0.25, [0.25], 1)
        assert "4 of 9       0.25" in capsys.readouterr().out

    def test_says_validation_and_rate(self, capsys):
        monitor = make(
            Patience(0.0, 1),
            validate=Validation([0.5, 0.5, 0.5]),
            report=Table(1, 0, 3),
        )
        schedule = adaptive(2e-6)
        monitor.end_of_epoch(1.0, [1.0], 1, schedule=schedule)
        line = capsys.readouterr().out.splitlines()[1].split()
        assert line[:6] == ["1", "of", "3", "1", "0.5", "-0.5"]
        assert line[-1] == "*"
        assert not monitor.end_of_epoch(1.0, [1.0], 1, schedule=schedule)
        said = capsys.readouterr().out
        assert "Learning rate lowered to 4e-07" in said
        assert "*" not in said
        assert monitor.end_of_epoch(1.0, [1.0], 1, schedule=schedule)
