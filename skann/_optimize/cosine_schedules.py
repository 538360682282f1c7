"""Learning-rate schedules that change with every step, along half a cosine."""

import math
from numbers import Real

from sklearn.utils._param_validation import Interval

from .schedule_base import FRACTION, Counts, Schedule


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

    See Also
    --------
    OneCycle : The same after a rise.

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

    See Also
    --------
    Cosine : The fall alone.

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
