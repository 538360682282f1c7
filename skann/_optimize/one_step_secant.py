"""The one-step secant method: BFGS that remembers one step."""

from typing import Any

from .line_search import search_along
from .minimizer import MAX_FUN, NO_STEP, Minimizer


class OSS(Minimizer):
    """One-step secant, by the name "oss".

    BFGS as if the matrix before the last step had been the identity (Battiti 1992),
    with s the last step and y the change of the gradient g along it::

        B = s·g / s·y
        A = y·g / s·y - (1 + y·y / s·y) B
        d ← -g + A s + B y

    and the step's length is searched by the strong Wolfe conditions. It begins anew
    from -g where d is no descent. Between conjugate gradients and L-BFGS in what it
    remembers and in what it reaches; "lbfgs" needs fewer gradients.

    Parameters
    ----------
    max_fun : int, default=15000
        Evaluations of the objective and its gradient at most; as for "lbfgs".

    See Also
    --------
    BFGS : With all steps so far, not the last alone.
    SCG : Without a search along a line.

    References
    ----------
    Battiti, R. (1992). First- and second-order methods for learning: between steepest
    descent and Newton's method. Neural Computation 4, 141-166.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.datasets import make_xor
    >>> from skann.solvers import OSS
    >>> X, y = make_xor()
    >>> model = BPClassifier((4,), "tanh", solver=OSS(), random_state=0)
    >>> model.fit(X, y).score(X, y)
    1.0
    """

    __module__ = "skann.solvers"  # files name it so

    _parameter_constraints: dict = {**MAX_FUN}  # noqa: RUF012

    def __init__(self, max_fun: int = 15000) -> None:
        self.max_fun = max_fun

    def minimize(self, run: Any, max_iter: int, tol: float) -> str:
        search_along(Secant(run), run)
        return NO_STEP


class Secant:
    """d ← -g + A s + B y."""

    def __init__(self, run):
        self._run = run

    def restart(self, gradient):
        """The direction at the start, and where others are no use."""
        self._x, self._gradient = self._run.accepted.x, gradient
        return -gradient

    def direction(self, gradient):
        """The next direction, at a point with this gradient."""
        x = self._run.accepted.x
        s, y = x - self._x, gradient - self._gradient
        self._x, self._gradient = x, gradient
        along = s @ y
        if not along > 0:
            return -gradient
        b = s @ gradient / along
        a = y @ gradient / along - (1 + y @ y / along) * b
        return -gradient + a * s + b * y
