"""scikit-learn's callbacks on a fit: the one module that touches ``sklearn.callback``.

The protocol came with scikit-learn 1.9 and is experimental there. A fit is a task with
one subtask an epoch; a callback's hooks are called at the beginning and at the end of
each, with what their signatures ask for, and one that returns True at an epoch's end
stops training. Everything is handed over as a function, so that what no hook asks for
is never computed: a fit without callbacks does not come here at all.
"""

import copy
import functools
from typing import TYPE_CHECKING, Any, Self

from sklearn import __version__ as sklearn_version
from sklearn.utils import _safe_indexing

from .._training.progress import Progress

if TYPE_CHECKING:

    class _Mixin:
        def set_callbacks(self, *callbacks: Any) -> Self: ...

else:
    try:
        from sklearn.callback import CallbackSupportMixin as _Mixin
        from sklearn.callback import FitCallback
    except ImportError:
        _Mixin = object

_HOOKS = ("setup", "on_fit_task_begin", "on_fit_task_end", "teardown")


class CallbackSupport(_Mixin):
    """What an estimator inherits to take callbacks."""

    def set_callbacks(self, *callbacks: Any) -> Self:
        """Set what follows the coming calls of `fit`, epoch by epoch.

        Parameters
        ----------
        *callbacks : callback
            Instances of scikit-learn's (``sklearn.callback.ProgressBar``,
            ``ScoringMonitor``), of :mod:`skann.callbacks`, or of a class of your own in
            the same protocol: `setup`, `on_fit_task_begin`, `on_fit_task_end`, which
            stops the fit by returning True, and `teardown`. None of them clears what
            was set. `partial_fit` calls none. Copies and clones of an estimator have
            them, pickles of a fitted one do not.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ImportError
            If scikit-learn is older than 1.9, which was the first with callbacks.
        TypeError
            If one is not such an instance.

        Notes
        -----
        At the end of an epoch, `metadata` holds the rows' ``sample_weight`` where `fit`
        was given one, and has the epoch's entry of `history_` as an attribute:
        ``metadata.history_row["loss"]``. `X` and `y` are the rows trained on, as they
        were given to `fit`, and `fitted_estimator` is a copy that does not change
        afterwards.

        Examples
        --------
        >>> from skann import BPClassifier
        >>> from skann.callbacks import TrainingLog
        >>> net = BPClassifier()
        >>> net = net.set_callbacks(TrainingLog("epochs.csv"))  # doctest: +SKIP
        """
        if _Mixin is not object:
            for callback in callbacks:
                _check_callback(callback)
            return super().set_callbacks(*callbacks)
        if callbacks:
            raise ImportError(
                "set_callbacks needs scikit-learn 1.9 or later, which brought "
                f"callbacks; this is {sklearn_version}."
            )
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        # By the state of a pickle, which for a fitted estimator lacks the callbacks.
        other = memo[id(self)] = type(self).__new__(type(self))
        other.__setstate__(copy.deepcopy(self.__getstate__(), memo))
        if "_skl_callbacks" in vars(self):
            other._skl_callbacks = copy.deepcopy(self._skl_callbacks, memo)
        return other


def _check_callback(callback):
    if isinstance(callback, FitCallback) and not isinstance(callback, type):
        return
    missing = [name for name in _HOOKS if not hasattr(callback, name)]
    lacks = f", which lacks {', '.join(missing)}"
    if isinstance(callback, type):
        lacks = f", which is a class: give an instance, {callback.__name__}(...)"
    raise TypeError(
        "set_callbacks takes objects with the methods setup, on_fit_task_begin, "
        "on_fit_task_end and teardown, such as those of skann.callbacks, one after the "
        f"other; got {callback!r}{lacks}."
    )


class EpochMetadata(dict):
    """What scorers may be given at an epoch, and what was recorded of it.

    The record is an attribute and no item, for a callback passes all items on to
    scorers as keywords.

    Attributes
    ----------
    history_row : dict of str to float
        The epoch's entry of `history_`.
    """

    def __init__(self, items: dict[str, Any], history_row: dict[str, float]) -> None:
        super().__init__(items)
        self.history_row = history_row

    def __reduce__(self) -> tuple[Any, ...]:
        return EpochMetadata, (dict(self), self.history_row)


