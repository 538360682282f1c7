"""Full-batch training with SciPy's L-BFGS behind the same monitor.

SciPy keeps references to what it is given, so the objective's reused gradient is
handed over as a copy; and it computes in the dtype of the starting point, so theta is
float64 here whatever the data's dtype.
"""

import warnings

import numpy as np
from scipy.optimize import minimize

from ._monitor import check_finite

# Rows evaluated at once: memory does not grow with the number of rows.
_CHUNK_ROWS = 2048


def train(objective, batches, monitor, *, max_iter, max_fun, tol):
    """Minimise the objective over ``objective.theta``, in place.

    Parameters
    ----------
    objective : Objective
        Bound to a float64 theta.
    batches : Batches
    monitor : Monitor
        Records every iteration, and may stop.
    max_iter, max_fun : int
        Limits on iterations and on evaluations of the objective.
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
            method="L-BFGS-B",
            jac=True,
            callback=end_of_iteration,
            options={
                "maxiter": max_iter,
                "maxfun": max_fun,
                "gtol": tol,
                # SciPy's default gives up on a relative gain below 2e-9, long before
                # the gradient is small; this one, when nothing is gained any more.
                "ftol": 64 * np.finfo(float).eps,
            },
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
    elif result.nfev >= max_fun:
        monitor.limit = "max_fun"
    elif result.nit < max_iter:
        monitor.stop_reason = "the loss can't be lowered in floating-point arithmetic"
