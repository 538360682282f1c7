"""What these callbacks have in common: the protocol's hooks, and which fit is which."""

from typing import Any


class EpochCallback:
    """The protocol's hooks, for a callback that wants each epoch's record.

    A subclass has ``_epoch(fit, row)`` and may have ``_begin(fit, estimator)``,
    ``_success(fit)`` and ``_end(fit)``, which is called after errors too; ``fit`` is
    what :func:`fit_of` returns.
    """

    def setup(self, estimator: Any, context: Any) -> None:
        """Called by `fit` before the first epoch."""
        if not hasattr(type(estimator), "history_"):
            raise TypeError(
                f"{type(self).__name__} follows the epochs of a BPClassifier or "
                f"BPRegressor, and was set on {type(estimator).__name__}. Set it on "
                "the network itself, also where that is a step of a pipeline."
            )
        self._begin(fit_of(context), estimator)

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Called by `fit` at the beginning of each task."""

    def on_fit_task_end(
        self, estimator: Any, context: Any, *, metadata: Any
    ) -> bool | None:
        """Called by `fit` at the end of each task."""
        row = getattr(metadata, "history_row", None)
        if row is not None:
            self._epoch(fit_of(context.parent), row)
        elif context.task_name == "fit":
            self._success(fit_of(context))

    def teardown(self, estimator: Any, context: Any) -> None:
        """Called by `fit` at its end, after an error too."""
        self._end(fit_of(context))

    def _begin(self, fit, estimator):
        pass

    def _success(self, fit):
        pass

    def _end(self, fit):
        pass


def fit_of(context):
    """Which fit a context is of: the name of the run, and its place in it.

    Returns
    -------
    run : str
        The same for all fits of one search or pipeline.
    task : str
        The numbers of the tasks that lead to the fit, such as "0/3/1"; "0" for a fit
        by itself.
    """
    numbers, root = [], context
    while root is not None:
        numbers.append(str(root.task_id))
        root = root.parent
    return str(context.root_uuid), "/".join(reversed(numbers))
