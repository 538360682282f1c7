"""Lion: the sign of an interpolated momentum."""

from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Interval

from .._network.elementwise import constant
from .._typing import Array
from .optimizer import DecoupledWeightDecay


class Lion(DecoupledWeightDecay):
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

    See Also
    --------
    AdamW : The same decay, with steps that depend on the gradient's size.

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

    __module__ = "skann.solvers"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        **DecoupledWeightDecay._parameter_constraints,
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
    }
    n_state = 1
    gradient_powers: tuple[int, ...] = (1,)

    def __init__(
        self, beta_1: float = 0.9, beta_2: float = 0.99, weight_decay: float = 0.0
    ) -> None:
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.weight_decay = weight_decay

    def make_constants(self) -> None:
        self._rate = np.empty((), self.dtype)
        self._share = constant(
            self.beta_1 * (1 - self.beta_2) / (1 - self.beta_1), self.dtype
        )
        self._decay = constant(self.beta_2, self.dtype)

    def prepare(self, rate: float) -> None:
        super().prepare(rate)
        self._rate[()] = rate

    def update(self, theta: Array, g: Array, m: Array) -> None:
        scratch = self.scratch(g)
        np.multiply(m, self._share, scratch)
        np.add(scratch, g, scratch)
        np.sign(scratch, scratch)
        np.multiply(scratch, self._rate, scratch)
        np.subtract(theta, scratch, theta)
        np.multiply(m, self._decay, m)
        np.add(m, g, m)
