"""The contract of an engine, kept by a cluster.

What trains on one machine asks an engine for the objective over all rows, or for an
epoch of steps, and knows nothing of where rows are. Here both are asked of all shards,
and put together:

* :class:`Objective` adds up value and gradient. That is exact: a minimiser takes the
  same iterations as on one machine, to rounding.
* :class:`Rounds` has every worker take its own steps from the same parameters, and goes
  on from the mean.
"""

import copy
import math
import time

import numpy as np

from .._engine import contract
from .._engine.contract import UnfusedEpochs
from . import _tasks as tasks
from ._averaging import mean_of


class Engine:
    """What ``_training.run`` is to compute with; see ``_engine.choice``.

    Parameters
    ----------
    shards : Shards
    progress : Progress
        Has the momentum of averages.
    settings : RoundSettings
    """

    def __init__(self, shards, progress, settings):
        self._shards, self._progress, self._settings = shards, progress, settings

    def objective(self, network, alpha, theta, data):
        """J over all shards."""
        return Objective(self._shards, network, alpha, theta, data)

    def curvature(self, network, alpha, data):
        """Products of the Hessian of J over all shards with vectors."""
        return Curvature(self._shards, network, alpha)

    def epochs(self, network, alpha, theta, data, optimizer, batch_size, options):
        """Rounds of an optimiser; steps of one that wants the gradient over all."""
        if optimizer.full_batch:
            objective = self.objective(network, alpha, theta, data)
            return UnfusedEpochs(objective, optimizer, batch_size, options)
        fixed = {
            "network": network,
            "alpha": alpha,
            "batch_size": batch_size,
            "options": options,
        }
        return Rounds(
            self._shards, theta, optimizer, self._progress, self._settings, fixed
        )


class Objective(contract.Objective):
    """J and its gradient over all rows of all shards.

    Parameters
    ----------
    shards : Shards
    network, alpha, theta, data
        As on one machine; ``data`` stands for the shards'.
    """

    engine = "cluster"

    def __init__(self, shards, network, alpha, theta, data):
        super().__init__(network, alpha, theta, data)
        self._shards = shards

    def full(self):
        self._shards.settle(smallest=1)
        found = self._shards.each(
            tasks.value_and_gradient,
            network=self.network,
            alpha=self.alpha,
            theta=self.theta,
            scale=self._shards.scale,
        )
        values, gradients, sizes = zip(*found, strict=True)
        # Each has the whole penalty, so that their mean has it once.
        np.copyto(self.gradient, mean_of(gradients, sizes))
        return float(mean_of(values, sizes)), self._gradient_norm()


class Curvature:
    """Products of the Hessian of J over all shards with vectors.

    Parameters
    ----------
    shards : Shards
    network, alpha
        As on one machine.
    """

    def __init__(self, shards, network, alpha):
        self._shards, self._fixed = shards, {"network": network, "alpha": alpha}

    def product(self, theta, vector):
        """H v at theta."""
        scale = self._shards.scale
        found = self._shards.each(
            tasks.hessian_product,
            theta=theta,
            vector=vector,
            scale=scale,
            **self._fixed,
        )
        return mean_of(*zip(*found, strict=True))


