"""What optimisers are: a few in-place operations on the flat parameter vector.

An optimiser is started once (:meth:`Optimizer.start` allocates its state), bound to
the vectors of a run (:meth:`Optimizer.bind`) and then stepped. A step destroys the
gradient: its memory is the scratch. State survives pickling and copying, bindings do
not.

Vectors longer than a block are updated block by block, so that the ten or so passes of
an update run in the cache instead of through main memory.

To add one: write the class with its equation in the docstring, and add it to
``OPTIMIZERS`` in ``optimizers.py``; the tests hold every entry against its written-out
equation.
"""

from numbers import Real
from typing import Any, Self

import numpy as np
from sklearn.utils._param_validation import Interval

from .._network import memory
from .._network.elementwise import constant
from .._typing import Array, DTypeLike
from .options import Options

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
    gradient_powers : tuple of int
        For each of them, by which power of a factor it grows where gradients do by
        that factor.
    full_batch : bool
        Whether the rule wants the gradient over all rows.
    follows_schedule : bool
        Whether the rate of later steps means anything to the rule.
    uses_learning_rate : bool
        True; a minimiser searches its own step lengths.
    finds_alpha, uses_hessian, uses_gauss_newton : bool
        False; what some minimisers do.
    momenta_product : float
        Of the steps taken, for the one rule that needs it.
    """

    n_state: int = 0
    gradient_powers: tuple[int, ...] = ()
    full_batch = False
    follows_schedule = True
    uses_learning_rate = True
    finds_alpha = uses_hessian = uses_gauss_newton = False
    momenta_product: float = 1.0

    n_steps: int
    dtype: np.dtype[Any]
    state: list[Array]

    def start(self, n_parameters: int, dtype: DTypeLike) -> Self:
        """Allocate the state, all zeros, for a vector of ``n_parameters``."""
        self.n_steps = 0
        self.dtype = np.dtype(dtype)
        self.state = [memory.zeros(n_parameters, dtype) for _ in range(self.n_state)]
        return self

    def bind(self, theta: Array, gradient: Array, weights: Any = None) -> None:
        """Use these two vectors in the steps to come.

        Parameters
        ----------
        theta, gradient : ndarray of shape (n_parameters,)
        weights : list of slice or None
            Where theta holds weights and not biases; None for everywhere.
        """
        # Copied or unpickled state may lie anywhere.
        self.state = [memory.aligned(vector) for vector in self.state]
        self._scratch = memory.empty(0, self.dtype)
        slices = [
            slice(first, min(first + _BLOCK, theta.size))
            for first in range(0, theta.size, _BLOCK)
        ]
        self._blocks = [
            [vector[where] for vector in (theta, gradient, *self.state)]
            for where in slices
        ]
        self.bind_decay(theta, slices, weights)
        self.make_constants()

    def bind_decay(self, theta: Array, slices: list[slice], weights: Any) -> None:
        """Note where in the blocks, which are these slices of theta, weights lie."""

    def make_constants(self) -> None:
        """Make what the steps need in the dtype of the vectors."""

    def scratch(self, like: Array) -> Array:
        """Memory of the shape of ``like``, not initialised, the same in every call."""
        if self._scratch.size < like.size:
            self._scratch = memory.empty(like.size, self.dtype)
        return self._scratch[: like.size].reshape(like.shape)

    def step(self, rate: float) -> None:
        """Update theta from the gradient, and destroy that."""
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
        for _, _, *state in self._blocks:
            for vector in state:
                self._flush_one(vector)

    def _flush_one(self, vector):
        smallest = constant(np.finfo(self.dtype).tiny * 1e8, self.dtype)
        np.multiply(vector, np.abs(vector) >= smallest, vector)

    def prepare(self, rate: float) -> None:
        """Begin the next step, at this rate."""
        self.count(1)

    def count(self, n: int) -> None:
        """Note that so many steps are taken."""
        self.n_steps += n

    def update(self, theta: Array, g: Array, *state: Any) -> None:
        """The step itself on arrays of any one shape, all in place."""
        raise NotImplementedError

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if not k.startswith("_")}


class DecoupledWeightDecay(Optimizer):
    """Base of the rules that let weights decay past the gradient.

    ``theta ← (1 - η λ) theta`` before the step itself, on weights and not on biases,
    with λ the setting ``weight_decay``.
    """

    _parameter_constraints: dict = {  # noqa: RUF012 (scikit-learn's convention)
        "weight_decay": [Interval(Real, 0, None, closed="left")],
    }

    def bind_decay(self, theta: Array, slices: list[slice], weights: Any) -> None:
        self._keep = np.empty((), self.dtype)
        if not self.weight_decay:
            weights = []
        elif weights is None:
            weights = [slice(0, theta.size)]
        # The parts of each block that decay, to be met while it is in the cache.
        self._decaying = [
            [
                theta[max(block.start, where.start) : min(block.stop, where.stop)]
                for where in weights
                if block.start < where.stop and where.start < block.stop
            ]
            for block in slices
        ]

    def step(self, rate: float) -> None:
        self.prepare(rate)
        self._keep[()] = 1 - rate * self.weight_decay
        update, keep = self.update, self._keep
        for block, parts in zip(self._blocks, self._decaying, strict=True):
            for part in parts:
                np.multiply(part, keep, part)
            update(*block)
        if self.n_steps % _FLUSH_EVERY == 0:
            self._flush()

    def _flush(self):
        # The weights of a dead unit decay like state.
        super()._flush()
        for parts in self._decaying:
            for part in parts:
                self._flush_one(part)
