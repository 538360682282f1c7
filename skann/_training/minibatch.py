"""Mini-batch training: epochs, batches, one optimiser step a batch.

:func:`train` goes from epoch to epoch; what an epoch is, *passes* know. Those here are
NumPy's, batch by batch; see ``_engine/native/training.py`` for the others.

A *stepper* takes one batch: it evaluates the objective and moves the parameters. There
are three: for all parameters at once, for wide sparse data (see
``_engine/lazy_rows.py``), and for optimisers that want all rows in one batch. In the
last step of an epoch, where ``measures`` is set, it takes the gradient's norm, before
the optimiser destroys the gradient.
"""

import math
import time
import warnings

import numpy as np

from .._engine.lazy_rows import LazyRows, compact
from .._engine.objective import CHUNK_ROWS
from .._optimize.schedule_base import Counts


class DenseStepper:
    """Moves all parameters in every step.

    Attributes
    ----------
    measures : bool
        Whether to take the norm of the gradient in the next step.
    gradient_norm : float
        The norm, as last taken.
    """

    measures = False
    gradient_norm = math.nan

    def __init__(self, objective, optimizer):
        weights = objective.network.layout.weight_slices
        optimizer.bind(objective.theta, objective.gradient, weights=weights)
        self._evaluate, self._step = objective.batch, optimizer.step
        self._gradient = objective.gradient

    def __call__(self, X, y, weight, rate, factor):
        """Step on one batch; returns its loss before."""
        loss = self._evaluate(X, y, weight, factor)
        if self.measures:
            g = self._gradient
            self.gradient_norm = _norm(factor, float(g.dot(g)))
        self._step(rate)
        return loss

    def settle(self):
        """Make theta what it is said to be."""


class LazyStepper:
    """Moves those rows of the first layer's weights that the batch meets.

    The objective must have been told to skip the gradient of these weights.
    """

    measures = False
    gradient_norm = math.nan

    def __init__(self, objective, optimizer):
        layout = objective.network.layout
        first = layout.weight_slices[0].stop
        optimizer.bind(objective.theta, objective.gradient, first, layout.weight_slices)
        self._gradient = objective.gradient[first:]
        self._objective, self._optimizer = objective, optimizer
        self._rows = LazyRows(optimizer, layout.weights(objective.theta)[0])

    def __call__(self, X, y, weight, rate, factor):
        """Step on one batch; returns its loss before."""
        features, X_compact = compact(X)
        state = self._rows.wake(features)
        loss = self._objective.batch(X, y, weight, factor)
        delta = self._objective.pass_for(X.shape[0]).input_delta
        rows_gradient = X_compact.T @ delta
        if self.measures:
            square = float(np.vdot(self._gradient, self._gradient))
            square += float(np.vdot(rows_gradient, rows_gradient))
            self.gradient_norm = _norm(factor, square)
        self._optimizer.step(rate)
        self._rows.step(features, rows_gradient, state)
        return loss

    def settle(self):
        """Make theta what it is said to be."""
        self._rows.wake_all()


def _norm(factor, square):
    """Norm of a gradient, from the square of ``factor`` times it."""
    return math.sqrt(square) / abs(factor) if factor else math.nan


class AllRows:
    """Batches with one batch an epoch, of all rows, that stays where it is."""

    def __init__(self, batches):
        self.batches, self.n_rows = batches, batches.n_rows
        self.shape = (batches.n_rows, batches.X.shape[1])

    def epoch(self, batch_size, rng=None):
        """Iterate over the one batch; its X is this object."""
        return iter(((self, None, None),))


class AllRowsStepper(DenseStepper):
    """Moves all parameters along the gradient over all rows, summed in chunks."""

    def __init__(self, objective, optimizer):
        super().__init__(objective, optimizer)
        self._evaluate, self._evaluate_full = self._evaluate_all, objective.full

    def _evaluate_all(self, X, y, weight, factor):
        loss = self._evaluate_full(X.batches, CHUNK_ROWS)
        np.multiply(self._gradient, factor, self._gradient)
        return loss


