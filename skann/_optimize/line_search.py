"""A search for a good length of a step along a direction.

The strong Wolfe conditions, with ``f(t)`` the objective at x + t direction::

    f(t) ≤ f(0) + C1 t f'(0)            enough is gained
    |f'(t)| ≤ C2 |f'(0)|                little more could be gained

First lengths grow until an interval is known to hold such a t, then the interval is cut
by cubic interpolation (Nocedal & Wright 2006, algorithms 3.5 and 3.6).
"""

import math

import numpy as np

_C1 = 1e-4
# SciPy's for conjugate gradients: after the formula of Fletcher and Reeves only slopes
# that are below a half make sure of another direction downhill.
_C2 = 0.4
_MAX_TRIES = 30
_GROWTH = 3.0


class _Trial:
    """The objective at a length of step."""

    def __init__(self, run, direction, length):
        self.length = length
        self.x = run.accepted.x + length * direction
        self.value, gradient = run.evaluate(self.x)
        self.slope = float(gradient @ direction)


def wolfe_point(run, direction, first):
    """Where a search from the run's present point ends.

    Parameters
    ----------
    run : Run
    direction : ndarray of shape (n_parameters,)
        Downhill.
    first : float
        The length that is tried first.

    Returns
    -------
    x : ndarray of shape (n_parameters,), or None
        None where nothing is lower. The conditions do not hold at x where tries ran
        out, but it is lower.
    """
    at = run.accepted
    low = start = _Start(at, float(at.gradient @ direction))
    high, length = None, first
    for _ in range(_MAX_TRIES):
        trial = _Trial(run, direction, length)
        too_high = not trial.value <= start.value + _C1 * length * start.slope
        if too_high or (low is not start and trial.value >= low.value):
            high = trial
        elif abs(trial.slope) <= -_C2 * start.slope:
            return trial.x
        else:
            if (
                trial.slope * ((math.inf if high is None else high.length) - low.length)
                >= 0
            ):
                high = low
            low = trial
        if high is None:
            length *= _GROWTH
        else:
            length = _between(low, high)
            if length in (low.length, high.length):
                break
    return None if low is start or np.array_equal(low.x, at.x) else low.x


class _Start:
    length = 0.0

    def __init__(self, at, slope):
        self.x, self.value, self.slope = at.x, at.value, slope


def _between(low, high):
    """Where a cubic through both ends is lowest, well inside; else the middle."""
    width = high.length - low.length
    middle = low.length + width / 2
    with np.errstate(all="ignore"):
        secant = (high.value - low.value) / width
        a = low.slope + high.slope - 3 * secant
        root = a * a - low.slope * high.slope
        if not (math.isfinite(root) and root >= 0):
            return middle
        b = math.copysign(math.sqrt(root), width)
        divisor = high.slope - low.slope + 2 * b
        share = 1 - (high.slope + b - a) / divisor if divisor else math.nan
    return low.length + share * width if 0.1 <= share <= 0.9 else middle


def search_along(rule, run):
    """Iterate: a direction by a rule, and a search along it, until nothing is lower.

    Parameters
    ----------
    rule : object
        ``rule.direction(gradient)`` at the run's present point, and
        ``rule.restart(gradient)``, which is ``-gradient``, at the start and where the
        other is not downhill or leads nowhere.
    run : Run
    """
    gain = None
    direction = rule.restart(run.accepted.gradient)
    while True:
        at = run.accepted
        x = _search(run, direction, gain)
        if x is None:
            direction = rule.restart(at.gradient)
            x = _search(run, direction, None)
            if x is None:
                return
        run.end_of_iteration(x)
        gain = at.value - run.accepted.value
        direction = rule.direction(run.accepted.gradient)


def _search(run, direction, gain):
    slope = float(run.accepted.gradient @ direction)
    if not slope < 0:
        return None
    # As if the step were to gain what the one before has: the length of a step along
    # the gradient alone says little.
    first = 1 / math.sqrt(-slope) if gain is None else min(1.0, 2.02 * gain / -slope)
    return wolfe_point(run, direction, max(first, 1e-12))
