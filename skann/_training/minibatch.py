"""Mini-batch training, from epoch to epoch; what an epoch is, the engine knows."""

import warnings

from .._optimize.schedule_base import Counts
from .divergence import DivergenceError
from .membership import check_not_ended, ensemble


def train(
    make_epochs,
    schedule,
    monitor,
    *,
    rng,
    max_iter,
    done,
    average=None,
    backtracking=None,
    settle=None,
):
    """Train for up to ``max_iter`` epochs.

    Parameters
    ----------
    make_epochs : callable
        Returns the engine's ``Epochs``, bound to parameters, data and optimiser.
    schedule : Schedule
    monitor : Monitor
        Records, and says when to stop. An epoch ends early when the clock is past its
        ``deadline``.
    rng : numpy.random.Generator or None
        Shuffles the rows anew for every epoch; None keeps their order.
    max_iter : int
    done : Counts
        What the model has been trained for; every epoch is added.
    average : AveragedWeights or None
        Takes the place of the weights between epochs.
    backtracking : Backtracking or None
        What to do about a divergence; None to let it be an error.
    settle : callable or None
        Called after an epoch, before somebody predicts with its weights.

    Notes
    -----
    An interrupt from the keyboard ends training with a warning and what has been
    learnt so far; in a member of an ensemble it is raised.
    """
    epochs = make_epochs()
    n_rows = epochs.n_rows
    schedule.start(
        done, Counts(epochs.n_batches * max_iter, max_iter, n_rows * max_iter)
    )
    # Of a run that goes on from a checkpoint; else none.
    done.n_steps += len(monitor.batch_losses)
    done.n_epochs += monitor.n_iter
    done.n_seen += monitor.n_seen
    n_epochs, max_iter = max_iter, 0 if monitor.stop_reason else max_iter
    begin_epoch = monitor.begin_epoch
    check = None if backtracking is None else backtracking.check
    settle = settle if monitor.shows_predictions else None
    about = schedule, monitor, rng, done, n_epochs, monitor.reads_theta, average
    try:
        for _ in range(monitor.n_iter, max_iter):
            check_not_ended()
            if begin_epoch is not None:
                begin_epoch()
            ended, before = None, backtracking and vars(done).copy()
            while ended is None:
                try:
                    ended = _epoch(epochs, *about, check, settle)
                except DivergenceError as error:
                    if backtracking is None:
                        raise
                    backtracking.go_back(error)
                    vars(done).update(before)
                    epochs = make_epochs()
            if ended:
                break
    except KeyboardInterrupt:
        if ensemble() is not None:
            raise
        monitor.complete()
        warnings.warn("Training interrupted by user.", stacklevel=2)
        monitor.stop_reason = "interrupted by user"
    epochs.flush()
    if average is not None:  # where an interrupt has cut an epoch short
        average.end_epoch(monitor.theta, (monitor.n_iter + 1) / n_epochs)


def _epoch(
    epochs,
    schedule,
    monitor,
    rng,
    done,
    n_epochs,
    reads_theta,
    average,
    check,
    settle,
):
    """Train for an epoch and record it; True to stop."""
    if average is not None:
        average.begin_epoch(monitor.theta)
    losses, rate = epochs.epoch(schedule, done, rng, monitor.deadline)
    loss, n_seen = epochs.mean_loss(losses)
    done.n_steps += len(losses)
    done.n_epochs += 1
    done.n_seen += n_seen
    if reads_theta:
        epochs.flush()
    if average is not None:
        average.end_epoch(monitor.theta, (monitor.n_iter + 1) / n_epochs)
    if check is not None:
        check(losses, loss)
    if settle is not None:
        settle()
    return monitor.end_of_epoch(
        loss,
        losses,
        n_seen,
        rate=rate,
        gradient_norm=epochs.gradient_norm,
        schedule=schedule,
    )
