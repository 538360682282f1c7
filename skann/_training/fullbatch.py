"""Full-batch training with SciPy's minimisers behind the same monitor.

One run looks the same whatever the method: every iteration is recorded, and the run
ends here and not in SciPy, by an exception that SciPy lets through. The methods'
criteria of convergence differ, and so do what they count and what they do when a
callback asks them to stop; so the largest component of the gradient, the number of
iterations and the number of evaluations are checked in this module. SciPy comes back by
itself only when it finds no better point.

SciPy keeps references to what it is given, so the objective's reused gradient is
handed over as a copy; and it computes in the dtype of the starting point, so theta is
float64 here whatever the data's dtype.
"""

import math
import time
import warnings

import numpy as np
from scipy.optimize import minimize

from .._engine import choice
from .monitor import check_finite, diverged

# What a product of the Hessian with a vector costs, in gradients.
_PRODUCT_COST = 2


def train(objective, monitor, *, solver, max_iter, tol, curvature=choice.curvature):
    """Minimise the objective over ``objective.theta``, in place.

    Parameters
    ----------
    objective : Objective
        Bound to a float64 theta.
    monitor : Monitor
        Records every iteration, and may stop. From the second iteration on, one ends
        unfinished when the clock is past the monitor's ``deadline``.
    solver : Minimizer
    max_iter : int
        Iterations at most.
    tol : float
        Largest component of the gradient at which to stop.
    curvature : callable
        ``curvature(network, alpha, data)`` makes the products of the Hessian with
        vectors, for a solver that uses them.

    Raises
    ------
    ValueError
        If the parameters are too many for the solver, or the loss is not finite at
        the start or after an iteration.
    """
    solver.check_size(objective.theta.size)
    run = _Run(objective, monitor, solver, max_iter, tol, curvature)
    try:
        run.start()
        minimize(
            run.evaluate,
            run.accepted.x,
            method=solver.method,
            jac=True,
            hessp=run.hessian_product if solver.uses_hessian else None,
            callback=run.end_of_iteration,
            options={"maxiter": max_iter, **solver.scipy_options(tol)},
        )
        monitor.stop_reason = (
            "no step was found that lowers the loss any further; the largest "
            f"component of the gradient is {run.accepted.largest_slope:.1e}"
        )
    except _Ended:
        pass
    except KeyboardInterrupt:
        warnings.warn("Training interrupted by user.", stacklevel=2)
        monitor.stop_reason = "interrupted by user"
    # SciPy tries points that may be far worse than those it accepts.
    if run.accepted is not None:
        np.copyto(objective.theta, run.accepted.x)
        monitor.loss = run.accepted.value


class _Ended(Exception):
    """The run is over; the monitor knows why."""


class _Point:
    """A theta of its own, with value and gradient."""

    def __init__(self, x, value, gradient, gradient_norm):
        self.x, self.value, self.gradient = x.copy(), value, gradient.copy()
        self.gradient_norm = gradient_norm

    @property
    def largest_slope(self):
        return abs(self.gradient).max()


class _Run:
    """What SciPy calls, and what is known so far.

    Attributes
    ----------
    accepted : _Point or None
        Where the last iteration ended; the start, before the first.
    """

    def __init__(self, objective, monitor, solver, max_iter, tol, curvature):
        self._objective, self._monitor = objective, monitor
        self._solver, self._max_iter, self._tol = solver, max_iter, tol
        self.accepted = self._last = None
        self._n_iter = self._n_fun = 0
        if solver.uses_hessian:
            self._curvature = curvature(
                objective.network, objective.alpha, objective.data
            )

    def start(self):
        """Evaluate the start, at which there may be nothing to do."""
        self.accepted = self._point(self._objective.theta)
        check_finite(self.accepted.value, "before the first iteration", "")
        self._stop_if_small()
        self._begin_iteration()

    def evaluate(self, x):
        """Value and gradient, SciPy's to keep."""
        point = self._point(x)
        # No method knows what to do with NaN; all take infinity for a step too far.
        value = math.inf if math.isnan(point.value) else point.value
        return value, point.gradient.copy()

    def hessian_product(self, x, vector):
        """H v, SciPy's to keep."""
        self._spend(_PRODUCT_COST)
        product = self._curvature.product(x, vector)
        if not np.isfinite(product).all():
            raise diverged("the curvature of the loss is not finite", "")
        return product

    def end_of_iteration(self, x):
        """Record the iteration that has ended at x; end the run if it is time."""
        before, self.accepted = self.accepted, self._point(x)
        np.copyto(self._objective.theta, x)
        self._n_iter += 1
        if self._monitor.end_of_epoch(
            self.accepted.value,
            [before.value],
            self._objective.n_rows,
            gradient_norm=self.accepted.gradient_norm,
        ):
            raise _Ended
        self._stop_if_small()
        if self._n_iter == self._max_iter:
            self._stop_at("max_iter", self._max_iter)
        self._begin_iteration()

    def _begin_iteration(self):
        if self._monitor.begin_epoch is not None:
            self._monitor.begin_epoch()

    def _point(self, x):
        # A line search ends where it has last looked, and SciPy goes on from there; a
        # step in a trust region that is not taken ends where it began.
        for point in (self._last, self.accepted):
            if point is not None and np.array_equal(x, point.x):
                return point
        self._spend(1)
        np.copyto(self._objective.theta, x)
        value, gradient_norm = self._objective.full()
        self._last = _Point(x, value, self._objective.gradient, gradient_norm)
        return self._last

    def _spend(self, cost):
        # The monitor looks at the clock between iterations, but one of Newton's may
        # take hundreds of products. The first is let through, or nothing is learnt.
        if self._n_iter and time.perf_counter() >= self._monitor.deadline:
            self._monitor.stop_reason = "max_time is over, in mid-iteration"
            raise _Ended
        if self._n_fun + cost > self._solver.max_fun:
            self._stop_at("max_fun", self._solver.max_fun)
        self._n_fun += cost

    def _stop_at(self, name, value):
        self._monitor.limit = name, value
        raise _Ended

    def _stop_if_small(self):
        if self.accepted.largest_slope <= self._tol:
            self._monitor.stop_reason = "the gradient is small enough"
            raise _Ended
