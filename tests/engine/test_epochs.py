"""Epochs of any optimiser: which rows when, one step a batch, when they end early."""

import copy
import math
from types import SimpleNamespace

import numpy as np
import pytest
from _helpers import make_case, make_data, make_optimizer, make_weight

from skann._engine import contract, reference
from skann._engine.contract import Objective, UnfusedEpochs
from skann._optimize.schedule_base import Counts

# On both sides of a multiple of the batch size.
CASES = [(1, 1), (7, 1), (10, 4), (12, 4), (12, 11), (12, 12), (12, 50), (300, 7)]
over_cases = pytest.mark.parametrize(("n_rows", "batch_size"), CASES)
over_orders = pytest.mark.parametrize("shuffled", [False, True])


def constant(rate=0.1):
    """All of a schedule that an epoch asks for."""
    return SimpleNamespace(epoch_rate=lambda done: rate)


class Noting(Objective):
    """Has no network to speak of; notes the rows of each batch."""

    engine = "none"

    def __init__(self, *args):
        super().__init__(*args)
        self.batches = []

    def batch(self, rows):
        self.batches.append(np.arange(self.data.X.shape[0])[rows])
        self.gradient[...] = 0
        return 1.0, 0.0


def noted(n_rows, batch_size, rng=None, rows=None):
    """The batches of an epoch."""
    network, theta, X, y = make_case("softmax", (), n_rows=n_rows)
    data = make_data(X, y, "softmax", rows=rows)
    objective = Noting(network, 0.0, theta, data)
    optimizer = make_optimizer("sgd").start(theta.size, theta.dtype)
    epochs = UnfusedEpochs(objective, optimizer, batch_size)
    losses, _ = epochs.epoch(constant(), Counts(), rng, math.inf)
    assert len(losses) == len(objective.batches) == optimizer.n_steps
    return objective.batches


@over_cases
@over_orders
@pytest.mark.parametrize("some", [False, True])
def test_every_row_in_use_once(n_rows, batch_size, shuffled, some):
    rows = np.arange(n_rows)[::-2] if some else None
    rng = np.random.default_rng(0) if shuffled else None
    batches = noted(n_rows, batch_size, rng, rows)
    order, stored = np.concatenate(batches), np.arange(n_rows)
    expected = stored if rows is None else rows
    np.testing.assert_array_equal(np.sort(order), np.sort(expected))
    assert all(len(batch) == len(batches[0]) for batch in batches[:-1])
    assert len(batches[-1]) <= len(batches[0]) == min(batch_size, len(expected))
    # A single batch of everything keeps its order, and nothing is drawn.
    if shuffled and len(batches) > 2:
        assert not np.array_equal(order, expected)
    elif len(batches) == 1 or not shuffled:
        np.testing.assert_array_equal(order, expected)


def test_each_epoch_has_its_own_order():
    rng = np.random.default_rng(0)
    first, second = (np.concatenate(noted(100, 8, rng)) for _ in range(2))
    assert not np.array_equal(first, second)
    again = np.concatenate(noted(100, 8, np.random.default_rng(0)))
    np.testing.assert_array_equal(first, again)


def test_every_place_is_as_likely_for_every_row():
    rng, seen = np.random.default_rng(0), np.zeros((6, 6))
    for _ in range(600):
        seen[np.arange(6), np.concatenate(noted(6, 4, rng))] += 1
    # Each count has mean 100 and deviation √(100 · 5/6) = 9.
    assert abs(seen - 100).max() < 40


class Stepped:
    """A small network and epochs of it by the reference."""

    def __init__(self, n_rows=50, optimizer="plain sgd", batch_size=16, alpha=0.0):
        network, self.theta, X, y = make_case("softmax", ("tanh",), n_rows=n_rows)
        data = make_data(X, y, "softmax", make_weight(n_rows))
        self.objective = reference.Objective(network, alpha, self.theta, data)
        self.optimizer = make_optimizer(optimizer).start(self.theta.size, np.float64)
        self.epochs = UnfusedEpochs(self.objective, self.optimizer, batch_size)

    def epoch(self, deadline=math.inf, rng=None, rate=0.1):
        return self.epochs.epoch(constant(rate), Counts(), rng, deadline)[0]


class TestDeadline:
    """The clock reads 0, 1, 2 ... here, once a question."""

    @pytest.fixture(autouse=True)
    def clock(self, monkeypatch):
        readings = iter(range(1000))
        clock = SimpleNamespace(perf_counter=lambda: next(readings))
        monkeypatch.setattr(contract, "time", clock)
        return readings

    @pytest.mark.parametrize(
        ("deadline", "n_batches"), [(-1, 1), (0.5, 2), (1, 3), (2.5, 4)]
    )
    def test_ends_an_epoch_after_the_batch(self, deadline, n_batches):
        assert Stepped().epoch(deadline) == Stepped().epoch()[:n_batches]

    def test_without_one_the_clock_is_not_read(self, clock):
        Stepped().epoch()
        assert next(clock) == 0


def test_the_norm_is_that_of_the_last_gradient():
    run = Stepped(alpha=0.1)
    run.epoch(rate=1e-300)
    _, norm = run.objective.batch(slice(48, 50))
    assert run.epochs.gradient_norm == norm > 0


class TestAllRows:
    """One step an epoch along the gradient over all rows, whatever the batch size."""

    @pytest.mark.parametrize("n_rows", [3, 512, 1201])
    def test_the_step_is_along_the_gradient(self, n_rows):
        run = Stepped(n_rows, "rprop", 2, alpha=0.2)
        value, norm = run.objective.full()
        expected = run.theta - 0.1 * np.sign(run.objective.gradient)
        assert run.epoch() == [value]
        assert run.epochs.gradient_norm == norm
        assert run.epochs.batch_size == n_rows
        np.testing.assert_allclose(run.theta, expected, rtol=1e-12, atol=1e-14)

    def test_nothing_is_drawn(self):
        run, rng = Stepped(optimizer="rprop"), np.random.default_rng(0)
        before = copy.deepcopy(rng.bit_generator.state)
        for n_steps in (1, 2, 3):
            run.epoch(rng=rng)
            assert run.optimizer.n_steps == n_steps
        assert rng.bit_generator.state == before
