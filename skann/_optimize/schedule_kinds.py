"""The kinds of learning-rate schedules; what they have in common is in the base.

The first ones are constant within an epoch, the last ones change with every step.
"""

import math
from numbers import Integral, Real
from typing import Self

from sklearn.utils._param_validation import Interval

from .schedule_base import FRACTION, Counts, Schedule

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


class Cosine(Schedule):
    """Down along half a cosine, step by step, to the end of the run.

    ::

        η = mix(η₀, end · η₀, (k - W) / (N - W))
        mix(a, b, q) = a + (b - a) (1 - cos πq) / 2

    before step k of the run's N = `max_iter` epochs of steps, W of them warm-up
    (Loshchilov & Hutter 2017, "SGDR"). Lack of improvement does not end the run. Every
    `fit` is a run, so a warm start is a restart.

    Parameters
    ----------
    end : float, default=0.0
        Share of the initial rate that is left at the end, from 0 to 1.
    warmup : float, default=0.0
        Share of the run in which the rate first rises; see :class:`Constant`.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.schedules import Cosine
    >>> clf = BPClassifier(learning_rate=Cosine(warmup=0.05), max_iter=30)
    """

    __module__ = "skann.schedules"  # files name it so
    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "end": [Interval(Real, 0, 1, closed="both")],
        "warmup": FRACTION,
    }
    needs_length = True
    runs_to_the_end = True

    def __init__(self, end: float = 0.0, warmup: float = 0.0) -> None:
        self.end = end
        self.warmup = warmup

    def epoch_rate(self, done: Counts) -> float | None:
        return None

    def step_rate(self, n_steps: int) -> float:
        k, n_warm = n_steps - self._zero.n_steps, self._n_warm
        if k < n_warm:
            return super().step_rate(n_steps)
        share = (k - n_warm) / (self._planned.n_steps - n_warm)
        return _mix(self.initial, self.initial * self.end, share)


class OneCycle(Schedule):
    """Up and down again in one run, step by step, each along half a cosine.

    ::

        η = mix(η₀ / start_factor, η₀, p / w)             for p < w, and then
            mix(η₀, η₀ / end_factor, (p - w) / (1 - w))
        mix(a, b, q) = a + (b - a) (1 - cos πq) / 2

    with p the share of the run's steps that has been taken and w the warm-up. After
    Smith & Topin (2018), "Super-convergence", with a cosine for their straight lines.
    The high rate in the middle regularises; the long way down settles. Lack of
    improvement does not end the run. Every `fit` is a run.

    Parameters
    ----------
    warmup : float, default=0.3
        Share of the run in which the rate rises, at least 0 and below 1.
    start_factor : float, default=25
        What the initial rate is divided by at the start, at least 1.
    end_factor : float, default=1e4
        What the initial rate is divided by at the end, at least 1.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.schedules import OneCycle
    >>> clf = BPClassifier(learning_rate=OneCycle(warmup=0.2), max_iter=10)
    """

    __module__ = "skann.schedules"  # files name it so
    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "warmup": FRACTION,
        "start_factor": [Interval(Real, 1, None, closed="left")],
        "end_factor": [Interval(Real, 1, None, closed="left")],
    }
    needs_length = True
    runs_to_the_end = True

    def __init__(
        self, warmup: float = 0.3, start_factor: float = 25, end_factor: float = 1e4
    ) -> None:
        self.warmup = warmup
        self.start_factor = start_factor
        self.end_factor = end_factor

    def epoch_rate(self, done: Counts) -> float | None:
        return None

    def step_rate(self, n_steps: int) -> float:
        share = (n_steps - self._zero.n_steps) / self._planned.n_steps
        peak = self.initial
        if share < self.warmup:
            return _mix(peak / self.start_factor, peak, share / self.warmup)
        left = (share - self.warmup) / (1 - self.warmup)
        return _mix(peak, peak / self.end_factor, left)


def _mix(a, b, share):
    # In this form it begins at a, to the last bit.
    return a + (b - a) * (1 - math.cos(math.pi * share)) / 2
