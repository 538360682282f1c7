"""Adagrad: the gradient over the root of the sum of all its squares."""

from numbers import Real
from typing import Self

import numpy as np
from sklearn.utils._param_validation import Interval

from .._network.elementwise import constant
from .._typing import Array, DTypeLike
from .optimizer import Optimizer


class Adagrad(Optimizer):
    """Gradient over the root of the sum of all its squares (Duchi et al. 2011).

    ::

        s ← s + g²        theta ← theta - η g / (√s + ε)

    Rare features keep a high rate and frequent ones lose it, which suits sparse data.

    Parameters
    ----------
    initial_accumulator : float, default=0.0
        s at the start, as in the paper; more makes the first steps shorter, which are η
        in every parameter.
    epsilon : float, default=1e-10
        ε, against division by zero; PyTorch's.

    See Also
    --------
    RMSprop : A mean that forgets in place of the sum.

    References
    ----------
    Duchi, J., Hazan, E. & Singer, Y. (2011). Adaptive subgradient methods for online
    learning and stochastic optimization. Journal of Machine Learning Research 12,
    2121-2159.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> clf = BPClassifier(solver="adagrad", max_iter=5, random_state=0)
    >>> clf.fit([[0.0], [1.0]], [0, 1]).n_iter_
    5
    """

    __module__ = "skann.solvers"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "initial_accumulator": [Interval(Real, 0, None, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
    }
    n_state = 1
    gradient_powers: tuple[int, ...] = (2,)

    def __init__(
        self, initial_accumulator: float = 0.0, epsilon: float = 1e-10
    ) -> None:
        self.initial_accumulator = initial_accumulator
        self.epsilon = epsilon

    def start(self, n_parameters: int, dtype: DTypeLike) -> Self:
        super().start(n_parameters, dtype)
        self.state[0].fill(self.initial_accumulator)
        return self

    def make_constants(self) -> None:
        self._rate = np.empty((), self.dtype)
        self._epsilon = constant(self.epsilon, self.dtype)

    def prepare(self, rate: float) -> None:
        super().prepare(rate)
        self._rate[()] = rate

    def update(self, theta: Array, g: Array, s: Array) -> None:
        scratch = self.scratch(g)
        np.multiply(g, g, scratch)
        np.add(s, scratch, s)
        np.sqrt(s, scratch)
        np.add(scratch, self._epsilon, scratch)
        np.divide(g, scratch, g)
        np.multiply(g, self._rate, g)
        np.subtract(theta, g, theta)
