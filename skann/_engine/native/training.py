"""Mini-batch training by the compiled engine.

An optimiser whose rule the engine knows is stepped by it, an epoch a call
(:class:`RulePasses`); with wide sparse data only the weights of the features that a
batch has. For the others it makes the gradient, batch by batch, and they step in NumPy
(:class:`GradientPasses`). What wants the gradient over all rows gets it from
:class:`FullGradient`. X is never copied: the engine reads rows of a batch where they
lie.
"""

import math
import time

import numpy as np

from ..._network import memory
from ..lazy_rows import pays
from ..objective import Objective
from . import binding


class _CompiledPasses:
    """What both kinds of passes have.

    Parameters
    ----------
    network : Network
    theta : ndarray of shape (n_parameters,)
        Trained in place.
    optimizer : Optimizer
        Started.
    data : Data
    alpha : float
        Strength of the L2 penalty.
    batch_size : int
    """

    gradient_norm = math.nan

    def __init__(self, network, theta, optimizer, data, alpha, batch_size):
        self.n_rows = data.n_rows
        self.batch_size = min(batch_size, self.n_rows)
        self._optimizer = optimizer
        self._rows = None
        if data.rows is not None:
            self._rows = np.ascontiguousarray(data.rows, np.int64)
        self._n_batches = math.ceil(self.n_rows / self.batch_size)

    def _order(self, rng):
        """Numbers of the rows of an epoch, one after the other; None as stored."""
        if rng is None or self._n_batches == 1:
            return self._rows
        order = rng.permutation(self.n_rows if self._rows is None else self._rows)
        return order.astype(np.int64, copy=False)

    def settle(self):
        """Make theta what it is said to be: with these passes it always is."""


class RulePasses(_CompiledPasses):
    """Epochs of an optimiser whose rule the engine knows."""

    def __init__(self, network, theta, optimizer, data, alpha, batch_size):
        super().__init__(network, theta, optimizer, data, alpha, batch_size)
        self._training = binding.training(
            network,
            theta,
            binding.rule_of(optimizer, alpha),
            optimizer.state,
            data,
            self.batch_size,
            sleeps=pays(data.X, self.batch_size, alpha, optimizer),
            is_new=optimizer.n_steps == 0,
        )
        self.settle = self._training.flush

    def epoch(self, schedule, done, rng, deadline):
        """One step a batch; see ``_minibatch.train``."""
        rate, rates = schedule.epoch_rate(done), None
        if rate is None:
            steps = range(done.n_steps, done.n_steps + self._n_batches)
            rates = np.array([schedule.step_rate(step) for step in steps])
            rate = 0.0
        seconds = math.inf
        if deadline < math.inf:
            seconds = deadline - time.perf_counter()
        optimizer, training = self._optimizer, self._training
        order = self._order(rng)
        try:
            losses, square = training.run(
                order, 0, self.n_rows, rates, rate, optimizer.n_steps, 0.0, seconds
            )
        finally:
            # Steps that an interrupt has cut short have been taken.
            optimizer.n_steps += training.n_done
        self.gradient_norm = math.sqrt(square)
        return losses, rate if rates is None else float(rates[len(losses) - 1])


class GradientPasses(_CompiledPasses):
    """Epochs of any other optimiser of mini-batches."""

    def __init__(self, network, theta, optimizer, data, alpha, batch_size):
        super().__init__(network, theta, optimizer, data, alpha, batch_size)
        self._gradient = memory.empty(theta.shape, theta.dtype)
        rule = binding.gradient_rule(binding.STORE, alpha)
        self._training = binding.training(
            network, theta, rule, [self._gradient], data, self.batch_size
        )
        optimizer.bind(theta, self._gradient, weights=network.layout.weight_slices)

    def epoch(self, schedule, done, rng, deadline):
        """One step a batch; see ``_minibatch.train``."""
        epoch_rate = rate = schedule.epoch_rate(done)
        optimizer = self._optimizer
        order = self._order(rng)
        is_timed = deadline < math.inf
        losses = []
        for start in range(0, self.n_rows, self.batch_size):
            if epoch_rate is None:
                rate = schedule.step_rate(done.n_steps + len(losses))
            n_rows = min(self.batch_size, self.n_rows - start)
            factor = optimizer.factor(rate)
            loss, square = self._training.run(
                order, start, n_rows, None, factor, 0, 0.0, math.inf
            )
            losses += loss
            optimizer.step(rate)
            if is_timed and time.perf_counter() > deadline:
                break
        self.gradient_norm = math.sqrt(square)
        return losses, rate


class FullGradient(Objective):
    """The objective over all rows, for who asks for nothing else.

    Parameters
    ----------
    network : Network
    alpha : float
        Strength of the L2 penalty.
    theta : ndarray of shape (n_parameters,)
        Bound: solvers change it in place.
    data : Data
    chunk_rows : int
        Rows evaluated at once.
    """

    def __init__(self, network, alpha, theta, data, chunk_rows):
        super().__init__(network, alpha, theta)
        self._n_rows = data.n_rows
        self._rows = data.rows
        rule = binding.gradient_rule(binding.ADD, 0.0)
        self._training = binding.training(
            network, theta, rule, [self.gradient], data, min(chunk_rows, data.n_rows)
        )

    def full(self, batches, batch_size):
        self.gradient.fill(0)
        losses, _ = self._training.run(
            self._rows, 0, self._n_rows, None, 1.0, 0, 1 / self._n_rows, math.inf
        )
        value = sum(losses)
        return value + self._add_penalty(1.0) if self.alpha else value
