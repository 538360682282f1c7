"""Every few epochs as a file from which a fit goes on."""

import time
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from .._export import archive
from .._typing import PathLike
from ._epochs import EpochCallback, fit_of

_FORMAT = 1


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
        replaces what is there.
    every : int, default=1
        Epochs from one checkpoint to the next; there is one at the end of the fit
        besides.
    seconds : float, default=0
        Time that must have passed since the last checkpoint, for epochs that are
        shorter than it takes to write one.
    resume : bool, default=False
        Whether `fit` goes on from the file, if there is one; where not, it begins.
        Parameters and data must be those of the fit that wrote it, but for `verbose`
        and `max_time`. A fit that had ended ends at once, as it did.

    Raises
    ------
    ValueError
        If a parameter is not valid; by `fit`, if the file is damaged or of another fit,
        or the solver is one of SciPy's minimisers, which do not say where they are.
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
    >>> import tempfile, pathlib
    >>> from skann.callbacks import Checkpoint
    >>> path = pathlib.Path(tempfile.mkdtemp(), "fit.checkpoint")
    >>> checkpoint = Checkpoint(path, every=5, resume=True)
    >>> checkpoint  # then: net.set_callbacks(checkpoint).fit(X, y)
    Checkpoint('...fit.checkpoint', every=5, seconds=0, resume=True)
    """

    path: Path
    every: int
    seconds: float
    resume: bool

    def __init__(
        self, path: PathLike, every: int = 1, seconds: float = 0, resume: bool = False
    ) -> None:
        self.path, self.every = Path(path), every
        self.seconds, self.resume = seconds, resume
        if not self.path.parent.is_dir():
            raise FileNotFoundError(
                f"path={str(path)!r}: there is no folder {str(self.path.parent)!r}."
            )
        if not isinstance(every, Integral) or isinstance(every, bool) or every < 1:
            raise ValueError(f"every must be an integer of at least 1; got {every!r}.")
        if not isinstance(seconds, Real) or not seconds >= 0:
            raise ValueError(
                f"seconds must be a number of at least 0; got {seconds!r}."
            )
        if not isinstance(resume, bool):
            raise ValueError(f"resume must be True or False; got {resume!r}.")
        self._runs = {}

    def __repr__(self) -> str:
        return (
            f"Checkpoint({str(self.path)!r}, every={self.every}, "
            f"seconds={self.seconds}, resume={self.resume})"
        )

    def __getstate__(self) -> dict[str, Any]:
        # The runs of other processes are not ours.
        return vars(self) | {"_runs": {}}

    def begin_run(self, run: Any, context: Any) -> None:
        """Called by `fit` when all is set up; a run that is resumed goes on here."""
        if not run.can_go_on:
            raise ValueError(
                "Checkpoint needs an optimiser of skann.solvers, such as 'sgd' or "
                "'adam'; SciPy's minimisers do not say where they are."
            )
        if self.resume and self.path.exists():
            self._restore(run)
        self._runs[fit_of(context)] = [run, time.monotonic()]

    def _restore(self, run):
        data = archive.read(self.path)
        try:
            if data.get("checkpoint") != _FORMAT:
                raise ValueError(
                    f"it is no checkpoint of format {_FORMAT}, which this version of "
                    "skann knows."
                )
            run.restore(data["run"])
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            raise ValueError(
                f"fit can't go on from {str(self.path)!r}: {error}"
            ) from error

    def _epoch(self, fit, row):
        run, last = self._runs[fit]
        if run.ended_by_the_clock:
            return  # its last epoch is not whole; the checkpoint before is
        is_due = row["epoch"] % self.every == 0
        if run.ends or (is_due and time.monotonic() - last >= self.seconds):
            self._save(run)
            self._runs[fit][1] = time.monotonic()

    def _save(self, run):
        archive.write(self.path, {"checkpoint": _FORMAT, "run": run.to_plain()})

    def _end(self, fit):
        self._runs.pop(fit, None)
