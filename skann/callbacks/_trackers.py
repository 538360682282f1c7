"""Every epoch in TensorBoard and in MLflow."""

import math
from pathlib import Path
from typing import Any

from .._optional import imported
from .._paths import checked_path
from .._typing import PathLike
from ._epochs import EpochCallback

# TensorBoard groups by what is before the slash.
_TAGS = {
    "loss": "loss/training",
    "validation_loss": "loss/validation",
    "validation_score": "score/validation",
}


def _numbers(row):
    """What an epoch has besides its number."""
    return {
        name: value
        for name, value in row.items()
        if name != "epoch" and not math.isnan(value)
    }


class TensorBoardLog(EpochCallback):
    """Callback that writes every epoch for TensorBoard.

    Parameters
    ----------
    log_dir : str or path-like
        The folder for ``tensorboard --logdir``. Each fit writes into a folder of its
        own below it, named after the run and the fit's place in it.

    Raises
    ------
    ImportError
        If tensorboard is not installed.

    See Also
    --------
    MLflowLog : The same for MLflow.

    Examples
    --------
    >>> from skann.callbacks import TensorBoardLog
    >>> TensorBoardLog("runs")  # doctest: +SKIP
    TensorBoardLog('runs')
    """

    log_dir: Path

    def __init__(self, log_dir: PathLike) -> None:
        imported("tensorboard", "TensorBoardLog", "tensorboard")
        self.log_dir = checked_path(log_dir, "log_dir")
        self._writers = {}

    def __repr__(self) -> str:
        return f"TensorBoardLog({str(self.log_dir)!r})"

    def __getstate__(self) -> dict[str, Any]:
        # Open files stay where they are; another process opens its own.
        return vars(self) | {"_writers": {}}

    def _begin(self, fit, estimator):
        summary = imported("tensorboard.summary", "TensorBoardLog", "tensorboard")
        run, task = fit
        folder = self.log_dir / f"{run[:8]}-{task.replace('/', '.')}"
        self._writers[fit] = summary.Writer(str(folder))

    def _epoch(self, fit, row):
        writer = self._writers[fit]
        for name, value in _numbers(row).items():
            writer.add_scalar(_TAGS.get(name, name), value, row["epoch"])
        writer.flush()

    def _end(self, fit):
        if fit in self._writers:
            self._writers.pop(fit).close()


class MLflowLog(EpochCallback):
    """Callback that logs every fit as a run of MLflow, with a metric an epoch.

    A run has the estimator's parameters and, for each epoch, the figures of
    `history_`. It is nested in the active run where there is one. The model is not
    logged; ``mlflow.sklearn.log_model`` does that.

    Raises
    ------
    ImportError
        If mlflow is not installed.

    See Also
    --------
    TensorBoardLog : The same for TensorBoard.

    Examples
    --------
    >>> from skann.callbacks import MLflowLog
    >>> MLflowLog()  # doctest: +SKIP
    MLflowLog()
    """

    def __init__(self) -> None:
        imported("mlflow", "MLflowLog", "mlflow")

    def __repr__(self) -> str:
        return "MLflowLog()"

    def _begin(self, fit, estimator):
        mlflow = imported("mlflow", "MLflowLog", "mlflow")
        (run, task), kind = fit, type(estimator).__name__
        mlflow.start_run(run_name=f"{kind} {run[:8]} {task}", nested=True)
        mlflow.log_params(estimator.get_params(deep=False))
        self._state = "FAILED"  # until the fit has ended

    def _epoch(self, fit, row):
        mlflow = imported("mlflow", "MLflowLog", "mlflow")
        mlflow.log_metrics(_numbers(row), step=row["epoch"])

    def _success(self, fit):
        self._state = "FINISHED"

    def _end(self, fit):
        if hasattr(self, "_state"):
            imported("mlflow", "MLflowLog", "mlflow").end_run(self._state)
            del self._state
