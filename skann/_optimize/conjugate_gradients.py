"""Nonlinear conjugate gradients, by three formulas."""

from typing import Any

import numpy as np
from sklearn.utils._param_validation import StrOptions

from .line_search import search_along
from .minimizer import MAX_FUN, NO_STEP, Minimizer

# Powell's: gradients that are less orthogonal than that call for a restart.
_ORTHOGONAL = 0.2


class CG(Minimizer):
    """Nonlinear conjugate gradients, by the name "cg".

    Each step goes along the gradient made conjugate to the step before, with y the last
    change of the gradient g::

        d ← -g + β d

        "polak_ribiere"      β = max(0, g·y / ‖g_before‖²)
        "fletcher_reeves"    β = ‖g‖² / ‖g_before‖²
        "powell_beale"       β = g·y / d·y, and γ d_restart besides, with
                             γ = g·y_restart / d_restart·y_restart

    and the step's length is searched by the strong Wolfe conditions. All begin anew
    from -g where d is no descent. "polak_ribiere" does so by itself where progress is
    slow; "fletcher_reeves" after as many steps as there are parameters;
    "powell_beale" restarts from d itself where gradients are far from orthogonal,
    ``|g·g_before| ≥ 0.2 ‖g‖²``, or d far from -g.

    It keeps a handful of vectors of the parameters' size and nothing else, which is all
    that speaks for it: L-BFGS usually needs fewer gradients.

    Parameters
    ----------
    max_fun : int, default=15000
        Evaluations of the objective and its gradient at most; as for "lbfgs".
    update : {"polak_ribiere", "fletcher_reeves", "powell_beale"}, \
            default="polak_ribiere"
        The formula. Polak's and Ribière's is the one that textbooks recommend.

    See Also
    --------
    SCG : Without a search along a line.
    LBFGS : Mostly faster.

    References
    ----------
    Nocedal, J. & Wright, S. J. (2006). Numerical Optimization, 2nd edition, section
    5.2. Springer.

    Powell, M. J. D. (1977). Restart procedures for the conjugate gradient method.
    Mathematical Programming 12, 241-254.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.datasets import make_xor
    >>> from skann.solvers import CG
    >>> X, y = make_xor()
    >>> solver = CG(update="powell_beale")
    >>> model = BPClassifier((4,), "tanh", solver=solver, random_state=0)
    >>> model.fit(X, y).score(X, y)
    1.0
    """

    __module__ = "skann.solvers"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        **MAX_FUN,
        "update": [StrOptions({"polak_ribiere", "fletcher_reeves", "powell_beale"})],
    }

    def __init__(self, max_fun: int = 15000, update: str = "polak_ribiere") -> None:
        self.max_fun = max_fun
        self.update = update

    def minimize(self, run: Any, max_iter: int, tol: float) -> str:
        search_along(_RULES[self.update](), run)
        return NO_STEP


class PolakRibiere:
    """d ← -g + max(0, g·y / ‖g_before‖²) d."""

    def restart(self, gradient):
        """The direction at the start, and where conjugate ones are no use."""
        self._gradient, self._direction = gradient, -gradient
        return self._direction

    def direction(self, gradient):
        """The next direction, at a point with this gradient."""
        factor = self._factor(gradient, self._gradient)
        self._direction = -gradient + factor * self._direction
        self._gradient = gradient
        return self._direction

    def _factor(self, gradient, before):
        return max(0.0, gradient @ (gradient - before) / (before @ before))


class FletcherReeves(PolakRibiere):
    """d ← -g + ‖g‖² / ‖g_before‖² d."""

    def restart(self, gradient):
        self._n_steps = 0
        return super().restart(gradient)

    def _factor(self, gradient, before):
        self._n_steps += 1
        if self._n_steps % len(gradient) == 0:
            return 0.0
        return gradient @ gradient / (before @ before)


class PowellBeale:
    """d ← -g + β d + γ d_restart, with restarts from d."""

    def restart(self, gradient):
        self._gradient, self._direction = gradient, -gradient
        self._from = None
        return self._direction

    def direction(self, gradient):
        change = gradient - self._gradient
        square = gradient @ gradient
        before = self._direction
        if self._restarts(gradient, square):
            # The last direction, and the change of the gradient along it.
            self._from, self._change, self._n_steps = before, change, 0
        d = -gradient + _ratio(gradient @ change, before @ change) * before
        if self._n_steps:
            along = self._from @ self._change
            d += _ratio(gradient @ self._change, along) * self._from
        self._n_steps += 1
        self._gradient, self._direction = gradient, d
        return d

    def _restarts(self, gradient, square):
        if self._from is None or self._n_steps >= len(gradient):
            return True
        if abs(gradient @ self._gradient) >= _ORTHOGONAL * square:
            return True
        # Powell's second test, of the last direction with its own gradient.
        descent = -(self._direction @ self._gradient)
        own = self._gradient @ self._gradient
        return self._n_steps > 1 and not 0.8 * own <= descent <= 1.2 * own


def _ratio(numerator, denominator):
    return numerator / denominator if denominator else np.float64(0.0)


_RULES = {
    "polak_ribiere": PolakRibiere,
    "fletcher_reeves": FletcherReeves,
    "powell_beale": PowellBeale,
}
