"""Training by the compiled engine.

An optimiser whose rule the engine knows is stepped by it, an epoch a call
(:class:`FusedEpochs`); with wide sparse data by lazy updates of the first layer's
weights. All others get their gradients from :class:`Objective`. X is never copied: the
engine reads rows of a batch where they lie.
"""

import math
import time
from functools import cached_property

import numpy as np
from scipy.sparse import issparse

from ..._optimize.adam import Nadam
from .. import contract
from ..masks import step_keys
from ..step_options import PLAIN
from . import binding, rules
from .lazy_updates import lazy_updates_pay

# Rows evaluated at once where all are: memory does not grow with their number.
_CHUNK_ROWS = 2048


def can_fuse(optimizer):
    """Whether the engine can take an optimiser's steps."""
    return rules.rule_of(optimizer, 0.0) is not None


def draws(options, X):
    """Whether the engine can draw all that steps draw: masks alone.

    Parameters
    ----------
    options : StepOptions
    X : ndarray or csr matrix of shape (n_samples, n_features)
    """
    return not (options.input_noise or (options.input_dropout and issparse(X)))


class FusedEpochs(contract.Epochs):
    """Epochs of an optimiser whose rule the engine knows.

    Parameters
    ----------
    network : Network
    alpha : float
        Strength of the L2 penalty.
    theta : ndarray of shape (n_parameters,)
        Trained in place.
    data : Data
    optimizer : Optimizer
        Started.
    batch_size : int
    options : StepOptions
        What steps leave out, their L1 penalty and limits, and the average that follows
        them.
    """

    engine = "compiled"

    def __init__(
        self, network, alpha, theta, data, optimizer, batch_size, options=PLAIN
    ):
        super().__init__(data, batch_size)
        self._optimizer, self._options = optimizer, options
        # Small networks would spend a tenth of an epoch on asking for nothing.
        self._is_plain = (
            not options.are_random
            and options.average is None
            and type(optimizer) is not Nadam
        )
        self._training = binding.training(
            network,
            theta,
            rules.rule_of(optimizer, alpha),
            optimizer.state,
            data,
            self.batch_size,
            # An average takes of all weights after every step, a penalty moves them.
            is_lazy=options.average is None
            and not options.modify_steps
            and lazy_updates_pay(data.X, self.batch_size, alpha, optimizer),
            is_new=optimizer.n_steps == 0,
            options=options,
        )
        self.flush = self._training.flush

    def epoch(self, schedule, done, rng, deadline):
        rate, rates = schedule.epoch_rate(done), None
        if rate is None:
            steps = range(done.n_steps, done.n_steps + self.n_batches)
            rates = np.array([schedule.step_rate(step) for step in steps])
            rate = 0.0
        seconds = math.inf
        if deadline < math.inf:
            seconds = deadline - time.perf_counter()
        optimizer, training = self._optimizer, self._training
        order = _row_numbers(self._order(rng))
        beside = () if self._is_plain else self._beside_the_steps()
        n_before = optimizer.n_steps
        try:
            losses, square = training.run(
                order, 0, self.n_rows, rates, rate, n_before, 0.0, seconds, *beside
            )
        finally:
            # Steps that an interrupt has cut short have been taken.
            optimizer.count(training.n_done)
            if beside and beside[2] is not None:
                self._options.average.count(training.n_done)
        self.gradient_norm = math.sqrt(square)
        return losses, rate if rates is None else float(rates[len(losses) - 1])

    def _beside_the_steps(self):
        """Keys of what an epoch leaves out, an average, its shares; and Nadam's Π.

        None for what there is not.
        """
        average, shares = self._options.average, None
        if average is not None:
            shares = average.shares(self.n_batches)
        followed = None if shares is None else average.average
        keys = _keys_of_steps(self._options, self.n_batches)
        return keys, followed, shares, self._optimizer.momenta_product


class Objective(contract.Objective):
    """J and its gradient.

    Parameters
    ----------
    network : Network
    alpha : float
        Strength of the L2 penalty.
    theta : ndarray of shape (n_parameters,)
        Bound: solvers change it in place.
    data : Data
    batch_size : int
        The most rows that a batch will have.
    options : StepOptions
        What is left out of batches; of all rows together nothing is.
    """

    engine = "compiled"

    def __init__(self, network, alpha, theta, data, batch_size, options=PLAIN):
        super().__init__(network, alpha, theta, data)
        self._batch_size, self._options = batch_size, options

    @cached_property
    def _by_batch(self):
        rule = rules.gradient_rule(rules.STORE, self.alpha)
        return self._training(rule, self._batch_size, self._options)

    @cached_property
    def _by_chunk(self):
        # The penalty would be added with every chunk.
        rule = rules.gradient_rule(rules.ADD, 0.0)
        return self._training(rule, min(_CHUNK_ROWS, self.n_rows))

    def _training(self, rule, batch_size, options=PLAIN):
        about = self.network, self.theta, rule, [self.gradient], self.data, batch_size
        return binding.training(*about, options=options)

    def batch(self, rows):
        if isinstance(rows, slice):
            order, first, n_rows = None, rows.start, rows.stop - rows.start
        else:
            order, first, n_rows = _row_numbers(rows), 0, len(rows)
        keys = _keys_of_steps(self._options, 1)
        (loss,), square = self._by_batch.run(
            order, first, n_rows, None, 1.0, 0, 0.0, math.inf, keys
        )
        return loss, math.sqrt(square)

    def full(self):
        self.gradient.fill(0)
        order, scale = _row_numbers(self.data.rows), 1 / self.n_rows
        losses, _ = self._by_chunk.run(
            order, 0, self.n_rows, None, 1.0, 0, scale, math.inf
        )
        return sum(losses) + self._add_penalty(), self._gradient_norm()


def _row_numbers(rows):
    """As the engine reads them; None for rows as they are stored."""
    return None if rows is None else np.ascontiguousarray(rows, np.int64)


def _keys_of_steps(options, n):
    """As the engine reads them; None where nothing is left out."""
    if not options.leave_out:
        return None
    return step_keys(options.rng, n).view(np.int64)
