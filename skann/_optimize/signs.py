"""Optimisers that go by the sign of a gradient and not by its size."""

from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Interval

from .._network.elementwise import constant
from .optimizer import DecoupledDecay, Optimizer


class Lion(DecoupledDecay):
    """Sign of an interpolated momentum (Chen et al. 2023).

    ::

        theta ← theta - η λ theta            weights only, not biases
        theta ← theta - η sign(β₁ m + (1 - β₁) g)
        m ← β₂ m + (1 - β₂) g

    with sign(0) = 0. Every parameter moves by η in every step, so the rate should be
    three to ten times as small as Adam's, and better fall in the end.

    Parameters
    ----------
    beta_1 : float, default=0.9
        β₁, the momentum's share in the step's direction; the paper's.
    beta_2 : float, default=0.99
        β₂, the decay rate of the momentum; the paper's.
    weight_decay : float, default=0.0
        λ. The paper's experiments have three to ten times that of AdamW.

    Notes
    -----
    What is kept is m / (1 - β₂), which saves a pass.

    References
    ----------
    Chen, X. et al. (2023). Symbolic discovery of optimization algorithms. NeurIPS.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.solvers import Lion
    >>> clf = BPClassifier(solver=Lion(weight_decay=0.1), max_iter=5, random_state=0)
    >>> clf.fit([[0.0], [1.0]], [0, 1]).n_iter_
    5
    """

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        **DecoupledDecay._parameter_constraints,
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
    }
    n_state = 1
    gradient_powers = (1,)

    def __init__(self, beta_1=0.9, beta_2=0.99, weight_decay=0.0):
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.weight_decay = weight_decay

    def make_constants(self):
        self._rate = np.empty((), self.dtype)
        self._share = constant(
            self.beta_1 * (1 - self.beta_2) / (1 - self.beta_1), self.dtype
        )
        self._decay = constant(self.beta_2, self.dtype)

    def prepare(self, rate):
        self.n_steps += 1
        self._rate[()] = rate

    def update(self, theta, g, m):
        scratch = self.scratch(g)
        np.multiply(m, self._share, scratch)
        np.add(scratch, g, scratch)
        np.sign(scratch, scratch)
        np.multiply(scratch, self._rate, scratch)
        np.subtract(theta, scratch, theta)
        np.multiply(m, self._decay, m)
        np.add(m, g, m)


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

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "increase": [Interval(Real, 1, None, closed="neither")],
        "decrease": [Interval(Real, 0, 1, closed="neither")],
        "smallest_step": [Interval(Real, 0, None, closed="neither")],
        "largest_step": [Interval(Real, 0, None, closed="neither")],
    }
    n_state = 2
    gradient_powers = (0, 0)
    full_batch = True
    follows_schedule = False

    def __init__(
        self, increase=1.2, decrease=0.5, smallest_step=1e-6, largest_step=50.0
    ):
        self.increase = increase
        self.decrease = decrease
        self.smallest_step = smallest_step
        self.largest_step = largest_step

    def fresh(self):
        copy = super().fresh()
        if self.smallest_step > self.largest_step:
            raise ValueError(
                "The 'smallest_step' parameter of Rprop must be no more than "
                f"'largest_step'={self.largest_step!r}. Got {self.smallest_step!r} "
                "instead."
            )
        return copy

    def make_constants(self):
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

    def prepare(self, rate):
        self.n_steps += 1
        if self.n_steps == 1:
            for _, _, _, size in self._blocks:
                size.fill(rate)

    def update(self, theta, g, sign, size):
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
