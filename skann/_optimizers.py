"""Stochastic optimisers: a few in-place operations on the flat parameter vector.

An optimiser is started once (:meth:`Optimizer.start` allocates its state), bound to
the vectors of a run (:meth:`Optimizer.bind`) and then stepped. A step destroys the
gradient: its memory is the scratch. State survives pickling and copying, bindings do
not.

Vectors longer than a block are updated block by block, so that the ten or so passes of
an update run in the cache instead of through main memory.

To add one: write the class with its equation in the docstring, and add it to
:data:`OPTIMIZERS`; the tests hold every entry against its written-out equation.
"""

import math

import numpy as np

# Parameters in a block: five float32 vectors of it take 320 KB of second-level cache.
_BLOCK = 1 << 14


class Optimizer:
    """Base of the optimisers.

    Attributes
    ----------
    n_steps : int
        Steps taken since :meth:`start`.
    dtype : dtype
        Of the vectors.
    state : list of ndarray of shape (n_parameters,)
        The vectors that the optimiser keeps from step to step.
    """

    n_state = 0
    n_scratch = 0

    def start(self, n_parameters, dtype):
        """Allocate the state, all zeros, for a vector of ``n_parameters``."""
        self.n_steps = 0
        self.dtype = np.dtype(dtype)
        self.state = [np.zeros(n_parameters, dtype) for _ in range(self.n_state)]
        return self

    def bind(self, theta, gradient):
        """Use these two vectors in the steps to come."""
        scratch = [
            np.empty(min(_BLOCK, theta.size), theta.dtype)
            for _ in range(self.n_scratch)
        ]
        self._blocks = []
        for start in range(0, theta.size, _BLOCK):
            where = slice(start, min(start + _BLOCK, theta.size))
            vectors = (theta, gradient, *self.state)
            free = (part[: where.stop - start] for part in scratch)
            self._blocks.append((*(vector[where] for vector in vectors), *free))

    def step(self, rate):
        """Update theta from the gradient, and destroy the gradient."""
        raise NotImplementedError

    def __getstate__(self):
        return {k: v for k, v in self.__dict__.items() if k != "_blocks"}


class SGD(Optimizer):
    """theta ← theta - η g"""

    def step(self, rate):
        self.n_steps += 1
        for theta, g in self._blocks:
            np.multiply(g, rate, g)
            np.subtract(theta, g, theta)


class Momentum(Optimizer):
    """v ← μ v - η g;  theta ← theta + v  (Polyak 1964)"""

    n_state = 1

    def __init__(self, momentum=0.9):
        self.momentum = momentum

    def step(self, rate):
        self.n_steps += 1
        mu = self.momentum
        for theta, g, v in self._blocks:
            np.multiply(g, rate, g)
            np.multiply(v, mu, v)
            np.subtract(v, g, v)
            np.add(theta, v, theta)


class Nesterov(Momentum):
    """v ← μ v - η g;  theta ← theta + μ v - η g  (Sutskever et al. 2013)"""

    n_scratch = 1

    def step(self, rate):
        self.n_steps += 1
        mu = self.momentum
        for theta, g, v, ahead in self._blocks:
            np.multiply(g, rate, g)
            np.multiply(v, mu, v)
            np.subtract(v, g, v)
            np.multiply(v, mu, ahead)
            np.subtract(ahead, g, ahead)
            np.add(theta, ahead, theta)


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015), in the form at the end of their section 2.

    ::

        m ← β₁ m + (1 - β₁) g        v ← β₂ v + (1 - β₂) g²
        theta ← theta - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε)

    What is kept is M = m / (1 - β₁) and V = v / (1 - β₂), which saves two passes:
    m / (√v + ε) = (1 - β₁) / √(1 - β₂) · M / (√V + ε / √(1 - β₂)).
    """

    n_state = 2

    def __init__(self, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def step(self, rate):
        self.n_steps += 1
        beta_1, beta_2, t = self.beta_1, self.beta_2, self.n_steps
        spread = math.sqrt(1 - beta_2)
        rate *= math.sqrt(1 - beta_2**t) / (1 - beta_1**t) * (1 - beta_1) / spread
        epsilon = self.epsilon / spread
        for theta, g, m, v in self._blocks:
            np.multiply(m, beta_1, m)
            np.add(m, g, m)
            np.multiply(g, g, g)
            np.multiply(v, beta_2, v)
            np.add(v, g, v)
            np.sqrt(v, g)
            np.add(g, epsilon, g)
            np.divide(m, g, g)
            np.multiply(g, rate, g)
            np.subtract(theta, g, theta)


def make_optimizer(estimator):
    """The optimiser that an estimator's parameters ask for, not started."""
    if estimator.solver == "adam":
        return Adam(estimator.beta_1, estimator.beta_2, estimator.epsilon)
    if estimator.momentum == 0:
        return SGD()
    kind = Nesterov if estimator.nesterovs_momentum else Momentum
    return kind(estimator.momentum)


OPTIMIZERS = {"sgd": SGD, "momentum": Momentum, "nesterov": Nesterov, "adam": Adam}
