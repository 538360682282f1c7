"""The mean of what workers have come to, and the step from it.

With θ the parameters at the start of a round and θ̄ the mean of the workers' at its end,
weighted by the rows that they have trained on, the round's step is Nesterov's with the
difference in the gradient's place (DiLoCo, Douillard et al. 2023)::

    d = θ - θ̄          v ← μ v + d          θ ← θ - η (d + μ v)

With η = 1 and μ = 0, the default, that is θ ← θ̄.

References
----------
Lin, T., Stich, S. U., Patel, K. K. & Jaggi, M. (2020). Don't use large mini-batches,
use local SGD. ICLR.

Douillard, A. et al. (2023). DiLoCo: Distributed low-communication training of language
models. arXiv:2311.08105.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RoundSettings:
    """How long rounds are, and what is made of their ends.

    Attributes
    ----------
    local_steps : int or None
        Steps of a round; None for an epoch.
    synchronous_steps : int
        First steps of a fit with an average after each.
    rate, momentum : float
        η and μ.
    n_workers : int
        Shards of a round, where they are made anew.
    """

    local_steps: int | None = None
    synchronous_steps: int = 0
    rate: float = 1.0
    momentum: float = 0.0
    n_workers: int = 1

    def average(self, theta, optimizer, outcomes, progress):
        """Put the mean of the outcomes into parameters and optimiser's state.

        Parameters
        ----------
        theta : ndarray of shape (n_parameters,)
        optimizer : Optimizer
        outcomes : list of Advanced
        progress : Progress
            Keeps v.
        """
        sizes = [one.n_seen for one in outcomes]
        mean = mean_of([one.theta for one in outcomes], sizes)
        is_plain = self.rate == 1 and self.momentum == 0
        if is_plain or len(outcomes) == 1:
            np.copyto(theta, mean)
        else:
            step = theta - mean
            if progress.outer is None:
                progress.outer = np.zeros_like(theta)
            progress.outer *= self.momentum
            progress.outer += step
            theta -= self.rate * (step + self.momentum * progress.outer)
        states = zip(*(one.optimizer.state for one in outcomes), strict=True)
        # What else an optimiser keeps goes by the number of steps.
        longest = max(outcomes, key=lambda one: one.optimizer.n_steps).optimizer
        for name, value in vars(longest).items():
            if name != "state" and not name.startswith("_"):
                setattr(optimizer, name, value)
        for own, values in zip(optimizer.state, states, strict=True):
            np.copyto(own, mean_of(values, sizes))


def mean_of(values, weights):
    """Weighted mean of numbers or arrays; of a single one, itself to the bit."""
    if len(values) == 1:
        return values[0]
    total = float(sum(weights))
    mean = np.zeros(np.shape(values[0]))
    for value, weight in zip(values, weights, strict=True):
        mean += np.asarray(value, np.float64) * (weight / total)
    return mean
