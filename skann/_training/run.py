"""From an estimator's parameters and checked data to a finished training run.

This module puts the parts of training together; it knows the names of the estimators'
parameters and nothing else about estimators.
"""

import copy
import math

import numpy as np
from scipy.sparse import issparse

from .._engine import choice
from .._engine.frozen import PartlyFrozen
from .._engine.step_options import StepOptions
from .._optimize.averaging import averaging_for
from .._optimize.schedule_base import Counts
from . import fullbatch, minibatch
from .averaged_weights import AveragedWeights
from .backtracking import Backtracking, LoweredSchedule
from .best import BestWeights
from .divergence import check_finite, diverged
from .gradient_norms import GradientNorms
from .monitor import Limits, Monitor
from .report import make_report
from .run_state import RunState
from .running_statistics import running_statistics
from .stopping import Patience, decisive


def run(
    parameters,
    solver,
    schedule,
    network,
    theta,
    progress,
    data,
    validate,
    *,
    max_iter,
    partial=False,
    observer=None,
    further=None,
    engine=choice,
):
    """Train ``theta`` and ``progress`` in place; return the monitor.

    Parameters
    ----------
    parameters : object
        Has the estimators' parameters as attributes.
    solver : Optimizer or Minimizer
        Without state; taken over, unless ``progress`` has one to go on with.
    schedule : Schedule
        As new; taken over likewise.
    network : Network
    theta : ndarray of shape (n_parameters,)
    progress : Progress
    data : Data
        What to train on.
    validate : callable or None
        Returns loss and score on the validation data; see :func:`validator`.
    max_iter : int
        Epochs at most.
    partial : bool
        Whether this is one of many short runs: patience counts over all of them.
    observer : object or None
        Follows the epochs; see :class:`Monitor`.
    further : object or None
        Further columns of the record; see :class:`Monitor`.
    engine : object
        Makes objectives, epochs and products with the Hessian, by functions of the
        names that ``_engine.choice`` has.
    """
    schedule, lowered = _schedules(progress, schedule)
    progress.average = _average_to_go_on(parameters, progress.average)
    stops_early = validate is not None and parameters.early_stopping
    watched = _watched(parameters, stops_early)
    if not partial or watched != progress.watched:
        # What patience and the best have seen is of another kind.
        progress.patience = progress.best = None
    progress.watched = watched
    if stops_early and progress.best is None:
        progress.best = BestWeights()
    patience = _patience(parameters, solver, progress, stops_early, partial)
    report = make_report(
        parameters.verbose, n_before=progress.n_iter, max_iter=max_iter, partial=partial
    )
    if parameters.gradient_norms:
        _, alpha = _penalties(parameters)
        whole = engine.objective(network, alpha, theta, data)
        further = GradientNorms(whole, further)
    backtracking, n_retries = None, parameters.divergence_retries
    if n_retries:
        say = None if report is None else report.say
        backtracking = further = Backtracking(
            n_retries, theta, progress, lowered, further=further, say=say
        )
    monitor = Monitor(
        theta,
        _limits(parameters, patience, stops_early and not partial),
        validate=validate,
        watched=watched,
        best=progress.best,
        max_iter=max_iter,
        planned=schedule.runs_to_the_end,
        report=report,
        n_iter_before=progress.n_iter,
        seconds_before=progress.seconds,
        observer=observer,
        further=further,
    )
    settle = running_statistics(network, theta, data, progress, partial)
    if observer is not None:
        about = parameters, solver, network, data, theta, progress
        observer.begin_run(RunState(*about, monitor, validate, backtracking))
    # Overflow on the way to a divergence is reported by the monitor, once and with
    # what to change; an underflow to zero is what it looks like.
    try:
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            about = engine, parameters, solver, network, theta, data, progress
            used = lowered if backtracking or lowered.factor != 1 else schedule
            _solve(*about, used, monitor, max_iter, backtracking, settle)
    finally:
        progress.rate_factor = lowered.factor
        if report is not None:
            report.close()
    if report is not None:
        limit = None if partial else f"{monitor.limit[0]} reached"
        report.end(monitor.stop_reason or limit)
    _end(progress, monitor, patience, partial, settle)
    if not np.isfinite(theta).all():
        raise diverged("weights are no longer finite")
    return monitor


def _end(progress, monitor, patience, partial, settle):
    """The run has ended; what is kept of it."""
    resumable = partial and monitor.stop_reason is None
    if not resumable:
        monitor.restore_best()
    if settle is not None:
        settle()
    progress.patience = patience if resumable else None
    progress.best = progress.best if resumable else None
    progress.given = False
    progress.n_iter += monitor.n_iter
    progress.n_seen += monitor.n_seen
    progress.seconds = monitor.seconds


