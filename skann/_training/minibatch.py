"""Mini-batch training, from epoch to epoch; what an epoch is, the engine knows."""

import warnings

from .._optimize.schedule_base import Counts


def train(epochs, schedule, monitor, *, rng, max_iter, done):
    """Train for up to ``max_iter`` epochs.

    Parameters
    ----------
    epochs : Epochs
        The engine's, bound to parameters, data and optimiser.
    schedule : Schedule
    monitor : Monitor
        Records, and says when to stop. An epoch ends early when the clock is past its
        ``deadline``.
    rng : numpy.random.Generator or None
        Shuffles the rows anew for every epoch; None keeps their order.
    max_iter : int
    done : Counts
        What the model has been trained for; every epoch is added.

    Notes
    -----
    An interrupt from the keyboard ends training with a warning and what has been
    learnt so far.
    """
    n_rows = epochs.n_rows
    schedule.start(
        done, Counts(epochs.n_batches * max_iter, max_iter, n_rows * max_iter)
    )
    # Of a run that goes on from a checkpoint; else none.
    done.n_steps += len(monitor.batch_losses)
    done.n_epochs += monitor.n_iter
    done.n_seen += monitor.n_seen
    max_iter = 0 if monitor.stop_reason else max_iter
    reads_theta, begin_epoch = monitor.reads_theta, monitor.begin_epoch
    try:
        for _ in range(monitor.n_iter, max_iter):
            if begin_epoch is not None:
                begin_epoch()
            losses, rate = epochs.epoch(schedule, done, rng, monitor.deadline)
            loss, n_seen = epochs.mean_loss(losses)
            done.n_steps += len(losses)
            done.n_epochs += 1
            done.n_seen += n_seen
            if reads_theta:
                epochs.flush()
            if monitor.end_of_epoch(
                loss,
                losses,
                n_seen,
                rate=rate,
                gradient_norm=epochs.gradient_norm,
                schedule=schedule,
            ):
                break
    except KeyboardInterrupt:
        warnings.warn("Training interrupted by user.", stacklevel=2)
        monitor.stop_reason = "interrupted by user"
    epochs.flush()
