"""Adam and its relatives: moments of the gradient, kept per parameter."""

import math
from numbers import Real
from typing import Self

import numpy as np
from sklearn.utils._param_validation import Interval

from .._network.elementwise import constant
from .._typing import Array, DTypeLike
from .optimizer import DecoupledWeightDecay, Optimizer


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015), in the form at the end of their section 2.

    ::

        m ← β₁ m + (1 - β₁) g        v ← β₂ v + (1 - β₂) g²
        theta ← theta - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε)

    Parameters
    ----------
    beta_1, beta_2 : float, default=0.9, 0.999
        β₁ and β₂, the decay rates of the estimates of the first and second moment; the
        paper's.
    epsilon : float, default=1e-8
        ε, against division by zero; the paper's.

    See Also
    --------
    AdamW : The same with decay that is no part of the gradient.
    AMSGrad : The same with steps that do not grow again.
    Nadam : The same with Nesterov's momentum.

    Notes
    -----
    What is kept is M = m / (1 - β₁) and V = v / (1 - β₂), which saves two passes:
    m / (√v + ε) = (1 - β₁) / √(1 - β₂) · M / (√V + ε / √(1 - β₂)).

    PyTorch's Adam has the form at the head of that section, with ε √(1 - β₂ᵗ) for ε.

    References
    ----------
    Kingma, D. P. & Ba, J. (2015). Adam: a method for stochastic optimization. ICLR.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.solvers import Adam
    >>> BPClassifier(solver=Adam(beta_1=0.8)).get_params()["solver__beta_1"]
    0.8
    """

    __module__ = "skann.solvers"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
    }
    n_state = 2
    gradient_powers: tuple[int, ...] = (1, 2)

    def __init__(
        self, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8
    ) -> None:
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def make_constants(self) -> None:
        spread = math.sqrt(1 - self.beta_2)
        self._spread = (1 - self.beta_1) / spread
        self._rate = np.empty((), self.dtype)
        self._constants = tuple(
            constant(value, self.dtype)
            for value in (self.beta_1, self.beta_2, self.epsilon / spread)
        )

    def prepare(self, rate: float) -> None:
        super().prepare(rate)
        t = self.n_steps
        correction = math.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        self._rate[()] = rate * correction * self._spread

    def update(self, theta: Array, g: Array, m: Array, v: Array) -> None:
        beta_1, beta_2, epsilon = self._constants
        np.multiply(m, beta_1, m)
        np.add(m, g, m)
        np.multiply(g, g, g)
        np.multiply(v, beta_2, v)
        np.add(v, g, v)
        np.sqrt(v, g)
        np.add(g, epsilon, g)
        np.divide(m, g, g)
        np.multiply(g, self._rate, g)
        np.subtract(theta, g, theta)


class BiasCorrectedAdam(Adam):
    """Adam with ε beside the bias-corrected moments: m̂ / (√v̂ + ε).

    That is Adam's own step with ε √(1 - β₂ᵗ) for ε.
    """

    def make_constants(self) -> None:
        super().make_constants()
        self._epsilon = np.empty((), self.dtype)
        self._constants = (*self._constants[:2], self._epsilon)

    def prepare(self, rate: float) -> None:
        super().prepare(rate)
        seen = (1 - self.beta_2**self.n_steps) / (1 - self.beta_2)
        self._epsilon[()] = self.epsilon * math.sqrt(seen)


class AdamW(DecoupledWeightDecay, BiasCorrectedAdam):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019).

    ::

        theta ← theta - η λ theta            weights only, not biases
        m ← β₁ m + (1 - β₁) g        v ← β₂ v + (1 - β₂) g²
        theta ← theta - η m̂ / (√v̂ + ε)      m̂ = m / (1 - β₁ᵗ), v̂ = v / (1 - β₂ᵗ)

    The estimators' `alpha` is a penalty in the objective, and Adam divides its gradient
    by √v̂ like all the rest: weights with large gradients are hardly penalised. Here all
    weights decay alike, and the objective knows nothing of it.

    Parameters
    ----------
    weight_decay : float, default=0.01
        λ; PyTorch's default. An epoch of n batches at the rate η multiplies weights
        without gradient by about 1 - n η λ.
    beta_1, beta_2 : float, default=0.9, 0.999
        β₁ and β₂, the decay rates of the estimates of the first and second moment, as
        for Adam.
    epsilon : float, default=1e-8
        ε, against division by zero, as for Adam.

    See Also
    --------
    Adam : The same without decay of its own.
    Lion : Signs in place of moments' quotients, with the same decay.

    References
    ----------
    Loshchilov, I. & Hutter, F. (2019). Decoupled weight decay regularization. ICLR.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.solvers import AdamW
    >>> clf = BPClassifier(solver=AdamW(weight_decay=0.1), max_iter=5, random_state=0)
    >>> clf.fit([[0.0], [1.0]], [0, 1]).n_iter_
    5
    """

    __module__ = "skann.solvers"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        **DecoupledWeightDecay._parameter_constraints,
        **Adam._parameter_constraints,
    }

    def __init__(
        self,
        weight_decay: float = 0.01,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(beta_1, beta_2, epsilon)
        self.weight_decay = weight_decay


class AMSGrad(BiasCorrectedAdam):
    """Adam whose steps never grow by forgetting large gradients (Reddi et al. 2018).

    ::

        m ← β₁ m + (1 - β₁) g        v ← β₂ v + (1 - β₂) g²        u ← max(u, v)
        theta ← theta - η m̂ / (√û + ε)      m̂ = m / (1 - β₁ᵗ), û = u / (1 - β₂ᵗ)

    The maximum is of v as it is, not of the bias-corrected one, as in the paper. The
    paper has no bias correction at all; it is here as PyTorch has it.

    Parameters
    ----------
    beta_1, beta_2 : float, default=0.9, 0.999
        β₁ and β₂, the decay rates of the estimates of the first and second moment, as
        for Adam.
    epsilon : float, default=1e-8
        ε, against division by zero, as for Adam.

    See Also
    --------
    Adam : The same without the largest second moment so far.

    References
    ----------
    Reddi, S. J., Kale, S. & Kumar, S. (2018). On the convergence of Adam and beyond.
    ICLR.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> clf = BPClassifier(solver="amsgrad", max_iter=5, random_state=0)
    >>> clf.fit([[0.0], [1.0]], [0, 1]).n_iter_
    5
    """

    __module__ = "skann.solvers"  # files name it so

    n_state = 3
    gradient_powers: tuple[int, ...] = (1, 2, 2)

    def update(
        self, theta: Array, g: Array, m: Array, v: Array, largest: Array
    ) -> None:
        beta_1, beta_2, epsilon = self._constants
        np.multiply(m, beta_1, m)
        np.add(m, g, m)
        np.multiply(g, g, g)
        np.multiply(v, beta_2, v)
        np.add(v, g, v)
        np.maximum(largest, v, out=largest)
        np.sqrt(largest, g)
        np.add(g, epsilon, g)
        np.divide(m, g, g)
        np.multiply(g, self._rate, g)
        np.subtract(theta, g, theta)


class Nadam(BiasCorrectedAdam):
    """Adam with Nesterov's momentum (Dozat 2016).

    ::

        μₜ = β₁ (1 - ½ · 0.96^(t ψ))        Πₜ = μ₁ μ₂ … μₜ
        m ← β₁ m + (1 - β₁) g        v ← β₂ v + (1 - β₂) g²
        theta ← theta - η [(1 - μₜ) / (1 - Πₜ) · g + μₜ₊₁ / (1 - Πₜ₊₁) · m]
                        / (√(v / (1 - β₂ᵗ)) + ε)

    which is the form of PyTorch's NAdam.

    Parameters
    ----------
    beta_1, beta_2 : float, default=0.9, 0.999
        β₁ and β₂, the decay rates of the estimates of the first and second moment, as
        for Adam.
    epsilon : float, default=1e-8
        ε, against division by zero, as for Adam.
    momentum_decay : float, default=0.004
        ψ, how fast the momentum rises from β₁/2 to β₁; the paper's.

    See Also
    --------
    Adam : The same with plain momentum.

    References
    ----------
    Dozat, T. (2016). Incorporating Nesterov momentum into Adam. ICLR workshop.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> clf = BPClassifier(solver="nadam", max_iter=5, random_state=0)
    >>> clf.fit([[0.0], [1.0]], [0, 1]).n_iter_
    5
    """

    __module__ = "skann.solvers"  # files name it so

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        **Adam._parameter_constraints,
        "momentum_decay": [Interval(Real, 0, None, closed="left")],
    }

    momenta_product: float

    def __init__(
        self,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        momentum_decay: float = 0.004,
    ) -> None:
        super().__init__(beta_1, beta_2, epsilon)
        self.momentum_decay = momentum_decay

    def start(self, n_parameters: int, dtype: DTypeLike) -> Self:
        self.momenta_product = 1.0
        return super().start(n_parameters, dtype)

    def make_constants(self) -> None:
        super().make_constants()
        self._gradient_rate = np.empty((), self.dtype)
        self._momentum_rate = np.empty((), self.dtype)

    def _momentum(self, t):
        return self.beta_1 * (1 - 0.5 * 0.96 ** (t * self.momentum_decay))

    def count(self, n: int) -> None:
        for _ in range(n):
            super().count(1)
            self.momenta_product *= self._momentum(self.n_steps)

    def prepare(self, rate: float) -> None:
        super().prepare(rate)
        t = self.n_steps
        now, following = self._momentum(t), self._momentum(t + 1)
        product = self.momenta_product
        rate *= math.sqrt((1 - self.beta_2**t) / (1 - self.beta_2))
        self._gradient_rate[()] = rate * (1 - now) / (1 - product)
        ahead = following / (1 - product * following)
        self._momentum_rate[()] = rate * (1 - self.beta_1) * ahead

    def update(self, theta: Array, g: Array, m: Array, v: Array) -> None:
        beta_1, beta_2, epsilon = self._constants
        scratch = self.scratch(g)
        np.multiply(m, beta_1, m)
        np.add(m, g, m)
        np.multiply(g, g, scratch)
        np.multiply(v, beta_2, v)
        np.add(v, scratch, v)
        np.multiply(g, self._gradient_rate, g)
        np.multiply(m, self._momentum_rate, scratch)
        np.add(g, scratch, g)
        np.sqrt(v, scratch)
        np.add(scratch, epsilon, scratch)
        np.divide(g, scratch, g)
        np.subtract(theta, g, theta)