def resolve_batch_size(batch_size, n_rows):
    """What the parameter ``batch_size`` means for so many rows.

    "auto" is a twenty-fifth of the rows, between 8 and 200, and all of up to 64. Few
    rows in batches of 200 would make a handful of updates an epoch: too few in any
    usual number of epochs, and too few for ``n_iter_no_change`` of them to tell that
    training has converged. Beyond 200 a step costs more than it gains. The very few
    that are one batch have no chance in their training, as scikit-learn's checks want.
    """
    if batch_size != "auto":
        return min(batch_size, n_rows)
    return n_rows if n_rows <= 64 else min(200, max(8, n_rows // 25))


def _limits(parameters, patience, stops_early):
    max_time, target_loss = parameters.max_time, parameters.target_loss
    return Limits(
        patience,
        copy.copy(patience) if stops_early else None,
        math.inf if max_time is None else max_time,
        -math.inf if target_loss is None else target_loss,
    )


def _watched(parameters, stops_early):
    if not stops_early:
        return "training loss"
    by_loss = decisive(parameters.scoring) == "loss"
    return "validation loss" if by_loss else "validation score"


def _schedules(progress, schedule):
    """The schedule to go by, and the same at lower rates since a divergence."""
    kept = _kept(progress.schedule, schedule)
    if kept is not progress.schedule:
        progress.rate_factor = 1.0  # another schedule's rates are not known to be high
    progress.schedule = kept
    return kept, LoweredSchedule(kept, progress.rate_factor)


def _kept(previous, schedule):
    """The previous schedule if it goes on and is what is asked for."""
    goes_on = previous is not None and not schedule.needs_length
    return previous if goes_on and previous.same_settings(schedule) else schedule


def _patience(parameters, solver, progress, stops_early, partial):
    """The patience that may end the run or lower its rate, or None."""
    schedule = progress.schedule
    own_stop = not solver.uses_learning_rate and not stops_early
    if schedule.runs_to_the_end or own_stop:
        return None
    if partial and not (parameters.early_stopping or schedule.lowers_on_plateau):
        return None
    patience = Patience(parameters.tol, parameters.n_iter_no_change)
    if partial and progress.patience is not None:
        # Its count goes on, whatever the parameters have become since.
        patience.best, patience.count = progress.patience.best, progress.patience.count
    return patience


def _solve(
    engine,
    parameters,
    solver,
    network,
    theta,
    data,
    progress,
    schedule,
    monitor,
    max_iter,
    backtracking,
    settle,
):
    l1, alpha = _penalties(parameters)
    if progress.average is not None:
        progress.average.keeps_zeros = l1 > 0
    if not solver.uses_learning_rate:
        objective = engine.objective(network, alpha, theta, data)
        if progress.trainable is not None:
            objective = PartlyFrozen(objective, progress.trainable)
        _note_engine(objective.engine, monitor)
        fullbatch.train(
            objective,
            monitor,
            solver=solver,
            max_iter=max_iter,
            tol=parameters.tol,
            curvature=engine.curvature,
        )
        return
    if progress.optimizer is None:
        progress.optimizer = solver.start(theta.size, theta.dtype)
    batch_size = resolve_batch_size(parameters.batch_size, data.n_rows)
    _check_batches(parameters, data, batch_size)
    options = _step_options(parameters, l1, progress)
    done = Counts(progress.n_steps, progress.n_iter, progress.n_seen)

    def make_epochs():
        about = network, alpha, theta, data, progress.optimizer, batch_size, options
        epochs = engine.epochs(*about)
        _note_engine(epochs.engine, monitor)
        return epochs

    minibatch.train(
        make_epochs,
        schedule,
        monitor,
        rng=progress.rng if parameters.shuffle else None,
        max_iter=max_iter,
        done=done,
        average=options.average,
        backtracking=backtracking,
        settle=settle,
    )
    progress.n_steps = done.n_steps


def _penalties(parameters):
    """Strengths of the L1 and the L2 penalty."""
    l1 = parameters.alpha * parameters.l1_ratio
    return l1, parameters.alpha - l1


def _check_batches(parameters, data, batch_size):
    """Whether batches of these rows are such as the parameters need."""
    noise = parameters.input_noise
    if noise and issparse(data.X):
        raise ValueError(
            f"input_noise={noise!r} can't be used with sparse X, all of whose zeros it "
            "would change; use input_dropout, or X.toarray()."
        )
    if parameters.normalization == "batch" and batch_size < 2:
        raise ValueError(
            "normalization='batch' needs two rows or more in a batch, or none differs "
            f"from the mean; got batch_size={parameters.batch_size!r} and "
            f"{data.n_rows} rows to train on."
        )


def _step_options(parameters, l1, progress):
    limits = parameters.max_grad_value, parameters.max_grad_norm, parameters.max_norm
    return StepOptions(
        l1,
        *(math.inf if limit is None else limit for limit in limits),
        parameters.dropout,
        parameters.input_dropout,
        parameters.input_noise,
        progress.rng,
        progress.average,
        None if progress.trainable is None else np.flatnonzero(~progress.trainable),
    )


def _average_to_go_on(parameters, previous):
    """The previous average if it goes on and is what is asked for."""
    rule = averaging_for(parameters.average)
    if rule is None:
        return None
    goes_on = previous is not None and not rule.needs_length
    if goes_on and previous.rule.same_settings(rule):
        return previous
    return AveragedWeights(rule)


def _note_engine(engine, monitor):
    monitor.engine = engine
    if engine == "reference" and choice.has_compiled():
        monitor.say("The reference engine trains: the compiled one has not all of it.")


def validator(network, theta, data, score):
    """A function that returns loss and score at what ``theta`` is then.

    Parameters
    ----------
    network : Network
    theta : ndarray of shape (n_parameters,)
    data : Data
        The validation data.
    score : callable
        ``score(raw)`` from their raw outputs.
    """
    loss_function = network.loss_function
    y = data.targets_of(theta.dtype)
    weight = data.take(data.normalized_weight(theta.dtype))

    def validate():
        raw, _ = choice.raw_outputs(network, theta, data.X, data.rows)
        losses, _ = loss_function.value_and_delta(raw, y)
        loss = float(np.average(losses, weights=weight))
        check_finite(loss, "on the validation data")
        return loss, score(raw)

    return validate
