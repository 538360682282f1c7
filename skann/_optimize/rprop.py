"""Rprop: a step size for each parameter, by the signs of its gradients."""

from numbers import Real
from typing import Self

import numpy as np
from sklearn.utils._param_validation import Interval

from .._network.elementwise import constant
from .._typing import Array
from .optimizer import Optimizer


class Rprop(Optimizer):
    """Resilient back-propagation (Riedmiller & Braun 1993) on all rows at once.

    Every parameter has a step size of its own, ``learning_rate_init`` at first::

        size ← size · increase     where g has the sign of the last step's g
        size ← size · decrease     where it has the other sign; g ← 0 there
        size ← size                where one of the two is zero
        size ← min(max(size, smallest_step), largest_step)
        theta ← theta - sign(g) size

    This is the variant that does not take back a step after a change of sign (iRprop⁻,
    Igel & Hüsken 2000), and PyTorch's. Signs of mini-batch gradients change by chance,
    so each epoch is one step along the gradient over all rows; `batch_size` and
    `shuffle` do not matter, as with "lbfgs".

    Parameters
    ----------
    increase : float, default=1.2
        Factor of a step size while the sign stays; the paper's.
    decrease : float, default=0.5
        Factor of a step size where the sign has changed; the paper's.
    smallest_step : float, default=1e-6
        Lower limit of step sizes; the paper's.
    largest_step : float, default=50.0
        Upper limit of step sizes; the paper's.

    See Also
    --------
    RMSprop : Its relative for mini-batches.

    Notes
    -----
    Of the last gradient only the sign is kept, so that no product of small gradients
    can vanish.

    References
    ----------
    Riedmiller, M. & Braun, H. (1993). A direct adaptive method for faster
    backpropagation learning: the RPROP algorithm. ICNN.

    Igel, C. & Hüsken, M. (2000). Improving the Rprop learning algorithm. NC.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> clf = BPClassifier(solver="rprop", max_iter=5, random_state=0)
    >>> clf.fit([[0.0], [1.0]], [0, 1]).n_iter_
    5
    """

    __module__ = "skann.solvers"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "increase": [Interval(Real, 1, None, closed="neither")],
        "decrease": [Interval(Real, 0, 1, closed="neither")],
        "smallest_step": [Interval(Real, 0, None, closed="neither")],
        "largest_step": [Interval(Real, 0, None, closed="neither")],
    }
    n_state = 2
    gradient_powers: tuple[int, ...] = (0, 0)
    full_batch = True
    follows_schedule = False

    def __init__(
        self,
        increase: float = 1.2,
        decrease: float = 0.5,
        smallest_step: float = 1e-6,
        largest_step: float = 50.0,
    ) -> None:
        self.increase = increase
        self.decrease = decrease
        self.smallest_step = smallest_step
        self.largest_step = largest_step

    def fresh(self) -> Self:
        copy = super().fresh()
        if self.smallest_step > self.largest_step:
            raise ValueError(
                "The 'smallest_step' parameter of Rprop must be no more than "
                f"'largest_step'={self.largest_step!r}. Got {self.smallest_step!r} "
                "instead."
            )
        return copy

    def make_constants(self) -> None:
        self._constants = tuple(
            constant(value, self.dtype)
            for value in (
                self.increase,
                self.decrease,
                self.smallest_step,
                self.largest_step,
            )
        )
        longest = max((block[0].size for block in self._blocks), default=0)
        self._mask = np.empty(longest, bool)

    def prepare(self, rate: float) -> None:
        super().prepare(rate)
        if self.n_steps == 1:
            for _, _, _, size in self._blocks:
                size.fill(rate)

    def update(self, theta: Array, g: Array, sign: Array, size: Array) -> None:
        increase, decrease, smallest, largest = self._constants
        mask = self._mask[: g.size]
        np.sign(g, g)
        np.multiply(sign, g, sign)
        np.greater(sign, 0, mask)
        np.multiply(size, increase, size, where=mask)
        np.less(sign, 0, mask)
        np.multiply(size, decrease, size, where=mask)
        np.maximum(size, smallest, out=size)
        np.minimum(size, largest, out=size)
        np.copyto(g, 0, where=mask)
        np.copyto(sign, g)
        np.multiply(g, size, g)
        np.subtract(theta, g, theta)
