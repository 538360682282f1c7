"""Scaled conjugate gradients: steps without a search for their length."""

import math
from numbers import Real
from typing import Any

from sklearn.utils._param_validation import Interval

from .minimizer import MAX_FUN, NO_STEP, Minimizer

# A step is as good as none where the damping has come to that.
_MAX_DAMPING = 1e100


class SCG(Minimizer):
    """Scaled conjugate gradients, by the name "scg".

    Conjugate gradients whose steps have the length at which a quadratic model is lowest
    (Møller 1993), so that none is searched. With g the gradient, d the direction, λ a
    damping that grows where the model is wrong and shrinks where it is right, and σ =
    `sigma` / ‖d‖::

        s = (g(x + σ d) - g(x)) / σ         the curvature along d
        δ = d·s + λ ‖d‖²                    made positive by a larger λ if it is not
        x_new = x + (-d·g / δ) d
        Δ = 2 δ (f(x) - f(x_new)) / (d·g)²  what is gained, of what the model says

    A step with Δ < 0 is not taken and λ grows. After one that is::

        d ← -g + (‖g‖² - g·g_before) / (-d·g_before) d

    and -g after as many steps as there are parameters. λ is divided by 4 where
    Δ ≥ 0.75, and grows by δ (1 - Δ) / ‖d‖² where Δ < 0.25. An iteration costs two
    gradients.

    Parameters
    ----------
    max_fun : int, default=15000
        Evaluations of the objective and its gradient at most; as for "lbfgs".
    sigma : float, default=5e-5
        How far the curvature is looked for; MATLAB's, and within Møller's bounds.
    damping : float, default=5e-7
        λ at the start; MATLAB's, and within Møller's bounds.

    See Also
    --------
    CG : With a search along a line.
    OSS : Between it and BFGS.

    References
    ----------
    Møller, M. F. (1993). A scaled conjugate gradient algorithm for fast supervised
    learning. Neural Networks 6, 525-533.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.datasets import make_xor
    >>> from skann.solvers import SCG
    >>> X, y = make_xor()
    >>> model = BPClassifier((4,), "tanh", solver=SCG(), random_state=0)
    >>> model.fit(X, y).score(X, y)
    1.0
    """

    __module__ = "skann.solvers"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        **MAX_FUN,
        "sigma": [Interval(Real, 0, None, closed="neither")],
        "damping": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self, max_fun: int = 15000, sigma: float = 5e-5, damping: float = 5e-7
    ) -> None:
        self.max_fun = max_fun
        self.sigma = sigma
        self.damping = damping

    def minimize(self, run: Any, max_iter: int, tol: float) -> str:
        damping, d, n_steps = self.damping, -run.accepted.gradient, 0
        while True:
            taken = _damped_step(run, d, self.sigma, damping)
            if taken is None:
                if n_steps == 0:
                    return NO_STEP
                # The direction may be at fault: once more along the gradient.
                damping, d, n_steps = self.damping, -run.accepted.gradient, 0
                continue
            x, damping = taken
            before = run.accepted.gradient
            run.end_of_iteration(x)
            g, n_steps = run.accepted.gradient, n_steps + 1
            if n_steps % len(g) == 0:
                d = -g
                continue
            d = -g + (g @ g - g @ before) / -(d @ before) * d
            if not d @ g < 0:
                d = -g


def _damped_step(run, d, sigma, damping):
    """The next point along d, and the next damping; None if no step gains anything."""
    at = run.accepted
    square, slope = float(d @ d), float(d @ at.gradient)
    if not 0 < square < math.inf:
        return None
    reach = sigma / math.sqrt(square)
    curvature = float(d @ (run.evaluate(at.x + reach * d)[1] - at.gradient)) / reach
    while damping <= _MAX_DAMPING:
        total = curvature + damping * square
        if not total > 0:
            damping = 2 * (damping - total / square)
            total = curvature + damping * square
            if not total > 0:  # flat, and the damping has become nothing
                return None
        x = at.x - slope / total * d
        gain = at.value - run.evaluate(x)[0]
        comparison = 2 * (total / slope) * (gain / slope)  # squares overflow
        if not math.isfinite(comparison):  # far too far
            grown = 1e3 * (damping + total / square)
        elif comparison < 0.25:
            grown = damping + total * (1 - comparison) / square
        elif comparison >= 0.75:
            grown = damping / 4
        else:
            grown = damping
        if gain > 0:
            return x, grown
        damping = grown
    return None
