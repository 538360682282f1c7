"""From an estimator's parameters and checked data to a finished training run.

This module chooses the solver and puts the engine's parts together; it knows the names
of the estimators' parameters and nothing else about estimators.
"""

import copy
from dataclasses import dataclass

import numpy as np

from . import _fullbatch, _minibatch
from ._batches import Batches
from ._lazy_rows import pays
from ._minibatch import DenseStepper, LazyStepper
from ._monitor import Monitor, check_finite, diverged
from ._network import raw_outputs
from ._objective import Objective, mean_loss
from ._schedules import SCHEDULES
from ._stopping import Patience

# Validation rows predicted at once.
_CHUNK_ROWS = 2048


@dataclass
class Targets:
    """Targets as the engine wants them.

    Attributes
    ----------
    y : ndarray of shape (n_samples,) of int, or (n_outputs, n_samples) of float
        Class codes, or targets with outputs first.
    n_outputs : int
    loss : str
        A name in ``LOSSES``.
    labels : ndarray of shape (n_samples,) or None
        What a split is stratified by.
    """

    y: np.ndarray
    n_outputs: int
    loss: str
    labels: np.ndarray | None = None


@dataclass
class Data:
    """Checked training data.

    Attributes
    ----------
    X : ndarray or csr matrix of shape (n_samples, n_features)
    targets : Targets
    weight : ndarray of shape (n_samples,) or None
        Row weights in float64.
    rows : ndarray of int or None
        Rows to train on; None for all.
    validation_rows : ndarray of int or None
        Rows to validate on; None for none.
    """

    X: object
    targets: Targets
    weight: np.ndarray | None
    rows: np.ndarray | None = None
    validation_rows: np.ndarray | None = None

    def mean_one_weight(self, rows, dtype):
        """Weights scaled to mean one over some rows (None for all), in ``dtype``.

        None where they are all alike, for only their ratios matter.
        """
        if self.weight is None:
            return None
        # First to a largest weight of one: the sum of huge ones would overflow.
        weight = self.weight / self.weight.max()
        used = weight if rows is None else weight[rows]
        if used.min() == used.max():
            return None
        return (weight / used.mean()).astype(dtype)


@dataclass
class Progress:
    """What training needs to go on exactly where it stopped."""

    rng: np.random.Generator
    optimizer: object = None
    schedule: object = None
    patience: Patience | None = None
    n_iter: int = 0
    n_seen: int = 0

    def forget(self):
        """Keep what a fresh start from the same weights would have."""
        self.optimizer = self.schedule = self.patience = None

    def copy(self):
        """A copy that can be trained on without touching this one."""
        return copy.deepcopy(self)


def run(
    parameters,
    solver,
    network,
    theta,
    progress,
    data,
    *,
    max_iter,
    score,
    partial=False,
):
    """Train ``theta`` and ``progress`` in place; return the monitor.

    Parameters
    ----------
    parameters : object
        Has the estimators' parameters as attributes.
    solver : Optimizer or Minimizer
        Without state; taken over, unless ``progress`` has one to go on with.
    network : Network
    theta : ndarray of shape (n_parameters,)
    progress : Progress
    data : Data
    max_iter : int
        Epochs at most.
    score : callable
        ``score(raw, rows)``, the validation score from raw outputs of those rows.
    partial : bool
        Whether this is one of many short runs, none of which lack of improvement may
        end.
    """
    validate = None
    if data.validation_rows is not None:
        validate = _validator(network, theta, data, score)
    batches = Batches(
        data.X,
        data.targets.y,
        data.mean_one_weight(data.rows, theta.dtype),
        n_outputs=data.targets.n_outputs,
        dtype=theta.dtype,
        rows=data.rows,
    )
    progress.schedule = _schedule(parameters, progress.schedule)
    judge = _judge(parameters, solver, progress, validate, partial)
    progress.patience = judge if partial else None
    monitor = Monitor(
        theta,
        judge,
        validate=validate,
        verbose=parameters.verbose,
        n_iter_before=progress.n_iter,
        n_seen_before=progress.n_seen,
    )
    # Overflow on the way to a divergence is reported by the monitor, once and with
    # what to change; an underflow to zero is what it looks like.
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        _solve(parameters, solver, network, theta, batches, progress, monitor, max_iter)
    monitor.restore_best()
    progress.n_iter += len(monitor.losses)
    progress.n_seen += monitor.n_seen
    if not np.isfinite(theta).all():
        raise diverged("weights are no longer finite")
    return monitor


def _schedule(parameters, previous):
    """The schedule asked for; the previous one if that is it."""
    schedule = SCHEDULES[parameters.learning_rate](parameters)
    if previous is not None and previous.same_settings(schedule):
        return previous
    return schedule


def _judge(parameters, solver, progress, validate, partial):
    """The patience that may end the run or lower its rate, or None."""
    schedule = progress.schedule
    own_stop = not solver.uses_learning_rate and validate is None
    if schedule.runs_to_the_end or own_stop:
        return None
    if partial and not schedule.lowers_on_plateau:
        return None
    if partial and progress.patience is not None:
        return progress.patience
    return Patience(parameters.tol, parameters.n_iter_no_change)


def _solve(parameters, solver, network, theta, batches, progress, monitor, max_iter):
    options = {"ones_column": batches.ones_column}
    if not solver.uses_learning_rate:
        _fullbatch.train(
            Objective(network, parameters.alpha, theta, **options),
            batches,
            monitor,
            solver=solver,
            max_iter=max_iter,
            tol=parameters.tol,
        )
        return
    optimizer = progress.optimizer
    if optimizer is None:
        optimizer = progress.optimizer = solver
        optimizer.start(theta.size, theta.dtype)
    batch_size = 200 if parameters.batch_size == "auto" else parameters.batch_size
    stepper = DenseStepper
    if pays(batches.X, batch_size, parameters.alpha, optimizer):
        stepper, options["skip_input_gradient"] = LazyStepper, True
    objective = Objective(network, parameters.alpha, theta, **options)
    _minibatch.train(
        stepper(objective, optimizer),
        batches,
        optimizer,
        progress.schedule,
        monitor,
        batch_size=batch_size,
        rng=progress.rng if parameters.shuffle else None,
        max_iter=max_iter,
    )


def _validator(network, theta, data, score):
    rows = data.validation_rows
    y = data.targets.y
    if y.ndim == 2:
        y = y[:, rows]
    else:
        labels = np.arange(data.targets.n_outputs)[:, None]
        y = (labels == y[rows]).astype(theta.dtype)
    weight = data.mean_one_weight(rows, theta.dtype)
    if weight is not None:
        weight = weight[rows]

    def validate():
        # Rows are copied a chunk at a time: X is not held twice.
        raw = np.concatenate(
            [
                raw_outputs(network, theta, data.X[rows[i : i + _CHUNK_ROWS]])
                for i in range(0, len(rows), _CHUNK_ROWS)
            ]
        )
        loss = mean_loss(network.loss_function, raw, y, weight)
        check_finite(loss, "on the validation data")
        return loss, score(raw, rows)

    return validate
