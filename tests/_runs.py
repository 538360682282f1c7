"""A run of a minimiser on a plain function, for tests of one against its equations."""

import contextlib

import numpy as np


class Over(Exception):
    """The run has had its iterations."""


class Point:
    def __init__(self, x, value, gradient):
        self.x, self.value, self.gradient = x, value, gradient


class PlainRun:
    """What ``_training/fullbatch.py`` offers a minimiser, on any function.

    Parameters
    ----------
    function : callable
        Returns value and gradient at a point.
    x : ndarray
        The start.
    n_iter : int
        Iterations until it ends.
    """

    def __init__(self, function, x, n_iter):
        self._function, self._n_iter = function, n_iter
        self.accepted = Point(x, *function(x))
        self.iterates, self.columns, self.n_evaluations = [], [], 0

    def evaluate(self, x):
        self.n_evaluations += 1
        return self._function(x)

    def end_of_iteration(self, x, **columns):
        self.accepted = Point(x.copy(), *self._function(x))
        self.iterates.append(self.accepted.x)
        self.columns.append(columns)
        if len(self.iterates) == self._n_iter:
            raise Over

    def by(self, solver):
        """Iterates of a solver."""
        with contextlib.suppress(Over):
            solver.minimize(self, self._n_iter, 0.0)
        return np.array(self.iterates)


def rosenbrock(x):
    """Rosenbrock's valley in any number of dimensions: value and gradient."""
    step, up = 1 - x[:-1], x[1:] - x[:-1] ** 2
    gradient = np.zeros_like(x)
    gradient[:-1] = -2 * step - 400 * x[:-1] * up
    gradient[1:] += 200 * up
    return (step**2).sum() + 100 * (up**2).sum(), gradient


def bowl(x):
    """A convex quadratic of condition 100."""
    scale = np.geomspace(1, 100, len(x))
    return scale @ (x - 1) ** 2 / 2, scale * (x - 1)
