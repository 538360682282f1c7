"""What may be done about a divergence: back to good weights, and on at a lower rate."""

import math

import numpy as np

from .best import WeightsBeforeSpike
from .divergence import DivergenceError, diverged

# As that of the schedule "adaptive".
_DIVISOR = 5
# A loss so many times that of the first batch is a divergence. Smaller first losses
# count as this one: a spike from next to nothing is none.
_FAR_ABOVE, _SMALLEST_LOSS = 1000, 1e-3

_GOOD = ("value", "epoch", "theta", "_last_loss", "_last_theta")


class LoweredSchedule:
    """A schedule whose rates are multiplied by a factor.

    Parameters
    ----------
    schedule : Schedule
    factor : float
    """

    def __init__(self, schedule, factor):
        self._schedule, self.factor = schedule, factor
        self.start, self.on_plateau = schedule.start, schedule.on_plateau

    def epoch_rate(self, done):
        """Rate of every step of the epoch to come; None if it changes within."""
        rate = self._schedule.epoch_rate(done)
        return None if rate is None else self.factor * rate

    def step_rate(self, n_steps):
        """Rate of the step after so many."""
        return self.factor * self._schedule.step_rate(n_steps)


class Backtracking:
    """Takes a run that has diverged back to its good weights, so many times.

    Those are the ones from between the two neighbouring epochs with the lowest losses,
    before there are such the ones at the start: the epoch before a divergence may have
    spoilt its weights already. The optimiser begins anew, for what it keeps is of the
    steps that led astray.

    Parameters
    ----------
    n_retries : int
    theta : ndarray of shape (n_parameters,)
        The vector being trained.
    progress : Progress
        Has the optimiser, and the epochs before this run.
    schedule : LoweredSchedule
        Its factor becomes smaller.
    further : object or None
        Further columns of the record, see :class:`Monitor`; this adds one to them.
    say : callable or None
        Is told in words what has been done.

    Attributes
    ----------
    columns : dict of str to list of float
        With "retries", how many of them each epoch took.
    """

    def __init__(self, n_retries, theta, progress, schedule, *, further, say):
        self._n_retries = self._n_left = n_retries
        self._theta, self._start = theta, theta.copy()
        self._progress, self._schedule = progress, schedule
        self._further, self._say = further, say
        self._good, self._n_of_epoch = WeightsBeforeSpike(), 0
        self._loss = math.nan
        self._limit = None
        self.columns = {} if further is None else dict(further.columns)
        self.columns["retries"] = []

    def check(self, losses, loss):
        """Raise the error for a divergence if the epoch that ends is one.

        A loss may be finite, and weights so large that nothing brings them back: far
        above the loss that the run began with, at its first batch, it has diverged.

        Parameters
        ----------
        losses : sequence of float
            Of its batches.
        loss : float
            Of the epoch.
        """
        if self._limit is None:
            self._limit = _FAR_ABOVE * max(abs(losses[0]), _SMALLEST_LOSS)
        self._loss = loss
        if loss > self._limit:
            began = self._limit / _FAR_ABOVE
            raise diverged(f"the loss is {loss:g}, and was {began:g} at first")
        if not np.isfinite(self._theta).all():
            raise diverged("weights are no longer finite")

    def __call__(self):
        """An epoch has ended well."""
        if self._further is not None:
            self._further()
        retries = self.columns["retries"]
        retries.append(float(self._n_of_epoch))
        self._n_of_epoch = 0
        epoch = self._progress.n_iter + len(retries)
        self._good.update(self._loss, epoch, self._theta)

    def go_back(self, error):
        """Go back after this error, or raise it where that has been done often enough.

        The optimiser has a new state, which is not bound yet.
        """
        if not self._n_left:
            times = "time" if self._n_retries == 1 else "times"
            raise DivergenceError(
                f"{error} So it was after going back and lowering the rate "
                f"{self._n_retries} {times} (divergence_retries), at last by a factor "
                f"of {self._schedule.factor:g}."
            ) from error
        self._n_left -= 1
        self._n_of_epoch += 1
        self._schedule.factor /= _DIVISOR
        good = self._good
        np.copyto(self._theta, self._start if good.theta is None else good.theta)
        good.forget_last()
        self._progress.optimizer.start(self._theta.size, self._theta.dtype)
        if self._say is not None:
            where = "the start" if good.theta is None else f"epoch {good.epoch}"
            self._say(
                f"Training diverged: back to the weights of {where}, at "
                f"{self._schedule.factor:g} times the learning rate"
            )

    def to_plain(self):
        """What checkpoints hold of it, besides the column and the factor."""
        good = {name: getattr(self._good, name) for name in _GOOD}
        return {
            "n_left": self._n_left,
            "limit": self._limit,
            "factor": self._schedule.factor,
            "start": self._start,
            "good": good,
        }

    def restore(self, plain):
        """Become what :meth:`to_plain` has written."""
        self._n_left, self._schedule.factor = plain["n_left"], plain["factor"]
        self._limit = plain["limit"]
        np.copyto(self._start, plain["start"])
        vars(self._good).update(plain["good"])