def follower(estimator, draft, settings, given, progress, publish, partial):
    """What calls the estimator's callbacks during a run, or None if it has none.

    Parameters
    ----------
    estimator : CallbackSupport
        Has the callbacks, and is what they are told of.
    draft : CallbackSupport
        What is being fitted for it; see ``drafts.py``.
    settings : object
        Has the estimator's parameters as they are used.
    given : tuple
        The numbers of the rows that are trained on (None for all); X and y, as the
        user gave them; and the row weights or None.
    progress : Progress
        As it is before the run.
    publish : callable
        ``publish(view, theta, progress, monitor)`` gives the view the attributes of a
        fit that has ended.
    partial : bool
        Whether this is a ``partial_fit``, whose passes are none of the epochs of a fit.

    Returns
    -------
    follower : Follower or None
    """
    if partial or not getattr(estimator, "_skl_callbacks", None):
        return None
    about = estimator, draft, settings.max_iter
    return Follower(*about, given, progress, publish)


class Follower:
    """One fit's tasks, for its monitor to call; see :func:`follower`."""

    def __init__(self, estimator, draft, max_iter, given, progress, publish):
        rows, X, y, sample_weight = given
        self._estimator, self._draft, self._progress = estimator, draft, progress
        self._publish, self._epoch, self._monitor = publish, None, None

        def used(array):
            if array is None or rows is None:
                return array
            return _safe_indexing(array, rows)

        # The rows are the same in every epoch, so they are taken once.
        self._given = {
            "X": functools.cache(lambda: used(X)),
            "y": functools.cache(lambda: used(y)),
        }
        self._weights = functools.cache(
            lambda: (
                {} if sample_weight is None else {"sample_weight": used(sample_weight)}
            )
        )
        self._fit = estimator._init_callback_context(
            task_name="fit", max_subtasks=max_iter
        )
        self._fit.call_on_fit_task_begin(
            estimator=estimator, **self._given, metadata=self._weights
        )

    def begin_run(self, run):
        """The run is set up; a callback with ``begin_run`` may restore another.

        It is given the run, the context of the fit, and a function that returns a
        fitted copy of the estimator as it is at an epoch's end.
        """
        for callback in self._estimator._skl_callbacks:
            begin = getattr(callback, "begin_run", None)
            if begin is not None:
                begin(run, self._fit, self._model)

    def begin_epoch(self, monitor):
        """An epoch begins."""
        self._monitor = monitor
        self._epoch = self._fit.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(
            estimator=self._estimator,
            **self._given,
            metadata=self._weights,
            reconstruction_attributes=lambda: self._attributes(monitor),
        )

    def end_epoch(self, monitor):
        """The epoch has ended and is recorded; True to stop."""
        epoch, self._epoch = self._epoch, None
        return epoch.call_on_fit_task_end(
            estimator=self._estimator,
            **self._given,
            metadata=lambda: EpochMetadata(self._weights(), monitor.last_row()),
            reconstruction_attributes=lambda: self._attributes(monitor),
        )

    def end(self):
        """The fit has ended, and the draft has its attributes."""
        if self._epoch is not None:
            # One that a minimiser has begun and found no better point in.
            self._epoch.call_on_fit_task_end(estimator=self._estimator)
        self._fit.call_on_fit_task_end(
            estimator=self._estimator,
            **self._given,
            metadata=self._weights,
            reconstruction_attributes=lambda: vars(self._draft) | _nothing_but_itself(),
        )

    def _model(self):
        """A copy of the estimator, fitted until the end of this epoch."""
        model = copy.copy(self._draft)
        vars(model).update(self._attributes(self._monitor))
        return model

    def _attributes(self, monitor):
        """What makes a shallow copy of the estimator one that was fitted until now."""
        view = copy.copy(self._draft)
        so_far = _progress_so_far(self._progress, monitor)
        self._publish(view, monitor.theta.copy(), so_far, monitor)
        view.stop_reason_ = monitor.stop_reason
        return vars(view) | _nothing_but_itself()


def _nothing_but_itself():
    # A copy that is trained further, or saved, must neither call nor end the callbacks
    # of the fit that it was taken from.
    return {"_skl_callbacks": [], "_skl_callbacks_to_teardown": []}


def _progress_so_far(progress, monitor):
    """What a run ends with if it ends now, but for the optimiser's state."""
    return Progress(
        copy.deepcopy(progress.rng),
        n_iter=progress.n_iter + monitor.n_iter,
        n_seen=progress.n_seen + monitor.n_seen,
        seconds=monitor.seconds,
        n_steps=progress.n_steps,
    )
