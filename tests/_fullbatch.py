"""Full-batch runs for tests to look at."""

import pytest
from _helpers import (
    make_case,
    make_data,
    make_weight,
    plain_objective,
)

from skann._engine.reference import Objective
from skann._optimize.minimizers import MINIMIZERS
from skann._training.fullbatch import train
from skann._training.monitor import Limits, Monitor, new_history

# Those that go to the minimum of J itself: not br, which has a penalty of its own, and
# gdx, which never gets there.
over_minimizers = pytest.mark.parametrize(
    "solver", [n for n in MINIMIZERS if n not in ("br", "gdx")]
)


def recorded(monitor, column):
    """One column of what the monitor has written down."""
    history = monitor.appended_to(new_history())
    return list(history[column])


class Run:
    """A small network and its data, ready to be minimised."""

    def __init__(
        self,
        loss="squared_error",
        activations=("tanh",),
        *,
        weighted=False,
        alpha=0.0,
        objective=Objective,
        n_rows=60,
    ):
        self.network, self.theta, self.X, self.y = make_case(
            loss, activations, n_rows=n_rows
        )
        self.weight = make_weight(n_rows) if weighted else None
        self.alpha = alpha
        data = make_data(self.X, self.y, loss, self.weight)
        self.objective = objective(self.network, alpha, self.theta, data)

    def train(
        self,
        solver="lbfgs",
        *,
        max_iter=1000,
        tol=1e-6,
        patience=None,
        monitor=None,
        **options,
    ):
        monitor = monitor or Monitor(self.theta, Limits(patience), max_iter=max_iter)
        train(
            self.objective,
            monitor,
            solver=MINIMIZERS[solver](**({"max_fun": 10_000} | options)),
            max_iter=max_iter,
            tol=tol,
        )
        return monitor

    def value(self):
        return plain_objective(
            self.network, self.theta, self.X, self.y, self.weight, self.alpha
        )

    def largest_slope(self):
        self.objective.full()
        return abs(self.objective.gradient).max()