class Passes:
    """Epochs of NumPy's steps.

    Parameters
    ----------
    stepper : DenseStepper, LazyStepper or AllRowsStepper
    batches : Batches, or AllRows for the last
    optimizer : Optimizer
        The stepper's.
    batch_size : int
    """

    def __init__(self, stepper, batches, optimizer, batch_size):
        self._stepper, self._batches, self._optimizer = stepper, batches, optimizer
        self.n_rows = batches.n_rows
        self.batch_size = min(batch_size, self.n_rows)

    @property
    def gradient_norm(self):
        """Of the gradient at the last step of an epoch."""
        return self._stepper.gradient_norm

    def epoch(self, schedule, done, rng, deadline):
        """One step a batch; see :func:`train`."""
        stepper, optimizer = self._stepper, self._optimizer
        rate = schedule.epoch_rate(done)
        every_step = rate is None
        factor = None if every_step else optimizer.factor(rate)
        is_timed = deadline < math.inf
        losses = []
        last = math.ceil(self.n_rows / self.batch_size) - 1
        stepper.measures = False
        for X, y, weight in self._batches.epoch(self.batch_size, rng):
            if len(losses) == last:
                stepper.measures = True
            if every_step:
                rate = schedule.step_rate(done.n_steps + len(losses))
                factor = optimizer.factor(rate)
            losses.append(stepper(X, y, weight, rate, factor))
            if is_timed and time.perf_counter() > deadline:
                break
        return losses, rate

    def settle(self):
        """Make theta what it is said to be."""
        self._stepper.settle()


def train(passes, schedule, monitor, *, rng, max_iter, done):
    """Train for up to ``max_iter`` epochs.

    Parameters
    ----------
    passes : object
        Has ``n_rows``, ``batch_size``, ``epoch(schedule, done, rng, deadline)``, which
        takes one step a batch and returns the losses of the batches before their
        steps and the rate of the last step, ``gradient_norm`` at the last step, and
        ``settle()``, after which theta is what it is said to be. So have
        :class:`Passes` and those of ``_engine/native/training.py``.
    schedule : Schedule
    monitor : Monitor
        Records, and says when to stop. An epoch ends early when the clock is past its
        ``deadline``.
    rng : numpy.random.Generator or None
        Shuffles the rows anew for every epoch; None keeps their order.
    max_iter : int
    done : Counts
        What the model has behind it; every epoch is added.

    Notes
    -----
    An interrupt from the keyboard ends training with a warning and what has been
    learnt so far.
    """
    n_rows, batch_size = passes.n_rows, passes.batch_size
    per_epoch = math.ceil(n_rows / batch_size)
    schedule.start(done, Counts(per_epoch * max_iter, max_iter, n_rows * max_iter))
    reads_theta = monitor.reads_theta
    try:
        for _ in range(max_iter):
            losses, rate = passes.epoch(schedule, done, rng, monitor.deadline)
            loss, n_seen = _mean(losses, batch_size, n_rows)
            done.n_steps += len(losses)
            done.n_epochs += 1
            done.n_seen += n_seen
            if reads_theta:
                passes.settle()
            if monitor.end_of_epoch(
                loss,
                losses,
                n_seen,
                rate=rate,
                gradient_norm=passes.gradient_norm,
                schedule=schedule,
            ):
                break
    except KeyboardInterrupt:
        warnings.warn("Training interrupted by user.", stacklevel=2)
        monitor.stop_reason = "interrupted by user"
    passes.settle()


def _mean(losses, batch_size, n_rows):
    """Mean over the rows trained on, and their number."""
    n_seen = min(len(losses) * batch_size, n_rows)
    # The last batch may be smaller than the others.
    surplus = len(losses) * batch_size - n_seen
    return (sum(losses) * batch_size - losses[-1] * surplus) / n_seen, n_seen
