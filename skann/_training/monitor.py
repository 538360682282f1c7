"""What is recorded of a training run, and when it ends.

A solver calls :meth:`Monitor.end_of_epoch` after every epoch (a full-batch one, after
every iteration) and stops when that returns True. The monitor writes the history, asks
for the loss and the score on the validation data where there are any, keeps the best
parameters, and decides by patience, time and target. An estimator reads the record.

What is *watched* is the validation loss or score where there are validation data, else
the training loss. A score is watched by its negative, so that less is better. Where
patience with the training loss ends a run, the parameters from before a spike of that
are its best ones.
"""

import math
import time
from array import array
from dataclasses import dataclass
from functools import partial

import numpy as np

from .best import BestWeights, WeightsBeforeSpike
from .divergence import check_finite
from .dynamic_array import DynamicList

COLUMNS = (
    "epoch",
    "loss",
    "validation_loss",
    "validation_score",
    "learning_rate",
    "gradient_norm",
    "seconds",
)

_NO_VALIDATION = (math.nan, math.nan)


def new_history():
    """A history without entries: a list for each of :data:`COLUMNS`."""
    return {name: DynamicList() for name in COLUMNS}


@dataclass
class Limits:
    """What may end a run, besides the number of epochs.

    Attributes
    ----------
    patience : Patience or None
        Judges what is watched; None to leave that to the solver.
    training_patience : Patience or None
        Watches the training loss besides: where it has converged, nothing that
        is watched has anything to hope for.
    max_time : float
        Seconds.
    target_loss : float
        Validation loss where there is one, else training loss, that is good enough.
    """

    patience: object = None
    training_patience: object = None
    max_time: float = math.inf
    target_loss: float = -math.inf


