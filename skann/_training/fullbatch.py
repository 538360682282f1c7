"""Full-batch training with minimisers behind the same monitor.

One run looks the same whatever the method: every iteration is recorded, and the run
ends here and not in the minimiser, by an exception that SciPy lets through as well. The
methods' criteria of convergence differ, and so do what they count and what they do when
a callback asks them to stop; so the largest component of the gradient, the number of
iterations and the number of evaluations are checked in this module. A minimiser comes
back by itself only when it finds no better point.

SciPy keeps references to what it is given, so the objective's reused gradient is
handed over as a copy; and it computes in the dtype of the starting point, so theta is
float64 here whatever the data's dtype.
"""

import math
import time
import warnings

import numpy as np

from .._engine import choice
from .divergence import check_finite, diverged
from .membership import check_not_ended, ensemble

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
        If the parameters are too many for the solver, the loss is not one for it, or
        it is not finite at the start or after an iteration.
    """
    solver.check_size(objective.theta.size)
    _check_loss(objective.network, solver)
    run = _Run(objective, monitor, solver, max_iter, tol, curvature)
    try:
        run.start()
        reason = solver.minimize(run, max_iter, tol)
        monitor.stop_reason = (
            f"{reason}; the largest component of the gradient is "
            f"{run.largest_slope:.1e}"
        )
    except _Ended:
        pass
    except KeyboardInterrupt:
        if ensemble() is not None:
            raise
        monitor.complete()
        warnings.warn("Training interrupted by user.", stacklevel=2)
        monitor.stop_reason = "interrupted by user"
    # Minimisers try points that may be far worse than those it accepts.
    if run.accepted is not None:
        np.copyto(objective.theta, run.accepted.x)
        monitor.loss = run.accepted.value


def _check_loss(network, solver):
    """Whether a solver that wants a loss's curvature gets any."""
    loss = network.loss_function
    wanted = None
    if solver.uses_gauss_newton and not loss.has_curvature:
        wanted = "has no second derivative to go by"
    elif solver.finds_alpha and loss.dispersion is None:
        wanted = "is no likelihood, against which a penalty could be weighed"
    if wanted:
        raise ValueError(
            f"solver={solver!r} can't train with the loss {network.loss!r}, which "
            f"{wanted}. Use solver='lbfgs', or a loss of squared errors, cross-entropy "
            "or softmax."
        )


class _Ended(Exception):
    """The run is over; the monitor knows why."""


class _Point:
    """A theta of its own, with value and gradient."""

    def __init__(self, x, value, gradient, gradient_norm):
        self.x, self.value, self.gradient = x.copy(), value, gradient.copy()
        self.gradient_norm = gradient_norm


class _Run:
    """What minimisers call, and what is known so far.

    Attributes
    ----------
    accepted : _Point or None
        Where the last iteration ended; the start, before the first.
    largest_slope : float
        Largest component of the gradient there, of what the solver minimises.
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
        self.accepted = self.point(self._objective.theta)
        self.largest_slope = abs(self.accepted.gradient).max()
        check_finite(self.accepted.value, "before the first iteration", "")
        self._stop_if_small()
        self._begin_iteration()

    def evaluate(self, x):
        """Value and gradient, the caller's to keep."""
        point = self.point(x)
        # No method knows what to do with NaN; all take infinity for a step too far.
        value = math.inf if math.isnan(point.value) else point.value
        return value, point.gradient.copy()

    def restricted(self, vector):
        """A vector that is zero for what is not trained."""
        return self._objective.restricted(vector)

    def change(self, x):
        """How much higher the objective is at x than at the accepted point."""
        return self.evaluate(x)[0] - self.accepted.value

    def hessian_product(self, x, vector):
        """H v, SciPy's to keep."""
        self._spend(_PRODUCT_COST)
        product = self._objective.restricted(self._curvature.product(x, vector))
        # SciPy divides one of these by the other: infinities would be steps of NaN.
        if not math.isfinite(vector @ vector) or not math.isfinite(vector @ product):
            raise diverged("the curvature of the loss overflows", " and y")
        return product

    def gauss_newton(self, x):
        """The Gauss-Newton matrix at x, with what it is made of."""
        self._spend(1)
        objective = self._objective
        found = choice.gauss_newton(
            objective.network, objective.alpha, objective.data, x
        )
        if not np.isfinite(found.matrix).all():
            raise diverged("the curvature of the loss is not finite", "")
        # Rows and columns, of a matrix that is its own transpose.
        found.matrix = objective.restricted(objective.restricted(found.matrix).T)
        return found

    def end_of_iteration(self, x, *, gradient=None, rate=math.nan, **columns):
        """Record the iteration that has ended at x; end the run if it is time.

        Parameters
        ----------
        x : ndarray of shape (n_parameters,)
        gradient : ndarray of shape (n_parameters,), default=None
            Of what the solver minimises, where that is not the objective.
        rate : float
            Learning rate, of a solver that has one.
        **columns : float
            Further entries of the record.
        """
        before, self.accepted = self.accepted, self.point(x)
        np.copyto(self._objective.theta, x)
        self._n_iter += 1
        norm = self.accepted.gradient_norm
        if gradient is None:
            gradient = self.accepted.gradient
        else:
            norm = math.sqrt(gradient @ gradient)
        self.largest_slope = abs(gradient).max()
        for name, value in columns.items():
            self._monitor.solver_columns.setdefault(name, []).append(value)
        if self._monitor.end_of_epoch(
            self.accepted.value,
            [before.value],
            self._objective.n_rows,
            rate=rate,
            gradient_norm=norm,
        ):
            raise _Ended
        self._stop_if_small()
        if self._n_iter == self._max_iter:
            self._stop_at("max_iter", self._max_iter)
        self._begin_iteration()

    def _begin_iteration(self):
        check_not_ended()
        if self._monitor.begin_epoch is not None:
            self._monitor.begin_epoch()

    def point(self, x):
        """x with value and gradient."""
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
        if self.largest_slope <= self._tol:
            self._monitor.stop_reason = "the gradient is small enough"
            raise _Ended
