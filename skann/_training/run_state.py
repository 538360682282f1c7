"""A run in progress as plain data, and back: what checkpoints hold.

Between two epochs everything that the coming ones depend on is in five places: theta,
optimiser, schedule, random generator, and the monitor with its record, patience and
best weights. A run that begins with all of them as they were goes on bit for bit as if
it had never stopped.
"""

import math
import re
import time
from array import array
from numbers import Integral

import joblib
import numpy as np
from scipy.sparse import issparse

from .._optimize.plain_options import (
    CLASSES,
    is_count,
    is_real,
    is_vector,
    options_to_plain,
)
from .best import BestWeights
from .monitor import COLUMNS
from .plain_progress import (
    check_best,
    is_patience,
    is_weights,
    progress_from_plain,
    progress_to_plain,
)

# Parameters that may have become others: no epoch depends on them. What the seed has
# led to is in the state of the generator.
_FREE = ("verbose", "max_time", "random_state", "warm_start", "n_jobs")

_BEFORE_SPIKE = ("value", "epoch", "theta", "_last_loss", "_last_theta")


class RunState:
    """A run, for an observer that saves or restores it between epochs.

    Parameters
    ----------
    parameters : object
        Has the estimator's parameters as they are used.
    solver : Optimizer or Minimizer
    network : Network
    data : Data
        What is trained on.
    theta : ndarray of shape (n_parameters,)
    progress : Progress
    monitor : Monitor
    validate : callable or None
    backtracking : Backtracking or None
    """

    def __init__(
        self,
        parameters,
        solver,
        network,
        data,
        theta,
        progress,
        monitor,
        validate,
        backtracking,
    ):
        self._parameters, self._network, self._data = parameters, network, data
        self._theta, self._progress = theta, progress
        self._monitor, self._validate = monitor, validate
        self._backtracking, self._solver = backtracking, solver
        self._identity = None
        #: Whether runs of this solver can go on from a saved state.
        self.can_go_on = solver.uses_learning_rate and type(solver) in CLASSES.values()

    @property
    def ends(self):
        """Whether the epoch that has just ended is the last one."""
        monitor = self._monitor
        return monitor.stop_reason is not None or monitor.n_iter >= monitor.limit[1]

    @property
    def ended_by_the_clock(self):
        """Whether ``max_time`` has cut the last epoch short."""
        return (self._monitor.stop_reason or "").startswith("max_time")

    @property
    def value(self):
        """Of the last epoch, what is lowest at the best: validation before training."""
        row, monitor = self._monitor.last_row(), self._monitor
        if monitor.watched == "validation score":
            return monitor.watched_value(row["loss"], *_validation_of(row))
        on_validation = row["validation_loss"]
        return row["loss"] if math.isnan(on_validation) else on_validation

    def to_plain(self):
        """The run as plain data; arrays are those of the run, not copies."""
        monitor = self._monitor
        limits, before = monitor._limits, monitor._before_spike
        progress = progress_to_plain(self._progress)
        if type(self._progress.schedule) not in CLASSES.values():
            progress["schedule"] = None  # a function, which keeps nothing
        best, patience = monitor.best, (limits.patience, limits.training_patience)
        return {
            "identity": self.identity(),
            "theta": self._theta,
            "progress": {**progress, "best": None, "patience": None},
            "patience": [p if p is None else [p.best, p.count] for p in patience],
            "best": None if best is None or best is before else dict(vars(best)),
            "before_spike": None if before is None else _of(before, _BEFORE_SPIKE),
            "rests_before_spike": before is not None and best is before,
            "entries": np.array(monitor._entries, float).reshape(-1, len(COLUMNS)),
            "further": [np.array(column, float) for column in self._further()],
            "batch_losses": np.array(monitor.batch_losses),
            "n_seen": monitor.n_seen,
            "seconds": monitor.seconds,
            "stop_reason": monitor.stop_reason,
            "backtracking": self._backtracking and self._backtracking.to_plain(),
        }

    def identity(self):
        """What must be the same for a run to go on: parameters, network and data."""
        if self._identity is None:
            # Hashed once: data may be large.
            values = self._parameters.get_params(deep=False).items()
            self._identity = {
                "parameters": {n: _text(v) for n, v in values if n not in _FREE},
                "network": repr(self._network),
                "data": _digest(self._data),
                "dtype": self._theta.dtype.str,
                "epochs_before": self._progress.n_iter,
                "trainable": joblib.hash(self._progress.trainable),
            }
        return self._identity

    def name(self):
        """A short text: the same for the same parameters, seed and data, else another.

        The seed is an integer `random_state`, of which the identity is free.
        """
        seed = self._parameters.random_state
        seed = int(seed) if isinstance(seed, Integral) else None
        return joblib.hash((self.identity(), seed))[:12]

    def restore(self, plain):
        """Make the run, which has not begun, what the data say.

        Raises
        ------
        ValueError
            If they are of another run, or are not whole. The run may then be anything.
        """
        self._check(plain["identity"])
        theta, n_parameters = plain["theta"], self._theta.size
        if not is_vector(theta, n_parameters, self._theta.dtype):
            raise ValueError("the checkpoint's weights are not the network's.")
        np.copyto(self._theta, theta)
        progress = progress_from_plain(plain["progress"], n_parameters)
        self._restore_progress(progress)
        if self._backtracking is not None:
            self._restore_backtracking(plain["backtracking"])
        self._restore_best(plain)
        self._restore_record(plain)
        self._check_validation()

    def _further(self):
        """Further columns of the record."""
        further = self._monitor._further
        return [] if further is None else list(further.columns.values())

    def _restore_progress(self, saved):
        own = self._progress
        started = self._solver.start(0, self._theta.dtype)
        average, schedule = saved.average, own.schedule
        same = saved.optimizer is not None and (
            saved.optimizer.same_settings(started)
            and saved.optimizer.dtype == started.dtype
        )
        _require(same, "optimiser is not that of the fit")
        same = (average is None) == (own.average is None)
        if same and average is not None:
            same = average.rule.same_settings(own.average.rule)
        _require(same, "average is not that of the fit")
        if type(schedule) in CLASSES.values():  # a function keeps nothing
            _require(type(saved.schedule) is type(schedule), "schedule is another")
            vars(schedule).update(vars(saved.schedule))
        own.rng, own.outer = saved.rng, saved.outer
        own.optimizer, own.average = saved.optimizer, average

    def _restore_backtracking(self, plain):
        right = isinstance(plain, dict) and is_count(plain["n_left"])
        limit, factor = plain["limit"], plain["factor"]
        right = right and (limit is None or isinstance(limit, float))
        right = right and isinstance(factor, float) and 0 < factor <= 1
        right = right and is_weights(plain["start"], self._theta.size)
        _require(right, "record of divergences is not whole")
        self._check_before_spike(plain["good"])
        self._backtracking.restore(plain)

    def _restore_best(self, plain):
        monitor = self._monitor
        limits, before = monitor._limits, monitor._before_spike
        both = zip(
            (limits.patience, limits.training_patience), plain["patience"], strict=True
        )
        for patience, saved in both:
            _require((patience is None) == (saved is None), "patience is not the fit's")
            if patience is not None:
                _require(is_patience(*saved), "patience must be a value and a count")
                patience.best, patience.count = saved
        rests = plain["rests_before_spike"]
        _require(
            isinstance(rests, bool) and not (rests and before is None),
            "choice of weights is none",
        )
        has_best = monitor.best is not None
        _require(has_best == (plain["best"] is not None), "best weights are missing")
        if has_best:
            best = BestWeights(**plain["best"])
            check_best(best, self._theta.size)
            vars(monitor.best).update(vars(best))
        _require(
            (before is None) == (plain["before_spike"] is None),
            "weights before a spike are missing",
        )
        if before is not None:
            self._check_before_spike(plain["before_spike"])
            vars(before).update(plain["before_spike"])
            if rests:
                monitor.best = before

    def _check_before_spike(self, plain):
        right = isinstance(plain, dict) and plain.keys() == set(_BEFORE_SPIKE)
        _require(right, "weights before a spike are not whole")
        for name in ("theta", "_last_theta"):
            right = plain[name] is None or is_vector(
                plain[name], self._theta.size, self._theta.dtype
            )
            _require(right, "weights before a spike are not the network's")
        right = all(isinstance(plain[name], float) for name in ("value", "_last_loss"))
        right = right and (plain["epoch"] is None or is_count(plain["epoch"]))
        _require(right, "epoch before a spike is not one")

    def _restore_record(self, plain):
        monitor, entries = self._monitor, plain["entries"]
        right = isinstance(entries, np.ndarray) and entries.dtype == np.float64
        right = right and entries.shape[1:] == (len(COLUMNS),) and len(entries) > 0
        _require(right, "record is not whole")
        first = self._progress.n_iter + 1
        epochs = np.arange(first, first + len(entries))
        right = np.array_equal(entries[:, 0], epochs)
        _require(right and np.isfinite(entries[:, 1]).all(), "record is not whole")
        losses = plain["batch_losses"]
        right = isinstance(losses, np.ndarray) and losses.ndim == 1
        _require(right and losses.dtype == np.float64, "batches' losses are not such")
        seconds, reason = plain["seconds"], plain["stop_reason"]
        right = is_count(plain["n_seen"]) and is_real(seconds) and seconds >= 0
        right = right and (reason is None or isinstance(reason, str))
        _require(right, "counts, seconds or reason to stop are not such")
        rows = entries.tolist()
        monitor._entries = [x for epoch, *rest in rows for x in (int(epoch), *rest)]
        # The same parameters have the same columns.
        for column, saved in zip(self._further(), plain["further"], strict=True):
            _require(is_vector(saved, len(rows), np.float64), "record is not whole")
            column[:] = saved.tolist()
        monitor.batch_losses = array("d", losses.tolist())
        monitor.n_iter, monitor.n_seen = len(rows), plain["n_seen"]
        monitor.loss, monitor.stop_reason = rows[-1][1], reason
        monitor._started = time.perf_counter() - seconds

    def _check(self, saved):
        own = self.identity()
        for name, value in own["parameters"].items():
            if saved["parameters"].get(name) != value:
                raise ValueError(
                    f"The checkpoint is of a fit with {name}="
                    f"{saved['parameters'].get(name)}, and this one has {name}={value}."
                )
        what = {
            "network": "another network",
            "data": "other data, weights, or rows held out",
            "dtype": "another dtype",
            "epochs_before": "an estimator that had been trained for longer, or less",
            "trainable": "other layers or weights that stay as they are",
        }
        for name, words in what.items():
            if saved[name] != own[name]:
                raise ValueError(
                    f"The checkpoint is of a fit with {words}, and can't go on with "
                    "this one. (Where rows are drawn to be held out, random_state must "
                    "be an integer.)"
                )

    def _check_validation(self):
        if self._validate is None:
            return
        known = self._monitor.last_row()["validation_loss"]
        if not np.isclose(self._validate()[0], known, rtol=1e-6):
            raise ValueError("The checkpoint is of a fit with other validation data.")


def _require(holds, what):
    if not holds:
        raise ValueError(f"the checkpoint's {what}.")


def _validation_of(row):
    return row["validation_loss"], row["validation_score"]


def _of(thing, names):
    return {name: getattr(thing, name) for name in names}


def _text(value):
    value = options_to_plain(value)
    if callable(value):
        value = getattr(value, "__qualname__", type(value).__qualname__)
    # Where an object lies in memory says nothing.
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))


def _digest(data):
    X = data.X
    if issparse(X):
        X = (X.shape, X.data, X.indices, X.indptr)
    return joblib.hash((X, data.targets.y, data.weight, data.rows))
