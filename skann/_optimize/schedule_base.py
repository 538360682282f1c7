"""Learning-rate schedules: the rate of a step, from how far training has come.

A schedule's settings are its constructor parameters. What it keeps of a run is set by
``begin(initial)``, once with the initial rate, and ``start(done, planned)``, at the
beginning of every run. Then it is asked before every epoch for the rate of all its
steps, ``epoch_rate(done)``; only where that answers None, before every step as well,
``step_rate(n_steps)``. So a schedule that is constant over an epoch costs nothing a
step.

The warm-up is the same for all of them and stands in :class:`Schedule`; each kind
says in ``decayed`` what the rate is after it, by a clock that begins when the
warm-up is over. A schedule that ``needs_length`` (one with a warm-up, or with an end)
is made for one run: every run begins it anew. The others count over the life of the
model.

``on_plateau()`` is told when the loss has stopped improving and answers what has been
done about it, in words; None if nothing, so that training should end. Only those with
``lowers_on_plateau`` act. A schedule with ``runs_to_the_end`` is made for a whole run:
lack of improvement does not end it.

To add one: write the class with its formula in ``schedule_kinds.py`` and add it to
``SCHEDULES``.
"""

import math
from dataclasses import dataclass, replace
from numbers import Real
from typing import Self

import numpy as np
from sklearn.utils._param_validation import Interval

from .._typing import Array
from .options import Options

# What a warm-up may be.
FRACTION = [Interval(Real, 0, 1, closed="left")]


@dataclass
class Counts:
    """An amount of training: optimiser steps, epochs, rows trained on."""

    n_steps: int = 0
    n_epochs: int = 0
    n_seen: int = 0


class Schedule(Options):
    """Base of the schedules.

    Attributes
    ----------
    initial : float
        η₀, the estimator's ``learning_rate_init``.
    needs_length : bool
        Whether the rates depend on the planned number of epochs.
    """

    _parameter_constraints: dict = {"warmup": FRACTION}  # noqa: RUF012
    lowers_on_plateau = False
    runs_to_the_end = False

    def __init__(self, warmup: float = 0.0) -> None:
        self.warmup = warmup

    @property
    def needs_length(self) -> bool:
        return self.warmup != 0

    def same_settings(self, other: object) -> bool:
        return super().same_settings(other) and self.initial == other.initial

    def begin(self, initial: float) -> Self:
        """Take the initial rate, at the start of a model's life."""
        self.initial = initial
        self._warming = False
        return self

    def start(self, done: Counts, planned: Counts) -> None:
        """A run begins.

        Parameters
        ----------
        done : Counts
            What the model has been trained for.
        planned : Counts
            What the run will be, if nothing ends it early.
        """
        self._zero = replace(done) if self.needs_length else Counts()
        self._planned = planned
        # Whole steps, so that whole epochs of warm-up are whole numbers below.
        self._n_warm = round(self.warmup * planned.n_steps)

    def epoch_rate(self, done: Counts) -> float | None:
        """Rate of every step of the epoch to come; None if it changes within."""
        zero, n_warm = self._zero, self._n_warm
        if not n_warm:
            return self.decayed(
                done.n_epochs - zero.n_epochs, done.n_seen - zero.n_seen
            )
        n_epochs, n_seen = done.n_epochs - zero.n_epochs, done.n_seen - zero.n_seen
        self._warming = done.n_steps - zero.n_steps < n_warm
        if self._warming:
            return None
        planned = self._planned
        n_epochs -= n_warm * planned.n_epochs / planned.n_steps
        n_seen -= n_warm * planned.n_seen / planned.n_steps
        return self.decayed(n_epochs, n_seen)

    def step_rate(self, n_steps: int) -> float:
        """Rate of the step after ``n_steps`` ones in the life of the model."""
        k = n_steps - self._zero.n_steps
        return self.initial * min(1.0, (k + 1) / self._n_warm)

    def decayed(self, n_epochs: float, n_seen: float) -> float:
        """Rate of an epoch, so many epochs and rows after the warm-up."""
        raise NotImplementedError

    def rates(
        self, learning_rate_init: float, *, max_iter: int, n_rows: int, batch_size: int
    ) -> Array:
        """Rates of a whole run, for a look at the schedule; nothing is changed.

        Parameters
        ----------
        learning_rate_init : float
            The initial rate.
        max_iter : int
            Epochs.
        n_rows : int
            Rows to train on.
        batch_size : int
            Rows in a mini-batch.

        Returns
        -------
        rates : ndarray of shape (n_steps,)
            Rate of every step of a new model's run without plateaus.

        Examples
        --------
        >>> from skann.schedules import Step
        >>> run = {"max_iter": 3, "n_rows": 300, "batch_size": 150}
        >>> Step(every=2).rates(1.0, **run)
        array([1. , 1. , 1. , 1. , 0.1, 0.1])
        """
        schedule = self.fresh().begin(learning_rate_init)
        per_epoch = math.ceil(n_rows / batch_size)
        schedule.start(
            Counts(), Counts(per_epoch * max_iter, max_iter, n_rows * max_iter)
        )
        found = np.empty((max_iter, per_epoch))
        for epoch, row in enumerate(found):
            first = epoch * per_epoch
            rate = schedule.epoch_rate(Counts(first, epoch, epoch * n_rows))
            steps = range(first, first + per_epoch)
            row[:] = [schedule.step_rate(k) for k in steps] if rate is None else rate
        return found.ravel()

    def on_plateau(self) -> str | None:
        """What has been done about it, or None."""
        return "Learning rate still warming up" if self._warming else None