class Monitor:
    """Record of a run.

    Parameters
    ----------
    theta : ndarray of shape (n_parameters,)
        The vector being trained; :meth:`restore_best` writes to it.
    limits : Limits
    validate : callable or None
        Returns ``(loss, score)`` on the validation data at the present theta.
    watched : {"training loss", "validation loss", "validation score"}
        What patience and the best parameters go by.
    best : BestWeights or None
        Where the best parameters on the validation data are kept; None to keep none.
    max_iter, planned : int and bool
        Epochs at most, to which the solver keeps; whether all of them are meant.
    report : Table, Bar or None
        Is told of every epoch, for the user to see.
    n_iter_before, seconds_before : int and float
        Epochs in the model's life before this run, and seconds spent on them.
    observer : object or None
        Its ``begin_epoch(monitor)`` is called before every epoch, its
        ``end_epoch(monitor)`` after; that may stop the run by returning True.
    further : object or None
        Further columns of the record: it is called at the end of every epoch and
        appends a number to each of the lists in its dict ``columns``.

    Attributes
    ----------
    theta : ndarray of shape (n_parameters,)
    loss : float
        The last loss; a solver that finds nothing to do sets it itself.
    batch_losses : array of float
        The loss of every batch before its update.
    n_seen, n_iter : int
        Rows trained on and epochs in this run.
    deadline : float
        When time is up, on the clock of ``time.perf_counter``.
    best : BestWeights, WeightsBeforeSpike or None
        What :meth:`restore_best` restores.
    stop_reason : str or None
        None if nothing but a limit on iterations has ended the run.
    limit : tuple of str and int
        Name and value of that limit.
    engine : str or None
        Which engine makes the gradients.
    solver_columns : dict of str to list
        Further columns of the record, for a solver to append to.
    begin_epoch : callable or None
        For a solver to call before every epoch, where it is not None.
    """

    def __init__(
        self,
        theta,
        limits,
        *,
        validate=None,
        watched="training loss",
        best=None,
        max_iter=0,
        planned=False,
        report=None,
        n_iter_before=0,
        seconds_before=0.0,
        observer=None,
        further=None,
    ):
        self.theta = theta
        self._observer, self._further, self.solver_columns = observer, further, {}
        self.begin_epoch = None
        if observer is not None:
            self.begin_epoch = partial(observer.begin_epoch, self)
        self._limits = limits
        self._validate = validate
        self.watched = watched
        self.best = best
        self._report = report
        self._n_iter_before = n_iter_before
        # One number after the other: a tuple an epoch would keep the collector busy.
        self._entries, self.batch_losses = [], array("d")
        self.loss = self.engine = self._ending = None
        self.n_seen = self.n_iter = 0
        self.stop_reason = None
        self.limit = ("max_iter", max_iter)
        self.planned = planned
        now = time.perf_counter()
        self._started = now - seconds_before
        self._has_patience_only = (
            validate is None
            and best is None
            and report is None
            and observer is None
            and further is None
            and limits.training_patience is None
            and limits.max_time == math.inf
            and limits.target_loss == -math.inf
        )
        self.deadline = now + limits.max_time
        patience = limits.patience
        may_rest = best is None and patience is not None
        may_rest = may_rest and max_iter > patience.n_iter_no_change
        self._before_spike = WeightsBeforeSpike() if may_rest else None

    def say(self, what):
        """Tell the user."""
        if self._report:
            self._report.say(what)

    def fall(self, n_iter):
        """By which share the loss has fallen in the last so many epochs."""
        if not n_iter < self.n_iter:
            return 0.0  # too short to tell
        before = self._entries[1 - (1 + int(n_iter)) * len(COLUMNS)]
        return (before - self.loss) / abs(before) if before else 0.0

    @property
    def seconds(self):
        """Seconds of training in the model's life."""
        return time.perf_counter() - self._started

    def appended_to(self, history):
        """A new history: this run after one of lists by :data:`COLUMNS` and further."""
        n = len(COLUMNS)
        longer = {
            name: history[name].extended(self._entries[i::n])
            for i, name in enumerate(COLUMNS)
        }
        n_before, n_epochs = len(history["epoch"]), len(longer["epoch"])
        further = self._further_columns
        # A run before or this one may have been without some of them.
        for name in dict.fromkeys([*history, *further]):
            if name not in COLUMNS:
                column = history.get(name) or DynamicList([math.nan] * n_before)
                own = further.get(name, ())[: n_epochs - n_before]
                gap = [math.nan] * (n_epochs - n_before - len(own))
                longer[name] = column.extended([*own, *gap])
        return longer

    @property
    def reads_theta(self):
        """Whether the end of an epoch looks at theta."""
        parts = self._validate, self._before_spike, self._observer, self._further
        return any(part is not None for part in parts)

    @property
    def shows_predictions(self):
        """Whether somebody predicts with theta at the end of an epoch."""
        return any(
            each is not None for each in (self._validate, self._observer, self._further)
        )

    def entry(self, i):
        """What is recorded of this run's epoch i, counted from zero, by column."""
        n = len(COLUMNS)
        return dict(zip(COLUMNS, self._entries[i * n : (i + 1) * n], strict=True))

    def last_row(self):
        """The last epoch's entry of the history, by column."""
        return self.entry(self.n_iter - 1) | {
            k: column[-1] for k, column in self._further_columns.items()
        }

    @property
    def _further_columns(self):
        return self.solver_columns | (self._further.columns if self._further else {})

    def end_of_epoch(
        self,
        loss,
        batch_losses,
        n_rows,
        *,
        rate=math.nan,
        gradient_norm=math.nan,
        schedule=None,
    ):
        """Record an epoch; True to stop.

        Parameters
        ----------
        loss : float
            J over the epoch.
        batch_losses : list of float
        n_rows : int
            Rows trained on.
        rate : float
            Learning rate of the last step; NaN for a solver that has none.
        gradient_norm : float
            ‖∇J‖ at the last step.
        schedule : Schedule or None
            Asked to lower the rate before patience ends the run.

        Raises
        ------
        ValueError
            If the loss is not finite.
        """
        epoch = self._n_iter_before + self.n_iter + 1
        if not math.isfinite(loss):
            check_finite(loss, f"at iteration {epoch}")
        on_validation, score = self._validate() if self._validate else _NO_VALIDATION
        if self._further is not None:
            self._further()
        now = time.perf_counter()
        seconds = now - self._started
        row = epoch, loss, on_validation, score, rate, gradient_norm, seconds
        n_losses = len(self.batch_losses)
        # An interrupt comes between any two lines: `complete` does what is left.
        self._ending = self.n_iter + 1, self.n_seen + n_rows, n_losses, batch_losses
        self._entries += row
        self._count()
        if self._before_spike is not None:
            self._before_spike.update(loss, epoch, self.theta)
        if self._has_patience_only:
            # On small problems the way below takes as long as the arithmetic.
            patience = self._limits.patience
            if patience is None or not patience.update(loss):
                return False
            self.stop_reason = self._out_of_patience("training loss", schedule)
            return self.stop_reason is not None
        value = self.watched_value(loss, on_validation, score)
        if self._report is not None:
            in_validation = self.watched != "training loss"
            self._report.epoch(
                self.last_row(), value if in_validation else on_validation
            )
        if self.best is not None:
            self.best.update(value, epoch, score, self.theta)
        self.stop_reason = self._reason_to_stop(
            value, loss, on_validation, now, schedule
        )
        if self._observer is not None and self._observer.end_epoch(self):
            self.stop_reason = self.stop_reason or "a callback asked to stop"
        return self.stop_reason is not None

    def _count(self):
        """Count the epoch whose entries are in the record; twice is as good as once."""
        self.n_iter, self.n_seen, n_losses, batch_losses = self._ending
        del self.batch_losses[n_losses:]
        self.batch_losses.fromlist(batch_losses)
        self.loss = self._entries[1 - len(COLUMNS)]

    def complete(self):
        """Make the record whole after an interrupt.

        An epoch that is in the record counts, and its parameters are kept if they are
        the best.
        """
        n_recorded = len(self._entries) // len(COLUMNS)
        if self._ending is None or self._ending[0] != n_recorded:
            return  # the last epoch has not got into the record
        self._count()
        if isinstance(self.best, BestWeights):
            epoch, loss, on_validation, score = self._entries[-len(COLUMNS) :][:4]
            value = self.watched_value(loss, on_validation, score)
            self.best.update(value, epoch, score, self.theta)

    def watched_value(self, loss, validation_loss, score):
        """What is watched of an epoch with these figures."""
        if self.watched == "training loss":
            return loss
        if self.watched == "validation loss":
            return validation_loss
        # A score that is not defined is no improvement.
        return math.inf if math.isnan(score) else -score

    def _reason_to_stop(self, value, loss, validation_loss, now, schedule):
        """Why to stop, or None."""
        limits = self._limits
        # A comparison with NaN, no validation loss, is false.
        reached = validation_loss if validation_loss == validation_loss else loss
        if reached <= limits.target_loss:
            return f"target_loss={limits.target_loss:g} reached"
        if now >= self.deadline:
            return f"max_time={limits.max_time:g} seconds are over"
        patience, training_patience = limits.patience, limits.training_patience
        over = patience is not None and patience.update(value)
        stalled = training_patience is not None and training_patience.update(loss)
        if not (over or stalled):
            return None
        watched = self.watched if over else "training loss"
        return self._out_of_patience(watched, schedule)

    def _out_of_patience(self, watched, schedule):
        """Why to stop, unless the schedule knows a remedy."""
        patience = self._limits.patience
        remedy = None if schedule is None else schedule.on_plateau()
        if remedy is None:
            if self._before_spike is not None and self._before_spike.value < self.loss:
                self.best = self._before_spike
            return (
                f"{watched} did not improve by more than tol={patience.tol:g} for "
                f"{patience.n_iter_no_change} consecutive iterations"
            )
        for each in (patience, self._limits.training_patience):
            if each is not None:
                each.renew()
        if self._report is not None:
            self._report.say(remedy)
        return None

    def restore_best(self):
        """Put the best parameters back, if any have been kept."""
        if self.best is not None and self.best.theta is not None:
            np.copyto(self.theta, self.best.theta)
