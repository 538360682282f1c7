"""What a minimiser is: a way from one point to a better one, over all rows.

A minimiser asks the run, which ``_training/fullbatch.py`` makes, for values, gradients
and curvature at points of its choice, and tells it when an iteration has ended. The run
records, and ends the training by an exception; a minimiser returns only if it finds no
better point. What ends a run is so the same for all of them.

To add one: write the class and add it to ``MINIMIZERS`` in ``minimizers.py``; the tests
run over the table.
"""

from numbers import Integral
from typing import Any

from scipy.optimize import minimize
from sklearn.utils._param_validation import Interval

from .options import Options

MAX_FUN = {"max_fun": [Interval(Integral, 1, None, closed="left")]}
MAX_PARAMETERS = {"max_parameters": [Interval(Integral, 1, None, closed="left")]}


class Minimizer(Options):
    """Base of the full-batch minimisers. Each has a setting ``max_fun``.

    Attributes
    ----------
    uses_hessian : bool
        Whether it asks for products of the Hessian with vectors.
    uses_gauss_newton : bool
        Whether it asks for the Gauss-Newton matrix.
    finds_alpha : bool
        Whether the strength of the penalty is its own finding.
    """

    full_batch = True
    uses_learning_rate = False
    follows_schedule = False
    uses_hessian = False
    uses_gauss_newton = False
    finds_alpha = False

    def minimize(self, run: Any, max_iter: int, tol: float) -> str:
        """Go on from the run's present point until the run ends it.

        Parameters
        ----------
        run : Run
            Has ``accepted``, the point of the last iteration with its ``x``, ``value``
            and ``gradient``; ``evaluate(x)``, ``end_of_iteration(x)``, and what else
            the class asks for.
        max_iter : int
            Iterations at most; the run keeps to it.
        tol : float
            Largest component of the gradient at the end; likewise.

        Returns
        -------
        reason : str
            Why no better point was found.
        """
        raise NotImplementedError

    def check_size(self, n_parameters: int) -> None:
        """Raise a ValueError if there are more parameters than this is made for."""


class ScipyMinimizer(Minimizer):
    """Base of SciPy's minimisers.

    SciPy's own criteria of convergence differ from method to method and are turned off
    or set to mean the same. It keeps references to what it is given, so it is handed
    copies.

    Attributes
    ----------
    method : str
        SciPy's name of the method.
    """

    method: str

    def scipy_options(self, tol: float) -> dict[str, Any]:
        """The options of ``scipy.optimize.minimize`` but for the iterations."""
        raise NotImplementedError

    def minimize(self, run: Any, max_iter: int, tol: float) -> str:
        minimize(
            run.evaluate,
            run.accepted.x,
            method=self.method,
            jac=True,
            hessp=run.hessian_product if self.uses_hessian else None,
            callback=run.end_of_iteration,
            options={"maxiter": max_iter, **self.scipy_options(tol)},
        )
        return NO_STEP


NO_STEP = "no step was found that lowers the loss any further"


def check_dense(name, kind, n_parameters, max_parameters, n_matrices, instead):
    """Refuse matrices that would not fit, by a ValueError."""
    if n_parameters > max_parameters:
        gigabytes = n_matrices * 8 * n_parameters**2 / 1e9
        raise ValueError(
            f"solver {name!r} takes matrices of n_parameters² numbers, and "
            f"n_parameters={n_parameters} is more than max_parameters="
            f"{max_parameters}: it would need about {gigabytes:.2g} GB. Use "
            f"{instead}, a smaller network, or {kind}(max_parameters=...)."
        )
