"""RMSprop: the gradient over a running root mean square of it."""

import math
from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Interval

from .._network.elementwise import constant
from .._typing import Array
from .optimizer import Optimizer


class RMSprop(Optimizer):
    """Gradient over its root mean square of late (Tieleman & Hinton 2012).

    ::

        v ← ρ v + (1 - ρ) g²
        b ← μ b + g / (√v + ε)
        theta ← theta - η b

    which is the form of PyTorch's RMSprop. Nothing corrects v for starting at zero: the
    first steps are up to 1 / √(1 - ρ) times as long as later ones.

    Parameters
    ----------
    rho : float, default=0.9
        ρ, the decay rate of the mean of squares; that of the lecture and of Keras
        (PyTorch's is 0.99, which starts with ten times the rate).
    epsilon : float, default=1e-8
        ε, against division by zero, as for Adam.
    momentum : float, default=0.0
        μ; zero is none, as in the lecture.

    See Also
    --------
    Adam : The same with momentum and without the bias of the start.
    Adagrad : A sum of squares in place of their mean.

    Notes
    -----
    What is kept is V = v / (1 - ρ), and √(1 - ρ) b for b, which saves a pass.

    References
    ----------
    Tieleman, T. & Hinton, G. (2012). Lecture 6.5: rmsprop. COURSERA: Neural networks
    for machine learning.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.solvers import RMSprop
    >>> clf = BPClassifier(solver=RMSprop(rho=0.99), max_iter=5, random_state=0)
    >>> clf.fit([[0.0], [1.0]], [0, 1]).n_iter_
    5
    """

    __module__ = "skann.solvers"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "rho": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "momentum": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(
        self, rho: float = 0.9, epsilon: float = 1e-8, momentum: float = 0.0
    ) -> None:
        self.rho = rho
        self.epsilon = epsilon
        self.momentum = momentum

    @property
    def n_state(self) -> int:
        return 2 if self.momentum else 1

    @property
    def gradient_powers(self) -> tuple[int, ...]:
        return (2, 0)[: self.n_state]

    def make_constants(self) -> None:
        self._spread = math.sqrt(1 - self.rho)
        self._rate = np.empty((), self.dtype)
        self._constants = tuple(
            constant(value, self.dtype)
            for value in (self.rho, self.epsilon / self._spread, self.momentum)
        )

    def prepare(self, rate: float) -> None:
        super().prepare(rate)
        self._rate[()] = rate / self._spread

    def update(self, theta: Array, g: Array, v: Array, b: Array | None = None) -> None:
        rho, epsilon, momentum = self._constants
        scratch = self.scratch(g)
        np.multiply(g, g, scratch)
        np.multiply(v, rho, v)
        np.add(v, scratch, v)
        np.sqrt(v, scratch)
        np.add(scratch, epsilon, scratch)
        np.divide(g, scratch, g)
        if b is not None:
            np.multiply(b, momentum, b)
            np.add(b, g, b)
            np.multiply(b, self._rate, g)
        else:
            np.multiply(g, self._rate, g)
        np.subtract(theta, g, theta)
