"""Gradient descent over all rows at a rate that adapts itself."""

from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval

from .minimizer import MAX_FUN, NO_STEP, Minimizer


class GDX(Minimizer):
    """Gradient descent at an adaptive rate, by the name "gdx".

    MATLAB's ``traingdx``, and ``traingda`` with ``momentum=0``. With the rate η and the
    gradient g over all rows::

        v ← μ v - (1 - μ) η g
        f(x + v) > max_growth f(x):     not taken; η ← decrease η, v ← -η g
        else:  x ← x + v;               η ← increase η where f has become less

    The oldest cure for a rate that has to be chosen. "rprop" and "lbfgs" are faster
    nearly everywhere.

    Parameters
    ----------
    max_fun : int, default=15000
        Evaluations of the objective and its gradient at most; as for "lbfgs".
    learning_rate_init : float, default=0.01
        η at the start; this and the others are MATLAB's.
    momentum : float, default=0.9
        μ, at least 0 and below 1.
    increase : float, default=1.05
        Factor of η after a gain.
    decrease : float, default=0.7
        Factor of η after a step that was not taken.
    max_growth : float, default=1.04
        By which factor the objective may grow in a step.

    See Also
    --------
    SGD : Gradient descent on mini-batches.

    Notes
    -----
    A step that was not taken counts as an iteration. The column "learning_rate" of
    `history_` has η. An objective of zero or below may not grow at all.

    References
    ----------
    Vogl, T. P., Mangis, J. K., Rigler, A. K., Zink, W. T. & Alkon, D. L. (1988).
    Accelerating the convergence of the back-propagation method. Biological Cybernetics
    59, 257-263.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.datasets import make_xor
    >>> from skann.solvers import GDX
    >>> X, y = make_xor()
    >>> solver = GDX(learning_rate_init=0.1)
    >>> model = BPClassifier((4,), "tanh", solver=solver, random_state=0)
    >>> model.fit(X, y).score(X, y)
    1.0
    """

    __module__ = "skann.solvers"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        **MAX_FUN,
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "increase": [Interval(Real, 1, None, closed="left")],
        "decrease": [Interval(Real, 0, 1, closed="neither")],
        "max_growth": [Interval(Real, 1, None, closed="left")],
    }

    def __init__(
        self,
        max_fun: int = 15000,
        learning_rate_init: float = 0.01,
        momentum: float = 0.9,
        increase: float = 1.05,
        decrease: float = 0.7,
        max_growth: float = 1.04,
    ) -> None:
        self.max_fun = max_fun
        self.learning_rate_init = learning_rate_init
        self.momentum = momentum
        self.increase = increase
        self.decrease = decrease
        self.max_growth = max_growth

    def minimize(self, run: Any, max_iter: int, tol: float) -> str:
        rate, v = self.learning_rate_init, np.zeros_like(run.accepted.x)
        while True:
            at = run.accepted
            v = self.momentum * v - (1 - self.momentum) * rate * at.gradient
            x = at.x + v
            if np.array_equal(x, at.x):
                return NO_STEP
            value, _ = run.evaluate(x)
            most = max(at.value, self.max_growth * at.value)  # may be negative
            used = rate
            if not value <= most:
                rate *= self.decrease
                v = -rate * at.gradient
                x = at.x
            elif value < at.value:
                rate *= self.increase
            run.end_of_iteration(x, rate=used)
