"""Full-batch training with SciPy's minimisers behind the same monitor.

SciPy keeps references to what it is given, so the objective's reused gradient is
handed over as a copy; and it computes in the dtype of the starting point, so theta is
float64 here whatever the data's dtype.

To add one: write the class with its options and add it to :data:`MINIMIZERS`.
"""

import warnings
from numbers import Integral

import numpy as np
from scipy.optimize import minimize
from sklearn.utils._param_validation import Interval

from ._monitor import check_finite
from ._options import Options

# Rows evaluated at once: memory does not grow with the number of rows.
_CHUNK_ROWS = 2048


class Minimizer(Options):
    """Base of SciPy's minimisers.

    Attributes
    ----------
    method : str
        SciPy's name of the method.
    """

    full_batch = True
    uses_learning_rate = False
    method: str

    def scipy_options(self, max_iter, tol):
        """The options of ``scipy.optimize.minimize``."""
        raise NotImplementedError


class LBFGS(Minimizer):
    """Limited-memory BFGS (Byrd, Lu, Nocedal & Zhu 1995).

    Parameters
    ----------
    max_fun : int, default=15000
        Evaluations of the objective at most.
    memory : int, default=10
        Corrections that the approximation of the Hessian is made of, each of two
        vectors of the parameters' size.
    """

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "max_fun": [Interval(Integral, 1, None, closed="left")],
        "memory": [Interval(Integral, 1, None, closed="left")],
    }
    method = "L-BFGS-B"

    def __init__(self, max_fun=15000, memory=10):
        self.max_fun = max_fun
        self.memory = memory

    def scipy_options(self, max_iter, tol):
        return {
            "maxiter": max_iter,
            "maxfun": self.max_fun,
            "maxcor": self.memory,
            "gtol": tol,
            # SciPy's default gives up on a relative gain below 2e-9, long before the
            # gradient is small; this one, when nothing is gained any more.
            "ftol": 64 * np.finfo(float).eps,
        }


MINIMIZERS = {"lbfgs": LBFGS}


def train(objective, batches, monitor, *, solver, max_iter, tol):
    """Minimise the objective over ``objective.theta``, in place.

    Parameters
    ----------
    objective : Objective
        Bound to a float64 theta.
    batches : Batches
    monitor : Monitor
        Records every iteration, and may stop.
    solver : Minimizer
    max_iter : int
        Iterations at most.
    tol : float
        Largest component of the gradient at which to stop.
    """
    theta = objective.theta
    accepted = theta.copy()
    before = None

    def evaluate(x):
        nonlocal before
        np.copyto(theta, x)
        value = objective.full(batches, _CHUNK_ROWS)
        if before is None:
            check_finite(value, "before the first iteration", "")
            before = value
        return value, objective.gradient.copy()

    def end_of_iteration(intermediate_result):
        nonlocal before
        np.copyto(theta, intermediate_result.x)
        np.copyto(accepted, theta)
        loss = float(intermediate_result.fun)
        entry, before = [before], loss
        if monitor.end_of_epoch(loss, entry, batches.n_rows):
            raise StopIteration

    try:
        result = minimize(
            evaluate,
            theta.copy(),
            method=solver.method,
            jac=True,
            callback=end_of_iteration,
            options=solver.scipy_options(max_iter, tol),
        )
    except KeyboardInterrupt:
        warnings.warn("Training interrupted by user.", stacklevel=2)
        monitor.stop_reason = "interrupted by user"
        np.copyto(theta, accepted)
        return
    check_finite(float(result.fun), "in the line search", "")
    np.copyto(theta, result.x)
    monitor.loss = float(result.fun)
    if monitor.stop_reason is not None:
        return
    if abs(result.jac).max() <= tol:
        monitor.stop_reason = "the gradient is small enough"
    elif result.nfev >= solver.max_fun:
        monitor.limit = ("max_fun", solver.max_fun)
    elif result.nit < max_iter:
        monitor.stop_reason = "the loss can't be lowered in floating-point arithmetic"
