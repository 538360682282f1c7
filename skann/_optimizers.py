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
from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Interval

from . import _memory
from ._activations import constant
from ._options import Options

# Parameters in a block: four float32 vectors of it take 1 MB of second-level cache.
_BLOCK = 1 << 16

# Steps after which a state that decays by 0.9 a step has shrunk by no more than 10⁻⁶.
_FLUSH_EVERY = 128


class Optimizer(Options):
    """Base of the optimisers.

    Attributes
    ----------
    n_steps : int
        Steps taken since :meth:`start`.
    dtype : dtype
        Of the vectors.
    state : list of ndarray of shape (n_parameters,)
        The vectors that the optimiser keeps from step to step; ``n_state`` of them.
    full_batch : bool
        Whether the rule wants the gradient over all rows.
    uses_learning_rate : bool
        True; a minimiser searches its own step lengths.
    """

    n_state = 0
    full_batch = False
    uses_learning_rate = True

    def start(self, n_parameters, dtype):
        """Allocate the state, all zeros, for a vector of ``n_parameters``."""
        self.n_steps = 0
        self.dtype = np.dtype(dtype)
        self.state = [_memory.zeros(n_parameters, dtype) for _ in range(self.n_state)]
        return self

    def bind(self, theta, gradient, start=0):
        """Use these two vectors, from the index ``start`` on, in the steps to come."""
        # Copied or unpickled state may lie anywhere.
        self.state = [_memory.aligned(vector) for vector in self.state]
        self._blocks = []
        for first in range(start, theta.size, _BLOCK):
            where = slice(first, min(first + _BLOCK, theta.size))
            self._blocks.append(
                [vector[where] for vector in (theta, gradient, *self.state)]
            )

    def factor(self, rate):
        """What the gradient must be multiplied by before a step at this rate."""
        return 1.0

    def step(self, rate):
        """Update theta from ``factor(rate)`` times the gradient, and destroy that."""
        self.prepare(rate)
        update = self.update
        for block in self._blocks:
            update(*block)
        if self.n_steps % _FLUSH_EVERY == 0:
            self._flush()

    def _flush(self):
        """Set to zero what has decayed next to the smallest normal number.

        The state of a dead unit would sink below it and stay there for good, and
        processors take ten times as long over such numbers.
        """
        smallest = constant(np.finfo(self.dtype).tiny * 1e8, self.dtype)
        for _, _, *state in self._blocks:
            for vector in state:
                np.multiply(vector, np.abs(vector) >= smallest, vector)

    def prepare(self, rate):
        """Begin the next step, at this rate."""
        self.n_steps += 1

    def update(self, theta, g, *state):
        """The step itself on arrays of any one shape, all in place."""
        raise NotImplementedError

    # How parameters move on while their gradient stays zero; see _lazy_rows.py. From
    # step to step their movement is multiplied by sleep_ratio, and each vector of the
    # state by its factor in sleep_decays.
    sleep_ratio = 0.0
    sleep_decays = ()

    def sleep_rate(self):
        """What multiplies ``direction`` in the step that has been prepared."""
        return 1.0

    def direction(self, *state):
        """Movement of sleeping parameters in units of that rate, for a kept state."""
        raise NotImplementedError

    def __getstate__(self):
        return {k: v for k, v in self.__dict__.items() if not k.startswith("_")}


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
        μ, between 0 and 1.
    nesterovs_momentum : bool, default=True
        Whether the momentum is Nesterov's, which looks one step ahead.

    Examples
    --------
    >>> from skann import BPClassifier
    >>> from skann.solvers import SGD
    >>> BPClassifier(solver=SGD(momentum=0.95)).get_params()["solver__momentum"]
    0.95
    """

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
    }

    def __init__(self, momentum=0.9, nesterovs_momentum=True):
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum

    @property
    def n_state(self):
        return 1 if self.momentum else 0

    def factor(self, rate):
        return rate

    def update(self, theta, g, v=None):
        if v is None:
            np.subtract(theta, g, theta)
            return
        mu = constant(self.momentum, self.dtype)
        if self.nesterovs_momentum:
            np.subtract(theta, g, theta)
        np.multiply(v, mu, v)
        np.subtract(v, g, v)
        if self.nesterovs_momentum:
            np.multiply(v, mu, g)
            np.add(theta, g, theta)
        else:
            np.add(theta, v, theta)

    @property
    def sleep_ratio(self):
        return self.momentum

    @property
    def sleep_decays(self):
        return (self.momentum,)

    def direction(self, v):
        return self.momentum * v if self.nesterovs_momentum else v.copy()


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015), in the form at the end of their section 2.

    ::

        m ← β₁ m + (1 - β₁) g        v ← β₂ v + (1 - β₂) g²
        theta ← theta - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε)

    Parameters
    ----------
    beta_1, beta_2 : float, default=0.9, 0.999
        β₁ and β₂, the decay rates of the estimates of the first and second moment.
    epsilon : float, default=1e-8
        ε, against division by zero.

    Notes
    -----
    What is kept is M = m / (1 - β₁) and V = v / (1 - β₂), which saves two passes:
    m / (√v + ε) = (1 - β₁) / √(1 - β₂) · M / (√V + ε / √(1 - β₂)).
    """

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
    }
    n_state = 2

    def __init__(self, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def bind(self, theta, gradient, start=0):
        super().bind(theta, gradient, start)
        spread = math.sqrt(1 - self.beta_2)
        self._spread = (1 - self.beta_1) / spread
        self._rate = np.empty((), self.dtype)
        self._constants = tuple(
            constant(value, self.dtype)
            for value in (self.beta_1, self.beta_2, self.epsilon / spread)
        )

    def prepare(self, rate):
        self.n_steps += 1
        t = self.n_steps
        correction = math.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        self._rate[()] = rate * correction * self._spread

    def update(self, theta, g, m, v):
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

    @property
    def sleep_ratio(self):
        return self.beta_1 / math.sqrt(self.beta_2) if self.beta_2 else math.inf

    @property
    def sleep_decays(self):
        return self.beta_1, self.beta_2

    def sleep_rate(self):
        return float(self._rate)

    def direction(self, m, v):
        step = np.sqrt(v)
        np.add(step, self._constants[2], step)
        np.divide(m, step, step)
        return np.negative(step, step)


OPTIMIZERS = {"sgd": SGD, "adam": Adam}
