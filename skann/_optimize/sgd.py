"""SGD: gradient descent, with momentum or without."""

from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Interval

from .._network.elementwise import constant
from .._typing import Array
from .optimizer import Optimizer


class SGD(Optimizer):
    """Gradient descent, with momentum.

    ::

        v ← μ v - η g
        theta ← theta + v                (Polyak 1964), or
        theta ← theta + μ v - η g        (Nesterov's, as Sutskever et al. 2013)

    and ``theta ← theta - η g`` where the momentum μ is zero.

    Parameters
    ----------
    momentum : float, default=0.9
        μ, between 0 and 1; 0.9 is what the literature begins with.
    nesterovs_momentum : bool, default=True
        Whether the momentum is Nesterov's, which looks one step ahead, as in
        scikit-learn.

    See Also
    --------
    Adam : A step size for each parameter, from moments of its gradient.

    References
    ----------
    Polyak, B. T. (1964). Some methods of speeding up the convergence of iteration
    methods. USSR Computational Mathematics and Mathematical Physics 4(5), 1-17.

    Sutskever, I., Martens, J., Dahl, G. & Hinton, G. (2013). On the importance of
    initialization and momentum in deep learning. ICML.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.solvers import SGD
    >>> BPClassifier(solver=SGD(momentum=0.95)).get_params()["solver__momentum"]
    0.95
    """

    __module__ = "skann.solvers"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
    }

    def __init__(self, momentum: float = 0.9, nesterovs_momentum: bool = True) -> None:
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum

    @property
    def n_state(self) -> int:
        return 1 if self.momentum else 0

    @property
    def gradient_powers(self) -> tuple[int, ...]:
        return (1,) * self.n_state

    def make_constants(self) -> None:
        self._rate = np.empty((), self.dtype)
        self._momentum = constant(self.momentum, self.dtype)

    def prepare(self, rate: float) -> None:
        super().prepare(rate)
        self._rate[()] = rate

    def update(self, theta: Array, g: Array, v: Array | None = None) -> None:
        np.multiply(g, self._rate, g)
        if v is None:
            np.subtract(theta, g, theta)
            return
        if self.nesterovs_momentum:
            np.subtract(theta, g, theta)
        np.multiply(v, self._momentum, v)
        np.subtract(v, g, v)
        if self.nesterovs_momentum:
            np.multiply(v, self._momentum, g)
            np.add(theta, g, theta)
        else:
            np.add(theta, v, theta)
