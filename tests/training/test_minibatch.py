"""The training loop: what is asked when, what is recorded, what carries on."""

import copy
import math

import numpy as np
import pytest
from _helpers import (
    OPTIMIZER_FORMS,
    make_case,
    make_data,
    make_optimizer,
    make_weight,
    plain_objective,
)

from skann._engine import choice, reference
from skann._engine.contract import UnfusedEpochs
from skann._engine.native import binding
from skann._optimize.schedule_base import Counts
from skann._optimize.schedules import SCHEDULES
from skann._training.divergence import DivergenceError
from skann._training.minibatch import train
from skann._training.monitor import Limits, Monitor, new_history
from skann._training.stopping import Patience

N_ROWS = 50


def constant(rate=0.1):
    return SCHEDULES["constant"]().begin(rate)


class Run:
    """A small network with all that trains it."""

    def __init__(
        self,
        *,
        optimizer="plain sgd",
        schedule=None,
        patience=None,
        weighted=False,
        alpha=0.0,
        objective=None,
    ):
        self.network, self.theta, self.X, self.y = make_case(
            "softmax", ("tanh",), n_rows=N_ROWS
        )
        self.weight = make_weight(N_ROWS) if weighted else None
        self.alpha = alpha
        self.objective = objective
        self.optimizer = make_optimizer(optimizer).start(self.theta.size, np.float64)
        self.schedule = schedule or constant()
        self.patience = patience
        self.rng = np.random.default_rng(0)
        self.done = Counts()

    def train(
        self, max_iter, batch_size=16, shuffle=True, validate=None, deadline=math.inf
    ):
        monitor = Monitor(
            self.theta,
            Limits(self.patience),
            validate=validate,
            max_iter=max_iter,
            n_iter_before=self.done.n_epochs,
        )
        monitor.deadline = deadline
        train(
            lambda: self.epochs(batch_size),
            self.schedule,
            monitor,
            rng=self.rng if shuffle else None,
            max_iter=max_iter,
            done=self.done,
        )
        return monitor

    def epochs(self, batch_size):
        data = make_data(self.X, self.y, self.network.loss, self.weight)
        about = self.network, self.alpha, self.theta, data
        if self.objective:
            return UnfusedEpochs(self.objective(*about), self.optimizer, batch_size)
        return choice.epochs(*about, self.optimizer, batch_size)

    def value(self, rows=slice(None)):
        weight = None if self.weight is None else self.weight[rows]
        return plain_objective(
            self.network, self.theta, self.X[rows], self.y[rows], weight, self.alpha
        )

    def gradient(self):
        data = make_data(self.X, self.y, self.network.loss, self.weight)
        objective = reference.Objective(self.network, self.alpha, self.theta, data)
        objective.full()
        return objective.gradient


@pytest.fixture(params=["reference", "compiled"])
def engine(request, monkeypatch):
    """Runs by one engine and then by the other."""
    if request.param == "reference":
        monkeypatch.setattr(binding, "_compiled", None)
    elif not binding.is_compiled():
        pytest.skip("the compiled engine is not there")


class Recorder(SCHEDULES["constant"]):
    """A schedule that writes down what it is asked."""

    def __init__(self, every_step=False):
        self.every_step = every_step
        self.epochs, self.steps, self.started = [], [], []

    def start(self, done, planned):
        self.started.append((copy.copy(done), planned))

    def epoch_rate(self, done):
        self.epochs.append(copy.copy(done))
        return None if self.every_step else 0.1 / len(self.epochs)

    def step_rate(self, n_steps):
        self.steps.append(n_steps)
        return 0.1 / (1 + n_steps)


def recorded(monitor, column):
    """One column of what the monitor has written down."""
    history = monitor.appended_to(new_history())
    return list(history[column])


