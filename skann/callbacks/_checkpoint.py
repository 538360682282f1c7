"""Every few epochs as a file from which a fit goes on."""

import math
import time
import warnings
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import joblib

from .._estimators.validation import prefix_errors
from .._export import archive
from .._optimize.plain_options import is_count
from .._paths import checked_path
from .._typing import PathLike
from ._epochs import EpochCallback, fit_of

_FORMAT = 1
_FIT = "{fit}"  # in a path
_DEFAULTS = {
    "every": 1,
    "seconds": 0,
    "keep_last": 1,
    "keep_best": False,
    "resume": False,
}


class Checkpoint(EpochCallback):
    """Callback that saves the state of a fit, and has a later fit go on from it.

    A fit that goes on ends with the weights, the record and the predictions of one that
    was never interrupted, bit for bit: optimiser, learning rate, random generator,
    patience and best weights are all in the file. It takes the place of the one before
    only when it is whole and on the disk, so that a process may be killed, or a disk
    fill up, at any moment.

    Parameters
    ----------
    path : str or path-like
        Of the file, for one fit; its folder must exist. A fit that does not resume
        replaces what is there. "{fit}" in the file's name becomes a text that is the
        same for the same parameters and data, and another for all others: the folds of
        a cross-validation and the candidates of a search then have a file each, and
        each of them resumes from its own.
    every : int, default=1
        Epochs from one checkpoint to the next; there is one at the end of the fit
        besides.
    seconds : float, default=0
        Time that must have passed since the last checkpoint, for epochs that are
        shorter than it takes to write one.
    keep_last : int, default=1
        How many of the last checkpoints are kept. The newest is `path`, those before
        have ".1", ".2", … after it; where one can't be read, a fit that resumes goes
        on from the one before, with a warning.
    keep_best : bool, default=False
        Whether the model of the best epoch so far is kept besides, with ".best" after
        `path`: a file for :func:`skann.load_model`, written when a checkpoint is. The
        best epoch is that with the best validation score where `early_stopping` goes
        by one, else with the lowest validation loss, without validation data with the
        lowest training loss.
    resume : bool, default=False
        Whether `fit` goes on from the file, if there is one; where not, it begins.
        Parameters and data must be those of the fit that wrote it, but for `verbose`
        and `max_time`. A fit that had ended ends at once, as it did.

    Raises
    ------
    ValueError
        If a parameter is not valid; by `fit`, if the file is damaged or of another fit,
        or the solver is one of SciPy's minimisers, which do not say where they are, or
        the best model is to be kept and has a parameter that no file can hold.
    FileNotFoundError
        If there is no such folder.

    See Also
    --------
    skann.BPClassifier.set_callbacks : How callbacks are set.
    skann.BPClassifier.save_model : A file of a model that is fitted.

    Notes
    -----
    With an integer as `random_state`, the same rows are held out again. Without, a fit
    that holds out rows can't go on, and one that does not can.

    `partial_fit` calls no callbacks: a stream is saved by `save_model` between its
    calls, and goes on as exactly.

    Examples
    --------
    >>> from skann.callbacks import Checkpoint
    >>> checkpoint = Checkpoint("fit.checkpoint", every=5, resume=True)
    >>> checkpoint  # then: net.set_callbacks(checkpoint).fit(X, y)
    Checkpoint('fit.checkpoint', every=5, resume=True)
    """

    path: Path
    every: int
    seconds: float
    keep_last: int
    keep_best: bool
    resume: bool

    def __init__(
        self,
        path: PathLike,
        every: int = 1,
        seconds: float = 0,
        keep_last: int = 1,
        keep_best: bool = False,
        resume: bool = False,
    ) -> None:
        self.path, self.every, self.seconds = checked_path(path), every, seconds
        self.keep_last, self.keep_best = keep_last, keep_best
        self.resume = resume
        if not self.path.parent.is_dir():
            raise FileNotFoundError(
                f"path={str(path)!r}: there is no folder {str(self.path.parent)!r}."
            )
        for name, value in [("every", every), ("keep_last", keep_last)]:
            if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
                raise ValueError(
                    f"{name} must be an integer of at least 1; got {value!r}."
                )
        real = isinstance(seconds, Real) and not isinstance(seconds, bool)
        if not real or not seconds >= 0:
            raise ValueError(
                f"seconds must be a number of at least 0; got {seconds!r}."
            )
        for name, value in [("keep_best", keep_best), ("resume", resume)]:
            if not isinstance(value, bool):
                raise ValueError(f"{name} must be True or False; got {value!r}.")
        self._runs, self._last_fit = {}, None

    def __repr__(self) -> str:
        settings = "".join(
            f", {name}={getattr(self, name)!r}"
            for name, default in _DEFAULTS.items()
            if getattr(self, name) != default
        )
        return f"Checkpoint({str(self.path)!r}{settings})"

    def __getstate__(self) -> dict[str, Any]:
        # The runs of other processes are not ours.
        return vars(self) | {"_runs": {}, "_last_fit": None}

    def _begin(self, fit, estimator):
        if self.keep_best:
            # What can't be saved should be said now and not after the first epoch.
            with prefix_errors("keep_best=True"):
                estimator._parameters_to_file()

    def begin_run(self, run: Any, context: Any, model: Any) -> None:
        """Called by `fit` when all is set up; a run that is resumed goes on here."""
        if not run.can_go_on:
            raise ValueError(
                "Checkpoint needs an optimiser of skann.solvers, such as 'sgd' or "
                "'adam'; SciPy's minimisers do not say where they are."
            )
        path = self._path_of(run)
        self._runs[fit_of(context)] = state = _Run(run, path, model, time.monotonic())
        for path in (state.path, state.best_path):
            archive.remove_leftovers(path)
        if self.resume:
            self._resume(state)

    def _path_of(self, run):
        """Where a run is saved; a warning if another fit's file was there."""
        if _FIT in self.path.name:
            return self.path.with_name(self.path.name.replace(_FIT, run.name()))
        # The next fit of a warm start is the same fit that goes on.
        fit = joblib.hash(run.identity() | {"epochs_before": 0})
        if not self.resume and self._last_fit not in (None, fit):
            warnings.warn(
                f"{self!r} replaces the file of another fit. {self._one_file_each()}",
                UserWarning,
                stacklevel=2,
            )
        self._last_fit = fit
        return self.path

    def _one_file_each(self):
        name = f"{self.path.stem}-{_FIT}{self.path.suffix}"
        return (
            "To give each fit of a cross-validation or search a file, put '{fit}' in "
            f"the name: Checkpoint({str(self.path.with_name(name))!r})."
        )

    def _resume(self, state):
        paths = [state.path, *archive.before(state.path, self.keep_last - 1)]
        paths = [path for path in paths if path.exists()]
        for path in paths:
            try:
                data = archive.read(path)
            except ValueError as error:
                if path == paths[-1]:
                    raise
                warnings.warn(f"{error} fit goes on from the one before.", stacklevel=2)
                continue
            self._restore(state, path, data)
            return

    def _restore(self, state, path, data):
        try:
            if data.get("checkpoint") != _FORMAT:
                raise ValueError(
                    f"it is no checkpoint of format {_FORMAT}, which this version of "
                    "skann knows."
                )
            n_saved, best_value = data["n_saved"], data["best_value"]
            if not is_count(n_saved) or not isinstance(best_value, float):
                raise ValueError("it does not say how many there have been.")
            state.run.restore(data["run"])
            state.n_saved, state.best_value = n_saved, best_value
        except (MemoryError, OSError):
            raise
        # Whatever a part of the file is, it may be of another type than it should be.
        except Exception as error:
            hint = "" if _FIT in self.path.name else f" {self._one_file_each()}"
            raise ValueError(
                f"fit can't go on from {str(path)!r}: {error}{hint}"
            ) from error

    def _epoch(self, fit, row):
        state = self._runs[fit]
        run = state.run
        if run.ended_by_the_clock:
            return  # its last epoch is not whole; the checkpoint before is
        if self.keep_best:
            state.look()
        is_due = row["epoch"] % self.every == 0
        now = time.monotonic()
        if run.ends or (is_due and now - state.last >= self.seconds):
            self._save(state)
            state.last = time.monotonic()

    def _save(self, state):
        if state.best is not None:
            state.best.save_model(state.best_path)
            state.best = None
        # Files of another fit do not stay behind those of this one.
        n_before = min(self.keep_last - 1, state.n_saved)
        state.n_saved += 1
        data = {
            "checkpoint": _FORMAT,
            "run": state.run.to_plain(),
            "n_saved": state.n_saved,
            "best_value": state.best_value,
        }
        archive.write(state.path, data, n_before)
        for path in archive.before(state.path, self.keep_last - 1)[n_before:]:
            path.unlink(missing_ok=True)

    def _end(self, fit):
        self._runs.pop(fit, None)


@dataclass
class _Run:
    """A run with what has been saved of it."""

    run: object
    path: Path
    model: object
    last: float
    n_saved: int = 0
    best_value: float = math.inf
    best: object = None

    @property
    def best_path(self):
        """Where the best model is kept."""
        return self.path.with_name(f"{self.path.name}.best")

    def look(self):
        """Keep the model of this epoch if it is the best so far."""
        if self.run.value < self.best_value:
            self.best_value, self.best = self.run.value, self.model()
