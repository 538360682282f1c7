"""Formulas of the schedules, and data that tests of them share."""

import math
from functools import partial

import numpy as np
import pytest
from _helpers import small_net

from skann import BPClassifier, BPRegressor
from skann._optimize.schedule_base import Counts
from skann._optimize.schedules import SCHEDULES
from skann._optimize.solvers import SOLVERS

# One solver for all schedules: solver="auto" adds decay to those that run to the end.
adam_net = partial(small_net, solver="adam")

# A run of 12 epochs of 10 steps, 95 rows each, in a model with 3 such epochs behind it.
PER_EPOCH, N_ROWS, N_EPOCHS = 10, 95, 12
PLANNED = Counts(PER_EPOCH * N_EPOCHS, N_EPOCHS, N_ROWS * N_EPOCHS)
BEFORE = 3
N = PLANNED.n_steps
LATER = {"warmup": 0.25}  # three epochs


def warm(settings):
    """Steps of warm-up."""
    return round(settings.get("warmup", 0) * N)


def epochs(k, settings):
    """Epochs, before the one of step k, since the warm-up; else in the model's life."""
    if not warm(settings):
        return BEFORE + k // PER_EPOCH
    return max(0, k // PER_EPOCH - warm(settings) / PER_EPOCH)


def step(k, every=50, factor=0.1, **settings):
    return factor ** math.floor(epochs(k, settings) / every)


def exponential(k, factor=0.98, **settings):
    return factor ** epochs(k, settings)


def cosine(k, end=0.0, **settings):
    share = (k - warm(settings)) / (N - warm(settings))
    return end + (1 - end) * math.cos(math.pi * share / 2) ** 2


def one_cycle(k, warmup=0.3, start_factor=25, end_factor=1e4):
    if k < warmup * N:
        rise = math.sin(math.pi / 2 * k / (warmup * N)) ** 2
        return 1 / start_factor + (1 - 1 / start_factor) * rise
    fall = math.cos(math.pi / 2 * (k - warmup * N) / (N - warmup * N)) ** 2
    return 1 / end_factor + (1 - 1 / end_factor) * fall


over_names = pytest.mark.parametrize("name", SCHEDULES)


def counts(epoch):
    """Before that epoch of the run."""
    n = BEFORE + epoch
    return Counts(PER_EPOCH * n, n, N_ROWS * n)


def rates(schedule):
    """The rate of every step of the run, asked for as training does."""
    found = []
    for epoch in range(N_EPOCHS):
        done = counts(epoch)
        rate = schedule.epoch_rate(done)
        steps = range(done.n_steps, done.n_steps + PER_EPOCH)
        found += [schedule.step_rate(k) if rate is None else rate for k in steps]
    return found


def data(Estimator, n=40):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    z = X[:, 0] - X[:, 1] * X[:, 2]
    return X, (z > 0).astype(int) if Estimator is BPClassifier else z


def follows(solver):
    """Whether the solver of that name has a use for a schedule."""
    kind = SOLVERS[solver]
    return kind.uses_learning_rate and kind.follows_schedule


over_estimators = pytest.mark.parametrize("Estimator", [BPClassifier, BPRegressor])


def falling(step):
    return 0.1 / (1 + step)