class Rounds(contract.Epochs):
    """Epochs of an optimiser over mini-batches, in rounds of steps on every worker.

    In a round all workers start from the same parameters and optimiser's state, each
    takes steps on batches of its own rows, and the means of both, weighted by the rows
    trained on, are what the next one starts from. The state that is averaged makes the
    tasks of a round depend on nothing but what the client has.

    Parameters
    ----------
    shards : Shards
    theta : ndarray of shape (n_parameters,)
        Trained in place.
    optimizer : Optimizer
        Started.
    progress : Progress
    settings : RoundSettings
    fixed : dict
        What tasks are given in every round.
    """

    engine = "cluster"

    def __init__(self, shards, theta, optimizer, progress, settings, fixed):
        self._shards, self._theta = shards, theta
        self._optimizer, self._progress = optimizer, progress
        self._settings, self._fixed = settings, fixed
        shards.settle(fixed["batch_size"])
        self.batch_size = fixed["batch_size"]
        self._loss = None

    @property
    def n_rows(self):
        """Rows of all shards."""
        return self._shards.n_rows

    @property
    def n_batches(self):
        """Steps that a worker takes in an epoch, one with the most rows."""
        sizes = self._shards.sizes
        if not self._shards.is_kept:
            return sum(
                self._n_steps([sizes[k] for k in group])
                for group in self._groups(range(len(sizes)))
            )
        return self._n_steps(sizes)

    def _n_steps(self, sizes):
        return math.ceil(max(sizes) / self.batch_size)

    def epoch(self, schedule, done, rng, deadline):
        # Its state for plateaus is kept here, where it will be asked for.
        schedule.epoch_rate(done)
        self._shards.settle(self.batch_size)
        outcomes, losses, done = [], [], copy.copy(done)
        for which, steps in self._plan(rng):
            found = self._round(which, steps, schedule, done, rng, deadline)
            outcomes += found
            losses += _by_step(found, self.batch_size)
            if steps is None or not self._shards.is_kept:
                done.n_steps += max(len(one.losses) for one in found)
            if time.perf_counter() > deadline:
                break
        self._loss = (
            mean_of([one.loss for one in outcomes], [one.n_seen for one in outcomes]),
            sum(one.n_seen for one in outcomes),
        )
        self.gradient_norm = float(np.mean([one.gradient_norm for one in found]))
        return losses, max(found, key=lambda one: len(one.losses)).rate

    def mean_loss(self, losses):
        return float(self._loss[0]), self._loss[1]

    def _groups(self, order):
        """Shards that are made anew, a worker's number of them at a time."""
        n = max(1, self._settings.n_workers)
        return [list(order[k : k + n]) for k in range(0, len(order), n)]

    def _plan(self, rng):
        """Shards and steps of each round of an epoch; None for all steps."""
        n_shards = len(self._shards)
        if not self._shards.is_kept:
            order = range(n_shards) if rng is None else rng.permutation(n_shards)
            self._seeds = self._draw(rng)
            return [(which, None) for which in self._groups(order)]
        everyone = list(range(n_shards))
        if n_shards == 1:
            self._seeds = None
            return [(everyone, None)]
        self._seeds = self._draw(rng)
        n_local = self._settings.local_steps
        n_steps, first, plan = self.n_batches, 0, []
        if n_local is None and self._n_synchronous() == 0:
            return [(everyone, None)]
        while first < n_steps:
            is_first = first < self._n_synchronous()
            last = min(first + (1 if is_first else n_local or n_steps), n_steps)
            plan.append((everyone, (first, last)))
            first = last
        return plan

    def _n_synchronous(self):
        """Steps of this epoch after each of which there is an average."""
        return max(0, self._settings.synchronous_steps - self._optimizer.n_steps)

    def _draw(self, rng):
        rng = self._progress.rng if rng is None else rng
        return rng.integers(2**63, size=len(self._shards)).tolist()

    def _round(self, which, steps, schedule, done, rng, deadline):
        """Outcomes of some shards' steps; parameters and state become their mean."""
        seeds, own = self._seeds, None
        if seeds is not None:
            own = [{"seed": seeds[k]} for k in which]
        left = deadline
        if deadline < math.inf:
            left = deadline - time.perf_counter()
        found = self._shards.each(
            tasks.advance,
            which,
            own,
            theta=self._theta,
            optimizer=self._optimizer,
            schedule=schedule,
            done=done,
            rng=self._progress.rng if seeds is None else None,
            shuffle=rng is not None,
            steps=steps,
            seconds=left,
            scale=self._shards.scale,
            **self._fixed,
        )
        found = [one for one in found if one is not None]
        if seeds is None:
            (only,) = found
            self._progress.rng.bit_generator.state = only.rng.bit_generator.state
        self._settings.average(self._theta, self._optimizer, found, self._progress)
        return found


def _by_step(outcomes, batch_size):
    """Mean loss of each step of a round, over the workers that took it."""
    losses = []
    for k in range(max(len(one.losses) for one in outcomes)):
        own = [one for one in outcomes if k < len(one.losses)]
        sizes = [min(batch_size, one.n_seen - k * batch_size) for one in own]
        losses.append(float(mean_of([one.losses[k] for one in own], sizes)))
    return losses
