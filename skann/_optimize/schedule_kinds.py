"""Learning-rate schedules that are constant within an epoch.

Those that change with every step are in ``cosine_schedules.py``; what they all have in
common is in the base.
"""

from numbers import Integral, Real
from typing import Self

from sklearn.utils._param_validation import Interval

from .schedule_base import FRACTION, Schedule

_DIVISOR = [Interval(Real, 1, None, closed="neither")]
_FACTOR = [Interval(Real, 0, 1, closed="right")]


class Constant(Schedule):
    """The same rate all the time.

    ::

        η = η₀

    Parameters
    ----------
    warmup : float, default=0.0
        Share of the run, `max_iter` epochs, in which the rate first rises in a
        straight line: W = warmup · N of the N steps, rounded, at the rates
        ``η₀ (k + 1) / W`` for k = 0 ... W - 1 (Goyal et al. 2017). At least 0, below
        1.

    See Also
    --------
    Adaptive : Lower once the loss no longer falls.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.schedules import Constant
    >>> clf = BPClassifier(learning_rate=Constant(warmup=0.1))
    >>> clf.get_params()["learning_rate__warmup"]
    0.1
    """

    __module__ = "skann.schedules"  # files name it so

    def decayed(self, n_epochs: float, n_seen: float) -> float:
        return self.initial


class InvScaling(Schedule):
    """A power of the rows trained on; the rate is constant within an epoch.

    ::

        η = η₀ / (t + 1)^power_t

    with t the rows trained on, after the warm-up and before this epoch, as
    scikit-learn counts.

    Parameters
    ----------
    power_t : float, default=0.5
        Exponent, at least 0.
    warmup : float, default=0.0
        Share of the run in which the rate first rises; see :class:`Constant`.

    See Also
    --------
    Exponential : A fall by the same factor in each epoch.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.schedules import InvScaling
    >>> clf = BPClassifier(learning_rate=InvScaling(0.25), learning_rate_init=0.1)
    """

    __module__ = "skann.schedules"  # files name it so
    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "power_t": [Interval(Real, 0, None, closed="left")],
        "warmup": FRACTION,
    }

    def __init__(self, power_t: float = 0.5, warmup: float = 0.0) -> None:
        self.power_t = power_t
        self.warmup = warmup

    def decayed(self, n_epochs: float, n_seen: float) -> float:
        return self.initial * (n_seen + 1.0) ** -self.power_t


class Adaptive(Schedule):
    """Lower whenever the loss has stopped falling.

    ::

        η = η₀ / factor^p

    after p plateaus: times when `n_iter_no_change` epochs in a row have not improved
    by `tol`. A plateau at a rate of no more than `smallest` ends training. During the
    warm-up there are no plateaus.

    Parameters
    ----------
    factor : float, default=5
        What the rate is divided by, above 1. scikit-learn's is 5.
    smallest : float, default=1e-6
        Rate that is not lowered any more, above 0. scikit-learn's is 1e-6.
    warmup : float, default=0.0
        Share of the run in which the rate first rises; see :class:`Constant`.

    See Also
    --------
    Step : Falls at epochs that are given.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.schedules import Adaptive
    >>> clf = BPClassifier(learning_rate=Adaptive(factor=2), n_iter_no_change=5)
    """

    __module__ = "skann.schedules"  # files name it so
    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "factor": _DIVISOR,
        "smallest": [Interval(Real, 0, None, closed="neither")],
        "warmup": FRACTION,
    }
    lowers_on_plateau = True

    def __init__(
        self, factor: float = 5, smallest: float = 1e-6, warmup: float = 0.0
    ) -> None:
        self.factor = factor
        self.smallest = smallest
        self.warmup = warmup

    def begin(self, initial: float) -> Self:
        self._current = initial
        return super().begin(initial)

    def decayed(self, n_epochs: float, n_seen: float) -> float:
        return self._current

    def on_plateau(self) -> str | None:
        if self._warming:
            return super().on_plateau()
        if self._current <= self.smallest:
            return None
        self._current /= self.factor
        return f"Learning rate lowered to {self._current:g}"


class Step(Schedule):
    """Lower by a factor at regular intervals.

    ::

        η = η₀ · factor^⌊e / every⌋

    with e the epochs since the warm-up.

    Parameters
    ----------
    every : int, default=50
        Epochs from one step down to the next. The default makes four levels of the
        default 200 epochs.
    factor : float, default=0.1
        What the rate is multiplied by, above 0 and at most 1.
    warmup : float, default=0.0
        Share of the run in which the rate first rises; see :class:`Constant`.

    See Also
    --------
    Exponential : The same a little in each epoch.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.schedules import Step
    >>> clf = BPClassifier(learning_rate=Step(every=10, factor=0.5), max_iter=40)
    """

    __module__ = "skann.schedules"  # files name it so
    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "every": [Interval(Integral, 1, None, closed="left")],
        "factor": _FACTOR,
        "warmup": FRACTION,
    }

    def __init__(
        self, every: int = 50, factor: float = 0.1, warmup: float = 0.0
    ) -> None:
        self.every = every
        self.factor = factor
        self.warmup = warmup

    def decayed(self, n_epochs: float, n_seen: float) -> float:
        return self.initial * self.factor ** (n_epochs // self.every)


class Exponential(Schedule):
    """Lower by the same factor every epoch.

    ::

        η = η₀ · factor^e

    with e the epochs since the warm-up; the rate is constant within an epoch. (Where
    the warm-up ends within an epoch, e is not a whole number.)

    Parameters
    ----------
    factor : float, default=0.98
        What the rate is multiplied by, above 0 and at most 1. The default leaves 2 %
        after the default 200 epochs.
    warmup : float, default=0.0
        Share of the run in which the rate first rises; see :class:`Constant`.

    See Also
    --------
    Step : The same in jumps.
    Cosine : A fall that ends with the fit.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.schedules import Exponential
    >>> clf = BPClassifier(learning_rate=Exponential(0.9), max_iter=40)
    """

    __module__ = "skann.schedules"  # files name it so
    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "factor": _FACTOR,
        "warmup": FRACTION,
    }

    def __init__(self, factor: float = 0.98, warmup: float = 0.0) -> None:
        self.factor = factor
        self.warmup = warmup

    def decayed(self, n_epochs: float, n_seen: float) -> float:
        return self.initial * self.factor**n_epochs
