"""Mini-batch training: epochs, batches, one optimiser step a batch."""

import warnings

import numpy as np


def train(
    objective, batches, optimizer, schedule, monitor, *, batch_size, rng, max_iter
):
    """Train ``objective.theta`` in place for up to ``max_iter`` epochs.

    Parameters
    ----------
    objective : Objective
    batches : Batches
    optimizer : Optimizer
        Started; its state is carried on.
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
    optimizer.bind(objective.theta, objective.gradient)
    n_rows = batches.n_rows
    batch_size = min(batch_size, n_rows)
    last = n_rows - (n_rows - 1) // batch_size * batch_size
    n_batches = -(-n_rows // batch_size)
    try:
        for _ in range(max_iter):
            losses = np.empty(n_batches)
            rate = schedule.rate(monitor.n_seen_before + monitor.n_seen)
            for i, (X, y, weight) in enumerate(batches.epoch(batch_size, rng)):
                losses[i] = objective.batch(X, y, weight)
                optimizer.step(rate)
            total = losses[:-1].sum() * batch_size + losses[-1] * last
            if monitor.end_of_epoch(total / n_rows, losses, n_rows, schedule):
                break
    except KeyboardInterrupt:
        warnings.warn("Training interrupted by user.", stacklevel=2)
        monitor.stop_reason = "interrupted by user"
