"""Mini-batch training: epochs, batches, one optimiser step a batch.

A *stepper* takes one batch: it evaluates the objective and moves the parameters. There
are two, for all parameters at once and for wide sparse data (see ``_lazy_rows.py``).
"""

import warnings

from ._lazy_rows import LazyRows, compact


class DenseStepper:
    """Moves all parameters in every step."""

    def __init__(self, objective, optimizer):
        optimizer.bind(objective.theta, objective.gradient)
        self._evaluate, self._step = objective.batch, optimizer.step

    def __call__(self, X, y, weight, rate, factor):
        """Step on one batch; returns its loss before."""
        loss = self._evaluate(X, y, weight, factor)
        self._step(rate)
        return loss

    def settle(self):
        """Make theta what it is said to be."""


class LazyStepper:
    """Moves those rows of the first layer's weights that the batch meets.

    The objective must have been told to skip the gradient of these weights.
    """

    def __init__(self, objective, optimizer):
        layout = objective.network.layout
        optimizer.bind(
            objective.theta, objective.gradient, layout.weight_slices[0].stop
        )
        self._objective, self._optimizer = objective, optimizer
        self._rows = LazyRows(optimizer, layout.weights(objective.theta)[0])

    def __call__(self, X, y, weight, rate, factor):
        """Step on one batch; returns its loss before."""
        features, X_compact = compact(X)
        state = self._rows.wake(features)
        loss = self._objective.batch(X, y, weight, factor)
        delta = self._objective.pass_for(X.shape[0]).input_delta
        self._optimizer.step(rate)
        self._rows.step(features, X_compact.T @ delta, state)
        return loss

    def settle(self):
        """Make theta what it is said to be."""
        self._rows.wake_all()


def train(stepper, batches, optimizer, schedule, monitor, *, batch_size, rng, max_iter):
    """Train for up to ``max_iter`` epochs.

    Parameters
    ----------
    stepper : DenseStepper or LazyStepper
    batches : Batches
    optimizer : Optimizer
        The stepper's.
    schedule : object of ``_schedules``
    monitor : Monitor
        Records, and says when to stop.
    batch_size : int
    rng : numpy.random.Generator or None
        Shuffles the rows anew for every epoch; None keeps their order.
    max_iter : int

    Notes
    -----
    An interrupt from the keyboard ends training with a warning and what has been
    learnt so far.
    """
    n_rows = batches.n_rows
    batch_size = min(batch_size, n_rows)
    schedule.start(monitor.n_seen_before, n_rows * max_iter)
    try:
        for _ in range(max_iter):
            n_seen = monitor.n_seen_before + monitor.n_seen
            losses = _epoch(
                stepper, batches.epoch(batch_size, rng), optimizer, schedule, n_seen
            )
            # The mean over rows: the last batch may be smaller than the others.
            surplus = len(losses) * batch_size - n_rows
            loss = (sum(losses) * batch_size - losses[-1] * surplus) / n_rows
            if monitor.reads_theta:
                stepper.settle()
            if monitor.end_of_epoch(loss, losses, n_rows, schedule=schedule):
                break
    except KeyboardInterrupt:
        warnings.warn("Training interrupted by user.", stacklevel=2)
        monitor.stop_reason = "interrupted by user"
    stepper.settle()


def _epoch(stepper, batches, optimizer, schedule, n_seen):
    """One step a batch; the losses of the batches before their steps."""
    rate = schedule.rate(n_seen)
    factor = optimizer.factor(rate)
    every_step = schedule.every_step
    losses = []
    for X, y, weight in batches:
        if every_step:
            rate = schedule.rate(n_seen)
            factor = optimizer.factor(rate)
            n_seen += X.shape[0]
        losses.append(stepper(X, y, weight, rate, factor))
    return losses