@pytest.mark.usefixtures("engine")
class TestOneEpoch:
    def test_losses_are_those_before_the_updates(self):
        run = Run(alpha=0.1)
        first, whole = run.value(slice(16)), run.value()
        monitor = run.train(1, shuffle=False)
        assert monitor.batch_losses[0] == pytest.approx(first, rel=1e-12)
        assert run.value() < whole

    @pytest.mark.parametrize("batch_size", [1, 7, 16, 25, 49, 50])
    @pytest.mark.parametrize("shuffle", [True, False])
    def test_loss_is_the_mean_over_rows_also_with_a_smaller_last_batch(
        self, batch_size, shuffle
    ):
        # Without steps every batch is measured at one theta, so their mean is J.
        run = Run(weighted=True)
        run.schedule = constant(1e-300)
        monitor = run.train(1, batch_size, shuffle)
        assert len(monitor.batch_losses) == -(-N_ROWS // batch_size)
        assert recorded(monitor, "loss") == pytest.approx([run.value()], rel=1e-12)
        assert monitor.n_seen == N_ROWS

    def test_a_batch_size_beyond_the_rows_is_all_rows(self):
        large, exact = Run(), Run()
        one, other = large.train(3, 10_000), exact.train(3, N_ROWS)
        assert recorded(one, "loss") == recorded(other, "loss")
        assert len(one.batch_losses) == 3
        np.testing.assert_array_equal(large.theta, exact.theta)

    def test_the_step_is_along_the_gradient(self):
        run = Run(weighted=True, alpha=0.2)
        expected = run.theta - 0.1 * run.gradient()
        run.train(1, N_ROWS)
        np.testing.assert_allclose(run.theta, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.usefixtures("engine")
class TestRates:
    def test_are_asked_for_once_an_epoch_with_what_is_done(self):
        run = Run(schedule=Recorder())
        run.train(3)
        run.train(2)
        assert run.schedule.epochs == [Counts(4 * e, e, 50 * e) for e in range(5)]
        assert run.schedule.steps == []
        assert run.schedule.started == [
            (Counts(), Counts(12, 3, 150)),
            (Counts(12, 3, 150), Counts(8, 2, 100)),
        ]

    def test_are_asked_for_before_every_step_where_they_change(self):
        run = Run(schedule=Recorder(every_step=True))
        run.train(2)
        run.train(1)
        assert run.schedule.steps == list(range(12))

    def test_of_the_last_steps_are_told_to_the_monitor(self):
        monitor = Run(schedule=Recorder()).train(3)
        assert recorded(monitor, "learning_rate") == [0.1, 0.1 / 2, 0.1 / 3]
        monitor = Run(schedule=Recorder(every_step=True)).train(2)
        assert recorded(monitor, "learning_rate") == [0.1 / 4, 0.1 / 8]

    @pytest.mark.parametrize("optimizer", OPTIMIZER_FORMS)
    def test_of_one_epoch_do_not_move_the_other(self, optimizer):
        # Rates that halve at the second epoch, against two runs of one epoch each.
        class Halving(SCHEDULES["constant"]):
            def decayed(self, n_epochs, n_seen):
                return self.initial / (1 + n_epochs)

        together = Run(optimizer=optimizer, schedule=Halving().begin(0.05))
        together.train(2)
        apart = Run(optimizer=optimizer)
        for rate in (0.05, 0.025):
            apart.schedule = constant(rate)
            apart.train(1)
        np.testing.assert_array_equal(together.theta, apart.theta)


@pytest.mark.usefixtures("engine")
class TestSeveralEpochs:
    @pytest.mark.parametrize("optimizer", OPTIMIZER_FORMS)
    def test_the_loss_falls(self, optimizer):
        schedule = constant(0.03)
        monitor = Run(optimizer=optimizer, schedule=schedule).train(30)
        assert monitor.n_iter == 30
        assert recorded(monitor, "loss")[-1] < 0.9 * recorded(monitor, "loss")[0]
        assert monitor.stop_reason is None

    @pytest.mark.parametrize("optimizer", OPTIMIZER_FORMS)
    @pytest.mark.parametrize("schedule", ["constant", "invscaling"])
    def test_two_and_three_are_five(self, optimizer, schedule):
        def start():
            return Run(optimizer=optimizer, schedule=SCHEDULES[schedule]().begin(0.1))

        once, twice = start(), start()
        whole = once.train(5)
        losses = recorded(twice.train(2), "loss") + recorded(twice.train(3), "loss")
        assert losses == recorded(whole, "loss")
        np.testing.assert_array_equal(twice.theta, once.theta)

    def test_the_same_generator_the_same_run(self):
        first, again, other = Run(), Run(), Run()
        other.rng = np.random.default_rng(1)
        for run in (first, again, other):
            run.train(3)
        np.testing.assert_array_equal(again.theta, first.theta)
        assert not np.array_equal(other.theta, first.theta)

    def test_the_generator_moves_on_only_when_rows_are_shuffled(self):
        for shuffle in (True, False):
            run = Run()
            before = copy.deepcopy(run.rng.bit_generator.state)
            run.train(1, shuffle=shuffle)
            assert (run.rng.bit_generator.state != before) == shuffle

    def test_patience_ends_the_run(self):
        run = Run(patience=Patience(1e9, 3))
        monitor = run.train(20)
        # The first loss improves on nothing at all, and is the best from then on.
        assert monitor.n_iter == 4
        assert "did not improve" in monitor.stop_reason

    def test_divergence_is_an_error(self):
        run = Run()
        run.y *= 1e200
        run.schedule = constant(1e308)
        with (
            np.errstate(over="ignore", invalid="ignore"),
            pytest.raises(ValueError, match="Training diverged"),
        ):
            run.train(10)


class Interrupted(reference.Objective):
    """Someone presses Ctrl-C at the tenth batch."""

    n_batches = 0

    def batch(self, rows):
        self.n_batches += 1
        if self.n_batches == 10:
            raise KeyboardInterrupt
        return super().batch(rows)


def test_an_interrupt_keeps_what_has_been_learnt():
    run = Run(objective=Interrupted)
    with pytest.warns(UserWarning, match="interrupted by user"):
        monitor = run.train(100)
    assert monitor.stop_reason == "interrupted by user"
    # Four batches make an epoch: two whole ones are on record, and nine steps taken.
    assert monitor.n_iter == 2
    assert run.optimizer.n_steps == 9
    twin = Run()
    twin.train(2)
    assert not np.array_equal(run.theta, twin.theta)
    assert np.isfinite(run.theta).all()


class OfOneOutcome:
    """Epochs that end in an error, and remember whether they have been flushed."""

    n_rows = n_batches = 1

    def __init__(self, outcome):
        self.outcome, self.is_flushed = outcome, False

    def epoch(self, *about):
        raise self.outcome

    def flush(self):
        self.is_flushed = True


class GoesBack:
    def go_back(self, error):
        pass

    def check(self, losses, loss):
        pass


def test_an_interrupt_after_a_divergence_leaves_the_epochs_that_went_on():
    made = [OfOneOutcome(DivergenceError()), OfOneOutcome(KeyboardInterrupt())]
    monitor = Monitor(np.zeros(2), Limits(Patience(0.1, 3)), max_iter=5)
    to_make = iter(made)
    with pytest.warns(UserWarning, match="interrupted by user"):
        train(
            lambda: next(to_make),
            constant(),
            monitor,
            rng=None,
            max_iter=5,
            done=Counts(),
            backtracking=GoesBack(),
        )
    # What lazy updates have left behind is the second's, of weights gone back.
    assert [epochs.is_flushed for epochs in made] == [False, True]
